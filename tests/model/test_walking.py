"""Routes: arithmetic of passes, and tables of routes."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from engine.outcomes import check_outcome, same
from generated import routes
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import CATEGORIES, tiny

import sim
from sim.city import City
from sim.errors import InputError
from sim.model.routes import LOOP, Leg, Route, read_routes, walks, write_routes
from sim.model.state import Channel
from sim.model.walking import next_pass, route_pass, route_place
from sim.scenario.schema import Scenario

CELLS = 12


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City.build(tiny(tmp_path_factory.mktemp("patrol")))


def arithmetic(route: Route, city: City) -> tuple[float, float, tuple[object, ...]]:
    walk = walks({(city.district_code[0], 0): route}, city, 1.1)
    parts = [
        part[: walk.first[1]].tolist() for part in (walk.at, walk.start, walk.length, walk.ahead)
    ]
    return walk.loop[0], walk.cycle[0], (0, len(route.legs), *parts)


ticks = st.integers(0, 10**7).map(lambda n: n / 1024)


@given(odometer=ticks, share=st.floats(0, 1, exclude_max=True), passes=st.integers(1, 40))
def test_the_loop_is_as_it_was(odometer: float, share: float, passes: int, city: City) -> None:
    loop, cycle, legs = arithmetic(LOOP, city)
    place = np.rint(share * loop * 1024) / 1024 % loop
    assert loop == cycle
    assert route_pass(odometer, place, passes, loop, cycle, *legs) == next_pass(
        odometer, place, loop, passes
    )
    assert route_place(odometer, loop, cycle, *legs) == (odometer % loop, 0.0)


@given(route=routes(), odometer=ticks, share=st.floats(0, 1, exclude_max=True))
def test_passes_by_walking(route: Route, odometer: float, share: float, city: City) -> None:
    """Against a walk that lists all instants at which the place is passed, leg by leg."""
    loop, cycle, legs = arithmetic(route, city)
    _, last, at, start, length, ahead = legs
    place = float(np.rint(share * loop * 1024) / 1024 % loop)
    instants = []
    for k in range(last):  # type: ignore[arg-type]
        for turn in range(-4, 5):
            off = (place + turn * loop - start[k]) * ahead[k]
            if 0 <= off < length[k] if ahead[k] > 0 else 0 < off <= length[k]:
                instants.append((at[k] + off) % cycle)
    assert len(instants) == route.passes()[int(np.searchsorted(edges(loop), place, "right")) - 1]
    rounds = odometer // cycle
    every = sorted(i + n * cycle for i in instants for n in range(int(rounds), int(rounds) + 5))
    every = [instant for instant in every if instant >= odometer]
    for passes in (1, 2, len(instants), len(instants) + 1, 2 * len(instants) + 1):
        found = route_pass(odometer, place, passes, loop, cycle, *legs)
        assert found == every[passes - 1]
        here, rest = route_place(found, loop, cycle, *legs)
        if rest == 0:  # a leg's far edge is where the next one begins
            assert here == place or any(found % cycle == a for a in at)


def edges(loop: float) -> np.ndarray:
    return np.array([np.rint(loop * k / CELLS * 1024) / 1024 for k in range(CELLS)])


def test_a_place_that_is_never_passed(city: City) -> None:
    loop, cycle, legs = arithmetic(Route(4, (Leg(0, 1), Leg(1, -1))), city)
    assert route_pass(0.0, loop / 2, 1, loop, cycle, *legs) == float("inf")


def test_on_a_crossing(city: City) -> None:
    loop, cycle, legs = arithmetic(Route(4, (Leg(0, 4, 0.0), Leg(2, 2, 110.0))), city)
    assert route_place(loop + 30, loop, cycle, *legs) == (legs[3][1], 70.0)  # type: ignore[index]
    assert cycle == pytest.approx(1.5 * loop + 100, abs=0.01)


def test_routes_there_and_back(tmp_path: Path, city: City) -> None:
    scenario = tiny(tmp_path)
    some = {
        (city.district_code[0], 3): Route(8, (Leg(0, 8), Leg(0, -2), Leg(6, 2))),
        (city.district_code[1], 0): Route(4, (Leg(0, 4, 50.5), Leg(3, -2, 12.25))),
    }
    write_routes(some, tmp_path / "routes.csv")
    assert read_routes(tmp_path / "routes.csv", scenario, city) == some


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("900001,0,0,4,0,3,0", "row 2, the route that ends there: 'cell 3 of 4 never passed'"),
        ("900001,0,0,4,0,5,0", "'from cell 1 to cell 0 in no time' is not allowed; cross_m"),
        ("900009,0,0,4,0,4,0", "row 2, column district: '900009' is not allowed"),
        ("900001,99,0,4,0,4,0", "row 2, column grid: '99' is not allowed; 0 to "),
        ("900001,0,1,4,0,4,0", "row 2, column leg: '1' is not allowed; 0"),
        ("900001,0,0,4,4,4,0", "row 2, column start: '4' is not allowed; 0 to 3"),
        ("900001,0,0,4,0,0,0", "row 2, column cells: '0' is not allowed; not 0"),
        ("900001,0,0,4,0,4,-1", "row 2, column cross_m: '-1' is not allowed; metres"),
        ("900001,0,0,4", "row 2: 4 is not allowed; 7 cells"),
    ],
)
def test_bad_routes(rows: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "routes.csv"
    path.write_text("district,grid,leg,of,start,cells,cross_m\n" + rows + "\n")
    with pytest.raises(InputError, match=message):
        sim.simulate(tiny(tmp_path, [f'patrol.routes="{path}"']))


def with_routes(folder: Path, route: Route, changes: list[str] | None = None) -> Scenario:
    """The tiny city, every grid with the same route."""
    city = City.build(tiny(folder))
    begin = [int(np.flatnonzero(city.grid_district == d)[0]) for d in (0, 1)]
    some = {
        (city.district_code[d], g - begin[d]): route
        for g, d in enumerate(city.grid_district.tolist())
    }
    write_routes(some, folder / "routes.csv")
    rows = [{**row, "lifetime_h": "", "observer_days": ""} for row in CATEGORIES]
    return tiny(folder, [f'patrol.routes="{folder / "routes.csv"}"', *(changes or [])], rows)


def test_a_route_that_is_the_loop_changes_nothing(tmp_path: Path) -> None:
    scenario = with_routes(tmp_path, Route(6, (Leg(0, 6),)))
    plain = scenario.model_copy(update={"attached": {}})
    assert same(sim.simulate(scenario), sim.simulate(plain))


def test_two_halves_are_the_loop(tmp_path: Path) -> None:
    scenario = with_routes(tmp_path, Route(4, (Leg(0, 3), Leg(3, 1))))
    plain = scenario.model_copy(update={"attached": {}})
    assert same(sim.simulate(scenario), sim.simulate(plain))


@pytest.mark.parametrize(
    ("place", "found"),
    [  # there and back between 0 and 60 of a loop of 100, from 10 on; a cycle is 120
        (30.0, [30.0, 90.0, 150.0, 210.0, 270.0]),
        (0.0, [120.0, 120.0, 240.0, 240.0, 360.0]),  # where it turns it is passed twice at once
        (10.0, [10.0, 110.0, 130.0, 230.0, 250.0]),  # where one stands, now
        (60.0, [float("inf")] * 5),  # of the next cell
    ],
)
def test_there_and_back_by_hand(place: float, found: list[float]) -> None:
    legs = ([0.0, 60.0], [0.0, 60.0], [60.0, 60.0], [1, -1])
    passes = [route_pass(10.0, place, n, 100.0, 120.0, 0, 2, *legs) for n in range(1, 6)]
    assert passes == found


def test_a_kept_result_has_its_routes_and_roads_with_it(tmp_path: Path) -> None:
    from road_files import line_file

    from sim.measure import store

    roads = line_file(tmp_path / "roads", [[[120.6, 31.3], [120.65, 31.3], [120.74, 31.3]]])
    changes = ["time.days=1", "travel.model=roads", f'travel.roads.file="{roads}"']
    scenario = with_routes(tmp_path / "a", Route(4, (Leg(0, 4), Leg(0, 2), Leg(2, -2))), changes)
    outcome = sim.simulate(scenario)
    store.write(outcome, tmp_path / "kept")
    shutil.rmtree(tmp_path / "a")
    shutil.rmtree(tmp_path / "roads")
    again = store.read(tmp_path / "kept")
    assert same(outcome, again)
    assert again.scenario.content_hash == scenario.content_hash
    assert same(outcome, sim.simulate(again.scenario))


@settings(max_examples=15, deadline=None)
@given(route=routes())
def test_any_route_is_sound(route: Route, tmp_path_factory: pytest.TempPathFactory) -> None:
    scenario = with_routes(tmp_path_factory.mktemp("any"), route, ["time.days=1"])
    check_outcome(sim.simulate(scenario, check=True))


def test_a_hot_stretch_walked_more_often_is_found_sooner(tmp_path: Path) -> None:
    """Nearly all that happens lies on a quarter of the loop; the route stays there longer."""
    from sim.city.hot import hot_stretches
    from sim.model.routes import Routes

    changes = ["grid.hot_share=0.9", "grid.hot_length=0.25", "time.days=10"]
    plain = tiny(tmp_path, changes)
    city = City.build(plain)
    some: Routes = {}
    for grid, hot in enumerate(hot_stretches(city).tolist()):
        district = int(city.grid_district[grid])
        own = grid - int(np.flatnonzero(city.grid_district == district)[0])
        first = round(hot * 20) % 20
        sweep = (Leg((first + 5) % 20, -5), Leg(first, 5))
        some[city.district_code[district], own] = Route(
            20, (Leg(first, 25), *sweep, *sweep, Leg((first + 5) % 20, -5))
        )
    write_routes(some, tmp_path / "hot.csv")
    walked = tiny(tmp_path, [*changes, f'patrol.routes="{tmp_path / "hot.csv"}"'])

    def delay(scenario: Scenario) -> tuple[float, int]:
        t = sim.simulate(scenario).tickets
        found = t["channel"] == Channel.PATROL
        return float((t["discovered"] - t["arisen"])[found].mean()), int(found.sum())

    before, after = delay(plain), delay(walked)
    assert after[0] < before[0]
    assert after[1] > before[1]


def test_hot_stretches_hold_their_share(tmp_path: Path) -> None:
    from sim.city.hot import hot_stretches
    from sim.workload.workload import Workload

    scenario = tiny(tmp_path, ["grid.hot_share=0.6", "grid.hot_length=0.2", "time.days=10"])
    city = City.build(scenario)
    load = Workload.draw(scenario, city, 1)
    off = (load.loop - hot_stretches(city)[load.grid]) % 1.0
    share, n = (off < 0.2).mean(), len(load)
    expected = 0.6 + 0.4 * 0.2
    assert abs(share - expected) < 4 * np.sqrt(expected * (1 - expected) / n)
    cold = off[off >= 0.2]
    assert abs(cold.mean() - 0.6) < 4 * 0.8 / np.sqrt(12 * len(cold))
    even = Workload.draw(tiny(tmp_path, ["time.days=10"]), city, 1)
    assert (even.grid == load.grid).all()
    assert (even.arisen == load.arisen).all()
