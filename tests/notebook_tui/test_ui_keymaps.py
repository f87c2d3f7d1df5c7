"""Maps of keys in the terminal: the editor as Vim or Emacs, undo in one step, and what help and hints say of it."""

from __future__ import annotations

import asyncio
import re

import pytest
from textual import events

from notebook_tui.document.completion import Completion
from notebook_tui.document.operations import QueueCells, SetCellSource
from notebook_tui.ui.editing.keymaps import attached
from notebook_tui.ui.keys.maps import bound, canonical, problems_of, table_of
from notebook_tui.ui.keys.table import DEFAULT, KeyTable
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from tests.support.fake_session import code, prose
from tests.support.screen import Terminal, in_terminal, terminal

FIRST = ("j", "j", "j")
VIM = Settings(keymap="vim")
EMACS = Settings(keymap="emacs")


def sent_sources(shown: Terminal) -> list[str]:
    return [each.source for each in shown.session.sent if isinstance(each, SetCellSource)]


@in_terminal(code("a", "one two"), settings=VIM)
async def test_enter_opens_in_normal_mode_and_escape_leaves_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter")
    assert " NORMAL " in shown.status
    await shown.press("0", "d", "w")
    assert "│ two" in shown.text
    await shown.press("escape")
    assert " NAV " in shown.status
    assert sent_sources(shown) == ["two"]


@in_terminal(code("a", "x"), settings=VIM)
async def test_i_opens_in_insert_mode__the_first_escape_is_vims_and_the_second_leaves(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", *"yz")
    assert " INSERT " in shown.status
    await shown.press("escape")
    assert " NORMAL " in shown.status
    await shown.press("escape")
    assert " NAV " in shown.status
    assert sent_sources(shown)[-1] == "xyz"


@in_terminal(code("a", "a b c"), settings=VIM)
async def test_modes_and_what_has_begun_are_always_seen(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "2", "d")
    assert shown.hints.startswith(" 2d")
    await shown.press("escape", "v")
    assert " VISUAL " in shown.status
    await shown.press("V")
    assert " V-LINE " in shown.status
    await shown.press("escape", ":", "s")
    assert shown.hints.startswith(" :s")
    await shown.press("escape")
    assert " NORMAL " in shown.status


@in_terminal(code("a", "x"), settings=VIM)
async def test_all_that_is_typed_in_one_go_is_one_step_of_undo(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "o", *"for i in y:", "enter", *"pass", "escape")
    assert "pass" in shown.text
    await shown.press("u")
    assert "for" not in shown.text
    await shown.press("ctrl+r")
    assert "pass" in shown.text
    await shown.press("u", "u", "u", "escape")
    assert sent_sources(shown) in ([], ["x"])


@in_terminal(code("a", "x"), settings=VIM)
async def test_w_saves_and_ctrl_e_runs_as_everywhere(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "A", "1", "escape", ":", "w", "enter")
    await shown.shows("Saved to test.livemd")
    await shown.press("ctrl+e")
    assert [type(each) for each in shown.session.sent] == [SetCellSource, QueueCells]
    assert " NORMAL " in shown.status


@in_terminal(code("a", "x"), settings=VIM)
async def test_wq_saves_and_quits(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "A", "1", "escape", *":wq")
    shown.post_key("enter")
    await shown.until(lambda: shown.has_ended)
    assert not shown.session.state.dirty


@in_terminal(code("a", "one\ntwo\nthree"), settings=VIM)
async def test_visual_mode_takes_the_character_under_the_caret_and_whole_lines(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "g", "g", "v", "l")
    assert shown.app.screen.query_one("Editor").selection == ((0, 0), (0, 1))  # type: ignore[attr-defined]
    await shown.press("d")
    assert "│ e" in shown.text
    await shown.press("V", "j", "d")
    assert next(line for line in shown.lines if "│" in line).endswith("│ three")


@in_terminal(code("a", "x"), settings=VIM)
async def test_escape_that_came_together_with_the_next_key_is_no_alt(shown: Terminal) -> None:
    """As over a slow line, where a terminal's Alt+X and Escape, X are the same bytes at the same time."""
    await shown.press(*FIRST, "i", *"yz")
    shown.app.post_message(events.Key("alt+x", "x"))
    await shown.settle()
    assert " NORMAL " in shown.status
    assert "│ xy" in shown.text
    assert "xyz" not in shown.text


@in_terminal(code("a", "x"), settings=VIM)
async def test_a_new_cell_is_ready_for_text(shown: Terminal) -> None:
    for key in ("G", "n", "d", "d"):
        shown.post_key(key)
    await shown.shows("│ dd")
    assert " INSERT " in shown.status


@in_terminal(code("a", "ab\nab"), settings=VIM)
async def test_a_search_in_the_cell_says_what_it_does_not_find(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "/", *"zz", "enter")
    await shown.shows("Not found: zz")
    await shown.press("g", "g", "/", "b", "enter", "x")
    assert "│ a" in shown.text


@in_terminal(code("a", "x"), settings=VIM)
async def test_a_macro_is_played_with_what_was_typed_in_it(shown: Terminal) -> None:
    await shown.press(*FIRST, "enter", "q", "a", "o", *"y()", "escape", "q", "2", "@", "a", "escape")
    assert sent_sources(shown)[-1] == "x\ny()\ny()\ny()"


@in_terminal(code("a", "one two"), settings=EMACS)
async def test_emacs_keys_edit_and_c_c_c_c_runs(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "ctrl+a", "alt+d", "ctrl+e", "ctrl+y")
    assert "│  twoone" in shown.text
    await shown.press("ctrl+c")
    assert shown.hints.startswith(" Ctrl+C")
    await shown.press("ctrl+c")
    assert [type(each) for each in shown.session.sent] == [SetCellSource, QueueCells]
    await shown.press("ctrl+x", "ctrl+s")
    await shown.shows("Saved to test.livemd")
    assert " EDIT " in shown.status


@in_terminal(code("a", "one two"), settings=EMACS)
async def test_in_the_list_of_cells_keys_stay_what_they_are_in_every_map(shown: Terminal) -> None:
    await shown.press(*FIRST, "ctrl+e")
    assert [type(each) for each in shown.session.sent] == [QueueCells]


@in_terminal(code("a", "one"), settings=EMACS)
async def test_undo_and_comment_of_emacs_are_the_editors(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "ctrl+k", "ctrl+a", "ctrl+k")
    await shown.press("ctrl+c", ";")
    await shown.press("ctrl+underscore", "ctrl+underscore", "escape")
    assert sent_sources(shown) == []


@in_terminal(code("a", "x"), prose("b", "hello"))
async def test_a_map_is_chosen_in_the_palette_and_holds_at_once(shown: Terminal) -> None:
    await shown.press(*FIRST, "i", "escape", "ctrl+p")
    await shown.type("use keys of vim")
    await shown.shows("Use keys of Vim")
    await shown.press("enter")
    await shown.until(lambda: shown.app.preferences.now.keymap == "vim")
    await shown.press("enter")
    assert " NORMAL " in shown.status
    shown.app.preferences.change("keymap", "default")
    await shown.settle()
    assert " EDIT " in shown.status
    await shown.press("y", "escape")
    assert sent_sources(shown)[-1] in ("xy", "yx")


@in_terminal(code("a", "x"), settings=EMACS, size=(200, 60))
async def test_help_and_hints_show_the_keys_of_the_map(shown: Terminal) -> None:
    await shown.press("?")
    await shown.shows("as in Emacs")
    await shown.type("save")
    await shown.shows("Ctrl+X Ctrl+S")
    await shown.press("escape", *FIRST, "i")
    assert "Ctrl+C Ctrl+C run" in shown.hints
    assert "Ctrl+E" not in shown.hints


@in_terminal(code("a", "x"), settings=Settings(keys={"save": ("ctrl+w",), "run": ("r", "f9")}))
async def test_own_keys_take_the_place_of_ours(shown: Terminal) -> None:
    await shown.press("ctrl+w")
    await shown.shows("Saved to test.livemd")
    await shown.press(*FIRST, "r")
    assert len(shown.session.operations_of(QueueCells)) == 1  # type: ignore[type-abstract]
    shown.session.finish("a")
    await shown.press("i", "r", "f9", "ctrl+w")
    assert "│ xr" in shown.text
    assert len(shown.session.operations_of(QueueCells)) == 2  # type: ignore[type-abstract]
    assert "F9 run" in shown.hints


@in_terminal(code("a", "x"), settings=Settings(keys={"fly": ("f9",), "save": ("w", "ctrl+e")}), size=(110, 40))
async def test_what_is_wrong_with_own_keys_is_told(shown: Terminal) -> None:
    await shown.shows("there is no action 'fly'")
    await shown.shows("Ctrl+E is 'save' now, and no more")
    await shown.shows("cannot be 'save': a letter is text")


@pytest.mark.parametrize("keymap", ["default", "vim", "emacs"])
def test_no_key_has_two_meanings_in_the_editor_of_a_map(keymap: str) -> None:
    table = table_of(keymap)
    taken: dict[str, str] = {}
    for row in table.of("insert", "anywhere"):
        for key in row.keys:
            assert taken.setdefault(key, row.action) == row.action, f"{key}: {taken[key]} and {row.action}"
            first = key.split()[0]
            assert first == key or first not in table.anywhere, f"{first} begins {key} and acts by itself"


@pytest.mark.parametrize("keymap", ["default", "vim", "emacs"])
@pytest.mark.parametrize("action", ["run", "run_and_next", "save", "help", "app.command_palette", "app.quit", "leave"])
def test_what_matters_most_has_a_key_in_the_editor_of_every_map(keymap: str, action: str) -> None:
    assert table_of(keymap).named(action, "anywhere", "insert")


def test_names_of_keys_are_read_as_people_write_them() -> None:
    assert canonical("Ctrl+Shift+K") == "ctrl+shift+k"
    assert canonical("g g") == "g g"
    assert canonical("F5") == "f5"
    assert problems_of({"save": ("ctrl+w",)}, table_of("default", {"save": ("ctrl+w",)})) == ()


def test_every_binding_of_textual_follows_the_table() -> None:
    assert set(bound(DEFAULT)) == set(bound(table_of("vim"))) == set(bound(table_of("emacs")))
    assert bound(KeyTable(()))["run"] == "f35"


@in_terminal(code("a", "x"), settings=VIM)
async def test_escape_closes_proposals_and_leaves_insert_mode_at_once(shown: Terminal) -> None:
    shown.session.completions = [
        Completion("xaver", "variable", insert="xaver"),
        Completion("xeno", "variable", insert="xeno"),
    ]
    await shown.press(*FIRST, "i", "tab")
    await shown.shows("xaver")
    await shown.press("escape")
    assert " NORMAL " in shown.status
    assert "xaver" not in shown.text


@pytest.mark.parametrize("keymap", ["vim", "emacs"])
def test_what_only_the_editor_does_gets_no_key_in_the_list_of_cells(keymap: str) -> None:
    own = {row.action for row in DEFAULT.of("insert")} - {row.action for row in DEFAULT.of("navigation", "anywhere")}
    assert not own & {row.action for row in table_of(keymap).of("navigation", "anywhere")}


def test_the_cursor_has_the_shape_of_the_mode_and_at_the_end_that_of_before() -> None:
    async def main() -> list[str]:
        shapes: list[str] = []
        async with terminal(code("a", "x"), preferences=Preferences(VIM)) as shown:
            driver = shown.app._driver
            assert driver is not None
            driver.write = lambda data: shapes.extend(re.findall(r"\x1b\[(\d) q", data))  # type: ignore[method-assign]
            await shown.press(*FIRST, "i", "escape", "i")
        return shapes

    assert asyncio.run(main()) == ["6", "2", "6", "0"]


@in_terminal(code("a", "x"), settings=VIM)
async def test_a_macro_that_plays_itself_is_stopped(shown: Terminal) -> None:
    assert attached.MOST_PLAYED == 4000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attached, "MOST_PLAYED", 400)
        await shown.press(*FIRST, "enter", "q", "a", "~", "@", "a", "q", "@", "a")
        await shown.shows("The macro was stopped after 400 keys")
    await shown.press("i", "y", "escape")
    assert "│ yx" in shown.text.lower()
