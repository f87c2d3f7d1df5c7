"""The pool's rules about its runners, a short history each; in `test_pool_histories` chance writes the histories.

One file, as what it tests is one reducer: a rule is mostly about what another has left.
"""

from __future__ import annotations

from typing import Any

import pytest

from flame.caps import Caps
from flame.options import PoolOptions
from flame.policies import queue_depth, spare
from flame.pool_events import (
    AskIdle,
    Boot,
    BootStep,
    BootWithheld,
    Close,
    CordonRequested,
    DrainRequested,
    Effect,
    Event,
    Finished,
    IdleAnswered,
    LanePicture,
    Looked,
    Open,
    Picture,
    Refusal,
    Refuse,
    Resized,
    RoomMade,
    RunnerDown,
    RunnerLost,
    RunnerServed,
    RunnerUp,
    StopRequested,
    StopRunner,
    WakeAt,
    WarmRequested,
    WorkLingers,
)
from flame.pool_state import CHECK_SECONDS, Phase, PoolState, Stage, apply
from flame.prices import Price


class History:
    """A pool, and how its slots stand; `sees` gives the effects of an event, and when it wants to look again."""

    def __init__(self, price: float | None = None, **options: Any) -> None:
        made = PoolOptions(name="cpu", **{"idle_shutdown_after": None, **options})
        self.state = PoolState(made, price=None if price is None else Price(price))
        self.lanes: dict[int, LanePicture] = {}
        self.waiting = 0
        self.bound = 0
        self.since: float | None = None
        self.lost: frozenset[int] = frozenset()
        self.wake: float | None = None

    def sees(self, *events: Event) -> list[Effect]:
        """The effects of the last event but its WakeAt, which is `wake`."""
        effects: list[Effect] = []
        for event in events:
            picture = Picture(self.waiting, self.bound, self.since, self.lanes, lost=self.lost)
            state, seen = apply(self.state, event, picture)
            assert apply(self.state, event, picture) == (state, seen), "the same comes of the same"
            *effects, last = seen
            assert isinstance(last, WakeAt)
            self.state, self.wake = state, last.at
        return effects

    def wait(self, calls: int, since: float = 0.0) -> History:
        self.waiting, self.since = calls, since if calls else None
        return self

    def busy(self, runner: int, calls: int = 1, *, abandoned: int = 0, kept: int = 0) -> History:
        self.lanes[runner] = LanePicture(calls, kept, abandoned)
        return self

    def idle(self, runner: int, since: float) -> History:
        self.lanes[runner] = LanePicture(idle_since=since)
        return self

    def ready(self, runner: int, at: float = 0.0, *, calls: int = 1) -> History:
        """The runner came up, and has so many calls since."""
        self.sees(up(runner, at), RunnerServed(runner, at))
        if calls:
            self.busy(runner, calls)
        else:
            self.idle(runner, at)
        return self

    def lose(self, runner: int) -> History:
        """Its node is lost, and the word of it lies in the mail."""
        self.lost |= {runner}
        return self.gone(runner)

    def gone(self, runner: int) -> History:
        self.lanes.pop(runner, None)
        return self

    def phase(self, runner: int) -> Phase | None:
        found = self.state.runner(runner)
        return None if found is None else found.phase


def pool(**options: Any) -> History:
    return History(**options)


def working(calls: int = 1, **options: Any) -> History:
    """A pool whose only runner has so many calls since 0.0."""
    history = pool(**options).wait(1)
    history.sees(look())
    return history.ready(1, calls=calls).wait(0)


def look(at: float = 0.0) -> Looked:
    return Looked(at)


def up(runner: int, at: float = 0.0) -> RunnerUp:
    return RunnerUp(runner, f"n{runner}", at)


def down(runner: int, at: float = 0.0, reason: str = "lost", *, permanent: bool = False) -> RunnerDown:
    return RunnerDown(runner, reason, at, permanent)


# Growth


@pytest.mark.parametrize(
    ("calls", "max_concurrency", "most", "boots"),
    [(30, 1, 50, 30), (30, 10, 50, 3), (30, 100, 50, 1), (30, 1, 4, 4), (3, 2, 50, 2), (1, 2, 50, 1)],
)
def test_a_burst_on_an_empty_pool_boots_what_the_backlog_needs_within_max(
    calls: int, max_concurrency: int, most: int, boots: int
) -> None:
    history = pool(max=most, max_concurrency=max_concurrency).wait(calls)
    assert history.sees(look()) == [Boot(id) for id in range(1, boots + 1)]
    assert history.sees(look()) == []


def test_starting_boots_the_minimum() -> None:
    assert pool(min=2, max=4).sees(look()) == [Boot(1), Boot(2)]


def test_a_runner_that_comes_up_takes_calls() -> None:
    history = pool().wait(1)
    history.sees(look())
    assert history.sees(BootStep(1, "dialled", 0.1)) == []
    assert history.sees(up(1, 0.2)) == [Open(1, "n1")]


def test_a_call_that_waits_beside_busy_runners_brings_one_more_below_max() -> None:
    history = working(max=2).wait(1)
    assert history.sees(look()) == [Boot(2)]
    assert history.sees(up(2)) == [Open(2, "n2")]
    history.busy(2).wait(5)
    assert history.sees(look()) == []


def test_calls_that_wait_for_one_runner_alone_bring_no_other() -> None:
    history = working(max=4).wait(3)
    history.bound = 2
    assert history.sees(look()) == [Boot(2)]


def test_slots_that_hold_a_result_and_a_call_on_it_count_once() -> None:
    history = working(max=4)
    history.busy(1, calls=1, kept=1).wait(0)
    assert history.sees(look()) == []


def test_a_lost_runner_is_replaced_for_the_calls_that_wait() -> None:
    history = working().wait(2)
    assert history.sees(down(1, 1.0)) == [Close(1), Boot(2)]


def test_a_lost_runner_below_min_is_replaced_without_any_call() -> None:
    history = pool(min=1, max=2)
    history.sees(look())
    history.ready(1)
    assert history.sees(down(1, 1.0)) == [Close(1), Boot(2)]


def test_a_lost_runner_is_lent_to_nobody_and_holds_its_place_while_its_machine_is_cleared_away() -> None:
    history = working().wait(1)
    assert history.sees(RunnerLost(1, "lost", 1.0)) == [Close(1)]
    assert history.sees(down(1, 2.0)) == [Boot(2)]


def with_a_boot_and_a_lost_runner() -> History:
    history = pool(max=2).wait(2)
    history.sees(look())
    return history.ready(1).lose(1).wait(1)


def test_no_boot_is_called_off_for_a_runner_whose_loss_is_still_to_be_read() -> None:
    assert with_a_boot_and_a_lost_runner().sees(Looked(1.0, cancelled=True)) == []
    assert with_a_boot_and_a_lost_runner().sees(Resized(0, 1, 1.0)) == []


def test_no_runner_that_idles_goes_for_one_whose_loss_is_still_to_be_read() -> None:
    history = pool(max=2, min=1, idle_shutdown_after=1.0).wait(2)
    history.sees(look())
    history.ready(1).ready(2, calls=0).lose(1).wait(0)
    assert history.sees(look(5.0)) == []
    assert history.sees(RunnerLost(1, "lost", 5.0)) == [Close(1)]


def test_a_runner_whose_loss_is_still_to_be_read_is_not_replaced_before_nor_opened() -> None:
    history = pool(max=3).wait(1)
    history.sees(look())
    assert history.lose(1).sees(up(1)) == []
    assert history.sees(look(1.0)) == []
    assert history.sees(RunnerLost(1, "lost", 1.0)) == [Close(1)]
    assert history.wake == 2.0
    assert history.sees(look(2.0)) == [Boot(2)]


def test_a_resize_grows_and_what_is_beyond_a_smaller_max_goes_whether_it_idles_or_not() -> None:
    history = pool(max=1).wait(3)
    history.sees(look())
    assert history.sees(Resized(0, 3, 0.0)) == [Boot(2), Boot(3)]
    for runner in (1, 2, 3):
        history.ready(runner)
    history.wait(0).idle(2, since=0.5)
    assert history.sees(Resized(0, 1, 1.0)) == [Close(2), Close(1), Close(2), StopRunner(2, "max has become smaller")]
    assert (history.phase(1), history.phase(3), history.wake) == (Phase.DRAINING, Phase.READY, None)
    history.idle(3, since=2.0)
    assert history.sees(look(1e9)) == []
    history.idle(1, since=1e9)
    assert history.sees(look(1e9)) == [Close(1), StopRunner(1, "max has become smaller")]


def test_the_latest_boots_beyond_a_smaller_max_are_called_off_first() -> None:
    history = pool(max=3).wait(3)
    history.sees(look())
    history.ready(2, calls=0)
    history.wait(2)
    assert history.sees(Resized(0, 2, 1.0)) == [Close(3), StopRunner(3, "max has become smaller")]


def test_a_policy_may_want_more_than_the_calls_need() -> None:
    history = pool(max=5, policy=spare(1)).wait(1)
    assert history.sees(look()) == [Boot(1), Boot(2)]


def test_a_policy_is_asked_again_when_its_answer_may_change() -> None:
    history = working(max=5, policy=queue_depth(3, age=2.0)).wait(1, since=1.0)
    assert history.sees(look(1.0)) == []
    assert history.wake == 3.0
    assert history.sees(look(3.0)) == [Boot(2)]


# Boots that are called off


def booting(boots: int, **options: Any) -> History:
    history = pool(max=boots, **options).wait(boots)
    history.sees(look())
    return history


@pytest.mark.parametrize(
    ("waiting", "options", "stopped"),
    [(3, {}, []), (2, {}, [3]), (0, {}, [1, 2, 3]), (0, {"min": 2}, [3]), (1, {"policy": spare(1)}, [3])],
)
def test_boots_that_neither_calls_nor_min_nor_policy_want_are_called_off_for_those_that_were_cancelled(
    waiting: int, options: dict[str, Any], stopped: list[int]
) -> None:
    effects = booting(3, **options).wait(waiting).sees(Looked(0.1, cancelled=True))
    assert [effect.runner for effect in effects if isinstance(effect, StopRunner)] == stopped
    assert not any(isinstance(effect, Boot) for effect in effects)


def test_a_boot_that_is_called_off_is_none_that_failed() -> None:
    history = booting(1).wait(0)
    history.sees(Looked(0.1, cancelled=True), down(1, 0.2))
    assert (history.state.failures, history.state.runners) == (0, ())


def test_boots_go_on_that_calls_had_no_time_to_wait_for_or_that_others_served() -> None:
    assert booting(3).wait(0).sees(look(0.1)) == []


# Warming up


def test_warming_boots_once_and_what_it_booted_idles_out() -> None:
    history = pool(max=3, idle_shutdown_after=10.0)
    assert history.sees(WarmRequested(2, 0.0)) == [Boot(1), Boot(2)]
    history.sees(up(1, 1.0))
    history.idle(1, 1.0)
    history.sees(up(2, 1.0))
    assert history.wake == 11.0
    history.idle(2, 1.0)
    assert history.sees(look(11.0)) == [
        Close(1),
        StopRunner(1, "idle"),
        Close(2),
        StopRunner(2, "idle"),
    ]


def test_more_than_max_cannot_be_warmed_up_and_are_not_wanted_for_ever() -> None:
    history = pool(max=1, idle_shutdown_after=10.0)
    assert history.sees(WarmRequested(5, 0.0)) == [Boot(1)]
    history.sees(up(1, 1.0))
    history.idle(1, 1.0)
    assert history.sees(look(11.0)) == [Close(1), StopRunner(1, "idle")]


def test_what_caps_do_not_allow_to_warm_up_is_not_wanted_for_ever() -> None:
    history = pool(max=3, idle_shutdown_after=10.0, caps=Caps(runners=1))
    assert history.sees(WarmRequested(3, 0.0)) == [Boot(1)]
    history.sees(up(1, 1.0))
    history.idle(1, 1.0)
    assert history.sees(look(11.0)) == [Close(1), StopRunner(1, "idle")]


def test_what_cannot_be_booted_is_no_longer_to_be_warmed_up() -> None:
    history = pool()
    history.sees(WarmRequested(1, 0.0), down(1, 0.1, permanent=True))
    assert history.sees(look(60.0)) == []


# Caps, and runners shared with other pools


def test_a_cap_on_runners_is_kept_and_said() -> None:
    history = pool(max=9, caps=Caps(runners=2)).wait(5)
    assert history.sees(look()) == [Boot(1), Boot(2)]
    assert history.sees(look(1.0)) == []
    assert "the cap is 2 runners" in history.state.wanted.why


def test_a_call_is_refused_when_what_is_left_is_too_little_for_any_runner() -> None:
    history = pool(caps=Caps(runner_seconds=0.5)).wait(1)
    assert history.sees(look()) == [Refuse(Refusal.USED_UP)]
    assert history.state.used_up == "the pool has used 0 of its 0.5 runner-seconds, too little for another runner"


def test_runner_seconds_that_are_used_up_end_all_runners_at_that_time() -> None:
    history = pool(max=2, caps=Caps(runner_seconds=100)).wait(2)
    history.sees(look())
    history.ready(1).ready(2).wait(0)
    history.sees(look(20.0))
    assert history.wake == 50.0
    effects = history.sees(look(50.0))
    assert [effect.runner for effect in effects if isinstance(effect, StopRunner)] == [1, 2]
    assert history.sees(down(1, 51.0), down(2, 51.0)) == []
    assert history.wake is None
    assert history.wait(1).sees(look(52.0)) == [Refuse(Refusal.USED_UP)]


def test_dollars_are_kept_to_where_the_price_is_known() -> None:
    history = pool(max=9, caps=Caps(usd_per_hour=7.2), price=0.001).wait(5)
    assert history.sees(look()) == [Boot(1), Boot(2)]


def test_without_a_price_nothing_is_booted_under_a_cap_in_dollars() -> None:
    history = pool(max=9, caps=Caps(usd_per_hour=7.2)).wait(5)
    assert history.sees(look()) == []
    assert "the price of a runner is not known" in history.state.wanted.why


def test_a_boot_that_was_withheld_is_tried_again_when_there_is_room() -> None:
    history = pool(max=2).wait(2)
    history.sees(look())
    assert history.sees(BootWithheld(2, "others have them", 0.0)) == []
    assert history.sees(look(60.0)) == []
    assert history.sees(RoomMade(61.0)) == [Boot(3)]
    assert history.state.ledger.seconds(61.0) == 61.0


# Work that nobody waits for


def test_work_that_does_not_end_takes_its_runner_with_it() -> None:
    history = working().busy(1, abandoned=1).wait(1)
    assert history.sees(look(1.0)) == []
    assert StopRunner(1, "work that nobody waits for does not end there") in history.sees(WorkLingers(1, 6.0))
    assert history.sees(down(1, 7.0)) == [Boot(2)]


def test_a_stuck_runner_gets_no_calls_and_stays_until_the_others_there_have_ended() -> None:
    history = working(max_concurrency=3).busy(1, 2, abandoned=1).wait(1)
    assert history.sees(WorkLingers(1, 6.0)) == [Close(1)]
    history.busy(1, 1, abandoned=1)
    assert StopRunner(1, "work that nobody waits for does not end there") in history.sees(look(7.0))


def test_a_stuck_runner_stays_while_a_result_is_kept_there() -> None:
    history = working(max_concurrency=3).busy(1, 1, abandoned=1, kept=1)
    assert history.sees(WorkLingers(1, 6.0)) == [Close(1)]


def test_a_stuck_runner_is_well_again_when_the_work_ends_after_all() -> None:
    history = working(max_concurrency=2).busy(1, 2, abandoned=1)
    history.sees(WorkLingers(1, 6.0))
    assert history.busy(1, 1).sees(look(7.0)) == [Open(1, "n1")]


def test_a_cordoned_runner_that_was_stuck_stays_cordoned() -> None:
    history = working(max_concurrency=2).busy(1, 2, abandoned=1)
    history.sees(WorkLingers(1, 6.0), CordonRequested(1, True, 6.5))
    assert history.busy(1, 1).sees(look(7.0)) == []
    assert history.sees(CordonRequested(1, False, 8.0)) == [Open(1, "n1")]


# Draining, cordons, lifetimes, single use


def test_a_drained_runner_takes_no_calls_and_goes_when_those_that_it_has_are_over() -> None:
    history = working(max=2)
    assert history.sees(DrainRequested(1, "it was drained", 5.0, 1.0)) == [Close(1)]
    assert history.wake == 6.0
    history.gone(1)
    assert history.sees(look(2.0)) == [Close(1), StopRunner(1, "it was drained")]


def test_calls_that_outlive_the_drain_are_cut_off() -> None:
    history = working()
    history.sees(DrainRequested(1, "it was drained", 5.0, 1.0))
    assert history.sees(look(6.0)) == [Close(1), StopRunner(1, "it was drained, and its calls did not end in time")]


def test_a_second_drain_can_only_shorten_the_first() -> None:
    history = working()
    history.sees(DrainRequested(1, "it was drained", 5.0, 1.0), DrainRequested(1, "again", 60.0, 1.0))
    assert history.wake == 6.0
    history.sees(DrainRequested(1, "again", 1.0, 1.0))
    assert history.wake == 2.0


def test_a_runner_that_is_drained_while_it_boots_is_called_off() -> None:
    history = pool(min=1, max=2)
    history.sees(look())
    assert StopRunner(1, "it was drained") in history.sees(DrainRequested(1, "it was drained", 5.0, 1.0))


def test_a_drained_runner_of_min_is_replaced_at_once() -> None:
    history = pool(min=1, max=2)
    history.sees(look())
    history.ready(1)
    assert history.sees(DrainRequested(1, "it was drained", 5.0, 1.0)) == [Close(1), Boot(2)]


def test_a_cordoned_runner_takes_no_calls_until_the_cordon_is_lifted_and_is_not_stopped() -> None:
    history = working(max=2, idle_shutdown_after=10.0)
    assert history.sees(CordonRequested(1, True, 0.0)) == [Close(1)]
    assert history.sees(CordonRequested(1, True, 0.0)) == []
    history.idle(1, 1.0)
    assert history.sees(look(100.0)) == []
    assert history.wait(1).sees(look(101.0)) == [Boot(2)]
    assert history.sees(CordonRequested(1, False, 102.0)) == [Open(1, "n1")]


def test_a_runner_that_has_lived_long_enough_is_drained_and_replaced() -> None:
    history = pool(min=1, max=2, caps=Caps(lifetime=60.0), shutdown_timeout=9.0)
    history.sees(look())
    history.ready(1, 1.0)
    assert history.sees(look(59.9)) == []
    assert history.wake == 60.0
    assert history.sees(look(60.0)) == [Close(1), Boot(2)]
    assert history.phase(1) is Phase.DRAINING
    assert history.wake == 69.0


def test_a_runner_for_single_use_goes_after_its_call_however_long_that_is() -> None:
    history = working(single_use=True)
    history.lanes[1] = LanePicture(working=1, spent=True)
    assert history.sees(look(1.0)) == [Close(1)]
    assert history.wake is None
    history.lanes[1] = LanePicture(idle_since=1000.0, spent=True)
    assert history.sees(look(1000.0)) == [Close(1), StopRunner(1, "it was to serve one call")]


def test_a_runner_for_single_use_keeps_to_its_lifetime_all_the_same() -> None:
    history = working(single_use=True, caps=Caps(lifetime=60.0), shutdown_timeout=9.0)
    history.lanes[1] = LanePicture(working=1, spent=True)
    assert history.sees(look(1.0)) == [Close(1)]
    assert history.wake == 69.0


# Boots that fail


def failing(history: History, *times: float) -> History:
    """Boots fail at these times, and each pause passes."""
    for runner, at in enumerate(times, start=history.state.next_runner - 1):
        history.sees(down(runner, at, "no such image"))
        assert history.wake is not None
        history.sees(look(history.wake))
    return history


def test_a_failed_boot_is_tried_again_after_a_pause() -> None:
    history = pool().wait(1)
    history.sees(look(9.0))
    assert history.sees(down(1, 10.0)) == [Close(1)]
    assert history.wake == 11.0
    assert history.sees(look(10.9)) == []
    assert history.sees(look(11.0)) == [Boot(2)]


def test_calls_that_come_in_the_pause_are_all_counted_when_it_ends() -> None:
    history = pool(max=20).wait(1)
    history.sees(look(9.0), down(1, 10.0))
    history.wait(20)
    assert history.sees(look(10.5)) == []
    assert len(history.sees(look(11.0))) == 20


def test_no_boot_is_tried_again_for_a_caller_who_left() -> None:
    history = pool().wait(1)
    history.sees(look(), down(1))
    assert history.wait(0).sees(look(1.0)) == []
    assert history.wake is None


def test_each_pause_is_twice_as_long_as_the_one_before_up_to_half_a_minute() -> None:
    history = pool(min=1)
    history.sees(look())
    pauses, now = [], 0.0
    for runner in range(1, 8):
        history.sees(down(runner, now))
        assert history.wake is not None
        pauses.append(history.wake - now)
        now = history.wake
        history.sees(look(now))
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0]


def test_after_three_failures_in_a_row_the_waiting_calls_are_told() -> None:
    history = pool().wait(1)
    history.sees(look())
    failing(history, 0.0, 1.0)
    assert history.sees(down(3, 3.0, "no such image")) == [Close(3), Refuse(Refusal.BOOT_FAILED)]
    assert history.state.last_failure == "no such image"


def test_the_next_call_after_that_tries_again_and_can_succeed() -> None:
    history = pool().wait(1)
    history.sees(look())
    failing(history, 0.0, 1.0, 3.0)
    history.sees(down(4, 7.0))
    history.wait(0).sees(look(20.0))
    assert history.wait(1).sees(look(40.0)) == [Boot(5)]
    assert history.sees(up(5, 41.0)) == [Open(5, "n5")]
    history.sees(RunnerServed(5, 41.0))
    assert history.state.failures == 0


def test_a_permanent_failure_is_told_at_once_and_to_those_who_come_in_its_pause() -> None:
    history = pool().wait(1)
    history.sees(look())
    assert history.sees(down(1, 0.0, "no such image", permanent=True)) == [Close(1), Refuse(Refusal.BOOT_FAILED)]
    assert history.state.refuses
    history.wait(0).sees(look(1.0))
    assert not history.state.refuses


def test_boots_that_fail_together_count_as_one_failure() -> None:
    history = pool(max=5).wait(5)
    history.sees(look(), *(down(id) for id in range(1, 6)))
    assert history.state.failures == 1


def test_calls_go_on_waiting_for_a_runner_that_works_while_others_fail_to_boot() -> None:
    history = working(max=2).wait(1)
    history.sees(look())
    failing(history, 0.0, 1.0)
    assert history.sees(down(4, 3.0)) == [Close(4)]
    assert history.state.failures == 3


@pytest.mark.parametrize("event", [RunnerLost(1, "lost", 1.0), down(1, 1.0)])
def test_a_runner_that_is_lost_before_its_first_call_counts_as_a_failed_boot(event: Event) -> None:
    history = pool(min=1)
    history.sees(look(), up(1))
    assert history.sees(event) == [Close(1)]
    assert history.wake == 2.0
    history.sees(down(1, 1.5))
    assert history.state.failures == 1


def test_a_runner_that_is_lost_after_its_first_call_does_not_and_has_no_pause() -> None:
    history = working().wait(1)
    assert history.sees(down(1, 1.0)) == [Close(1), Boot(2)]
    assert history.state.failures == 0


# Idling


def idling(**options: Any) -> History:
    """A pool whose runner 1 idles since 1.0, to be stopped at 11.0."""
    history = working(idle_shutdown_after=10.0, **options).idle(1, 1.0)
    assert history.sees(look(1.0)) == []
    return history


def test_a_runner_that_idled_long_enough_is_stopped() -> None:
    history = idling()
    assert history.wake == 11.0
    assert history.sees(look(11.0)) == [Close(1), StopRunner(1, "idle")]


def test_a_call_that_comes_as_the_idle_time_ends_is_never_cut_off() -> None:
    assert idling().busy(1).sees(look(11.0)) == []


def test_a_short_call_begins_the_idling_anew() -> None:
    history = idling().idle(1, 10.95)
    assert history.sees(look(11.0)) == []
    assert history.wake == 20.95


def test_a_runner_on_its_way_out_gets_no_call_and_holds_its_place_until_it_is_gone() -> None:
    history = idling()
    history.sees(look(11.0))
    assert history.wait(1).sees(look(11.1)) == []
    assert history.gone(1).sees(down(1, 12.0)) == [Boot(2)]


def test_idling_never_goes_below_min() -> None:
    history = idling(min=1)
    assert history.wake is None
    assert history.sees(look(11.0)) == []


def test_a_runner_that_is_up_is_not_given_up_for_one_that_boots() -> None:
    history = pool(min=2, max=2, idle_shutdown_after=10.0)
    history.sees(look())
    history.ready(1, calls=0)
    history.sees(Resized(1, 2, 1.0))
    assert history.sees(look(11.0)) == []
    history.ready(2, 12.0, calls=0)
    assert (history.phase(1), history.phase(2)) == (Phase.LEAVING, Phase.READY)


def test_those_that_have_idled_longest_go_first_as_far_as_they_are_not_wanted() -> None:
    history = pool(min=1, max=3, idle_shutdown_after=10.0).wait(3)
    history.sees(look())
    for runner in (1, 2, 3):
        history.ready(runner)
    history.wait(0).idle(1, 3.0).idle(2, 1.0).idle(3, 2.0)
    effects = history.sees(look(20.0))
    assert [effect.runner for effect in effects if isinstance(effect, StopRunner)] == [2, 3]


def checked(**options: Any) -> History:
    history = working(idle_shutdown_after=(10.0, bool), **options).idle(1, 1.0)
    assert history.sees(look(11.0)) == [AskIdle(1)]
    assert history.sees(look(12.0)) == []
    return history


def test_a_check_that_says_idle_has_the_runner_go() -> None:
    assert checked().sees(IdleAnswered(1, True, 12.0)) == [Close(1), StopRunner(1, "idle")]


def test_a_check_that_says_no_keeps_the_runner_for_another_period() -> None:
    history = checked()
    assert history.sees(IdleAnswered(1, False, 12.0)) == []
    assert history.wake == 22.0
    assert history.sees(look(22.0)) == [AskIdle(1)]


def test_a_call_that_came_while_the_check_was_asked_begins_the_idling_anew() -> None:
    history = checked().idle(1, 11.8)
    assert history.sees(IdleAnswered(1, True, 12.0)) == []
    assert history.wake == 21.8


def test_a_check_that_does_not_answer_in_time_keeps_no_runner() -> None:
    history = checked()
    assert history.wake == 11.0 + CHECK_SECONDS
    assert history.sees(look(40.9)) == []
    assert history.sees(look(41.0)) == [Close(1), StopRunner(1, "idle, and its check did not answer within 30 s")]


def test_a_check_that_does_not_answer_while_a_call_has_come_is_asked_anew() -> None:
    history = checked().busy(1)
    assert history.sees(look(41.0)) == []
    history.idle(1, 42.0)
    assert history.sees(IdleAnswered(1, True, 52.0)) == [AskIdle(1)], "an answer to none is none"


def pressed(history: History, at: float, places: int = 1) -> list[Effect]:
    """What comes of a look while other pools wait for so many places."""
    picture = Picture(history.waiting, history.bound, history.since, history.lanes, wanted_elsewhere=places)
    history.state, (*effects, _wake) = apply(history.state, look(at), picture)
    return effects


@pytest.mark.parametrize("after", [None, 10.0])
def test_as_many_runners_that_are_not_wanted_give_way_at_once_as_other_pools_wait_for(after: float | None) -> None:
    history = pool(max=4, min=1, idle_shutdown_after=after).wait(4)
    history.sees(look())
    for runner in (1, 2, 3, 4):
        history.ready(runner)
    history.wait(0).idle(1, 1.0).idle(2, 2.0).idle(4, 0.5)
    assert history.sees(look(2.0)) == []
    why = "idle, and another pool waits for its place"
    assert pressed(history, 2.0) == [Close(4), StopRunner(4, why)]
    assert pressed(history, 2.1) == []
    assert pressed(history, 2.2, places=3) == [Close(1), StopRunner(1, why), Close(2), StopRunner(2, why)]
    history.idle(3, 2.3)
    assert pressed(history, 2.3, places=9) == [], "min is kept"


def test_who_is_to_give_way_is_checked_first_and_one_that_is_needed_stays_for_another_period() -> None:
    history = working(idle_shutdown_after=(10.0, bool)).idle(1, 1.0)
    assert pressed(history, 1.0) == [AskIdle(1)]
    assert pressed(history, 1.1) == []
    history.sees(IdleAnswered(1, False, 1.2))
    assert pressed(history, 1.3) == []
    assert pressed(history, 11.2) == [AskIdle(1)]


def test_a_check_of_which_nobody_asked_changes_nothing() -> None:
    history = idling()
    before = history.state
    assert history.sees(IdleAnswered(1, True, 5.0)) == []
    assert history.state == before


# The end


def test_stopping_an_empty_pool_finishes_at_once_and_once() -> None:
    history = pool()
    assert history.sees(StopRequested(0.0)) == [Refuse(Refusal.STOPPING), Finished()]
    before = history.state
    assert history.sees(StopRequested(1.0)) == []
    assert history.state == before
    assert history.wake is None


def test_stopping_ends_the_pause_after_a_failed_boot() -> None:
    history = pool(min=1)
    history.sees(look(), down(1, 1.0))
    assert Finished() in history.sees(StopRequested(1.5))
    assert history.wake is None


def test_stopping_refuses_those_who_wait_stops_the_idle_and_lets_the_busy_end() -> None:
    history = pool(max=3).wait(3)
    history.sees(look())
    history.ready(1).ready(2, calls=0).wait(1)
    effects = history.sees(StopRequested(2.0))
    assert effects[0] == Refuse(Refusal.STOPPING)
    assert [effect.runner for effect in effects if isinstance(effect, Close)][:3] == [1, 2, 3]
    assert [effect.runner for effect in effects if isinstance(effect, StopRunner)] == [2, 3]
    assert history.wake == 32.0
    history.wait(0).gone(2).sees(down(2, 3.0), down(3, 3.0))
    assert history.idle(1, 4.0).sees(look(4.0)) == [Close(1), StopRunner(1, "the pool stops")]
    assert history.sees(down(1, 5.0)) == [Finished()]
    assert history.state.stage is Stage.STOPPED


def test_calls_that_do_not_end_in_time_are_cut_off() -> None:
    history = working()
    assert history.sees(StopRequested(0.0)) == [Refuse(Refusal.STOPPING), Close(1)]
    assert StopRunner(1, "the pool stops and its calls did not end in time") in history.sees(look(30.0))


def test_a_stopping_pool_boots_nothing() -> None:
    history = working(min=1, max=3)
    history.sees(StopRequested(1.0))
    assert history.wait(3).sees(look(2.0), RoomMade(3.0), WarmRequested(3, 3.0), Resized(2, 3, 3.0)) == []


@pytest.mark.parametrize(
    "late", [up(1, 2.0), RunnerLost(1, "late", 2.0), WorkLingers(7, 2.0), BootStep(9, "late", 2.0)]
)
def test_late_news_changes_nothing(late: Event) -> None:
    history = pool(min=1)
    history.sees(look(), StopRequested(1.0))
    before = history.state
    assert history.sees(late) == []
    assert history.state == before
