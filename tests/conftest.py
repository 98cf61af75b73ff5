"""What all tests share."""

import pytest
from hypothesis import settings

# the same examples in every run: what lands is what was tested
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile the engine before the tests share the cores: each process would do it again."""
    if not hasattr(session.config, "workerinput"):
        from sim.engine.compiled_engine.compilation import warm_up

        warm_up()
