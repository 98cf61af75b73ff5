"""How a figure is asked for: the same in KPIs, comparisons, targets of staffing and rewards.

====================================  ======================================================
``arrive.on_time``                    of the whole city
``arrive.on_time@department``         of each department
``arrive.on_time@department=police``  of one of them, by its name in English or Chinese, or id
``arrive.on_time.worst@department``   of that department in which it is worst
``arrive.on_time.gap@district``       between the greatest and the least of the districts
``arrive.on_time.gini@district``      how unequal the districts are: Gini's coefficient
====================================  ======================================================

A target adds ``>=0.95`` or ``<=600``; of a share ``95%`` says the same as ``0.95``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError, suggestion
from sim.measure.finding import find
from sim.measure.metric import Better, Metric, Quantile
from sim.measure.tables import GROUPS, Floats, check_grouping, names

if TYPE_CHECKING:
    from sim.city.city import City
    from sim.scenario import Scenario

Ints = NDArray[np.int64]

CITY = "city"
"""The grouping with one group, which is all of it."""

BETWEEN = {
    "worst": ("{measure} in the worst {one}", "{measure}（最差{groups}）"),
    "gap": ("gap in {measure} between {many}", "{measure}（{groups}差距）"),
    "gini": ("Gini of {measure} over {many}", "{measure}（{groups}基尼系数）"),
}
"""Measures between groups, and what they are called in English and Chinese."""

_FORM = re.compile(r"\s*([^@=<>\s]+)\s*(?:@\s*([^@=<>\s]+)\s*(?:=\s*(.*?)\s*)?)?", re.DOTALL)
_LIMIT = re.compile(r"(.*?)(>=|<=)\s*([^\s%<>=]+)\s*(%?)\s*", re.DOTALL)
_FEW = 12  # names that a message may list


@dataclass(frozen=True)
class Query:
    """A metric, and of whom.

    Attributes
    ----------
    metric : Metric
    by : str
        One of `sim.measure.tables.GROUPS`.
    name : str
        Of one group; empty: of each.
    between : str
        One of `BETWEEN`: a single figure of the city, made of all groups' figures; or empty.
    """

    metric: Metric
    by: str = CITY
    name: str = ""
    between: str = ""

    @classmethod
    def parse(cls, text: str, field: str = "target", of: str = "") -> Query:
        """Read a query.

        Parameters
        ----------
        text : str
        field : str
            Where it was asked for.
        of : str
            ``GROUP`` or ``GROUP=NAME``: of whom it is where the text does not say.

        Raises
        ------
        InputError
            If it has another form, names no metric or grouping, or asks for a grouping by which
            the metric means nothing.
        """
        form = _FORM.fullmatch(f"{text}@{of}" if of and "@" not in text else text)
        if form is None:
            allowed = "a measure, or MEASURE@GROUP, MEASURE@GROUP=NAME, MEASURE.worst@GROUP"
            raise InputError("command line", field, text, allowed)
        name, by, which = form[1], form[2] or CITY, form[3]
        stem, _, between = name.rpartition(".")
        if between not in BETWEEN:
            stem, between = name, ""
        metric = find(stem, field)
        if form[3] == "":
            raise InputError("command line", field, text, f"a name after {metric.name}@{by}=")
        check_grouping(by, field)
        if by not in metric.groups:
            known = ", ".join(metric.groups)
            allowed = f"{metric.name} of {known}; by {by} it is not measured, or would mean nothing"
            raise InputError("command line", field, text.strip(), allowed)
        if which and by == CITY:
            raise InputError("command line", field, text.strip(), f"{name}, of the whole city")
        if between and (by == CITY or which):
            allowed = f"{name}@GROUP with several groups, such as {name}@district"
            raise InputError("command line", field, text.strip(), allowed)
        if between == "worst" and not metric.better:
            allowed = f"a measure that has a better direction; {metric.name} has none"
            raise InputError("command line", field, text.strip(), allowed)
        return cls(metric, by, which or "", between)

    def __str__(self) -> str:
        between = f".{self.between}" if self.between else ""
        by = "" if self.by == CITY else f"@{self.by}"
        return f"{self.metric.name}{between}{by}{'=' if self.name else ''}{self.name}"

    @property
    def english(self) -> str:
        """What it is called."""
        if self.between:
            one, many, _ = GROUPS[self.by]
            name = BETWEEN[self.between][0]
            return name.format(measure=self.metric.english, one=one, many=many)
        return f"{self.metric.english} ({self.name})" if self.name else self.metric.english

    @property
    def chinese(self) -> str:
        """What it is called in Chinese."""
        if self.between:
            name = BETWEEN[self.between][1]
            return name.format(measure=self.metric.chinese, groups=GROUPS[self.by][2])
        return f"{self.metric.chinese}（{self.name}）" if self.name else self.metric.chinese

    @property
    def unit(self) -> str:
        """That of its figures."""
        return "1" if self.between == "gini" else self.metric.unit

    @property
    def better(self) -> Better:
        """Which direction is better: groups had better be alike."""
        return Better.LESS if self.between in ("gap", "gini") else self.metric.better

    @property
    def single(self) -> bool:
        """Whether it asks for one figure, and not for that of each group."""
        return bool(self.by == CITY or self.name or self.between)

    @property
    def skewed(self) -> bool:
        """Whether its figure is one of order: differences of such are skewed."""
        return bool(self.between) or isinstance(self.metric.formula, Quantile)

    def within(self, scenario: Scenario, city: City, field: str = "target") -> Query:
        """Return the query with its group's own name.

        Raises
        ------
        InputError
            If the scenario has no such group.
        """
        if not self.name:
            return self
        english, chinese = names(scenario, city, self.by)
        place = find_name(self.name, self.by, english, chinese, field)
        return replace(self, name=english[place])

    def each(self, groups: Sequence[str]) -> list[Query]:
        """Return a query for every single figure that it asks for, given all groups' names."""
        return [self] if self.single else [replace(self, name=name) for name in groups]

    def pick(self, groups: Sequence[str], value: Floats, n: Ints) -> tuple[list[str], Floats, Ints]:
        """Return what is asked for out of all groups' figures.

        Parameters
        ----------
        groups : sequence of str
            Their names, of which this query's own is one.
        value, n : float64, int64 [groups]
            NaN where there is no case.

        Returns
        -------
        list of str, float64, int64
            Names, values and cases; between groups the name is that of the measure between them,
            and the cases those that it rests on.
        """
        if self.between:
            figure, cases = between(self.between, value, n, self.metric.better)
            return [self.between], np.array([figure]), np.array([cases])
        rows = [groups.index(self.name)] if self.name else list(range(len(groups)))
        return [groups[row] for row in rows], value[rows], n[rows]

    def lagging(self, value: Floats, limit: float) -> NDArray[np.bool_]:
        """Return which groups hold a measure between them back from a limit, bool [groups].

        Those that are worse than it themselves; or further than it from the best; or worse than
        the mean. Without a measure between groups, those worse than the limit.
        """
        seen, sign = ~np.isnan(value), self.metric.better or Better.MORE
        good = np.where(seen, sign * value, np.inf)
        if not seen.any():
            return np.zeros(len(value), dtype=bool)
        if self.between == "gap":
            return np.asarray(good < good[seen].max() - limit)
        if self.between == "gini":
            return np.asarray(good < good[seen].mean())
        return np.asarray(good < sign * limit)


def check_of(text: str, scenario: Scenario, city: City, field: str = "of") -> None:
    """Check ``GROUP`` or ``GROUP=NAME``.

    Raises
    ------
    InputError
        If there is no such grouping, or no such group; with the grouping that has it, if any.
    """
    by, _, name = (part.strip() for part in text.partition("="))
    if by not in GROUPS:
        having = (one for one in GROUPS if any(by in known for known in names(scenario, city, one)))
        hint = next((f"; did you mean {one}={by}?" for one in having), suggestion(by, GROUPS))
        allowed = f"a grouping, or one group of it such as district=NAME{hint}"
        raise InputError("command line", field, text, allowed)
    if name:
        find_name(name, by, *names(scenario, city, by), field)


def find_name(
    name: str, by: str, english: Sequence[str], chinese: Sequence[str], field: str
) -> int:
    """Return the place of a group, by its name in English or Chinese.

    Raises
    ------
    InputError
        If there is none of this name.
    """
    wanted = name.zfill(2) if by == "hour" else name
    for known in (english, chinese):
        if wanted in known:
            return known.index(wanted)
    hint = suggestion(name, [*english, *chinese])
    some = f"one of {', '.join(english)}" if len(english) <= _FEW else f"a {by} of the scenario"
    if by == "hour":
        some, hint = f"{english[0]} to {english[-1]}", ""
    raise InputError("command line", field, f"{by}={name}", some + hint)


def between(
    kind: str, value: Floats, n: Ints, better: Better = Better.NEITHER
) -> tuple[float, int]:
    """Return a measure between groups, and the cases that it rests on; NaN if no group has any.

    Parameters
    ----------
    kind : str
        ``worst``: the figure of the group in which it is worst; ``gap``: the greatest less the
        least; ``gini``: half the mean difference of two groups, of the mean (Gini 1912), each
        group counting once; 0 if all are alike.
    value, n : float64, int64 [groups]
        NaN where there is no case.
    better : Better
        Which direction is, for the worst.
    """
    seen = ~np.isnan(value)
    if not seen.any():
        return np.nan, 0
    some = value[seen]
    if kind == "worst":
        at = int((np.argmin if better > 0 else np.argmax)(some))
        return float(some[at]), int(n[seen][at])
    cases = int(n[seen].sum())
    if kind == "gap":
        return float(some.max() - some.min()), cases
    mean = float(some.mean())
    if mean == 0:
        return 0.0, cases
    apart = np.abs(some[:, None] - some[None, :]).mean()
    return float(apart) / (2 * mean), cases


def parse_limit(text: str, field: str = "target") -> tuple[Query, bool, float]:
    """Read a query with a limit, such as ``close.on_time@district>=95%``.

    Returns
    -------
    Query, bool, float
        Whether it must be at least, else at most, the value.

    Raises
    ------
    InputError
        If it has another form.
    """
    form = _LIMIT.fullmatch(text)
    if form is None:
        allowed = "MEASURE>=VALUE, MEASURE<=VALUE or MEASURE@GROUP>=VALUE"
        raise InputError("command line", field, text, allowed)
    query = Query.parse(form[1], field)
    try:
        value = float(form[3])
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise InputError("command line", field, form[3], "a number")
    if form[4] and query.unit != "share":
        allowed = f"a number: {query} is no share, and is measured in {query.unit}"
        raise InputError("command line", field, form[3] + form[4], allowed)
    return query, form[2] == ">=", value / 100 if form[4] else value
