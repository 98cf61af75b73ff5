"""What is the compiled engine's own: its invariants, its queues, its agenda."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

import numpy as np
import pytest
from engine.outcomes import same
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numba import njit
from numpy.typing import NDArray
from tiny import tiny

import sim
from sim.engine.compiled_engine import agenda, kernels, layout, queues
from sim.engine.compiled_engine.build import with_room
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.compiled_engine.handle import Handle
from sim.engine.compiled_engine.jit import OPTIONS
from sim.errors import InvariantError
from sim.model.state import State
from sim.scenario import restrict

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@pytest.mark.parametrize("place", ["ledger", "desk", "crew", "queue"])
def test_the_invariant_mode_sees_what_is_wrong(place: str, tmp_path: Path) -> None:
    run = CompiledSimulation(tiny(tmp_path), check=True)
    run.run(10 * 3600)
    arrays = run.arrays
    if place == "ledger":
        arrays.counts[0, State.CLOSED] += 1
    elif place == "desk":
        arrays.desks["busy"][0] = 99
    elif place == "crew":
        arrays.crews["free"][np.flatnonzero(arrays.crews["free"])[0]] = False
    else:
        closed = np.flatnonzero(arrays.tickets["state"] == State.CLOSED)[0]
        arrays.tickets["state"][closed] = State.WAITING
    with pytest.raises(InvariantError):
        run.run()


def test_no_move_that_the_model_does_not_have(tmp_path: Path) -> None:
    run = CompiledSimulation(tiny(tmp_path), check=True)
    run.arrays.moves[State.UNSIGNED] = False
    with pytest.raises(InvariantError, match="no matter goes from UNSIGNED"):
        run.run()


@njit(**OPTIONS)
def _put(a, times, ranks) -> None:  # type: ignore[no-untyped-def]
    for i in range(len(times)):
        agenda.push(a, layout.FIRST, times[i], layout.SIGN, ranks[i], i, layout.FIRST)


@njit(**OPTIONS)
def _take(a, many, out) -> int:  # type: ignore[no-untyped-def]
    """Take the events until there are no more, or there is no room; return how many."""
    for i in range(many, len(out)):
        _, _, source = kernels.look_ahead(a, a.parameters[0], layout.FIRST, np.inf)
        if source == kernels._OUT_OF_SIGHT:
            return i
        out[i] = kernels.take(a, layout.FIRST, source)[1]
    return len(out)


def _through_the_agenda(arrays: layout.Arrays, keys: Floats, ids: Ints, out: Ints) -> None:
    arrays.shards["next_shift"] = arrays.shards["next_arise"] = np.inf
    arrays.runs["room"] = 0
    _put(Handle(arrays), keys, ids)
    many = _take(Handle(arrays), 0, out)
    while many < len(out):
        arrays = with_room(arrays)
        many = _take(Handle(arrays), many, out)


@njit(**OPTIONS)
def _queued(a, k0, ids, out) -> None:  # type: ignore[no-untyped-def]
    root = layout.NONE
    for i in range(len(k0)):
        node = queues.new(a, layout.FIRST, k0[i], 0.0, ids[i], i, layout.FIRST)
        root = queues.merge(a.nodes, root, node)
    for i in range(len(k0)):
        out[i] = a.nodes[root].slot
        root = queues.pop_root(a, layout.FIRST, root)


def _through_a_queue(arrays: layout.Arrays, keys: Floats, ids: Ints, out: Ints) -> None:
    _queued(Handle(arrays), keys, ids, out)


@settings(max_examples=50, deadline=None)
@given(
    times=st.lists(
        st.sampled_from([0.0, 1.0, 2.5, 777.0]) | st.integers(0, 4_000_000).map(lambda s: s / 2),
        min_size=1,
        max_size=200,
    )
)
@example(times=[777.0] * 300 + [778.0, 600.0] * 50)  # too many at one instant for a run
def test_agenda_and_queues_sort(times: list[float]) -> None:
    run = CompiledSimulation(sim.load("gusu-week", {"time.days": 1}))
    run._load_days()  # events are about matters
    arrays = run.arrays
    keys = np.array(times)
    ids = np.random.Generator(np.random.Philox(len(times))).permutation(len(times))
    expected = np.lexsort((ids, keys))
    for through in (_through_the_agenda, _through_a_queue):
        arrays.heaps["size"] = 0
        pools = ("free_nodes", "free_chunks")
        free = [arrays.shards[pool].copy() for pool in pools]
        out = np.full(len(times), -1)
        through(arrays, keys, ids.astype(np.int64), out)
        assert out.tolist() == expected.tolist()
        for pool, before in zip(pools, free, strict=True):
            assert (arrays.shards[pool] == before).all()


@pytest.mark.parametrize("write_up", [0, 10])
def test_wherever_there_is_no_room_it_goes_on(
    write_up: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a write-up in lockstep, with one in windows."""
    scenario = tiny(tmp_path, [f"hotline.write_up_min={write_up}", "time.days=2"])
    roomy, tight = CompiledSimulation(scenario), CompiledSimulation(scenario)
    roomy.run()
    seen, attend = [], tight._attend

    def noted() -> None:
        seen.append(tuple(np.flatnonzero(tight.arrays.shards["status"])))
        attend()

    monkeypatch.setattr(tight, "_attend", noted)
    while tight.now < tight.horizon:
        districts_or_hotline = slice(-1) if len(seen) % 2 else slice(-1, None)
        tight.arrays.shards["need"][districts_or_hotline] = 2**40  # until it is seen to
        tight.run(tight.now + 60)
    assert len(set(seen)) > 2
    assert same(roomy.outcome(), tight.outcome())


def test_threads_change_nothing() -> None:
    scenario = restrict(sim.load("suzhou-2018"), days=2, districts=("Gusu", "Huqiu", "Taicang"))
    runs = [CompiledSimulation(scenario, threads=threads) for threads in (1, 2, 3)]
    for run in runs:
        run.run(1.3 * 86400)
        run.run()
    first, *others = (run.outcome() for run in runs)
    assert len(first) > 10_000
    for other in others:
        assert same(first, other)


def test_a_run_that_nobody_holds_gives_its_arrays_back(tmp_path: Path) -> None:
    run = CompiledSimulation(tiny(tmp_path))
    run.run()
    outcome, gone = run.outcome(), ref(run)
    gc.disable()  # it would hide a cycle
    try:
        del run
        assert gone() is None
    finally:
        gc.enable()
    assert len(outcome.tickets["closed"])
