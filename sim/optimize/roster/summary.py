"""What the rosters amount to, on one screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sim.measure.summary import Row, Summary
from sim.optimize.roster.checker import Audit, check
from sim.optimize.roster.roster import Roster
from sim.optimize.roster.tables_out import cover_table, worker_table


def summary(
    rosters: Sequence[Roster], title: str, subtitle: str, missing: Sequence[str] = ()
) -> Summary:
    """Sum rosters up.

    Parameters
    ----------
    rosters : sequence of Roster
        At least one.
    title, subtitle : str
    missing : sequence of str
        Teams that have no roster because the work was stopped.
    """
    audits = [check(roster.problem, roster.rows) for roster in rosters]
    cover, people = cover_table(rosters), worker_table(rosters)
    cost = sum(roster.cost for roster in rosters)
    bound = sum(roster.bound for roster in rosters)
    optimal = sum(roster.optimal for roster in rosters)
    duty = sum(_gap_of_duty(roster, audit) for roster, audit in zip(rosters, audits, strict=True))
    points: dict[str, float] = {}
    for audit in audits:
        for name, value in audit.points.items():
            points[name] = points.get(name, 0.0) + value
    by_shift = cover.groupby("shift", sort=False)[["posts", "on_duty", "unmet"]].sum()
    unmet = cover[cover["unmet"] > 0]
    many = len(rosters) > 1
    state = "optimal 已证最优" if optimal == len(rosters) else f"gap {cost - bound:.0f} points"
    sections: list[tuple[str, str, list[Row]]] = [
        (
            "Cover of posts",
            "岗位覆盖",
            [
                (shift, f"{1 - row.unmet / max(row.posts, 1):.2%}", f"{row.posts:,} posts of a day")
                for shift, row in by_shift.iterrows()
            ],
        ),
        ("Unmet", "缺岗", _unmet(unmet, audits)),
        ("Fairness within a team, least to most", "公平性", _fairness(people)),
        (
            "How good it is",
            "质量",
            [
                ("cost", f"{cost:,.0f} points", "what is left open, by the rules' penalties"),
                ("lower bound", f"{bound:,.0f} points", _bound_of(rosters)),
                ("proof", state, f"{optimal} of {len(rosters)} rosters proved optimal"),
                *(
                    [
                        (
                            "gap of posts, wishes and hours",
                            f"{duty:,.0f} points",
                            "缺岗、意愿与工时",
                        ),
                        (
                            "gap of comfort",
                            f"{cost - bound - duty:,.0f} points",
                            "fairness, single days off: a large team's bound leaves them out",
                        ),
                    ]
                    if cost > bound
                    else []
                ),
                *((name, f"{value:,.0f}", "points") for name, value in points.items() if value),
                ("violations", str(sum(len(a.violations) for a in audits)), "independent checker"),
            ],
        ),
    ]
    if missing:
        sections.append(("Stopped before", "未排", [(name, "", "") for name in missing[:8]]))
    if not all(roster.repeatable for roster in rosters):
        sections.append(
            ("Note", "说明", [("the clock or Ctrl-C ended the search", "", "may differ next time")])
        )
    first = rosters[0].problem
    facts: dict[str, Any] = {
        "start": first.start.isoformat(),
        "days": first.days,
        "seed": rosters[0].seed,
        "rosters": len(rosters),
        "people": len(people),
        "posts": int(cover["posts"].sum()),
        "unmet": int(cover["unmet"].sum()),
        "cost": cost,
        "bound": bound,
        "gap": cost - bound,
        "gap_of_duty": duty,
        "optimal": optimal,
        "repeatable": all(roster.repeatable for roster in rosters),
        "violations": sum(len(audit.violations) for audit in audits),
        "points": points,
        "cover": {
            str(shift): {key: int(value) for key, value in row.items()}
            for shift, row in by_shift.iterrows()
        },
        "teams": [
            {
                "team": roster.problem.team,
                "people": len(roster.problem.workers),
                "unmet": int(sum(n for *_, skill, n in audit.unmet if not skill)),
                "cost": roster.cost,
                "bound": roster.bound,
                "seconds": round(roster.seconds, 2),
            }
            for roster, audit in zip(rosters, audits, strict=True)
        ],
        "missing": list(missing),
        "sources": [
            {"path": f.path, "value": f.value, "basis": f.basis, "note": f.note}
            for f in first.rules.figures
        ],
    }
    head = f"{title}: {len(people):,} people" + (f", {len(rosters):,} rosters" if many else "")
    return Summary(head, subtitle, facts, sections)


def _gap_of_duty(roster: Roster, audit: Audit) -> float:
    """Return how much of the gap is not comfort, which the bound of a large team leaves out."""
    comfort = sum(
        points for name, points in audit.points.items() if name.startswith(("unfair", "single"))
    )
    return min(max(roster.cost - comfort - roster.bound, 0.0), roster.gap)


def _bound_of(rosters: Sequence[Roster]) -> str:
    if any("/" in roster.problem.team for roster in rosters):
        return "of the teams as they are split into groups, with these people"
    return "of these teams with these people"


def _unmet(unmet: Any, audits: Sequence[Any]) -> list[Row]:
    skills = sum(n for audit in audits for *_, skill, n in audit.unmet if skill)
    if unmet.empty and not skills:
        return [("none", "0", "every post is filled")]
    worst = unmet.sort_values("unmet", ascending=False, kind="stable").head(5)
    rows = [("posts", f"{int(unmet['unmet'].sum()):,}", f"on {unmet['date'].nunique()} days")]
    if skills:
        rows.append(("skills", f"{skills:,}", "filled by somebody without the skill"))
    return rows + [
        (f"{row.team} {row.shift}", f"{row.unmet} of {row.posts}", f"{row.date:%a %Y-%m-%d}")
        for row in worst.itertuples()
    ]


def _fairness(people: Any) -> list[Row]:
    names = {"shifts": "shifts 班次", "nights": "nights 夜班", "weekend_days": "weekend days 周末"}
    by_team = people.groupby("team", sort=False)
    rows = []
    for column, name in names.items():
        low, high = by_team[column].min(), by_team[column].max()
        at = (high - low).idxmax()
        where = f"widest: {at}" if len(low) > 1 else f"mean {people[column].mean():.1f}"
        rows.append((name, f"{low[at]} to {high[at]}", where))
    owed = people["paid_h"].sum() / max(people["owed_h"].sum(), 1e-9)
    rows.append(("paid of owed hours", f"{owed:.1%}", "of the contracts' average hours"))
    return rows
