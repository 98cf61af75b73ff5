"""A small case for the optimizer: one district of the tiny city on one day, with costs."""

from __future__ import annotations

from pathlib import Path

from tiny import tiny

from sim.scenario import Scenario

CHANGES = [
    "time.days=1",
    "area.include=['West']",
    "totals.hotline_requests=1200",
    "totals.police_calls=400",
    "costs.gridworker=30",
    "costs.part_time=10",
    "costs.part_time_hours_a_day=1",
    "costs.hotline_operator=35",
    "costs.centre_operator=40",
    "costs.crew=100",
    "costs.night_supplement=0.25",
    "contracts.full_time_week_h=40",
    "contracts.full_time_day_h=9",
    "contracts.part_time_week_h=24",
    "contracts.part_time_day_h=4",
]


def small(folder: Path, *more: str) -> Scenario:
    return tiny(folder, [*CHANGES, *more])
