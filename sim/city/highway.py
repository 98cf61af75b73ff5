"""What the attributes of a road say: its class, and in which directions it is open.

Attributes are those of OpenStreetMap, as its usual exports write them: tags as properties
(Overpass, GeoPandas), in a table ``tags`` (osmtogeojson) or in ``other_tags`` (GDAL), lists in
words (OSMnx), and Geofabrik's ``fclass`` and ``oneway``. `docs/model.md` says which are used.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

DRIVEN = {
    *("motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"),
    *("living_street", "service", "road", "link"),
}
"""Classes that vehicles drive; so are these with ``_link``."""
NOT_DRIVEN = {
    *("footway", "path", "steps", "pedestrian", "bridleway", "cycleway", "track", "via_ferrata"),
    *("corridor", "elevator", "escalator", "platform", "rest_area", "services", "raceway"),
    *("busway", "bus_guideway", "construction", "proposed", "planned", "no"),
    *("abandoned", "disused", "demolished", "razed", "removed"),
}
"""Classes that crews' vehicles do not drive."""
UNKNOWN = "unclassified"  # what a road is where no class is said

_BLANK = {"", "none", "nan", "null", "<na>"}
_FORWARD = {"yes", "true", "1", "1.0", "y", "t", "ft"}
_BACKWARD = {"-1", "-1.0", "reverse", "tf"}
_BOTH = {"no", "false", "0", "0.0", "n", "f", "b", "reversible", "alternating"}
_LETTERS = {"F": "ft", "T": "tf"}
"""Of Geofabrik and OSMnx: from the first point to the last, and the other way."""
_ONE_WAY = {"motorway", "motorway_link"}
_ROUND = {"roundabout", "circular"}
_CLASS = re.compile(r"[\w:.-]{1,40}")  # nothing that steers a terminal, or takes much room
_HSTORE = re.compile(r'"([^"\\]*)"=>"([^"\\]*)"')


@dataclass(frozen=True)
class Highway:
    """What a road's attributes say.

    Attributes
    ----------
    kind : str or None
        Its class; None: nothing.
    forward, backward : bool
        Whether it is open from its first point to its last, and the other way.
    odd : str or None
        Its ``oneway`` where that is not understood.
    """

    kind: str | None
    forward: bool
    backward: bool
    odd: str | None = None

    @classmethod
    def of(cls, attributes: Mapping[str, Any], named: Collection[str] = ()) -> Highway:
        """Read attributes; of several classes the first that is driven counts.

        Parameters
        ----------
        attributes : mapping
        named : collection of str
            Classes that are driven whatever they are: the scenario says how fast.
        """
        said = _tags(attributes)
        kinds = _words(said.get("highway")) or _words(said.get("fclass"))
        kinds = [_class(kind) for kind in kinds]
        kind = next((k for k in kinds if is_driven(k, named)), next(iter(kinds), None))
        ways = _words(said.get("oneway"))
        way = _LETTERS.get(ways[0], ways[0].lower()) if ways else None
        if len(set(ways)) > 1:  # merged of several roads
            way = ";".join(ways)
        if way is None:
            round_about = _ROUND.intersection(word.lower() for word in _words(said.get("junction")))
            return cls(kind, True, not round_about and kind not in _ONE_WAY)
        odd = None if way in _FORWARD | _BACKWARD | _BOTH else way
        return cls(kind, way not in _BACKWARD, way not in _FORWARD, odd)


def is_driven(kind: str, named: Collection[str] = ()) -> bool:
    """Return whether vehicles drive a class; they drive what is not known."""
    return kind not in NOT_DRIVEN or kind in named


def is_known(kind: str, named: Collection[str] = ()) -> bool:
    """Return whether a class is one of OpenStreetMap's, or named."""
    base = kind.removesuffix("_link")
    return base in DRIVEN or kind in NOT_DRIVEN or base in named or kind in named


def _class(word: str) -> str:
    """Return a word as a class; one that cannot be is ``unknown``, as Geofabrik says."""
    kind = re.sub(r"_grade\d$", "", word.lower())
    return kind if _CLASS.fullmatch(kind) else "unknown"


def _tags(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return all attributes on one level, their names in small letters."""
    out: dict[str, Any] = {}
    inner = attributes.get("tags")
    for level in (attributes, inner if isinstance(inner, dict) else {}):
        out.update((str(name).lower(), value) for name, value in level.items())
    packed = out.get("other_tags")
    if isinstance(packed, str):
        for name, value in _HSTORE.findall(packed):
            if not _words(out.get(name.lower())):
                out[name.lower()] = value
    return out


def _words(value: object) -> list[str]:
    """Return the words of a value: a word, a list, or a list in words."""
    words = value if isinstance(value, list) else re.split(r"[\[\]'\";,|\s]+", str(value))
    return [text for word in words if (text := str(word).strip()).lower() not in _BLANK]
