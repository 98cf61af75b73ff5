"""What holds of the package as a whole."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import sim

ROOT = Path(__file__).parent.parent
MODULES = sorted(m.name for m in pkgutil.walk_packages(sim.__path__, "sim.") if "cli" not in m.name)


@pytest.mark.parametrize("name", MODULES)
def test_public_functions_are_described(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    for word, thing in vars(module).items():
        own = getattr(thing, "__module__", None) == name
        if own and callable(thing) and not word.startswith("_"):
            assert thing.__doc__, f"{name}.{word}"


def test_heavy_packages_are_imported_where_they_are_needed() -> None:
    code = "import sys, sim.cli; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    for heavy in ("pandas", "matplotlib", "ortools", "networkx", "scipy", "shapely", "pyarrow"):
        assert heavy not in loaded


def test_files_stay_short() -> None:
    for path in (*(ROOT / "sim").rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 500, path.name


def test_no_global_random_state() -> None:
    for path in (ROOT / "sim").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [alias.name for alias in node.names] + [getattr(node, "module", "") or ""]
                assert "random" not in names, path.name
        assert not re.search(r"np\.random\.(seed|rand|default_rng)", path.read_text("utf-8"))


def test_lock_has_hashes_and_no_addresses() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "http" not in lock
    for block in re.split(r"\n(?=\S)", lock.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_every_dependency_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.M))
    wanted = project["dependencies"] + project["optional-dependencies"]["dev"]
    assert {re.split(r"[<>=\[]", name)[0] for name in wanted} <= locked


@pytest.mark.slow
def test_the_wheel_runs_without_the_checkout(tmp_path: Path) -> None:
    """Scenarios are part of the installed package."""
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "build", "--wheel", "--quiet", "--out-dir", tmp_path, ROOT], check=True)
    wheel = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "site")
    assert "sim/_scenarios/suzhou/categories.csv" in names
    assert "sim/py.typed" in names
    code = "import sim; print(sim.__file__); print(len(sim.simulate('gusu-week', days=1)))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        check=True,
    )
    place, tickets = done.stdout.split()
    assert place.startswith(str(tmp_path))
    assert int(tickets) > 1000
