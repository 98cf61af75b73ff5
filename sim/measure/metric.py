"""What a measure is: how it is counted, and what can be said of it.

`sim.measure.catalogue` declares all of them. Who counts, compares, shows or asks for one reads its
declaration; nobody else knows a unit, a label, or which way is better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

from sim.measure.tables import GROUPS, Bools

if TYPE_CHECKING:
    from sim.engine.outcome import Outcome

Rows: TypeAlias = "Callable[[Outcome], Bools]"
"""Which tickets are meant, bool [N]; see `sim.measure.rows`."""

QUANTILES = (0.5, 0.9, 0.95)
"""Percentiles of a duration that are told of every grouping."""

URGENT, BOUND, POLICY = "urgent.", "bound.", "policy."
"""Before a metric's name: of the matters of priority 1; the best that any dispatch could have made
of it in the run; what the policy tells of its own work, which no declaration knows beforehand."""


class Kind(StrEnum):
    """What sort of figure a metric is."""

    COUNT = "count"
    SHARE = "share"
    DURATION = "duration"
    DUE = "due share"  # of what had to be done by a deadline, the share that was
    GAUGE = "gauge"  # of staff and plan


class Better(IntEnum):
    """Which direction is better."""

    LESS = -1
    NEITHER = 0
    MORE = 1


@dataclass(frozen=True)
class Count:
    """How many tickets there are; with a column, of those the ones with a code in it.

    Attributes
    ----------
    of : callable
    when : str
        The instant that must lie in what is measured; empty: who is so at the end, since whenever.
    column, code
    """

    of: Rows
    when: str = ""
    column: str = ""
    code: int = -1


@dataclass(frozen=True)
class Total:
    """Whole numbers of a column of tickets, added up; ``when`` as in `Count`."""

    column: str
    of: Rows
    when: str


@dataclass(frozen=True)
class Share:
    """Of some tickets, the share of which something holds; ``when`` as in `Count`."""

    part: Rows
    of: Rows
    when: str


@dataclass(frozen=True)
class Ratio:
    """How many of one kind there are for each of another; it may be above 1."""

    top: Count
    bottom: Count


@dataclass(frozen=True)
class Span:
    """How long it is from one step until another.

    Who has begun and is at risk has either ended by an event of one of several causes, or is
    censored: not over yet.

    Attributes
    ----------
    begins : str
        The column of times at which it begins; NaN: never.
    ends : tuple of str
        The column of each cause's times. The first is the event that is measured; the others
        compete with it.
    at_risk : callable
        Whose beginnings count.
    log : str
        Where the columns are: ``tickets``, or a log, of which each row is a case.
    """

    begins: str
    ends: tuple[str, ...]
    at_risk: Rows
    log: str = "tickets"


@dataclass(frozen=True)
class Mean:
    """The time spent in a span, for each that began it (Little, Operations Research 9, 1961).

    Both are of what is measured alone, so that nobody is left out for not being done; where more
    begin it than end it, it grows with those who are left.

    Attributes
    ----------
    span : Span
    most : float
        Of each, no more than so long after its beginning counts, s.
    """

    span: Span
    most: float = float("inf")


@dataclass(frozen=True)
class Quantile:
    """By when a share of all have come to its end; see `sim.measure.survival`."""

    span: Span
    share: float


@dataclass(frozen=True)
class Unfinished:
    """How many are in it at the end: censored."""

    span: Span


@dataclass(frozen=True)
class Due:
    """Of all that fell due in what is measured, the share that was done by then.

    What is not done when it falls due has missed it, whatever became of it; what is done long
    before counts no sooner than what is late. So a verdict never depends on when a run ends.

    Attributes
    ----------
    begins : str
        The instant at which its time begins.
    ends, due : str
        The instants of the step that is asked for, and of its deadline.
    needs : callable
        Who needs the step at all.
    worth : str
        What each that is done in time counts, from 0 to 1: of `sim.measure.instants.WORTHS`;
        empty: 1.
    when : str
        The instant at which it falls due; empty: its deadline.
    """

    begins: str
    ends: str
    due: str
    needs: Rows
    worth: str = ""
    when: str = ""


@dataclass(frozen=True)
class WorstHour:
    """A due share of those that began in the hour of day in which it is worst.

    Hours with fewer than `HOURLY` cases are passed over.
    """

    due: Due


HOURLY = 30
"""So few cases of an hour are chance."""


@dataclass(frozen=True)
class PerDay:
    """How many cases of another formula there are a day."""

    of: Formula


@dataclass(frozen=True)
class Score:
    """Shares, weighted; without those that have no case."""

    parts: tuple[tuple[Formula, float], ...]


@dataclass(frozen=True)
class Gauge:
    """A figure of a kind of staff, of ``all`` of them, or of the ``plan``.

    Attributes
    ----------
    of, figure : str
        See `sim.experiment.measures`.
    """

    of: str
    figure: str


@dataclass(frozen=True)
class FirstVisit:
    """How long until a ticket's first visit got so far; what waits counts up to the end.

    Attributes
    ----------
    begins : str
        The column of tickets at which it begins.
    ends : str
        The column of the log of visits.
    """

    begins: str
    ends: str


Formula: TypeAlias = (
    Count | Total | Share | Ratio | Mean | Quantile | Unfinished | Due | WorstHour | PerDay | Score
    | Gauge | FirstVisit
)  # fmt: skip

_KINDS: dict[type, Kind] = {
    Count: Kind.COUNT,
    Total: Kind.COUNT,
    Unfinished: Kind.COUNT,
    PerDay: Kind.COUNT,
    Share: Kind.SHARE,
    Ratio: Kind.COUNT,
    Score: Kind.SHARE,
    Mean: Kind.DURATION,
    Quantile: Kind.DURATION,
    FirstVisit: Kind.DURATION,
    Due: Kind.DUE,
    WorstHour: Kind.DUE,
    Gauge: Kind.GAUGE,
}
_UNITS = {Kind.COUNT: "1", Kind.SHARE: "share", Kind.DUE: "share", Kind.DURATION: "s"}


@dataclass(frozen=True)
class Metric:
    """One figure with a name: a measure, or one of its forms.

    Attributes
    ----------
    name : str
        As in tables, such as ``close.p90``.
    english, chinese : str
        What it is called.
    unit : str
        ``1``, ``share``, ``s``, ``h``, ``1/d``, ...
    better : Better
    formula : Formula, optional
        How it is counted; None of what a policy tells.
    groups : tuple of str
        By which of `sim.measure.tables.GROUPS` it can be told apart.
    decided_by : frozenset of str
        The roles of staff that decide it.
    stage : str
        Of which deadline it speaks: ``sign``, ``arrive``, ``close``, or none.
    bounded : bool
        Whether there is a bound of what any dispatch could have made of it.
    headline : bool
        Whether it is of all matters, from when they arose; else of those who got to a stage.
    """

    name: str
    english: str
    chinese: str
    unit: str
    better: Better
    formula: Formula | None
    groups: tuple[str, ...] = ("city",)
    decided_by: frozenset[str] = frozenset()
    stage: str = ""
    bounded: bool = False
    headline: bool = False

    @property
    def kind(self) -> Kind:
        """What sort of figure it is."""
        return Kind.GAUGE if self.formula is None else _KINDS[type(self.formula)]

    @property
    def scope(self) -> str:
        """Of whom it is: ``all`` matters, those who got to a ``stage`` of staff, or neither."""
        return "all" if self.headline else "stage" if self.decided_by else "–"

    def named(self, prefix: str, english: str, chinese: str) -> Metric:
        """Return the same of something narrower, told of the whole city alone."""
        return Metric(
            prefix + self.name,
            f"{english}: {self.english}",
            f"{chinese}：{self.chinese}",
            self.unit,
            self.better,
            self.formula,
        )


@dataclass(frozen=True)
class Measure:
    """What is declared of a measure.

    Attributes
    ----------
    name : str
        That of its metric; of a duration what its metrics begin with.
    english, chinese : str
        What it is called: in a sentence 'X is worse than Y on' must read well before it.
    formula : Formula or Span
        A span is measured in several forms: mean, percentiles, how many are not over yet.
    better : Better
    unit : str
        That of its kind by default.
    groups, decided_by, stage, bounded, headline
        See `Metric`.
    quantiles : tuple of float
        Of a duration, the percentiles that KPIs have.
    unfinished : tuple of str, optional
        What those that are not over yet are called, in English and Chinese; None: not counted.
    curve : bool
        Whether experiments keep more percentiles, of the whole city.
    urgent : tuple of str
        The metrics that experiments keep of urgent matters, by the ends of their names.
    """

    name: str
    english: str
    chinese: str
    formula: Formula | Span
    better: Better = Better.NEITHER
    unit: str = ""
    groups: tuple[str, ...] = tuple(GROUPS)
    decided_by: frozenset[str] = frozenset()
    stage: str = ""
    bounded: bool = False
    headline: bool = False
    quantiles: tuple[float, ...] = ()
    unfinished: tuple[str, str] | None = None
    curve: bool = False
    urgent: tuple[str, ...] = ()

    def metrics(self) -> Iterator[Metric]:
        """Yield its metrics, in the order of the tables."""
        if not isinstance(self.formula, Span):
            yield self._metric("", self.english, self.chinese, self.formula)
            return
        yield self._metric(
            ".mean", f"mean {self.english}", f"{self.chinese} 均值", Mean(self.formula)
        )
        yield from (self.percentile(share) for share in self.quantiles)
        if self.unfinished is not None:
            english, chinese = self.unfinished
            yield self._metric(".open", english, chinese, Unfinished(self.formula))

    def percentile(self, share: float, groups: tuple[str, ...] = ()) -> Metric:
        """Return the metric of a percentile, of these groupings only if any are named."""
        assert isinstance(self.formula, Span), self.name
        end = f"p{100 * share:02.0f}"
        formula = Quantile(self.formula, share)
        english, chinese = f"{end} {self.english}", f"{self.chinese} {end}"
        return self._metric(f".{end}", english, chinese, formula, groups or self.groups)

    def _metric(
        self,
        end: str,
        english: str,
        chinese: str,
        formula: Formula,
        groups: tuple[str, ...] | None = None,
    ) -> Metric:
        return Metric(
            self.name + end,
            english,
            chinese,
            self.unit or _UNITS[_KINDS[type(formula)]],
            self.better,
            formula,
            self.groups if groups is None else groups,
            self.decided_by,
            self.stage,
            self.bounded,
            self.headline,
        )
