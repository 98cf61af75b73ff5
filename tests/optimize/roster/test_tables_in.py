"""What comes in and goes out: rules, people, requests, history, calendars, tables, pictures."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pandas as pd
import pytest
from roster_cases import MONDAY, problem, rules
from tiny import tiny

from sim.city.city import City
from sim.errors import InputError
from sim.model.staffing import base_plan
from sim.optimize.roster import Roster, Worker, load_rules, make
from sim.optimize.roster.calendars import _written, calendar
from sim.optimize.roster.picture import plot_roster
from sim.optimize.roster.store import check_target, write
from sim.optimize.roster.tables_in import read_history, read_people, read_requests
from sim.optimize.roster.tables_out import cover_table, duty_table, wide_table, worker_table
from sim.optimize.roster.team import chosen, problems, teams, with_history

SHIFTS = ["early", "late", "night"]


@pytest.fixture(scope="module")
def roster() -> Roster:
    return make(problem(people=3, posts=(1, 0, 1)), work=1.0)


def test_every_figure_of_the_rules_has_a_source() -> None:
    figures = load_rules().figures
    assert len(figures) > 20
    assert {figure.basis for figure in figures} <= {"published", "measured", "assumed"}
    assert all(figure.note for figure in figures)


def test_a_file_changes_some_rules(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text('forbidden = [["night", "off", "early"]]\n[rest]\ndaily_hours = 12\n')
    own = load_rules(file)
    assert own.rest.daily_hours == 12
    assert own.runs == load_rules().runs
    assert own.forbidden == (("night", "off", "early"),)
    assert [f.file for f in own.figures if f.path == "rest.daily_hours"] == ["own.toml"]


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("[rest]\ndaily_hour = 3", "rest.daily_hour", "did you mean daily_hours?"),
        ("[rest]\ndaily_hours = 300", "rest.daily_hours", "less than or equal to 72"),
        ("[rest]\ndaily_hours = '12'", "rest.daily_hours", "valid number"),
        ("[runs]\nwork_most = true", "runs.work_most", "valid integer"),
        ("[penalties]\nunmet = 1979-05-27", "penalties.unmet", "valid integer"),
        ("rest = 3", "rest", "valid dictionary"),
        ("[rest", "TOML", "valid TOML"),
        ('forbidden = [["night"]]', "forbidden.0", "at least 2 items"),
    ],
)
def test_bad_rules(tmp_path: Path, text: str, field: str, words: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        load_rules(file)
    assert caught.value.file == str(file)
    assert caught.value.field == field
    assert words in str(caught.value)


def test_people(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text(
        "name,team,contract,skills,shifts\n王芳,A,part-time,lead; english,early\n李伟,A,,,\n"
    )
    people = read_people(file, load_rules(), SHIFTS)["A"]
    skills = frozenset({"lead", "english"})
    assert people[0] == Worker("王芳", "part-time", skills, frozenset({"early"}))
    assert people[1] == Worker("李伟", "full-time")


def test_requests(tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(
        "worker,kind,first,last,shift,fixed,weight\n"
        "a,leave,2018-01-02,2018-01-05,,,\na,work,2018-01-07,,night,yes,\nb,off,2018-01-01,,,,3\n"
    )
    leave, work, off = read_requests(file, ["a", "b"], SHIFTS, MONDAY)
    assert (leave.kind, leave.first, leave.last, leave.binding) == ("leave", 1, 4, True)
    assert (work.first, work.last, work.shift, work.fixed) == (6, 6, "night", True)
    assert (off.weight, off.binding) == (3, False)
    assert work.source.endswith("requests.csv, row 3")


@pytest.mark.parametrize(
    ("row", "field", "words"),
    [
        ("c,off,2018-01-01,", "row 2, column worker", "one of a, b"),
        ("a,of,2018-01-01,", "row 2, column kind", "did you mean off?"),
        ("a,off,1st,", "row 2, column first", "a date"),
        ("a,avoid,2018-01-01,", "row 2, column shift", "the shift to avoid"),
        ("a,off,2018-01-01,late", "row 2, column shift", "nothing with off"),
        ("a,work,2018-01-01,dawn", "row 2, column shift", "one of early"),
        ("a,off", "row 2, number of cells", "as the header"),
    ],
)
def test_bad_requests(tmp_path: Path, row: str, field: str, words: str) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(f"worker,kind,first,shift\n{row}\n")
    with pytest.raises(InputError) as caught:
        read_requests(file, ["a", "b"], SHIFTS, MONDAY)
    assert caught.value.field == field
    assert words in caught.value.allowed


@pytest.mark.parametrize("weight", ["0", "1001", "9" * 5000, "-1", "1.0", "²", "٣", "1_0"])
def test_bad_weights(weight: str, tmp_path: Path) -> None:
    file = tmp_path / "requests.csv"
    file.write_text(f"worker,kind,first,weight\na,off,2018-01-01,{weight}\n", "utf-8")
    with pytest.raises(InputError, match=r"row 2, column weight.*from 1 to 1000"):
        read_requests(file, ["a"], SHIFTS, MONDAY)
    file.write_text("worker,kind,first,weight\na,off,2018-01-01,0100\n")
    assert read_requests(file, ["a"], SHIFTS, MONDAY)[0].weight == 100


def test_a_roster_is_the_history_of_the_next(tmp_path: Path, roster: Roster) -> None:
    file = tmp_path / "roster.csv"
    duty_table([roster]).to_csv(file, index=False)
    following = replace(roster.problem, start=date(2018, 1, 8))
    known = with_history(following, read_history(file, SHIFTS))
    assert tuple(worker.history for worker in known.workers) == roster.rows
    late = replace(roster.problem, start=date(2018, 1, 9))  # a day in between is not known
    assert all(not w.history for w in with_history(late, read_history(file, SHIFTS)).workers)


def test_tables(roster: Roster) -> None:
    duty, cover, people = duty_table([roster]), cover_table([roster]), worker_table([roster])
    on = duty[duty["shift"] != "off"]
    assert len(duty) == 21
    assert people["shifts"].sum() == len(on) == cover["on_duty"].sum()
    assert people["paid_h"].sum() == pytest.approx(on["paid_h"].sum())
    assert (cover["unmet"] == (cover["posts"] - cover["on_duty"]).clip(lower=0)).all()
    night = on[on["shift"] == "night"].iloc[0]
    assert (pd.Timestamp(night["end"]) - pd.Timestamp(night["start"])).seconds == 8 * 3600
    assert pd.Timestamp(night["end"]).date() > night["date"]
    assert wide_table([roster]).shape == (3, 9)


def test_calendar_is_valid_and_says_what_the_roster_says(roster: Roster) -> None:
    text = calendar(roster).to_ical()
    assert all(len(line) <= 75 for line in text.split(b"\r\n"))
    assert text == calendar(roster).to_ical()
    read = icalendar.Calendar.from_ical(text)
    assert [str(zone["tzid"]) for zone in read.timezones] == ["Asia/Shanghai"]
    events = read.events
    assert len({str(event["uid"]) for event in events}) == len(events)
    assert all({"UID", "DTSTAMP", "DTSTART", "DTEND"} <= set(event) for event in events)
    expected = {
        (row.worker, datetime.fromisoformat(row.start), datetime.fromisoformat(row.end))
        for row in duty_table([roster]).itertuples()
        if row.shift != "off"
    }
    found = {
        (
            str(e["summary"]).partition(":")[0],
            e.start.replace(tzinfo=None),
            e.end.replace(tzinfo=None),
        )
        for e in events
    }
    assert found == expected
    assert {event.start.utcoffset().total_seconds() for event in events} == {8 * 3600}


@pytest.mark.parametrize(
    ("zone", "monday"),
    [
        ("America/New_York", date(2018, 3, 5)),
        ("America/New_York", date(2018, 10, 29)),
        ("Europe/Berlin", date(2018, 3, 19)),
        ("Australia/Lord_Howe", date(2018, 3, 26)),
        ("Australia/Lord_Howe", date(2018, 10, 1)),
        ("America/Sao_Paulo", date(2018, 10, 29)),
    ],
)
def test_shifts_last_their_hours_where_clocks_change(
    zone: str, monday: date, roster: Roster
) -> None:
    """The week ends with the night of the change; each shift begins by the clock on the wall."""
    place, problem = ZoneInfo(zone), replace(roster.problem, start=monday)
    moved = replace(roster, problem=problem)
    length = {shift.name: timedelta(minutes=shift.length) for shift in problem.shifts}
    rows = [row for row in duty_table([moved]).itertuples() if row.shift != "off"]
    events = icalendar.Calendar.from_ical(calendar(moved, zone).to_ical()).events
    assert len(events) == len(rows)
    for event, row in zip(events, rows, strict=True):
        begin, end = event.start.astimezone(UTC), event.end.astimezone(UTC)
        assert end - begin == length[row.shift]
        wall = datetime.fromisoformat(row.start).replace(tzinfo=place)
        assert begin == wall.astimezone(UTC)
        for moment in (event.start, event.end):  # no hour that does not exist
            again = moment.astimezone(UTC).astimezone(moment.tzinfo)
            assert again.replace(tzinfo=None) == moment.replace(tzinfo=None)


def test_an_hour_that_comes_twice_is_told_apart(roster: Roster) -> None:
    place = ZoneInfo("America/New_York")
    first = datetime(2018, 11, 4, 5, 30, tzinfo=UTC)
    second = first + timedelta(hours=1)
    assert _written(first, place).isoformat() == "2018-11-04T01:30:00-04:00"
    assert _written(second, place).isoformat() == "2018-11-04T06:30:00+00:00"


def test_picture(roster: Roster) -> None:
    figure = plot_roster(roster, "姑苏区")
    upper, _lower = figure.axes
    assert len(upper.patches) >= 21
    assert [label.get_text() for label in upper.get_yticklabels()] == ["w0", "w1", "w2"]
    words = [text.get_text() for text in upper.texts]
    assert words.count("E") + words.count("N") == sum(s >= 0 for row in roster.rows for s in row)


def test_folder(tmp_path: Path, roster: Roster) -> None:
    out = tmp_path / "out"
    options = {"timezone": "Asia/Shanghai", "titles": {}}
    write(out, [roster], {"seed": 0}, **options)
    assert {path.name for path in out.iterdir()} == {
        "roster.csv", "table.csv", "cover.csv", "workers.csv", "roster.json", "calendars", "plots",
    }  # fmt: skip
    with pytest.raises(InputError, match="--overwrite"):
        check_target(out, overwrite=False)
    write(out, [roster], {"seed": 1}, **options, overwrite=True)
    assert '"seed": 1' in (out / "roster.json").read_text()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").touch()
    with pytest.raises(InputError, match="a new folder"):
        check_target(tmp_path / "other", overwrite=True)
    assert {path.name for path in tmp_path.iterdir()} == {"out", "other"}


def test_teams_have_all_posts_of_the_plan(tmp_path: Path) -> None:
    scenario = tiny(tmp_path / "tiny")
    city = City.build(scenario)
    plan = base_plan(scenario, city)
    found = teams(scenario, city, plan)
    posts = sum(sum(team.posts.values()) for team in found)
    desks = plan.hotline_posts.sum() + plan.town_posts.sum() + plan.district_posts.sum()
    assert posts == desks + len(plan.crew_unit) + len(plan.worker_grid)
    assert len({team.name for team in found}) == len(found)
    west = chosen(found, ["police", "labour"], ["West"])
    assert {team.district for team in west} == {"West"}
    assert {team.role for team in west} == {"police", "labour"}
    hotline = chosen(found, ["hotline"])
    assert [(team.name, team.name_zh) for team in hotline] == [("City-hotline", "全市热线坐席员")]
    with pytest.raises(InputError, match="did you mean hotline"):
        chosen(found, ["hotlin"])


def test_large_teams_are_split_without_loss(tmp_path: Path) -> None:
    scenario = tiny(tmp_path / "tiny", ["hotline.operators.day=60"])
    city = City.build(scenario)
    team = chosen(teams(scenario, city, base_plan(scenario, city)), ["hotline"])[0]
    groups = list(problems(team, scenario, rules(), start=MONDAY, days=28))
    assert max(len(group.workers) for group in groups) <= 40
    assert len(groups) > 2
    for day in range(28):
        day_posts = [sum(g.needs[0].posts[day][s] for g in groups) for s in range(3)]
        assert day_posts == [team.posts[shift.name] for shift in groups[0].shifts]
    names = [worker.name for group in groups for worker in group.workers]
    assert names[0] == "City-hotline-001"
    assert len(set(names)) == len(names)
    hours = sum(s.paid / 60 * team.posts[s.name] * 28 for s in groups[0].shifts)
    assert (len(names) - 1) * 160 < hours <= len(names) * 160


def test_office_shifts_have_no_posts_at_weekends(tmp_path: Path) -> None:
    scenario = tiny(tmp_path / "tiny")
    city = City.build(scenario)
    team = chosen(teams(scenario, city, base_plan(scenario, city)), ["labour"])[0]
    [one] = problems(team, scenario, rules(), start=date(2018, 1, 3), days=7)
    assert [sum(row) > 0 for row in one.needs[0].posts] == [True] * 3 + [False] * 2 + [True] * 2
