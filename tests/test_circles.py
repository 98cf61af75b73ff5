"""No module of the package needs, by whatever way round, itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import networkx as nx

import sim

ROOT = Path(sim.__file__).parent


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
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


def imports(root: Path = ROOT) -> nx.DiGraph:
    """Return who imports whom, those for type checkers too, those within functions not."""
    trees = {
        name_of(path): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(root.rglob("*.py"))
    }
    graph = nx.DiGraph()
    graph.add_nodes_from(trees)
    for name, tree in trees.items():
        graph.add_edges_from((name, other) for other in imported(tree, set(trees)))
    return graph


def test_no_circles() -> None:
    circles = [sorted(c) for c in nx.strongly_connected_components(imports()) if len(c) > 1]
    assert not circles
