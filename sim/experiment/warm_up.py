"""How much of a run's beginning to leave out: MSER-5."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, Field

from sim.clock import HOUR
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.executor import Executor, Failure
from sim.experiment.replication import Replication, run
from sim.reading import checked, kind_of, read_json
from sim.writing import writable, write_text

PILOTS = 3
"""Replications over which the number of open tickets is averaged."""


def mser(values: ArrayLike, batch: int = 5) -> int | None:
    """Return how many values to leave out at the beginning, by the rule MSER-5.

    Of the means of batches of five, those are left out without which the standard error of the
    mean of the rest is least (White, Cobb and Spratt, *A comparison of five steady-state
    truncation heuristics for simulation*, WSC 2000). Only the first half is searched, since a
    few values at the end may be alike by chance; if it is still falling there, the run is too
    short to tell, and the answer is None.

    Parameters
    ----------
    values : array of float [n]
        In the order of time.
    """
    sample = np.asarray(values, dtype=float)
    count = len(sample) // batch
    if count < 4:
        return None
    means = sample[: count * batch].reshape(count, batch).mean(axis=1)
    left = np.arange(count, 0, -1)
    # of the means from each place on: sum, sum of squares, squared error of the mean
    total = np.cumsum(means[::-1])[::-1]
    squares = np.cumsum((means - means.mean())[::-1] ** 2)[::-1]
    shifted = total - left * means.mean()
    error = (squares - shifted**2 / left) / left**2
    best = int(np.argmin(error[: count // 2 + 1]))
    return None if best == count // 2 else best * batch


class _Kept(BaseModel):
    """What was found before, and for what."""

    key: dict[str, Any]
    warm_up_s: Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


def open_by_hour(task: Replication) -> NDArray[np.float64]:
    """Run a replication, and count the open tickets at every full hour."""
    from sim.measure.counters import counters

    shown = counters(run(task))
    return np.asarray(shown["tickets"] - shown["closed"], dtype=float)


def find_warm_up(
    arm: Arm, seed: int, engine: str, executor: Executor, file: Path | None = None
) -> float:
    """Find how long open tickets build up before they go up and down as ever, s.

    A moving average over 24 hours takes the rhythm of the day out first (Welch's method).

    Parameters
    ----------
    file : Path, optional
        Where the answer is kept, and found again.

    Raises
    ------
    InputError
        If they still build up in the second half of the run.
    """
    tasks = [Replication(arm, seed, number, engine) for number in range(PILOTS)]
    key = tasks[0].key
    if file is not None and kind_of(file) is not None:
        kept = checked(_Kept, read_json(file, field="warm-up"), file)
        if kept.key == key:
            return kept.warm_up_s
    series = []
    for _, result in executor.run(open_by_hour, tasks):
        if isinstance(result, Failure):
            raise InputError("warm-up", arm.label, result.message, "an arm that runs")
        series.append(result)
    found = warm_up_of(series)
    if found is None:
        raise InputError(
            "command line",
            "warmup",
            "auto",
            f"a longer run: after {arm.scenario.time.days} days open tickets still build up; "
            "or the days to leave out",
        )
    if file is not None:
        with writable(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, json.dumps({"key": key, "warm_up_s": found}, indent=1))
    return found


def warm_up_of(series: Sequence[NDArray[np.float64]]) -> float | None:
    """Return the warm-up of hourly series of some replications, s; None if they are too short."""
    mean = np.mean(series, axis=0)
    if len(mean) < 48:
        return None
    day = np.convolve(mean, np.full(24, 1 / 24), mode="valid")
    hours = mser(day)
    return None if hours is None else hours * HOUR
