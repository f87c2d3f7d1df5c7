"""Several type in one text: whatever their links do to them, all end with the session's text, and each character that
was typed is there once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document import delta as deltas
from notebook_tui.document.operations import (
    ApplyDelta,
    DeleteCell,
    QueueCells,
    Redo,
    ReportRevision,
    SetCellSource,
    SetTitle,
    Undo,
)
from notebook_tui.session.typist import REPORT_EVERY
from tests.support.documents import all_run, state_of
from tests.support.typing_together import Person, Session

START = state_of({"s": {"c": "text", "d": "other"}})


def source(session: Session) -> str:
    return session.state.notebook.cell("c").source


def settle(session: Session, people: list[Person]) -> None:
    """Until nothing is on its way and all editors have exchanged."""
    for _ in range(3):
        for person in people:
            if person.link.is_behind:
                session.catch_up(person.link)
            person.exchange()
        while any(person.link.up or person.link.down for person in people):
            for person in people:
                while person.link.up:
                    session.arrive(person.link)
            for person in people:
                while person.link.down:
                    person.hear()
        for person in people:
            person.exchange()


EVENTS = ["type", "type", "exchange", "exchange", "arrive", "arrive", "hear", "hear", "behind", "caught up", "lost"]


@given(st.data())
def test_ac27_all_end_with_the_same_text_and_every_character_is_there_once(data: st.DataObject) -> None:
    session = Session(START)
    people = [Person(session) for _ in range(data.draw(st.integers(2, 4)))]
    written = list("text")
    for number in range(data.draw(st.integers(1, 30))):
        person = data.draw(st.sampled_from(people))
        match data.draw(st.sampled_from([*EVENTS, "merged"])):
            case "type":
                place = data.draw(st.integers(0, len(person.editor)))
                # Each character once, so that none can stand for another.
                written.append(chr(0x4E00 + number))
                person.type((place, written[-1]))
            case "merged":
                written.append(chr(0x4E00 + number))
                place = data.draw(st.integers(0, len(source(session))))
                text = source(session)
                session.do(SetCellSource("c", text[:place] + written[-1] + text[place:]))
            case event:
                happen(event, session, person)
    settle(session, people)
    assert {person.editor for person in people} == {source(session)}
    assert sorted(source(session)) == sorted(written)
    assert not any(person.typist.waits or person.typist.unsettled for person in people)


def happen(event: str, session: Session, person: Person, *, session_forgets: bool = False) -> None:
    match event:
        case "exchange":
            person.exchange()
        case "arrive" if person.link.up:
            session.arrive(person.link)
        case "hear" if person.link.down:
            person.hear()
        case "behind":
            person.link.is_behind = True
        case "caught up" if person.link.is_behind:
            session.catch_up(person.link)
        case "lost":
            person.lose_link(session_forgets=session_forgets)


@given(st.data())
def test_ac27_whatever_else_is_done_all_end_with_the_same_text(data: st.DataObject) -> None:
    """Deletions, undo, other operations, a session that knows nothing of what it was sent before."""
    session = Session(START)
    people = [Person(session) for _ in range(data.draw(st.integers(2, 3)))]
    for _ in range(data.draw(st.integers(1, 30))):
        person = data.draw(st.sampled_from(people))
        match data.draw(st.sampled_from([*EVENTS, "delete", "ask", "ask", "whole"])):
            case "type":
                place = data.draw(st.integers(0, len(person.editor)))
                person.type((place, data.draw(st.text("ab\n🐈", max_size=3))))
            case "delete":
                place = data.draw(st.integers(0, len(person.editor)))
                person.type((place, -data.draw(st.integers(0, len(person.editor) - place))))
            case "ask":
                person.exchange()
                person.typist.ask(data.draw(st.sampled_from([SetTitle("T"), Undo(), Redo(), QueueCells(("c",))])))
            case "whole":
                person.exchange()
                person.typist.ask(SetCellSource("c", data.draw(st.text("xy\r\0", max_size=4))))
            case event:
                happen(event, session, person, session_forgets=data.draw(st.booleans()))
    settle(session, people)
    assert {person.editor for person in people} == {source(session)}


def test_a_cell_runs_with_the_text_that_its_user_saw() -> None:
    """What was typed before goes before it, and what was typed after goes after."""
    session = Session(all_run(START))
    ann = Person(session)
    ann.type((4, "1"))
    ann.exchange()  # under way
    ann.type((5, "2"))
    ann.exchange()
    ann.typist.ask(QueueCells(("c",)))
    ann.type((6, "3"))
    ann.exchange()
    assert [type(each) for each in ann.link.up] == [ApplyDelta]
    settle(session, [ann])
    kinds = [type(each) for each in session.log if isinstance(each, ApplyDelta | QueueCells)]
    assert kinds == [ApplyDelta, ApplyDelta, QueueCells, ApplyDelta]
    assert session.state.evaluating == "c"
    assert source(session) == "text123"


def test_who_types_alone_waits_for_nothing() -> None:
    session = Session(START)
    ann = Person(session)
    ann.type((4, "1"))
    ann.exchange()
    ann.typist.ask(SetTitle("T"))
    assert [type(each) for each in ann.link.up] == [ApplyDelta, SetTitle]


def test_what_is_typed_meanwhile_is_one_change() -> None:
    session = Session(START)
    ann = Person(session)
    for place in range(5):
        ann.type((place, "x"))
        ann.exchange()
    settle(session, [ann])
    assert len([each for each in session.log if isinstance(each, ApplyDelta)]) == 2


def test_who_only_watches_says_which_revision_they_have_so_that_the_session_forgets_older_ones() -> None:
    session = Session(START)
    ann, bob = Person(session), Person(session)
    for number in range(10 * REPORT_EVERY):
        ann.type((0, "x"))
        ann.exchange()
        settle(session, [ann, bob])
        assert len(session.state.texts["c"].deltas) <= REPORT_EVERY + 1, number
    reports = [each for each in session.log if isinstance(each, ReportRevision)]
    assert {each.client_id for each in reports} == {bob.link.id}
    assert len(reports) == 10


def test_who_comes_late_has_the_text_as_it_is() -> None:
    session = Session(START)
    ann = Person(session)
    ann.type((0, "ann "))
    settle(session, [ann])
    bob = Person(session)
    assert bob.editor == "ann text"
    bob.type((8, "!"))
    ann.type((0, "> "))
    settle(session, [ann, bob])
    assert ann.editor == bob.editor == "> ann text!"


@pytest.mark.parametrize("arrived", [True, False], ids=["it had arrived", "it had not"])
@pytest.mark.parametrize("forgets", [True, False], ids=["a session that was restarted", "the same session"])
def test_what_was_under_way_when_the_link_broke_is_there_once(arrived: bool, forgets: bool) -> None:
    session = Session(START)
    ann, bob = Person(session), Person(session)
    ann.type((4, " of ann"))
    ann.exchange()
    if arrived:
        session.arrive(ann.link)
    ann.type((11, "!"))
    bob.type((0, "bob's "))
    bob.exchange()
    session.arrive(bob.link)
    ann.lose_link(session_forgets=forgets)
    settle(session, [ann, bob])
    assert ann.editor == bob.editor == source(session) == "bob's text of ann!"


def test_a_run_that_was_asked_for_when_the_link_broke_is_not_asked_for_again() -> None:
    session = Session(all_run(START))
    ann = Person(session)
    ann.type((4, "1"))
    ann.exchange()
    ann.typist.ask(QueueCells(("c",)))
    ann.lose_link()
    settle(session, [ann])
    assert source(session) == "text1"
    assert not any(isinstance(each, QueueCells) for each in session.log)


def test_what_is_typed_in_a_cell_that_somebody_deletes_holds_up_nothing() -> None:
    session = Session(START)
    ann = Person(session)
    ann.type((4, "1"))
    ann.exchange()
    ann.type((5, "2"))
    ann.exchange()
    ann.typist.ask(SetTitle("T"))
    session.do(DeleteCell("c"))
    while ann.link.up or ann.link.down:
        while ann.link.up:
            session.arrive(ann.link)
        while ann.link.down:
            ann.hear()
    assert session.state.notebook.title == "T"
    assert ann.typist.exchange("c", deltas.between("a", "b"), 0.0) == ()


def test_a_change_that_is_refused_is_taken_back() -> None:
    session = Session(START)
    ann = Person(session)
    ann.type((4, "1"))
    ann.exchange()
    ann.typist.refused(ann.link.up.popleft())
    ann.exchange()
    assert ann.editor == "text"


def test_a_file_that_another_program_wrote_changes_the_text_under_the_hands_of_who_types() -> None:
    session = Session(START)
    ann = Person(session)
    ann.type((4, " of ann"))
    session.do(SetCellSource("c", "the text"))
    settle(session, [ann])
    assert ann.editor == source(session) == "the text of ann"
