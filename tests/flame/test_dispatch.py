"""Which call runs where: a few rules by name, then chance against a model that is too simple to be wrong."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Hashable
from random import Random
from typing import Any

import pytest

from flame.dispatch import LONG, QUICK_SECONDS, Dispatch, Lane, Ticket
from tests.support.soak import count


def lane_of(ticket: Ticket) -> int | None:
    return None if ticket.lane is None else ticket.lane.runner


class Pool(Dispatch):
    """One whose runner n has the node nodeN, with short ways to ask."""

    def up(self, runner: int, slots: int = 1) -> list[Ticket]:
        return self.open(runner, f"node{runner}", slots, 0.0)

    def asked(self, key: Hashable = None, home: str | None = None) -> Ticket:
        ticket = Ticket(key, home)
        self.ask(ticket, 0.0)
        return ticket


# Slots


def test_a_call_goes_to_the_runner_with_the_fewest_calls() -> None:
    pool = Pool()
    pool.up(1, slots=3)
    pool.up(2, slots=3)
    assert sorted(map(str, (lane_of(pool.asked()) for _ in range(4)))) == ["1", "1", "2", "2"]


def test_a_pool_that_packs_fills_one_runner_before_the_next() -> None:
    pool = Pool("pack")
    pool.up(1, slots=3)
    pool.up(2, slots=3)
    first = pool.asked()
    assert [lane_of(pool.asked()) for _ in range(2)] == [lane_of(first)] * 2
    assert lane_of(pool.asked()) != lane_of(first)


def test_who_waits_is_served_in_the_order_of_coming() -> None:
    pool = Pool()
    waiting = [pool.asked() for _ in range(3)]
    assert pool.up(1, slots=2) == waiting[:2]
    assert pool.done(waiting[1], 1.0) == waiting[2:]
    assert pool.waiting == 0


def test_a_slot_is_free_once_and_not_before_the_work_has_ended() -> None:
    pool = Pool()
    pool.up(1)
    first, second = pool.asked(), pool.asked()
    pool.abandon(first)
    assert second.lane is None
    assert pool.done(first, 1.0) == [second]
    assert pool.done(first, 2.0) == []
    assert pool.lanes[1].abandoned == 0


def test_who_leaves_the_line_gets_no_slot() -> None:
    pool = Pool()
    first, second = pool.asked(), pool.asked()
    pool.leave(first)
    pool.leave(first)
    assert pool.up(1) == [second]
    assert pool.waiting == 0


def test_a_runner_idles_from_the_end_of_its_last_call() -> None:
    pool = Pool()
    pool.up(1, slots=2)
    lane = pool.lanes[1]
    assert lane.idle_since == 0.0
    first, second = pool.asked(), pool.asked()
    assert lane.idle_since is None
    pool.done(first, 3.0)
    assert lane.idle_since is None
    pool.done(second, 4.0)
    assert lane.idle_since == 4.0


def test_a_runner_for_single_use_takes_one_call() -> None:
    pool = Pool(single_use=True)
    pool.up(1, slots=2)
    first, second = pool.asked(), pool.asked()
    assert pool.done(first, 1.0) == []
    assert second.lane is None
    assert pool.up(2, slots=2) == [second]


# Runners that close, open again, and are lost


def test_a_closed_runner_ends_its_calls_and_takes_no_more_until_it_is_opened() -> None:
    pool = Pool()
    pool.up(1)
    first, second = pool.asked(), pool.asked()
    pool.close(1)
    assert pool.done(first, 1.0) == []
    assert pool.up(1) == [second]


def test_a_lost_runner_gives_back_its_calls_and_those_that_could_run_nowhere_else() -> None:
    pool = Pool()
    pool.up(1)
    working, waiting, bound = pool.asked(), pool.asked(), pool.asked(home="node1")
    lost, homeless, granted = pool.remove(1)
    assert (lost, homeless, granted) == ([working], [bound], [])
    assert pool.waiting == 1
    assert pool.done(working, 1.0) == []
    assert pool.up(2) == [waiting]


# Keys


def test_calls_of_one_key_go_to_one_runner_and_wait_for_it() -> None:
    pool = Pool()
    pool.up(1)
    pool.up(2)
    first, second = pool.asked("k"), pool.asked("k")
    assert second.lane is None
    assert pool.done(first, 1.0) == [second]
    assert lane_of(second) == lane_of(first)


def test_new_keys_go_where_the_fewest_are() -> None:
    pool = Pool()
    pool.up(1, slots=9)
    pool.up(2, slots=9)
    assert sorted(map(str, (lane_of(pool.asked(key)) for key in "abcd"))) == ["1", "1", "2", "2"]


@pytest.mark.parametrize("how", ["close", "remove"])
def test_who_waits_for_a_key_goes_elsewhere_at_once_when_its_runner_takes_no_more_calls(how: str) -> None:
    pool = Pool()
    pool.up(1)
    first, second = pool.asked("k"), pool.asked("k")
    pool.up(2)
    assert second.lane is None
    granted = pool.close(1) if how == "close" else pool.remove(1)[2]
    assert granted == [second]
    assert lane_of(second) == 2
    assert lane_of(first) == 1


def test_a_call_without_a_key_does_not_wait_behind_those_of_a_busy_key() -> None:
    pool = Pool()
    pool.up(1)
    pool.asked("k"), pool.asked("k")
    pool.up(2)
    assert lane_of(pool.asked()) == 2


def test_over_both_lines_whoever_came_first_goes_first() -> None:
    pool = Pool()
    pool.up(1)
    work, keyed, anybody, later = pool.asked("k"), pool.asked("k"), pool.asked(), pool.asked("k")
    assert pool.done(work, 1.0) == [keyed]
    assert pool.done(keyed, 2.0) == [anybody]
    assert pool.done(anybody, 3.0) == [later]


def test_the_key_that_was_used_longest_ago_is_forgotten_when_there_are_too_many() -> None:
    pool = Pool(keys_per_runner=2)
    pool.up(1, slots=9)
    for key in "abac":
        pool.asked(key)
    assert [(lane.runner, key) for lane, key in pool.evicted] == [(1, "b")]


def test_who_waits_for_a_key_that_is_forgotten_may_go_to_any_runner() -> None:
    pool = Pool(keys_per_runner=1)
    anybody, work = Ticket(), Ticket("a")
    pool.up(1)
    pool.ask(anybody, 0.0)
    other = pool.asked("b")
    assert pool.done(anybody, 1.0) == [other]
    pool.done(other, 1.0)
    pool.ask(work, 1.0)
    new, same = pool.asked("c"), pool.asked("a")
    assert pool.done(work, 2.0) == [new]  # and a is forgotten
    assert pool.up(2) == [same]


def test_those_of_one_key_need_one_runner_also_before_there_is_any() -> None:
    pool = Pool(keys_per_runner=1)
    calls = [pool.asked("a"), pool.asked(), pool.asked("b"), pool.asked("a"), pool.asked("a")]
    assert (pool.waiting, pool.bound) == (5, 2)
    pool.leave(calls[0])
    assert (pool.waiting, pool.bound) == (4, 1)
    assert pool.up(1) == [calls[1]]
    assert (pool.waiting, pool.bound) == (3, 1)
    assert pool.up(2) == [calls[2]]
    assert pool.up(3) == [calls[3]]
    assert (pool.waiting, pool.bound) == (1, 1)
    pool.done(calls[3], 1.0)
    assert (pool.waiting, pool.bound, lane_of(calls[4])) == (0, 0, 3)


# Results that stay


def test_a_runner_that_takes_no_calls_takes_those_on_what_stays_there_until_it_is_to_end() -> None:
    pool = Pool()
    pool.up(1)
    made = pool.asked()
    pool.keep(made, 1.0)
    pool.close(1, but_for_kept=True)
    first, second, anybody = pool.asked(home="node1"), pool.asked(home="node1"), pool.asked()
    assert (lane_of(first), lane_of(second), lane_of(anybody)) == (1, None, None)
    assert pool.done(first, 2.0) == [second]
    pool.close(1)
    late = pool.asked(home="node1")
    assert pool.done(second, 3.0) == []
    assert pool.remove(1) == ([], [late], [])


def test_a_runner_for_single_use_takes_calls_on_what_its_call_has_left_there() -> None:
    pool = Pool(single_use=True)
    pool.up(1)
    made = pool.asked()
    pool.keep(made, 1.0)
    on_it = pool.asked(home="node1")
    assert lane_of(on_it) == 1
    assert pool.done(on_it, 2.0) == []
    assert lane_of(pool.asked()) is None
    pool.release(made, 3.0)
    assert lane_of(pool.asked(home="node1")) is None


def test_a_result_that_stays_holds_its_slot_for_others_but_not_for_calls_on_it() -> None:
    pool = Pool()
    pool.up(1)
    made = pool.asked()
    assert pool.keep(made, 1.0) == []
    anybody, on_it, on_it_too = pool.asked(), pool.asked(home="node1"), pool.asked(home="node1")
    assert (lane_of(anybody), lane_of(on_it), lane_of(on_it_too)) == (None, 1, None)
    assert pool.done(on_it, 2.0) == [on_it_too]
    assert pool.release(made, 3.0) == []
    assert pool.done(on_it_too, 4.0) == [anybody]


def test_who_waits_for_a_node_that_is_not_there_yet_holds_nobody_up() -> None:
    pool = Pool()
    bound, anybody = pool.asked(home="node2"), pool.asked()
    assert pool.up(1) == [anybody]
    assert pool.done(anybody, 1.0) == []
    assert pool.up(2) == [bound]


def test_a_line_of_ten_thousand_calls_of_one_key_is_served_in_a_moment() -> None:
    """A full line that was looked through at the end of each call would take minutes."""
    pool = Pool()
    pool.up(1)
    calls = [pool.asked("k") for _ in range(10_000)]
    for call, following in itertools.pairwise(calls):
        assert pool.done(call, 1.0) == [following]


# Chance


class ModelLane:
    def __init__(self, node: str, slots: int, uses: int | None) -> None:
        self.node = node
        self.slots = slots
        self.uses = uses
        self.open = True
        self.serves_kept = True
        self.working: list[Ticket] = []
        self.kept: list[Ticket] = []
        self.pace = LONG
        self.keys: OrderedDict[Hashable, None] = OrderedDict()

    @property
    def taken(self) -> int:
        return len(self.working) + len(self.kept)


class Model:
    """One list of who waits, and all rules as one question: may this call run there now?"""

    def __init__(self, chance: Random, placement: Any, single_use: bool, keys_per_runner: int | None) -> None:
        self.chance = chance
        self.packs = placement == "pack"
        self.uses = 1 if single_use else None
        self.most_keys = keys_per_runner
        self.dispatch = Dispatch(placement, single_use=single_use, keys_per_runner=keys_per_runner)
        self.lanes: dict[int, ModelLane] = {}
        self.waiting: list[Ticket] = []
        self.evicted: list[tuple[int, Hashable]] = []
        self.runners = 0
        self.now = 0.0
        self.granted = 0
        self.asked = 0
        self.ended = 0
        self.ahead = 0

    # What is allowed

    def may_run(self, ticket: Ticket, lane: ModelLane) -> bool:
        takes_calls = lane.open and lane.uses != 0
        if ticket.home is not None:
            on_kept = lane.serves_kept and bool(lane.kept)
            return ticket.home == lane.node and len(lane.working) < lane.slots and (takes_calls or on_kept)
        if not takes_calls:
            return False
        bound = next((other for other in self.lanes.values() if other.open and ticket.key in other.keys), None)
        return lane.taken < lane.slots and (ticket.key is None or bound is None or bound is lane)

    def needs_no_runner(self, number: int) -> bool:
        """Whether another runner is of no use to one who waits."""
        ticket = self.waiting[number]
        if ticket.home is not None or ticket.key is None:
            return ticket.home is not None
        has_one = any(lane.open and ticket.key in lane.keys for lane in self.lanes.values())
        return has_one or any(other.key == ticket.key and other.home is None for other in self.waiting[:number])

    def may_be_sent_ahead(self, ticket: Ticket) -> list[ModelLane]:
        """The lanes where a call of many may wait for a slot, if there is none anywhere."""
        if not ticket.bulk or ticket.key is not None or ticket.home is not None or self.waiting:
            return []
        open = [lane for lane in self.lanes.values() if lane.open and lane.uses != 0]
        return [lane for lane in open if lane.pace < QUICK_SECONDS and lane.taken < 2 * lane.slots]

    def choice(self, ticket: Ticket) -> list[ModelLane]:
        """The lanes, one as good as the other, that a call should get that asks now."""
        lanes = [lane for lane in self.lanes.values() if self.may_run(ticket, lane)]

        def rank(lane: ModelLane) -> Any:
            if ticket.key is not None:
                return len(lane.keys), lane.taken
            return -lane.taken if self.packs else lane.taken

        best = min(map(rank, lanes), default=None)
        if not lanes:
            ahead = self.may_be_sent_ahead(ticket)
            least = min((lane.taken for lane in ahead), default=None)
            return [lane for lane in ahead if lane.taken == least]
        return [lane for lane in lanes if rank(lane) == best]

    def sees_granted(self, ticket: Ticket, *, ahead: bool = False) -> None:
        assert ticket.lane is not None
        lane = self.lanes[ticket.lane.runner]
        assert ticket in self.waiting, "granted to one who does not wait"
        assert self.may_run(ticket, lane) or ahead
        before = self.waiting[: self.waiting.index(ticket)]
        assert not [other for other in before if self.may_run(other, lane)], "not first come, first served"
        self.waiting.remove(ticket)
        self.granted += 1
        lane.working.append(ticket)
        assert len(lane.working) <= lane.slots * (2 if ahead or any(other.bulk for other in lane.working) else 1)
        assert ticket.since <= ticket.began <= self.now
        if lane.uses:
            lane.uses -= 1
        if ticket.key is not None and ticket.home is None:
            self.use_key(ticket.key, ticket.lane.runner, lane)

    def use_key(self, key: Hashable, runner: int, lane: ModelLane) -> None:
        lane.keys[key] = None
        lane.keys.move_to_end(key)
        if self.most_keys is not None and len(lane.keys) > self.most_keys:
            self.evicted.append((runner, lane.keys.popitem(last=False)[0]))

    def sees(self, grants: list[Ticket]) -> None:
        assert len(set(grants)) == len(grants), "granted twice"
        for ticket in grants:
            self.sees_granted(ticket)

    def agrees(self) -> None:
        dispatch = self.dispatch
        for ticket in self.waiting:
            assert not [lane for lane in self.lanes.values() if self.may_run(ticket, lane)], "waits beside a free slot"
        assert dispatch.waiting == len(self.waiting)
        assert dispatch.waiters() == self.waiting
        assert dispatch.bound == sum(self.needs_no_runner(number) for number in range(len(self.waiting)))
        assert dispatch.first_since() == (self.waiting[0].since if self.waiting else None)
        assert dispatch.lanes.keys() == self.lanes.keys()
        for runner, lane in self.lanes.items():
            self.agree(dispatch.lanes[runner], lane)
        assert [(lane.runner, key) for lane, key in dispatch.evicted] == self.evicted
        at_work = sum(len(lane.working) for lane in self.lanes.values())
        assert self.asked == self.ended + len(self.waiting) + at_work, "a call is neither waiting, at work nor over"

    def agree(self, real: Lane, lane: ModelLane) -> None:
        assert list(real.working) == lane.working
        assert list(real.kept) == lane.kept
        assert real.taken == lane.taken
        assert real.open is lane.open
        assert real.abandoned == sum(ticket.abandoned for ticket in lane.working)
        assert (real.idle_since is None) is bool(lane.taken)
        assert real.pace == pytest.approx(lane.pace)

    # What happens

    def step(self) -> str:
        self.now += self.chance.choice([0.0, 0.001, 0.001, 0.01])
        steps = [self.ask, self.ask, self.ask, self.ends, self.ends, self.ends, self.leaves, self.abandons]
        steps += [self.keeps, self.releases, self.opens, self.closes, self.opens_again]
        steps += [self.is_lost] * (5 if self.uses else self.chance.randint(0, 1)) + [self.opens] * (
            3 if self.uses else 0
        )
        step = self.chance.choice(steps)
        step()
        return step.__name__

    def any(self, things: list[Any]) -> Any:
        return self.chance.choice(things) if things else None

    def ask(self) -> None:
        is_low = self.asked // 100 % 2  # tides, in one of which a map is at work
        for _ in range(self.chance.randint(1, 3)):
            if len(self.waiting) < (1 if is_low else 12):
                self.ask_once(Ticket(bulk=True) if is_low and self.chance.random() < 0.7 else self.any_ticket())

    def any_ticket(self) -> Ticket:
        key = self.chance.choice([None, None, *"abcde"])
        nodes = (
            [f"n{self.chance.randint(max(1, self.runners - 4), self.runners + 2)}"]
            if self.chance.random() < 0.2
            else [None]
        )
        return Ticket(key, self.chance.choice([*nodes, None]), bulk=self.chance.random() < 0.5)

    def ask_once(self, ticket: Ticket) -> None:
        best = self.choice(ticket)
        ahead = bool(best) and not any(self.may_run(ticket, lane) for lane in best)
        self.ahead += ahead
        self.asked += 1
        self.waiting.append(ticket)
        got = self.dispatch.ask(ticket, self.now)
        assert got is bool(best)
        if got:
            assert ticket.lane is not None
            assert self.lanes[ticket.lane.runner] in best
            self.sees_granted(ticket, ahead=ahead)

    def at_work(self) -> list[Ticket]:
        return [ticket for lane in self.lanes.values() for ticket in lane.working]

    def ends(self) -> None:
        ticket = self.any(self.at_work())
        if ticket is not None:
            lane = self.lanes[ticket.lane.runner]
            lane.working.remove(ticket)
            if ticket.bulk:
                lane.pace += 0.2 * (self.now - ticket.began - lane.pace)
            self.ended += 1
            self.sees(self.dispatch.done(ticket, self.now))
            assert self.dispatch.done(ticket, self.now) == []

    def keeps(self) -> None:
        ticket = self.any([ticket for ticket in self.at_work() if not ticket.abandoned])
        if ticket is not None:
            lane = self.lanes[ticket.lane.runner]
            lane.working.remove(ticket)
            lane.kept.append(ticket)
            self.ended += 1
            self.sees(self.dispatch.keep(ticket, self.now))

    def releases(self) -> None:
        ticket = self.any([ticket for lane in self.lanes.values() for ticket in lane.kept])
        if ticket is not None:
            self.lanes[ticket.lane.runner].kept.remove(ticket)
            self.sees(self.dispatch.release(ticket, self.now))

    def leaves(self) -> None:
        ticket = self.any(self.waiting)
        if ticket is not None:
            self.waiting.remove(ticket)
            self.ended += 1
            self.dispatch.leave(ticket)

    def abandons(self) -> None:
        ticket = self.any(self.at_work())
        if ticket is not None:
            self.dispatch.abandon(ticket)
            assert ticket.abandoned

    def opens(self) -> None:
        if len(self.lanes) < 4:
            self.runners += 1
            self.lanes[self.runners] = lane = ModelLane(f"n{self.runners}", self.chance.randint(1, 3), self.uses)
            self.sees(self.dispatch.open(self.runners, lane.node, lane.slots, self.now))
            if self.chance.random() < 0.5:  # as after many short calls, for which histories by chance are too short
                lane.pace = self.dispatch.lanes[self.runners].pace = QUICK_SECONDS / 2

    def opens_again(self) -> None:
        runner = self.any([runner for runner, lane in self.lanes.items() if not lane.open])
        if runner is not None:
            lane = self.lanes[runner]
            lane.open = lane.serves_kept = True
            self.sees(self.dispatch.open(runner, lane.node, lane.slots, self.now))

    def closes(self) -> None:
        runner = self.any(list(self.lanes))
        if runner is not None:
            self.lanes[runner].open = False
            self.lanes[runner].serves_kept = but_for_kept = self.chance.random() < 0.5
            self.lanes[runner].keys.clear()
            self.sees(self.dispatch.close(runner, but_for_kept=but_for_kept))
            assert self.dispatch.close(runner, but_for_kept=but_for_kept) == []

    def is_lost(self) -> None:
        runner = self.any(list(self.lanes))
        if runner is None:
            return
        lane = self.lanes.pop(runner)
        lost, homeless, granted = self.dispatch.remove(runner)
        assert lost == lane.working
        assert homeless == [ticket for ticket in self.waiting if ticket.home == lane.node]
        self.waiting = [ticket for ticket in self.waiting if ticket.home != lane.node]
        self.ended += len(lost) + len(homeless)
        self.sees(granted)
        assert [self.dispatch.done(ticket, self.now) for ticket in [*lost, *lane.kept]] == [[]] * (
            len(lost) + len(lane.kept)
        )


@pytest.mark.parametrize("keys_per_runner", [None, 1, 2])
@pytest.mark.parametrize("single_use", [False, True])
@pytest.mark.parametrize("placement", ["spread", "pack"])
def test_case_11_ten_thousand_operations_agree_with_a_model(
    placement: str, single_use: bool, keys_per_runner: int | None
) -> None:
    for seed in range(count(1, 20)):
        model = Model(Random(seed), placement, single_use, keys_per_runner)
        done: list[str] = []
        for _ in range(10_000):
            done.append(model.step())
            try:
                model.agrees()
            except AssertionError as error:
                raise AssertionError(f"{error}\nafter {done[-20:]}, {len(done)} operations, seed {seed}") from error
        assert model.granted > 1000
        assert model.ahead == 0 if single_use else model.ahead > 20
