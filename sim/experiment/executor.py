"""Where replications are run: here, in a pool of processes, or on a cluster."""

from __future__ import annotations

import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from sim.errors import InputError, of_the_user, told

Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Failure:
    """Why a task has no result.

    Attributes
    ----------
    message : str
        One line for the user.
    detail : str
        The traceback, for whoever has to mend it; empty where the message says it all.
    lost : bool
        Whether its worker died with it, rather than that it failed by itself.
    """

    message: str
    detail: str = ""
    lost: bool = False


class Executor(ABC):
    """Runs the same function on many tasks, and hands results back as they come.

    What holds wherever it runs: each task yields exactly one result or `Failure`; tasks
    are taken from the iterator only as workers come free, so that the caller may still decide;
    a worker that dies costs its task one of a limited number of tries, and no other task
    anything. Closing the iterator drops what is being run.
    """

    workers: int
    """How many tasks run at a time."""

    remote: bool = True
    """Whether tasks leave this process, so that they must be picklable."""

    here: bool = True
    """Whether they are run on this machine, and share its memory."""

    @abstractmethod
    def run(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Failure]]:
        """Yield each task with its result, in the order in which they are done.

        Parameters
        ----------
        function : callable
            At the top level of a module that the workers can import.
        tasks : iterable
            Taken one by one.
        """

    def close(self) -> None:  # noqa: B027 - there may be nothing to end
        """End the workers."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Serial(Executor):
    """Runs one task after the other in this process: for notebooks, and for finding errors."""

    workers = 1
    remote = False

    def run(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Failure]]:
        """Yield each task with its result, in order."""
        for task in tasks:
            yield task, attempt(function, task)


def attempt(function: Callable[[Task], Result], task: Task) -> Result | Failure:
    """Return the result, or say in one line why there is none."""
    try:
        return function(task)
    except InputError as error:
        return Failure(str(error))
    except BaseException as error:  # whatever it is, the other tasks go on
        if of_the_user(error):
            raise
        return Failure(told(error), traceback.format_exc())
