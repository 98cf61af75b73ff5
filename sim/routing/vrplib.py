"""A VRPLIB file as an instance: all that it says is read, or refused by name.

The format is TSPLIB's, with the fields of CVRPLIB and PyVRP. `sections` takes a file apart, `ways`
has its distances; here is what the fields mean.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.errors import one_of
from sim.routing.instance import Floats, Instance, Ints, Names
from sim.routing.sections import SECTIONS, Text, number, take_apart, whole
from sim.routing.ways import FORMATS, KINDS, ROUNDED, count, distances, matrix

PLACES = 1 << 15
"""The most places: the matrix of their distances takes 8 GiB."""

_LOADS = (("CAPACITY",), ("DEMAND", "LINEHAUL"))
_WINDOWS = (("TIME_WINDOW",),)
_LIMIT = (("DISTANCE", "VEHICLES_MAX_DURATION", "VEHICLES_MAX_DISTANCE"),)
_HOMES = (("VEHICLES_DEPOT",),)
_PRIZES = (("PRIZE",),)
_SITES = (("VEHICLES_ALLOWED_CLIENTS",),)
TYPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "VRP": (),
    "CVRP": _LOADS,
    "ACVRP": _LOADS,
    "DCVRP": (*_LOADS, *_LIMIT),
    "DVRP": (*_LOADS, *_LIMIT),
    "VRPTW": _WINDOWS,
    "CVRPTW": (*_LOADS, *_WINDOWS),
    "MDVRP": _HOMES,
    "MDVRPTW": (*_HOMES, *_WINDOWS),
    "HVRP": _LOADS,
    "HFVRP": _LOADS,
    "HFVRPTW": (*_LOADS, *_WINDOWS),
    "SDVRP": _SITES,
    "SDVRPTW": (*_SITES, *_WINDOWS),
    "PCVRP": _PRIZES,
    "PCVRPTW": (*_PRIZES, *_WINDOWS),
    "TSP": (),
    "ATSP": (),
    "TSPTW": _WINDOWS,
}
"""What TYPE may be, and the fields without which it would be another problem: of each group one.
SDVRP is the site-dependent one."""
_ROUND_TRIPS = ("TSP", "ATSP", "TSPTW")
_FOREIGN = {
    "VRPB": "backhauls",
    "VRPBTW": "backhauls",
    "MVRPB": "backhauls",
    "VRPSPD": "loads to bring back",
    "VRPSPDTW": "loads to bring back",
    "VRPPD": "loads to bring from stop to stop",
    "PDP": "loads to bring from stop to stop",
    "PDPTW": "loads to bring from stop to stop",
    "PDTSP": "loads to bring from stop to stop",
    "OVRP": "open tours",
    "OVRPTW": "open tours",
    "PVRP": "several days",
    "PVRPTW": "several days",
    "MTVRP": "vehicles that load again",
    "MTVRPTW": "vehicles that load again",
    "MTVRPTWR": "vehicles that load again",
    "VRPMT": "vehicles that load again",
    "GTSP": "groups of stops of which one is served",
    "GVRP": "groups of stops of which one is served",
    "EVRP": "vehicles that charge",
    "CCVRP": "sums of arrivals",
    "TRP": "sums of arrivals",
    "SOP": "stops before others",
    "HCP": "circles",
    "TOUR": "given tours",
}
_BY_VEHICLE = (
    "CAPACITY",
    "VEHICLES_DEPOT",
    "VEHICLES_ALLOWED_CLIENTS",
    "VEHICLES_FIXED_COST",
    "VEHICLES_MAX_DISTANCE",
    "VEHICLES_MAX_DURATION",
    "VEHICLES_UNIT_DISTANCE_COST",
)


class _Places(NamedTuple):
    """Which places there are: indices from 0 in the file's numbering."""

    total: int
    depots: list[int]
    stops: list[int]

    @property
    def order(self) -> list[int]:
        """Stops, then depots, as instances have them."""
        return self.stops + self.depots

    @property
    def names(self) -> Names:
        """As solution files of CVRPLIB and PyVRP count, the depot at node 1 is 0."""
        nodes = np.array(self.stops, dtype=np.int64) + 1
        return Names(nodes - 1 if 0 in self.depots else nodes, nodes)


def read_vrplib(path: Path, text: str, rounding: str) -> Instance:
    """Make an instance of a VRPLIB file's text.

    Parameters
    ----------
    path : Path
        For messages.
    text : str
    rounding : str
        One of `ways.ROUNDINGS`.

    Raises
    ------
    InputError
        What is wrong with it, or not solved here: field, row as numbered there, value.
    """
    file = take_apart(path, text)
    kind = _kind(file)
    places = _places(file, kind)
    distance, scale, xy = _ways(file, places, rounding)
    vehicles = _fleet(file, kind, places)
    start = _homes(file, places, vehicles)
    columns = _columns_of_stops(file, places, scale)
    opens, closes = _shifts(file, places, start, scale, vehicles)
    limit, without_work = _limits(file, vehicles, columns["service"])
    if without_work:  # nothing else asks how long the work takes
        columns["service"] = np.zeros(len(places.stops))
    return Instance.build(
        distance,
        stops=len(places.stops),
        vehicles=vehicles,
        capacity=_by_vehicle(file, "CAPACITY", vehicles, np.inf),
        fixed=_by_vehicle(file, "VEHICLES_FIXED_COST", vehicles, 0.0) * scale,
        start=start,
        end=start,
        shift_open=opens,
        shift_close=np.minimum(closes, opens + limit * scale),
        allowed=_allowed(file, places, vehicles),
        name=str(path),
        scale=scale,
        xy=xy,
        names=places.names,
        **columns,
    )


def _kind(file: Text) -> str:
    """Return the TYPE, where there is one, if all that makes it is there."""
    kind = file.keys.get("TYPE", "VRP").upper()
    if kind in _FOREIGN:
        raise file.error("TYPE", kind, f"{_FOREIGN[kind]} are not solved here")
    if kind not in TYPES:
        raise file.error("TYPE", kind, one_of(kind, TYPES))
    for group in TYPES[kind]:
        if not any(name in file.keys or name in file.sections for name in group):
            names = [f"{name}_SECTION" if name in SECTIONS else name for name in group]
            raise file.error(names[0], None, f"needed for TYPE {kind} ({' or '.join(names)})")
    if "DEMAND" in file.sections and "LINEHAUL" in file.sections:
        raise file.error("LINEHAUL_SECTION", "beside DEMAND_SECTION", "one of the two")
    return kind


def _places(file: Text, kind: str) -> _Places:
    total = file.whole("DIMENSION")
    if total is None or not 2 <= total <= PLACES:
        allowed = f"the number of places, from 2 to {PLACES}"
        raise file.error("DIMENSION", file.keys.get("DIMENSION"), allowed)
    depots: list[int] = []
    for row in file.sections.get("DEPOT", ()):
        for word in row.text.split():
            if depots and depots[-1] < 0:
                raise file.error(f"DEPOT_SECTION line {row.line}", row.text, "nothing after -1")
            node = whole(word)
            if node is None or not (node == -1 or 1 <= node <= total) or node - 1 in depots:
                allowed = f"places from 1 to {total}, each once, and -1 at the end"
                raise file.error("DEPOT_SECTION", word, allowed)
            depots.append(node - 1 if node > 0 else -1)
    depots = [depot for depot in depots if depot >= 0]
    if not depots and kind in _ROUND_TRIPS:  # a round trip begins anywhere
        depots = [0]
    if not depots:
        raise file.error("DEPOT_SECTION", None, "the number of the depot's place")
    stops = [place for place in range(total) if place not in set(depots)]
    if not stops:
        raise file.error("DEPOT_SECTION", len(depots), "at least one place that is no depot")
    return _Places(total, depots, stops)


def _ways(file: Text, places: _Places, rounding: str) -> tuple[Floats, float, Floats | None]:
    """Return distances and coordinates in the instance's order, and units for one of the file."""
    kind = file.keys.get("EDGE_WEIGHT_TYPE", "").upper()
    known = ("EXPLICIT", *KINDS)
    if kind not in known:
        asked = file.keys.get("EDGE_WEIGHT_TYPE")
        raise file.error("EDGE_WEIGHT_TYPE", asked, one_of(kind, known))
    width = 3 if "3D" in kind or file.keys.get("NODE_COORD_TYPE") == "THREED_COORDS" else 2
    if file.keys.get("NODE_COORD_TYPE", "") not in (
        "",
        "TWOD_COORDS",
        "THREED_COORDS",
        "NO_COORDS",
    ):
        allowed = "TWOD_COORDS, THREED_COORDS or NO_COORDS"
        raise file.error("NODE_COORD_TYPE", file.keys["NODE_COORD_TYPE"], allowed)
    xy = shown = None
    if "NODE_COORD" in file.sections:
        xy = shown = file.table("NODE_COORD", places.total, "place", width, -np.inf)[places.order]
    if "DISPLAY_DATA" in file.sections:
        shown = file.table("DISPLAY_DATA", places.total, "place", 2, -np.inf)[places.order]
    shown = None if shown is None else shown[:, :2]
    if kind == "EXPLICIT":
        return _given(file, places), 1.0, shown
    for field in ("EDGE_WEIGHT", "EDGE_WEIGHT_FORMAT"):
        given = file.keys.get(field, "a matrix" if field in file.sections else "FUNCTION")
        if given.upper() != "FUNCTION":
            name = field if field in file.keys else f"{field}_SECTION"
            raise file.error(
                name, given, f"only with EDGE_WEIGHT_TYPE EXPLICIT, which is {kind} here"
            )
    if xy is None:
        raise file.error("NODE_COORD_SECTION", None, f"coordinates, for EDGE_WEIGHT_TYPE {kind}")
    if kind in ROUNDED:
        if rounding != "auto":
            raise file.error("EDGE_WEIGHT_TYPE", kind, "rounded as it is defined: without --round")
        return distances(kind, xy, "none"), 1.0, shown
    if rounding == "auto":
        windows = "TIME_WINDOW" in file.sections
        rounding = "dimacs" if windows and kind == "EUC_2D" else "round"
    return distances(kind, xy, rounding), 10.0 if rounding == "dimacs" else 1.0, shown


def _given(file: Text, places: _Places) -> Floats:
    form = file.keys.get("EDGE_WEIGHT_FORMAT", "").upper()
    if form not in FORMATS:
        allowed = one_of(form, FORMATS)
        raise file.error("EDGE_WEIGHT_FORMAT", file.keys.get("EDGE_WEIGHT_FORMAT"), allowed)
    if "EDGE_WEIGHT" not in file.sections:
        raise file.error(
            "EDGE_WEIGHT_SECTION", None, "the distances, for EDGE_WEIGHT_TYPE EXPLICIT"
        )
    numbers, wanted = file.stream("EDGE_WEIGHT"), count(form, places.total)
    if len(numbers) != wanted:
        allowed = f"{wanted} numbers, for {form} of {places.total} places"
        raise file.error("EDGE_WEIGHT_SECTION", f"{len(numbers)} numbers", allowed)
    full = matrix(form, numbers, places.total)
    np.fill_diagonal(full, 0.0)  # nobody goes from a place to itself
    if (full < 0).any():
        row, column = (int(i) for i in np.argwhere(full < 0)[0])
        where = f"EDGE_WEIGHT_SECTION row {row + 1}, column {column + 1}"
        raise file.error(where, float(full[row, column]), "distances of at least 0")
    return full[np.ix_(places.order, places.order)]


def _fleet(file: Text, kind: str, places: _Places) -> int:
    """Return how many vehicles there are; of vehicles alike no more than could ever leave."""
    listed = next((name for name in _BY_VEHICLE if name in file.sections), None)
    vehicles = file.whole("VEHICLES")
    if kind in _ROUND_TRIPS:
        if vehicles not in (None, 1):
            raise file.error("VEHICLES", vehicles, f"1, for TYPE {kind}")
        return 1
    if listed is None:
        return len(places.stops) if vehicles is None else min(vehicles, len(places.stops))
    if vehicles is None:
        raise file.error("VEHICLES", None, f"the number of vehicles, with {listed}_SECTION")
    if vehicles > len(file.sections[listed]):  # before room is made for so many
        rows = f"{len(file.sections[listed])} rows"
        raise file.error(f"{listed}_SECTION", rows, f"a row for each of {vehicles} vehicles")
    return vehicles


def _by_vehicle(file: Text, name: str, vehicles: int, default: float) -> Floats:
    """Return what a key says of all vehicles, or a section of each."""
    if name in file.sections:
        return file.table(name, vehicles, "vehicle")[:, 0]
    value = file.number(name)
    return np.full(vehicles, default if value is None else value)


def _where(file: Text, name: str, vehicle: int) -> str:
    """Name the place where something is said of a vehicle, or of all."""
    return name if name in file.keys else f"{name}_SECTION row {vehicle}"


def _homes(file: Text, places: _Places, vehicles: int) -> Ints:
    """Return the place from which each vehicle starts, and to which it returns."""
    name = "VEHICLES_DEPOT"
    if name not in file.sections and name not in file.keys:
        if len(places.depots) > 1:
            allowed = f"{name}_SECTION, which says where each vehicle is at home"
            raise file.error(
                "DEPOT_SECTION", [depot + 1 for depot in places.depots], f"one, or {allowed}"
            )
        return np.full(vehicles, len(places.stops))
    homes = _by_vehicle(file, name, vehicles, 0.0)
    at = {depot + 1: len(places.stops) + i for i, depot in enumerate(places.depots)}
    for vehicle, home in enumerate(homes.tolist()):
        if home not in at:
            where = _where(file, name, vehicle + 1)
            raise file.error(where, f"{home:g}", f"one of the depots, {', '.join(map(str, at))}")
    return np.array([at[int(home)] for home in homes], dtype=np.int64)


def _columns_of_stops(file: Text, places: _Places, scale: float) -> dict[str, Any]:
    """Return demands, windows, work and prizes, in units of the instance."""
    n, stops = places.total, places.stops
    columns: dict[str, Any] = {"service": np.zeros(len(stops))}
    for section, field, units in (
        ("DEMAND", "demand", 1.0),
        ("LINEHAUL", "demand", 1.0),
        ("SERVICE_TIME", "service", scale),
        ("PRIZE", "prize", scale),
    ):
        if section not in file.sections:
            continue
        values = file.table(section, n, "place")[:, 0]
        for depot in places.depots:
            if values[depot]:
                where = f"{section}_SECTION row {depot + 1}"
                raise file.error(
                    where, f"{values[depot]:g}", "0 at a depot: else it is not solved here"
                )
        columns[field] = values[stops] * units
    work = file.number("SERVICE_TIME")
    if work is not None:
        columns["service"] = np.full(len(stops), work * scale)
    if "prize" in columns:  # 0: it must be served
        columns["prize"] = np.where(columns["prize"] == 0, np.inf, columns["prize"])
    if "TIME_WINDOW" in file.sections:
        windows = _windows(file, places)[stops] * scale
        columns |= {"open": windows[:, 0], "close": windows[:, 1]}
    return columns


def _windows(file: Text, places: _Places) -> Floats:
    windows = file.table("TIME_WINDOW", places.total, "place", 2, -np.inf)
    for row, (opens, closes) in enumerate(windows.tolist()):
        if opens > closes:
            where = f"TIME_WINDOW_SECTION row {row + 1}"
            raise file.error(
                where, f"{opens:.12g} {closes:.12g}", "an opening not after the closing"
            )
    return windows


def _shifts(
    file: Text, places: _Places, start: Ints, scale: float, vehicles: int
) -> tuple[Floats, Floats]:
    """Return when vehicles may leave and have to be back: the windows of their depots."""
    if "TIME_WINDOW" not in file.sections:
        return np.zeros(vehicles), np.full(vehicles, np.inf)
    windows = _windows(file, places)[places.depots] * scale
    at = start - len(places.stops)
    return windows[at, 0], windows[at, 1]


def _limits(file: Text, vehicles: int, service: Floats) -> tuple[Floats, bool]:
    """Return how long each tour may take, in the file's units, and whether work is left out of it.

    Without windows nobody waits, and a tour's length is when it ends. DISTANCE, as CVRPLIB's
    files have it, counts the work too; VEHICLES_MAX_DISTANCE does not.
    """
    given = [
        name
        for name in ("DISTANCE", "VEHICLES_MAX_DURATION", "VEHICLES_MAX_DISTANCE")
        if name in file.keys or name in file.sections
    ]
    limit = np.full(vehicles, np.inf)
    for name in given:
        if "TIME_WINDOW" in file.sections:
            raise file.error(
                name, "with TIME_WINDOW_SECTION", "one of the two: both are not solved here"
            )
        limit = np.minimum(limit, _by_vehicle(file, name, vehicles, np.inf))
    alone = given == ["VEHICLES_MAX_DISTANCE"]
    if "VEHICLES_MAX_DISTANCE" in given and not alone and service.any():
        others = " and ".join(given[:-1])
        allowed = "one of the two where stops take time: both are not solved here"
        raise file.error("VEHICLES_MAX_DISTANCE", f"with {others}", allowed)
    costs = _by_vehicle(file, "VEHICLES_UNIT_DISTANCE_COST", vehicles, 1.0)
    for vehicle, each in enumerate(costs.tolist(), 1):
        if each != 1.0:
            where = _where(file, "VEHICLES_UNIT_DISTANCE_COST", vehicle)
            raise file.error(where, f"{each:g}", "1: other costs are not solved here")
    return limit, alone


def _allowed(file: Text, places: _Places, vehicles: int) -> NDArray[np.bool_] | bool:
    """Return which stops each vehicle may serve, [stops, vehicles]."""
    name = "VEHICLES_ALLOWED_CLIENTS"
    if name not in file.sections:
        return True
    stop_of = {place + 1: stop for stop, place in enumerate(places.stops)}
    allowed = np.zeros((len(places.stops), vehicles), dtype=np.bool_)
    for vehicle, _row, words in file.rows(name, vehicles, "vehicle"):
        for word in words:
            node = number(word)
            if node not in stop_of:
                where = f"{name}_SECTION row {vehicle + 1}"
                raise file.error(where, word, f"places from 1 to {places.total} that are no depots")
            allowed[stop_of[int(node)], vehicle] = True
    return allowed
