"""A summary that a planner understands on one screen."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure.catalogue import KPIS, MEASURES
from sim.measure.fold import Request, gather
from sim.measure.kpis import figures_by, request, wide
from sim.measure.tables import groups
from sim.measure.use import Busy, use

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import RenderableType

Row = tuple[str, str, str]


@dataclass(frozen=True)
class Summary:
    """What became of the tickets of one run.

    Attributes
    ----------
    title, subtitle : str
    facts : dict
        All figures by name, for JSON, and the units of KPIs; NaN is None.
    sections : list
        ``(English, Chinese, rows)``, each row ``(what, figure, remark)``.
    """

    title: str
    subtitle: str
    facts: dict[str, Any]
    sections: list[tuple[str, str, list[Row]]]

    def __rich__(self) -> RenderableType:
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
        table.add_column(no_wrap=True)
        table.add_column(justify="right", no_wrap=True)
        table.add_column(style="dim")
        for english, chinese, rows in self.sections:
            table.add_row(Text(f"{english} {chinese}", style="bold cyan"), "", "")
            for what, figure, remark in rows:
                table.add_row(f"  {what}", figure, remark)
        return Group(Text(self.title, style="bold"), Text(self.subtitle, style="dim"), "", table)

    def _repr_html_(self) -> str:
        body = []
        for english, chinese, rows in self.sections:
            head = f"{escape(english)} {escape(chinese)}"
            body.append(f"<tr><th colspan=3 style='text-align:left'>{head}</th></tr>")
            body += [
                f"<tr><td style='text-align:left'>{escape(what)}</td>"
                f"<td>{escape(figure)}</td>"
                f"<td style='text-align:left;color:#666'>{escape(remark)}</td></tr>"
                for what, figure, remark in rows
            ]
        return (
            f"<b>{escape(self.title)}</b><br><small>{escape(self.subtitle)}</small>"
            f"<table>{''.join(body)}</table>"
        )


def requests(outcome: Outcome) -> list[Request]:
    """Return what a summary rests on, for one pass."""
    bys = _places(outcome)
    return [request(outcome, (*bys, "department")), *((Busy, by) for by in bys)]


def _places(outcome: Outcome) -> tuple[str, ...]:
    return ("city", "district")[: 1 + (len(outcome.city.district_name) > 1)]


def summary(outcome: Outcome) -> Summary:
    """Sum an outcome up.

    The published figures stand beside those of the run where the scenario has them: the
    districts' share of the totals by population, per day.
    """
    scenario, city = outcome.scenario, outcome.city
    bys = _places(outcome)
    several = len(bys) > 1
    gather(outcome, requests(outcome))
    found = figures_by(outcome, (*bys, "department"))
    tables = {by: wide(one, groups(outcome, by)[0]) for by, one in found.items()}
    values = tables["city"].loc["city"]
    used = [use(outcome, by) for by in bys]
    staff = used[0]
    days = outcome.until / DAY
    places = (
        ", ".join(
            f"{a} {b}" for a, b in zip(city.district_name, city.district_name_zh, strict=True)
        )
        if len(city.district_name) <= 3
        else f"{len(city.district_name)} districts 市、区"
    )
    whole = f"{days:g} {'day' if days == 1 else 'days'}"
    span = whole if days == int(days) else duration(outcome.until)
    span = f"{span} from {scenario.time.start}"
    title = f"{scenario.title_en} · {scenario.title_zh}: {places}, {span}"
    subtitle = (
        f"scenario {scenario.name} {scenario.content_hash[:12]}, policy {outcome.policy}, "
        f"engine {outcome.engine}, seed {outcome.seed}, replication {outcome.replication}"
    )
    sections = [
        ("What came in", "来源", _volumes(outcome, values, days)),
        ("What became of it", "办理", _results(values)),
        ("How long it took", "时效", _times(values)),
        ("The hotline", "12345 热线", _hotline(values)),
        ("Use of staff on duty", "人员使用", _staff(staff)),
        ("Where it hurts most", "短板", _pain(outcome, tables["department"])),
    ]
    if several:
        rows = _districts(outcome, tables["district"], used[1])
        sections.append(("District by district", "各区县", rows))
    if outcome.figures:
        sections.append(("The policy's own figures", "派遣策略自报", _policy(outcome)))
    facts = {
        "scenario": scenario.name,
        "content_hash": scenario.content_hash,
        "districts": list(city.district_name),
        "district_codes": list(city.district_code),
        "days": days,
        "policy": outcome.policy,
        "engine": outcome.engine,
        "seed": outcome.seed,
        "replication": outcome.replication,
        "events": outcome.events,
        "kpis": {name: _plain(value) for name, value in values.items()},
        "use": {
            row["name"]: {k: _plain(row[k]) for k in ("posts", "duty_h", "busy_h", "utilisation")}
            for row in staff.to_dict("records")
        },
        "figures": {name: _plain(figure.value) for name, figure in outcome.figures.items()},
        "units": {
            "kpis": {name: metric.unit for name, metric in KPIS.items()},
            "use": {"posts": "posts", "duty_h": "h", "busy_h": "h", "utilisation": "share"},
            "figures": {name: figure.unit for name, figure in outcome.figures.items()},
        },
    }
    return Summary(title, subtitle, facts, sections)


def _plain(value: Any) -> float | None:
    number = float(value)
    return None if np.isnan(number) else number


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f} %"


def duration(seconds: float) -> str:
    """Write a duration in the unit one would say."""
    if np.isnan(seconds):
        return "–"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _name(metric: str, more: str = "") -> str:
    """Return what a metric is called in both languages, something more between them."""
    one = KPIS[metric]
    return f"{one.english}{more} {one.chinese}"


def _volumes(outcome: Outcome, values: pd.Series, days: float) -> list[Row]:
    totals, city = outcome.scenario.totals, outcome.city
    rows = []
    for name, requests in (
        ("hotline", city.hotline_requests.sum()),
        ("police", city.police_calls.sum()),
    ):
        published = float(requests) / totals.period_days
        metric = f"{name}.requests_per_day"
        remark = f"published mean of these districts: {published:,.0f}"
        rows.append((_name(metric), _count(values[metric]), remark))
    found = values["tickets.patrol"]
    rows.append(
        (
            _name("tickets.patrol", " a day"),
            _count(found / days),
            f"{_share(values['on_the_spot'] / found if found else np.nan)} dealt with on the spot",
        )
    )
    others = values["tickets.observers"] + values["tickets.camera"]
    rows.append(("by part-time observers and cameras 兼职与视频", _count(others / days), "a day"))
    return rows


def _results(values: pd.Series) -> list[Row]:
    tickets = values["tickets"]
    return [
        (_name("tickets"), _count(tickets), ""),
        (
            _name("closing_rate"),
            _share(values["closing_rate"]),
            _count(tickets - values["backlog"]),
        ),
        (
            _name("closing_rate.hotline"),
            _share(values["closing_rate.hotline"]),
            "of those accepted so far; a short run ends with young tickets",
        ),
        (
            _name("backlog"),
            _count(values["backlog"]),
            f"{_count(values['backlog.overdue'])} of them overdue 超期",
        ),
        (
            _name("close.on_time"),
            _share(values["close.on_time"]),
            ", ".join(
                f"{KPIS[name].english} {_share(values[name])}"
                for name in ("arrive.on_time", "sign.on_time")
            ),
        ),
        (
            _name("sent_back"),
            _share(values["sent_back"]),
            f"{_name('reopened')} {_share(values['reopened'])}",
        ),
        (_name("satisfied"), _share(values["satisfied"]), ""),
    ]


def _times(values: pd.Series) -> list[Row]:
    spans = (MEASURES[name] for name in ("discovery", "sign", "arrive", "close"))
    return [
        (
            f"{one.english} {one.chinese}",
            duration(values[f"{one.name}.p50"]),
            f"half of them; 9 in 10 within {duration(values[f'{one.name}.p90'])}; "
            f"{_count(values[f'{one.name}.open'])} not yet",
        )
        for one in spans
    ]


def _hotline(values: pd.Series) -> list[Row]:
    return [
        (_name("hotline.answered_20s"), _share(values["hotline.answered_20s"]), "of callers"),
        (_name("hotline.lost"), _share(values["hotline.lost"]), "after all their calls"),
    ]


def _staff(staff: pd.DataFrame) -> list[Row]:
    rows = [
        (
            f"{r['name']} {r['name_zh']}",
            _share(r["utilisation"]),
            f"{round(r['posts'], 1):,.10g} posts"
            + ("; at stops and jobs, else on their rounds" if r["role"] == "gridworkers" else ""),
        )
        for r in staff.to_dict("records")
        if r["role"] != "crews"
    ]
    crews = staff[staff["role"] == "crews"].sort_values("utilisation", ascending=False)
    total = crews["busy_h"].sum() / max(crews["duty_h"].sum(), 1e-9)
    top = crews.dropna(subset="utilisation").iloc[:1].to_dict("records")
    remark = f"busiest: {top[0]['name']} {_share(top[0]['utilisation'])}" if top else ""
    rows.append(("department crews 部门人员", _share(total), remark))
    return rows


def _pain(outcome: Outcome, figures: pd.DataFrame) -> list[Row]:
    departments = outcome.scenario.departments
    met = figures[["close.on_time", "arrive.on_time"]].min(axis=1)
    worst = met[met < 1].sort_values(kind="stable").index[:3]
    return [
        (
            f"{departments[name].name_en} {departments[name].name_zh}",
            _share(met[name]),
            f"in time; {_count(figures.loc[name, 'backlog'])} open, "
            f"9 in 10 attended within {duration(figures.loc[name, 'arrive.p90'])}",
        )
        for name in worst
    ] or [("nowhere: no deadline was missed 无超期", "", "")]


def _policy(outcome: Outcome) -> list[Row]:
    return [
        (name, f"{value:,.6g} {unit}".removesuffix(" 1"), "")
        for name, (value, unit) in outcome.figures.items()
    ]


def _districts(outcome: Outcome, figures: pd.DataFrame, staff: pd.DataFrame) -> list[Row]:
    city = outcome.city
    crews = staff[staff["role"] == "crews"].groupby("place")[["busy_h", "duty_h"]].sum()
    busy = crews["busy_h"] / crews["duty_h"]
    on_time = KPIS["close.on_time"].english
    return [
        (
            f"{name} {name_zh}",
            _count(figures.loc[name, "tickets"]),
            f"tickets; {_share(figures.loc[name, 'close.on_time'])} {on_time}, "
            f"{_count(figures.loc[name, 'backlog'])} open, "
            f"crews {_share(busy.get(name, np.nan))} busy",
        )
        for name, name_zh in zip(city.district_name, city.district_name_zh, strict=True)
    ]
