"""Modules that come through another node, and what several nodes offer."""

from __future__ import annotations

import importlib
import sys
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.code.modules.messages import Offer
from beamlike.code.modules.offers import Offers, Route
from tests.support.module_nodes import ModuleNodes, decoding, module_nodes

A, B, C, D = "a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1", "d@127.0.0.1"


def imported(name: str) -> Any:
    return importlib.import_module(name)


def in_a_chain(nodes: ModuleNodes, *names: str) -> None:
    for one, other in pairwise(names):
        nodes.tell(one, other)


def test_a_node_that_knows_nobody_else_gets_modules_through_the_one_it_knows(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C, D) as nodes:
        nodes.write(A, pkg__="from .sub import x", pkg__sub="x = 1", **{"pkg/data.txt": "data"})
        in_a_chain(nodes, A, B, C, D)
        nodes.only(D)
        assert imported("pkg").x == 1
        assert imported("pkg").__file__.startswith(f"<pkg/__init__.py of {A} #")
        assert nodes.questions == [(D, C), (C, B), (B, A)]
        assert resources.files("pkg").joinpath("data.txt").read_text() == "data"
        [held, _] = nodes[D].holdings()
        assert held.origin == A


def test_a_node_in_between_answers_from_what_it_holds(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C, D) as nodes:
        nodes.write(A, pkg__="", pkg__sub="x = 1")
        nodes.tell(A, B)
        nodes.tell(B, C)
        nodes.tell(B, D)
        for last in (C, D):
            nodes.only(last)
            assert imported("pkg.sub").x == 1
            nodes.part(B, last)
        assert nodes.questions == [(C, B), (B, A), (D, B)]


def test_a_change_goes_on_from_node_to_node(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="x = 1")
        in_a_chain(nodes, A, B, C)
        nodes.only(C)
        assert imported("helper").x == 1
        nodes.write(A, helper="x = 2")
        in_a_chain(nodes, A, B, C)
        nodes.only(C)
        assert imported("helper").x == 2


def test_a_node_that_has_lost_the_origin_says_so(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="x = 1")
        in_a_chain(nodes, A, B, C)
        nodes.part(A, B)
        nodes.only(C)
        with pytest.raises(ModuleNotFoundError, match=f"and {A}, which was asked, is not connected to {B}"):
            imported("helper")
        nodes.tell(B, C)
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'helper'$"):
            imported("helper")


def test_nobody_is_offered_what_came_from_it(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B) as nodes:
        nodes.write(A, helper="x = 1")
        nodes.tell(A, B)
        assert b"helper" not in (nodes[B].news(nodes.ledger(B, A), A) or b"")


def test_of_two_that_offer_a_name_the_one_whose_code_imports_it_decides(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="whose = 'a'", pkg__="from helper import whose")
        nodes.write(C, helper="whose = 'c'", other="def whose():\n    import helper\n    return helper.whose")
        nodes.tell(A, B)
        nodes.tell(C, B)
        assert imported("pkg").whose == "a"
        del sys.modules["helper"]
        assert imported("other").whose() == "c"
        del sys.modules["helper"]
        with decoding(A):
            assert imported("helper").whose == "a"
        del sys.modules["helper"]
        assert imported("helper").whose == "c", "the newest, where nothing says which"


def test_modules_of_one_name_take_turns_and_keep_their_state(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, pkg__="from . import sub\nstate = ['a']", pkg__sub="")
        nodes.write(C, pkg__="from . import sub\nstate = ['c']", pkg__sub="", other="")
        nodes.tell(A, B)
        nodes.tell(C, B)
        seen: dict[str, list[Any]] = {A: [], C: []}
        for peer in (A, C, C, A, A, C):
            nodes[B].turn_to(peer)
            with decoding(peer):
                package = imported("pkg")
            package.state.append(len(seen[peer]))
            assert package.sub is sys.modules["pkg.sub"]
            seen[peer].append(package)
        assert seen == {A: [seen[A][0]] * 3, C: [seen[C][0]] * 3}
        assert (seen[A][0].state, seen[C][0].state) == (["a", 0, 1, 2], ["c", 0, 1, 2])
        assert sorted(held.origin for held in nodes[B].holdings()) == [A, A, C, C]
        nodes.write(A, pkg__="state = ['new']")
        nodes.tell(A, B)
        nodes[B].turn_to(A)
        with decoding(A):
            assert imported("pkg").state == ["new"]
        nodes.part(A, B)
        nodes[B].turn_to(C)
        assert imported("pkg") is seen[C][0]


def test_a_name_that_one_node_has_no_more_is_had_of_another(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A, B, C) as nodes:
        nodes.write(A, helper="whose = 'a'")
        nodes.write(C, helper="whose = 'c'")
        nodes.tell(A, B)
        nodes.tell(C, B)
        (nodes.path / C / "helper.py").unlink()
        assert imported("helper").whose == "a"


# Offers.


def test_the_shortest_way_to_an_origin_is_taken() -> None:
    offers = Offers(D)
    offers.hear(B, [Offer((A, C, B), ("helper",)), Offer((B,), ("other",))])
    offers.hear(C, [Offer((A, C), ("helper",))])
    assert offers.routes("helper") == [Route(C, A)]
    offers.forget(C)
    assert offers.routes("helper") == [Route(B, A)]
    assert offers.for_peer(B) == ()
    assert {offer.path for offer in offers.for_peer(A)} == {(B, D)}


def test_who_speaks_for_somebody_else_or_in_a_circle_is_not_heard() -> None:
    offers = Offers(D)
    offers.hear(B, [Offer((A, C), ("helper",)), Offer((A, D, B), ("helper",)), Offer((), ("helper",))])
    assert offers.routes("helper") == []
    assert not offers


LINKS = st.sets(st.sampled_from([(one, other) for one in (A, B, C, D) for other in (A, B, C, D) if one < other]))


@given(LINKS, st.lists(st.tuples(st.sampled_from((A, B, C, D)), st.sampled_from((A, B, C, D))), max_size=30))
def test_nodes_in_whatever_circles_forget_what_its_origin_has_taken_back(
    links: set[tuple[str, str]], talk: list[tuple[str, str]]
) -> None:
    tables = {name: Offers(name) for name in (A, B, C, D)}
    both = links | {(other, one) for one, other in links}

    def tell(one: str, other: str, own: tuple[Offer, ...]) -> None:
        if (one, other) in both:
            tables[other].hear(one, (*own, *tables[one].for_peer(other)))

    def rounds(own: tuple[Offer, ...]) -> None:
        for _ in tables:
            for one, other in sorted(both):
                tell(one, other, own if one == A else ())

    offer = (Offer((A,), ("helper",)),)
    for one, other in talk:
        tell(one, other, offer if one == A else ())
    rounds(offer)
    assert {name for name in tables if tables[name].routes("helper")} == reached(both) - {A}
    rounds(())
    assert not [name for name in tables if tables[name].routes("helper")]


def reached(links: set[tuple[str, str]]) -> set[str]:
    found = {A}
    while more := {other for one, other in links if one in found} - found:
        found |= more
    return found
