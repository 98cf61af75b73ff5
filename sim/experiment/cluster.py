"""Workers on other machines: an executor on a Dask scheduler."""

from __future__ import annotations

import gc
import os
import pickle
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from typing import Any

from sim.errors import InputError
from sim.experiment.executor import Executor, Failure, Result, Task, attempt
from sim.experiment.replication import program_digest
from sim.processors import THREADS

PACKAGES = ("suzhou-dispatch", "numpy", "numba", "scipy", "shapely", "simpy")
"""What must be the same everywhere, with Python itself, for results to be the same."""
_LOOK_S = 2.0  # how often to look whether there are workers yet, and still


class Cluster(Executor):
    """The workers of a Dask scheduler: one that dies costs nothing but the time of its task.

    The scheduler gives a dead worker's task to another, as often as its setting
    ``distributed.scheduler.allowed-failures`` says (3 times unless changed). Workers may come and
    go. Closing the iterator of `run` takes back what has not begun; what runs there ends by
    itself, and nobody waits for it.

    Parameters
    ----------
    address : str
        ``tcp://host:port``.
    patience : float
        How long to wait for a scheduler, and for a worker when there is none, s.

    Raises
    ------
    InputError
        If Dask is not installed, there is no scheduler or worker there, or a worker lacks the
        package or has other versions.
    """

    here = False

    def __init__(self, address: str, patience: float = 30.0) -> None:
        try:
            from distributed import Client
        except ModuleNotFoundError:
            raise InputError(
                "command line",
                "cluster",
                address,
                "usable with Dask only: pip install 'suzhou-dispatch[cluster]'",
            ) from None
        self.address, self.patience = address, patience
        fault = ""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions: told below, in one message
                self._client = Client(address, timeout=patience, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            fault = _line(error)
        if fault:
            # a client that failed closes itself when it is collected; were that while another one
            # starts, both would wait for one lock for ever
            gc.collect()
            allowed = f"the address of a Dask scheduler, such as tcp://127.0.0.1:8786 ({fault})"
            raise InputError("command line", "cluster", address, allowed)
        self._checked: set[str] = set()
        try:
            self.workers = self._threads()
        except BaseException:
            self.close()
            raise

    def run(
        self, function: Callable[[Task], Result], tasks: Iterable[Task]
    ) -> Iterator[tuple[Task, Result | Failure]]:
        """Yield each task with its result, in the order in which they are done."""
        fresh = iter(tasks)
        held: dict[Any, Task] = {}
        try:
            while True:
                self.workers = self._threads()
                while len(held) < self.workers:
                    job = next(((task,) for task in fresh), None)
                    if job is None:
                        break
                    held[self._submit(function, job[0])] = job[0]
                if not held:
                    return
                for future in self._done(held):
                    task = held.pop(future)
                    yield task, self._result(future)
        finally:  # the caller has seen enough: what has not begun need not begin
            if held:
                self._client.cancel(list(held))

    def close(self) -> None:
        """Leave the scheduler; its workers stay."""
        self._client.close()

    def _submit(self, function: Callable[[Any], Any], task: Any) -> Any:
        # the scheduler unpickles the function, and need not have this package; arrays stay as
        # they are within bytes of our own, and Dask looks into nothing
        payload = pickle.dumps(_Call(pickle.dumps((function, task))))
        return self._client.submit(pickle.loads, payload, pure=False)

    def _done(self, held: Iterable[Any]) -> list[Any]:
        """Wait until something is done, as long as anybody works on it."""
        from distributed import wait

        while True:
            try:
                with self._client.as_current():
                    return list(
                        wait(list(held), timeout=_LOOK_S, return_when="FIRST_COMPLETED").done
                    )
            except TimeoutError:
                self._threads()

    def _threads(self) -> int:
        """Return how many tasks run at a time; wait for a worker if there is none."""
        begun = time.monotonic()
        while True:
            try:
                threads = self._client.nthreads()
                if not threads.keys() <= self._checked:
                    _compare(self.address, self._client.get_versions(packages=list(PACKAGES)))
                    _compare_programs(self.address, self._client.run(program_digest))
                    self._checked |= threads.keys()
            except (OSError, CancelledError) as error:
                raise self._gone(error) from None
            if threads:
                return sum(threads.values())
            if time.monotonic() - begun > self.patience:
                raise InputError(
                    "command line",
                    "cluster",
                    self.address,
                    f"a scheduler with workers; for {self.patience:g} s it has had none",
                )
            time.sleep(min(_LOOK_S, self.patience / 10))

    def _result(self, future: Any) -> Any:
        from distributed import KilledWorker

        try:
            return pickle.loads(future.result())
        except KilledWorker as error:
            return Failure(f"its worker died {error.allowed_failures + 1} times", lost=True)
        except CancelledError as error:
            raise self._gone(error) from None
        except Exception as error:  # Dask's, or of what cannot be unpickled there or here
            return Failure(f"{type(error).__name__}: {_line(error)}")

    def _gone(self, error: BaseException) -> InputError:
        allowed = f"a scheduler that is there all along; the connection is lost ({_line(error)})"
        return InputError("command line", "cluster", self.address, allowed)


class _Call:
    """What becomes the result, as bytes, where it is unpickled."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload

    def __reduce__(self) -> tuple[Callable[[bytes], bytes], tuple[bytes]]:
        return _serve, (self.payload,)


def _serve(payload: bytes) -> bytes:
    os.environ.setdefault(THREADS, "1")  # the scheduler counts a task as one thread
    return pickle.dumps(attempt(_call, payload))


def _call(payload: bytes) -> Any:
    function, task = pickle.loads(payload)
    return function(task)


def _compare(address: str, versions: Any) -> None:
    """Check that all workers have what is here.

    Parameters
    ----------
    versions : mapping
        As Dask tells them: of ``client``, and of ``workers`` by address.

    Raises
    ------
    InputError
        One message with all that differs.
    """
    ours = _versions(versions["client"])
    wrong: dict[str, list[str]] = {}
    for worker, theirs in versions["workers"].items():
        for package, version in _versions(theirs).items():
            if version != ours[package]:
                found = f"{package} {version}" if version else f"no {package}"
                wrong.setdefault(found, []).append(worker)
    if wrong:
        found = "; ".join(
            f"{what} on {places[0]}" + (f" and {len(places) - 1} more" if places[1:] else "")
            for what, places in sorted(wrong.items())
        )
        here = ", ".join(f"{package} {version}" for package, version in ours.items())
        allowed = f"the versions that are here ({here}), or results would differ; there: {found}"
        raise InputError(f"cluster {address}", "versions", ", ".join(sorted(wrong)), allowed)


def _compare_programs(address: str, digests: dict[str, str]) -> None:
    """Check that all workers run the program that runs here, by `program_digest`."""
    others = [worker for worker, digest in digests.items() if digest != program_digest()]
    if others:
        more = f" and {len(others) - 1} more" if others[1:] else ""
        allowed = f"the program text that is here, in the same version; not so on {others[0]}{more}"
        raise InputError(f"cluster {address}", "program", digests[others[0]][:12], allowed)


def _versions(told: Any) -> dict[str, str | None]:
    packages = told["packages"]
    python = ".".join(packages["python"].split(".")[:2])  # patches of Python change no result
    return {"python": python, **{name: packages.get(name) for name in PACKAGES}}


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
