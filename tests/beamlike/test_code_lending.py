"""Sources that nodes lend each other: none is named that was dropped, and in the end none is kept that is old."""

from __future__ import annotations

from itertools import permutations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from beamlike.code.claims import Claims
from beamlike.code.lending import Borrowed, Lent, Release
from tests.support.lending_nodes import LendingNode, Line

NODES = st.integers(0, 2)
NUMBERS = st.integers(0, 30)


def test_a_source_goes_ahead_once_until_it_is_released() -> None:
    lent = Lent()
    assert lent.lacking([b"a", b"b"]) == [b"a", b"b"]
    lent.name([b"a", b"b"])
    lent.name([b"a"])
    assert lent.lacking([b"a", b"b"]) == []
    assert lent.withdraw([b"a", b"b", b"c"]) == [Release(b"a", 2), Release(b"b", 1)]
    assert lent.lacking([b"a"]) == [b"a"]


def test_what_falls_out_of_a_full_ledger_is_released() -> None:
    lent = Lent(limit=1)
    assert lent.name([b"a"]) == []
    assert lent.name([b"b"]) == [Release(b"a", 1)]
    assert (b"a" in lent, b"b" in lent) == (False, True)


def test_what_is_kept_without_a_term_is_released_without_one() -> None:
    lent, borrowed = Lent(), Borrowed()
    lent.keep([b"a"])
    assert lent.lacking([b"a"]) == []
    borrowed.take(b"a")
    [release] = lent.withdraw([b"a"])
    assert borrowed.release(release)


def test_a_lease_ends_with_the_last_term_that_was_under_way() -> None:
    borrowed = Borrowed()
    borrowed.take(b"a")
    assert borrowed.named([b"a"]) == []
    assert not borrowed.release(Release(b"a", 3))
    assert borrowed.named([b"a"]) == []
    assert borrowed.named([b"a"]) == [b"a"]
    assert list(borrowed) == []


def test_a_source_that_is_lent_again_waits_for_the_terms_of_before_too() -> None:
    borrowed = Borrowed()
    borrowed.take(b"a")
    borrowed.release(Release(b"a", 2))
    borrowed.take(b"a")
    assert borrowed.named([b"a"]) == []
    assert not borrowed.release(Release(b"a", 1))
    assert borrowed.named([b"a"]) == []
    assert borrowed.named([b"a"]) == [b"a"]


def test_a_connection_that_is_over_ends_all_leases() -> None:
    borrowed = Borrowed()
    borrowed.take(b"a")
    borrowed.take(b"b")
    assert borrowed.close() == [b"a", b"b"]
    assert borrowed.close() == borrowed.named([b"a"]) == []


def test_only_a_newer_one_retires_the_newest_and_who_lends_it_anew_revives_it() -> None:
    claims = Claims()
    claims.publish()
    assert not claims.retire()
    assert claims.supersede()
    assert not claims.retire()
    claims.borrow("a peer")
    assert not claims.retired


class Histories(RuleBasedStateMachine):
    """Three nodes; cells are run again, functions are sent on and sent back, forgotten, and links lost."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes = [LendingNode(name) for name in "abc"]
        self.lines = {pair: Line(*(self.nodes[number] for number in pair)) for pair in permutations(range(3), 2)}

    @rule(node=st.integers(0, 1), version=st.integers(0, 2))
    def run_cell(self, node: int, version: int) -> None:
        self.nodes[node].define("cell", version)

    @rule(source=NODES, step=st.integers(1, 2), numbers=st.lists(NUMBERS, min_size=1, max_size=3))
    def send(self, source: int, step: int, numbers: list[int]) -> None:
        functions = self.nodes[source].functions
        picked = [functions[number % len(functions)] for number in numbers if functions]
        self.lines[source, (source + step) % 3].send(picked)

    @rule(source=NODES, step=st.integers(1, 2), number=NUMBERS)
    def call(self, source: int, step: int, number: int) -> None:
        """There and back at once, whatever else is under way."""
        there, back = (source, (source + step) % 3), ((source + step) % 3, source)
        for way in (there, back):
            functions = self.nodes[way[0]].functions
            if functions:
                self.lines[way].send([functions[-1 - number % len(functions)]])
                self.lines[way].deliver(len(self.lines[way].terms) - 1)

    @rule(source=NODES, step=st.integers(1, 2), number=NUMBERS)
    def send_what_lasts(self, source: int, step: int, number: int) -> None:
        functions = self.nodes[source].functions
        if functions:
            self.lines[source, (source + step) % 3].send([], lasts=functions[number % len(functions)])

    @rule(source=NODES, step=st.integers(1, 2), number=NUMBERS)
    def forget_what_lasts(self, source: int, step: int, number: int) -> None:
        self.lines[source, (source + step) % 3].forget_lasting(number)

    @rule(source=NODES, step=st.integers(1, 2), number=NUMBERS)
    def deliver(self, source: int, step: int, number: int) -> None:
        self.lines[source, (source + step) % 3].deliver(number)

    @rule(source=NODES, step=st.integers(1, 2))
    def hear(self, source: int, step: int) -> None:
        self.lines[source, (source + step) % 3].hear()

    @rule(node=NODES, number=NUMBERS)
    def forget(self, node: int, number: int) -> None:
        self.nodes[node].forget(number)

    @rule(one=NODES, step=st.integers(1, 2))
    def lose_the_link(self, one: int, step: int) -> None:
        for source, target in ((one, (one + step) % 3), ((one + step) % 3, one)):
            self.lines[source, target].close()
            self.lines[source, target] = Line(self.nodes[source], self.nodes[target])

    def teardown(self) -> None:
        for node in self.nodes:
            while len(node.functions):
                node.forget(0)
        for _ in range(12):
            self.all_that_is_under_way_arrives()
        newest = {hash for node in self.nodes for hash in node.newest.values()}
        for node in self.nodes:
            assert set(node.claims) <= newest, f"{node.name} keeps old versions for nobody"

    def all_that_is_under_way_arrives(self) -> None:
        for line in self.lines.values():
            line.send([])
            while line.terms:
                line.deliver(0)
            while line.lasting:
                line.forget_lasting(0)
            for hash in list(line.target.functions):
                line.target.functions.remove(hash)
                line.target.settle(hash)


def test_no_term_names_a_source_that_was_dropped_and_in_the_end_none_is_old() -> None:
    run_state_machine_as_test(Histories, settings=settings(max_examples=400, stateful_step_count=40, deadline=None))
