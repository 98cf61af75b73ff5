"""The catalogue of measures as a table, for docs/measures.md and for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from sim.measure.catalogue import MEASURES
from sim.measure.metric import (
    Better,
    Count,
    Due,
    FirstVisit,
    Formula,
    Gauge,
    Mean,
    Measure,
    PerDay,
    Quantile,
    Rows,
    Score,
    Share,
    Span,
    Total,
    Unfinished,
    Within,
)
from sim.measure.tables import GROUPS

_BETTER = {Better.LESS: "less", Better.NEITHER: "–", Better.MORE: "more"}
_FIGURES = {
    "utilisation": "busy hours over hours on duty",
    "duty_h": "hours on duty",
    "overtime_h": "hours at work after the end of a shift",
    "paid_h": "hours on duty and overtime",
    "cost": "of all staff, without overtime",
}
_HEAD = (
    "measure",
    "English",
    "中文",
    "kind",
    "unit",
    "better",
    "what is counted",
    "by",
    "decided by",
)


def markdown() -> str:
    """Return the table of measures, a row each."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(one) for one in MEASURES.values())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def lines() -> Iterator[str]:
    """Yield a line for each metric: its name, unit, which direction is better, and its labels."""
    for measure in MEASURES.values():
        for one in measure.metrics():
            label = f"{one.english} {one.chinese}"
            yield f"{one.name:<26} {one.unit:<10} {_BETTER[one.better]:<5} {label}"


def _row(measure: Measure) -> tuple[str, ...]:
    first, *_ = metrics = list(measure.metrics())
    forms = [one.name.removeprefix(measure.name) for one in metrics]
    name = f"`{measure.name}`"
    if forms != [""]:
        name += "<br>" + " ".join(f"`{form}`" for form in forms)
    return (
        name,
        measure.english,
        measure.chinese,
        first.kind.value,
        first.unit,
        _BETTER[measure.better],
        _said(measure.formula),
        "all" if first.groups == tuple(GROUPS) else ", ".join(first.groups),
        ", ".join(sorted(measure.decided_by)) or "–",
    )


def _said(formula: Formula | Span) -> str:  # noqa: PLR0911 - one for each kind
    """Say what a formula counts."""
    match formula:
        case Count(of, column):
            return f"matters that {_whose(of)}" + (f", by `{column}`" if column else "")
        case Total(column, of):
            return f"`{column}` of matters that {_whose(of)}"
        case Share(part, of):
            return f"of matters that {_whose(of)}, those that {_whose(part)}"
        case Span(begins, ends, at_risk, log):
            where = f"matters that {_whose(at_risk)}" if log == "tickets" else f"each of the {log}"
            return f"`{begins}` to {' or '.join(f'`{end}`' for end in ends)}, of {where}"
        case Mean(span) | Quantile(span) | Unfinished(span):
            return _said(span)
        case Due(ends, due, at_risk):
            return f"`{ends}` by `{due}`; once that is over, of matters that {_whose(at_risk)}, too"
        case Within(span, seconds, of):
            limit = f"within {seconds:g} s" if seconds < float("inf") else "at all"
            return f"`{span.begins}` to `{span.ends[0]}` {limit}, of matters that {_whose(of)}"
        case PerDay(of):
            return f"{_said(of)}; a day"
        case Score(parts):
            return "; ".join(f"{weight:g} × {_name(part)}" for part, weight in parts)
        case FirstVisit(begins, ends):
            return f"`{begins}` to the first visit's `{ends}`, or to the end of the run"
        case Gauge(of, figure):
            return f"{_FIGURES[figure]}, {of}"


def _whose(of: Rows) -> str:
    """Say of which tickets, as the function's own description does."""
    first = (of.__doc__ or "").splitlines()[0]
    return first.removeprefix("Return which ").removesuffix(".")


def _name(formula: Formula) -> str:
    """Name a formula by its measure, if it is one."""
    named = (f"`{name}`" for name, one in MEASURES.items() if one.formula == formula)
    return next(named, f"({_said(formula)})")
