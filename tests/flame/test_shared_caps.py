"""Pools that share a number of runners: by hand, by chance with pools that hear late, and in threads."""

from __future__ import annotations

import functools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from flame.shared_caps import PoolShare, SharedCaps
from flame.shares import Shares


class Pools:
    """Pools by name, with the places they were told of."""

    def __init__(self, most: int, names: str) -> None:
        self.caps = SharedCaps(runners=most)
        self.told: list[str] = []
        self.shares = {name: self._join(name) for name in names}

    def _join(self, name: str) -> PoolShare:
        return self.caps.join(name, told=lambda: self.told.append(name))

    def ask(self, name: str, runners: int, more: int) -> int:
        return self.shares[name].ask(runners=runners, more=more)


def test_three_pools_of_two_never_have_more_than_four_and_the_third_grows_when_another_shrinks() -> None:
    pools = Pools(4, "abc")
    assert [pools.ask(name, 0, 2) for name in "abc"] == [2, 2, 0]
    assert pools.caps.explain() == (
        "4 of the 4 runners that the pools share are taken: 2 by 'a', 2 by 'b', 0 by 'c'; in line for more: 'c'"
    )
    assert pools.ask("a", 1, 0) == 0
    assert pools.told == ["c"]
    assert pools.ask("c", 0, 2) == 1


def test_a_pool_cannot_take_the_place_back_that_another_waits_for() -> None:
    pools = Pools(1, "ab")
    pools.ask("a", 0, 1)
    pools.ask("b", 0, 1)
    assert pools.ask("a", 0, 1) == 0
    assert pools.ask("b", 0, 1) == 1


def test_places_go_in_turn_and_who_wants_many_does_not_get_all() -> None:
    pools = Pools(2, "abc")
    pools.ask("a", 0, 2)
    pools.ask("b", 0, 5)
    pools.ask("c", 0, 1)
    pools.ask("a", 0, 0)
    assert (pools.ask("b", 0, 5), pools.ask("c", 0, 1)) == (1, 1)


def test_a_place_that_is_not_wanted_any_more_falls_to_the_next() -> None:
    pools = Pools(1, "abc")
    for name in "abc":
        pools.ask(name, 0, 1)
    pools.ask("a", 0, 0)
    assert pools.told == ["b"]
    pools.ask("b", 0, 0)
    assert pools.told == ["b", "c"]


def test_a_word_that_is_repeated_does_no_harm() -> None:
    pools = Pools(3, "ab")
    pools.ask("a", 0, 2)
    assert [pools.ask("b", 0, 2), pools.ask("b", 1, 1), pools.ask("b", 1, 1)] == [1, 0, 0]
    pools.ask("a", 0, 0)
    assert pools.told == ["b"]
    assert [pools.ask("b", 1, 1), pools.ask("b", 2, 0)] == [1, 0]


def test_who_leaves_frees_all_and_may_do_so_twice() -> None:
    pools = Pools(2, "ab")
    pools.ask("a", 0, 2)
    pools.ask("b", 0, 2)
    pools.shares["a"].leave()
    pools.shares["a"].leave()
    assert pools.told == ["b"]
    assert pools.ask("b", 0, 2) == 2


def test_who_has_left_may_not_ask_but_join_again() -> None:
    pools = Pools(2, "a")
    pools.shares["a"].leave()
    with pytest.raises(LookupError, match="join them again"):
        pools.ask("a", 0, 1)
    assert pools.caps.join("a", told=lambda: None).ask(runners=0, more=1) == 1


def test_a_pool_with_runners_is_told_once_that_another_begins_to_wait_and_for_how_many() -> None:
    caps, wanted = SharedCaps(runners=2), list[str]()
    first, second, third = (caps.join(name, lambda: None, functools.partial(wanted.append, name)) for name in "abc")
    first.ask(runners=0, more=2)
    assert (first.wanted_by_others(), wanted) == (0, [])
    second.ask(runners=0, more=1)
    second.ask(runners=0, more=1)
    assert (first.wanted_by_others(), second.wanted_by_others(), wanted) == (1, 0, ["a"])
    third.ask(runners=0, more=2)
    assert (first.wanted_by_others(), wanted) == (3, ["a", "a"])
    first.ask(runners=1, more=0)
    assert second.ask(runners=0, more=1) == 1
    assert (first.wanted_by_others(), second.wanted_by_others()) == (2, 2)


def test_a_pool_that_has_more_than_it_was_granted_is_refused() -> None:
    pools = Pools(2, "a")
    with pytest.raises(ValueError, match="may have 0 to 0 runners, as it was granted"):
        pools.ask("a", 1, 0)
    assert pools.ask("a", 0, 2) == 2


def test_two_pools_of_one_name_would_be_taken_for_one() -> None:
    with pytest.raises(ValueError, match="pool 'a' shares these caps already"):
        Pools(2, "aa")


def test_there_is_something_to_share() -> None:
    with pytest.raises(ValueError, match="runners must be a whole number, 1 or more, got 0"):
        SharedCaps(runners=0)


def test_a_pool_that_cannot_be_told_does_not_keep_others_from_being_told() -> None:
    caps, told = SharedCaps(runners=2), list[str]()
    first = caps.join("a", told=lambda: None)
    deaf = caps.join("b", told=lambda: 1 // 0)
    third = caps.join("c", told=lambda: told.append("c"))
    first.ask(runners=0, more=2)
    deaf.ask(runners=0, more=1)
    third.ask(runners=0, more=1)
    with pytest.raises(ExceptionGroup) as raised:
        first.leave()
    assert raised.group_contains(ZeroDivisionError)
    assert told == ["c"]
    assert (deaf.ask(runners=0, more=1), third.ask(runners=0, more=1)) == (1, 1)


class Sharing(RuleBasedStateMachine):
    """Pools boot what they are granted, lose runners, change their minds, and hear late of places."""

    MOST = 3
    NAMES = st.sampled_from("abcd")

    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares(self.MOST)
        self.has = Counter[str]()
        self.wants = Counter[str]()
        self.unheard: set[str] = set()
        self.passed_over: dict[str, Counter[str]] = {}
        """waiting pool -> places that others got since it began to wait or last got one"""

    def _ask(self, name: str) -> None:
        self.unheard.discard(name)
        before = self.shares
        self.shares, granted, told = before.ask(name, self.has[name], self.wants[name])
        kept = min(before.of(name).aside, self.wants[name])
        assert kept <= granted <= self.wants[name]
        self.has[name] += granted
        self.wants[name] -= granted
        self._places_went(before, {name: granted - kept}, told)

    def _places_went(self, before: Shares, went: dict[str, int], told: tuple[str, ...]) -> None:
        for other in told:
            went[other] = self.shares.of(other).aside - before.of(other).aside
        self.unheard.update(told)
        waited = {name: others for name, others in self.passed_over.items() if not went.get(name)}
        self.passed_over = {name: waited.get(name, Counter()) for name in self.shares.waiting}
        for name, others in self.passed_over.items():
            if not went.get(name):
                others.update(went)
                assert max(others.values(), default=0) <= 1, f"{name} waits and another had two turns: {others}"

    @rule(name=NAMES, more=st.integers(0, 4))
    def wants_more(self, name: str, more: int) -> None:
        self.wants[name] = more
        self._ask(name)

    @rule(name=NAMES, again=st.integers(0, 2))
    def a_runner_goes(self, name: str, again: int) -> None:
        if self.has[name]:
            self.has[name] -= 1
            self.wants[name] += again
            self._ask(name)

    @precondition(lambda self: self.unheard)
    @rule(data=st.data())
    def a_word_arrives(self, data: st.DataObject) -> None:
        self._ask(data.draw(st.sampled_from(sorted(self.unheard))))

    @rule(name=NAMES)
    def a_pool_ends(self, name: str) -> None:
        before = self.shares
        self.shares, told = before.leave(name)
        self.has[name] = self.wants[name] = 0
        self.unheard.discard(name)
        self._places_went(before, {}, told)

    @invariant()
    def never_more_runners_than_there_may_be(self) -> None:
        assert self.has.total() <= self.MOST
        assert self.has.total() <= self.shares.taken <= self.MOST

    @invariant()
    def the_shares_are_what_the_pools_have(self) -> None:
        assert all(self.shares.of(name).runners == self.has[name] for name in "abcd")

    @invariant()
    def a_place_is_free_only_if_nobody_waits(self) -> None:
        assert self.shares.taken == self.MOST or not self.shares.waiting

    @invariant()
    def whoever_has_a_place_set_aside_was_told(self) -> None:
        assert {name for name in "abcd" if self.shares.of(name).aside} <= self.unheard


TestSharing = Sharing.TestCase


@pytest.fixture
def threads_that_take_turns_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("threads_that_take_turns_often")
def test_pools_in_threads_of_their_own_never_exceed_the_caps_and_all_come_to_their_turn() -> None:
    caps, lock, most_seen, alive, done = SharedCaps(runners=2), threading.Lock(), 0, 0, Counter[str]()
    deadline = time.monotonic() + 30

    def pool(name: str) -> None:
        nonlocal most_seen, alive
        word = threading.Event()
        share = caps.join(name, told=word.set)
        for _ in range(200):
            while not share.ask(runners=0, more=1):
                assert word.wait(max(0.0, deadline - time.monotonic())), f"{name} was never told"
                word.clear()
            with lock:
                alive += 1
                most_seen = max(most_seen, alive)
            with lock:
                alive -= 1
            share.ask(runners=0, more=0)
            done[name] += 1
        share.leave()

    threads = [threading.Thread(target=pool, args=(name,)) for name in "abcde"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert done == dict.fromkeys("abcde", 200)
    assert most_seen <= 2
    assert caps.explain() == "0 of the 2 runners that the pools share are taken"


@pytest.mark.usefixtures("threads_that_take_turns_often")
def test_what_threads_say_at_the_same_time_is_not_lost() -> None:
    caps, names = SharedCaps(runners=4), "abcd"
    granted = dict.fromkeys(names, 0)

    def pool(name: str) -> None:
        share = caps.join(name, told=lambda: None)
        for _ in range(2000):
            granted[name] += share.ask(runners=0, more=1)
            share.ask(runners=0, more=0)

    threads = [threading.Thread(target=pool, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(40)
    assert granted == dict.fromkeys(names, 2000)
