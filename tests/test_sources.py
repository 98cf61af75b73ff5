"""What something is made of is read from its imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import sim
from sim.engine.compiled_engine.compilation import _MADE_OF
from sim.experiment.replication import program_digest
from sim.sources import _file, _imported, digest_of, reached

ROOT = Path(sim.__file__).parent


def names(*modules: str) -> set[str]:
    return {file.relative_to(ROOT).as_posix() for file in reached(*modules)}


def test_imports_are_followed() -> None:
    assert names("sim.clock") == {"clock.py"}
    assert names("sim.model.rules") == {
        "model/rules.py", "model/state.py", "clock.py", "workload/channel.py",
    }  # fmt: skip


@pytest.mark.parametrize("file", sorted(ROOT.rglob("*.py")), ids=lambda f: f.stem)
def test_imports_are_those_that_python_sees(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    seen = set()
    for node in _run(ast.parse(text)):
        if isinstance(node, ast.Import):
            seen |= {alias.name for alias in node.names if alias.name.split(".")[0] == "sim"}
        elif node.module and node.module.split(".")[0] == "sim":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                seen.add(full if _file(full) else node.module)
    assert set(_imported(text)) == seen


def _run(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """Yield the imports that are not for type checkers alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            yield from _run(node)


def test_kernels_are_made_of_the_rules_and_of_no_policy_in_python() -> None:
    made_of = names(*_MADE_OF)
    assert {"model/walking.py", "engine/compiled_engine/agenda.py", "policy/edd.py"} <= made_of
    around = {"policy/rolling_vrp.py", "scenario/schema.py", "engine/compiled_engine/engine.py"}
    assert not around & made_of


@pytest.mark.parametrize(
    "file",
    [
        "routing/sisr.py",  # `rolling-vrp` is made of it
        "engine/compiled_engine/departments.py",
        "engine/simpy_engine/ticket.py",
        "workload/marks.py",
        "word.py",
        "measure/kpis.py",
        "experiment/measures.py",
    ],
)
def test_a_replication_is_made_of_all_that_decides_it(file: str) -> None:
    from sim.experiment import replication

    kernels = "sim.engine.compiled_engine"
    upon = names(replication.__name__, f"{kernels}.kernels", f"{kernels}.handover")
    assert file in upon
    assert "cli/run.py" not in upon


def test_a_changed_file_changes_the_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_of("sim.model.rules"), program_digest()
    read = Path.read_bytes

    def other(path: Path) -> bytes:
        return read(path) + (b"\n# changed\n" if path.name == "channel.py" else b"")

    monkeypatch.setattr(Path, "read_bytes", other)
    reached.cache_clear()
    program_digest.cache_clear()
    after = digest_of("sim.model.rules"), program_digest()
    reached.cache_clear()
    program_digest.cache_clear()
    assert before[0] != after[0]
    assert before[1] != after[1]
