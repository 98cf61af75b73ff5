"""A state that somebody changed is refused, or it is a state that a run can be in: nothing else.

Each forged state is gone on with in a process of its own: it may neither crash nor hang.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny import tiny

import sim
from sim.engine.compiled_engine import layout, soundness
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.compiled_engine.soundness import POINTS, plain
from sim.errors import InputError
from sim.scenario import Scenario

State = tuple[dict[str, Any], dict[str, Any]]
POLICIES = ("priority", "nearest", "reserve")


def prepared(scenario: Scenario, policy: str, folder: Path) -> CompiledSimulation:
    run = sim.prepare(scenario, policy=policy)
    assert isinstance(run, CompiledSimulation)
    run.keep_parts_in(folder)
    return run


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scenario, dict[str, State], Path]:
    """Busy states: crews on their way together, callers waiting, plans of two kinds."""
    folder = tmp_path_factory.mktemp("states")
    changes = ["time.days=2", "staff_scale.crews=0.4", "hotline.operators={day=1,late=1,night=1}"]
    scenario = tiny(folder / "tiny", changes)
    found = {}
    for policy in POLICIES:
        run = prepared(scenario, policy, folder / policy)
        run.run(60_000.0)
        arrays, facts = run.saved()
        found[policy] = {name: array.copy() for name, array in arrays.items()}, facts
    return scenario, found, folder


def resumed(scenario: Scenario, policy: str, state: State, folder: Path) -> CompiledSimulation:
    run = prepared(scenario, policy, folder)
    run.restore({name: array.copy() for name, array in state[0].items()}, state[1])
    return run


@pytest.mark.parametrize("policy", POLICIES)
def test_a_state_goes_on(states: Any, policy: str) -> None:
    scenario, found, folder = states
    run = resumed(scenario, policy, found[policy], folder / policy)
    run.run()
    assert run.now == run.horizon


def test_each_number_says_what_it_is() -> None:
    """What is no count is named, and what is named is there."""
    assert set(POINTS) == {
        name
        for name in layout.SAVED
        if name not in ("arrivals", "events", "in_order", "later", "on_duty", "began", "counts")
    }
    fresh = CompiledSimulation(sim.load("gusu-week", {"time.days": 1})).arrays
    for name, fields in POINTS.items():
        known = getattr(fresh, name).dtype.names
        assert set(fields) <= set(known), name
        given = soundness._GIVEN.get(name, "").split()
        assert set(given) <= set(known), name
        assert not set(given) & set(fields), name


def records(state: State, name: str) -> np.ndarray:
    """View an array of a state as its records, a copy that is put in its place."""
    kinds = {
        "tickets": layout.TICKET, "shards": layout.SHARD, "nodes": layout.NODE,
        "chunks": layout.CHUNK_TYPE, "buckets": layout.BUCKET, "crews": layout.CREW_TYPE,
        "workers": layout.WORKER, "grids": layout.GRID, "units": layout.UNIT, "desks": layout.DESK,
        "heaps": layout.HEAP, "runs": layout.RUN, "logs": layout.HEAP, "events": layout.EVENT,
        "in_order": layout.EVENT, "later": layout.EVENT, "calls": layout.CALL_MADE,
        "leads": layout.LEAD,
    }  # fmt: skip
    words = state[0][name] = state[0][name].copy()
    return words.view(kinds[name]).reshape(words.shape[:-1])


def _drop(some: dict[str, Any], name: str) -> None:
    del some[name]


def _first(state: State, name: str, which: Callable[[Any], Any]) -> int:
    return int(np.flatnonzero(which(records(state, name)))[0])


def forge(state: State, name: str, field: str, value: Any, row: int | None = None) -> None:
    array = records(state, name)
    array[field][slice(None) if row is None else row] = value


FORGED: dict[str, Callable[[State], None]] = {
    "a ticket's category": lambda s: forge(s, "tickets", "category", 9999, 0),
    "a ticket's grid": lambda s: forge(s, "tickets", "grid", -2, 0),
    "a time that is none": lambda s: forge(s, "tickets", "arisen", np.nan, 0),
    "a time beyond all ticks": lambda s: forge(s, "tickets", "sign", 1e300, 0),
    "a crew's ticket": lambda s: forge(s, "crews", "slot", 1 << 40, 0),
    "a crew's base": lambda s: forge(s, "crews", "base_x", 17.0, 0),
    "a crew's node": lambda s: forge(s, "crews", "from_node", 7, 0),
    "a worker's grid": lambda s: forge(s, "workers", "grid", 10**6, 0),
    "what a worker does": lambda s: forge(s, "workers", "does", 6, 0),
    "two instants": lambda s: forge(s, "shards", "now", 0.0, 0),
    "a free list that is too short": lambda s: forge(s, "shards", "free", -1, 0),
    "chunks that are not there": lambda s: forge(s, "shards", "free_chunks", 10**6, 0),
    "an early shift": lambda s: forge(s, "shards", "next_shift", 1.0, 0),
    "what does not arise next": lambda s: forge(s, "shards", "next_arise", 50_000.0, 0),
    "a circle of nodes": lambda s: forge(s, "nodes", "left", 0),
    "a circle of chunks": lambda s: forge(s, "chunks", "next", 0),
    "an overfull heap": lambda s: forge(s, "heaps", "size", 10**9, 0),
    "a heap elsewhere": lambda s: forge(s, "heaps", "start", 5, 0),
    "an overfull log": lambda s: forge(s, "logs", "size", 10**9, 3),
    "a run gone through": lambda s: forge(s, "runs", "first", 10**6, 0),
    "an event of no kind": lambda s: forge(s, "in_order", "rank", 99 << 40),
    "an event of nobody": lambda s: forge(s, "later", "rank", (8 << 40) + 10**7),
    "an event that is over": lambda s: forge(s, "later", "time", 1.0),
    "an event's ticket": lambda s: forge(s, "later", "slot", 1 << 30),
    "operators on duty": lambda s: forge(s, "desks", "on_duty", 99, 0),
    "who waits": lambda s: forge(s, "units", "waiting", 99, 0),
    "joint tickets": lambda s: forge(s, "units", "joint", 99, 0),
    "who waits for whom": lambda s: forge(s, "leads", "count", 99, 0),
    "jobs": lambda s: forge(s, "grids", "jobs", 1, 0),
    "who is free": lambda s: forge(
        s, "crews", "free", True, _first(s, "crews", lambda c: ~c["free"])
    ),
    "a team in a circle": lambda s: forge(
        s,
        "crews",
        "mate",
        _first(s, "crews", lambda c: (c["slot"] >= 0) & ~c["works"]),
        _first(s, "crews", lambda c: (c["slot"] >= 0) & ~c["works"]),
    ),
    "a flag that is none": lambda s: records(s, "crews")["free"].view(np.uint8).__setitem__(0, 7),
    "the ledger": lambda s: s[0].update(counts=s[0]["counts"] + 1),
    "arrivals from nowhere": lambda s: s[0].update(arrivals=s[0]["arrivals"] + 10**9),
    "arrivals in disorder": lambda s: s[0].update(arrivals=s[0]["arrivals"][::-1].copy()),
    "floats for numbers": lambda s: s[0].update(tickets=s[0]["tickets"].astype(float)),
    "too few words": lambda s: s[0].update(crews=s[0]["crews"][:, :-1].copy()),
    "too few crews": lambda s: s[0].update(crews=s[0]["crews"][:-1].copy()),
    "one dimension more": lambda s: s[0].update(on_duty=s[0]["on_duty"][None]),
    "an array missing": lambda s: _drop(s[0], "nodes"),
    "no queues": lambda s: _drop(s[1], "queues"),
    "a day that is not": lambda s: s[1].update(until_day=99),
    "a count of nothing": lambda s: s[1].update(counts=[None] * 13),
    "parts of something else": lambda s: s[1].update(parts={"../../x": 1}),
    "parts that are not there": lambda s: s[1].update(parts={"tickets": 10**6}),
    "plans that are not there": lambda s: s[1].update(plans=[3.0]),
    "facts of another type": lambda s: s[1].update(loaded="many"),
}


@pytest.mark.parametrize("what", FORGED)
def test_what_no_run_can_have_come_to_is_refused(states: Any, what: str) -> None:
    scenario, found, folder = states
    state = dict(found["priority"][0]), dict(found["priority"][1])
    FORGED[what](state)
    with pytest.raises(InputError):
        resumed(scenario, "priority", state, folder / "priority")


@pytest.mark.parametrize(
    "queues",
    [
        {"memory": None, "order": [], "slots": []},
        {"memory": None, "order": [[0, [[[1.0], 10**9]]]], "slots": []},
        {"memory": None, "order": "none", "slots": []},
        {"memory": None, "order": [], "slots": [[1, -7]]},
    ],
)
def test_queues_of_a_policy_in_python(states: Any, queues: dict[str, Any]) -> None:
    scenario, found, folder = states
    arrays, facts = found["reserve"]
    assert facts["queues"]["order"]
    with pytest.raises(InputError):
        resumed(scenario, "reserve", (arrays, facts | {"queues": queues}), folder / "reserve")


def _go_on(
    scenario: Scenario, policy: str, state: State, seeds: range, folder: Path, pipe: Connection
) -> None:
    """Change some words of a state by chance, and go on with it where it is taken."""
    for seed in seeds:
        pipe.send(("begun", seed))
        draw = np.random.Generator(np.random.Philox(seed))
        arrays = dict(state[0])
        for _ in range(int(draw.integers(1, 4))):
            name = str(draw.choice(layout.SAVED))
            words = arrays[name] = arrays[name].copy()
            flat = words.reshape(-1).view(np.uint8)
            if not len(flat):
                continue
            place = int(draw.integers(0, len(flat) // 8)) * 8
            how = int(draw.integers(0, 4))
            word = flat[place : place + 8].view(np.int64) if len(flat) >= place + 8 else None
            if word is None or how == 0:
                flat[int(draw.integers(0, len(flat)))] ^= np.uint8(1 << int(draw.integers(0, 8)))
            elif how == 1:
                word[0] = draw.integers(-2, 40)
            elif how == 2:
                word[0] += draw.integers(-2, 3)
            else:
                word[0] = draw.choice(np.array([0, -1, 1 << 40, -(1 << 62), 2**63 - 1]))
        try:
            run = resumed(scenario, policy, (arrays, state[1]), folder)
        except InputError:
            pipe.send(("refused", seed))
            continue
        run.run(100_000.0)
        pipe.send(("taken", seed))
    pipe.send(("over", -1))


def survive(states: Any, policy: str, seeds: range) -> dict[str, int]:
    """Go on with forged states in another process; say what became of them."""
    scenario, found, folder = states
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_go_on, args=(scenario, policy, found[policy], seeds, folder / policy, there)
    )
    process.start()
    there.close()
    told = {"refused": 0, "taken": 0}
    seed = -1
    while True:
        assert here.poll(120), f"seed {seed} of {policy} does not end"
        try:
            what, seed = here.recv()
        except EOFError:
            pytest.fail(f"seed {seed} of {policy} ended the process")
        if what == "over":
            break
        told[what] = told.get(what, 0) + 1
    process.join()
    return told


@pytest.mark.parametrize("policy", POLICIES)
def test_forged_by_chance(states: Any, policy: str) -> None:
    told = survive(states, policy, range(40))
    assert told["refused"] + told["taken"] == 40
    assert told["refused"] > 5


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
def test_many_forged_by_chance(states: Any, policy: str) -> None:
    told = survive(states, policy, range(1_000, 1_300))
    assert told["refused"] + told["taken"] == 300


def test_plain_arrays_are_all_that_a_file_has(states: Any) -> None:
    _, found, _ = states
    for arrays, _ in found.values():
        for name in layout.SAVED:
            assert arrays[name].dtype.names is None
    assert plain(np.zeros(0, layout.EVENT)).shape == (0, 3)
