"""A Dask scheduler's workers do what the embedded pool does."""

from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from experiment import work
from tiny import tiny

from sim.api.experiments import compare
from sim.cli import main
from sim.errors import InputError
from sim.experiment import cluster as module
from sim.experiment import results
from sim.experiment.executor import Failure
from sim.experiment.pool import Pool
from sim.experiment.replication import program_digest
from sim.scenario import restrict

ROOT = Path(__file__).parents[2]

needs_dask = pytest.mark.skipif(
    find_spec("distributed") is None,
    reason="distributed is not installed: extra [cluster]",
)


def versions(**changes: dict[str, Any]) -> dict[str, Any]:
    same = {
        "python": "3.11.7.final.0", "suzhou-dispatch": "0.1.0", "numpy": "2.4.6",
        "numba": "0.68.1", "scipy": "1.16", "shapely": "2.1", "simpy": "4.1",
    }  # fmt: skip
    workers = {f"tcp://{name}": {"packages": same | change} for name, change in changes.items()}
    return {"client": {"packages": same}, "scheduler": {"packages": {}}, "workers": workers}


def test_same_versions_are_fine() -> None:
    module._compare("tcp://s", versions(a={}, b={"python": "3.11.9.final.0", "dask": "2"}))


def test_other_versions_are_told_in_one_message() -> None:
    told = versions(a={"numpy": "2.0.1"}, b={"numpy": "2.0.1"}, c={"suzhou-dispatch": None}, d={})
    with pytest.raises(InputError) as caught:
        module._compare("tcp://s", told)
    message = str(caught.value)
    assert "\n" not in message
    assert "numpy 2.0.1 on tcp://a and 1 more" in message
    assert "no suzhou-dispatch on tcp://c" in message
    assert "numpy 2.4.6" in message
    assert "tcp://d" not in message


def test_another_program_is_told() -> None:
    same = program_digest()
    module._compare_programs("tcp://s", {"tcp://a": same, "tcp://b": same})
    with pytest.raises(InputError, match="not so on tcp://b"):
        module._compare_programs("tcp://s", {"tcp://a": same, "tcp://b": "0" * 64})


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"suzhou-dispatch\[cluster\]"):
        module.Cluster("tcp://127.0.0.1:1")


@needs_dask
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nowhere", "carrier://pigeon:1"])
def test_nobody_there(address: str) -> None:
    with pytest.raises(InputError, match="the address of a Dask scheduler"):
        module.Cluster(address, patience=0.5)
    # one that failed and is collected while the next one starts makes both wait for ever
    gc.disable()
    try:
        clients = [type(thing).__name__ == "Client" for thing in gc.get_objects()]
    finally:
        gc.enable()
    assert not any(clients)


class Dask:
    """A scheduler on this machine, and workers as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.processes = folder, ExitStack()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
        port = self.address.rsplit(":", 1)[1]
        # the scheduler need not know this package, and gives up on a task sooner than it would
        self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", port, "--no-show",
            PYTHONPATH="", DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        )  # fmt: skip

    def worker(self) -> subprocess.Popen[bytes]:
        return self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1",
            PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}",
        )  # fmt: skip

    def _start(self, program: str, *words: str, **env: str) -> subprocess.Popen[bytes]:
        log = self.processes.enter_context((self.folder / f"{program}.log").open("ab"))
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *words, "--no-dashboard"],
            env=os.environ | env,
            cwd=self.folder,
            stdout=log,
            stderr=log,
        )
        self.processes.callback(process.wait)
        self.processes.callback(process.kill)
        return process


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    pytest.importorskip("distributed", reason="distributed is not installed: extra [cluster]")
    made = Dask(tmp_path_factory.mktemp("dask"))
    with made.processes:
        until(lambda: _listens(made.address))
        yield made


@pytest.fixture
def dask(scheduler: Dask) -> Iterator[Dask]:
    """The scheduler, with workers that end with the test."""
    all_along, scheduler.processes = scheduler.processes, ExitStack()
    with scheduler.processes:
        yield scheduler
    scheduler.processes = all_along


@contextmanager
def connected(dask: Dask, workers: int) -> Iterator[module.Cluster]:
    """Connect once all workers are there."""
    with module.Cluster(dask.address, patience=60) as cluster:
        until(lambda: cluster._threads() == workers)
        yield cluster


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_with_a_worker_killed_the_tables_are_the_pools(dask: Dask, tmp_path: Path) -> None:
    scenario = restrict(tiny(tmp_path / "tiny"), days=1)
    policies = ["priority", "batch-assignment"]
    doomed, _ = dask.worker(), dask.worker()
    killed = []

    def kill_in_the_middle(share: float) -> None:
        if share >= 0.3 and not killed:
            assert doomed.poll() is None
            doomed.send_signal(signal.SIGKILL)
            killed.append(share)

    with connected(dask, 2) as cluster:
        there = compare(
            scenario, policies, replications=4, executor=cluster, out=tmp_path / "there",
            progress=kill_in_the_middle,
        )  # fmt: skip
        assert cluster.workers == 1
    here = compare(scenario, policies, replications=4, executor=Pool(2), out=tmp_path / "here")
    assert killed
    assert killed[0] < 0.7
    for found, folder in ((there, "there"), (here, "here")):
        results.write(found, tmp_path / folder, plots=False)
    tables = files(tmp_path / "there")
    assert sum(name.startswith("parts/") for name in tables) == 2 * 2 * 4
    assert {"metrics.parquet", "metrics.csv", "differences.csv", "experiment.json"} <= set(tables)
    assert tables == files(tmp_path / "here")


@needs_dask
def test_on_the_command_line() -> None:
    words = ["compare", "gusu-week", "--policies", "fifo,edd", "--days", "1"]
    for more, message in (
        (["--cluster", "nowhere"], "the address of a Dask scheduler"),
        (["--cluster", "tcp://127.0.0.1:1", "--workers", "2"], "nothing, with --cluster"),
    ):
        done = CliRunner().invoke(main, [*words, *more])
        assert done.exit_code == 2
        assert message in done.stderr
        assert "Traceback" not in done.output


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@pytest.mark.slow
def test_it_keeps_an_executors_contract(dask: Dask, tmp_path: Path) -> None:
    for _ in range(2):
        dask.worker()
    with connected(dask, 2) as cluster:
        taken = []

        def tasks() -> Iterator[int]:
            for n in range(20):
                taken.append(n)
                yield n

        run = cluster.run(work.square, tasks())
        first = [next(run) for _ in range(5)]
        assert len(taken) <= 5 + cluster.workers
        done = dict(first + list(run))
        failure = done.pop(13)
        assert done == {n: n * n for n in range(20) if n != 13}
        assert isinstance(failure, Failure)
        assert failure.message == "ValueError: thirteen"
        assert "raise ValueError" in failure.detail

        # what is dropped is not waited for, and others go on
        trace = tmp_path / "pid"
        dropped = cluster.run(_either, [0, str(trace)])
        assert next(dropped) == (0, 0)
        until(trace.exists)
        dropped.close()  # type: ignore[attr-defined]
        assert dict(cluster.run(work.square, [3])) == {3: 9}


def _either(task: object) -> object:
    return work.square(task) if isinstance(task, int) else work.forever(str(task))


@pytest.mark.slow
def test_a_task_that_kills_every_worker_stops_alone(dask: Dask) -> None:
    killed = [dask.worker() for _ in range(3)]
    with connected(dask, 3) as cluster:
        done = dict(cluster.run(work.die_if_odd, [1, 0, 2]))
    failure = done.pop(1)
    assert failure == Failure("its worker died 2 times", lost=True)
    assert done == {0: 0, 2: 2}
    assert sum(process.poll() is not None for process in killed) == 2


@pytest.mark.slow
def test_a_scheduler_without_workers(dask: Dask) -> None:
    with pytest.raises(InputError, match="a scheduler with workers"):
        module.Cluster(dask.address, patience=0.5)


def _listens(address: str) -> bool:
    host, port = address.removeprefix("tcp://").split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0
