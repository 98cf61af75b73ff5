"""All measures, each declared once: what it is called and counts, and which way is better."""

from __future__ import annotations

from functools import partial

from sim.errors import InputError, suggestion
from sim.measure import rows
from sim.measure.metric import (
    BOUND,
    POLICY,
    QUANTILES,
    URGENT,
    Better,
    Count,
    Due,
    FirstVisit,
    Gauge,
    Mean,
    Measure,
    Metric,
    PerDay,
    Score,
    Share,
    Span,
    Total,
    Within,
)
from sim.model.state import CHANNEL_NAMES, STATE_NAMES, Channel, Level, State

LESS, MORE = Better.LESS, Better.MORE

HOTLINE = frozenset({"hotline"})
CHAIN = frozenset({"town_centre", "district_centre", "crew"})
PATROL = frozenset({"gridworker"})
"""The roles of staff that decide measures."""

SHARES = tuple(share / 100 for share in (*range(5, 100, 5), 99))
"""Percentiles that experiments keep of a measure with a curve."""

TARGETS = ("arrive.p90", "arrive.on_time", "close.p90", "close.on_time")
"""What experiments compare unless something else is asked for; the first is to be exact."""

_CHANNELS = {
    Channel.OBSERVER: "observers",
    Channel.HOTLINE: "hotline_call",
    Channel.ONLINE: "hotline_online",
}  # the others by their own names
_FORMER = {"tickets.eyes": "tickets.observers"}
_STAFF = {"operators": "坐席", "gridworkers": "网格员", "crews": "部门人员"}

_CITY = ("city",)
_UNHEARD = ("city", "district", "town", "hour")
"""By what calls can be told apart: what one is about is known only once it is answered."""

_DISCOVERY = Span("arisen", ("discovered",), rows.not_vanished)
_SIGN = Span("triaged", ("signed",), rows.to_sign)
_ARRIVE = Span("accepted", ("arrived",), rows.to_attend)
_CLOSE = Span("accepted", ("closed",), rows.accepted)
_CALL = Span("called", ("answered",), rows.called)
_TRAVEL = Span("start", ("arrive",), rows.arose, log="visits")

_SIGNED = Due("signed", "due_sign", rows.still_open)
_ARRIVED = Due("arrived", "due_arrive", rows.still_open)
_CLOSED = Due("closed", "due_close", rows.still_open)

DEADLINES = {"sign": _SIGNED, "arrive": _ARRIVED, "close": _CLOSED}
"""The deadlines, by the stage of measures that speak of them."""

_SOUND = Share(rows.sound, rows.closed)
_SATISFIED = Share(rows.satisfied, rows.asked)
_SCORE = Score(((_CLOSED, 0.5), (_SOUND, 0.25), (_SATISFIED, 0.25)))

_signing = partial(Measure, decided_by=CHAIN, stage="sign")
_arriving = partial(Measure, decided_by=CHAIN, stage="arrive")
_closing = partial(Measure, decided_by=CHAIN, stage="close")
_call = partial(Measure, groups=_UNHEARD)

_VOLUMES = (
    Measure("matters", "matters", "事件", Count(rows.arose)),
    Measure("tickets", "tickets", "工单", Count(rows.accepted)),
    *(
        Measure(
            f"tickets.{_CHANNELS.get(channel, channel.name.lower())}",
            f"tickets by {CHANNEL_NAMES[channel][0]}",
            f"{CHANNEL_NAMES[channel][1]}工单",
            Count(rows.accepted, "channel", channel),
            decided_by=PATROL if channel == Channel.PATROL else frozenset(),
        )
        for channel in Channel
        if channel is not Channel.NONE
    ),
    Measure("hotline.requests", "12345 requests", "热线受理量", Count(rows.hotline)),
    Measure(
        "hotline.requests_per_day",
        "12345 requests a day",
        "每日热线",
        PerDay(Count(rows.hotline)),
        unit="1/d",
    ),
    Measure("police.requests", "110 calls", "报警量", Count(rows.police)),
    Measure(
        "police.requests_per_day",
        "110 calls a day",
        "每日报警",
        PerDay(Count(rows.police)),
        unit="1/d",
    ),
    Measure("on_the_spot", "dealt with on the spot", "现场处理", Count(rows.on_the_spot)),
    Measure("duplicates", "duplicates", "重复诉求", Count(rows.duplicate)),
    *(
        Measure(
            f"state.{state.name.lower()}",
            f"{STATE_NAMES[state][0]} matters",
            STATE_NAMES[state][1],
            Count(rows.arose, "state", state),
        )
        for state in (State.UNDISCOVERED, State.VANISHED)
    ),
    _closing("backlog", "open tickets", "未办结", Count(rows.still_open), LESS),
    *(
        _closing(
            f"backlog.{state.name.lower()}",
            f"open: {STATE_NAMES[state][0]}",
            f"未办结：{STATE_NAMES[state][1]}",
            Count(rows.arose, "state", state),
            LESS,
        )
        for state in State
        if state not in (State.UNDISCOVERED, State.CLOSED, State.VANISHED)
    ),
    _closing("backlog.overdue", "overdue tickets", "超期", Count(rows.overdue), LESS),
)

_CALLS = (
    _call("hotline.callers", "callers of 12345", "热线来电人数", Count(rows.called)),
    _call(
        "hotline.answered",
        "callers answered",
        "接通率",
        Within(_CALL, float("inf"), rows.settled),
        MORE,
        decided_by=HOTLINE,
    ),
    _call(
        "hotline.answered_20s",
        "answered within 20 s",
        "20 秒接通率",
        Within(_CALL, 20.0, rows.settled),
        MORE,
        decided_by=HOTLINE,
    ),
    _call("hotline.wait", "wait at 12345", "热线等待", _CALL, LESS, decided_by=HOTLINE),
    _call("hotline.calls", "calls to 12345", "热线来电次数", Total("attempts", rows.called)),
    _call(
        "hotline.lost",
        "callers lost",
        "放弃率",
        Share(rows.lost, rows.settled),
        LESS,
        decided_by=HOTLINE,
    ),
)

_DURATIONS = (
    Measure(
        "discovery",
        "time to discovery",
        "发现用时",
        _DISCOVERY,
        LESS,
        decided_by=PATROL,
        quantiles=QUANTILES,
        unfinished=("not discovered yet", "尚未发现"),
    ),
    _signing(
        "sign",
        "time to signature",
        "签收用时",
        _SIGN,
        LESS,
        quantiles=QUANTILES,
        unfinished=("not signed for yet", "尚未签收"),
    ),
    _arriving(
        "arrive",
        "time to arrive",
        "到场用时",
        _ARRIVE,
        LESS,
        quantiles=QUANTILES,
        unfinished=("not arrived yet", "尚未到场"),
        curve=True,
        urgent=("mean", "p50", "p90"),
    ),
    _closing(
        "close",
        "time to close",
        "办结用时",
        _CLOSE,
        LESS,
        quantiles=QUANTILES,
        unfinished=("not closed yet", "尚未办结"),
        curve=True,
        urgent=("p90",),
    ),
)

_SHARES = (
    _signing("sign.on_time", "signed on time", "按时签收", _SIGNED, MORE),
    _arriving(
        "arrive.on_time",
        "arrived on time",
        "按时到场",
        _ARRIVED,
        MORE,
        bounded=True,
        urgent=("on_time",),
    ),
    _closing("close.on_time", "closed on time", "按时办结", _CLOSED, MORE, bounded=True),
    _closing("closing_rate", "tickets closed", "办结率", Share(rows.closed, rows.accepted), MORE),
    _closing(
        "closing_rate.hotline",
        "12345 requests closed",
        "热线办结率",
        Share(rows.closed, rows.hotline),
        MORE,
    ),
    Measure("reopened", "reopened", "返工率", Share(rows.reopened, rows.checked), LESS),
    Measure("sent_back", "sent back", "退单率", Share(rows.sent_back, rows.triaged)),
    *(
        _closing(
            f"supervised.{level.name.lower()}",
            english,
            chinese,
            Share(rows.supervised(level), rows.accepted),
            LESS,
        )
        for level, english, chinese in (
            (Level.REMINDER, "reminded", "催办率"),
            (Level.DISTRICT, "supervised by the district", "区县督办率"),
            (Level.CITY, "supervised by the city", "市级督办率"),
        )
    ),
    _closing("satisfied", "citizens satisfied", "满意率", _SATISFIED, MORE),
    _closing("evaluation", "evaluation", "评价得分", _SCORE, MORE),
)

_WAITS = (
    Measure(
        "crews.arrive.mean",
        "mean wait for a crew",
        "候员用时 均值",
        FirstVisit("signed", "arrive"),
        LESS,
        groups=_CITY,
        bounded=True,
    ),
    Measure(
        "crews.finish.mean",
        "mean wait until visited",
        "待处置用时 均值",
        FirstVisit("signed", "end"),
        LESS,
        groups=_CITY,
        bounded=True,
    ),
)

_OF_STAFF = (
    *(
        Measure(
            f"{staff}.{figure}",
            english.format(staff),
            staff_zh + chinese,
            Gauge(staff, figure),
            better,
            unit,
            _CITY,
        )
        for staff, staff_zh in _STAFF.items()
        for figure, english, chinese, better, unit in (
            ("utilisation", "use of {}", "使用率", Better.NEITHER, "share"),
            ("duty_h", "hours on duty of {}", "值班工时", LESS, "h"),
            ("overtime_h", "overtime of {}", "加班", LESS, "h"),
        )
    ),
    Measure("staff_h", "paid hours", "总工时", Gauge("all", "paid_h"), LESS, "h", _CITY),
    Measure(
        "staff_cost",
        "cost of the plan",
        "每周成本",
        Gauge("plan", "cost"),
        LESS,
        "yuan/week",
        _CITY,
    ),
    Measure("crews.travel", "travel of crews", "行程", _TRAVEL, LESS, groups=_CITY),
    Measure(
        "crews.visits_per_day",
        "visits of crews a day",
        "每日出动",
        PerDay(Mean(_TRAVEL)),
        unit="1/d",
        groups=_CITY,
    ),
)

_OF_TICKETS = (*_VOLUMES, *_CALLS, *_DURATIONS, *_SHARES)

MEASURES = {
    measure.name: measure
    for measure in (*_VOLUMES, *_CALLS, *_DURATIONS, *_WAITS, *_SHARES, *_OF_STAFF)
}
"""All of them by name, in the order of tables."""

KPIS = {metric.name: metric for measure in _OF_TICKETS for metric in measure.metrics()}
"""The metrics that are counted of tickets, told of every grouping."""

URGENTS = {
    metric.name: metric.named(URGENT, "urgent", "紧急")
    for measure in _OF_TICKETS
    for metric in measure.metrics()
    if metric.name.rpartition(".")[2] in measure.urgent
}
"""By the KPI, the metrics that experiments have of urgent matters."""

CURVES = {
    measure: tuple(measure.percentile(share, _CITY) for share in SHARES)
    for measure in _OF_TICKETS
    if measure.curve
}
"""By the measure, the percentiles that make a curve."""

_SINGLE = {m.name: m for measure in MEASURES.values() for m in measure.metrics()}

BOUNDS = {m.name: m.named(BOUND, "bound", "上限") for m in _SINGLE.values() if m.bounded}
"""By the metric, that of its bound."""

METRICS = {
    **{m.name: m for curve in CURVES.values() for m in curve},
    **_SINGLE,
    **{m.name: m for m in (*URGENTS.values(), *BOUNDS.values())},
}
"""Every metric by name, but for those that a policy tells."""


def find(name: str, field: str = "target") -> Metric:
    """Return what is declared of a metric.

    Parameters
    ----------
    name : str
        Such as ``close.p90``, or ``policy.…``: what a policy tells, which is declared nowhere.
    field : str
        Where it was asked for.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    if name in METRICS:
        return METRICS[name]
    if name.startswith(POLICY):
        return Metric(name, name, "", "", Better.NEITHER, None)
    begins = [known for known in KPIS if known.startswith(name)]
    near = _FORMER.get(name) or (begins[0] if begins else None)
    hint = f"; did you mean {near}?" if near else suggestion(name, METRICS)
    raise InputError("command line", field, name, f"a measure that `sim measures` lists{hint}")
