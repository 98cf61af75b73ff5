"""Queues made of the engine's own parts: a unit with its crews, and the hotline's desk.

Customers are matters whose every other number is zero: what remains is the queue alone.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tiny import tiny

from sim.city import City
from sim.clock import to_ticks
from sim.columns import MATTER
from sim.engine.outcome import Outcome
from sim.engine.simpy_engine.engine import SimpySimulation
from sim.engine.simulation import Simulation
from sim.model.plan import Plan
from sim.model.staffing import base_plan
from sim.scenario import Scenario
from sim.workload.channel import Channel
from sim.workload.workload import Workload

Floats = NDArray[np.float64]

SERVICE_S = 1024.0
"""The unit of time of the formulas, s: long against ticks and against all travel."""

CATEGORIES = [
    {"id": name, "family": "security", "department": "police", "priority": priority,
     "hotline_share": 0.5, "police_share": 0.5, "close_h": 1e6, "patience_h": 0}
    for name, priority in (("first", 1), ("second", 3))
]  # fmt: skip

CHANGES = [
    "area.include=['West']",
    "districts.West.towns=1",
    "totals.full_time=0",
    "totals.part_time=0",
    "shifts.day={start='00:00', hours=24.0}",
    "patrol.rounds={day=[['08:30', '11:30']], night=[['23:00', '02:00']]}",
    "districts.West.speed_factor=5",
    "departments.police.sign_mean_min=0",
    "hotline.write_up_min=0",
]


def parts(folder: Path, days: float) -> tuple[Scenario, City, Plan]:
    """Return a scenario of one town that is long enough."""
    changes = [*CHANGES, f"time.days={int(np.ceil(days)) + 1}"]
    scenario = tiny(folder, changes, CATEGORIES)
    city = City.build(scenario)
    return scenario, city, base_plan(scenario, city)


def customers(
    arrive: Floats,
    service: Floats,
    citizen: Channel,
    category: NDArray[np.int64] | None = None,
    xy: Floats | None = None,
    call_patience: Floats | None = None,
) -> Workload:
    """Make matters of arrival times and services in units of `SERVICE_S`."""
    n = len(arrive)
    columns = {column.name: np.zeros(n, column.kind) for column in MATTER}
    columns |= {name: np.full(n, np.inf) for name in ("lifetime", "observer", "camera")}
    columns |= {
        "key": np.arange(n),
        "arisen": to_ticks(arrive * SERVICE_S),
        "citizen": np.full(n, citizen, dtype=np.int8),
        "call_patience": np.full(n, np.inf),
        "wrong_department": np.ones(n, dtype=np.int16),
        "work_s": to_ticks(service * SERVICE_S),
        "satisfaction_u": np.full(n, 0.5),
    }
    if category is not None:
        columns["category"] = category.astype(np.int16)
    if xy is not None:
        columns |= {"x": to_ticks(xy[:, 0]), "y": to_ticks(xy[:, 1])}
    if citizen == Channel.HOTLINE:
        columns |= {"at_once": np.ones(n, dtype=bool), "talk_s": to_ticks(service * SERVICE_S)}
    if call_patience is not None:
        columns["call_patience"] = to_ticks(call_patience * SERVICE_S)
    return Workload(**columns)


def crews(folder: Path, arrive: Floats, service: Floats, servers: int, **options: Any) -> Outcome:
    """Run customers through one unit until the last has come; see `unit`."""
    simulation = unit(folder, arrive, service, servers, **options)
    simulation.run(float(arrive[-1] * SERVICE_S))
    return simulation.outcome()


def unit(
    folder: Path,
    arrive: Floats,
    service: Floats,
    servers: int,
    *,
    policy: str = "fifo",
    category: NDArray[np.int64] | None = None,
    xy: Floats | None = None,
    bases: Floats | None = None,
    engine: type[Simulation] = SimpySimulation,
) -> Simulation:
    """Send customers to one unit of the police; its crews are the servers."""
    scenario, city, plan = parts(folder, float(arrive[-1]) * SERVICE_S / 86400)
    plan = replace(
        plan,
        crew_unit=np.full(servers, plan.unit_of[0, 0], dtype=np.int32),
        crew_shift=np.zeros(servers, dtype=np.int16),
        crew_xy=np.zeros((servers, 2)) if bases is None else bases,
    )
    load = customers(arrive, service, Channel.POLICE, category, xy)
    return engine(scenario, city=city, workload=load, plan=plan, policy=policy)


def calls(
    folder: Path, arrive: Floats, service: Floats, servers: int, patience: Floats | None = None
) -> Outcome:
    """Run customers through the hotline; its operators are the servers."""
    scenario, city, plan = parts(folder, float(arrive[-1]) * SERVICE_S / 86400)
    posts = np.zeros(len(scenario.shifts), dtype=np.int64)
    posts[0] = servers
    load = customers(arrive, service, Channel.HOTLINE, call_patience=patience)
    plan = replace(plan, hotline_posts=posts)
    simulation = SimpySimulation(scenario, city=city, workload=load, plan=plan)
    simulation.run(float(load.arisen[-1]))
    return simulation.outcome()


def waits(outcome: Outcome) -> Floats:
    """Return how long each customer waited for a crew, in units of `SERVICE_S`.

    Who still waits at the end has waited at least until then; those few are in.
    """
    t = outcome.tickets
    span = np.where(np.isnan(t["dispatched"]), outcome.until, t["dispatched"]) - t["signed"]
    return np.asarray(span[~np.isnan(t["signed"])] / SERVICE_S)
