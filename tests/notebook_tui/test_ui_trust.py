"""A notebook of somebody else: shown at once, run by no key until its user says so, and asked about once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from notebook_tui.document.notebook import Cell
from notebook_tui.document.operations import QueueCells, Trust, TrustWithdrawn
from notebook_tui.document.state import State
from notebook_tui.session.trust import trust_folder, trusted_folders
from tests.support.fake_session import code, notebook_of
from tests.support.screen import Terminal, in_terminal

FIRST = ("j", "j", "j")
BLOCK = '# /// script\n# dependencies = ["rich>=13", "numpy"]\n# ///'
THEIRS = State(
    replace(
        notebook_of(code("a", "import os"), Cell("b", "code", "os", metadata={"reevaluate_automatically": True})),
        setup=Cell("setup", "code", BLOCK),
    ),
    path="/tmp/theirs.livemd",
    trusted=False,
)


@in_terminal(THEIRS.notebook, state=THEIRS)
async def test_the_first_run_tells_what_there_is_and_asks_once(shown: Terminal) -> None:
    assert "? not trusted" in shown.status
    await shown.press(*FIRST, "e", "e")
    await shown.shows("· 3 code cells, which may do all that you may do here")
    assert "· 1 of them runs again by itself" in shown.text
    assert "· installs numpy, rich>=13" in shown.text
    assert "/tmp/theirs.livemd" in shown.text
    await shown.press("r")
    await shown.hides("not trusted")
    assert shown.session.operations_of(Trust) == [Trust(folder=False)]
    assert shown.session.state.evaluating
    await shown.press("e", "x", "e", "a")
    assert "You have not written" not in shown.text


@pytest.mark.parametrize(
    "keys",
    [
        ["e", "e"],
        ["e", "a"],
        ["e", "s"],
        ["e", "o"],
        ["ctrl+e"],
        ["f5"],
        ["f6"],
        ["ctrl+r"],
        ["ctrl+enter"],
        ["shift+enter"],
        ["ctrl+shift+enter"],
        ["i", "1", "ctrl+e"],
    ],
    ids=" ".join,
)
def test_no_key_runs_anything_before_the_answer(keys: list[str]) -> None:
    @in_terminal(THEIRS.notebook, state=THEIRS)
    async def press(shown: Terminal) -> None:
        await shown.press(*FIRST, *keys)
        await shown.shows("You have not written the code")
        assert shown.session.operations_of(QueueCells) == []
        await shown.press("l")
        await shown.shows("Nothing was run")
        assert shown.session.state.runtime.phase == "disconnected"
        assert not shown.session.state.trusted

    press()


@in_terminal(THEIRS.notebook, state=THEIRS)
async def test_the_folder_may_be_trusted_and_escape_only_looks(shown: Terminal) -> None:
    await shown.press(*FIRST, "e", "e", "escape")
    await shown.shows("Nothing was run")
    await shown.press("e", "e", "f")
    await shown.until(lambda: shown.session.state.evaluating, "the run")
    assert shown.session.operations_of(Trust) == [Trust(folder=True)]


@in_terminal(code("a", "1"))
async def test_code_that_somebody_changes_meanwhile_is_asked_about(shown: Terminal) -> None:
    assert "not trusted" not in shown.status
    shown.session.apply(TrustWithdrawn())
    await shown.shows("? not trusted")
    await shown.press(*FIRST, "e", "e")
    await shown.shows("· 1 code cell, which may do all")
    assert "· installs nothing" in shown.text


@in_terminal(code("a", "1"))
async def test_a_folder_that_was_trusted_can_be_taken_back_from_the_palette(shown: Terminal) -> None:
    trust_folder(Path("/somewhere"))
    await shown.press("ctrl+p", *"take one back", "enter")
    await shown.shows("Which folder is not to be trusted any more?")
    await shown.press("enter")
    await shown.hides("Which folder")
    assert trusted_folders() == ()
    await shown.press("ctrl+p", *"take one back", "enter")
    await shown.shows("No folder is trusted as a whole.")
