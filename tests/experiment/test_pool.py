"""The pool does each task once, whatever becomes of its workers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from experiment import work

from sim.errors import InputError
from sim.experiment.executor import Executor, Failure, Serial
from sim.experiment.pool import Pool


@pytest.fixture(params=[Serial, Pool])
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    with request.param() if request.param is Serial else request.param(2) as made:
        yield made


def test_each_task_has_one_result(executor: Executor) -> None:
    done = dict(executor.run(work.square, range(20)))
    failure = done.pop(13)
    assert done == {n: n * n for n in range(20) if n != 13}
    assert isinstance(failure, Failure)
    assert failure.message == "ValueError: thirteen"
    assert "raise ValueError" in failure.detail
    assert not failure.lost


def test_tasks_are_taken_as_workers_come_free(executor: Executor) -> None:
    taken = []

    def tasks() -> Iterator[int]:
        for n in range(100):
            taken.append(n)
            yield n

    run = executor.run(work.square, tasks())
    for _ in range(5):
        next(run)
    assert len(taken) <= 5 + executor.workers


def test_a_killed_worker_costs_nothing_but_time(tmp_path: Path) -> None:
    paths = [str(tmp_path / str(n)) for n in range(4)]
    with Pool(2) as pool:
        done = dict(pool.run(work.die_once, paths))
    assert done == {path: Path(path).name for path in paths}


def test_a_task_that_kills_its_worker_stops_alone() -> None:
    with Pool(2, tries=2) as pool:
        done = dict(pool.run(work.die_if_odd, [0, 1, 2, 4, 6]))
    assert done.pop(1) == Failure("its worker died 2 times", lost=True)
    assert done == {n: n for n in (0, 2, 4, 6)}


def test_workers_are_used_again_and_one_killed_while_idle_is_replaced() -> None:
    with Pool(1) as pool:
        ((_, first),) = pool.run(work.who, [0])
        ((_, second),) = pool.run(work.who, [0])
        assert first == second
        assert isinstance(first, int)
        os.kill(first, 9)
        ((_, third),) = pool.run(work.who, [0])
        assert isinstance(third, int)
        assert third != first


def test_what_runs_is_dropped_when_nobody_wants_more(tmp_path: Path) -> None:
    trace = tmp_path / "pid"
    with Pool(2) as pool:
        run = pool.run(_either, [0, str(trace)])
        assert next(run) == (0, 0)
        while not trace.exists() or not trace.read_text():
            time.sleep(0.01)
        run.close()  # type: ignore[attr-defined]
        with pytest.raises(ProcessLookupError):
            os.kill(int(trace.read_text()), 0)
        assert dict(pool.run(work.square, [3])) == {3: 9}


def _either(task: object) -> object:
    return work.square(task) if isinstance(task, int) else work.forever(str(task))


def test_what_cannot_be_unpickled_is_said() -> None:
    with Pool(1) as pool:
        ((_, failure),) = pool.run(_Elsewhere(), [1])
    assert isinstance(failure, Failure)
    assert "not here" in failure.message


class _Elsewhere:
    def __reduce__(self) -> tuple[object, ...]:
        return _refuse, ()

    def __call__(self, _: object) -> None: ...


def _refuse() -> None:
    raise ModuleNotFoundError("not here")


def test_workers_from_one() -> None:
    with pytest.raises(InputError, match="from 1"):
        Pool(0)


def test_a_plain_script_can_compare(tmp_path: Path) -> None:
    """Workers do not run the script again, which would compare again."""
    script = tmp_path / "study.py"
    script.write_text(
        "import sim\n"
        "found = sim.compare('gusu-week', policies=['fifo', 'edd'], days=1, replications=2,\n"
        "                    workers=2)\n"
        "print('compared', len(found.arms))\n",
        encoding="utf-8",
    )
    ran = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert ran.stdout == "compared 2\n", ran.stderr
