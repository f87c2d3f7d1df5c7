"""`explain` names the rule that decided."""

from __future__ import annotations

from typing import Any

import pytest

from flame.explain import explain
from flame.options import PoolOptions
from flame.pool_events import CallerGone, CheckoutRequested, Event, RunnerDown, RunnerUp, StopRequested
from flame.pool_state import PoolState, apply


def explained(*events: Event, now: float = 2.0, **options: Any) -> str:
    state = PoolState(PoolOptions(name="cpu", **options))
    for event in events:
        state, _ = apply(state, event)
    return explain(state, now)


def calls(count: int) -> list[Event]:
    return [CheckoutRequested(number, None, at=0.5) for number in range(count)]


@pytest.mark.parametrize(
    ("slots", "words"),
    [(1, "30 more needed, 30 booting"), (10, "3 more needed, 3 booting"), (100, "1 more needed, 1 booting")],
)
def test_growth_is_explained_by_the_backlog(slots: int, words: str) -> None:
    assert f"30 calls wait at {slots} a runner: {words}" in explained(*calls(30), max=50, max_concurrency=slots)


def test_what_is_there_is_counted() -> None:
    words = explained(*calls(3), RunnerUp(1, "n1", 1.0), max=2)
    assert words.startswith(
        "pool 'cpu': runners: 1 up, 1 booting (min 0, max 2), 1 of 1 slots taken, 2 calls wait, the first for 1.5 s\n"
    )


def test_max_is_named_when_it_is_what_holds_the_pool_back() -> None:
    assert "max is reached" in explained(*calls(2), RunnerUp(1, "n1", 1.0))


def test_a_pause_after_a_failed_boot_names_the_reason_and_the_time_left() -> None:
    words = explained(*calls(1), RunnerDown(1, "no such image", 1.5))
    assert "1 boot failed in a row, the last because no such image: the next boot is tried in 0.5 s" in words


def test_a_stopping_pool_says_so() -> None:
    assert "the pool stops" in explained(*calls(1), RunnerUp(1, "n1", 1.0), StopRequested(1.5))


def test_work_that_was_told_to_stop_is_counted_apart() -> None:
    words = explained(*calls(1), RunnerUp(1, "n1", 1.0), CallerGone(0, 1.5))
    assert "1 of 1 slots taken (1 by work that was told to stop)" in words
