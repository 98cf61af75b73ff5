"""What is finished is kept: a Parquet file and a manifest for each replication."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from sim.errors import InputError
from sim.experiment.replication import Replication
from sim.reading import checked, kind_of, open_parquet, read_bytes, read_json
from sim.writing import new_file, writable, write_text

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 3


_COLUMNS = {
    "by": "text",
    "name": "text",
    "metric": "text",
    "value": "double",
    "unit": "text",
    "n": "int64",
}


class _Manifest(BaseModel):
    """What is said of a part."""

    key: dict[str, Any]
    sha256: str


def _read(path: Path) -> pd.DataFrame:
    """Read a part, and check that it is as `sim.experiment.measures.measure` makes it."""
    import pyarrow as pa

    with open_parquet(path) as file:
        schema = file.schema_arrow
        for name in sorted(set(schema.names) ^ set(_COLUMNS)):
            allowed = f"just {', '.join(_COLUMNS)}"
            raise InputError(path, f"column {name}", name in schema.names, allowed)
        for column in schema:
            kind = str(column.type).replace("large_string", "text").replace("string", "text")
            if kind != _COLUMNS[column.name] or len(schema) != len(_COLUMNS):
                wanted = _COLUMNS[column.name]
                raise InputError(path, f"column {column.name}", kind, f"{wanted}, and once")
        try:
            table = file.read()
        except (pa.ArrowException, OSError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise InputError(path, "rows", reason, "a whole Parquet file") from None
    for name in _COLUMNS:
        if name != "value" and table[name].null_count:
            raise InputError(path, f"column {name}", None, "a value in each row")
    return table.replace_schema_metadata(None).to_pandas()


class Parts:
    """A folder with a part for each finished replication.

    A part counts once its manifest is there: it is written after the table, both under another
    name first, so that a process that is killed leaves either all of it or nothing. The manifest
    holds all that the result depends on, and the table's digest.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with writable(folder):
            folder.mkdir(parents=True, exist_ok=True)

    def find(self, task: Replication) -> pd.DataFrame | None:
        """Return a replication's table if it is there and whole.

        Raises
        ------
        InputError
            If what is there is no part: naming the file and the field or column.
        """
        table, manifest = self._files(task)
        if kind_of(manifest) is None or kind_of(table) is None:
            return None
        try:
            manifest_said = read_json(manifest)
        except InputError:  # torn: of a process that was killed
            return None
        said = checked(_Manifest, manifest_said, manifest)
        digest = hashlib.sha256(read_bytes(table)).hexdigest()
        if said.sha256 != digest or said.key != {"format": FORMAT, **task.key}:
            return None
        return _read(table)

    def keep(self, task: Replication, result: pd.DataFrame) -> None:
        """Write a replication's table, then its manifest."""
        table, manifest = self._files(task)
        with writable(table.parent):
            table.parent.mkdir(exist_ok=True)
        with new_file(table) as part:
            result.to_parquet(part, compression="zstd", index=False)
            digest = hashlib.sha256(part.read_bytes()).hexdigest()
        key = {"format": FORMAT, **task.key}
        facts = {"key": key, "names": task.arm.names, "sha256": digest}
        write_text(manifest, json.dumps(facts, indent=1, ensure_ascii=False))

    def _files(self, task: Replication) -> tuple[Path, Path]:
        """Return where the table and its manifest are: a folder for each arm."""
        key = {"format": FORMAT, **task.key}
        del key["replication"]
        arm = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        stem = self.folder / arm / f"replication-{task.number:05d}"
        return stem.with_suffix(".parquet"), stem.with_suffix(".json")
