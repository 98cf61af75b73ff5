"""What is finished is kept: a Parquet file and a manifest for each replication."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sim.experiment.replication import Replication

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 1


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
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.glob("*/.*.tmp"):  # of a process that was killed
            left.unlink()

    def find(self, task: Replication) -> pd.DataFrame | None:
        """Return a replication's table if it is there and whole."""
        import pandas as pd

        table, manifest = self._files(task)
        try:
            said = json.loads(manifest.read_text(encoding="utf-8"))
            kept = table.read_bytes()
        except (OSError, ValueError):
            return None
        whole = said.get("sha256") == hashlib.sha256(kept).hexdigest()
        if not whole or said.get("key") != {"format": FORMAT, **task.key}:
            return None
        return pd.read_parquet(table)

    def keep(self, task: Replication, result: pd.DataFrame) -> None:
        """Write a replication's table, then its manifest."""
        table, manifest = self._files(task)
        table.parent.mkdir(exist_ok=True)
        temporary = _beside(table)
        result.to_parquet(temporary, compression="zstd", index=False)
        facts = {
            "key": {"format": FORMAT, **task.key},
            "names": task.arm.names,
            "sha256": hashlib.sha256(temporary.read_bytes()).hexdigest(),
        }
        temporary.replace(table)
        temporary = _beside(manifest)
        temporary.write_text(json.dumps(facts, indent=1, ensure_ascii=False), encoding="utf-8")
        temporary.replace(manifest)

    def _files(self, task: Replication) -> tuple[Path, Path]:
        """Return where the table and its manifest are: a folder for each arm."""
        key = {"format": FORMAT, **task.key}
        del key["replication"]
        arm = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()[:16]
        stem = self.folder / arm / f"replication-{task.number:05d}"
        return stem.with_suffix(".parquet"), stem.with_suffix(".json")


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
