"""Two real terminals of the real program on one session of a real server: both type at once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.support.open_notebook import notebook_text
from tests.support.served import served
from tests.support.tmux import Tmux, needs_tmux


@needs_tmux
@pytest.mark.timeout(180)
def test_two_terminals_type_in_one_cell_of_a_server_and_both_show_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("BEAMLIKE_TRUSTED", str(tmp_path))
    directory = tmp_path / "books"
    directory.mkdir()
    path = directory / "test.livemd"
    path.write_text(notebook_text("middle"), encoding="utf-8")
    asyncio.run(two_at(path))


async def two_at(path: Path) -> None:
    words = [sys.executable, "-P", "-m", "notebook_tui", "notebook", str(path)]
    async with served(path.parent) as server:
        await server.start()
        await asyncio.to_thread(both_type, words)


def both_type(words: list[str]) -> None:
    with Tmux(words) as ann, Tmux(words) as bob:
        for each in (ann, bob):
            each.until("1 │ middle")
            each.press("j", "j", "j", "i")
            each.until("EDIT")
        bob.press("Home")
        for mine, theirs in zip("12345", "abcde", strict=True):
            ann.type(mine)
            bob.type(theirs)
        for each in (ann, bob):
            each.until("abcdemiddle12345")
            each.until("+1 here")
        for each in (ann, bob):
            each.press("Escape")
            each.until("NAV")
            each.press("g", "d")
