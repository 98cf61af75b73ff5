"""An experiment: the same replications of several arms, kept as they are finished."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.executor import Executor, Failure
from sim.experiment.parts import Parts
from sim.experiment.replication import ENGINE, Replication, replicate
from sim.scenario.room import check_room

if TYPE_CHECKING:
    import pandas as pd

NAMES = ["scenario", "plan", "policy", "replication"]
"""The columns that tell whose row it is; then ``district, metric, value, unit, n``."""


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
    warm_up, policy_timeout, bound : float, float, bool
        See `Replication`.
    failed : dict
        By label, the arms that were stopped; the others went on.
    """

    arms: Sequence[Arm]
    seed: int
    executor: Executor
    parts: Parts | None = None
    engine: str = ENGINE
    warm_up: float = 0.0
    policy_timeout: float = 10.0
    bound: bool = False
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
            arm, self.seed, number, self.engine, self.warm_up, self.policy_timeout, self.bound
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
            ``arm, scenario, plan, policy, replication, district, metric, value, unit, n``.
        """
        import pandas as pd

        frames = []
        for arm in self.going:
            for label, number in sorted(self._tables, key=lambda key: key[1]):
                if label == arm.label:
                    names = {"arm": label, **arm.names, "replication": number}
                    frames.append(self._tables[label, number].assign(**names))
        columns = ["arm", *NAMES, "district", "metric", "value", "unit", "n"]
        if not frames:
            return pd.DataFrame(columns=columns)
        return pd.concat(frames, ignore_index=True)[columns]

    def values(self, metric: str, district: str) -> pd.DataFrame:
        """Return one metric: a row a replication, a column an arm that has not failed.

        NaN where an arm has no such replication, or no case in it.
        """
        import pandas as pd

        column: dict[str, dict[int, float]] = {arm.label: {} for arm in self.going}
        for (label, number), table in self._tables.items():
            if label in column:
                rows = (table["metric"] == metric) & (table["district"] == district)
                found = table.loc[rows, "value"]
                if found.empty:
                    known = sorted(table.loc[table["district"] == district, "metric"])
                    self._unknown(metric, district, known)
                column[label][number] = float(found.iloc[0])
        return pd.DataFrame(column).sort_index()

    @staticmethod
    def _unknown(metric: str, district: str, known: list[str]) -> None:
        from sim.errors import suggestion

        if not known:
            raise InputError("command line", "district", district, "one that is simulated")
        hint = suggestion(metric, known)
        raise InputError("command line", "target", metric, f"one of {', '.join(known)}{hint}")
