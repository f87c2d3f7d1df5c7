"""The command palette: everything is in it, the best first, and keys may come before it is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebook_tui.document.notebook import Notebook, Section
from notebook_tui.session import shelf
from notebook_tui.ui.choosing.rows import Entry
from notebook_tui.ui.finding.command import Command
from notebook_tui.ui.finding.palette_rows import MOST, palette_rows
from notebook_tui.ui.finding.sources import of_keys
from notebook_tui.ui.keys.table import KEYS
from tests.support.fake_session import code
from tests.support.home_terminal import NOW, HomeTerminal, at_home
from tests.support.screen import Terminal, in_terminal


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    (tmp_path / "cats.livemd").write_text("# Cats\n")
    return tmp_path


def marked(shown: Terminal) -> str:
    return next(line for line in shown.lines if "│▌" in line.replace(" ", ""))


@in_terminal(code("a", "x"))
async def test_keys_that_come_before_the_palette_wait_for_it(shown: Terminal) -> None:
    for key in ("ctrl+p", "down", "pagedown", "up", "ctrl+p"):
        shown.post_key(key)
    await shown.shows("What is to happen?")
    await shown.press("escape")
    await shown.hides("What is to happen?")
    assert "NAV" in shown.status


@in_terminal(code("a", "x"))
async def test_actions_stand_in_groups_with_their_keys_at_the_right(shown: Terminal) -> None:
    await shown.press("ctrl+p")
    await shown.shows("Run all outdated cells")
    [line] = [line for line in shown.lines if "Run all outdated cells" in line]
    assert line.rstrip(" │").endswith("ea")
    assert any(line.strip(" │") == "Run" for line in shown.lines)


def test_every_action_of_the_table_is_in_the_palette() -> None:
    done: list[str] = []
    commands = {command.id: command for command in of_keys(KEYS, done.append)}
    wanted = {key.action for key in KEYS if key.mode in ("navigation", "anywhere")} - {"app.command_palette"}
    assert commands.keys() == wanted
    for command in commands.values():
        command.run()
    assert done == list(commands)


@in_terminal(code("a", "x"))
async def test_typed_letters_find_and_enter_does_it(shown: Terminal) -> None:
    await shown.press("ctrl+p", *"mess sof")
    await shown.shows("Messages so far")
    assert "Messages so far" in marked(shown)
    await shown.press("enter")
    await shown.shows("Nothing has been said yet.")
    await shown.press("escape", "ctrl+p", *"zzz")
    await shown.shows("Nothing is called so.")
    await shown.press("enter", "escape")
    await shown.hides("Nothing is called so.")


@in_terminal(code("a", "x"))
async def test_what_was_used_last_stands_first(shown: Terminal) -> None:
    await shown.press("ctrl+p", *"sections and", "enter")
    await shown.shows("Sections")
    await shown.press("escape", "ctrl+p")
    await shown.shows("Used last")
    assert "Sections and what" in marked(shown)


PLACES = Notebook(
    sections=(Section("one", "One", (code("a", "first = 1"),)), Section("two", "Two", (code("b", "b = 2"),)))
)


@in_terminal(PLACES)
async def test_sections_and_cells_are_gone_to(shown: Terminal) -> None:
    await shown.press("ctrl+p", *"go two", "enter")
    await shown.until(lambda: "Two" in shown.focused_line(), "the section")
    await shown.press("ctrl+p", *"first = 1", "enter")
    await shown.until(lambda: "first = 1" in shown.focused_line(), "the cell")


@in_terminal(code("a", "x"))
async def test_a_theme_is_chosen_in_the_palette(shown: Terminal) -> None:
    await shown.press("ctrl+p", *"theme day")
    await shown.shows("Theme: day")
    await shown.press("enter")
    await shown.until(lambda: shown.app.theme == "day", "the theme")


@in_terminal(code("a", "x"))
async def test_the_mouse_chooses_too(shown: Terminal) -> None:
    await shown.press("ctrl+p", *"all keys")
    await shown.shows("All keys")
    row = next(number for number, line in enumerate(shown.lines) if "All keys" in line)
    await shown.pilot.click(offset=(30, row))
    await shown.shows("Show what would run")


@at_home()
async def test_home_has_its_own_actions_and_the_notebooks_that_were_opened(shown: HomeTerminal) -> None:
    shelf.was_opened(str(shown.house.directory / "cats.livemd"), "All cats", NOW)
    await shown.press("ctrl+p", *"folder above")
    await shown.shows("Folder above")
    await shown.press("escape", "ctrl+p", *"all cats", "enter")
    await shown.until(lambda: len(shown.house.opened) == 1, "the notebook")
    await shown.shows("NAV")


def test_few_of_very_many_are_listed_and_used_ones_win_among_equals() -> None:
    commands = [Command(str(n), f"Go to: cell {n}", "Cells", lambda: None, only_found=True) for n in range(5000)]
    assert palette_rows(commands, "", ()) == ()
    rows = palette_rows(commands, "cell", ["77"])
    assert len(rows) == MOST
    assert isinstance(rows[0], Entry)
    assert rows[0].path == "77"
