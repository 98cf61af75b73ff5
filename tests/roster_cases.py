"""Small rosters' problems for the tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from sim.optimize.roster import LabourRules, Need, Request, RosterProblem, Shift, Worker, load_rules

EARLY = Shift("early", 360, 480, 480)
LATE = Shift("late", 840, 480, 480)
NIGHT = Shift("night", 1320, 480, 480)
MONDAY = date(2018, 1, 1)


def rules(changes: Mapping[str, Any] | None = None, **fields: Any) -> LabourRules:
    """Return the shipped rules with tables changed by name, such as ``rest={"daily_hours": 8}``."""
    base = load_rules()
    update: dict[str, Any] = {}
    for name, value in {**(changes or {}), **fields}.items():
        old = getattr(base, name)
        if name == "contracts":
            full = old["full-time"].model_copy(update=value)
            update[name] = {**old, "full-time": full}
        else:
            update[name] = old.model_copy(update=value) if isinstance(value, dict) else value
    return base.model_copy(update=update)


def problem(
    people: int = 2,
    days: int = 7,
    shifts: Sequence[Shift] = (EARLY, LATE, NIGHT),
    posts: Sequence[int] | Sequence[Sequence[int]] = (1, 1, 1),
    **fields: Any,
) -> RosterProblem:
    """Return a problem with the same posts on each day, or those of each day."""
    rows = posts if isinstance(posts[0], (list, tuple)) else [posts] * days
    return RosterProblem(
        team=fields.pop("team", "Gusu-test"),
        start=fields.pop("start", MONDAY),
        days=days,
        shifts=tuple(shifts),
        workers=fields.pop("workers", tuple(Worker(f"w{i}", "full-time") for i in range(people))),
        needs=(Need("", tuple(map(tuple, rows))), *fields.pop("skills", ())),
        rules=fields.pop("rules", rules()),
        **fields,
    )


def generated(seed: int, people: int = 6, days: int = 14) -> RosterProblem:
    """Return a random problem: shifts, rules, history, leave, wishes, skills; none contradict."""
    draw = np.random.Generator(np.random.Philox(seed))
    people, days = int(draw.integers(1, people + 1)), int(draw.integers(2, days + 1))
    day = Shift("day", 510, 540, 480)
    short = Shift("short", 1380, 300, 300)  # across midnight, 23:00 to 04:00
    kinds = [EARLY, LATE, NIGHT, day, short]
    picks = draw.choice(5, int(draw.integers(1, 4)), replace=False)
    shifts = tuple(kinds[i] for i in sorted(picks))
    names = [shift.name for shift in shifts]
    own = rules(
        rest={"daily_hours": float(draw.choice([0, 8, 11, 17, 30]))},
        runs={
            "work_most": int(draw.integers(2, 7)),
            "nights_most": int(draw.integers(1, 5)),
            "off_least": int(draw.choice([1, 1, 2, 3])),
        },
        weekends={"off_least_of_four": int(draw.integers(0, 3))},
        contracts={
            "weekly_hours_most": float(draw.choice([24, 40, 48])),
            "average_hours": float(draw.choice([20, 37.5, 40])),
            "overtime_hours_month": float(draw.choice([0, 36])),
        },
        forbidden=tuple(
            tuple(draw.choice([*names, "off"], int(draw.integers(2, 4))).tolist())
            for _ in range(int(draw.integers(0, 3)))
        ),
    )
    # a ban on days off alone could forbid to be idle
    bans = tuple(b for b in own.forbidden if set(b) != {"off"})
    own = own.model_copy(update={"forbidden": bans})
    workers, requests = [], []
    for i in range(people):
        known = int(draw.integers(0, 8))
        on = draw.integers(-1, len(shifts), known).tolist()
        if known > 3:
            on[-3:] = [-1, -1, -1]  # rested: whatever came before cannot forbid the roster
        elif known:
            on = [-1] * known
        workers.append(
            Worker(
                f"w{i}",
                "full-time" if draw.random() < 0.8 else "part-time",
                frozenset({"lead"}) if draw.random() < 0.5 else frozenset(),
                frozenset(names[:1]) if draw.random() < 0.2 else frozenset(),
                tuple(on),
            )
        )
        for _ in range(int(draw.integers(0, 3))):
            first = int(draw.integers(0, days))
            kind = str(draw.choice(["leave", "off", "work", "avoid"]))
            shift = str(draw.choice(names)) if kind in ("work", "avoid") else ""
            last = min(first + int(draw.integers(0, 3)), days - 1)
            requests.append(Request(f"w{i}", kind, first, last, shift, False, 2))  # type: ignore[arg-type]
    posts = [tuple(row) for row in draw.integers(0, 3, (days, len(shifts))).tolist()]
    lead = Need("lead", tuple(tuple(min(n, 1) for n in row) for row in posts))
    return problem(
        days=days,
        shifts=shifts,
        posts=posts,
        workers=tuple(workers),
        rules=own,
        requests=tuple(requests),
        skills=(lead,) if draw.random() < 0.5 else (),
        start=date(2018, 1, 1 + int(draw.integers(0, 7))),
    )
