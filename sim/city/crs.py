"""Coordinates of files: longitude and latitude in degrees, whatever words say so."""

from __future__ import annotations

import re
from math import isfinite
from pathlib import Path

from sim.errors import InputError

DEGREES = "longitude and latitude in degrees, WGS 84"
_EPSG = {"4326", "4979", "4490", "4258", "4269"}
"""WGS 84 on the plane and with heights, and CGCS2000, ETRS89, NAD83: the same within two metres."""
_NAMES = {
    *("wgs84", "wgs1984", "gcswgs1984", "wgs84crs84", "worldgeodeticsystem1984"),
    *("cgcs2000", "gcschina2000", "chinageodeticcoordinatesystem2000"),
    *("etrs89", "gcsetrs1989", "nad83", "gcsnorthamerican1983"),
}
_CRS84 = re.compile(r"(urn(x)?ogcdef|https?wwwopengisnetdef|ogc|wgs84)*(crs)*(ogc)?(\d)*crs84h?")
_GEOGRAPHIC = re.compile(r'\s*(?:GEOGCS|GEOG\w*CRS|GEOD\w*CRS)\s*[\[(]\s*"([^"]*)"', re.IGNORECASE)
_CODE = re.compile(r"epsg(?:\.xml|\.io)?[^a-z]*?(\d{4,6})(?!\d)")


def check_crs(said: object, path: Path, field: str = "crs") -> None:
    """Check that a file's coordinates are degrees of WGS 84, or as good as.

    Parameters
    ----------
    said : object
        What it says of them: nothing (None, or empty), a name, a code, a proj string, WKT, or the
        ``crs`` of GeoJSON before 2016.
    path : Path
    field : str
        For messages.

    Raises
    ------
    InputError
        If they are projected, or of another datum: it is named.
    """
    name = _name(said)
    if not _is_degrees(name):
        allowed = "epsg:4326, longitude and latitude in degrees: save it so, before projecting"
        raise InputError(path, field, name, allowed)


def lonlat(position: object) -> tuple[float, float] | None:
    """Return longitude and latitude of a GeoJSON position; None if it has no finite numbers."""
    if not isinstance(position, list) or len(position) < 2:
        return None
    lon, lat = position[0], position[1]
    if type(lon) not in (int, float) or type(lat) not in (int, float):
        return None
    return (float(lon), float(lat)) if isfinite(lon) and isfinite(lat) else None


def in_degrees(lon: float, lat: float) -> bool:
    """Return whether numbers can be degrees."""
    return -180 <= lon <= 180 and -90 <= lat <= 90


def no_degrees(position: list[float], path: Path, field: str, crs: object) -> InputError:
    """Return the message on numbers that are none: what they may be, and what the file says."""
    hint = "; these look like metres" if max(map(abs, position)) > 360 else ""
    if _name(crs):
        hint += f"; the file's crs is {_name(crs)[:60]}"
    return InputError(path, field, position, f"{DEGREES}: -180 to 180, -90 to 90{hint}")


def _name(said: object) -> str:
    """Return the name in any of the forms in which files give it."""
    if isinstance(said, dict):
        inner, known = said.get("properties"), said.get("id")  # old GeoJSON; PROJJSON
        if isinstance(inner, dict) and ("name" in inner or "code" in inner):
            said = inner.get("name", inner.get("code"))
        elif isinstance(known, dict):
            said = f"{known.get('authority')}:{known.get('code')}"
    return "" if said is None else str(said).strip()


def _is_degrees(name: str) -> bool:
    low = name.lower()
    if low in ("", "none", "null"):
        return True
    if "[" in low:  # WKT: what stands outside says what it is
        found = _GEOGRAPHIC.match(name)
        return found is not None and _squeezed(found[1]) in _NAMES
    if "+proj=" in low:
        words = set(low.split())
        degrees = words & {"+proj=longlat", "+proj=latlong"}
        datum = words & {"+datum=wgs84", "+ellps=wgs84", "+ellps=grs80", "+datum=nad83"}
        return bool(degrees and datum)
    codes = _CODE.findall(low) or ([low] if low.isascii() and low.isdigit() else [])
    if codes:
        return _EPSG.issuperset(codes)
    short = _squeezed(low)
    return short in _NAMES or _CRS84.fullmatch(short) is not None


def _squeezed(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
