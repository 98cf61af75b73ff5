"""The districts' borders, read from GeoJSON and held against what their rows say of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.city.crs import DEGREES, check_crs, in_degrees, lonlat, no_degrees
from sim.city.geometry import Projection
from sim.errors import InputError
from sim.reading import read_text
from sim.scenario.boundaries import boundaries
from sim.scenario.tables import DistrictRow

_AREA_FACTOR = 5.0
"""By how much a border's area may differ from the stated one: lakes and coasts are told apart
differently (Suzhou's differ by up to 17 %), other units by 100 or more."""
_NEAR_M = 1000.0
"""How far a centre may lie outside the hull of its border: both are simplified and rounded."""
_WIDEST = 30.0  # degrees of longitude
_STRETCH = 1.1  # of lengths, from the middle to the northern or southern edge
_AREA = "a Polygon or MultiPolygon"


def read_borders(path: Path, rows: Sequence[DistrictRow]) -> tuple[Projection, dict[str, Any]]:
    """Read the districts' borders from GeoJSON.

    Only the features that the rows name are looked at, and all of those, whichever districts are
    simulated: a district is the same alone and among others.

    Returns
    -------
    Projection
        About the middle of all borders.
    dict
        A shapely polygon or multipolygon in metres by the row's code.

    Raises
    ------
    InputError
        If a border is no valid area in degrees, lies beside the centre that its row states, or is
        of quite another area; if they cross the antimeridian or are too large for one plane.
        Feature and coordinate are named.
    """
    import shapely

    crs, features = boundaries(read_text(path, field="area.boundaries"), path, rows)
    degrees = {row.code: _border(features[row.code], row.code, crs, path) for row in rows}
    check_crs(crs, path)  # what is no degrees has been told already, by its place
    projection = _projection(degrees, rows, path)
    metres = {code: shapely.transform(border, projection.to_xy) for code, border in degrees.items()}
    for row in rows:
        _compare(row, metres[row.code], projection, path)
    return projection, metres


def _border(feature: dict[str, Any], code: str, crs: object, path: Path) -> Any:
    """Return a feature's polygon or multipolygon, in degrees."""
    import shapely

    geometry, field = feature.get("geometry"), f"feature {code}, geometry"
    if not isinstance(geometry, dict):
        raise InputError(path, field, geometry, _AREA)
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        raise InputError(path, field, kind, _AREA)
    parts, where = geometry.get("coordinates"), f"{field}.coordinates"
    if kind == "Polygon":
        polygons = [_polygon(parts, crs, path, where)]
    else:
        polygons = [
            _polygon(part, crs, path, f"{where}[{k}]")
            for k, part in enumerate(_listed(parts, path, where))
        ]
    check_crs(feature.get("crs"), path, f"feature {code}, crs")
    check_crs(geometry.get("crs"), path, f"{field}.crs")
    border = polygons[0] if kind == "Polygon" else shapely.MultiPolygon(polygons)
    if not border.is_valid:
        reason = shapely.is_valid_reason(border)
        raise InputError(path, field, reason, "a border that does not cross itself")
    return border


def _polygon(rings: object, crs: object, path: Path, field: str) -> Any:
    import shapely

    places: list[list[tuple[float, float]]] = []
    for k, ring in enumerate(_listed(rings, path, field)):
        places.append([])
        for n, position in enumerate(_listed(ring, path, f"{field}[{k}]")):
            place, where = lonlat(position), f"{field}[{k}][{n}]"
            if place is None:
                raise InputError(path, where, position, DEGREES)
            if not in_degrees(*place):
                raise no_degrees([*place], path, where, crs)
            places[-1].append(place)
    try:
        return shapely.Polygon(places[0], places[1:])
    except (ValueError, shapely.errors.GEOSException) as error:
        raise InputError(path, field, str(error), "rings of at least four positions") from None


def _listed(values: object, path: Path, field: str) -> list[Any]:
    if not isinstance(values, list) or not values:
        raise InputError(path, field, values, f"the coordinates of {_AREA}")
    return values


def _projection(degrees: dict[str, Any], rows: Sequence[DistrictRow], path: Path) -> Projection:
    """Return the projection about the middle of borders that fit on one plane."""
    boxes = np.array([border.bounds for border in degrees.values()])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    lon, lat = float((west + east) / 2), float((south + north) / 2)
    middle, *edges = np.cos(np.radians([lat, south, north]))
    tall = middle > _STRETCH * min(edges) or max(edges) > _STRETCH * middle
    if east - west > _WIDEST or tall:
        middles = (boxes[:, :2] + boxes[:, 2:]) / 2
        size, off = boxes[:, 2:] - boxes[:, :2], np.abs(middles - np.median(middles, axis=0))
        beside = np.abs(middles - [[row.lon, row.lat] for row in rows])
        code = rows[int(np.argmax((size + beside + off).max(axis=1)))].code
        box = " to ".join(f"{x:g}, {y:g}" for x, y in ((west, south), (east, north)))
        allowed = (
            f"borders that together reach over at most {_WIDEST:g}° of longitude, not across "
            "±180°, nor so far to a pole that lengths differ by 10 %"
        )
        raise InputError(path, f"feature {code}, geometry", box, allowed)
    return Projection(lon, lat)


def _compare(row: DistrictRow, border: Any, projection: Projection, path: Path) -> None:
    """Compare a border in metres with the area and the centre of its row."""
    import shapely

    field, area = f"feature {row.code}, geometry", border.area / 1e6
    centre = shapely.Point(projection.to_xy(np.array([[row.lon, row.lat]]))[0])
    if shapely.convex_hull(border).distance(centre) > _NEAR_M:
        west, south, east, north = shapely.transform(border, projection.to_lonlat).bounds
        value = f"{west:.5g}, {south:.5g} to {east:.5g}, {north:.5g}"
        allowed = f"a border about the centre of {row.name_en}: lon {row.lon:g}, lat {row.lat:g}"
        raise InputError(path, field, value, allowed)
    if not row.area_km2 / _AREA_FACTOR <= area <= row.area_km2 * _AREA_FACTOR:
        allowed = (
            f"an area within a factor of {_AREA_FACTOR:g} of the area_km2 of {row.name_en}, "
            f"{row.area_km2:g}"
        )
        raise InputError(path, field, f"{area:.4g} km²", allowed)
