"""A pool of processes that survives the death of a worker."""

from __future__ import annotations

import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from sim.errors import InputError
from sim.experiment.executor import Executor, Failure, Result, Task, attempt
from sim.processors import THREADS, processors
from sim.spawning import without_script


class Pool(Executor):
    """Spawned processes, each with a pipe of its own.

    The standard library's pool breaks as a whole when a worker is killed. Here a pipe that ends
    tells which task its worker died with: that one is tried again with a new worker, and nobody
    else notices. A worker whose parent is gone reads the end of its pipe and leaves.

    Parameters
    ----------
    workers : int, optional
        As many as there are processors by default.
    tries : int
        How often a task may cost its worker's life.
    """

    def __init__(self, workers: int | None = None, tries: int = 3) -> None:
        if workers is not None and workers < 1:
            raise InputError("command line", "workers", workers, "a whole number from 1")
        self.workers = processors() if workers is None else workers
        self.tries = tries
        self._idle: list[_Worker] = []
        self._busy: dict[Connection, _Worker] = {}

    def run(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Failure]]:
        """Yield each task with its result, in the order in which they are done."""
        fresh = iter(tasks)
        again: deque[tuple[Task, int]] = deque()
        held: dict[Connection, tuple[Task, int]] = {}  # who works on what, and at which try
        try:
            while True:
                while len(held) < self.workers:
                    job = again.popleft() if again else next(((t, 1) for t in fresh), None)
                    if job is None:
                        break
                    held[self._start(function, job[0])] = job
                if not held:
                    return
                for pipe in wait(list(held)):
                    assert isinstance(pipe, Connection)
                    task, tried = held.pop(pipe)
                    worker = self._busy.pop(pipe)
                    try:
                        result = pickle.loads(pipe.recv_bytes())
                    except (EOFError, OSError):
                        worker.kill()
                        if tried < self.tries:
                            again.append((task, tried + 1))
                            continue
                        result = Failure(f"its worker died {tried} times", lost=True)
                    else:
                        self._idle.append(worker)
                    yield task, result
        finally:  # the caller has seen enough: what still runs is of no use
            for pipe in held:
                self._busy.pop(pipe).kill()

    def _start(self, function: Callable[[Any], Any], task: Any) -> Connection:
        payload = pickle.dumps((function, task))
        while True:
            worker = self._idle.pop() if self._idle else _Worker.start()
            try:
                worker.pipe.send_bytes(payload)
            except OSError:  # it was killed while it waited
                worker.kill()
                continue
            self._busy[worker.pipe] = worker
            return worker.pipe

    def close(self) -> None:
        """End the workers."""
        for worker in (*self._idle, *self._busy.values()):
            worker.kill()
        self._idle.clear()
        self._busy.clear()


@dataclass(frozen=True)
class _Worker:
    process: BaseProcess
    pipe: Connection

    @classmethod
    def start(cls) -> _Worker:
        context = get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        resource_tracker.ensure_running()  # it lets Ctrl-C through again where it begins
        # Ctrl-C in a terminal reaches all processes: it waits until `_serve` does not listen
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            with without_script():
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # or its end would not be seen when the worker dies
        return cls(process, ours)

    def kill(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


def _serve(pipe: Connection) -> None:
    """Do what comes through the pipe until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who waits
    os.environ[THREADS] = "1"  # the workers fill the machine already
    try:
        while True:
            payload = pipe.recv_bytes()
            pipe.send_bytes(pickle.dumps(attempt(_call, payload)))
    except (EOFError, OSError):  # nobody waits any more
        return


def _call(payload: bytes) -> Any:
    function, task = pickle.loads(payload)
    return function(task)
