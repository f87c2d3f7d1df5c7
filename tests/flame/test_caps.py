"""Caps as tables; and a ledger by chance, against a sum that a child could do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from flame.caps import Caps, hard_stop, room
from flame.ledger import Ledger
from flame.prices import Price

CENT = Price(0.01)
FREE = Price(0.0)


def running(count: int, price: Price | None = CENT, since: float = 0.0) -> Ledger:
    ledger = Ledger()
    for runner in range(count):
        ledger = ledger.started(runner, since, price)
    return ledger


# The caps themselves


@pytest.mark.parametrize(
    ("cap", "value", "error", "words"),
    [
        ("runners", 0, ValueError, "caps: runners must be a whole number, 1 or more, or None, got 0"),
        ("runners", 1.5, TypeError, "caps: runners must be a whole number, 1 or more, or None, got 1.5"),
        ("runner_seconds", 0, ValueError, "caps: runner_seconds must be a number of seconds above 0 or None, got 0"),
        ("lifetime", float("inf"), ValueError, "caps: lifetime must be a number of seconds above 0 or None, got inf"),
        ("usd_per_hour", "5", TypeError, "caps: usd_per_hour must be a number of dollars above 0 or None, got '5'"),
        ("usd", float("nan"), ValueError, "caps: usd must be a number of dollars above 0 or None, got nan"),
        ("usd", True, TypeError, "got True"),
    ],
)
def test_a_cap_that_is_wrong_is_refused_by_its_name(
    cap: str, value: object, error: type[Exception], words: str
) -> None:
    caps: dict[str, Any] = {cap: value}
    with pytest.raises(error) as refused:
        Caps(**caps)
    assert words in str(refused.value)


def test_a_lifetime_ends_so_long_after_the_start() -> None:
    assert Caps(lifetime=60.0).ends_at(5.0) == 65.0
    assert Caps().ends_at(5.0) is None


# Room


@pytest.mark.parametrize(
    ("caps", "ledger", "price", "at", "more"),
    [
        (Caps(), running(9), None, 9.0, None),
        (Caps(runners=4), running(1), None, 0.0, 3),
        (Caps(runners=4), running(6), None, 0.0, 0),
        (Caps(runner_seconds=100), running(2), None, 20.0, 58),
        (Caps(runner_seconds=100), running(2), None, 49.5, 0),
        (Caps(usd_per_hour=108), running(1), CENT, 0.0, 2),  # a cent a second is 36 dollars an hour
        (Caps(usd_per_hour=107), running(1), CENT, 0.0, 1),
        (Caps(usd_per_hour=1), running(0), CENT, 0.0, 0),
        (Caps(usd_per_hour=1), running(3, FREE), FREE, 0.0, None),
        (Caps(usd=1.0), running(1), CENT, 50.0, 49),
        (Caps(usd=1.0), running(1), CENT, 100.0, 0),
        (Caps(usd=1.0), running(1), FREE, 200.0, 0),
        (Caps(usd=1.0, runners=3), running(1), CENT, 50.0, 2),
    ],
)
def test_the_tightest_cap_leaves_the_room(
    caps: Caps, ledger: Ledger, price: Price | None, at: float, more: int | None
) -> None:
    assert room(caps, ledger, price, at).runners == more


@pytest.mark.parametrize(
    ("caps", "at", "why"),
    [
        (Caps(runners=2), 1.0, "the cap is 2 runners and there are 2"),
        (Caps(runner_seconds=3600), 1795.0, "the pool has used 3,590 of its 3,600 runner-seconds"),
        (Caps(usd_per_hour=72), 1.0, "the cap is $72.00 an hour, $72.00 an hour is spent and a runner costs $36.00"),
        (Caps(usd=5), 249.0, "the pool has spent $4.98 of its $5.00"),
        (Caps(runners=50, usd=5), 249.9, "the pool has spent $5.00 of its $5.00"),
        (Caps(), 1.0, "no cap limits the runners"),
    ],
)
def test_the_cap_that_decides_is_named_with_its_numbers(caps: Caps, at: float, why: str) -> None:
    assert room(caps, running(2), CENT, at).why == why


def test_boots_that_the_rest_would_not_outlast_are_not_begun() -> None:
    caps, ledger = Caps(runner_seconds=100), running(2)
    assert room(caps, ledger, None, at=20.0, least=20.0).runners == 1
    assert room(caps, ledger, None, at=20.0, least=30.0).runners == 0


@pytest.mark.parametrize(
    ("caps", "price", "ledger"),
    [
        (Caps(usd=5), None, Ledger()),
        (Caps(usd_per_hour=5), None, Ledger()),
        (Caps(usd=5), CENT, running(1, None)),
        (Caps(usd=5), CENT, running(1, None).stopped(0, 1.0)),
    ],
)
def test_a_cap_in_dollars_leaves_no_room_where_a_price_is_not_known(
    caps: Caps, price: Price | None, ledger: Ledger
) -> None:
    left = room(caps, ledger, price, at=1.0)
    assert left.runners == 0
    assert "the price of a runner is not known: give it with Prices.with_price(...)" in left.why
    assert caps.need_price


def test_other_caps_need_no_price() -> None:
    caps = Caps(runners=3, runner_seconds=60, lifetime=5)
    assert not caps.need_price
    assert room(caps, running(1, None), None, at=1.0).runners == 2


# The hard stop


@pytest.mark.parametrize(
    ("caps", "ledger", "at", "due_in"),
    [
        (Caps(runners=1), running(3), 5.0, None),
        (Caps(runner_seconds=100), running(2), 20.0, 30.0),
        (Caps(runner_seconds=100), running(2), 50.0, 0.0),
        (Caps(runner_seconds=100), running(2), 70.0, 0.0),
        (Caps(runner_seconds=100), running(0), 20.0, None),
        (Caps(usd=1.0), running(4), 5.0, 20.0),
        (Caps(usd=1.0), running(4, FREE), 5.0, None),
        (Caps(usd=1.0, runner_seconds=40), running(4), 5.0, 5.0),
        (Caps(usd=1.0), running(1, None), 5.0, 0.0),
    ],
)
def test_the_stop_is_due_when_the_first_cap_is_used_up(
    caps: Caps, ledger: Ledger, at: float, due_in: float | None
) -> None:
    assert hard_stop(caps, ledger, at).due_in == due_in


def test_the_stop_says_which_cap_it_is() -> None:
    assert hard_stop(Caps(usd=1.0), running(4), 25.0).why == "the pool has spent $1.00 of its $1.00"


@given(
    st.integers(1, 20),
    st.floats(1e-6, 1e-2),
    st.one_of(
        st.builds(lambda cap: Caps(usd=cap), st.floats(0.01, 1e4)),
        st.builds(lambda cap: Caps(runner_seconds=cap), st.floats(1, 1e6)),
    ),
    st.floats(0, 1e6),
)
def test_when_the_stop_was_due_it_is_due_and_the_cap_is_kept(count: int, rate: float, caps: Caps, start: float) -> None:
    ledger = running(count, Price(rate), since=start)
    due_in = hard_stop(caps, ledger, start).due_in
    assert due_in is not None
    assert hard_stop(caps, ledger, start + due_in).due_in == 0.0
    used, cap = (
        (ledger.usd(start + due_in), caps.usd) if caps.usd else (ledger.seconds(start + due_in), caps.runner_seconds)
    )
    assert used == pytest.approx(cap, rel=1e-6)


# Room by chance


@given(
    st.integers(0, 10),
    st.floats(1e-6, 1e-2),
    st.integers(1, 12),
    st.floats(1, 1e5),
    st.floats(0.01, 1e3),
    st.floats(0.01, 1e3),
    st.floats(0, 1e4),
)
def test_who_fills_the_room_keeps_the_caps_and_one_more_would_break_one(
    count: int, rate: float, runners: int, seconds: float, usd_per_hour: float, usd: float, at: float
) -> None:
    caps = Caps(runners=runners, runner_seconds=seconds, usd_per_hour=usd_per_hour, usd=usd)
    ledger = running(count, Price(rate))
    left = room(caps, ledger, Price(rate), at).runners
    assert left is not None

    def kept(more: int, slack: float) -> bool:
        after = count + more
        seconds_in_a_second = count * at + after
        return after <= runners and all(
            used <= cap * (1 + slack)
            for used, cap in [
                (seconds_in_a_second, seconds),
                (after * rate * 3600, usd_per_hour),
                (seconds_in_a_second * rate, usd),
            ]
        )

    assert left >= 0
    assert not left or kept(left, slack=1e-6)
    assert not kept(left + 1, slack=-1e-6)


# The ledger


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(0, 1e4), st.floats(0, 0.1)), max_size=12), st.floats(0, 2e5))
def test_seconds_and_dollars_are_the_sum_over_all_runners(lives: list[tuple[float, float, float]], at: float) -> None:
    events = sorted(
        [(start, 0, runner) for runner, (start, _, _) in enumerate(lives) if start <= at]
        + [(start + lived, 1, runner) for runner, (start, lived, _) in enumerate(lives) if start + lived <= at]
    )
    ledger = Ledger()
    for when, ends, runner in events:
        ledger = ledger.stopped(runner, when) if ends else ledger.started(runner, when, Price(lives[runner][2]))
    naive = [(min(at, start + lived) - start, rate) for start, lived, rate in lives if start <= at]
    assert ledger.seconds(at) == pytest.approx(sum(seconds for seconds, _ in naive))
    assert ledger.usd(at) == pytest.approx(sum(seconds * rate for seconds, rate in naive))
    assert len(ledger.running) == sum(start <= at < start + lived for start, lived, _ in lives)


def test_a_runner_whose_price_is_not_known_leaves_seconds_only_and_for_good() -> None:
    ledger = running(1).started(7, 10.0, None)
    assert (ledger.usd(20.0), ledger.usd_per_hour, ledger.seconds(20.0)) == (None, None, 30.0)
    gone = ledger.stopped(7, 20.0)
    assert (gone.usd(20.0), gone.seconds(20.0)) == (None, 30.0)
    assert gone.in_words(20.0) == "30 runner-seconds"


def test_a_runner_that_is_gone_twice_has_cost_what_it_cost_once() -> None:
    once = running(1).stopped(0, 10.0)
    assert once.stopped(0, 20.0) is once


def test_a_runner_is_entered_once() -> None:
    with pytest.raises(ValueError, match="the ledger has runner 0 already"):
        running(1).started(0, 1.0, None)


def test_what_was_spent_is_money_and_time_in_words() -> None:
    assert running(2).in_words(30.0) == "$0.6000 (60 runner-seconds)"
    assert running(2).rate_in_words() == "$72.00 an hour"
    assert running(2, None).rate_in_words() == "2 runners"
    assert running(1, None).in_words(1.0) == "1 runner-second"


@given(st.floats(0.5, 100), st.floats(0, 100))
def test_a_clock_that_goes_back_costs_nothing_less(since: float, back: float) -> None:
    assume(back <= since)
    assert running(1, CENT, since).seconds(since - back) == 0.0
