"""Settings: what a file may say, what is told when it says something else, and how one is changed and kept."""

from __future__ import annotations

import asyncio
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.ui.settings.file import NotKept, keep_setting, read_settings, settings_file
from notebook_tui.ui.settings.parse import fits, parsed, value_from
from notebook_tui.ui.settings.preferences import Preferences, preferences_of_user
from notebook_tui.ui.settings.values import SETTINGS, Settings, default_of
from tests.support.fake_session import code
from tests.support.screen import Terminal, in_terminal, terminal

BY_NAME = {setting.name: setting for setting in SETTINGS}


def test_every_field_but_the_keys_is_a_setting_of_the_screen() -> None:
    assert {setting.name for setting in SETTINGS} == {field.name for field in fields(Settings)} - {"keys"}
    for setting in SETTINGS:
        assert fits(setting, default_of(setting.name))
        assert all(fits(setting, choice) for choice in setting.choices)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("keymap = 'vi'", "line 1: expected keymap to be 'default', 'vim' or 'emacs', found 'vi'"),
        ("\nmouse = 1", "line 2: expected mouse to be true or false, found 1"),
        ("notify_after_seconds = '5'", "expected notify_after_seconds to be a number of seconds, found '5'"),
        ("notify_after_seconds = -1", "expected notify_after_seconds to be a number of seconds, found -1"),
        ("colour = 'red'", "line 1: there is no setting 'colour'; there are keymap, theme,"),
        ("keymap = ", "expected TOML"),
        ("keys = 3", "expected a table [keys]"),
        ("[keys]\nrun = 'f9'\nsave = []", 'line 3: expected a key such as "ctrl+w", or a list of them, for save'),
    ],
)
def test_what_makes_no_sense_is_told_with_its_line_and_left_at_its_default(text: str, said: str) -> None:
    settings, problems = parsed(text)
    assert len(problems) == 1
    assert said in problems[0]
    assert settings == Settings() or settings.keys == {"run": ("f9",)}


def test_a_mistake_in_one_setting_leaves_the_others() -> None:
    settings, problems = parsed("theme = 'day'\nkeymap = 3\nline_numbers = false")
    assert (settings.theme, settings.keymap, settings.line_numbers) == ("day", "default", False)
    assert len(problems) == 1


def test_own_keys_are_read() -> None:
    settings, problems = parsed('[keys]\nsave = "ctrl+w"\nrun = ["f9", "e  r"]')
    assert settings.keys == {"save": ("ctrl+w",), "run": ("f9", "e r")}
    assert not problems


@given(st.text())
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    parsed(text)


def test_a_changed_setting_leaves_comments_and_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('# mine\ntheme = "day"  # bright\n\n[keys]\nsave = "ctrl+w"\n')
    keep_setting(path, "theme", "night")
    keep_setting(path, "keymap", "vim")
    text = path.read_text()
    assert text.startswith('# mine\ntheme = "night"  # bright\n')
    assert tomllib.loads(text) == {"theme": "night", "keymap": "vim", "keys": {"save": "ctrl+w"}}
    assert [each.name for each in tmp_path.iterdir()] == ["settings.toml"]


def test_a_file_is_made_with_its_directory_where_there_is_none(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    keep_setting(path, "notify_after_seconds", 2.5)
    assert read_settings(path)[0].notify_after_seconds == 2.5


def test_a_file_that_is_no_toml_is_told_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("not = [")
    assert "No setting of it is used" in read_settings(path)[1][0]
    with pytest.raises(NotKept, match="is not TOML and was left alone"):
        keep_setting(path, "theme", "day")
    assert path.read_text() == "not = ["


def test_settings_lie_beside_the_runtimes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_file() == tmp_path / "beamlike" / "settings.toml"
    preferences_of_user().change("keymap", "emacs")
    assert preferences_of_user().now.keymap == "emacs"


def test_a_typed_value_is_of_the_settings_kind() -> None:
    assert value_from(BY_NAME["mouse"], "off") is False
    assert value_from(BY_NAME["mouse"], "maybe") is None
    assert value_from(BY_NAME["theme"], "nord") == "nord"
    assert value_from(BY_NAME["notify_after_seconds"], "soon") is None


@in_terminal(code("a", "x"), settings=Settings(theme="day"))
async def test_a_theme_of_the_settings_is_taken(shown: Terminal) -> None:
    assert shown.app.theme == "day"
    shown.app.preferences.change("theme", "nord")
    assert shown.app.theme == "nord"
    shown.app.preferences.change("theme", "no such theme")
    assert shown.app.theme in ("night", "ansi-dark")


@in_terminal(code("a", "x"))
async def test_a_theme_that_was_chosen_in_the_palette_is_remembered(shown: Terminal) -> None:
    shown.app.theme = "dracula"
    await shown.settle()
    assert shown.app.preferences.now.theme == "dracula"


def test_what_is_wrong_with_the_file_is_told_at_the_start() -> None:
    async def main() -> None:
        preferences = Preferences(problems=("settings.toml, line 3: expected vim",))
        async with terminal(code("a", "x"), preferences=preferences) as shown:
            await shown.shows("! settings.toml, line 3: expected vim")

    asyncio.run(main())


@in_terminal(code("a", "x"))
async def test_a_setting_is_changed_on_the_screen_and_holds_at_once(shown: Terminal) -> None:
    await shown.press("s", ",")
    await shown.shows("Keys in the editor")
    await shown.press("right")
    assert shown.app.preferences.now.keymap == "vim"
    await shown.shows("◂ vim ▸")
    await shown.press("left", "j", "l", "l")
    assert shown.app.theme == "day"
    await shown.press("d")
    assert shown.app.preferences.now.theme == "auto"
    await shown.press("escape")
    await shown.hides("Keys in the editor")


@in_terminal(code("a", "x"))
async def test_a_value_that_is_none_of_the_choices_is_typed(shown: Terminal) -> None:
    place = [setting.name for setting in SETTINGS].index("notify_after_seconds")
    await shown.press("s", ",", *["j"] * place, "e", *"soon", "enter")
    await shown.shows("Expected a number of seconds; found 'soon'")
    await shown.press("backspace", "backspace", "backspace", "backspace", *"2.5", "enter")
    assert shown.app.preferences.now.notify_after_seconds == 2.5
    await shown.press("e", "escape")
    await shown.shows("◂ 2.5 ▸")
    await shown.press("escape")
    await shown.hides("Ring after")


def test_a_change_is_kept_and_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "settings.toml"
        async with terminal(code("a", "x"), preferences=Preferences(path=path)) as shown:
            await shown.press("s", ",", "right", "escape")
            assert tomllib.loads(path.read_text()) == {"keymap": "vim"}
            path.write_text("not = [")
            await shown.press("s", ",", "right", "escape")
            await shown.shows("It holds until you quit")
            assert shown.app.preferences.now.keymap == "emacs"

    asyncio.run(main())


@in_terminal(code("a", "x = 1"), settings=Settings(line_numbers=False))
async def test_line_numbers_can_be_off_and_come_back(shown: Terminal) -> None:
    assert "1 │ x = 1" not in shown.text
    assert "│ x = 1" in shown.text
    await shown.press("j", "j", "j", "i")
    assert "1 │ x = 1" not in shown.text
    shown.app.preferences.change("line_numbers", True)
    await shown.settle()
    assert "1 │ x = 1" in shown.text
    await shown.press("escape")
    assert "1 │ x = 1" in shown.text


def test_in_ascii_every_sign_of_ours_is_as_wide_as_before() -> None:
    from rich.cells import cell_len

    from notebook_tui.ui.drawing.ascii import _TABLE, draw_in_ascii

    assert all(cell_len(chr(odd)) == 1 and cell_len(plain) == 1 for odd, plain in _TABLE.items())
    written: list[str] = []

    class Driver:
        def __init__(self) -> None:
            self.write = written.append

    driver = Driver()
    draw_in_ascii(driver)
    driver.write("▌╰ ✓ naïve 漢")
    assert written == ["|` v naïve 漢"]


def test_the_guide_shows_every_setting_and_all_of_it_is_right() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "terminal.md").read_text()
    shown_file = guide.partition("```toml\n")[2].partition("```")[0]
    assert parsed(shown_file)[1] == ()
    assert set(tomllib.loads(shown_file)) == {*BY_NAME, "keys"}
