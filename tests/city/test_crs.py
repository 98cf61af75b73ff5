"""WGS 84 in many words, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim.city.crs import check_crs
from sim.errors import InputError

WKT = 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137]],AUTHORITY["EPSG","4326"]]'
UTM = f'PROJCS["WGS 84 / UTM zone 51N",{WKT},AUTHORITY["EPSG","32651"]]'


def named(name: object) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": name}}


@pytest.mark.parametrize(
    "said",
    [
        None, "", "None", "epsg:4326", "EPSG:4326", "EPSG::4326", " epsg:4326 ", "4326", 4326,
        "+init=epsg:4326", "{'init': 'epsg:4326'}", "+init=EPSG:4326 +type=crs",
        "+proj=longlat +datum=WGS84 +no_defs", "+proj=latlong +ellps=WGS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "urn:ogc:def:crs:EPSG::4326",
        "urn:ogc:def:crs:EPSG:6.6:4326", "urn:x-ogc:def:crs:EPSG:4326", "OGC:CRS84", "CRS84",
        "CRS:84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https://www.opengis.net/def/crs/EPSG/0/4326",
        "http://www.opengis.net/gml/srs/epsg.xml#4326", "https://epsg.io/4326",
        "WGS 84", "WGS84", "wgs_84", "GCS_WGS_1984", "WGS 84 (CRS84)", "CRS84h", "EPSG:4979",
        "EPSG:4490", "EPSG:4258", "epsg:4269", WKT, WKT.replace("GEOGCS", "GEOGCRS"),
        'GEODCRS["WGS 84",DATUM["World Geodetic System 1984"]]',
        "<Geographic 2D CRS: EPSG:4326>",
        named("urn:ogc:def:crs:OGC:1.3:CRS84"), named("EPSG:4326"), named(None),
        {"type": "EPSG", "properties": {"code": 4326}},
        {"type": "GeographicCRS", "name": "WGS 84", "id": {"authority": "EPSG", "code": 4326}},
    ],
)  # fmt: skip
def test_degrees(said: object) -> None:
    check_crs(said, Path("a.geojson"))


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("epsg:3857", "3857"),
        ("EPSG:32651", "32651"),
        ("epsg:43260", "43260"),
        ("epsg:14326", "14326"),
        ("urn:ogc:def:crs:EPSG::3857", "3857"),
        ("http://www.opengis.net/def/crs/EPSG/0/900913", "900913"),
        ("+init=epsg:32651", "32651"),
        ("+proj=utm +zone=51 +datum=WGS84", "utm"),
        ("+proj=longlat +ellps=krass", "krass"),
        ("EPSG:32651 from EPSG:4326", "32651"),
        (UTM, "UTM"),
        ('BOUNDCRS[SOURCECRS[GEOGCRS["WGS 84"]]]', "BOUNDCRS"),
        ('GEOGCS["Beijing 1954"]', "Beijing"),
        ("WGS 84 / Pseudo-Mercator", "Mercator"),
        ("WGS 84 / UTM zone 51N", "UTM"),
        ("GCJ-02", "GCJ-02"),
        ("EPSG", "EPSG"),
        (5, "5"),
        ([], "[]"),
        ({}, "{}"),
        (named("urn:ogc:def:crs:EPSG::2154"), "2154"),
        ({"type": "link", "properties": {"href": "http://x/4326"}}, "link"),
        ({"properties": {"properties": {"properties": {}}}}, "properties"),
    ],
)
def test_anything_else_is_named(said: object, told: str) -> None:
    with pytest.raises(InputError) as caught:
        check_crs(said, Path("a.geojson"))
    assert caught.value.field == "crs"
    assert told in caught.value.value
