"""Scopes of process groups under random histories: joins, ends, monitors, partitions, crashes and restarts."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import soak
from tests.support.simulated_cluster import SimulatedCluster
from tests.support.simulated_scopes import (
    Congest,
    Count,
    End,
    Join,
    Leave,
    Replay,
    RestartScope,
    ScopeNode,
    Unwatch,
    WatchGroup,
    World,
)

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

EXAMPLES = soak.count(200, 5_000)
NAMES = ("a@host", "b@host", "c@host")

names = st.sampled_from(NAMES)
processes = st.integers(0, 1)
groups = st.sampled_from(["g", "h"])
memberships = st.one_of(
    st.builds(Join, groups, processes),
    st.builds(Join, groups, processes),
    st.builds(Leave, groups, processes),
    st.builds(End, processes),
)
watches = st.one_of(st.builds(WatchGroup, st.sampled_from(["g", None])), st.just(Unwatch()))
pairs = st.sampled_from([*itertools.combinations(NAMES, 2)])
steps = st.one_of(
    st.tuples(st.just("tell"), names, memberships),
    st.tuples(st.just("tell"), names, memberships),
    st.tuples(st.just("tell"), names, st.one_of(watches, watches, st.builds(Congest, st.integers(1, 3)))),
    st.tuples(st.just("run"), st.integers(1, 20)),
    st.tuples(st.just("run"), st.integers(1, 20)),
    st.tuples(st.sampled_from(["connect", "connect", "cut"]), pairs),
    st.tuples(st.sampled_from(["restart", "restart scope"]), names),
)
histories = st.lists(steps, min_size=15, max_size=50)
seeds = st.integers(0, 2**32)


def cluster_of(world: World, seed: int) -> SimulatedCluster:
    cluster = SimulatedCluster(Random(seed), partial(ScopeNode, world))
    for name in NAMES:
        cluster.start(name)
    cluster.mesh()
    return cluster


def act(cluster: SimulatedCluster, step: tuple[Any, ...]) -> None:
    match step:
        case ("tell", name, event):
            cluster.tell(name, event)
        case ("connect", (a, b)):
            cluster.connect(a, b)
        case ("cut", (a, b)):
            cluster.cut(a, b)
        case ("restart scope", name):
            cluster.tell(name, RestartScope())
        case ("restart", name):
            cluster.crash(name)
            cluster.start(name)
        case ("run", count):
            cluster.run(count)


def node(cluster: SimulatedCluster, name: str) -> ScopeNode:
    found = cluster.node(name)
    assert isinstance(found, ScopeNode)
    return found


def check_all_see_the_union(cluster: SimulatedCluster) -> None:
    """Each node, of its own members and of those of the nodes that it is connected to."""
    for name in NAMES:
        union: Count = Counter()
        for other in (name, *cluster.connected_to(name)):
            union += node(cluster, other).expected
        assert node(cluster, name).seen() == union, f"on {name}"


@settings(max_examples=EXAMPLES)
@given(histories, seeds)
def test_every_node_sees_the_union_of_what_the_nodes_say_that_it_is_connected_to(
    history: list[tuple[Any, ...]], seed: int
) -> None:
    cluster = cluster_of(World(), seed)
    for step in history:
        act(cluster, step)
    cluster.settle()
    check_all_see_the_union(cluster)
    cluster.mesh()
    cluster.settle()
    check_all_see_the_union(cluster)


@settings(max_examples=EXAMPLES)
@given(histories, seeds)
def test_what_former_incarnations_said_changes_nothing(history: list[tuple[Any, ...]], seed: int) -> None:
    world = World()
    cluster = cluster_of(world, seed)
    for step in history:
        act(cluster, step)
    cluster.mesh()
    cluster.settle()
    living = {node(cluster, name).me for name in NAMES}
    for message in [message for message in world.sent if message[1] not in living]:
        for name in NAMES:
            cluster.tell(name, Replay(message))
    cluster.settle()
    check_all_see_the_union(cluster)
