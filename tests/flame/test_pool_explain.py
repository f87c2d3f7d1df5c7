"""`explain` names the rule that decided."""

from __future__ import annotations

from typing import Any

import pytest

from flame.caps import Caps
from flame.explain import explain
from flame.options import PoolOptions
from flame.policies import spare
from flame.pool_events import (
    BootWithheld,
    DrainRequested,
    Event,
    LanePicture,
    Looked,
    Picture,
    RunnerDown,
    RunnerUp,
    StopRequested,
)
from flame.pool_state import PoolState, apply

NO_CALLS = Picture()


def waiting(calls: int, *lanes: LanePicture) -> Picture:
    return Picture(calls, 0, 0.5 if calls else None, dict(enumerate(lanes, start=1)))


def explained(picture: Picture, *events: Event, **options: Any) -> str:
    """What it says at 2.0, after a look at 0.5 and these events."""
    state = PoolState(PoolOptions(name="cpu", **options))
    for event in (Looked(0.5), *events):
        state, _ = apply(state, event, picture)
    return explain(state, picture, 2.0)


@pytest.mark.parametrize(
    ("slots", "words"),
    [
        (1, "30 runners are wanted: 30 calls wait and 1 fits a runner: 30 runners"),
        (10, "3 runners are wanted: 30 calls wait and 10 fit a runner: 3 runners"),
        (100, "1 runner is wanted: 30 calls wait and 100 fit a runner: 1 runner"),
    ],
)
def test_growth_is_explained_by_the_backlog(slots: int, words: str) -> None:
    assert words in explained(waiting(30), max=50, max_concurrency=slots)


def test_what_is_there_is_counted() -> None:
    picture = waiting(2, LanePicture(working=1))
    words = explained(picture, RunnerUp(1, "n1", 1.0), max=2)
    assert words.startswith(
        "pool 'cpu': runners: 1 up, 1 booting (min 0, max 2), 1 of 1 slots taken, 2 calls wait, the first for 1.5 s\n"
    )


def test_runners_on_their_way_out_are_named() -> None:
    picture = waiting(0, LanePicture(working=1))
    words = explained(picture, RunnerUp(1, "n1", 1.0), DrainRequested(1, "drained", 9.0, 1.0), min=1)
    assert "runners: 1 draining" in words


def test_max_is_named_when_it_is_what_holds_the_pool_back() -> None:
    assert "max is reached" in explained(waiting(2, LanePicture(working=1)), RunnerUp(1, "n1", 1.0))


def test_a_policy_says_why_it_wants_more() -> None:
    assert "to spare" in explained(waiting(1), policy=spare(2), max=9)


def test_min_is_named() -> None:
    assert "2 runners are wanted: min is 2" in explained(NO_CALLS, min=2, max=4)


def test_a_cap_is_named_with_what_it_was_used_for() -> None:
    assert "but the cap is 1 runner and there is 0" not in explained(waiting(3), max=9)
    assert "but the cap is 1 runner" in explained(waiting(3), max=9, caps=Caps(runners=1))


def test_other_pools_are_named_when_they_have_the_runners() -> None:
    words = explained(waiting(1), BootWithheld(1, "2 of the 2 runners that the pools share are taken", 1.0))
    assert words.endswith(", but 2 of the 2 runners that the pools share are taken")


def test_a_pause_after_a_failed_boot_names_the_reason_and_the_time_left() -> None:
    words = explained(waiting(1), RunnerDown(1, "no such image", 1.5))
    assert "1 boot failed in a row, the last because no such image: the next boot is tried in 0.5 s" in words


def test_a_stopping_pool_says_so() -> None:
    picture = waiting(0, LanePicture(working=1))
    assert "the pool stops" in explained(picture, RunnerUp(1, "n1", 1.0), StopRequested(1.5), min=1)


def test_slots_that_no_call_works_in_are_counted_apart() -> None:
    picture = waiting(0, LanePicture(working=2, kept=1, abandoned=1))
    words = explained(picture, RunnerUp(1, "n1", 1.0), min=1, max_concurrency=4)
    assert "3 of 4 slots taken (1 by work that was told to stop, 1 by results that stay there)" in words
