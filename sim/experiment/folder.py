"""An experiment's folder: for one experiment alone, and marked as its own from the beginning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.facts import MARK
from sim.reading import check_no_links, checked, kind_of, read_json
from sim.writing import check_folder as check_folder_place
from sim.writing import writable, write_text

ASKED = "asked.json"
"""The file that says what the folder is for."""
FILES = (
    ASKED, MARK, "metrics.parquet", "metrics.csv", "differences.csv", "sources.csv",
)  # fmt: skip
FOLDERS = ("parts", "plots")


class _Asked(BaseModel):
    """What tells a comparison from another in the same folder."""

    model_config = ConfigDict(strict=True)

    question: str
    seed: int
    engine: str
    of: str
    arms: list[dict[str, str]]


def check_folder(
    folder: Path,
    question: str,
    arms: Sequence[Arm],
    *,
    seed: int,
    engine: str,
    of: str,
) -> None:
    """Check that an experiment may use a folder, before the work is done, and mark it as its own.

    Parameters
    ----------
    of : str
        Of whom targets are that do not say.

    Raises
    ------
    InputError
        If it holds something else, such as another experiment, a link, or a folder where a file
        belongs.
    """
    asked = _Asked(
        question=question,
        seed=seed,
        engine=engine,
        of=of,
        arms=[
            # a policy or plan of one's own may be mended, and is run anew: its name stays
            {"label": arm.label, **arm.names, "content": arm.fingerprint["scenario"]}
            for arm in arms
        ],
    )
    check_folder_place(folder)
    if folder.exists():
        here = {path.name for path in folder.iterdir()}
        if here and ASKED not in here:
            allowed = "a new folder, or one of an experiment, to go on with it"
            raise InputError("command line", "out", str(folder), allowed)
        check_no_links(folder)
        _check_kinds(folder)
        if here:
            _check_same(folder, asked)
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / ASKED, json.dumps(asked.model_dump(), indent=1, ensure_ascii=False))


def _check_kinds(folder: Path) -> None:
    """Check that what is written in the end finds files and folders in its places."""
    for names, kind in ((FILES, "a file"), (FOLDERS, "a folder")):
        for name in names:
            found = kind_of(folder / name)
            if found not in (None, kind):
                place = str(folder / name)
                raise InputError("command line", "out", place, f"{kind}; this is {found}")


def _check_same(folder: Path, asked: _Asked) -> None:
    """Check that what is kept in a folder is of the same experiment."""
    kept = checked(_Asked, read_json(folder / ASKED), folder / ASKED)
    differs = [name for name, value in kept if value != getattr(asked, name)]
    if differs:
        said = " and ".join(name.replace("_", " ") for name in differs)
        raise InputError(
            "command line", "out", str(folder),
            f"a new folder: this one has another comparison, '{kept.question}', with other {said}",
        )  # fmt: skip
