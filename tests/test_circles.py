"""No module of the package needs itself, by whatever way round."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import pytest

import sim


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs, or is read by a type checker, when a module is imported."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from outside_functions(child)


def imported(tree: ast.AST, modules: set[str]) -> set[str]:
    """Return the modules of the package that a module names in its imports."""
    found = set()
    for node in outside_functions(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found |= {whole if whole in modules else str(node.module)} & modules
    return found


def circles(root: Path) -> list[list[str]]:
    """Return the groups of modules of a package that need each other.

    Imports for type checkers count, too; those within functions do not.
    """
    trees = {
        name_of(path, root): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    }
    graph = nx.DiGraph()
    for name, tree in trees.items():
        graph.add_edges_from((name, other) for other in imported(tree, set(trees)))
    return [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]


def test_no_circles() -> None:
    assert not circles(Path(sim.__file__).parent)


TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from made.a import A\n"


@pytest.mark.parametrize(
    ("back", "found"),
    [
        ("", []),
        ("from made.a import A\n", [["made.a", "made.b"]]),
        ("from made import a\n", [["made.a", "made.b"]]),
        ("import made.a\n", [["made.a", "made.b"]]),
        (TYPED, [["made.a", "made.b"]]),
        ("def f():\n    from made.a import A\n", []),
    ],
)
def test_circles_are_found(back: str, found: list[list[str]], tmp_path: Path) -> None:
    root = tmp_path / "made"
    root.mkdir()
    (root / "__init__.py").write_text("")
    (root / "a.py").write_text("from made.b import B\n")
    (root / "b.py").write_text(back)
    assert circles(root) == found
