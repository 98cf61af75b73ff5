"""What all tests share."""

import subprocess
import sys

import pytest
from hypothesis import settings

from sim.private import private_folder

# the same examples in every run: what lands is what was tested; none is timed
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a session go without kernels, whose compilation takes a minute."""
    parser.addoption("--no-compiling", action="store_true", help="skip what runs a kernel")


def pytest_configure(config: pytest.Config) -> None:
    """Skip a test where it comes to a kernel."""
    if config.getoption("no_compiling"):
        from sim.engine.compiled_engine import compilation

        compilation.kernel = lambda *_: pytest.skip("runs a kernel")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the kernels before the tests share the cores: each process would do it again."""
    if hasattr(session.config, "workerinput") or session.config.getoption("no_compiling"):
        return
    from sim.engine.compiled_engine.compilation import warm_up

    routing = None
    if not any(private_folder().glob("routing_*/sisr*.nbi")):
        modules = "import sim.routing.sisr, sim.routing.auction"
        routing = subprocess.Popen([sys.executable, "-c", modules])
    warm_up()
    if routing is not None:
        routing.wait()
