"""Ctrl+C in steps: the first two keep all values, the third asks before it takes them."""

from __future__ import annotations

from notebook_tui.document.operations import CancelEvaluation
from tests.support.fake_session import FakeSession, code
from tests.support.screen import Terminal, in_terminal


def cancels(session: FakeSession) -> list[CancelEvaluation]:
    return [each for each in session.sent if isinstance(each, CancelEvaluation)]


@in_terminal(code("a", "x = 1"), code("b", "x + 1"))
async def test_a_cell_that_does_not_stop_is_told_twice_and_then_ends_with_its_values_if_that_is_wanted(
    shown: Terminal,
) -> None:
    shown.session.deaf = True
    await shown.press("j", "j", "j", "e", "e", "ctrl+c")
    await shown.shows("interrupting · Ctrl+C again insists")
    await shown.press("ctrl+c")
    await shown.shows("insisting")
    assert cancels(shown.session) == [CancelEvaluation("a"), CancelEvaluation("a")]
    await shown.press("ctrl+c")
    await shown.shows("Cell 1 has not stopped, though it was interrupted")
    await shown.shows("twice. What is left")
    assert len(cancels(shown.session)) == 2
    await shown.press("e")
    assert cancels(shown.session)[-1] == CancelEvaluation("a", drop=True)
    await shown.shows("ending it with all its values")


@in_terminal(code("a", "x = 1"))
async def test_who_waits_after_the_second_interrupt_loses_nothing(shown: Terminal) -> None:
    shown.session.deaf = True
    await shown.press("j", "j", "j", "e", "e", *["ctrl+c"] * 3)
    await shown.shows("has not stopped")
    await shown.press("w")
    await shown.hides("has not stopped")
    assert all(not each.drop for each in cancels(shown.session))
    shown.session.finish("a", "interrupted")
    await shown.shows("■ interrupted")


@in_terminal(code("a", "x = 1"))
async def test_the_next_run_begins_with_the_first_step(shown: Terminal) -> None:
    shown.session.deaf = True
    await shown.press("j", "j", "j", "e", "e", "ctrl+c", "ctrl+c")
    shown.session.finish("a", "interrupted")
    await shown.press("e", "e")
    await shown.shows("running")
    assert "insist" not in shown.text
    await shown.press("ctrl+c")
    await shown.shows("Ctrl+C again insists")


@in_terminal(code("a", "x = 1"), code("b", "2"))
async def test_ex_interrupts_the_focused_cell_in_the_same_steps_and_takes_a_waiting_one_out_of_the_queue(
    shown: Terminal,
) -> None:
    shown.session.deaf = True
    await shown.press("e", "a", "G", "e", "x")
    assert shown.session.state.queue == ()
    await shown.press("k", "e", "x", "e", "x", "e", "x")
    await shown.shows("Cell 1 has not stopped, though it was interrupted")
    await shown.shows("twice. What is left")


@in_terminal(code("a", "x = 1"))
async def test_a_cell_that_ended_while_it_was_asked_about_is_left_alone(shown: Terminal) -> None:
    shown.session.deaf = True
    await shown.press("j", "j", "j", "e", "e", *["ctrl+c"] * 3)
    await shown.shows("has not stopped")
    shown.session.finish("a", "interrupted")
    await shown.press("e")
    assert all(not each.drop for each in cancels(shown.session))
