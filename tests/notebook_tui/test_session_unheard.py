"""Which questions of cells wait for somebody, and which are told at once that there is no keyboard."""

from __future__ import annotations

import beamlike as bl
from notebook_tui.runtime.messages import Answer, InputWanted
from notebook_tui.session.questions import NO_KEYBOARD, Questions
from tests.support.local_nodes import in_node

PERSON, NEXT, PROGRAM = (bl.Pid("test@127.0.0.1", number) for number in range(1_001, 1_004))
FIRST, SECOND = (InputWanted("cell-1", question, "? ", hidden=False) for question in ("first", "second"))
OTHER = InputWanted("cell-2", "other", "? ", hidden=False)
AGAIN = InputWanted("cell-1", "again", "? ", hidden=False, again=True)


def asking(*, waits: bool = True) -> tuple[Questions, list[object]]:
    """With what the runtime is told."""
    told: list[object] = []
    return Questions(told.append, waits=waits), told


def unheard(wanted: InputWanted) -> Answer:
    return Answer(wanted.question, None, NO_KEYBOARD)


@in_node
async def test_what_a_cell_asks_while_nobody_is_there_ends_at_once_whoever_has_been_there_before() -> None:
    questions, told = asking()
    questions.taken_by(PERSON)
    questions.viewer_left(PERSON)
    questions.ask(FIRST)
    assert told == [unheard(FIRST)]


@in_node
async def test_what_a_person_was_asked_waits_for_the_next_and_what_another_cell_asks_meanwhile_does_not() -> None:
    questions, told = asking()
    questions.taken_by(PERSON)
    questions.ask(FIRST)
    questions.viewer_left(PERSON)
    questions.ask(OTHER)
    assert told == [unheard(OTHER)]
    questions.taken_by(NEXT)
    questions.answer("first", "Ada")
    assert told[1:] == [Answer("first", "Ada", "")]


@in_node
async def test_what_only_a_program_was_asked_ends_when_it_leaves() -> None:
    questions, told = asking()
    questions.taken_by(PERSON)
    questions.viewer_left(PERSON)
    questions.taken_by(PROGRAM, comes_again=False)
    questions.ask(FIRST)
    questions.viewer_left(PROGRAM)
    assert told == [unheard(FIRST)]


@in_node
async def test_what_a_program_was_asked_waits_once_a_person_has_seen_it_also_when_both_leave() -> None:
    questions, told = asking()
    questions.taken_by(PROGRAM, comes_again=False)
    questions.ask(FIRST)
    questions.taken_by(PERSON)
    questions.viewer_left(PERSON)
    questions.viewer_left(PROGRAM)
    assert told == []


@in_node
async def test_what_a_cell_asked_before_a_restart_of_the_server_waits_and_nothing_else_does() -> None:
    questions, told = asking()
    questions.ask(AGAIN)
    questions.ask(OTHER)
    assert told == [unheard(OTHER)]


@in_node
async def test_what_a_run_asks_after_people_were_asked_waits_too_while_they_are_on_their_way_back() -> None:
    questions, told = asking()
    questions.ask(AGAIN)
    questions.taken_by(NEXT)
    questions.answer("again", "Ada")
    questions.viewer_left(NEXT)
    questions.ask(FIRST)
    assert told == [Answer("again", "Ada", "")]
    questions.settled("first")
    questions.runs("cell-1")
    questions.ask(SECOND)
    assert told[1:] == [unheard(SECOND)]


@in_node
async def test_where_nobody_comes_again_a_question_ends_with_the_last_who_was_asked() -> None:
    questions, told = asking(waits=False)
    questions.taken_by(PERSON)
    questions.ask(FIRST)
    questions.viewer_left(PERSON)
    assert told == [unheard(FIRST)]
