"""The solvers' adapter: covers may be solved in threads."""

from __future__ import annotations

import subprocess
import sys

_RACE = """
import sys, threading
import numpy as np
from sim.optimize.solver import cover

sys.setswitchinterval(1e-5)
start, wrong = threading.Barrier(2), []

def solve():
    start.wait()
    try:
        cover(np.ones((2, 4), bool), np.array([1, 2, 1, 1]), np.ones(2), seed=1, time_limit=1.0)
    except Exception as error:
        wrong.append(error)

threads = [threading.Thread(target=solve) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit(str(wrong) if wrong else 0)
"""


def test_two_threads_may_begin_at_once() -> None:
    """In processes of their own: it goes wrong, if at all, when models are built the first time."""
    for _ in range(3):
        asked = [sys.executable, "-c", _RACE]
        done = subprocess.run(asked, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
