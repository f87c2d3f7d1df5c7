"""Policies as tables, and what holds of each of them whatever the demand: more calls never want fewer runners, what was
booted for calls stays wanted when it has them, and the time of the next change is kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.policies import Demand, Policy, at_least, checked_policy, largest, on_demand, queue_depth, spare
from flame.schedule import schedule

MONDAY_NOON = datetime(2026, 3, 23, 12, tzinfo=UTC)
NOTHING = Demand(waiting=0, waited=0.0, busy=0, up=0, booting=0, slots=1, at=0.0, wall=MONDAY_NOON)


def demand(**given: Any) -> Demand:
    return replace(NOTHING, **given)


def wanted(policy: Policy, **given: Any) -> int:
    return policy.wanted(demand(**given)).runners


# On demand


@pytest.mark.parametrize(("slots", "runners"), [(1, 30), (10, 3), (100, 1), (29, 2)])
def test_a_burst_on_an_empty_pool_wants_what_the_backlog_fills(slots: int, runners: int) -> None:
    assert wanted(on_demand, waiting=30, slots=slots) == runners


def test_a_pool_without_calls_wants_no_runner() -> None:
    assert wanted(on_demand, up=3) == 0


def test_runners_that_work_are_wanted() -> None:
    assert wanted(on_demand, busy=11, up=2, slots=10) == 2


def test_calls_that_wait_have_found_no_slot_and_so_count_beyond_what_is_up() -> None:
    assert wanted(on_demand, waiting=1, busy=0, up=2, slots=10) == 3


def test_the_rule_is_told_with_its_numbers() -> None:
    assert on_demand.wanted(demand(waiting=1, busy=1, up=1)).why == (
        "1 call waits and 1 fits a runner: 1 runner beyond the 1 that is up"
    )
    assert on_demand.wanted(demand(waiting=30, slots=10)).why == "30 calls wait and 10 fit a runner: 3 runners"
    assert on_demand.wanted(demand(busy=2, up=2)).why == "no call waits and 2 slots are taken: 2 runners"


# Spare


def test_a_spare_is_wanted_before_the_first_call() -> None:
    assert wanted(spare(1)) == 1


def test_the_first_call_on_the_only_runner_wants_another_and_when_all_are_idle_one_stays() -> None:
    assert wanted(spare(1), busy=1, up=1) == 2
    assert wanted(spare(1), busy=1, up=2) == 2
    assert wanted(spare(1), busy=0, up=2) == 1


def test_the_slots_of_a_whole_runner_stay_free() -> None:
    assert wanted(spare(1), busy=3, up=1, slots=10) == 2
    assert wanted(spare(2), busy=11, up=2, slots=10) == 4


def test_a_spare_comes_on_top_of_what_the_calls_that_wait_need() -> None:
    told = spare(2).wanted(demand(waiting=3, busy=1, up=1))
    assert told.runners == 6
    assert told.why.endswith("3 runners beyond the 1 that is up, and 2 to spare")


# Queue depth


@pytest.mark.parametrize(
    ("waiting", "up", "slots", "runners"),
    [(0, 2, 1, 2), (1, 0, 1, 1), (4, 2, 1, 2), (5, 2, 1, 3), (14, 2, 1, 4), (15, 2, 1, 5), (50, 2, 100, 3)],
)
def test_each_so_many_calls_want_a_further_runner_and_one_call_the_first(
    waiting: int, up: int, slots: int, runners: int
) -> None:
    assert wanted(queue_depth(5), waiting=waiting, up=up, busy=up * slots, slots=slots) == runners


def test_a_call_that_has_waited_long_enough_wants_a_further_runner() -> None:
    policy = queue_depth(5, age=2.0)
    assert wanted(policy, waiting=1, waited=1.9, busy=1, up=1) == 1
    assert wanted(policy, waiting=1, waited=2.0, busy=1, up=1) == 2
    assert policy.wanted(demand(waiting=1, waited=2.5, busy=1, up=1)).why.startswith("the first call has waited 2 s")


def test_the_age_is_a_change_to_come() -> None:
    policy = queue_depth(5, age=2.0)
    assert policy.next_change(demand(waiting=1, waited=0.5, busy=1, up=1)) == 1.5
    assert policy.next_change(demand(waiting=1, waited=2.0, busy=1, up=1)) is None
    assert policy.next_change(demand(waiting=5, waited=0.5, busy=1, up=1)) is None
    assert policy.next_change(demand(waiting=1, waited=0.5)) is None
    assert policy.next_change(NOTHING) is None


def test_a_clock_that_rounds_down_does_not_leave_a_call_just_short_of_its_age() -> None:
    policy, almost = queue_depth(5, age=0.3), demand(waiting=1, waited=0.3 - 1e-12, busy=1, up=1)
    assert policy.wanted(almost).runners == 2
    assert policy.next_change(almost) is None


# Largest, at least


def test_the_policy_that_wants_most_decides_and_says_why() -> None:
    policy = largest(on_demand, at_least(3))
    assert policy.wanted(demand(waiting=1)).why == "3 runners at least"
    assert policy.wanted(demand(waiting=9)).runners == 9
    assert policy.wanted(demand(waiting=3)).why == "3 calls wait and 1 fits a runner: 3 runners"


def test_the_next_change_of_several_is_the_first_of_theirs() -> None:
    policy = largest(on_demand, queue_depth(5, age=2.0), queue_depth(9, age=1.0))
    assert policy.next_change(demand(waiting=1, waited=0.5, busy=1, up=1)) == 0.5


# Schedules

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = schedule(("mon-fri", "08:00", "18:00", 4), zone="Europe/Berlin")
NIGHT = schedule(("fri", "22:00", "06:00", 2), zone="Europe/Berlin")


def berlin(day: int, hour: int, minute: int = 0, month: int = 3, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN, fold=fold)


@pytest.mark.parametrize(
    ("policy", "wall", "runners"),
    [
        (OFFICE, berlin(23, 7, 59), 0),
        (OFFICE, berlin(23, 8), 4),
        (OFFICE, berlin(27, 17, 59), 4),
        (OFFICE, berlin(27, 18), 0),
        (OFFICE, berlin(28, 12), 0),
        (OFFICE, berlin(23, 8).astimezone(UTC), 4),
        (NIGHT, berlin(27, 21, 59), 0),
        (NIGHT, berlin(27, 22), 2),
        (NIGHT, berlin(28, 5, 59), 2),
        (NIGHT, berlin(28, 6), 0),
        (NIGHT, berlin(27, 5), 0),
    ],
)
def test_a_window_is_open_by_the_clock_on_the_wall(policy: Policy, wall: datetime, runners: int) -> None:
    assert wanted(policy, wall=wall) == runners


def test_in_a_window_more_calls_still_bring_more_runners() -> None:
    told = OFFICE.wanted(demand(waiting=9, wall=berlin(23, 9)))
    assert told.runners == 9
    assert told.why == "mon-fri 08:00-18:00: 9 calls wait and 1 fits a runner: 9 runners"


def test_in_between_the_other_policy_decides() -> None:
    policy = schedule(("mon-fri", "08:00", "18:00", 4), zone="Europe/Berlin", otherwise=spare(1))
    assert wanted(policy, wall=berlin(28, 12), busy=1, up=1) == 2


def test_a_window_may_have_a_policy_and_of_two_that_are_open_the_larger_counts() -> None:
    policy = schedule(("daily", "08:00", "18:00", spare(2)), ("mon", "12:00", "13:00", 5), zone="UTC")
    assert wanted(policy, wall=MONDAY_NOON) == 5
    assert wanted(policy, wall=MONDAY_NOON, busy=9, up=9) == 11


@pytest.mark.parametrize(
    ("wall", "hours"),
    [
        (berlin(23, 7), 1.0),
        (berlin(23, 8), 10.0),
        (berlin(27, 18), 2 * 24 + 14.0 - 1),  # over the weekend on which clocks are put forward
        (berlin(23, 18, month=10), 2 * 24 + 14.0 + 1),  # and back
    ],
)
def test_the_next_change_is_the_next_boundary_though_clocks_are_moved(wall: datetime, hours: float) -> None:
    assert OFFICE.next_change(demand(wall=wall)) == hours * 3600


def test_a_change_of_the_policy_that_holds_may_come_before_the_boundary() -> None:
    patient = queue_depth(5, age=2.0)
    policy = schedule(("mon", "08:00", "18:00", patient), zone="UTC", otherwise=patient)
    one_waits = demand(waiting=1, waited=0.5, busy=1, up=1)
    assert policy.next_change(one_waits) == 1.5
    assert policy.next_change(replace(one_waits, wall=MONDAY_NOON + timedelta(days=1))) == 1.5


def test_a_night_on_which_clocks_are_put_forward_is_shorter_and_one_on_which_they_are_put_back_longer() -> None:
    policy = schedule(("sat", "22:00", "06:00", 2), zone="Europe/Berlin")
    assert policy.next_change(demand(wall=berlin(28, 22))) == 7 * 3600
    assert policy.next_change(demand(wall=berlin(24, 22, month=10))) == 9 * 3600


def test_a_time_that_is_skipped_is_as_late_as_if_the_clock_had_not_been_moved() -> None:
    policy = schedule(("sun", "02:30", "06:00", 2), zone="Europe/Berlin")
    assert policy.next_change(demand(wall=berlin(29, 1, 59))) == 31 * 60  # at 03:30, which 02:30 would have been
    assert wanted(policy, wall=berlin(29, 3, 29)) == 0
    assert wanted(policy, wall=berlin(29, 3, 30)) == 2


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    policy = schedule(("sun", "02:30", "06:00", 2), zone="Europe/Berlin")
    assert wanted(policy, wall=berlin(25, 2, 29, month=10)) == 0
    assert wanted(policy, wall=berlin(25, 2, 30, month=10)) == 2
    assert wanted(policy, wall=berlin(25, 2, 0, month=10, fold=1)) == 2


def test_a_window_of_which_moved_clocks_leave_nothing_is_not_open_and_the_schedule_goes_on() -> None:
    policy = schedule(("sun", "02:30", "03:15", 2), zone="Europe/Berlin")
    change = policy.next_change(demand(wall=berlin(23, 12)))
    assert change is not None
    assert 0 < change <= 13 * 24 * 3600
    assert wanted(policy, wall=berlin(29, 3, 5)) == 0
    assert wanted(policy, wall=berlin(5, 2, 45, month=4)) == 2


@given(st.integers(0, 366 * 24 * 12))
def test_windows_that_meet_leave_no_gap_and_do_not_overlap_whatever_the_clocks_do(fives: int) -> None:
    wall = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=5 * fives)
    early = schedule(("daily", "00:00", "02:30", 1), ("daily", "03:00", "24:00", 1), zone="Europe/Berlin")
    late = schedule(("daily", "02:30", "03:00", 1), zone="Europe/Berlin")
    assert wanted(early, wall=wall) + wanted(late, wall=wall) == 1


# Options that are wrong


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: spare(0), ValueError, "spare(n): n must be a whole number, 1 or more, got 0"),
        (lambda: spare("1"), TypeError, "got '1'"),
        (lambda: queue_depth(True), TypeError, "queue_depth(k): k must be a whole number, 1 or more, got True"),
        (lambda: queue_depth(5, age=0), ValueError, "age must be a number of seconds above 0 or None, got 0"),
        (lambda: largest(), ValueError, "expected one policy or more, got none"),
        (lambda: largest(3), TypeError, "largest(...): each policy must be on_demand, spare(n)"),
        (lambda: checked_policy(queue_depth), TypeError, "got the function queue_depth: call it"),
        (lambda: checked_policy(type(on_demand)), TypeError, "got the class OnDemand: give an object of it"),
        (lambda: schedule(zone="UTC"), ValueError, "expected windows such as"),
        (lambda: schedule(("mon", "08:00", 4), zone="UTC"), TypeError, "got ('mon', '08:00', 4)"),
        (lambda: schedule(("monday", "08:00", "9:00", 4), zone="UTC"), ValueError, "got 'monday'"),
        (lambda: schedule((1, "08:00", "9:00", 4), zone="UTC"), TypeError, "needs days such as"),
        (lambda: schedule(("mon", "8", "9:00", 4), zone="UTC"), ValueError, "needs times such as"),
        (lambda: schedule(("mon", "08:60", "9:00", 4), zone="UTC"), ValueError, "got '08:60'"),
        (lambda: schedule(("mon", "08:00", "24:01", 4), zone="UTC"), ValueError, "got '24:01'"),
        (lambda: schedule(("mon", "08:00", "08:00", 4), zone="UTC"), ValueError, "a whole day is"),
        (lambda: schedule(("mon", "24:00", "08:00", 4), zone="UTC"), ValueError, "a start before 24:00"),
        (lambda: schedule(("mon", 8, "9:00", 4), zone="UTC"), TypeError, "got 8"),
        (lambda: schedule(("mon", "08:00", "09:00", -1), zone="UTC"), ValueError, "got -1"),
        (lambda: schedule(("mon", "08:00", "09:00", "4"), zone="UTC"), TypeError, "must be a number of runners, or"),
        (lambda: schedule(("mon", "08:00", "09:00", 4), zone="Berlin"), ValueError, "got 'Berlin'"),
        (lambda: schedule(("mon", "08:00", "09:00", 4), zone="../etc"), ValueError, "got '../etc'"),
        (lambda: schedule(("mon", "08:00", "09:00", 4), zone=None), TypeError, "got None"),
        (lambda: schedule(("mon", "08:00", "09:00", 4), zone="UTC", otherwise=0), TypeError, "otherwise must be"),
    ],
)
def test_what_is_wrong_is_said_with_what_was_expected(make: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as refused:
        make()
    assert words in str(refused.value)


def test_a_schedule_refuses_a_time_of_day_without_a_zone() -> None:
    with pytest.raises(ValueError, match="a time of day with its zone"):
        OFFICE.wanted(demand(wall=datetime(2026, 3, 23)))


@pytest.mark.parametrize(
    ("days", "open_on"),
    [
        ("mon", [0]),
        ("sat,sun", [5, 6]),
        ("fri-mon", [0, 4, 5, 6]),
        ("Daily", list(range(7))),
        ("tue-wed, sun", [1, 2, 6]),
    ],
)
def test_days_are_spelled_as_people_do(days: str, open_on: list[int]) -> None:
    policy = schedule((days, "00:00", "24:00", 1), zone="UTC")
    assert [day for day in range(7) if wanted(policy, wall=MONDAY_NOON + timedelta(days=day))] == open_on


# Whatever the demand

SIMPLE = st.one_of(
    st.just(on_demand),
    st.builds(spare, st.integers(1, 5)),
    st.builds(at_least, st.integers(0, 5)),
    st.builds(queue_depth, st.integers(1, 9)),
    st.builds(queue_depth, st.integers(1, 9), age=st.floats(0.1, 100)),
)
ROWS = st.tuples(
    st.sampled_from(["mon-fri", "sat,sun", "daily", "sun"]),
    st.sampled_from(["00:00", "01:30", "02:30", "08:00"]),
    st.sampled_from(["02:15", "03:00", "18:00", "24:00"]),
    st.one_of(st.integers(0, 5), SIMPLE),
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"])
POLICIES = st.one_of(
    SIMPLE,
    st.builds(largest, SIMPLE, SIMPLE),
    st.builds(
        lambda rows, zone, rest: schedule(*rows, zone=zone, otherwise=rest),
        st.lists(ROWS, min_size=1, max_size=3),
        ZONES,
        SIMPLE,
    ),
)


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    slots, up = draw(st.integers(1, 12)), draw(st.integers(0, 6))
    waiting = draw(st.integers(0, 60))
    return Demand(
        waiting=waiting,
        waited=draw(st.floats(0, 120)) if waiting else 0.0,
        busy=draw(st.integers(0, up * slots)),
        up=up,
        booting=draw(st.integers(0, 6)),
        slots=slots,
        at=draw(st.floats(0, 1e6)),
        wall=datetime(2026, 3, 20, tzinfo=UTC) + timedelta(seconds=draw(st.integers(0, 230 * 24 * 3600))),
    )


@given(POLICIES, demands(), st.integers(1, 50))
def test_more_calls_never_want_fewer_runners(policy: Policy, demand: Demand, further: int) -> None:
    before, after = policy.wanted(demand), policy.wanted(replace(demand, waiting=demand.waiting + further))
    assert 0 <= before.runners <= after.runners


@given(POLICIES, demands())
def test_what_the_calls_fill_is_wanted_and_something_is_if_any_waits(policy: Policy, demand: Demand) -> None:
    assert policy.wanted(demand).runners >= max(demand.occupied, 1 if demand.waiting else 0)
    assert policy.wanted(demand).why


@given(POLICIES, demands())
def test_the_runners_that_boot_do_not_change_the_answer(policy: Policy, demand: Demand) -> None:
    assert policy.wanted(demand) == policy.wanted(replace(demand, booting=demand.booting + 3))


@given(POLICIES, demands())
def test_what_was_booted_for_calls_is_still_wanted_when_it_has_them(policy: Policy, demand: Demand) -> None:
    full = replace(demand, busy=demand.up * demand.slots if demand.waiting else demand.busy)
    told = policy.wanted(full).runners
    up = max(told, full.up)
    granted = min(full.waiting, up * full.slots - full.busy)
    grown = replace(full, up=up, busy=full.busy + granted, waiting=full.waiting - granted, booting=0)
    assert policy.wanted(grown).runners >= min(told, up)


@given(POLICIES, demands())
def test_the_pool_comes_to_rest_when_nothing_happens(policy: Policy, demand: Demand) -> None:
    for _ in range(200):
        told = policy.wanted(demand).runners
        if told <= demand.up:
            return
        granted = min(demand.waiting, told * demand.slots - demand.busy)
        demand = replace(demand, up=told, busy=demand.busy + granted, waiting=demand.waiting - granted)
    pytest.fail("it grows for ever")


@given(POLICIES, demands(), st.floats(0, 1))
def test_nothing_changes_before_the_next_change(policy: Policy, demand: Demand, part: float) -> None:
    change = policy.next_change(demand)
    assert change is None or change > 0
    passed = part * (10 * 24 * 3600 if change is None else max(0.0, change - 0.001))
    assert policy.wanted(_later(demand, passed)).runners == policy.wanted(demand).runners


@given(st.integers(1, 9), st.floats(0.1, 100), demands())
def test_at_the_age_the_answer_changes(calls: int, age: float, demand: Demand) -> None:
    policy = queue_depth(calls, age=age)
    change = policy.next_change(demand)
    if change is not None:
        later = _later(demand, change)
        assert policy.wanted(later).runners == policy.wanted(demand).runners + 1
        assert policy.next_change(later) is None


def _later(demand: Demand, seconds: float) -> Demand:
    waited = demand.waited + seconds if demand.waiting else 0.0
    return replace(demand, waited=waited, at=demand.at + seconds, wall=demand.wall + timedelta(seconds=seconds))
