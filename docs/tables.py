"""Writes the tables of these pages that follow from the code: python docs/tables.py."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sim.columns import MATTER, RESULTS, Column
from sim.measure.catalogue import MEASURES
from sim.measure.instants import INSTANTS, WORTHS
from sim.measure.listing import BETTER
from sim.measure.metric import (
    Count,
    Due,
    FirstVisit,
    Formula,
    Gauge,
    Mean,
    Measure,
    PerDay,
    Quantile,
    Ratio,
    Rows,
    Score,
    Share,
    Span,
    Total,
    Unfinished,
    WorstHour,
)
from sim.measure.tables import GROUPS

HERE = Path(__file__).parent
_TITLES = {
    "tickets": "Tickets 工单",
    "visits": "Visits of crews 处置行程",
    "stops": "Stops of gridworkers 巡查停留",
    "services": "Services of operators 坐席服务",
}


_HEAD = (
    "measure",
    "English",
    "中文",
    "kind",
    "unit",
    "better",
    "of",
    "what is counted",
    "by",
    "decided by",
)
_FIGURES = {
    "work": "hours at work, of those on duty",
    "travel": "hours under way, of those on duty",
    "wait": "hours waiting on site for other departments, of those on duty",
    "free": "hours with nothing to do, the way back among them, of those on duty",
    "overtime": "hours beyond the shift, over those on duty",
    "overloaded": "units and desks that were asked for more than their hours in a week or more",
    "duty_h": "hours on duty",
    "overtime_h": "hours beyond the shift",
    "paid_h": "hours on duty and overtime",
    "cost": "of all staff, without overtime",
}


def columns() -> str:
    """Return the page of the columns."""
    parts = [
        "# Columns 数据列",
        "",
        "From [sim/columns.py](../sim/columns.py), by `python docs/tables.py`.",
        "",
        "Times are seconds since the midnight at which the scenario starts; NaN: not (yet).",
        "Codes are those of `sim.model.state`: `State`, `Channel`, `Level`, `StopKind`.",
    ]
    for table, rows in RESULTS.items():
        parts += ["", f"## {_TITLES[table]}", "", "| column | 中文 | type | unit | what it is |"]
        parts += ["| --- | --- | --- | --- | --- |"]
        parts += [
            f"| `{one.name}` | {one.chinese} | {one.kind} | {one.unit} | {one.english} |"
            for one in rows
        ]
    parts += [
        "",
        "## Matters as they are drawn 事项",
        "",
        "Each number is drawn before anything happens, from one uniform number of its own, by a",
        "quantile function of `sim.workload.quantiles`. It is known after the event that is named.",
        "",
        "| column | unit | what it is | quantile | known after |",
        "| --- | --- | --- | --- | --- |",
    ]
    parts += [
        f"| `{one.name}` | {one.unit} | {one.english} | {_quantile(one)} | {one.revealed} |"
        for one in MATTER
    ]
    return "\n".join(parts) + "\n"


def _quantile(column: Column) -> str:
    draw = column.draw
    if draw is None:
        return ""
    given = ", ".join(str(one).replace("_", "\\_") for one in draw.parameters)
    return f"{draw.quantile}({given})"


def measures() -> str:
    """Return the page of the measures: its text as it is, between marks the tables."""
    page = (HERE / "measures.md").read_text("utf-8")
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(one) for one in MEASURES.values())]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    for name, text in (("table", table), ("instants", instants())):
        before, mark, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        page = f"{before}{mark}{text}{end}{after}"
    return page


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
        BETTER[measure.better],
        first.scope.replace("all", "**all**"),
        _said(measure.formula),
        "all" if first.groups == tuple(GROUPS) else ", ".join(first.groups),
        ", ".join(sorted(measure.decided_by)) or "–",
    )


def _said(formula: Formula | Span) -> str:  # noqa: PLR0911 - one for each kind
    """Say what a formula counts."""
    match formula:
        case Count(of, when, column):
            by = f", by `{column}`" if column else ""
            return f"matters that {_whose(of)}{by}{_when(when)}"
        case Total(column, of, when):
            return f"`{column}` of matters that {_whose(of)}{_when(when)}"
        case Share(part, of, when):
            return f"of matters that {_whose(of)}{_when(when)}, those that {_whose(part)}"
        case Ratio(top, bottom):
            return f"{_said(top)}, over {_said(bottom)}"
        case Span(begins, ends, at_risk, log):
            where = f"matters that {_whose(at_risk)}" if log == "tickets" else f"each of the {log}"
            return f"`{begins}` to {' or '.join(f'`{end}`' for end in ends)}, of {where}"
        case Mean(span, most):
            limit = f"; at most {most / 86400:g} days of each" if most < float("inf") else ""
            return f"{_said(span)}: the time spent in it, for each that began it{limit}"
        case Quantile(span) | Unfinished(span):
            return _said(span)
        case Due(begins, ends, due, needs, worth, when):
            since = f"`{ends}` by `{due}`, from `{begins}`"
            counts = f", each counts {_derived(worth)}" if worth else ""
            fell = f"of all that fell due{_when(when)[1:]}" if when else "of all that fell due"
            return f"{since}: {fell}, of matters that {_whose(needs)}{counts}"
        case WorstHour(due):
            return f"{_name(due)} of those that began (`{due.begins}`) in the worst hour of day"
        case PerDay(of):
            return f"{_said(of)}; a day"
        case Score(parts):
            return "; ".join(f"{weight:g} × {_name(part)}" for part, weight in parts)
        case FirstVisit(begins, ends):
            return f"`{begins}` in the window to the first visit's `{ends}`, or the end of the run"
        case Gauge(of, figure):
            return f"{_FIGURES[figure]}, {of}"


def _when(when: str) -> str:
    """Say which instant must lie in what is measured."""
    return f", with `{when}` in the window" if when else ", at the end"


def _derived(name: str) -> str:
    """Say what a worth is."""
    return _first(WORTHS[name]).removeprefix("Return ")


def instants() -> str:
    """Return the table of the instants that are no columns."""
    rows = [("instant", "what it is"), ("---", "---")]
    rows += [(f"`{name}`", _first(of).removeprefix("Return ")) for name, of in INSTANTS.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _first(of: Callable[..., object]) -> str:
    """Return the first line of a description, without its full stop."""
    return (of.__doc__ or "").splitlines()[0].removesuffix(".")


def _whose(of: Rows) -> str:
    """Say of which tickets, as the function's own description does."""
    return _first(of).removeprefix("Return which ")


def _name(formula: Formula) -> str:
    """Name a formula by its measure, if it is one."""
    named = (f"`{name}`" for name, one in MEASURES.items() if one.formula == formula)
    return next(named, f"({_said(formula)})")


PAGES = {"columns.md": columns, "measures.md": measures}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
