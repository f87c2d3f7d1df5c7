"""Whom a joining node dials, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.finding.candidates import (
    FIRST_REFUSED_PAUSE,
    LONGEST_PAUSE,
    LONGEST_REFUSED_PAUSE,
    Candidate,
    Setback,
    due,
    failed,
    looked,
    observed,
    pause,
    refused_pause,
)
from beamlike.distribution.finding.found import Found

B, C = Found("b@10.0.0.7:4370"), Found("c@10.0.0.8:4370")
SILENT = Setback("unreachable", "nobody listens")
WRONG_SECRET = Setback("refused", "other secrets", lasting=True)
EVERY = 5.0

chances = st.floats(0, 1)


def names(candidates: list[Candidate]) -> list[str]:
    return [it.name for it in candidates]


def after_failing(times: int, setback: Setback = SILENT) -> tuple[Candidate, ...]:
    candidates = looked((), [B], ())
    for _ in range(times):
        candidates = failed(candidates, B.name, setback, now=100.0, every=EVERY, chance=0.5)
    return candidates


def test_a_node_that_is_found_is_dialled_at_once_and_no_more_once_it_is_connected() -> None:
    candidates = looked((), [C, B], ())
    assert names(due(candidates, 0.0)) == [B.name, C.name]
    assert names(due(observed(candidates, {B.name}), 0.0)) == [C.name]


def test_a_node_that_is_lost_is_dialled_at_once_whatever_went_before() -> None:
    candidates = observed(observed(after_failing(9), {B.name}), ())
    assert candidates == (Candidate(B.name, B.address, "lost"),)
    assert names(due(candidates, 100.0)) == [B.name]


def test_a_node_that_cannot_be_reached_is_left_alone_for_a_while() -> None:
    candidates = after_failing(3)
    assert candidates == (Candidate(B.name, B.address, "unreachable", "nobody listens", 3, 120.0),)
    assert looked(candidates, [B], ()) == candidates
    assert due(candidates, 119.9) == []
    assert names(due(candidates, 120.0)) == [B.name]


def test_a_node_that_is_found_at_another_address_begins_anew() -> None:
    moved = Found("b@10.0.0.7:4371")
    assert looked(after_failing(9, WRONG_SECRET), [moved], ()) == (Candidate(moved.name, moved.address),)


def test_a_node_that_is_no_longer_found_is_forgotten_once_it_is_not_connected() -> None:
    connected = looked((), [B], {B.name})
    assert names(list(looked(connected, [], {B.name}))) == [B.name]
    assert looked(looked(connected, [], {B.name}), [], ()) == ()
    assert looked(after_failing(3), [], ()) == ()


def test_of_a_node_that_is_found_twice_the_first_counts() -> None:
    assert looked((), [B, Found("b@10.0.0.7:1")], ()) == (Candidate(B.name, B.address),)


def test_what_fails_after_it_was_forgotten_stays_forgotten() -> None:
    assert failed((), B.name, SILENT, now=0.0, every=EVERY, chance=0.5) == ()


@given(st.integers(1, 10_000), st.floats(0.1, 600), chances)
def test_pauses_grow_and_are_bounded(failures: int, every: float, chance: float) -> None:
    assert 0.75 * every <= pause(failures, every, chance) <= 1.25 * max(every, LONGEST_PAUSE)
    assert pause(failures, every, chance) <= pause(failures + 1, every, chance)
    assert 0.75 * FIRST_REFUSED_PAUSE <= refused_pause(failures, chance) <= 1.25 * LONGEST_REFUSED_PAUSE
    assert refused_pause(failures, chance) <= refused_pause(failures + 1, chance)


@pytest.mark.parametrize(("setback", "least", "most"), [(SILENT, 60, 85), (WRONG_SECRET, 7, 10)])
@given(chance=chances)
def test_a_node_is_not_hammered_within_an_hour(setback: Setback, least: int, most: int, chance: float) -> None:
    candidates, attempts = looked((), [B], ()), 0
    for second in range(3600):
        if due(candidates, float(second)):
            attempts += 1
            candidates = failed(candidates, B.name, setback, now=float(second), every=EVERY, chance=chance)
    assert attempts <= most
    if chance <= 0.5:
        assert attempts >= least


steps = st.lists(
    st.tuples(
        st.lists(st.sampled_from([B, C, Found("b@10.0.0.7:1"), Found("d@10.0.0.9")]), max_size=4),
        st.sets(st.sampled_from([B.name, C.name, "d@10.0.0.9", "e@10.0.0.10"])),
        st.sampled_from([None, SILENT, WRONG_SECRET]),
        st.floats(0, 400),
        chances,
    ),
    max_size=12,
)


@given(steps)
def test_whatever_happens_who_is_found_is_connected_or_dialled_in_time_and_nobody_else(
    history: list[tuple[list[Found], set[str], Setback | None, float, float]],
) -> None:
    candidates: tuple[Candidate, ...] = ()
    now = 0.0
    for found, connected, setback, passed, chance in history:
        before = candidates
        candidates = looked(candidates, found, connected)
        assert {it.name for it in candidates} == {it.name for it in found} | ({it.name for it in before} & connected)
        assert {it.name for it in candidates if it.standing == "connected"} == {
            it.name for it in candidates
        } & connected
        for it in due(candidates, now):
            assert it.name not in connected
            if setback is not None:
                candidates = failed(candidates, it.name, setback, now=now, every=EVERY, chance=chance)
        latest = now + 1.25 * LONGEST_REFUSED_PAUSE
        assert {it.name for it in due(candidates, latest)} == {it.name for it in candidates} - connected
        now += passed
