"""Whatever happens to nodes, connections, servers and processes: names are unique, locks exclusive, and all agree.

The cores of several nodes run on a simulated network; Hypothesis chooses what happens, a seed in what order it is
heard. What holds among nodes that know each other is checked as it happens (see `simulated_names`), the rest when
every node is connected to every other and all is quiet.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import soak
from tests.support.simulated_names import NameWorld

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]

EXAMPLES = soak.count(200, 5_000)
NODES = "abcd"

seeds = st.integers(0, 2**32 - 1)
nodes = st.sampled_from(NODES)
names = st.sampled_from(["x", "y"])
numbers = st.integers(0, 7)

peaceful = st.one_of(
    st.tuples(st.just("register"), nodes, names, numbers),
    st.tuples(st.just("re_register"), nodes, names, numbers),
    st.tuples(st.just("unregister"), nodes, names),
    st.tuples(st.just("set_lock"), numbers, names, st.sampled_from([None, 0.0, 3.0])),
    st.tuples(st.just("del_lock"), numbers),
    st.tuples(st.just("cancel_lock"), numbers),
    st.tuples(st.just("kill"), numbers),
    st.tuples(st.just("spawn"), nodes),
    st.tuples(st.just("run"), st.integers(1, 20)),
)
disturbances = st.one_of(
    st.tuples(st.just("cut"), nodes, nodes),
    st.tuples(st.just("connect"), nodes, nodes),
    st.tuples(st.just("split"), st.integers(1, 6)),
    st.tuples(st.just("mesh")),
    st.tuples(st.just("crash"), nodes),
    st.tuples(st.just("start"), nodes),
    st.tuples(st.just("kill_server"), nodes),
    st.tuples(st.just("restart_server"), nodes),
    st.tuples(st.just("replace_server"), nodes, st.integers(0, 5)),
)
quiet_histories = st.lists(peaceful, min_size=10, max_size=30)
histories = st.lists(st.one_of(peaceful, disturbances), min_size=10, max_size=40)


class History:
    """Performs what was drawn, where it is possible."""

    def __init__(self, world: NameWorld) -> None:
        self.world = world

    def perform(self, steps: list[Any]) -> None:
        for what, *args in steps:
            getattr(self, what)(*args)

    def process(self, number: int) -> Any:
        alive = sorted(self.world.alive, key=lambda pid: (pid.node, pid.id))
        return alive[number % len(alive)] if alive else None

    def register(self, node: str, name: str, number: int, *, replace: bool = False) -> None:
        pid = self.process(number)
        if pid is not None and node in self.world.cluster.names:
            self.world.register(node, name, pid, replace=replace)

    def re_register(self, node: str, name: str, number: int) -> None:
        self.register(node, name, number, replace=True)

    def unregister(self, node: str, name: str) -> None:
        if node in self.world.cluster.names:
            self.world.unregister(node, name)

    def set_lock(self, number: int, resource: str, patience: float | None) -> None:
        if (pid := self.process(number)) is not None:
            self.world.set_lock(pid, resource, patience)

    def del_lock(self, number: int) -> None:
        if self.world.held:
            self.world.del_lock(self.world.held[number % len(self.world.held)])

    def cancel_lock(self, number: int) -> None:
        self.world.cancel_lock(number)

    def kill(self, number: int) -> None:
        if (pid := self.process(number)) is not None:
            self.world.kill(pid)

    def spawn(self, node: str) -> None:
        if node in self.world.cluster.names:
            self.world.node(node).spawn()

    def run(self, steps: int) -> None:
        self.world.cluster.run(steps)

    def cut(self, a: str, b: str) -> None:
        self.world.cluster.cut(a, b)

    def connect(self, a: str, b: str) -> None:
        self.world.cluster.connect(a, b)

    def split(self, where: int) -> None:
        """Into two parts, told by the bits of a number."""
        for (i, a), (j, b) in itertools.combinations(enumerate(NODES), 2):
            if where >> i & 1 != where >> j & 1:
                self.world.cluster.cut(a, b)

    def mesh(self) -> None:
        self.world.cluster.mesh()

    def crash(self, node: str) -> None:
        if node in self.world.cluster.names:
            self.world.crash(node)

    def start(self, node: str) -> None:
        if node not in self.world.cluster.names:
            self.world.start(node)

    def kill_server(self, node: str) -> None:
        if node in self.world.cluster.names and self.world.node(node).server is not None:
            self.world.cluster.tell(node, "kill server")

    def restart_server(self, node: str) -> None:
        if node in self.world.cluster.names and self.world.node(node).server is None:
            self.world.cluster.tell(node, "restart server")

    def replace_server(self, node: str, steps: int) -> None:
        self.kill_server(node)
        self.world.cluster.run(steps)
        self.restart_server(node)


def check_agreement(world: NameWorld) -> None:
    tables = [node.core.table for node in world.nodes()]
    shown = [{name: table.whereis(name) for name in table.names()} for table in tables]
    assert all(one == shown[0] for one in shown), f"the nodes disagree: {shown}"
    for table in tables:
        for name in table.names():
            [entry] = table.valid(name)
            assert entry.pid in world.alive, f"{name!r} belongs to {entry.pid}, which has ended"


def check_nothing_waits(world: NameWorld) -> None:
    world.release_all()
    assert world.asked == {}, "somebody waits for ever"
    for node in world.nodes():
        assert node.core.is_idle, f"{node.name} keeps what nobody wants"


def after(steps: list[Any], seed: int, nodes: str = NODES, **options: Any) -> NameWorld:
    world = NameWorld(seed, nodes, **options)
    History(world).perform(steps)
    world.heal()
    check_agreement(world)
    check_nothing_waits(world)
    check_agreement(world)
    return world


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories, seeds)
def test_after_any_history_all_agree_and_nothing_waits(steps: list[Any], seed: int) -> None:
    after(steps, seed)


@settings(max_examples=EXAMPLES, deadline=None)
@given(histories, seeds)
def test_also_where_parts_may_overlap(steps: list[Any], seed: int) -> None:
    after(steps, seed, prevent_overlap=False)


@settings(max_examples=EXAMPLES, deadline=None)
@given(quiet_histories, seeds)
def test_while_all_are_connected_no_conflict_arises(steps: list[Any], seed: int) -> None:
    assert after(steps, seed).resolutions == 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(nodes, nodes), max_size=5), st.integers(0, 10), seeds)
def test_a_cluster_that_is_cut_here_and_there_falls_into_parts_that_do_not_overlap(
    cuts: list[tuple[str, str]], steps: int, seed: int
) -> None:
    world = NameWorld(seed, "abcde")
    for a, b in cuts:
        world.cluster.cut(a, b)
        world.cluster.run(steps)
    world.cluster.settle()
    views = {name: {name, *world.cluster.connected_to(name)} for name in world.cluster.names}
    assert all(views[member] == view for view in views.values() for member in view)


@given(seeds)
def test_of_many_parts_that_meet_one_process_keeps_the_name_and_each_is_compared_once(seed: int) -> None:
    world = NameWorld(seed, NODES, always_a_winner=True)
    for a, b in itertools.combinations(NODES, 2):
        world.cluster.cut(a, b)
    world.cluster.settle()
    for node in NODES:
        world.register(node, "x", world.node(node).spawn())
    world.cluster.settle()
    assert len(world.given["x"]) == len(NODES)
    world.heal()
    check_agreement(world)
    assert world.resolutions == len(NODES) - 1
    assert world.node("a").core.table.whereis("x") in world.given["x"]


@given(seeds)
def test_a_name_is_not_given_away_by_a_node_that_knows_its_holder_through_another_only(seed: int) -> None:
    world = NameWorld(seed, "abc", prevent_overlap=False)
    world.cluster.reachable = lambda one, other: {one, other} != {"a", "c"}
    world.cluster.cut("a", "c")
    world.cluster.settle()
    first = world.register("a", "x", world.node("a").spawn())
    world.cluster.settle()
    second = world.register("c", "x", world.node("c").spawn())
    world.cluster.settle()
    assert (world.answers[first], world.answers[second]) == (True, False)


@given(seeds, st.integers(0, 10))
def test_a_lock_outlives_the_server_and_not_its_holder(seed: int, steps: int) -> None:
    world = NameWorld(seed, "abc")
    holder = world.node("b").spawn()
    world.set_lock(holder, "r")
    world.cluster.settle()
    History(world).replace_server("b", steps)
    world.cluster.settle()
    refused = world.set_lock(world.node("a").spawn(), "r", 0.0)
    world.cluster.settle()
    assert world.answers[refused] is False
    world.kill(holder)
    granted = world.set_lock(world.node("a").spawn(), "r")
    world.cluster.settle()
    assert world.answers[granted] is True
