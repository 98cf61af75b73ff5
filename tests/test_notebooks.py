"""Notebooks are kept as pairs: the script is what is edited, the notebook holds no output."""

from __future__ import annotations

from pathlib import Path

import jupytext
import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_pair_is_in_step_and_stripped(script: Path) -> None:
    notebook = jupytext.read(script.with_suffix(".ipynb"))
    cells = [(cell.cell_type, cell.source) for cell in notebook.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in jupytext.read(script).cells]
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_every_notebook_has_its_script() -> None:
    assert SCRIPTS
    assert {path.with_suffix(".py") for path in SCRIPTS[0].parent.glob("*.ipynb")} == set(SCRIPTS)
