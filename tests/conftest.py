"""What all tests share."""

import subprocess
import sys

import pytest
from hypothesis import settings

from sim.private import private_folder

# the same examples in every run: what lands is what was tested; none is timed
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the kernels before the tests share the cores: each process would do it again."""
    if hasattr(session.config, "workerinput"):
        return
    from sim.engine.compiled_engine.compilation import warm_up

    routing = None
    if not any(private_folder().glob("routing_*/sisr*.nbi")):
        modules = "import sim.routing.sisr, sim.routing.auction"
        routing = subprocess.Popen([sys.executable, "-c", modules])
    warm_up()
    if routing is not None:
        routing.wait()
