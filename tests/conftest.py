"""What all tests share."""

import subprocess
import sys

import pytest
from hypothesis import Phase, settings

from sim.private import private_folder

# the same examples in every run: what lands is what was tested; none is timed
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a session be about errors that were planted in the sources (`make mutants`)."""
    parser.addoption("--planted", action="store_true", help="skip what runs a kernel, fail fast")


def pytest_configure(config: pytest.Config) -> None:
    """Skip a test where it comes to a kernel, whose compilation takes a minute; shrink nothing."""
    if config.getoption("planted"):
        from sim.engine.compiled_engine import compilation

        compilation.kernel = lambda *_: pytest.skip("runs a kernel")
        settings.register_profile("planted", phases=(Phase.explicit, Phase.generate))
        settings.load_profile("planted")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the kernels before the tests share the cores: each process would do it again."""
    if hasattr(session.config, "workerinput") or session.config.getoption("planted"):
        return
    from sim.engine.compiled_engine.warming import warm_up

    routing = None
    if not any(private_folder().glob("routing_*/sisr*.nbi")):
        modules = "import sim.routing.sisr, sim.routing.auction"
        routing = subprocess.Popen([sys.executable, "-c", modules])
    warm_up()
    if routing is not None:
        routing.wait()
