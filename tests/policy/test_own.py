"""A user's own policy: found, run, and told off by name."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tiny import tiny

import sim
from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.replication import Replication, replicate
from sim.model.state import State
from sim.policy import find_policy
from sim.scenario import Scenario

OWN = Path(__file__).parents[1] / "experiment" / "own.py"


@pytest.fixture
def scenario(tmp_path: Path) -> Scenario:
    return tiny(tmp_path, ["time.days=1"])


def test_from_a_file_and_from_a_module(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert find_policy(f"{OWN}:Shortest").name == "shortest"
    (tmp_path / "mine_of_this_test.py").write_text(OWN.read_text(encoding="utf-8"))
    monkeypatch.chdir(tmp_path)
    assert find_policy("mine_of_this_test:Shortest").name == "shortest"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("nowhere.py:X", "a file that can be read"),
        ("no_such_module:X", "a module that can be imported"),
        (f"{OWN}:Absent", "its policies are Shortest, Raises"),
        (f"{OWN}:Sequence", "derived from sim.policy.Policy"),
        (f"{OWN}:Nameless", "a name for tables"),
        (f"{OWN}:Keyless", "a policy that defines key"),
        (f"{OWN}:", "module:Class"),
    ],
)
def test_what_cannot_be_loaded(spec: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        find_policy(spec)


def test_a_file_that_raises(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import no_such_package")
    with pytest.raises(InputError, match="no_such_package"):
        find_policy(f"{bad}:X")


def test_it_runs_like_any_other(scenario: Scenario) -> None:
    one = sim.simulate(scenario, policy=f"{OWN}:Shortest", check=True)
    assert one.policy == "shortest"
    assert (one.tickets["state"] == State.CLOSED).sum() > 100


def test_nobody_is_sent_by_who_names_nobody(scenario: Scenario) -> None:
    outcome = sim.simulate(scenario, policy=f"{OWN}:Nobody", check=True)
    assert len(outcome.visits["crew"]) == 0
    assert (outcome.tickets["state"] == State.WAITING).sum() > 100


BAD = [
    ("Raises", r"own.py: Raises.key: 'ZeroDivisionError: .*\(line \d+\)'"),
    ("Nan", r"own.py: Nan.key: \(nan,\) is not allowed; a tuple of numbers"),
    ("OffShift", r"policy off-shift: crew: .*a free crew on duty.*off shift"),
    ("Inventor", r"policy inventor: ticket: 1000000 .*do not exist"),
    ("Twice", r"policy twice: ticket: .*once"),
    ("Hangs", r"own.py: Hangs.choose: 'no decision within 0.2 s'"),
    ("Sleeps", r"own.py: Sleeps.choose: 'no decision within 0.2 s'"),
]


def run(scenario: Scenario, name: str) -> None:
    replicate(Replication(Arm(name, scenario, f"{OWN}:{name}"), 7, 0, policy_timeout=0.2))


@pytest.mark.parametrize(("name", "message"), BAD)
def test_a_bad_policy_is_named(name: str, message: str, scenario: Scenario) -> None:
    with pytest.raises(InputError, match=message):
        run(scenario, name)


def test_a_policy_that_hangs_in_a_thread(scenario: Scenario) -> None:
    told: list[str] = []

    def body() -> None:
        try:
            run(scenario, "Hangs")
        except InputError as error:
            told.append(str(error))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join(60)
    assert told == [
        "own.py: Hangs.choose: 'no decision within 0.2 s' is not allowed; "
        "a policy that decides sooner; see --policy-timeout"
    ]
