"""Plans that change while a run goes on: who stays, who is added, who is withdrawn.

A plan is compared group by group: crews of one unit, shift and base; gridworkers of one grid and
shift. Of each group the lowest numbers stay who they are. Whom the new plan has beyond them is
added, with a new number at the end; whom it has no longer is withdrawn, the highest number first.
Numbers are those of the run as a whole: nobody gets the number of one who was withdrawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from sim.clock import DAY, tick
from sim.errors import InputError
from sim.model.plan import Plan

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
Plans = tuple[tuple[float, Plan], ...]
"""Plans and from when each is in force, s since the scenario's start, ascending."""


@dataclass(frozen=True, eq=False)
class Staff:
    """Everybody who works, or did, in a run.

    Attributes
    ----------
    plan : Plan
        Crews and gridworkers by their numbers, those who were withdrawn among them; posts and
        part-time gridworkers are the present ones.
    crews, workers : bool [K], bool [W]
        Who of them is in the present plan.
    """

    plan: Plan
    crews: Bools
    workers: Bools

    @classmethod
    def of(cls, plan: Plan) -> Staff:
        """Begin with a plan."""
        everybody = np.ones(len(plan.crew_unit), bool), np.ones(len(plan.worker_grid), bool)
        return cls(plan, *everybody)

    def after(self, plan: Plan) -> Staff:
        """Return who is there once another plan is in force; itself if nothing changes.

        Raises
        ------
        InputError
            If the plan is one of another city, or its shifts are others.
        """
        old = self.plan
        _check_city(old, plan)
        crews, more_crews = _compare(_crew_groups(old), self.crews, _crew_groups(plan))
        workers, more_workers = _compare(_worker_groups(old), self.workers, _worker_groups(plan))
        same = len(more_crews) == len(more_workers) == 0 and all(
            np.array_equal(a, b)
            for a, b in (
                (crews, self.crews),
                (workers, self.workers),
                (plan.part_time, old.part_time),
                (plan.hotline_posts, old.hotline_posts),
                (plan.town_posts, old.town_posts),
                (plan.district_posts, old.district_posts),
            )
        )
        if same:
            return self
        added = {
            name: np.concatenate((getattr(old, name), getattr(plan, name)[more]))
            for names, more in (
                (("crew_unit", "crew_shift", "crew_xy"), more_crews),
                (("worker_grid", "worker_shift", "worker_offset"), more_workers),
            )
            for name in names
        }
        return Staff(
            replace(plan, **added),
            np.concatenate((crews, np.ones(len(more_crews), bool))),
            np.concatenate((workers, np.ones(len(more_workers), bool))),
        )

    def added(self, before: Staff) -> tuple[Ints, Ints]:
        """Return the numbers of the crews and gridworkers who came since."""
        return (
            np.arange(len(before.crews), len(self.crews)),
            np.arange(len(before.workers), len(self.workers)),
        )

    def withdrawn(self, before: Staff) -> tuple[Ints, Ints]:
        """Return the numbers of the crews and gridworkers who went since."""
        crews = before.crews & ~self.crews[: len(before.crews)]
        workers = before.workers & ~self.workers[: len(before.workers)]
        return np.flatnonzero(crews), np.flatnonzero(workers)


class Succession:
    """The plans of a run: those that were or are in force, and those that are still to come.

    Parameters
    ----------
    plan : Plan
        The first.
    begins : float
        From when on, s.

    Attributes
    ----------
    plans : list of (float, Plan)
        The plans so far and from when, s.
    coming : list of (float, Plan)
        Those to come, in order of time.
    staff : Staff
        Who is there under the last of ``plans``.
    """

    def __init__(self, plan: Plan, begins: float = 0.0) -> None:
        self.begins = begins
        self.plans: list[tuple[float, Plan]] = [(begins, plan)]
        self.coming: list[tuple[float, Plan]] = []
        self.staff = Staff.of(plan)

    @property
    def plan(self) -> Plan:
        """The plan in force."""
        return self.plans[-1][1]

    @property
    def next(self) -> float:
        """When the next plan comes into force, s; inf: never."""
        return self.coming[0][0] if self.coming else float("inf")

    def ask(self, plan: Plan, at: float, now: float) -> None:
        """Let a plan be in force from an instant on, instead of one asked for at that instant.

        Raises
        ------
        InputError
            If the plan is one of another city, or it comes before now or another's beginning.
        """
        _check_city(self.staff.plan, plan)
        at = tick(at)
        last = self.coming[-1][0] if self.coming else now
        if not at >= last:
            raise InputError(
                "replan", "day", f"{at / DAY:g}", f"not before day {last / DAY:g}, in order of time"
            )
        if self.coming and at == last:
            self.coming.pop()
        self.coming.append((at, plan))

    def go_on(self, now: float) -> bool:
        """Put the plan into force that is due now; False if none is, or nothing changes."""
        if self.next > now:
            return False
        _, plan = self.coming.pop(0)
        before, self.staff = self.staff, self.staff.after(plan)
        if self.staff is before:
            return False
        self.plans.append((now, plan))
        return True

    def observers(self, grid: int, time: float) -> int:
        """Return how many part-time gridworkers a grid had at a time."""
        plan = next(plan for begin, plan in reversed(self.plans) if begin <= time)
        return int(plan.part_time[grid])

    def state(self) -> tuple[dict[str, NDArray[np.generic]], list[float], int]:
        """Return the plans after the first as named arrays, their times, and how many are over."""
        later = [*self.plans[1:], *self.coming]
        arrays = {
            f"plan.{i}.{field.name}": getattr(plan, field.name)
            for i, (_, plan) in enumerate(later)
            for field in fields(Plan)
        }
        return arrays, [time for time, _ in later], len(self.plans) - 1

    def restore(
        self, arrays: dict[str, NDArray[np.generic]], times: Sequence[float], past: int
    ) -> None:
        """Take over what `state` returned, after the same first plan.

        Raises
        ------
        InputError
            If a plan is missing, does not fit, or is not in order of time.
        """
        begins, end = self.begins, float("inf")
        if list(times) != sorted(times) or not all(begins <= time < end for time in times):
            raise InputError("state", "plans", list(times), "instants in order of time")
        for i, time in enumerate(times):
            names = {f.name: f"plan.{i}.{f.name}" for f in fields(Plan)}
            for name in names.values():
                if name not in arrays:
                    raise InputError("state", name, None, "an array of each plan")
            plan = Plan(**{field: arrays[name] for field, name in names.items()})  # type: ignore[arg-type]
            self.ask(plan, time, begins)
            if i < past:
                self.go_on(time)


def check_days(days: Sequence[float], length: float) -> None:
    """Check from when plans are to be in force, in days since the scenario's start.

    Raises
    ------
    InputError
        If one lies outside the scenario's days, or not after the one before.
    """
    last = -1.0
    for day in days:
        if not 0 <= day < length:
            raise InputError(
                "command line", "replan", f"{day:g}", f"a day from 0 to below {length:g}"
            )
        if day <= last:
            raise InputError(
                "command line", "replan", f"{day:g}",
                f"a day after {last:g}, that of the plan before it",
            )  # fmt: skip
        last = day


def _crew_groups(plan: Plan) -> list[Hashable]:
    x, y = plan.crew_xy.T
    return list(
        zip(plan.crew_unit.tolist(), plan.crew_shift.tolist(), x.tolist(), y.tolist(), strict=True)
    )


def _worker_groups(plan: Plan) -> list[Hashable]:
    return list(zip(plan.worker_grid.tolist(), plan.worker_shift.tolist(), strict=True))


def _compare(old: list[Hashable], here: Bools, new: list[Hashable]) -> tuple[Bools, list[int]]:
    """Compare by group: who of the old stays, and which rows of the new are added."""
    wanted, kept = Counter(new), Counter[Hashable]()
    stays = np.zeros(len(old), bool)
    for number in np.flatnonzero(here).tolist():
        group = old[number]
        if kept[group] < wanted[group]:
            kept[group] += 1
            stays[number] = True
    added = []
    for row, group in enumerate(new):  # the first rows of a group are those who stay
        if kept[group]:
            kept[group] -= 1
        else:
            added.append(row)
    return stays, added


def _check_city(old: Plan, new: Plan) -> None:
    """Refuse a plan whose units, grids, centres or shifts are not those of the run.

    Raises
    ------
    InputError
        With what differs.
    """
    for field, name in (
        ("unit_department", "units"),
        ("unit_district", "units"),
        ("unit_town", "units"),
        ("unit_of", "units"),
    ):
        if not np.array_equal(getattr(old, field), getattr(new, field)):
            size = len(getattr(new, field))
            raise InputError("replan", name, size, "those of the run: a plan of the same city")
    for field, name in (
        ("part_time", "grids"),
        ("hotline_posts", "shifts"),
        ("town_posts", "towns and shifts"),
        ("district_posts", "districts and shifts"),
    ):
        a, b = getattr(old, field).shape, getattr(new, field).shape
        if a != b:
            raise InputError(
                "replan", name, " x ".join(map(str, b)),
                f"{' x '.join(map(str, a))}: a plan of the same city and shifts",
            )  # fmt: skip
