"""A summary that a planner understands on one screen."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sim.clock import DAY
from sim.engine.outcome import Outcome
from sim.measure import steady
from sim.measure.catalogue import KPIS, MEASURES
from sim.measure.fold import Request, gather
from sim.measure.kpis import figures_by, request, wide
from sim.measure.tables import groups
from sim.measure.use import HOURS, Used, use

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
        All figures by name, for JSON, and their units; None: no case, or not seen.
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
    kpis = request(outcome, (*bys, "department"))
    return [kpis, *((Used, by) for by in bys), *steady.requests()]


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
    full = steady.overloads(outcome)
    sections = [
        ("Of all that arose", "全部事项", _headlines(values)),
        ("What came in", "来源", _volumes(outcome, values, days)),
        ("Of those who got there", "各环节", _results(values)),
        ("Half of them took", "时效（中位数）", _times(values)),
        ("Staff on duty", "在岗人员", _staff(staff)),
        ("Where it hurts most", "短板", _pain(outcome, tables["department"])),
    ]
    if full:
        sections.append(("No steady state", "未达稳态", _unsteady(full)))
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
            row["name"]: {k: _plain(row[k]) for k in ("posts", *HOURS)}
            for row in staff.to_dict("records")
        },
        "overloaded": [asdict(one) | {"occupancy": _plain(one.occupancy)} for one in full],
        "figures": {name: _plain(figure.value) for name, figure in outcome.figures.items()},
        "units": {
            "kpis": {name: metric.unit for name, metric in KPIS.items()},
            "use": {"posts": "posts", **dict.fromkeys(HOURS, "h")},
            "figures": {name: figure.unit for name, figure in outcome.figures.items()},
        },
    }
    return Summary(title, subtitle, facts, sections)


def _plain(value: Any) -> float | None:
    number = float(value)
    return number if np.isfinite(number) else None


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float) -> str:
    return "–" if np.isnan(value) else f"{100 * value:.1f} %"


def duration(seconds: float) -> str:
    """Write a duration in the unit one would say; inf: longer than was seen."""
    if np.isnan(seconds):
        return "–"
    if np.isinf(seconds):
        return "not seen"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"


def _name(metric: str, more: str = "") -> str:
    """Return what a metric is called in both languages, something more between them."""
    one = KPIS[metric]
    return f"{one.english}{more} {one.chinese}"


def _headlines(values: pd.Series) -> list[Row]:
    """Say what became of all, who never got through and what nobody found among them."""
    called, there = "hotline.answered_20s", "attended.on_time"
    return [
        (
            _name("resolved.on_time"),
            _share(values["resolved.on_time"]),
            f"by its own deadline; {_share(values['unserved'])} {KPIS['unserved'].english}",
        ),
        (_name("resolved.mean"), duration(values["resolved.mean"]), "7 days at most"),
        (
            _name("requests.on_time"),
            _share(values["requests.on_time"]),
            "from the first call, those lost among them",
        ),
        (
            _name(there),
            _share(values[there]),
            f"{_share(values[f'{there}.worst_hour'])} in the worst hour of day",
        ),
        (
            _name(called),
            _share(values[called]),
            f"of callers; {_share(values[f'{called}.worst_hour'])} in the worst hour",
        ),
        (
            _name("hotline.answered_1h"),
            _share(values["hotline.answered_1h"]),
            f"{_share(values['hotline.lost'])} lost for good",
        ),
        (_name("citizens.satisfied"), _share(values["citizens.satisfied"]), ""),
        (_name("evaluation"), _share(values["evaluation"]), ""),
    ]


def _volumes(outcome: Outcome, values: pd.Series, days: float) -> list[Row]:
    totals, city = outcome.scenario.totals, outcome.city
    asked = values["hotline.requests"] + values["police.requests"]
    rows = [
        (_name("matters"), _count(values["matters"]), f"{_count(values['matters'] / days)} a day"),
        ("requests 诉求", _count(asked), f"to 12345 and 110; {_count(values['duplicates'])} twice"),
        (_name("tickets"), _count(values["tickets"]), "work orders"),
    ]
    for name, requests in (
        ("hotline", city.hotline_requests.sum()),
        ("police", city.police_calls.sum()),
    ):
        published = float(requests) / totals.period_days
        metric = f"{name}.requests_per_day"
        rows.append((_name(metric), _count(values[metric]), f"published mean: {published:,.0f}"))
    found = values["tickets.patrol"]
    spot = values["on_the_spot"] / found if found else np.nan
    rows.append(
        (
            _name("tickets.patrol", " a day"),
            _count(found / days),
            f"{_share(spot)} dealt with on the spot",
        )
    )
    others = values["tickets.observers"] + values["tickets.camera"]
    rows.append(("observers and cameras 兼职与视频", _count(others / days), "a day"))
    return rows


def _results(values: pd.Series) -> list[Row]:
    first = ", ".join(
        f"{KPIS[name].english} {_share(values[name])}"
        for name in ("arrive.on_time", "sign.on_time")
    )
    return [
        (
            _name("close.on_time"),
            _share(values["close.on_time"]),
            f"of those that fell due; {first}",
        ),
        (
            _name("throughput"),
            _plain_ratio(values["throughput"]),
            f"{_count(values['backlog'])} {KPIS['backlog'].english}, "
            f"{_count(values['backlog.overdue'])} of them overdue",
        ),
        (
            _name("reopened"),
            _share(values["reopened"]),
            f"of the checked; {KPIS['sent_back'].english} {_share(values['sent_back'])}",
        ),
        (_name("satisfied"), _share(values["satisfied"]), ""),
    ]


def _plain_ratio(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def _times(values: pd.Series) -> list[Row]:
    spans = (MEASURES[name] for name in ("discovery", "sign", "arrive", "close"))
    return [
        (
            f"{one.english} {one.chinese}",
            duration(values[f"{one.name}.p50"]),
            f"9 in 10 {_within(values[f'{one.name}.p90'])}; "
            f"{_count(values[f'{one.name}.open'])} not yet",
        )
        for one in spans
    ]


def _within(seconds: float) -> str:
    return "not seen" if np.isinf(seconds) else f"within {duration(seconds)}"


def _staff(staff: pd.DataFrame) -> list[Row]:
    """Say what each kind of staff did, of its hours on duty."""
    rows = [
        (
            f"{r['name']} {r['name_zh']}",
            f"{round(r['posts'], 1):,.10g}",
            "posts; " + _doing(r),
        )
        for r in staff.to_dict("records")
        if r["role"] != "crews"
    ]
    crews = staff[staff["role"] == "crews"]
    total = crews[[*HOURS, "posts"]].sum().to_dict()
    rows.append(
        (
            "department crews 部门人员",
            f"{round(total['posts'], 1):,.10g}",
            "posts; " + _doing(total),
        )
    )
    busy = 1 - (crews["free_h"] / crews["duty_h"]).where(crews["duty_h"] > 0)
    if busy.notna().any():
        top = crews.loc[busy.idxmax()].to_dict()
        posts = f"{round(top['posts'], 1):,.10g}"
        rows.append((f"{top['name']} {top['name_zh']}", posts, f"the busiest; {_doing(top)}"))
    return rows


def _doing(hours: Mapping[Hashable, Any]) -> str:
    """Say what the hours on duty went into, in percent, and overtime beyond them."""
    if not hours["duty_h"]:
        return "nobody on duty"
    share = {name: 100 * hours[f"{name}_h"] / hours["duty_h"] for name in _SAID}
    said = [
        f"{value:.0f} % {_SAID[name]}"
        for name, value in share.items()
        if round(value) > 0 or name in ("work", "free")
    ]
    return ", ".join(said)


_SAID = {
    "work": "at work",
    "travel": "under way",
    "wait": "waiting",
    "free": "free",
    "overtime": "overtime",
}


def _unsteady(full: Sequence[steady.Overload]) -> list[Row]:
    """Say which pools have more to do than hours."""
    rows = [
        (
            f"{one.name} {one.name_zh}",
            "no hours" if np.isinf(one.occupancy) else f"{100 * one.occupancy:.0f} %",
            f"of hours asked for in {one.place}; {_count(one.growth)} more wait",
        )
        for one in full[:3]
    ]
    if len(full) > 3:
        rows.append((f"and {len(full) - 3} more", "", "figures depend on how long the run is"))
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
            f"9 in 10 attended {_within(figures.loc[name, 'arrive.p90'])}",
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
    crews = staff[staff["role"] == "crews"].groupby("place")[["free_h", "duty_h"]].sum()
    busy = 1 - crews["free_h"] / crews["duty_h"]
    on_time = KPIS["resolved.on_time"].english
    return [
        (
            f"{name} {name_zh}",
            _share(figures.loc[name, "resolved.on_time"]),
            f"{on_time}, {_count(figures.loc[name, 'backlog'])} open, "
            f"crews {_share(busy.get(name, np.nan))} busy",
        )
        for name, name_zh in zip(city.district_name, city.district_name_zh, strict=True)
    ]
