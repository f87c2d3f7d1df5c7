"""A view that fails: told in its place, with the session and every typed letter kept; and never a bare traceback."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.message import Message
from textual.strip import Strip

from notebook_tui.document.operations import SetCellSource
from notebook_tui.document.state import State
from notebook_tui.session.state_directory import state_path
from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.cells.cell_list import CellList
from notebook_tui.ui.crash.crash_screen import CrashScreen
from notebook_tui.ui.notebook_screen import NotebookScreen
from notebook_tui.ui.notebook_view import NotebookView
from notebook_tui.ui.status.bar import StatusBar
from tests.support.fake_session import FakeSession, code, notebook_of
from tests.support.screen import Clock, Terminal, in_terminal, terminal

pytestmark = pytest.mark.usefixtures("own_state")

FIRST = ("j", "j", "j")
FAILED = "✗ The view has failed."


class Broken(Exception):
    pass


def fail(*_: object) -> None:
    raise Broken("this view is broken")


async def panel(shown: Terminal, title: str = FAILED) -> None:
    """Before that nothing can be drawn, so nothing can be looked at."""
    await shown.until(lambda: isinstance(shown.app.screen, CrashScreen) and title in shown.text, title)


def break_drawing(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CellList, "render_line", fail)
    shown.app.query_one(CellList).refresh()


def break_status(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StatusBar, "render_line", fail)
    shown.app.query_one(StatusBar).refresh()


def break_tick(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NotebookView, "tick", fail)


def break_key(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NotebookScreen, "take_key", fail)
    shown.post_key("j")


def break_handler(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NotebookScreen, "_show_newest", fail)
    shown.app.query_one(CellList).post_message(NotebookScreen.StateChanged())


def break_worker(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    async def work() -> None:
        fail()

    shown.app.screen.run_worker(work)


def break_callback(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    shown.app.call_later(fail)


def break_layout(shown: Terminal, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(NotebookView, "on_resize", fail)
    shown.app.screen.query_one(NotebookView).styles.width = 50


WAYS = [
    break_drawing,
    break_status,
    break_tick,
    break_key,
    break_handler,
    break_worker,
    break_callback,
    break_layout,
]


@pytest.mark.parametrize("break_it", WAYS, ids=lambda way: way.__name__)
def test_whatever_fails_is_told_and_typed_text_is_kept_and_the_view_starts_again(
    break_it: Callable[[Terminal, pytest.MonkeyPatch], None],
) -> None:
    @in_terminal(code("a", "x"))
    async def crash(shown: Terminal) -> None:
        shown.may_fail = True
        await shown.press(*FIRST, "i", "1")
        with pytest.MonkeyPatch.context() as patch:
            break_it(shown, patch)
            await panel(shown)
        assert "Broken: this view is broken" in shown.text
        typed = [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]
        assert typed == ["x1"]
        [report] = (state_path() / "crashes").iterdir()
        assert "this view is broken" in report.read_text()
        assert report.stat().st_mode & 0o077 == 0
        await shown.press("r")
        await shown.shows("1 │ x1")
        await shown.press(*FIRST, "i", "2", "escape")
        await shown.shows("1 │ x12")
        assert not shown.has_ended

    crash()


@in_terminal(code("a", "x"))
async def test_the_panel_saves_and_quits(shown: Terminal) -> None:
    shown.may_fail = True
    await shown.press(*FIRST, "i", "1")
    shown.app.call_later(fail)
    await shown.shows(FAILED)
    shown.session.save_error = OSError("the disk is full")
    await shown.press("s")
    await shown.shows("Not saved: the disk is full")
    shown.session.save_error = None
    await shown.press("s")
    await shown.until(lambda: shown.has_ended, "the end of the program")
    assert not shown.session.state.dirty


@in_terminal(code("a", "x"))
async def test_the_panel_copies_the_report_and_quits_without_a_word_of_saving(shown: Terminal) -> None:
    shown.may_fail = True
    copied: list[str] = []
    vars(shown.app)["copy_to_clipboard"] = copied.append
    shown.app.call_later(fail)
    await shown.shows(FAILED)
    await shown.press("c")
    await shown.shows("Copied")
    assert "Broken: this view is broken" in copied[0]
    await shown.press("q")
    await shown.until(lambda: shown.has_ended, "the end of the program")
    assert not shown.session.discarded


@in_terminal(code("a", "x"))
async def test_a_view_that_fails_again_at_once_is_not_restarted_again(shown: Terminal) -> None:
    shown.may_fail = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("notebook_tui.ui.crash.guarded_app.AT_ONCE", 600.0)
        break_drawing(shown, patch)
        await panel(shown)
        await shown.press("r")
        await panel(shown, "✗ The view has failed again.")
        assert "Restart the view" not in shown.text
        assert "s  Save and quit" in shown.text
        await shown.press("s")
        await shown.until(lambda: shown.has_ended, "the end of the program")


@in_terminal(code("a", "x"))
async def test_a_panel_that_fails_itself_ends_the_program_in_words(shown: Terminal) -> None:
    shown.may_fail = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CrashScreen, "compose", fail)
        shown.app.call_later(fail)
        await shown.until(lambda: shown.has_ended, "the end of the program")
    assert shown.app.last_words.startswith("the view failed (Broken: this view is broken); the report is ")
    assert shown.app.return_code == 1


@pytest.mark.parametrize("part", ["compose", "on_mount"])
def test_a_view_that_fails_at_the_start_ends_the_program_in_words(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NotebookScreen, part, fail)

    async def start() -> NotebookApp:
        app = NotebookApp(FakeSession(State(notebook_of(code("a", "x"))), Clock()), Clock())
        async with asyncio.timeout(20):
            await app.run_async(headless=True)
        return app

    app = asyncio.run(start())
    assert app.last_words.startswith("the view failed (Broken: this view is broken); the report is ")
    assert app.return_code == 1
    [report] = (state_path() / "crashes").iterdir()
    assert str(report) in app.last_words


def test_a_test_that_breaks_the_view_unawares_fails() -> None:
    async def crash() -> None:
        async with terminal(code("a", "x")) as shown:
            shown.app.call_later(fail)
            await shown.shows(FAILED)

    with pytest.raises(AssertionError, match="the view has failed"):
        asyncio.run(crash())


def test_a_report_holds_nothing_that_the_user_wrote(tmp_path: Path) -> None:
    @in_terminal(code("a", "swordfish"))
    async def crash(shown: Terminal) -> None:
        shown.may_fail = True
        secret = "swordfish"

        class Odd(Message):
            text = secret

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(CellList, "render_line", lambda self, y: Strip([]) if y < 0 else fail(secret))
            shown.app.query_one(CellList).refresh()
            await panel(shown)

    crash()
    [report] = (state_path() / "crashes").iterdir()
    assert "swordfish" not in report.read_text()
