"""What a run begins from: a scenario with all that is applied to it, its city, and its plans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.city.city import City
from sim.errors import InputError
from sim.model.plan import Plan
from sim.model.planfile import PlanFile, with_shifts
from sim.model.replan import check_days
from sim.scenario import Scenario, restrict
from sim.scenario.attach import attach

Planned = Plan | str | Path
"""A plan, or the path of a plan file."""


@dataclass(frozen=True, eq=False)
class Setup:
    """A scenario to which plans and patrol routes are applied, and what follows from it.

    Attributes
    ----------
    scenario : Scenario
        Restricted to what is run, with the routes that are walked and the shifts of all plans.
    city : City
        Built from it.
    plan : Plan, optional
        The first; None: the staff of the base year.
    following : tuple of (float, Plan)
        The plans that follow it, and from which day on each is in force.
    """

    scenario: Scenario
    city: City
    plan: Plan | None = None
    following: tuple[tuple[float, Plan], ...] = ()

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        *,
        days: int | None = None,
        districts: Sequence[str] = (),
        warm_up_days: int | None = None,
        routes: str | Path | None = None,
        plan: Planned | None = None,
        replans: Sequence[tuple[float, Planned]] = (),
    ) -> Setup:
        """Apply all that is put on top of a scenario, in this order, then build its city.

        Parameters
        ----------
        days, districts, warm_up_days
            See `sim.scenario.restrict`.
        routes : str or Path, optional
            A table of patrol routes, in the place of the scenario's own.
        plan : Plan, str or Path, optional
            A plan for the scenario, or a plan file: its shifts are added to the scenario's.
        replans : sequence of (float, Plan, str or Path)
            Plans that follow it, each with its day: 0 or more, below the scenario's days.

        Raises
        ------
        InputError
            If one of them does not fit the scenario.
        """
        scenario = restrict(scenario, days=days, districts=districts, warm_up_days=warm_up_days)
        if routes is not None:
            scenario = attach(scenario, "patrol.routes", routes)
        check_days([day for day, _ in replans], scenario.time.days)
        planned = [
            one if one is None or isinstance(one, Plan) else PlanFile.read(Path(one))
            for one in (plan, *(new for _, new in replans))
        ]
        for one in planned:
            if isinstance(one, PlanFile):
                scenario = with_shifts(scenario, one.head.shifts, one.path)
        city = City.build(scenario)
        for one in planned[1:]:
            if isinstance(one, PlanFile):
                _check_districts(one, city)
        first, *rest = (
            one.plan(scenario, city) if isinstance(one, PlanFile) else one for one in planned
        )
        following = ((day, new) for (day, _), new in zip(replans, rest, strict=True))
        return cls(
            scenario, city, first, tuple((d, new) for d, new in following if new is not None)
        )


def _check_districts(file: PlanFile, city: City) -> None:
    """Check that a plan that follows another is of the same districts."""
    made = file.head.districts
    if made and set(made) != set(city.district_name):
        raise InputError(
            file.path, "districts", ", ".join(made),
            f"a plan of the run's own, {', '.join(city.district_name)}",
        )  # fmt: skip
