"""Dispatch as a Gymnasium environment: an agent decides what a policy would.

Importing this registers ``SuzhouDispatch-v0``.
"""

from __future__ import annotations

try:
    import gymnasium
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "the environment needs gymnasium: pip install 'suzhou-dispatch[rl]'", name=error.name
    ) from None

from sim.experiment.gym.env import DispatchEnv
from sim.experiment.gym.reward import Elapsed, default_reward

ENV_ID = "SuzhouDispatch-v0"

__all__ = ["ENV_ID", "DispatchEnv", "Elapsed", "default_reward"]

if ENV_ID not in gymnasium.registry:
    gymnasium.register(ENV_ID, entry_point="sim.experiment.gym.env:DispatchEnv")
