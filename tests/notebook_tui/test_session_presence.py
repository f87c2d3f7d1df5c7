"""Who is where: all are told, the newest only, and of everybody by a name that is theirs alone."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from notebook_tui.document.operations import QueueCells
from notebook_tui.session.client import Client
from notebook_tui.session.messages import Join
from notebook_tui.session.people import OWNER, Person
from notebook_tui.session.presence import (
    MARKS,
    PACE,
    Here,
    PeopleHere,
    Presences,
    Present,
    Whereabouts,
    _called,
    moved,
)
from tests.notebook_tui.test_session_rejoined_typing import typing
from tests.notebook_tui.test_session_viewers import notebook_at
from tests.support.kept_sessions import kept
from tests.support.local_nodes import PATIENCE, eventually, in_node, waiting_messages

A, B, C = (bl.Pid("test@127.0.0.1", number + 1) for number in range(3))
HERE = Whereabouts("c", 1, 2)


def present() -> Presences:
    presences = Presences()
    for viewer, name in ((A, "ann"), (B, "bob"), (C, "ann")):
        presences.joined(viewer, Person(name))
        presences.is_at(viewer, Whereabouts())
    return presences


def test_people_of_the_same_name_are_told_apart_by_name_and_by_mark() -> None:
    people = present().people()
    assert [each.name for each in people] == ["ann", "bob", "ann #2"]
    assert len({each.mark for each in people}) == 3
    assert len(set(MARKS)) == len(MARKS)


def test_a_number_that_is_free_again_is_given_to_the_next() -> None:
    presences = present()
    presences.left(B)
    presences.joined(B, Person("eve"))
    assert [(each.number, each.name) for each in presences.people()] == [(0, "ann"), (1, "eve"), (2, "ann #2")]


NAMES = st.lists(
    st.sampled_from(["ann", "ann 2", "ann #2", "ann # 2", "ann  #2 ", "ann #3", "", "owner", '"owner"', "Owner"])
    | st.text(alphabet="a #2٢\u3000", max_size=6),
    max_size=8,
)


@given(NAMES)
def test_nobody_is_taken_for_another_persons_second_terminal_or_for_the_user_of_the_account(names: list[str]) -> None:
    presences = Presences()
    for number, name in enumerate(names):
        presences.joined(bl.Pid("test@127.0.0.1", number + 1), Person(name))
    called = [each.name for each in presences.people()]
    assert len(set(called)) == len(called)
    firsts = {}
    for name, shown in zip(names, called, strict=True):
        numbered = re.fullmatch(r"(.*) #(\d+)", shown, re.DOTALL)
        if numbered is None:
            firsts[shown] = name
        else:
            # Whoever is shown with a number has the very name of who is shown without it.
            assert _called(Person(firsts[numbered[1]])) == _called(Person(name))
        assert (shown.strip().casefold() == "owner") == (name == "" and numbered is None)


def test_the_user_of_the_account_has_a_name_too() -> None:
    presences = Presences()
    presences.joined(A, OWNER)
    assert presences.people()[0].name == "owner"


def test_nobody_is_told_who_never_said_where_they_are() -> None:
    presences = present()
    presences.joined(bl.Pid("test@127.0.0.1", 9), Person("a program"))
    assert set(presences.due()) == {A, B, C}


def test_who_has_not_seen_the_last_is_told_the_newest_once_they_have() -> None:
    presences = present()
    presences.due()
    for place in range(100):
        presences.is_at(A, Whereabouts("c", place, place))
        assert presences.due() == {}
    presences.saw(B)
    due = presences.due()
    assert list(due) == [B]
    assert due[B].people[0].where == Whereabouts("c", 99, 99)
    presences.saw(B)
    assert presences.due() == {}


def test_carets_move_with_the_text_but_for_that_of_who_typed() -> None:
    people = (Present(0, "ann", "run", HERE, "a"), Present(1, "bob", "run", HERE, "b"), Present(2, "eve", "view"))
    now = moved(people, "c", ("xx",), "a")
    assert [each.where for each in now] == [HERE, Whereabouts("c", 3, 4), Whereabouts()]
    assert moved(people, "d", ("xx",), "a") == people


@given(st.lists(st.tuples(st.sampled_from("jlhst"), st.integers(0, 2)), max_size=40))
def test_at_most_one_telling_is_on_its_way_to_each_and_the_last_is_true(steps: list[tuple[str, int]]) -> None:
    presences, viewers = Presences(), (A, B, C)
    there: set[bl.Pid] = set()
    on_its_way: dict[bl.Pid, PeopleHere] = {}
    known: dict[bl.Pid, PeopleHere] = {}

    def told() -> None:
        for viewer, people in presences.due().items():
            assert viewer not in on_its_way
            on_its_way[viewer] = people

    for step, (what, which) in enumerate(steps):
        viewer = viewers[which]
        if what == "j" and viewer not in there:
            presences.joined(viewer, Person("x"))
            there.add(viewer)
        elif what == "l" and viewer in there:
            presences.left(viewer)
            there.discard(viewer)
            on_its_way.pop(viewer, None)
            known.pop(viewer, None)
        elif what == "h" and viewer in there:
            presences.is_at(viewer, Whereabouts(str(step)))
            known.setdefault(viewer, PeopleHere((), -1))
        elif what == "s" and viewer in on_its_way:
            known[viewer] = on_its_way.pop(viewer)
            presences.saw(viewer)
        else:
            told()
    while True:
        told()
        if not on_its_way:
            break
        viewer, known[viewer] = on_its_way.popitem()
        presences.saw(viewer)
    assert all(each.people == presences.people() for each in known.values())


@in_node
async def test_all_see_who_comes_moves_runs_and_goes_and_nothing_of_it_is_in_the_notebook(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        ann, bob = await Client.join(it.session, Person("ann", "run")), await Client.join(it.session, Person("bob"))
        for each in (ann, bob):
            each.here(Whereabouts("setup"))
        await eventually(lambda: [each.name for each in ann.people] == ["owner", "ann", "bob"])
        await eventually(lambda: (ann.you, bob.you) == (1, 2))
        for place in range(50):
            bob.here(Whereabouts("cell-1", place, place))
        await eventually(lambda: ann.people[2].where == Whereabouts("cell-1", 49, 49))
        assert it.client.applied == 0
        ann.send(QueueCells(("cell-1",)))
        await eventually(lambda: bob.people[1].doing == "running")
        await bob.close()
        await eventually(lambda: [each.name for each in ann.people] == ["owner", "ann"])
        assert it.client.people == ()  # it never said where it is


@in_node
async def test_a_caret_is_where_it_was_in_the_words_that_another_types_in(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        ann, bob = await Client.join(it.session, Person("ann")), await Client.join(it.session, Person("bob"))
        ann.type_here()
        for each in (ann, bob):
            each.here(Whereabouts("cell-1", 1, 1))
        await eventually(lambda: len(bob.people) == 3 and bob.people[2].where.caret == 1)
        ann.open_text("cell-1")
        ann.exchange("cell-1", ("wide ",), 0.0)
        await eventually(lambda: bob.people[2].where.caret == 6)


@in_node
async def test_a_viewer_that_says_nothing_gets_one_telling_however_much_others_move(tmp_path: Path) -> None:
    async with kept(notebook_at(tmp_path), journal=False) as it:
        await bl.GenServer.call(it.session, Join(Person("slow")), timeout=PATIENCE)
        bl.GenServer.cast(it.session, Here(Whereabouts("setup"), bl.self()))
        await bl.receive(lambda message: isinstance(message, PeopleHere), timeout=PATIENCE)
        ann = await Client.join(it.session, Person("ann"))
        for place in range(5):
            ann.here(Whereabouts("cell-1", place, place))
            await eventually(
                lambda: any(each.where.caret == place for each in ann.people)  # noqa: B023 - it is over before the next
            )
        assert [type(each) for each in waiting_messages()].count(PeopleHere) == 0


@in_node
async def test_who_comes_back_to_a_session_is_where_they_were_and_sees_the_others(tmp_path: Path) -> None:
    async with typing(tmp_path) as (place, ann):
        ann.here(HERE)
        await eventually(lambda: len(ann.people) == 1)
        await asyncio.sleep(2 * PACE)  # what she says of herself has been said
        await place.leave()
        await eventually(lambda: ann.away)
        bob = await Client.join(await place.begin(), Person("bob"))
        bob.here(Whereabouts("setup"))
        await eventually(lambda: [each.where for each in bob.people if each.name == "ann"] == [HERE])
        await eventually(lambda: {each.name for each in ann.people} == {"ann", "bob"})
        await bob.close()
