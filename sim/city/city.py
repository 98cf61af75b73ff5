"""The city: where things are, who lives there and who is on the payroll."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.city.apportion import apportion
from sim.city.borders import read_borders
from sim.city.geometry import Points, Projection
from sim.city.grids import GridNet, grid_net
from sim.city.redrawn import read_redrawn, redraw
from sim.errors import InputError
from sim.processors import processors
from sim.scenario import Scenario
from sim.scenario.room import check_room

if TYPE_CHECKING:
    import networkx as nx

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class City:
    """The hierarchy and geography of some districts, as flat arrays.

    D districts in the table's order, T towns, C communities, G grids; grids are sorted by
    district, town and community. Totals are apportioned over the whole table first: a district
    is the same whether it stands alone or among the others.

    Attributes
    ----------
    district_code, district_name, district_name_zh : tuples of str [D]
    district_population, district_share : int64 [D], float64 [D]
        Residents, and their share of the whole table's.
    district_xy : float64 [D, 2]
        Centres, m.
    district_border : tuple of shapely geometries [D]
        In metres.
    town_name, town_name_zh : tuples of str [T]
    town_district, town_xy, town_population : int32 [T], float64 [T, 2], int64 [T]
    community_town : int32 [C]
    grid_community, grid_town, grid_district : int32 [G]
    grid_xy, grid_area, grid_population : float64 [G, 2] m, float64 [G] m², int64 [G]
    grid_loop_m : float64 [G]
        Length of the patrol loop, whole metres.
    grid_camera : float64 [G]
        Share of places that a camera sees.
    grid_leaders, grid_full_time, grid_part_time : int64 [G]
        The staff of the base year.
    hotline_requests, police_calls : int64 [D]
        Of the published period.
    projection : Projection
        Between degrees and metres.
    """

    district_code: tuple[str, ...]
    district_name: tuple[str, ...]
    district_name_zh: tuple[str, ...]
    district_population: Ints
    district_share: Floats
    district_xy: Points
    district_border: tuple[Any, ...]
    town_name: tuple[str, ...]
    town_name_zh: tuple[str, ...]
    town_district: NDArray[np.int32]
    town_xy: Points
    town_population: Ints
    community_town: NDArray[np.int32]
    grid_community: NDArray[np.int32]
    grid_town: NDArray[np.int32]
    grid_district: NDArray[np.int32]
    grid_xy: Points
    grid_area: Floats
    grid_population: Ints
    grid_loop_m: Floats
    grid_camera: Floats
    grid_leaders: Ints
    grid_full_time: Ints
    grid_part_time: Ints
    hotline_requests: Ints
    police_calls: Ints
    projection: Projection

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __repr__(self) -> str:
        return (
            f"<City of {len(self.district_name)} districts, {len(self.town_name)} towns, "
            f"{len(self.community_town)} communities, {len(self.grid_xy)} grids>"
        )

    @classmethod
    def build(cls, scenario: Scenario) -> City:
        """Build the city of a scenario.

        Raises
        ------
        InputError
            If there are fewer grids than towns in a district, or no residents in a town, a border
            is no area or not the one that its row tells of, or the scenario asks for more than
            fits into memory.
        """
        check_room(scenario)
        table, totals = scenario.district_table, scenario.totals
        weights = [row.population_2020_census for row in table]
        grids = apportion(totals.grids, weights)
        surplus = max(totals.full_time - totals.grids, 0)
        full_time = (
            grids + apportion(surplus, weights)
            if totals.full_time >= totals.grids
            else apportion(totals.full_time, weights)
        )
        shares = {
            name: apportion(total, weights)
            for name, total in (
                ("population", totals.population),
                ("leaders", totals.grid_leaders),
                ("part_time", totals.part_time),
                ("hotline", totals.hotline_requests),
                ("police", totals.police_calls),
            )
        }
        # leaders go with grids where the totals are the same
        if totals.grid_leaders == totals.grids:
            shares["leaders"] = grids
        projection, borders = read_borders(scenario.boundaries_path, table)
        chosen = [
            i
            for i, row in enumerate(table)
            if not scenario.area.include or row.name_en in scenario.area.include
        ]
        centres = projection.to_xy(np.array([[row.lon, row.lat] for row in table]))

        path = scenario.attached.get("area.grids")
        redrawn = read_redrawn(path, scenario.attached_hashes["area.grids"]) if path else {}
        for code, town in redrawn:
            row = next((row for row in table if row.code == code), None)
            if row is None or not 0 <= town < scenario.districts[row.name_en].towns:
                raise InputError(path, "town", f"{code}-{town + 1}", "a town of the scenario")

        for i in chosen:
            row, own = table[i], scenario.districts[table[i].name_en]
            if grids[i] < own.towns:
                field = f"districts.{row.name_en}.towns"
                most = f"at most its {grids[i]} grids, of totals.grids apportioned by population"
                raise InputError(scenario.file_of(field), field, own.towns, most)

        def laid(i: int) -> GridNet:
            code = table[i].code
            net = grid_net(
                code,
                borders[code],
                centres[i],
                scenario.districts[table[i].name_en].towns,
                int(grids[i]),
                int(shares["population"][i]),
                scenario.grid.grids_per_community,
            )
            if (net.grid_area < 1).any():
                field, value = f"feature {code}, geometry", f"{borders[code].area:.3g} m²"
                allowed = f"room for {grids[i]} grids: at least 1 m² each"
                raise InputError(scenario.boundaries_path, field, value, allowed)
            if path is None:
                return net
            return redraw(net, code, borders[code], projection, redrawn, path)

        with ThreadPoolExecutor(processors()) as pool:
            nets = list(pool.map(laid, chosen))

        parts: dict[str, list[Any]] = {}
        towns = communities = 0
        for number, (i, net) in enumerate(zip(chosen, nets, strict=True)):
            own = scenario.districts[table[i].name_en]
            people = net.grid_population
            loop = scenario.grid.loop_per_sqrt_area * np.sqrt(net.grid_area)
            columns: dict[str, Any] = {
                "town_district": np.full(own.towns, number),
                "town_xy": net.town_xy,
                "town_population": np.bincount(net.grid_town, weights=people, minlength=own.towns),
                "community_town": net.community_town + towns,
                "grid_community": net.grid_community + communities,
                "grid_town": net.grid_town + towns,
                "grid_district": np.full(len(people), number),
                "grid_xy": net.grid_xy,
                "grid_area": net.grid_area,
                "grid_population": people,
                "grid_loop_m": np.round(
                    np.clip(loop, scenario.grid.loop_min_m, scenario.grid.loop_max_m)
                ),
                "grid_camera": np.full(len(people), own.camera_coverage),
                "grid_leaders": _largest_first(int(shares["leaders"][i]), people),
                "grid_full_time": _largest_first(int(full_time[i]), people),
                "grid_part_time": apportion(int(shares["part_time"][i]), people + 1),
            }
            for name, column in columns.items():
                parts.setdefault(name, []).append(column)
            towns += own.towns
            communities += len(net.community_town)

        arrays = {
            name: np.concatenate(columns).astype(_types(name)) for name, columns in parts.items()
        }
        rows = [table[i] for i in chosen]
        numbered = [
            (row, n + 1) for row in rows for n in range(scenario.districts[row.name_en].towns)
        ]
        for (row, n), people in zip(numbered, arrays["town_population"], strict=True):
            if people == 0:
                field = "totals.population"
                allowed = f"residents in every town; {row.name_en} {n:02d} would have none"
                raise InputError(scenario.file_of(field), field, totals.population, allowed)
        return cls(
            district_code=tuple(row.code for row in rows),
            district_name=tuple(row.name_en for row in rows),
            district_name_zh=tuple(row.name_zh for row in rows),
            district_population=shares["population"][chosen],
            district_share=np.array(weights, dtype=float)[chosen] / sum(weights),
            district_xy=np.round(centres[chosen], 1),
            district_border=tuple(borders[row.code] for row in rows),
            town_name=tuple(f"{row.name_en} {n:02d}" for row, n in numbered),
            town_name_zh=tuple(f"{row.name_zh} {n:02d}" for row, n in numbered),
            hotline_requests=shares["hotline"][chosen],
            police_calls=shares["police"][chosen],
            projection=projection,
            **arrays,
        )

    @cached_property
    def graph(self) -> nx.DiGraph:
        """The hierarchy as a tree: city, districts, towns, communities, grids.

        Nodes are ``("city", 0)``, ``("district", d)`` and so on, each with its ``level``,
        ``name`` and ``population``.
        """
        import networkx as nx

        tree = nx.DiGraph()
        people = self.grid_population
        community = np.bincount(self.grid_community, weights=people).astype(np.int64)
        tree.add_node(("city", 0), level="city", name="city", population=int(people.sum()))
        levels: list[tuple[str, str, list[int], list[str], Ints]] = [
            ("district", "city", [0] * len(self.district_name), list(self.district_name),
             self.district_population),
            ("town", "district", self.town_district.tolist(), list(self.town_name),
             self.town_population),
            ("community", "town", self.community_town.tolist(),
             [f"community {c}" for c in range(len(community))], community),
            ("grid", "community", self.grid_community.tolist(),
             [f"grid {g}" for g in range(len(people))], people),
        ]  # fmt: skip
        for level, above, parents, names, population in levels:
            for i, parent in enumerate(parents):
                tree.add_node((level, i), level=level, name=names[i], population=int(population[i]))
                tree.add_edge((above, parent), (level, i))
        return tree

    def nearest_grid(self, xy: Points) -> NDArray[np.int64]:
        """Return the grid whose middle is nearest to each point [n, 2] in metres."""
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(self.grid_xy).query(np.asarray(xy, dtype=float))[1])

    def grid_cells(self, district: int) -> list[Any]:
        """Return the grids of a district as areas for maps: Voronoi cells within the border."""
        import shapely

        here = np.flatnonzero(self.grid_district == district)
        border = self.district_border[district]
        points = shapely.points(self.grid_xy[here])
        cells = shapely.voronoi_polygons(
            shapely.multipoints(points), extend_to=shapely.envelope(border), ordered=True
        )
        return [cell.intersection(border) for cell in cells.geoms]


def _types(name: str) -> type[np.generic]:
    if name in ("town_xy", "grid_xy", "grid_area", "grid_loop_m", "grid_camera"):
        return np.float64
    counts = ("population", "leaders", "full_time", "part_time")
    return np.int64 if name.endswith(counts) else np.int32


def _largest_first(total: int, people: Ints) -> Ints:
    """Give each grid the same number, and one more to the most populous."""
    each, left = divmod(total, len(people))
    out = np.full(len(people), each, dtype=np.int64)
    out[np.lexsort((np.arange(len(people)), -people))[:left]] += 1
    return out
