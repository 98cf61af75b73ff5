"""The features of a GeoJSON file that the districts' rows name; all others are of no matter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sim.errors import InputError
from sim.reading import parse_json
from sim.scenario.tables import DistrictRow


def boundaries(
    text: str, path: Path, rows: Sequence[DistrictRow]
) -> tuple[object, dict[str, dict[str, Any]]]:
    """Find the feature of each district.

    Parameters
    ----------
    text : str
        The file's content.
    path : Path
        For messages.
    rows : sequence of DistrictRow

    Returns
    -------
    object
        What the file says of its coordinates (``crs``); None: nothing.
    dict
        The features by code, as they stand: nothing but ``properties.code`` has been looked at.

    Raises
    ------
    InputError
        If a district has no feature, or several.
    """
    tree = parse_json(text, path, "GeoJSON", nan=True)
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list):
        kind = tree.get("type") if isinstance(tree, dict) else type(tree).__name__
        raise InputError(path, "features", kind, "a list of features with properties.code")
    found: dict[str, list[dict[str, Any]]] = {row.code: [] for row in rows}
    for feature in features:
        said = feature.get("properties") if isinstance(feature, dict) else None
        code = str(said.get("code")) if isinstance(said, dict) else None
        if code in found:
            found[code].append(feature)
    for row in rows:
        if len(found[row.code]) != 1:
            allowed = f"one border of {row.name_en}: a feature whose properties.code is {row.code}"
            raise InputError(path, f"feature {row.code}", len(found[row.code]), allowed)
    return tree.get("crs"), {code: one for code, (one,) in found.items()}
