"""Saving and quitting: what is not saved is asked about, and a failure keeps the notebook open."""

from __future__ import annotations

import pytest

from notebook_tui.document.operations import SetCellSource
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")


@in_terminal(code("a", "x"))
async def test_a_saved_notebook_is_left_at_once(shown: Terminal) -> None:
    await shown.press("ctrl+q")
    assert shown.has_ended


@in_terminal(code("a", "x"))
async def test_ctrl_s_saves_and_says_where(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "1", "ctrl+s")
    await shown.shows("Saved to test.livemd")
    assert not shown.session.state.dirty
    assert "unsaved" not in shown.status
    assert "EDIT" in shown.status


@in_terminal(code("a", "x"))
async def test_a_save_that_fails_is_told_in_the_sessions_words(shown: Terminal) -> None:
    shown.session.save_error = PermissionError("test.livemd is read-only")
    await shown.press(*FIRST, "i", "1", "ctrl+s", "escape")
    await shown.shows("✗ save failed: test.livemd is read-only")
    assert "unsaved" in shown.status
    await shown.press("i", "tab", "escape")
    shown.clock.now += 3
    await shown.until(lambda: "✗ save failed" in shown.hints, "the note, which no completion takes away")
    shown.session.save_error = None
    await shown.press("ctrl+s")
    await shown.until(lambda: "✗" not in shown.hints, "the note gone")


@in_terminal(code("a", "x"))
async def test_quitting_with_typed_text_asks_and_escape_stays(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "1", "ctrl+q")
    await shown.shows("There are changes that are not saved.")
    await shown.press("ctrl+q", "escape")
    assert "EDIT" in shown.status
    await shown.press("2", "escape")
    assert [each.source for each in shown.session.sent if isinstance(each, SetCellSource)] == ["x1", "x12"]
    assert not shown.has_ended


@in_terminal(code("a", "x"))
async def test_quitting_while_a_cell_runs_asks_and_s_stays(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "ctrl+q")
    await shown.shows("A cell still runs.")
    await shown.press("s")
    await shown.hides("A cell still runs.")
    assert shown.session.state.evaluating == "a"
    await shown.press("ctrl+q", "q")
    await shown.until(lambda: shown.has_ended, "the end of the program")


@in_terminal(code("a", "x"))
async def test_the_question_about_unsaved_changes_tells_of_the_cell_that_runs(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "i", "1", "ctrl+q")
    await shown.shows("There are changes that are not saved. A cell still")
    await shown.press("d")
    await shown.until(lambda: shown.has_ended, "the end of the program")


@in_terminal(code("a", "x"))
async def test_save_and_quit_saves_first(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "1", "ctrl+q")
    await shown.shows("There are changes that are not saved.")
    await shown.press("s")
    await shown.until(lambda: shown.has_ended, "the end of the program")
    assert not shown.session.state.dirty


@in_terminal(code("a", "x"))
async def test_quit_without_saving_leaves_the_file_as_it_is(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "1", "ctrl+q")
    await shown.shows("There are changes that are not saved.")
    await shown.press("d")
    await shown.until(lambda: shown.has_ended, "the end of the program")
    assert shown.session.state.dirty


@in_terminal(code("a", "x"))
async def test_a_save_that_fails_on_the_way_out_stays(shown: Terminal) -> None:
    shown.session.save_error = OSError("the disk is full")
    await shown.press(*FIRST, "i", "1", "ctrl+q")
    await shown.shows("There are changes that are not saved.")
    await shown.press("s")
    await shown.shows("Not saved, so the notebook stays open")
    assert not shown.has_ended
    assert "1 │ x1" in shown.text


@pytest.mark.parametrize("keys", ["ss", "dd", "sd"])
def test_a_second_answer_to_the_question_is_nothing(keys: str) -> None:
    @in_terminal(code("a", "x"))
    async def answer_twice(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", "1", "ctrl+q")
        await shown.shows("There are changes that are not saved.")
        for key in keys:
            shown.post_key(key)
        await shown.until(lambda: shown.has_ended, "the end of the program")
        assert shown.session.state.dirty == (keys[0] == "d")

    answer_twice()


@in_terminal(code("a", "x"))
async def test_a_served_session_is_left_by_default_and_goes_on(shown: Terminal) -> None:
    shown.session.served = True
    await shown.press(*FIRST, "e", "e", "ctrl+q")
    await shown.shows("Detach: it goes on")
    assert "So do the cells" in " ".join(shown.text.replace("│", " ").split())
    await shown.press("enter")
    assert shown.has_ended
    assert not shown.session.stopped


@in_terminal(code("a", "x"))
async def test_a_served_session_is_stopped_after_a_question_about_what_is_not_saved(shown: Terminal) -> None:
    shown.session.served = True
    await shown.press(*FIRST, "i", "1", "ctrl+q")
    await shown.shows("Detach: it goes on")
    await shown.press("s")
    await shown.shows("There are changes that are not saved.")
    await shown.press("s")
    await shown.until(lambda: shown.has_ended, "the end")
    assert shown.session.stopped
    assert not shown.session.state.dirty


@in_terminal(code("a", "x"))
async def test_detaching_from_a_served_session_asks_nothing_and_sends_what_was_typed(shown: Terminal) -> None:
    shown.session.served = True
    await shown.press(*FIRST, "i", "1", "escape", "g", "d")
    assert shown.has_ended
    assert [each.source for each in shown.session.sent if isinstance(each, SetCellSource)] == ["x1"]
    assert not shown.session.stopped


@in_terminal(code("a", "x"))
async def test_a_session_of_a_program_that_knows_no_server_is_not_handed_over(shown: Terminal) -> None:
    await shown.press("g", "d")
    told = lambda: any("nobody to hand its notebook to" in each.message for each in shown.app._notifications)  # noqa: E731
    await shown.until(told, "a toast")
    assert not shown.has_ended


@in_terminal(code("a", "x"))
async def test_a_session_that_has_ended_is_no_longer_served(shown: Terminal) -> None:
    shown.session.served = True
    await shown.press("j")
    assert "⇄ served" in shown.status
    shown.session.ended = True
    await shown.press("j")
    assert "✗ session ended" in shown.status
    assert "served" not in shown.status
    await shown.press("ctrl+q")
    await shown.shows("The session has ended.")
    await shown.press("q")
    assert shown.has_ended


@in_terminal(code("a", "x"))
async def test_who_leaves_while_the_session_is_out_of_reach_is_told_what_is_lost(shown: Terminal) -> None:
    shown.session.served = shown.session.away = True
    await shown.press("j")
    assert "server out of reach" in shown.status
    await shown.press("ctrl+q")
    await shown.shows("The session is out of reach.")
    await shown.press("s")
    assert not shown.has_ended
    await shown.press("ctrl+q", "q")
    assert shown.has_ended
