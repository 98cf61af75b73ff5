"""Writes the tables of these pages that follow from the code: python docs/tables.py."""

from __future__ import annotations

from pathlib import Path

from sim.columns import MATTER, RESULTS, Column

HERE = Path(__file__).parent
_TITLES = {
    "tickets": "Tickets 工单",
    "visits": "Visits of crews 处置行程",
    "stops": "Stops of gridworkers 巡查停留",
    "services": "Services of operators 坐席服务",
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


PAGES = {"columns.md": columns}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page(), encoding="utf-8")
