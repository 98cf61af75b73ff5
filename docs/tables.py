"""Writes the tables of these pages that follow from the code: python docs/tables.py."""

from __future__ import annotations

from pathlib import Path

from sim.columns import MATTER, RESULTS, Column
from sim.measure.catalogue import MEASURES
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
    Rows,
    Score,
    Share,
    Span,
    Total,
    Unfinished,
    Within,
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
    "what is counted",
    "by",
    "decided by",
)
_FIGURES = {
    "utilisation": "busy hours over hours on duty",
    "duty_h": "hours on duty",
    "overtime_h": "hours at work after the end of a shift",
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
    """Return the page of the measures: its text as it is, between marks the table."""
    before, mark, rest = (HERE / "measures.md").read_text("utf-8").partition("<!-- table -->\n")
    after = rest.partition("<!-- end -->\n")
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(one) for one in MEASURES.values())]
    table = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    return f"{before}{mark}{table}{after[1]}{after[2]}"


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


PAGES = {"columns.md": columns, "measures.md": measures}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
