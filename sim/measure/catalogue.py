"""All measures, each declared once: what it is called and counts, and which way is better.

*Headline* measures are of all matters, from when they arose or their citizen first called; who
never got through, and what nobody ever knew of, has failed. With fewer staff none of them gets
better. The others are of those who got to their stage, and speak of that stage's staff alone.
"""

from __future__ import annotations

from functools import partial

from sim.clock import WEEK
from sim.errors import InputError, suggestion
from sim.measure import rows
from sim.measure.instants import answered_at_once
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
    Ratio,
    Score,
    Share,
    Span,
    Total,
    WorstHour,
)
from sim.measure.tables import GROUPS
from sim.model.state import CHANNEL_NAMES, STATE_NAMES, Channel, Level, State

LESS, MORE = Better.LESS, Better.MORE

HOTLINE = frozenset({"hotline"})
CENTRES = frozenset({"town_centre", "district_centre"})
CREWS = frozenset({"crew"})
CHAIN = CENTRES | CREWS
PATROL = frozenset({"gridworker"})
"""The roles of staff that decide measures."""

SHARES = tuple(share / 100 for share in (*range(5, 100, 5), 99))
"""Percentiles that experiments keep of a measure with a curve."""

TARGETS = ("attended.on_time", "resolved.on_time", "arrive.p90", "close.p90")
"""What experiments compare unless something else is asked for; the first is to be exact."""

_CHANNELS = {
    Channel.OBSERVER: "observers",
    Channel.HOTLINE: "hotline_call",
    Channel.ONLINE: "hotline_online",
}  # the others by their own names
_FORMER = {
    "tickets.eyes": "tickets.observers",
    "hotline.answered": "hotline.answered_1h",
    "closing_rate": "throughput",
    "closing_rate.hotline": "requests.on_time",
    "state.vanished": "vanished",
    "backlog.calling": "state.calling",
    "backlog.registered": "state.registered",
    "backlog.recording": "state.recording",
    **{f"{role}.utilisation": f"{role}.work" for role in ("operators", "gridworkers", "crews")},
}
"""What a measure was called that is not there any more, or what comes nearest to it now."""

_DOES = {
    "work": ("{} on duty at work", "在岗工作占比"),
    "travel": ("{} on duty under way", "在岗途中占比"),
    "wait": ("{} on duty who wait for others", "在岗等候占比"),
    "free": ("{} on duty who are free", "在岗空闲占比"),
}
_STAFF = {
    "operators": ("坐席", ("work", "free")),
    "gridworkers": ("网格员", ("work", "travel", "free")),
    "crews": ("部门人员", ("work", "travel", "wait", "free")),
}
"""What staff are called, and what they do on duty."""


_NO_TICKET = (State.UNDISCOVERED, State.CALLING, State.REGISTERED, State.RECORDING)
"""Where a matter is before it is a ticket; together with the open tickets they are all that lies
there at the end."""

_CITY = ("city",)
_NO_HOUR = tuple(by for by in GROUPS if by != "hour")
_UNHEARD = ("city", "district", "town", "hour")
"""By what calls can be told apart: what one is about is known only once it is answered."""

_RESOLVED = Due("arisen", "closed", "due_resolve", rows.arose)
_SOUNDLY = Due("arisen", "closed_soundly", "due_resolve", rows.arose)
_CONTENT = Due("arisen", "closed", "due_resolve", rows.with_citizen, worth="content")
_ATTENDED = Due("arisen", "seen_to", "due_attend", rows.in_streets)
_REQUESTED = Due("contact", "closed", "due_request", rows.requests)
_IN_20S = Due("called", "answered", "due_answer_20s", rows.called)
_IN_AN_HOUR = Due("called", "answered", "due_answer_1h", rows.called)
_EVALUATION = Score(((_RESOLVED, 0.5), (_SOUNDLY, 0.25), (_CONTENT, 0.25)))
_UNRESOLVED = Span("arisen", ("closed",), rows.arose)

_DISCOVERY = Span("arisen", ("discovered", "vanished"), rows.in_streets)
_SIGN = Span("triaged", ("signed",), rows.sent_out)
_ARRIVE = Span("accepted", ("attended",), rows.sent_out)
_CLOSE = Span("accepted", ("closed",), rows.to_close)
_CALL = Span("called", ("answered",), rows.got_through)
_TRAVEL = Span("start", ("arrive",), rows.arose, log="visits")

_SIGNED = Due("accepted", "signed", "due_sign", rows.sent_out)
_ARRIVED = Due("accepted", "attended", "due_arrive", rows.sent_out)
_FINAL = Due("accepted", "final", "due_arrive", rows.sent_out, when="due_close")
_CLOSED = Due("accepted", "closed", "due_close", rows.to_close)

ANSWERED = _IN_20S
"""The deadline of calls."""

DEADLINES = {"sign": _SIGNED, "arrive": _ARRIVED, "close": _CLOSED}
"""The deadlines of tickets, by the stage of measures that speak of them."""

_headline = partial(Measure, headline=True)
_signing = partial(Measure, decided_by=CENTRES, stage="sign")
_arriving = partial(Measure, decided_by=CHAIN, stage="arrive")
_closing = partial(Measure, decided_by=CHAIN, stage="close")
_call = partial(Measure, groups=_UNHEARD)

_HEADLINES = (
    _headline("resolved.on_time", "resolved on time", "按时解决", _RESOLVED, MORE),
    _headline(
        "resolved.mean",
        "mean time unresolved",
        "未解决用时 均值",
        Mean(_UNRESOLVED, WEEK),
        LESS,
    ),
    _headline(
        "unresolved",
        "past due and unresolved",
        "逾期未解决",
        Share(rows.unresolved, rows.arose, "due_resolve"),
        LESS,
    ),
    _headline(
        "unserved",
        "gone unserved",
        "未获受理",
        Share(rows.unserved, rows.arose, "due_resolve"),
        LESS,
    ),
    _headline("attended.on_time", "attended on time", "按时有人到场", _ATTENDED, MORE),
    _headline(
        "attended.on_time.worst_hour",
        "attended on time in the worst hour of day",
        "按时有人到场（最差时段）",
        WorstHour(_ATTENDED),
        MORE,
        groups=_NO_HOUR,
    ),
    _headline("requests.on_time", "requests resolved on time", "诉求按时解决", _REQUESTED, MORE),
    _headline(
        "hotline.answered_20s",
        "answered within 20 s",
        "20 秒接通率",
        _IN_20S,
        MORE,
        groups=_UNHEARD,
        decided_by=HOTLINE,
    ),
    _headline(
        "hotline.answered_20s.worst_hour",
        "answered within 20 s in the worst hour of day",
        "20 秒接通率（最差时段）",
        WorstHour(_IN_20S),
        MORE,
        groups=tuple(by for by in _UNHEARD if by != "hour"),
        decided_by=HOTLINE,
    ),
    _headline(
        "hotline.answered_1h",
        "answered within 1 h",
        "1 小时接通率",
        _IN_AN_HOUR,
        MORE,
        groups=_UNHEARD,
        decided_by=HOTLINE,
    ),
    _headline("citizens.satisfied", "citizens satisfied in time", "按时满意率", _CONTENT, MORE),
    _headline("evaluation", "evaluation", "评价得分", _EVALUATION, MORE),
)

_VOLUMES = (
    Measure("matters", "matters", "事件", Count(rows.arose, "arisen")),
    Measure("tickets", "tickets", "工单", Count(rows.accepted, "accepted")),
    *(
        Measure(
            f"tickets.{_CHANNELS.get(channel, channel.name.lower())}",
            f"tickets by {CHANNEL_NAMES[channel][0]}",
            f"{CHANNEL_NAMES[channel][1]}工单",
            Count(rows.accepted, "accepted", "channel", channel),
            decided_by=PATROL if channel == Channel.PATROL else frozenset(),
        )
        for channel in Channel
        if channel is not Channel.NONE
    ),
    Measure("hotline.requests", "12345 requests", "热线受理量", Count(rows.hotline, "requested")),
    Measure(
        "hotline.requests_per_day",
        "12345 requests a day",
        "每日热线",
        PerDay(Count(rows.hotline, "requested")),
        unit="1/d",
    ),
    Measure(
        "hotline.at_once",
        "answered in the call",
        "即时答复率",
        Share(answered_at_once, rows.hotline, "requested"),
    ),
    Measure("police.requests", "110 calls", "报警量", Count(rows.police, "requested")),
    Measure(
        "police.requests_per_day",
        "110 calls a day",
        "每日报警",
        PerDay(Count(rows.police, "requested")),
        unit="1/d",
    ),
    Measure(
        "on_the_spot", "dealt with on the spot", "现场处理", Count(rows.on_the_spot, "accepted")
    ),
    Measure("duplicates", "duplicates", "重复诉求", Count(rows.duplicate, "requested")),
    Measure("vanished", "vanished matters", "自行消失", Count(rows.arose, "vanished")),
    *(
        Measure(
            f"state.{state.name.lower()}",
            f"{STATE_NAMES[state][0]} matters",
            STATE_NAMES[state][1],
            Count(rows.arose, "", "state", state),
        )
        for state in _NO_TICKET
    ),
    _closing("backlog", "open tickets", "未办结", Count(rows.still_open), LESS),
    *(
        _closing(
            f"backlog.{state.name.lower()}",
            f"open: {STATE_NAMES[state][0]}",
            f"未办结：{STATE_NAMES[state][1]}",
            Count(rows.still_open, "", "state", state),
            LESS,
        )
        for state in State
        if state not in (*_NO_TICKET, State.CLOSED, State.VANISHED)
    ),
    _closing("backlog.overdue", "overdue tickets", "超期", Count(rows.overdue), LESS),
)

_CALLS = (
    _call("hotline.callers", "callers of 12345", "热线来电人数", Count(rows.called, "called")),
    _call(
        "hotline.wait",
        "wait at 12345 of those who got through",
        "热线等待（接通者）",
        _CALL,
        LESS,
        decided_by=HOTLINE,
    ),
    _call(
        "hotline.calls",
        "calls to 12345",
        "热线来电次数",
        Total("attempts", rows.called, "called"),
    ),
    _call(
        "hotline.lost",
        "callers lost",
        "放弃率",
        Share(rows.lost, rows.settled, "called"),
        LESS,
        decided_by=HOTLINE,
    ),
)

_DURATIONS = (
    _closing(
        "requests.close.mean",
        "mean time a 12345 request is open",
        "热线诉求办结用时 均值",
        Mean(Span("requested", ("closed",), rows.requested_open)),
        LESS,
    ),
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
        "time to attendance",
        "首次到场用时",
        _ARRIVE,
        LESS,
        quantiles=QUANTILES,
        unfinished=("not attended yet", "尚未到场"),
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
        "first attended on time",
        "按时首次到场",
        _ARRIVED,
        MORE,
        bounded=True,
        urgent=("on_time",),
    ),
    _closing("final.on_time", "attended for good on time", "按时最终到场", _FINAL, MORE),
    _closing("close.on_time", "closed on time", "按时办结", _CLOSED, MORE, bounded=True),
    Measure(
        "throughput",
        "closed per accepted",
        "办结受理比",
        Ratio(Count(rows.closed, "closed"), Count(rows.accepted, "accepted")),
    ),
    Measure("reopened", "reopened", "返工率", Share(rows.reopened, rows.checked, "checked"), LESS),
    Measure("sent_back", "sent back", "退单率", Share(rows.sent_back, rows.triaged, "triaged")),
    *(
        _closing(
            f"supervised.{level.name.lower()}",
            english,
            chinese,
            Share(rows.supervised(level), rows.to_close, "due_close"),
            LESS,
        )
        for level, english, chinese in (
            (Level.REMINDER, "reminded", "催办率"),
            (Level.DISTRICT, "supervised by the district", "区县督办率"),
            (Level.CITY, "supervised by the city", "市级督办率"),
        )
    ),
    _closing(
        "satisfied",
        "satisfied, of those asked",
        "受访满意率",
        Share(rows.satisfied, rows.asked, "closed"),
        MORE,
    ),
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
        for staff, (staff_zh, does) in _STAFF.items()
        for figure, english, chinese, better, unit in (
            *((name, *_DOES[name], Better.NEITHER, "share") for name in does),
            ("overtime", "overtime of {} over their hours on duty", "加班占比", LESS, "share"),
            ("duty_h", "hours on duty of {}", "值班工时", LESS, "h"),
            ("overtime_h", "overtime of {}", "加班", LESS, "h"),
        )
    ),
    Measure(
        "pools.overloaded",
        "pools with more to do than hours",
        "超负荷班组",
        Gauge("pools", "overloaded"),
        LESS,
        "1",
        _CITY,
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

_OF_TICKETS = (*_HEADLINES, *_VOLUMES, *_CALLS, *_DURATIONS, *_SHARES)

MEASURES = {
    measure.name: measure
    for measure in (*_HEADLINES, *_VOLUMES, *_CALLS, *_DURATIONS, *_WAITS, *_SHARES, *_OF_STAFF)
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
    if name in _FORMER:
        raise InputError("command line", field, name, f"no name any more; now {_FORMER[name]}")
    begins = [known for known in KPIS if known.startswith(name)]
    hint = f"; did you mean {begins[0]}?" if begins else suggestion(name, METRICS)
    raise InputError("command line", field, name, f"a measure that `sim measures` lists{hint}")
