"""Whatever a policy raises or returns is named, and stops that run alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from policy.hostile import ANSWERS, RAISED, Fine, Generators, policy
from tiny import tiny, write

import sim
from sim.engine.simulation import recorded
from sim.errors import InputError, Interrupted, Terminated
from sim.policy import Guarded, Policy, find_policy, limited
from sim.scenario import Scenario

HOSTILE = Path(__file__).with_name("hostile.py")
DECISIONS = ("key", "assign", "choose", "choose_crew")
ENGINES = ("compiled", "simpy")


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    return tiny(tmp_path_factory.mktemp("hostile"), ["time.days=1", "totals.hotline_requests=500"])


def told(scenario: Scenario, one: Policy, engine: str) -> str:
    """Run to the end, ask for figures and memory; return the message."""
    with pytest.raises(InputError) as error:
        simulation = sim.prepare(scenario, policy=one, engine=engine)
        with limited(simulation.policy, 20.0):
            simulation.run()
            recorded(simulation)
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 1000
    return text


RAISING = [(where, what) for where in (*DECISIONS, "figures") for what in RAISED]
RETURNING = [(where, what) for where in ANSWERS if where != "memory" for what in ANSWERS[where]]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("where", "what"), RAISING + RETURNING)
def test_it_is_named(where: str, what: str, engine: str, scenario: Scenario) -> None:
    text = told(scenario, policy(where, what), engine)
    assert text.startswith(("hostile.py: Hostile.", "policy fine: "))
    if (where, what) in RAISING:
        asked = where if where in ("key", "figures") else "choose"  # which asks for the crew itself
        assert text.startswith(f"hostile.py: Hostile.{asked}: ")


@pytest.mark.parametrize("what", [*RAISED, *ANSWERS["memory"]])
def test_a_memory_that_cannot_be_kept(what: str) -> None:
    with pytest.raises(InputError, match=r"Hostile\.memory: "):
        Guarded(policy("memory", what)).memory()


def test_numbers_of_numpy_are_numbers(scenario: Scenario) -> None:
    class Same(Fine):
        def key(self, view: Any, ticket: int) -> Any:
            return (np.float64(view.ready(ticket)), np.int64(1), np.float32(0.5), np.bool_(True))

        def assign(self, view: Any, tickets: Any, crews: Any) -> Any:
            return np.array([[tickets[0], self.choose_crew(view, tickets[0], crews)]])

    one = sim.simulate(scenario, policy=Same())
    other = sim.simulate(scenario, policy=Fine())
    assert np.array_equal(one.tickets["closed"], other.tickets["closed"], equal_nan=True)


def test_generators_are_bounded(scenario: Scenario) -> None:
    for engine in ENGINES:
        assert "once" in told(scenario, Generators(), engine)

    class Yields(Fine):
        def assign(self, view: Any, tickets: Any, crews: Any) -> Any:
            yield tickets[0], self.choose_crew(view, tickets[0], crews)

    one = sim.simulate(scenario, policy=Yields())
    other = sim.simulate(scenario, policy=Fine())
    assert np.array_equal(one.tickets["closed"], other.tickets["closed"], equal_nan=True)


@pytest.mark.parametrize("name", ["Swallows", "SlowWords"])
@pytest.mark.parametrize("engine", ENGINES)
def test_it_has_its_time(name: str, engine: str, scenario: Scenario) -> None:
    simulation = sim.prepare(scenario, policy=f"{HOSTILE}:{name}", engine=engine)
    message = r"no decision within 0\.2 s"
    with pytest.raises(InputError, match=message), limited(simulation.policy, 0.2):
        simulation.run()


@pytest.mark.parametrize("error", [Interrupted(), Terminated(143)])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_wish_to_end_is_no_error_of_the_policy(
    error: BaseException, engine: str, scenario: Scenario
) -> None:
    class Meanwhile(Fine):
        def key(self, view: Any, ticket: int) -> Any:
            raise error

    with pytest.raises(type(error)):
        sim.simulate(scenario, policy=Meanwhile(), engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_ctrl_c_of_a_notebook_is_no_error_of_the_policy(engine: str, scenario: Scenario) -> None:
    class Meanwhile(Fine):
        def key(self, view: Any, ticket: int) -> Any:
            signal.raise_signal(signal.SIGINT)
            return (0,)

    # a shell's job in the background is born deaf to it
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            sim.simulate(scenario, policy=Meanwhile(), engine=engine)
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_before_the_policy_is_reached_is_heard(
    scenario: Scenario, capfd: pytest.CaptureFixture[str]
) -> None:
    """A signal comes while machine code runs: it is raised at the callback's very beginning."""

    def late(_number: int, _frame: object) -> None:
        raise Terminated(143)

    hook = sys.unraisablehook
    before = signal.signal(signal.SIGUSR1, late)
    try:
        for _ in range(20):
            timer = threading.Timer(0.002, signal.pthread_kill, (
                threading.main_thread().ident or 0, signal.SIGUSR1))  # fmt: skip
            again = sim.prepare(scenario, policy=Fine())
            with pytest.raises(Terminated):
                timer.start()
                again.run()
                signal.pause()
            timer.join()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert "ignored" not in capfd.readouterr().err
    assert sys.unraisablehook is hook  # back in its place


def test_files_that_raise_when_they_are_read(tmp_path: Path) -> None:
    for number, line in enumerate(
        ("raise SystemExit(0)", "raise GeneratorExit", "raise KeyboardInterrupt", "1/0",
         "import sys; sys.exit()", "def f(): f()\nf()")
    ):  # fmt: skip
        file = tmp_path / f"bad{number}.py"
        file.write_text(line)
        with pytest.raises(InputError, match="a file that Python can import"):
            find_policy(f"{file}:X")
    file = tmp_path / "made.py"
    file.write_text(
        "from policy.hostile import Fine\n"
        "class X(Fine):\n    def __init__(self): raise SystemExit\n"
    )
    with pytest.raises(InputError, match="can be made without arguments"):
        find_policy(f"{file}:X")


def cli(*args: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sim.cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.parametrize("name", ["Exits", "Big", "Breaks"])
def test_run_names_it(name: str, tmp_path: Path) -> None:
    done = cli("run", write(tmp_path / "t"), "--days", 1, "--policy", f"{HOSTILE}:{name}",
               "--out", tmp_path / "out")  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"hostile.py: {name}." in done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t"]


def test_run_has_a_time_limit_and_so_has_a_checkpoint(tmp_path: Path) -> None:
    toml = write(tmp_path / "t")
    for name in ("Swallows", "SlowMemory"):
        done = cli("run", toml, "--days", 1, "--policy", f"{HOSTILE}:{name}", "--policy-timeout",
                   0.3, "--checkpoint", tmp_path / name)  # fmt: skip
        assert done.returncode == 2
        assert "no decision within 0.3 s" in done.stderr
        assert done.stderr.count("\n") == 1


@pytest.mark.slow
def test_in_a_comparison_it_stops_alone(tmp_path: Path) -> None:
    toml = write(tmp_path / "t")
    bad = [f"{HOSTILE}:{name}" for name in ("Exits", "Big", "Generators", "Breaks", "SlowWords")]
    done = cli("compare", toml, "--days", 1, "-n", 2, "--policies", ",".join(["fifo", *bad, "edd"]),
               "--policy-timeout", 0.5, "--no-plots", "--json", "--workers", 2)  # fmt: skip
    assert done.returncode == 1
    facts = json.loads(done.stdout)
    assert [one["arm"] for one in facts["failed"]] == bad
    assert "Traceback" not in done.stderr
