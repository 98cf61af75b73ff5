"""An experiment: the same replications of several arms, kept as they are finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.executor import Executor, Failure
from sim.experiment.measures import COLUMNS, value_of
from sim.experiment.parts import Parts
from sim.experiment.replication import ENGINE, Replication, replicate
from sim.measure.metric import POLICY
from sim.measure.query import Query
from sim.scenario.room import check_room

if TYPE_CHECKING:
    import pandas as pd

NAMES = ["scenario", "plan", "policy", "replication"]
"""The columns that tell whose row it is; then ``by, name, metric, value, unit, n``."""


@dataclass(frozen=True)
class Failed:
    """An arm that was stopped: in which replication, and why."""

    arm: str
    replication: int
    message: str
    detail: str = ""


@dataclass(eq=False)
class Experiment:
    """Arms that are replicated with the same seed: replication r of all meets the same matters.

    Attributes
    ----------
    arms : sequence of Arm
        Their labels are distinct.
    seed : int
    executor : Executor
    parts : Parts, optional
        Where finished replications are kept, and found again.
    engine : str
    policy_timeout, bound, by : float, bool, tuple of str
        See `Replication`.
    failed : dict
        By label, the arms that were stopped; the others went on.
    """

    arms: Sequence[Arm]
    seed: int
    executor: Executor
    parts: Parts | None = None
    engine: str = ENGINE
    policy_timeout: float = 10.0
    bound: bool = False
    by: tuple[str, ...] = ()
    failed: dict[str, Failed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        labels = [arm.label for arm in self.arms]
        twice = next((label for label in labels if labels.count(label) > 1), None)
        if twice is not None:
            raise InputError("experiment", "arms", twice, "each arm once, under its own name")
        for arm in self.arms:
            if self.executor.remote and type(arm.policy).__module__ == "__main__":
                raise InputError(
                    f"policy {arm.policy_name}",
                    "class",
                    type(arm.policy).__qualname__,
                    "a class in a file, which other processes can import; or run it here, "
                    "with the executor Serial()",
                )
        self._tables: dict[tuple[str, int], pd.DataFrame] = {}

    def replicate(
        self,
        numbers: Sequence[int],
        arms: Sequence[Arm] | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        """Run what is missing of some replications of the arms.

        Parameters
        ----------
        arms : sequence of Arm, optional
            All that have not failed by default.
        progress : callable, optional
            Told the share of these replications that is done.
        """
        wanted = self.going if arms is None else arms
        total, done = len(wanted) * len(numbers), 0
        if self.executor.here:
            for arm in wanted:
                check_room(arm.scenario, max(min(self.executor.workers, total), 1))

        def missing() -> Iterator[Replication]:
            nonlocal done
            for number in numbers:
                for arm in wanted:
                    if arm.label in self.failed or self._known(arm, number):
                        done += 1
                    else:
                        yield self._task(arm, number)

        for task, result in self.executor.run(replicate, missing()):
            done += 1
            if isinstance(result, Failure):
                self._stop(task, result)
            else:
                self._tables[task.arm.label, task.number] = result
                if self.parts is not None:
                    self.parts.keep(task, result)
            if progress is not None:
                progress(done / total)

    @property
    def going(self) -> list[Arm]:
        """The arms that have not failed."""
        return [arm for arm in self.arms if arm.label not in self.failed]

    def _stop(self, task: Replication, failure: Failure) -> None:
        """Stop an arm; of several failures the first replication's is told."""
        label, before = task.arm.label, self.failed.get(task.arm.label)
        if before is None or task.number < before.replication:
            failed = Failed(label, task.number, failure.message, failure.detail)
            self.failed[label] = failed

    def _task(self, arm: Arm, number: int) -> Replication:
        return Replication(
            arm,
            self.seed,
            number,
            self.engine,
            self.policy_timeout,
            self.bound,
            self.by,
        )

    def _known(self, arm: Arm, number: int) -> bool:
        if (arm.label, number) in self._tables:
            return True
        kept = self.parts.find(self._task(arm, number)) if self.parts is not None else None
        if kept is None:
            return False
        self._tables[arm.label, number] = kept
        return True

    def metrics(self) -> pd.DataFrame:
        """Return all that was measured, in the order of arms and replications.

        Of an arm that was stopped nothing: what it had finished until then is a matter of chance.

        Returns
        -------
        pandas.DataFrame
            ``arm, scenario, plan, policy, replication, by, name, metric, value, unit, n``.
        """
        import pandas as pd

        frames = []
        for arm in self.going:
            for label, number in sorted(self._tables, key=lambda key: key[1]):
                if label == arm.label:
                    names = {"arm": label, **arm.names, "replication": number}
                    frames.append(self._tables[label, number].assign(**names))
        columns = ["arm", *NAMES, *COLUMNS]
        if not frames:
            return pd.DataFrame(columns=columns)
        return pd.concat(frames, ignore_index=True)[columns]

    def unit(self, query: Query) -> str:
        """Return the unit of a figure: of what a policy tells, the policy says it."""
        if query.unit:
            return query.unit
        tables = (table for (label, _), table in self._tables.items() if label not in self.failed)
        told = next(tables)
        return str(told.loc[told["metric"] == query.metric.name, "unit"].iloc[0])

    def values(self, query: Query) -> pd.DataFrame:
        """Return one figure: a row a replication, a column an arm that has not failed.

        NaN where an arm has no such replication, or no case in it.

        Raises
        ------
        InputError
            If it was not measured.
        """
        import pandas as pd

        column: dict[str, dict[int, float]] = {arm.label: {} for arm in self.going}
        for (label, number), table in self._tables.items():
            if label in column:
                value = value_of(table, query)
                if value is None:
                    raise _not_measured(query, table)
                column[label][number] = value
        return pd.DataFrame(column).sort_index()


def _not_measured(query: Query, table: pd.DataFrame) -> InputError:
    """Return what to say of a measure that runs like these do not have."""
    metric = query.metric.name
    if metric.startswith(POLICY):
        told = sorted(set(table.loc[table["metric"].str.startswith(POLICY), "metric"]))
        allowed = f"what the policy tells: {', '.join(told) or 'nothing'}"
    elif metric in table["metric"].array:
        allowed = f"a {query.by} that every arm has"
    else:
        allowed = "a measure of these runs: bounds need --bound, the cost of a plan needs costs"
    return InputError("command line", "target", str(query), allowed)
