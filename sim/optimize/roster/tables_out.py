"""Rosters as tables: who works when, how posts are covered, how fair it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from sim.optimize.roster.person import average_minutes, is_night
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.rules import OFF

if TYPE_CHECKING:
    import pandas as pd


def duty_table(rosters: Iterable[Roster]) -> pd.DataFrame:
    """Return one row for each worker and day.

    Columns: team, worker, date, shift (``off`` for a day off), start, end (local time, empty on
    days off), paid_h. It is what ``--history`` reads for the roster that follows.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for roster in rosters:
        problem = roster.problem
        for worker, row in zip(problem.workers, roster.rows, strict=True):
            for day, s in enumerate(row):
                date = problem.date(day)
                if s < 0:
                    rows.append((problem.team, worker.name, date, OFF, None, None, 0.0))
                    continue
                shift = problem.shifts[s]
                begin = pd.Timestamp(date) + pd.Timedelta(minutes=shift.start)
                end = begin + pd.Timedelta(minutes=shift.length)
                clock = (f"{begin:%Y-%m-%d %H:%M}", f"{end:%Y-%m-%d %H:%M}")
                rows.append((problem.team, worker.name, date, shift.name, *clock, shift.paid / 60))
    columns = ["team", "worker", "date", "shift", "start", "end", "paid_h"]
    return pd.DataFrame(rows, columns=columns)


def cover_table(rosters: Iterable[Roster]) -> pd.DataFrame:
    """Return posts and who is on duty, by team, date and shift; ``unmet`` is what is missing."""
    import pandas as pd

    rows = []
    for roster in rosters:
        problem = roster.problem
        for day, posts in enumerate(problem.needs[0].posts):
            for s, shift in enumerate(problem.shifts):
                on_duty = sum(row[day] == s for row in roster.rows)
                if posts[s] or on_duty:
                    unmet = max(posts[s] - on_duty, 0)
                    place = (problem.team, problem.date(day), shift.name)
                    rows.append((*place, posts[s], on_duty, unmet))
    columns = ["team", "date", "shift", "posts", "on_duty", "unmet"]
    return pd.DataFrame(rows, columns=columns)


def worker_table(rosters: Iterable[Roster]) -> pd.DataFrame:
    """Return each worker's shifts, nights, weekend days, paid hours and hours owed."""
    import pandas as pd

    rows = []
    for roster in rosters:
        problem = roster.problem
        night = [is_night(s, problem.rules.night.hours_least) for s in problem.shifts]
        for worker, row in zip(problem.workers, roster.rows, strict=True):
            on = [(day, s) for day, s in enumerate(row) if s >= 0]
            rows.append(
                (
                    problem.team,
                    worker.name,
                    worker.contract,
                    len(on),
                    sum(night[s] for _, s in on),
                    sum(problem.date(day).weekday() >= 5 for day, _ in on),
                    sum(problem.shifts[s].paid for _, s in on) / 60,
                    average_minutes(problem, worker) / 60,
                )
            )
    columns = ["team", "worker", "contract", "shifts", "nights", "weekend_days", "paid_h", "owed_h"]
    return pd.DataFrame(rows, columns=columns)


def wide_table(rosters: Sequence[Roster]) -> pd.DataFrame:
    """Return the roster as people read it: a row for each worker, a column for each day."""
    table = duty_table(rosters)
    wide = table.pivot_table(
        index=["team", "worker"], columns="date", values="shift", aggfunc="first", sort=False
    )
    return wide.reset_index()
