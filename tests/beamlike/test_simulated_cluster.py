"""The simulated network keeps what a real connection promises, and loses what a real one may lose."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.simulated_cluster import (
    Dial,
    Down,
    HangUp,
    Heard,
    NoWake,
    SimulatedCluster,
    Tell,
    Up,
    Wake,
    Woken,
)

seeds = st.integers(0, 2**32)


class Parrot:
    """Performs what the test tells it to, and keeps what it hears."""

    def __init__(self, incarnation: int) -> None:
        self.incarnation = incarnation
        self.heard: list[Any] = []

    def apply(self, event: Any) -> list[Any]:
        if isinstance(event, Up | Down | Heard | Woken):
            self.heard.append(event)
            return []
        return [event]


def cluster_of(seed: int, *names: str) -> tuple[SimulatedCluster, list[Parrot]]:
    cluster = SimulatedCluster(Random(seed), lambda _name, incarnation: Parrot(incarnation))
    parrots: Any = [cluster.start(name) for name in names]
    cluster.mesh()
    cluster.settle()
    return cluster, parrots


def contents(parrot: Parrot) -> list[Any]:
    return [event.message for event in parrot.heard if isinstance(event, Heard)]


@given(seeds)
def test_what_arrives_is_a_beginning_of_what_was_sent_between_up_and_down(seed: int) -> None:
    cluster, (_, b) = cluster_of(seed, "a", "b")
    for number in range(5):
        cluster.tell("a", Tell("b", number))
    cluster.run(2)
    cluster.cut("a", "b")
    cluster.tell("a", Tell("b", "into the void"))
    cluster.settle()
    assert contents(b) == list(range(5))[: len(contents(b))]
    assert [type(b.heard[0]), type(b.heard[-1])] == [Up, Down]


def test_a_cut_may_lose_all_or_nothing_that_was_on_its_way() -> None:
    def arrived(seed: int) -> int:
        cluster, (_, b) = cluster_of(seed, "a", "b")
        for number in range(3):
            cluster.tell("a", Tell("b", number))
        cluster.cut("a", "b")
        cluster.settle()
        return len(contents(b))

    assert {arrived(seed) for seed in range(50)} == {0, 1, 2, 3}


@given(seeds)
def test_a_restarted_node_is_another_incarnation_and_gets_nothing_of_before(seed: int) -> None:
    cluster, (a, b) = cluster_of(seed, "a", "b")
    cluster.tell("a", Tell("b", "old"))
    cluster.crash("b")
    again: Any = cluster.start("b")
    cluster.connect("a", "b")
    cluster.settle()
    assert again.incarnation not in {a.incarnation, b.incarnation}
    assert [type(event) for event in again.heard] == [Up]
    assert [type(event) for event in a.heard] == [Up, Down, Up]


@given(seeds)
def test_a_timer_fires_once_at_its_time_unless_it_was_taken_back(seed: int) -> None:
    cluster, (a,) = cluster_of(seed, "a")
    for effect in (Wake("one", 5.0), Wake("two", 1.0), Wake("two", 7.0), NoWake("one")):
        cluster.tell("a", effect)
    cluster.settle()
    assert a.heard == [Woken("two", 7.0)]


def test_nodes_dial_and_hang_up() -> None:
    cluster = SimulatedCluster(Random(1), lambda _name, incarnation: Parrot(incarnation))
    for name in "ab":
        cluster.start(name)
    cluster.tell("a", Dial("b"))
    assert cluster.are_connected("a", "b")
    cluster.tell("b", HangUp("a"))
    assert not cluster.are_connected("a", "b")
    cluster.reachable = lambda _a, _b: False
    cluster.tell("a", Dial("b"))
    assert not cluster.are_connected("a", "b")


def test_other_effects_come_to_the_test() -> None:
    cluster, _ = cluster_of(1, "a")
    cluster.tell("a", "Eureka")
    assert cluster.said == [("a", "Eureka")]


def test_nodes_that_talk_for_ever_are_found() -> None:
    class Chatterbox(Parrot):
        def apply(self, event: Any) -> list[Any]:
            return [Tell(event.peer, "and you?")]

    cluster = SimulatedCluster(Random(1), lambda _name, incarnation: Chatterbox(incarnation))
    for name in "ab":
        cluster.start(name)
    cluster.mesh()
    with pytest.raises(AssertionError, match="did not come to rest"):
        cluster.settle(limit=1000)
