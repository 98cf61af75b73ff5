"""Clocks on the wall, on the odd days of the year too, and zones by name."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tiny import TOML, write

from sim.cli import main
from sim.errors import InputError
from sim.scenario import load
from sim.scenario.localtime import LocalTime

HOUR = 3600.0
ZONES = [
    "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Santiago",
    "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham", "UTC",
    "America/Sao_Paulo", "America/Havana", "Etc/GMT+5", "Europe/Dublin", "Pacific/Apia",
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "start", "hours", "clock"),
    [
        ("America/New_York", date(2018, 3, 11), 1.5, "2018-03-11T01:30:00-05:00"),
        ("America/New_York", date(2018, 3, 11), 2.5, "2018-03-11T03:30:00-04:00"),
        ("America/New_York", date(2018, 11, 4), 1.5, "2018-11-04T01:30:00-04:00"),
        ("America/New_York", date(2018, 11, 4), 2.5, "2018-11-04T01:30:00-05:00"),
        ("Australia/Sydney", date(2018, 10, 7), 2.5, "2018-10-07T03:30:00+11:00"),
        ("Australia/Sydney", date(2018, 4, 1), 3.5, "2018-04-01T02:30:00+10:00"),
        ("Australia/Lord_Howe", date(2018, 10, 7), 2.25, "2018-10-07T02:45:00+11:00"),
        ("Australia/Lord_Howe", date(2018, 4, 1), 2.25, "2018-04-01T01:45:00+10:30"),
        ("America/Sao_Paulo", date(2018, 11, 4), 0, "2018-11-04T01:00:00-02:00"),  # no midnight
        ("America/Havana", date(2018, 11, 4), 1, "2018-11-04T00:00:00-05:00"),  # a second one
        ("Pacific/Apia", date(2011, 12, 29), 24, "2011-12-31T00:00:00+14:00"),  # no 30th
        ("Asia/Shanghai", date(2018, 3, 11), 2.5, "2018-03-11T02:30:00+08:00"),
        ("Asia/Kathmandu", date(2018, 1, 1), 0, "2018-01-01T00:00:00+05:45"),
    ],
)
def test_odd_hours(zone: str, start: date, hours: float, clock: str) -> None:
    assert LocalTime(start, zone).at(hours * HOUR).isoformat() == clock


@given(
    st.sampled_from(ZONES),
    st.dates(date(1975, 1, 1), date(2037, 12, 31)),
    st.lists(st.floats(0, 400 * 24 * HOUR), min_size=1, max_size=30),
)
def test_instants_are_kept(zone: str, start: date, seconds: list[float]) -> None:
    """Against zoneinfo, instant by instant; and all durations are those of the run."""
    ms, minutes = LocalTime(start, zone).shown(np.array(seconds))
    midnight = datetime.combine(start, datetime.min.time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for second, wall, offset in zip(seconds, ms.tolist(), minutes.tolist(), strict=True):
        utc = midnight + timedelta(milliseconds=round(second * 1000))
        expected = utc.astimezone(ZoneInfo(zone))
        assert expected.utcoffset() == timedelta(minutes=offset)
        shown = datetime(1970, 1, 1) + timedelta(milliseconds=wall)
        assert abs(shown - expected.replace(tzinfo=None)) <= timedelta(milliseconds=1)


def test_offsets_with_seconds_are_told_in_minutes() -> None:
    """Liberia's was −0:44:30 until 1972; the instant is told exactly all the same."""
    ms, minutes = LocalTime(date(1970, 6, 1), "Africa/Monrovia").shown(np.array([0.0]))
    midnight = datetime(1970, 6, 1, 0, 44, 30, tzinfo=UTC)
    assert (ms - minutes * 60_000).tolist() == [midnight.timestamp() * 1000]


def test_no_instants() -> None:
    ms, minutes = LocalTime(date(2018, 1, 1), "Asia/Shanghai").shown(np.zeros(0))
    assert len(ms) == len(minutes) == 0


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Asia/Peking", ""),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("asia/shanghai", "did you mean Asia/Shanghai?"),
        ("Asia/Shanghai ", "did you mean Asia/Shanghai?"),
        ("Asia", ""),
        ("posix/UTC", ""),
        ("localtime", ""),
        ("Factory", ""),
        ("../../etc/passwd", ""),
        ("/usr/share/zoneinfo/UTC", ""),
        ("tzdata.zi", ""),
        ("UTC+8", ""),
        ("{allowed}", ""),
    ],
)
def test_an_unknown_zone_is_refused_at_once(name: str, hint: str, tmp_path: Path) -> None:
    text = TOML.replace("days = 3", f'days = 3\ntimezone = "{name}"')
    path = write(tmp_path, text)
    with pytest.raises(InputError) as caught:
        load(path)
    error = caught.value
    assert (error.file, error.field, error.value) == (str(path), "time.timezone", name)
    assert error.allowed.startswith("a zone of the tz database, such as Asia/Shanghai")
    assert hint in error.allowed
    assert CliRunner().invoke(main, ["validate", str(path)]).exit_code == 2


@pytest.mark.parametrize("start", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
def test_years_that_calendars_do_not_reach(start: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"time\.start"):
        load(write(tmp_path), [f"time.start={start}"])


def test_validate_tells_of_clocks_that_change(tmp_path: Path) -> None:
    path = str(write(tmp_path))
    zone = ["--set", "time.timezone=Europe/Berlin"]
    spring = ["validate", path, *zone, "--set", "time.start=2018-03-24"]
    done = CliRunner().invoke(main, spring)
    assert done.exit_code == 0
    assert "clocks change on 2018-03-25 to 03:00 (UTC+0200)" in done.stderr
    assert "its 08:00 is shown as 09:00" in done.stderr
    autumn = ["validate", path, *zone, "--set", "time.start=2018-10-26"]
    assert "its 08:00 is shown as 07:00" in CliRunner().invoke(main, autumn).stderr
    assert CliRunner().invoke(main, ["validate", path, *zone]).stderr == ""
    assert CliRunner().invoke(main, ["validate", path]).stderr == ""


def test_a_machine_without_zones_takes_those_of_the_package(tmp_path: Path) -> None:
    path = write(tmp_path, TOML.replace("days = 3", 'days = 3\ntimezone = "Europe/Berlin"'))
    code = (
        "import sys, zoneinfo; from sim.scenario import load; assert not zoneinfo.TZPATH; "
        f"print(load({str(path)!r}).time.timezone)"
    )
    bare = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False
    )
    assert done.stdout == "Europe/Berlin\n", done.stderr
