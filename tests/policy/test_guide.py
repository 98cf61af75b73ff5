"""What the guide to writing a policy shows is run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tiny import write

from sim.cli import main

DOCS = Path(__file__).parents[2] / "docs"


def test_the_policy_of_the_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DOCS / "write-a-policy.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    commands = re.findall(r"^sim (.*)$", text, re.M)
    assert len(commands) == 2
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_policies.py").write_text(code, encoding="utf-8")
    toml = write(tmp_path / "tiny")
    for command in commands:
        words = command.replace("gusu-week", str(toml)).split()
        done = CliRunner().invoke(main, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert "not-too-far" in done.stdout or "NotTooFar" in done.stdout


@pytest.mark.parametrize("guide", sorted(DOCS.glob("*.md")), ids=lambda path: path.stem)
def test_links_lead_somewhere(guide: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", guide.read_text(encoding="utf-8")):
        assert link.startswith("http") or (DOCS / link).exists(), link


def test_the_guide_names_all_that_a_policy_may_ask() -> None:
    from sim.policy import View

    text = (DOCS / "write-a-policy.md").read_text(encoding="utf-8")
    for name in vars(View):
        if not name.startswith("_"):
            assert f"`{name}`" in text, name
