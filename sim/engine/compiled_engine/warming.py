"""All that Python calls of the kernels, compiled before anybody waits for it."""

from __future__ import annotations

import numpy as np

from sim.engine.compiled_engine.compilation import is_compiled, kernel
from sim.engine.compiled_engine.engine import CompiledSimulation
from sim.engine.compiled_engine.handle import Handle
from sim.scenario import load


def warm_up() -> None:
    """Compile what is not on disk yet."""
    if all(map(is_compiled, ("run_lane", "run_lockstep", "hand_over"))):
        return
    handle = Handle(CompiledSimulation(load("gusu-week", {"time.days": 1})).arrays)
    kernel("run_lane")(handle, 0.0, 1)
    kernel("run_lockstep")(handle, 0.0)
    nobody, nothing = np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    kernel("hand_over", "handover")(
        handle, nobody, nobody, np.zeros(1, dtype=np.int64), nothing, nothing
    )
