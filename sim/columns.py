"""Each column of a matter, a ticket, a visit, a stop and a service, stated once.

The workload, both engines' records, the lines of memory, what a checkpoint may say, the tables of a
result and `docs/columns.md` follow from here. Steps, events and random numbers are named by the
words of `sim.model.state.State`, `sim.model.order.Kind` and `sim.workload.purpose.Purpose`, which
lie above.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

NAN = float("nan")

REOPENED_MAX = 3
"""After so many bad checks a ticket is closed as it is."""


class Line(IntEnum):
    """Lines of memory of a ticket in the compiled engine: what one event reads lies together."""

    STATE = 0
    QUEUE = 1
    RACE = 2
    FOUND = 3
    CENTRE = 4
    SIGNED = 5
    VISIT = 6
    CLOSING = 7
    CALL = 8
    SELDOM = 9


@dataclass(frozen=True)
class Draw:
    """How a column is drawn: the quantile of one uniform number.

    Attributes
    ----------
    purpose : str
        Names the uniform number.
    quantile : str
        A function of `sim.workload.quantiles`.
    parameters : tuple of str or float
        Its parameters, in order: fields of the scenario (``category.work_min`` is that of the
        matter's category, ``line.talk_cv`` that of 12345 or 110), in SI units by their endings,
        or plain figures.
    """

    purpose: str
    quantile: str
    parameters: tuple[str | float, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column.

    Attributes
    ----------
    name : str
    kind : str
        NumPy's type, in the workload and in results.
    unit : str
        ``s``, ``m``; ``1`` of counts, shares and factors; empty of names, codes and flags.
    english, chinese : str
        What it is; in Chinese where it stands in results.
    writer : str
        Who writes it.
    since : str
        The step from which on it may hold more than its default.
    default : float
        What it holds before; NaN: no time yet, -1: nobody.
    line : Line, optional
        Where it lies in the compiled engine's ticket; None: it is looked up when it is asked for.
    to : str
        What a number points to: rows of a table, or a code's enumeration.
    least, below : int
        Of other whole numbers: from where to below where.
    never : bool
        Whether a time or span may be infinite: what it is of never happens.
    span : bool
        Of seconds: whether they are how long something takes, and not an instant.
    draw : Draw, optional
        How it is drawn, where one uniform number tells it.
    revealed : str
        Of what is drawn: the kind of event after which it is known.
    result : bool
        Whether the tickets of a result have it.
    """

    name: str
    kind: str
    unit: str
    english: str
    chinese: str = ""
    writer: str = "workload"
    since: str = "UNDISCOVERED"
    default: float = 0
    line: Line | None = None
    to: str = ""
    least: int = 0
    below: int = 1 << 31
    never: bool = False
    span: bool = False
    draw: Draw | None = None
    revealed: str = ""
    result: bool = False


def _drawn(
    name: str,
    kind: str,
    unit: str,
    english: str,
    line: Line,
    revealed: str,
    draw: Draw | None = None,
    *,
    chinese: str = "",
    to: str = "",
    below: int = 1 << 31,
    never: bool = False,
    result: bool = False,
) -> Column:
    """Return a column of what is drawn before anything happens."""
    return Column(
        name, kind, unit, english, chinese, line=line, to=to, below=below, never=never,
        draw=draw, revealed=revealed, result=result,
    )  # fmt: skip


def _place(name: str, kind: str, english: str, chinese: str, line: Line, to: str) -> Column:
    """Return a column that says which, or where."""
    return _drawn(name, kind, "", english, line, "ARISE", chinese=chinese, to=to, result=True)


def _span(
    name: str, english: str, line: Line, revealed: str, draw: Draw, *, never: bool = True
) -> Column:
    """Return a column of a span of time that is drawn."""
    return replace(_drawn(name, "f8", "s", english, line, revealed, draw, never=never), span=True)


def _time(
    name: str,
    english: str,
    chinese: str,
    writer: str,
    since: str,
    line: Line,
    *,
    never: bool = False,
) -> Column:
    """Return a column of an instant, s since the scenario's start; NaN: not yet."""
    return Column(
        name, "f8", "s", english, chinese, writer, since, NAN, line, never=never, result=True
    )


MATTER = (
    Column(
        "key", "i8", "", "the matter's own number, the same in every run of the scenario",
        "事项编号", line=Line.SELDOM, least=-(1 << 62), below=1 << 62, revealed="ARISE",
        result=True,
    ),
    _place("category", "i2", "its category", "类别", Line.STATE, "categories"),
    _place("district", "i2", "where it lies", "区", Line.STATE, "districts"),
    _place("town", "i4", "where it lies", "镇街", Line.QUEUE, "towns"),
    _place("grid", "i4", "where it lies", "网格", Line.STATE, "grids"),
    _drawn(
        "citizen", "i1", "", "the channel by which a citizen would report it; 0: none would",
        Line.FOUND, "REPORT", chinese="市民渠道", to="Channel", result=True,
    ),
    _drawn(
        "at_once", "b1", "",
        "a question: whoever takes it answers it; it lies in no street",
        Line.STATE, "CALL", Draw("AT_ONCE", "chance", ("category.answered_at_once",)),
        chinese="即时答复", result=True,
    ),
    _drawn(
        "joint", "b1", "", "needs all departments that its category names",
        Line.STATE, "SIGN", Draw("JOINT", "chance", ("category.joint_share",)),
        chinese="多部门联动", result=True,
    ),
    _drawn(
        "arisen", "f8", "s", "when it arises", Line.RACE, "ARISE", chinese="发生", result=True
    ),
    _drawn("loop", "f8", "1", "place on its grid's loop, of the length", Line.FOUND, "ARISE"),
    _drawn("x", "f8", "m", "its place", Line.SIGNED, "ARISE"),
    _drawn("y", "f8", "m", "its place", Line.SIGNED, "ARISE"),
    _span(
        "patience", "citizens' active time until its citizen reports it; 0: at once",
        Line.RACE, "REPORT", Draw("PATIENCE", "exponential", ("category.patience_h",)),
    ),
    _span(
        "lifetime", "after which it vanishes unless it is known",
        Line.RACE, "VANISH", Draw("LIFETIME", "exponential", ("category.lifetime_h",)),
    ),
    _span(
        "observer", "observers' active time until a single part-time observer notices",
        Line.RACE, "OBSERVER", Draw("OBSERVER", "exponential", ("category.observer_days",)),
    ),
    _span(
        "camera", "until a camera's alert",
        Line.RACE, "CAMERA", Draw("CAMERA_DELAY", "exponential", ("cameras.delay_mean_min",)),
    ),
    _drawn(
        "passes", "i4", "1", "the how-manieth patrol pass notices it; 0: none",
        Line.FOUND, "PATROL", Draw("PASSES", "trials", ("category.patrol_visibility",)),
        below=1 << 21,
    ),
    _drawn(
        "simple", "b1", "", "a gridworker can deal with it alone",
        Line.STATE, "PATROL", Draw("ON_SPOT", "chance", ("category.on_spot",)),
    ),
    _span(
        "spot_s", "the work that takes a gridworker", Line.SELDOM, "PATROL",
        Draw("SPOT_WORK", "lognormal", ("category.on_spot_min", "category.work_cv")),
    ),
    _span(
        "talk_s", "how long the call is", Line.CALL, "CALL",
        Draw("TALK", "lognormal", ("line.talk_mean_s", "line.talk_cv")),
    ),
    _span(
        "call_patience", "how long the caller waits", Line.CALL, "CALL",
        Draw("CALL_PATIENCE", "exponential", ("hotline.patience_mean_s",)),
    ),
    _drawn(
        "redials", "i2", "1", "how often they would call again", Line.CLOSING, "CALL",
        Draw("REDIALS", "runs", ("hotline.redial_share", "hotline.redial_max")),
    ),
    _span(
        "redial_s", "after how long", Line.CALL, "CALL",
        Draw("REDIAL_DELAY", "exponential", ("hotline.redial_mean_min",)),
    ),
    _drawn(
        "desk", "f8", "1", "factor of mean 1 on every service that a centre gives it",
        Line.CENTRE, "SERVICE", Draw("DESK", "lognormal", (1.0, "centres.service_cv")),
    ),
    _drawn(
        "wrong", "i2", "1", "how many triages go wrong", Line.CENTRE, "SIGN",
        Draw("WRONG", "runs", ("category.mistriage", "centres.triage_tries_max")),
    ),
    _drawn(
        "wrong_department", "i2", "1", "to how many departments after the right one",
        Line.CENTRE, "SIGN",
    ),
    _drawn(
        "sign", "f8", "1", "factor of mean 1 on the department's time to sign",
        Line.CENTRE, "SIGN", Draw("SIGN", "exponential", (1.0,)),
    ),
    _span(
        "work_s", "work on site", Line.VISIT, "CREW",
        Draw("WORK", "lognormal", ("category.work_min", "category.work_cv")),
    ),
    _span(
        "settle_s", "elapsed time after it that needs no crew", Line.VISIT, "SETTLE",
        Draw("SETTLE", "lognormal", ("category.settle_h", "category.settle_cv")),
    ),
    _drawn(
        "by_grid", "b1", "", "a gridworker checks the result, not a call-back",
        Line.STATE, "SETTLE", Draw("CHECKER", "chance", ("category.check_by_grid",)),
    ),
    _drawn(
        "fails", "i2", "1", "how many checks find it badly done", Line.CLOSING, "SERVICE",
        Draw("FAILS", "runs", ("category.reopen", REOPENED_MAX)),
    ),
    _drawn(
        "satisfaction_u", "f8", "1",
        "uniform number; below the chance of satisfaction it means satisfied",
        Line.CLOSING, "SERVICE", Draw("SATISFIED", "uniform"),
    ),
)  # fmt: skip
"""Matters: all that is drawn beforehand. A row of `sim.workload.workload.Workload`."""

TICKET = (
    Column(
        "priority", "i1", "", "that of its category, 1 is the highest", "优先级",
        "scenario", least=1, below=5, result=True,
    ),
    _time("called", "the citizen's first call", "首次来电", "caller", "CALLING", Line.CALL),
    _time("answered", "an operator took the call", "接通", "hotline", "CALLING", Line.CALL),
    _time(
        "requested", "the request was accepted, whoever found the matter first", "诉求登记",
        "hotline", "CALLING", Line.CALL,
    ),
    _time(
        "vanished", "it was gone before anybody knew of it", "自行消失", "nature", "VANISHED",
        Line.SELDOM,
    ),
    _time("discovered", "the platform knew of it", "发现", "finder", "REGISTERED", Line.FOUND),
    _time("accepted", "it became a ticket", "受理", "centre", "REGISTERED", Line.QUEUE),
    _time("triaged", "the first triage", "分流", "centre", "UNSIGNED", Line.CENTRE),
    _time(
        "tracked", "its deadlines are watched from here on", "跟踪", "centre", "UNSIGNED",
        Line.CENTRE,
    ),
    _time("signed", "the right department signed", "签收", "department", "WAITING", Line.SIGNED),
    _time("dispatched", "somebody set off, last", "派员", "crew", "TRAVELLING", Line.VISIT),
    _time(
        "attended", "somebody was there for the first time", "首次到场", "crew", "TRAVELLING",
        Line.FOUND,
    ),
    _time("arrived", "the first was there, last", "到场", "crew", "ON_SITE", Line.VISIT),
    _time("finished", "the last visit was over", "现场处置完", "crew", "SETTLING", Line.VISIT),
    _time("handled", "all was done that it needed", "处置完", "department", "CHECKING", Line.VISIT),
    _time(
        "supervised", "the first reminder", "督办", "supervision", "AT_CENTRE", Line.CLOSING
    ),
    _time("checked", "the last check", "核查", "check", "WAITING", Line.VISIT),
    _time("closed", "it was closed", "办结", "check", "CLOSED", Line.CLOSING),
    _time(
        "due_sign", "deadline to sign", "签收时限", "centre", "REGISTERED", Line.SIGNED, never=True
    ),
    _time(
        "due_arrive", "deadline to be there", "到场时限", "centre", "REGISTERED", Line.SIGNED,
        never=True,
    ),
    _time(
        "due_close", "deadline to close", "办结时限", "centre", "REGISTERED", Line.QUEUE, never=True
    ),
    Column(
        "channel", "i1", "", "the channel by which it became a ticket", "来源", "finder",
        "AT_CENTRE", line=Line.FOUND, to="Channel", result=True,
    ),
    Column(
        "level", "i1", "", "who has taken it up", "督办级别", "supervision", "AT_CENTRE",
        line=Line.STATE, to="Level", result=True,
    ),
    Column(
        "state", "i1", "", "where it is now; -1: it has not arisen", "状态", "engine",
        default=-1, line=Line.STATE, to="State", result=True,
    ),
    Column(
        "unit", "i4", "", "the unit that handles it; -1: none", "处置单位", "department",
        "WAITING", -1, Line.STATE, to="units", result=True,
    ),
    Column(
        "worker", "i4", "", "the gridworker who found or handled it; -1: none", "网格员",
        "gridworker", "RECORDING", -1, Line.CALL, to="workers", result=True,
    ),
    Column(
        "attempts", "i2", "1", "calls made", "来电次数", "caller", "CALLING",
        line=Line.CLOSING, result=True,
    ),
    Column(
        "sent_back", "i2", "1", "times a department sent it back", "退单次数", "department",
        "AT_CENTRE", line=Line.SIGNED, result=True,
    ),
    Column(
        "reopened", "i2", "1", "times a check failed", "返工次数", "check", "WAITING",
        line=Line.QUEUE, result=True,
    ),
    Column(
        "on_spot", "b1", "", "the gridworker who found it dealt with it", "现场办结",
        "gridworker", "CLOSED", line=Line.RACE, result=True,
    ),
    Column(
        "duplicate", "b1", "", "its citizen's request came when it was a ticket already",
        "重复诉求", "hotline", "RECORDING", line=Line.RACE, result=True,
    ),
    Column(
        "abandoned", "b1", "", "its citizen gave up calling", "放弃来电", "caller",
        line=Line.RACE, result=True,
    ),
    Column(
        "satisfied", "i1", "", "1, 0, or -1 where nobody was asked", "满意", "citizen",
        "CLOSED", -1, Line.CLOSING, least=-1, below=2, result=True,
    ),
    Column(
        "ready", "f8", "s", "since when it waits for somebody to go", "", "department",
        "WAITING", NAN, Line.QUEUE,
    ),
)  # fmt: skip
"""Tickets: what becomes of a matter. Times of visits are those of the last."""


def _logged(name: str, kind: str, english: str, chinese: str, to: str) -> Column:
    return Column(name, kind, "", english, chinese, "log", default=-1, to=to, result=True)


def _instant(name: str, english: str, chinese: str) -> Column:
    return Column(name, "f8", "s", english, chinese, "log", default=NAN, result=True)


_OF = _logged("ticket", "i8", "row of the tickets", "工单", "tickets")

VISIT = (
    _logged("crew", "i4", "row of the plan's crews", "处置人员", "crews"),
    _logged("unit", "i4", "row of the plan's units", "处置单位", "units"),
    _OF,
    _instant("start", "it set off", "出发"),
    _instant("arrive", "it was there", "到场"),
    _instant("work", "work began: all were there", "开始处置"),
    _instant("end", "work was over", "处置完"),
)
"""Visits of crews that were begun; what has not happened yet is NaN."""

STOP = (
    _logged("worker", "i4", "row of the plan's gridworkers", "网格员", "workers"),
    _OF,
    _logged("kind", "i1", "what for", "停留类型", "StopKind"),
    _instant("start", "it began", "开始"),
    _instant("end", "it is over; may lie after the run's end", "结束"),
    Column(
        "way",
        "f8",
        "s",
        "how long the way there took, and the way back",
        "往返各用时",
        "log",
        span=True,
        result=True,
    ),
)
"""Stops of gridworkers."""

SERVICE = (
    _logged(
        "desk",
        "i4",
        "0: the hotline, then the towns' centres, then the districts'",
        "席位",
        "desks",
    ),
    _OF,
    _instant("arrive", "it began to wait", "等候"),
    _instant("start", "an operator took it", "开始"),
    _instant("end", "it is over; may lie after the run's end", "结束"),
)
"""Services of operators."""

RESULTS: dict[str, tuple[Column, ...]] = {
    "tickets": tuple(column for column in (*MATTER, *TICKET) if column.result),
    "visits": VISIT,
    "stops": STOP,
    "services": SERVICE,
}
"""The tables of a result, each with its columns in order."""

STORED = tuple(column for column in TICKET if column.line is not None)
"""What engines keep of a ticket."""


def kinds(columns: tuple[Column, ...]) -> dict[str, str]:
    """Return NumPy's type of each column, by name, in order."""
    return {column.name: column.kind for column in columns}
