"""The numbers of a pool: what they say of its runners, its calls, its times and its cost."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flame.errors import (
    BootFailed,
    BootTimeout,
    Cancelled,
    ExecTimeout,
    PoolStopped,
    QueueTimeout,
    RunnerLost,
)
from flame.events import CallStatus
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.stats import Stats
from flame.tally import LATEST, Durations, Tally
from tests.support.watched_pools import WatchedPool


def busy_pool() -> WatchedPool:
    """Runner 1 has two calls, one of them for a second; a third waits; runner 2 boots."""
    pool = WatchedPool(max=2, max_concurrency=2, idle_shutdown_after=None)
    pool.call()
    pool.clock.advance(0.5)
    pool.up(1)
    pool.clock.advance(1.0)
    pool.call()
    pool.call()
    pool.step(2, "created")
    pool.clock.advance(0.25)
    return pool


def test_runners_show_their_phase_and_the_time_in_it_slots_and_calls() -> None:
    stats = busy_pool().stats()
    first, second = stats.runners
    assert (first.phase, first.phase_seconds, first.age) == ("busy", 1.25, 1.75)
    assert (first.busy, first.slots, first.served, first.where) == (2, 2, 2, "machine 1")
    assert (second.phase, second.phase_seconds, second.busy, second.served) == ("created", 0.25, 0, 0)
    assert (stats.taken, stats.slots) == (2, 2)


def test_the_queue_its_oldest_wait_and_what_is_wanted_show() -> None:
    stats = busy_pool().stats()
    assert (stats.waiting, stats.oldest_wait) == (1, 0.25)
    assert stats.wanted == 2
    assert "call" in stats.why


def test_a_runner_without_calls_is_ready_since_the_last_ended() -> None:
    pool = WatchedPool(idle_shutdown_after=None)
    pool.call()
    pool.up(1)
    pool.clock.advance(1.0)
    pool.end_work(1)
    pool.clock.advance(3.0)
    assert (pool.stats().runners[0].phase, pool.stats().runners[0].phase_seconds) == ("ready", 3.0)


def test_times_of_boots_queues_and_runs_are_kept() -> None:
    pool = busy_pool()
    pool.end_work(1)
    stats = pool.stats()
    assert stats.boot == Durations(1, 0.5, 0.5)
    assert stats.queue == Durations(1, 0.5, 0.5)
    assert stats.run == Durations(1, 1.25, 1.25)
    assert stats.finished == {"returned": 1}


def test_runner_seconds_and_money_include_the_runners_that_are_gone() -> None:
    pool = WatchedPool(idle_shutdown_after=1.0)
    pool.call()
    pool.up(1)
    pool.clock.advance(10.0)
    pool.end_work(1)
    pool.wait(1.0)
    pool.down(1)
    stats = pool.stats()
    assert not stats.runners
    assert stats.runner_seconds == 11.0
    assert stats.usd is None, "the price of this pool's machines is not known"


def test_a_failed_boot_shows_when_the_next_is_tried() -> None:
    pool = WatchedPool()
    pool.call()
    pool.down(1, "no room")
    stats = pool.stats()
    assert (stats.failures, stats.last_failure) == (1, "no room")
    assert stats.retry_at == pool.state.retry_at


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Returned(1), "returned"),
        (Raised(None), "raised"),  # type: ignore[arg-type]
        (Ended("kill"), "ended"),
        (Ended("called off"), "cancelled"),
        (QueueTimeout(""), "queue_timeout"),
        (BootTimeout(""), "boot_timeout"),
        (ExecTimeout(""), "exec_timeout"),
        (RunnerLost(""), "lost"),
        (Cancelled(""), "cancelled"),
        (PoolStopped(""), "refused"),
        (BootFailed(""), "refused"),
        (TypeError("cannot be sent"), "refused"),
    ],
)
def test_a_call_counts_by_what_its_caller_got(outcome: Outcome | Exception, status: CallStatus) -> None:
    pool = WatchedPool()
    pool.witness.ended(pool.call(), outcome, pool.now)
    assert pool.stats().finished == {status: 1}


def test_the_numbers_are_json() -> None:
    stats = busy_pool().stats()
    told = json.loads(json.dumps(stats.as_dict()))
    assert told["runners"][0]["phase"] == "busy"
    assert set(told) == set(Stats.__slots__)


def test_only_the_latest_durations_are_kept() -> None:
    tally = Tally()
    tally.run.extend(float(number) for number in range(3 * LATEST))
    assert Durations.of(tally.run).count == LATEST
    assert min(tally.run) == 2 * LATEST


@given(seconds=st.lists(st.floats(0, 1e6), min_size=1))
def test_of_the_durations_so_many_are_no_longer_than_a_quantile(seconds: list[float]) -> None:
    known = Durations.of(seconds)
    assert known.p50 is not None
    assert known.p95 is not None
    for quantile, share in ((known.p50, 0.5), (known.p95, 0.95)):
        assert quantile in seconds
        assert sum(one <= quantile for one in seconds) >= share * len(seconds)
        assert sum(one < quantile for one in seconds) < share * len(seconds) + 1
