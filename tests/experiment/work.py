"""Tasks for the pool that its workers can import."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path


def square(number: int) -> int:
    if number == 13:
        raise ValueError("thirteen")
    return number * number


def die_once(path: str) -> str:
    """Kill the worker the first time, and leave a trace of each try."""
    trace = Path(path)
    if not trace.exists():
        trace.write_text("tried")
        os.kill(os.getpid(), signal.SIGKILL)
    return trace.name


def die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_if_odd(number: int) -> int:
    if number % 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def who(_: object) -> int:
    time.sleep(0.05)
    return os.getpid()


def forever(path: str) -> None:
    Path(path).write_text(str(os.getpid()))
    time.sleep(3600)
