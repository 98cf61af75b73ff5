"""An experiment's folder: for one experiment alone, and marked as its own from the beginning."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from sim.errors import InputError
from sim.experiment.arm import Arm
from sim.experiment.facts import MARK, read_facts
from sim.reading import check_no_links, checked, kind_of, read_json
from sim.writing import check_folder as check_folder_place
from sim.writing import writable, write_text

ASKED = "asked.json"
"""The file that says what the folder is for."""


class _Asked(BaseModel):
    """What tells a comparison from another in the same folder."""

    model_config = ConfigDict(strict=True)

    question: str
    seed: int
    engine: str
    arms: list[dict[str, str]]


def check_folder(folder: Path, question: str, arms: Sequence[Arm], seed: int, engine: str) -> None:
    """Check that an experiment may use a folder, before the work is done, and mark it as its own.

    Raises
    ------
    InputError
        If it holds something else, such as another experiment, or a link.
    """
    asked = _Asked(
        question=question,
        seed=seed,
        engine=engine,
        arms=[
            # a policy or plan of one's own may be mended, and is run anew: its name stays
            {"label": arm.label, **arm.names, "content": arm.fingerprint["scenario"]}
            for arm in arms
        ],
    )
    check_folder_place(folder)
    if folder.exists():
        here = {path.name for path in folder.iterdir()}
        if here and not here & {MARK, ASKED, "parts"}:
            allowed = "a new folder, or one of an experiment, to go on with it"
            raise InputError("command line", "out", str(folder), allowed)
        check_no_links(folder)
        _check_same(folder, asked)
    with writable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / ASKED, json.dumps(asked.model_dump(), indent=1, ensure_ascii=False))


def _check_same(folder: Path, asked: _Asked) -> None:
    """Check that what is kept in a folder is of the same experiment."""
    if kind_of(folder / ASKED) is None:  # one of an earlier version says it elsewhere, or not
        before = read_facts(folder)["question"] if kind_of(folder / MARK) else asked.question
        differs = [] if before == asked.question else ["question"]
    else:
        kept = checked(_Asked, read_json(folder / ASKED), folder / ASKED)
        before = kept.question
        differs = [name for name, value in kept if value != getattr(asked, name)]
    if differs:
        raise InputError(
            "command line", "out", str(folder),
            f"a new folder: this one has another comparison, '{before}', "
            f"with other {' and '.join(differs)}",
        )  # fmt: skip
