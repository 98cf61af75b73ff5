"""Clocks on the wall: instants of a run as the local time of its place.

A run has one offset from UTC from its first instant to its last, the one in force when it starts:
the engines know no zone. Here, at the edges, instants become what clocks show; a clock that is
put forward or back on the way is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from numpy.typing import NDArray

from sim.scenario.world import Time
from sim.scenario.zone import zone

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_MS = 86_400_000
_MINUTE_MS = 60_000


class LocalTime:
    """The local time of a run.

    Parameters
    ----------
    start : date
        Second 0 is its midnight; where there is none, because clocks are put forward then, the
        instant at which they are; where there are two, the first.
    timezone : str
        A zone of the tz database.

    Raises
    ------
    ValueError
        If the zone is not known.
    """

    def __init__(self, start: date, timezone: str) -> None:
        self._zone = zone(timezone)
        midnight = datetime.combine(start, time(), tzinfo=self._zone)
        self._midnight = (midnight.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)

    @classmethod
    def of(cls, span: Time) -> LocalTime:
        """Take the start and the zone of a scenario's ``time``."""
        return cls(span.start, span.timezone)

    def at(self, seconds: float) -> datetime:
        """Return what clocks show at an instant of the run, with the zone."""
        moment = _EPOCH + timedelta(milliseconds=self._midnight) + timedelta(seconds=seconds)
        return moment.astimezone(self._zone)

    def shown(self, seconds: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return what clocks show at instants of the run [n].

        Returns
        -------
        int64 [n]
            Milliseconds since 1970-01-01 by local clocks.
        int64 [n]
            The offset from UTC then, minutes.
        """
        utc = self._midnight + np.rint(np.asarray(seconds) * 1000).astype(np.int64)
        if not len(utc):
            return utc, utc
        since, minutes = self._offsets(int(utc.min()), int(utc.max()))
        offset = minutes[np.searchsorted(since, utc, side="right") - 1]
        return utc + offset * _MINUTE_MS, offset

    def notes(self, days: int) -> Iterator[str]:
        """Say in words which changes of clocks a run of some days passes over."""
        since, minutes = self._offsets(self._midnight, self._midnight + days * _DAY_MS - 1)
        for ms, now in zip(since[1:].tolist(), minutes[1:].tolist(), strict=True):
            clock = (_EPOCH + timedelta(milliseconds=ms)).astimezone(self._zone)
            shown = 8 * 60 + now - int(minutes[0])
            yield (
                f"clocks change on {clock:%Y-%m-%d} to {clock:%H:%M} (UTC{clock:%z}); the run "
                "keeps the offset of its start: from then on its 08:00 is shown as "
                f"{shown // 60:02d}:{shown % 60:02d}"
            )

    def _offsets(self, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return from when on which offset holds: ms of UTC, ascending, and minutes.

        Offsets of old times have seconds: they are told in whole minutes, as ISO 8601 has them.
        """
        since, minutes = [first], [self._minutes(first)]
        for day in range(first, last, _DAY_MS):
            low, high = day, min(day + _DAY_MS, last)
            if self._minutes(high) == minutes[-1]:
                continue
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (
                    (middle, high) if self._minutes(middle) == minutes[-1] else (low, middle)
                )
            since.append(high)
            minutes.append(self._minutes(high))
        return np.array(since), np.array(minutes)

    def _minutes(self, ms: int) -> int:
        moment = (_EPOCH + timedelta(milliseconds=ms)).astimezone(self._zone)
        return round((moment.utcoffset() or timedelta()) / timedelta(minutes=1))
