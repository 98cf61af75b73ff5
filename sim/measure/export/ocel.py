"""OCEL 2.0, the object-centric event log, as JSON: events and all that took part in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import IO, Any

import numpy as np

from sim.engine.outcome import Columns
from sim.measure.export.events import STEP_NAMES, EventRole, Events, Step
from sim.measure.export.labels import TICKET, Calendar, Labels, desk_names, join, number, text
from sim.measure.export.result import Result

_EVENT_TYPES = [
    {
        "name": en,
        "attributes": [
            {"name": "activity_zh", "type": "string"},
            {"name": "start", "type": "time"},
            {"name": "resource", "type": "string"},
        ],
    }
    for en, _ in STEP_NAMES.values()
]
_WHOLE = ("priority", "level", "sent_back", "reopened")
_TRUTH = ("joint", "on_spot")
_TYPES: dict[str, dict[str, str]] = {
    "ticket": dict.fromkeys(TICKET, "string")
    | dict.fromkeys(_WHOLE, "integer")
    | dict.fromkeys(_TRUTH, "boolean"),
    "grid": {"district": "string", "town": "string", "population": "integer"},
    "gridworker": {"shift": "string"},
    "crew": {"department": "string", "district": "string", "shift": "string"},
    "desk": {"name": "string"},
}
_DID = {
    Step.DISCOVERY: "found by",
    Step.ACCEPTANCE: "accepted by",
    Step.TRIAGE: "triaged by",
    Step.HANDLING: "handled by",
    Step.FEEDBACK: "checked by",
}
_OBJECTS = {EventRole.GRIDWORKER: "gridworker", EventRole.CREW: "crew", EventRole.DESK: "desk"}


def write_ocel(result: Result, slices: Iterator[tuple[Columns, Events]], file: IO[bytes]) -> int:
    """Write events and objects as OCEL 2.0 JSON; return how many events there were.

    Objects are tickets, grids, gridworkers, crews and desks (the hotline and the linkage
    centres). A ticket lies in a grid, and a gridworker walks one; an event belongs to its ticket
    (qualifier ``ticket``), to who did it (``found by``, ``accepted by``, ``triaged by``,
    ``handled by``, ``checked by``), further crews of joint handling (``handled with``), and a
    discovery to the grid (``found in``).
    """
    labels = Labels(result, lambda name: json.dumps(name, ensure_ascii=False)[1:-1])
    calendar, count = Calendar(result), 0
    types = [
        {"name": name, "attributes": [{"name": a, "type": kind} for a, kind in of.items()]}
        for name, of in _TYPES.items()
    ]
    file.write(f'{{"objectTypes":{json.dumps(types)},\n'.encode())
    file.write(f'"eventTypes":{json.dumps(_EVENT_TYPES)},\n"objects":[\n'.encode())
    # a value of an object holds from an instant on: the beginning of the run
    since = calendar.iso(np.zeros(1))[0].as_py()
    file.write(",\n".join(_resources(result, since)).encode())
    needed = ("key", "category", "district", "town", "grid", "channel", "discovered")
    for t in result.rows("tickets", [*needed, *_WHOLE, *_TRUTH]):
        known = ~np.isnan(t["discovered"])
        tickets = {name: column[known] for name, column in t.items()}
        if len(tickets["key"]):
            file.write(text(_tickets(labels, tickets, since)))
    file.write(b'],\n"events":[\n')
    for tickets, events in slices:
        if len(events):
            rows = _events(labels, calendar, tickets, events, count)
            file.write(text(rows)[2 if count == 0 else 0 :])  # no comma before the first
            count += len(events)
    file.write(b"]}\n")
    return count


def _resources(result: Result, since: str) -> Iterable[str]:
    scenario, city, plan = result.scenario, result.city, result.plan
    shifts, departments = list(scenario.shifts), list(scenario.departments.values())

    def written(kind: str, number: int, of: dict[str, Any], links: dict[str, str]) -> str:
        made = {
            "id": f"{kind}-{number}",
            "type": kind,
            "attributes": [{"name": n, "time": since, "value": v} for n, v in of.items()],
            "relationships": [{"objectId": o, "qualifier": q} for o, q in links.items()],
        }
        return json.dumps(made, ensure_ascii=False)

    for grid in range(len(city.grid_xy)):
        of: dict[str, Any] = {
            "district": city.district_name[city.grid_district[grid]],
            "town": city.town_name[city.grid_town[grid]],
            "population": int(city.grid_population[grid]),
        }
        yield written("grid", grid, of, {})
    for worker, grid in enumerate(plan.worker_grid.tolist()):
        of = {"shift": shifts[plan.worker_shift[worker]]}
        yield written("gridworker", worker, of, {f"grid-{grid}": "walks"})
    for crew, unit in enumerate(plan.crew_unit.tolist()):
        of = {
            "department": departments[plan.unit_department[unit]].name_en,
            "district": city.district_name[plan.unit_district[unit]],
            "shift": shifts[plan.crew_shift[crew]],
        }
        yield written("crew", crew, of, {})
    for desk, name in enumerate(desk_names(city)):
        yield written("desk", desk, {"name": name}, {})


def _tickets(labels: Labels, t: Columns, since: str) -> Any:
    import pyarrow as pa

    values = {name: join('"', names, '"') for name, names in labels.of(t).items()}
    values |= {name: number(t[name]) for name in _WHOLE}
    values |= {name: pa.array(np.where(t[name], "true", "false")) for name in _TRUTH}
    pieces: list[Any] = [',\n{"id":"ticket-', number(t["key"]), '","type":"ticket","attributes":[']
    for i, (name, value) in enumerate(values.items()):
        comma = "," if i else ""
        pieces += [f'{comma}{{"name":"{name}","time":"{since}","value":', value, "}"]
    pieces += ['],"relationships":[{"objectId":"grid-', number(t["grid"])]
    return join(*pieces, '","qualifier":"lies in"}]}')


def _events(
    labels: Labels, calendar: Calendar, tickets: Columns, events: Events, before: int
) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    links: list[Any] = []
    for role, kind in _OBJECTS.items():
        for step, did in _DID.items():
            mine = (events.role == role) & (events.step == step) & (events.who >= 0)
            if mine.any():
                link = join(
                    f',{{"objectId":"{kind}-', number(events.who), f'","qualifier":"{did}"}}'
                )
                links.append(pc.if_else(mine, link, ""))
    grid = number(tickets["grid"][events.ticket])
    found = events.step == Step.DISCOVERY
    links.append(
        pc.if_else(found, join(',{"objectId":"grid-', grid, '","qualifier":"found in"}'), "")
    )
    partners = [""] * len(events)
    for event, crew in zip(
        events.partner_event.tolist(), events.partner_crew.tolist(), strict=True
    ):
        partners[event] += f',{{"objectId":"crew-{crew}","qualifier":"handled with"}}'
    return join(
        ',\n{"id":"event-',
        number(np.arange(before, before + len(events))),
        '","type":"',
        labels.step[0].take(events.step),
        '","time":"',
        calendar.iso(events.end),
        '","attributes":[{"name":"activity_zh","value":"',
        labels.step[1].take(events.step),
        '"},{"name":"start","value":"',
        calendar.iso(events.start),
        '"},{"name":"resource","value":"',
        labels.resources(events),
        '"}],"relationships":[{"objectId":"ticket-',
        number(tickets["key"][events.ticket]),
        '","qualifier":"ticket"}',
        *links,
        pa.array(partners, pa.string()),
        "]}",
    )
