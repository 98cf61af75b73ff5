"""What docs/ shows is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


def code(page: str) -> str:
    text = (DOCS / page).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"^```python\n(.*?)^```", text, re.M | re.S))


@pytest.mark.slow
def test_rl() -> None:
    pytest.importorskip("gymnasium", reason="gymnasium is not installed: extra [rl]")
    shown: dict[str, object] = {"__name__": "docs"}
    exec(compile(code("rl.md"), "rl.md", "exec"), shown)
    from engine.outcomes import same

    import sim

    assert same(shown["outcome"], sim.simulate("gusu-week", days=1, policy="edd", seed=7))  # type: ignore[arg-type]
