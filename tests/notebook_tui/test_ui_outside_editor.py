"""A cell in the user's own editor: what it gets, what comes back, and what goes wrong."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import DeleteCell, SetCellSource
from notebook_tui.ui.app import NotebookApp
from notebook_tui.ui.commands.outside_editor import OutsideEditorError, editor_command
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")


@pytest.fixture
def handed_over(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The terminal of the tests can be handed to a program."""
    happened: list[str] = []

    @contextlib.contextmanager
    def suspend(app: NotebookApp) -> Iterator[None]:
        happened.append("handed over")
        yield
        happened.append("taken back")

    monkeypatch.setattr(NotebookApp, "suspend", suspend)
    return happened


@pytest.fixture
def editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, handed_over: list[str]) -> Callable[[str], Path]:
    """Makes a shell script the editor; what it echoes is in the file that is returned."""

    def make(script: str) -> Path:
        program, told = tmp_path / "editor", tmp_path / "told"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o700)
        monkeypatch.setenv("VISUAL", f"{program} --wait")
        monkeypatch.setenv("TOLD", str(told))
        return told

    return make


def pressed(*cells: Cell) -> Callable[[Callable[[Terminal], Any]], None]:
    return lambda body: in_terminal(*cells)(body)()


def sent(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


def test_ctrl_o_hands_the_cell_to_the_editor_and_takes_what_it_makes(
    editor: Callable[[str], Path], handed_over: list[str]
) -> None:
    told = editor('echo "$@" > $TOLD; stat -c %a "$2" >> $TOLD; cat "$2" >> $TOLD; echo "y = 2" >> "$2"')

    @pressed(code("a", "x = 1"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "ctrl+o")
        await shown.until(lambda: sent(shown) == ["x = 1\ny = 2"], "the new text")
        assert "NAV" in shown.status

    arguments, mode, source = told.read_text().splitlines()
    assert arguments.startswith("--wait ")
    assert arguments.endswith("cell.py")
    assert stat.S_IRWXU & int(mode, 8) == int(mode, 8) == 0o600
    assert source == "x = 1"
    assert not Path(arguments.split()[-1]).parent.exists()
    assert handed_over == ["handed over", "taken back"]


def test_a_cell_that_was_edited_is_edited_again_with_what_was_typed_before(editor: Callable[[str], Path]) -> None:
    told = editor('cat "$2" > $TOLD; printf "z" > "$2"')

    @pressed(prose("a", "x"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", "y", "ctrl+o")
        await shown.until(lambda: sent(shown) == ["xy", "z"], "the new text")
        await shown.shows("EDIT")
        await shown.press("!", "escape")
        assert sent(shown)[-1] == "z!"

    assert told.read_text() == "xy\n"


def test_a_text_that_the_editor_leaves_as_it_is_stays(editor: Callable[[str], Path]) -> None:
    editor("true")

    @pressed(code("a", "x"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "ctrl+o")
        await shown.until(lambda: "Nothing was changed." in shown.hints, "the remark")
        assert shown.session.sent == []


@pytest.mark.parametrize(
    ("visual", "said"),
    [("/nowhere/editor", "could not be"), ("false", "ended with status"), ("'", "expected VISUAL to be")],
)
def test_an_editor_that_is_missing_or_fails_is_told(
    visual: str, said: str, monkeypatch: pytest.MonkeyPatch, handed_over: list[str]
) -> None:
    monkeypatch.setenv("VISUAL", visual)

    @pressed(code("a", "x"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "i", "ctrl+o")
        await shown.shows(said)
        assert sent(shown) == []

    assert handed_over in ([], ["handed over", "taken back"])


def test_a_terminal_that_cannot_be_handed_over_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISUAL", "true")

    @pressed(code("a", "x"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "ctrl+o")
        await shown.shows("This terminal cannot be handed")


def waiting(told: str) -> str:
    """An editor that is busy until somebody else has changed the cell."""
    return f'touch $TOLD.open; while [ ! -e $TOLD.go ]; do sleep 0.02; done; printf "{told}" > "$2"'


@pytest.mark.parametrize(
    ("mine", "theirs", "key", "sources"),
    [
        ("one!\\ntwo\\nthree", "one\ntwo\nthree!", "", ["one!\ntwo\nthree!"]),
        ("one!\\ntwo\\nthree", "one?\ntwo\nthree", "m", ["one!\ntwo\nthree"]),
        ("one!\\ntwo\\nthree", "one?\ntwo\nthree", "t", ["one?\ntwo\nthree", "one!\ntwo\nthree"]),
        ("one!\\ntwo\\nthree", "one?\ntwo\nthree", "escape", ["one?\ntwo\nthree", "one!\ntwo\nthree"]),
    ],
)
def test_what_others_changed_meanwhile_is_merged_or_asked_about(
    editor: Callable[[str], Path], mine: str, theirs: str, key: str, sources: list[str]
) -> None:
    told = editor(waiting(mine))

    @pressed(code("a", "one\ntwo\nthree"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "ctrl+o")
        await shown.until(told.with_suffix(".open").exists, "the editor is open")
        shown.session.apply(SetCellSource("a", theirs))
        told.with_suffix(".go").touch()
        await shown.shows("meanwhile")
        if key:
            await shown.press(key)
        await shown.until(
            lambda: [cell.source for cell in shown.session.state.notebook.sections[0].cells] == sources, "the texts"
        )


def test_a_text_whose_cell_is_gone_is_not_lost(editor: Callable[[str], Path]) -> None:
    told = editor(waiting("mine"))

    @pressed(code("a", "x"), code("b", "y"))
    async def _(shown: Terminal) -> None:
        await shown.press(*FIRST, "ctrl+o")
        await shown.until(told.with_suffix(".open").exists, "the editor is open")
        shown.session.apply(DeleteCell("a"))
        told.with_suffix(".go").touch()
        await shown.shows("The cell is gone")
        assert shown.app.clipboard == "mine"


def test_the_editor_is_what_visual_or_else_editor_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert editor_command({"VISUAL": "code --wait", "EDITOR": "vi"}) == ["code", "--wait"]
    assert editor_command({"VISUAL": " ", "EDITOR": "vi"}) == ["vi"]
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(OutsideEditorError, match="set VISUAL or EDITOR"):
        editor_command({})


def test_what_is_typed_before_the_session_has_answered_goes_on_from_the_new_text(editor: Callable[[str], Path]) -> None:
    editor('printf "z" > "$2"')

    async def main() -> None:
        async with terminal(prose("a", "x"), delay=0.2) as shown:
            await shown.press(*FIRST, "i", "y", "ctrl+o")
            await shown.until(lambda: "z" in sent(shown), "the new text")
            await shown.press("!", "escape")
            await shown.until(lambda: sent(shown)[-1] == "z!", "the text with what was typed after it")

    asyncio.run(main())
