"""Where a matter goes next, decision by decision."""

from __future__ import annotations

import pytest

from sim.model import flow
from sim.model.race import RACE, TIMED, Clock
from sim.model.state import HIDDEN, Channel, State

SHUT, OPEN = 0, 2


def test_hidden_states_are_those_that_are_listed() -> None:
    assert [state for state in State if flow.may_be_found(state)] == list(HIDDEN)
    assert not flow.may_be_found(-1)  # it has not arisen
    assert [state for state in State if flow.may_vanish(state)] == [State.UNDISCOVERED]


@pytest.mark.parametrize(
    ("now", "others", "vanishes"),
    [(9.0, True, False), (10.0, True, True), (9.0, False, True), (11.0, False, True)],
)
def test_what_becomes_of_a_matter_whose_citizen_gives_up(
    now: float, others: bool, vanishes: bool
) -> None:
    assert flow.vanishes_unheard(now, 10.0, others) == vanishes


def test_a_caller_calls_once_more_than_they_redial() -> None:
    attempts = 1
    while flow.calls_again(attempts, 2):
        attempts += 1
    assert attempts == 3


def test_calls_about_what_was_found_meanwhile_make_no_ticket() -> None:
    assert [s for s in State if flow.is_new_from_12345(s)] == [State.REGISTERED]
    assert [s for s in State if flow.is_new_from_110(s)] == [State.CALLING]


def test_desks_are_numbered_hotline_towns_districts() -> None:
    towns, districts = 3, 2
    numbers = [0, *map(flow.town_desk, range(towns))]
    numbers += [flow.district_desk(district, towns) for district in range(districts)]
    assert numbers == list(range(1 + towns + districts))


def test_towns_have_what_people_on_foot_find_while_they_are_open() -> None:
    assert [c for c in Channel if flow.town_has_it(c, OPEN)] == [Channel.PATROL, Channel.OBSERVER]
    assert not any(flow.town_has_it(c, SHUT) for c in Channel)


def test_only_110_sends_its_forces_itself() -> None:
    assert [c for c in Channel if flow.skips_centre(c, True)] == [Channel.POLICE]
    assert not any(flow.skips_centre(c, False) for c in Channel)


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("wanted", [True, False])
def test_what_gridworkers_do_needs_one(wanted: bool, there: bool) -> None:
    assert flow.gridworker_goes(wanted, there) == (wanted and there)
    assert flow.gridworker_checks(wanted, there) == (wanted and there)
    assert flow.must_be_referred(-1, there) == (not there)
    assert not flow.must_be_referred(0, there)


def test_wrong_triages_go_to_another_department() -> None:
    assert flow.reader(4, 0, 3, 6) == 4
    for right in range(6):
        readers = [flow.reader(right, 1, wrong, 6) for wrong in range(1, 6)]
        assert sorted([right, *readers]) == list(range(6))


def test_a_ticket_is_reopened_as_often_as_checks_fail() -> None:
    reopened = 0
    while flow.reopens(reopened, 2):
        reopened += 1
    assert reopened == 2


def test_whoever_reports_is_asked() -> None:
    reporters = [entrant.channel for entrant in RACE if entrant.reports]
    assert [c for c in Channel if flow.is_asked(c)] == reporters


def test_call_backs_come_after_any_ticket() -> None:
    from sim.model.rules import urgency

    assert urgency(4, 0, 0) < flow.CALL_BACK_RANK


def test_each_channel_is_in_the_race_once() -> None:
    assert sorted(entrant.channel for entrant in RACE) == list(Channel)


def test_what_is_timed_comes_in_the_order_of_kinds() -> None:
    kinds = [entrant.kind for entrant in TIMED]
    assert kinds == sorted(set(kinds)) == list(range(kinds[0], kinds[-1] + 1))
    assert {e.column for e in TIMED} == {e.column for e in RACE if e.clock != Clock.PASSES}
    patience = next(entrant for entrant in TIMED if entrant.column == "patience")
    clocks = {c for c in Channel if patience.clocks[c] == Clock.CITIZENS}
    assert {Channel.HOTLINE, Channel.ONLINE} <= clocks
    assert Channel.POLICE not in clocks  # an emergency waits for no hour of the day
