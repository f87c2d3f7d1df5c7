"""Home: what is there to open, and every key that chooses."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.screen import ModalScreen
from textual.widgets._toast import Toast

from notebook_tui import ui
from notebook_tui.document.operations import Connect
from notebook_tui.serve.rendezvous import Announcement, Server
from notebook_tui.session import shelf
from notebook_tui.session.lock import FOLDER, Holder
from notebook_tui.session.state_directory import name_for, state_directory, state_path
from notebook_tui.session.unsaved import AUTOSAVED, is_unsaved
from notebook_tui.ui.home.found import Found, look_around
from notebook_tui.ui.keys.home import HOME
from notebook_tui.ui.keys.key import pretty
from tests.support.home_terminal import NOW, HomeTerminal, at_home, home

CATS = "# Cats\n\n## One\n\n```python\ncats = 1\n```\n\n## Two\n\nSome *prose*.\n"


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "notebooks"
    (work / "data").mkdir(parents=True)
    (work / "data" / "dogs.livemd").write_text("# Dogs\n")
    (work / "cats.livemd").write_text(CATS)
    (work / "notes.txt").write_text("no notebook")
    (work / ".hidden.livemd").write_text("# Hidden\n")
    (work / "script.py").write_text("# %% [markdown]\n# Hello\n# %%\nx = 1\n")
    return work


@pytest.fixture
def shelved(work: Path) -> None:
    shelf.was_opened(str(work / "gone.livemd"), "Gone", NOW - 90_000)
    shelf.was_opened(str(work / "cats.livemd"), "Cats", NOW - 7200)


def marked(shown: HomeTerminal) -> str:
    return next(line for line in shown.lines[3:-2] if "▌" in line)


@at_home()
async def test_a_first_start_welcomes_and_offers_the_tour(shown: HomeTerminal) -> None:
    assert "A notebook for Python, in your terminal." in shown.text
    assert "Take the tour" in marked(shown)
    await shown.press("enter")
    await shown.shows("NAV")
    await shown.says("This is your own copy: ~/state/examples/tour.livemd")
    assert (state_path() / "examples" / "opticks.txt").is_file()
    [path] = shown.house.opened
    assert path == str(state_path() / "examples" / "tour.livemd")


@at_home()
async def test_files_that_can_be_opened_are_shown_folders_first(shown: HomeTerminal) -> None:
    names = [line for line in shown.lines if any(name in line for name in ("data/", "cats.livemd", "script.py"))]
    assert "data/" in names[0]
    assert len(names) == 3
    assert "notes.txt" not in shown.text
    assert ".hidden" not in shown.text
    await shown.press(".")
    await shown.shows(".hidden.livemd")
    await shown.press(".")
    await shown.hides(".hidden.livemd")


def test_what_was_opened_is_listed_with_when_and_what_is_missing(work: Path, shelved: None) -> None:
    @at_home()
    async def look(shown: HomeTerminal) -> None:
        assert "Welcome" not in shown.text
        recent = [line for line in shown.lines if "Cats" in line or "Gone" in line]
        assert "2 h ago" in recent[0]
        assert "~/notebooks/cats.livemd" in recent[0]
        assert "missing" in recent[1]
        await shown.press("j", "enter")
        await shown.says("is not there any more. d takes it off the list.")
        await shown.press("d")
        await shown.hides("missing")
        assert [book.title for book in shelf.books()] == ["Cats"]

    look(work)


def test_a_star_comes_goes_and_stays(work: Path, shelved: None) -> None:
    @at_home()
    async def press(shown: HomeTerminal) -> None:
        assert "Cats" in marked(shown)
        await shown.press("s")
        await shown.shows("Starred")
        assert "★ Cats" in marked(shown)
        await shown.press("s")
        await shown.hides("Starred")
        assert [book.starred for book in shelf.books()] == [False, False]

    press(work)


@at_home()
async def test_a_file_that_was_never_opened_gets_a_star_and_an_example_none(shown: HomeTerminal) -> None:
    await shown.press("/", *"cats", "enter", "s", "escape")
    await shown.shows("★ cats.livemd")
    await shown.press("G", "s")
    await shown.says("Only notebooks have stars.")
    await shown.press("d")
    await shown.says("This is not on the list")


@at_home()
async def test_typing_finds_and_escape_shows_everything_again(shown: HomeTerminal) -> None:
    await shown.press("/", *"cat")
    await shown.shows("/cat▏")
    await shown.hides("script.py")
    assert "cats.livemd" in marked(shown)
    await shown.press(*"xyz")
    await shown.shows("Nothing here has these words.")
    await shown.press("backspace", "backspace", "backspace", "enter")
    assert "FIND" not in shown.status
    await shown.press("enter")
    await shown.shows("cats = 1")
    await shown.press("g", "h")
    await shown.shows("script.py")


@at_home()
async def test_folders_are_walked_into_and_out_of(shown: HomeTerminal) -> None:
    await shown.press("/", *"data", "enter", "enter")
    await shown.shows("dogs.livemd")
    assert "~/notebooks/data" in shown.status
    assert "dogs" in marked(shown)
    await shown.press("h")
    await shown.until(lambda: shown.status.endswith("~/notebooks"), "the folder above")
    assert "data/" in marked(shown)
    await shown.press("l")
    await shown.until(lambda: "~/notebooks/data" in shown.status, "the folder again")


@at_home()
async def test_keys_move_by_one_by_group_and_to_the_ends(shown: HomeTerminal) -> None:
    await shown.press("j")
    assert "New notebook" in marked(shown)
    await shown.press("k")
    assert "Take the tour" in marked(shown)
    await shown.press("tab")
    assert "data/" in marked(shown)
    await shown.press("tab")
    assert "▷" in marked(shown)
    await shown.press("shift+tab")
    assert "data/" in marked(shown)
    await shown.press("G")
    assert "▷" in marked(shown)
    await shown.press("g", "g")
    assert "Take the tour" in marked(shown)
    await shown.press("pagedown", "pageup")
    assert "Take the tour" in marked(shown)


@at_home()
async def test_a_notebook_opens_and_home_is_found_again(shown: HomeTerminal) -> None:
    await shown.press("/", *"cats", "enter", "enter")
    await shown.shows("cats = 1")
    path = shown.house.directory / "cats.livemd"
    assert shown.house.opened == [str(path)]
    await shown.press("g", "h")
    await shown.shows("HOME")
    await shown.until(lambda: shown.house.left == [str(path)], "the end of the session")
    assert "Cats" in shown.text
    assert [book.title for book in shelf.books()] == ["Cats"]


@at_home()
async def test_going_home_asks_about_what_is_not_saved_as_quitting_does(shown: HomeTerminal) -> None:
    await shown.press("/", *"cats", "enter", "enter")
    await shown.shows("cats = 1")
    await shown.press("j", "j", "j", "i", "1", "escape", "g", "h")
    await shown.shows("There are changes that are not saved.")
    await shown.press("escape", "g", "h", "s")
    await shown.shows("HOME")
    session = shown.session_of(shown.house.directory / "cats.livemd")
    assert not session.state.dirty


@at_home()
async def test_going_home_while_a_cell_runs_asks_and_stays_or_closes(shown: HomeTerminal) -> None:
    await shown.press("/", *"cats", "enter", "enter")
    await shown.shows("cats = 1")
    await shown.press("j", "j", "j", "e", "e", "g", "h")
    await shown.shows("A cell still runs.")
    await shown.press("s")
    await shown.hides("A cell still runs.")
    await shown.press("g", "h", "c")
    await shown.shows("HOME")


@at_home()
async def test_what_cannot_be_opened_is_said_and_home_stays(shown: HomeTerminal) -> None:
    shown.house.refusal = OSError("cats.livemd is already open in process 7")
    await shown.press("/", *"cats", "enter", "enter")
    await shown.says("is already open in process 7")
    await shown.shows("HOME")
    assert "opening" not in shown.status


@at_home()
async def test_a_new_notebook_is_named_or_named_later(shown: HomeTerminal) -> None:
    await shown.press("n")
    await shown.shows("Name of the new notebook")
    await shown.press(*"birds", "enter")
    await shown.shows("birds.livemd")
    await shown.until(lambda: shown.house.opened == [str(shown.house.directory / "birds.livemd")], "a new notebook")
    await shown.press("g", "h")
    await shown.shows("HOME")
    await shown.press("n", "enter")
    await shown.until(lambda: len(shown.house.opened) == 2, "another")
    assert is_unsaved(shown.house.opened[1])
    assert AUTOSAVED in shown.house.opened[1]
    await shown.press("g", "h")
    await shown.shows("HOME")
    await shown.press("N")
    await shown.until(lambda: len(shown.house.opened) == 3, "a third")


@at_home()
async def test_a_path_is_completed_and_opened(shown: HomeTerminal) -> None:
    await shown.press("o")
    await shown.shows("data/")
    await shown.press("d", "tab")
    await shown.shows("dogs.livemd")
    await shown.press("tab", "enter")
    await shown.until(lambda: shown.house.opened == [str(shown.house.directory / "data" / "dogs.livemd")], "dogs")


@at_home()
async def test_a_path_to_a_folder_is_looked_into_and_one_to_nothing_is_refused(shown: HomeTerminal) -> None:
    await shown.press("o", *"~/notebooks/da", "tab", "enter")
    await shown.until(lambda: "~/notebooks/data" in shown.status, "the folder")
    await shown.press("o", *"nothing.livemd", "enter")
    await shown.says("There is no file")
    assert shown.house.opened == []


@at_home()
async def test_a_script_becomes_a_notebook_beside_it_after_a_question(shown: HomeTerminal) -> None:
    await shown.press("/", *"script", "enter", "enter")
    await shown.shows("script.py is a Python script, which stays as it is.")
    await shown.press("c")
    await shown.shows("x = 1")
    made = shown.house.directory / "script.livemd"
    assert shown.house.opened == [str(made)]
    await shown.press("g", "h")
    await shown.shows("HOME")
    await shown.press("/", *"script.py", "enter", "enter")
    await shown.shows("Open script.livemd, which is there already")
    await shown.press("c")
    await shown.until(lambda: shown.house.opened[1:] == [str(made.with_stem("script-2"))], "another notebook")


@at_home()
async def test_a_file_that_is_no_notebook_is_said_to_be_none(shown: HomeTerminal) -> None:
    write(shown.house.directory / "broken.ipynb", "{")
    await shown.press("r")
    await shown.shows("broken.ipynb")
    await shown.press("/", *"broken", "enter", "enter", "c")
    await shown.says("is no notebook")
    assert not (shown.house.directory / "broken.livemd").exists()


def write(path: Path, text: str) -> None:
    path.write_text(text)


@at_home()
async def test_a_changed_copy_of_an_example_goes_on_or_begins_anew(shown: HomeTerminal) -> None:
    await shown.press("enter")
    await shown.shows("NAV")
    await shown.press("g", "h")
    await shown.shows("HOME")
    copy = state_path() / "examples" / "tour.livemd"
    write(copy, "# Mine\n")
    await shown.press("/", *"tour.livemd", "enter", "G", "enter")
    await shown.shows("You have changed your copy")
    await shown.press("a")
    await shown.until(lambda: len(shown.house.opened) == 2, "the example")
    assert copy.read_text().startswith("# A tour of beamlike")
    assert copy.with_stem("tour-1").read_text() == "# Mine\n"


def test_notebooks_that_are_open_in_other_terminals_are_listed(work: Path) -> None:
    holder = {"pid": os.getppid(), "path": str(work / "cats.livemd"), "terminal": "pts/7"}
    state_directory(FOLDER).joinpath("x.lock").write_text(json.dumps(holder))
    dead = holder | {"pid": 2**22 + 1, "terminal": "pts/8"}
    state_directory(FOLDER).joinpath("y.lock").write_text(json.dumps(dead))
    own = holder | {"pid": os.getpid(), "terminal": "pts/9"}
    state_directory(FOLDER).joinpath("z.lock").write_text(json.dumps(own))
    state_directory(FOLDER).joinpath("broken.lock").write_text("{")

    @at_home()
    async def look(shown: HomeTerminal) -> None:
        assert "Open in other terminals" in shown.text
        [line] = [line for line in shown.lines if "●" in line]
        assert "cats.livemd" in line
        assert "pts/7" in line
        assert "pts/8" not in shown.text
        assert "pts/9" not in shown.text

    look(work)
    assert Holder(**holder).terminal == "pts/7"


@at_home(size=(140, 40))
async def test_a_wide_terminal_shows_what_is_in_the_marked_notebook(shown: HomeTerminal) -> None:
    await shown.press("/", *"cats")
    await shown.shows("1 code cell · 1 Markdown cell")
    assert "§ One" in shown.text
    assert "cats = 1" in shown.text
    await shown.press("escape", "/", *"data")
    await shown.shows("1 notebook or script")


@at_home(size=(80, 24))
async def test_a_small_terminal_has_no_preview_and_all_hints(shown: HomeTerminal) -> None:
    assert "§" not in shown.text
    for text in ("Enter open", "n new", "o path", "/ find", "s star", "? keys", "q quit"):
        assert text in shown.hints


@at_home()
async def test_the_help_of_home_names_its_keys_and_q_quits(shown: HomeTerminal) -> None:
    await shown.press("?")
    await shown.shows("Open what is marked")
    assert "Run the cell" not in shown.text
    await shown.press("escape")
    await shown.hides("Open what is marked")
    await shown.press("q")
    await shown.until(lambda: shown.has_ended, "the end of the program")


@at_home()
async def test_a_hang_up_at_home_ends_the_program(shown: HomeTerminal) -> None:
    shown.app.hang_up()
    await shown.until(lambda: shown.has_ended, "the end of the program")


def test_every_key_of_home_has_one_meaning_and_a_command() -> None:
    from notebook_tui.ui.home.home_commands import HomeCommands

    keys = [name for key in HOME for name in key.keys]
    assert len(keys) == len(set(keys))
    assert all(hasattr(HomeCommands, key.action) for key in HOME if not key.action.startswith("app."))
    assert all(pretty(name) for name in keys)


def test_a_folder_of_thousands_of_files_is_walked_through(work: Path) -> None:
    for number in range(3000):
        (work / f"n{number:04}.livemd").touch()

    @at_home()
    async def walk(shown: HomeTerminal) -> None:
        await shown.press("tab", "pagedown", "pagedown", "G", "k", "k", "k")
        await shown.until(lambda: "n2998" in shown.text, "the end of the files")

    walk(work)


def test_the_shelf_is_bounded_and_survives_what_is_no_shelf(tmp_path: Path) -> None:
    for number in range(shelf.KEPT + 5):
        shelf.was_opened(f"/x/{number}.livemd", "", NOW + number)
    shelf.star("/x/3.livemd")
    assert len(shelf.books()) == shelf.KEPT + 1
    assert shelf.books()[0].path == f"/x/{shelf.KEPT + 4}.livemd"
    (state_path() / shelf.FILE).write_text("{")
    assert shelf.books() == ()
    shelf.was_opened("/x/1.livemd", "One", NOW)
    assert len(shelf.books()) == 1


def test_two_programs_write_the_shelf_at_a_time(tmp_path: Path) -> None:
    async def write_all() -> None:
        opened = (asyncio.to_thread(shelf.was_opened, f"/x/{number}.livemd", "", NOW) for number in range(20))
        await asyncio.gather(*opened)

    asyncio.run(write_all())
    assert len(shelf.books()) == 20


def test_every_dialog_is_styled_as_one() -> None:
    """Textual looks for styles along the first base of each class only."""
    modules = [module.name for module in pkgutil.walk_packages(ui.__path__, "notebook_tui.ui.")]
    for name in modules:
        for each in vars(importlib.import_module(name)).values():
            if isinstance(each, type) and issubclass(each, ModalScreen):
                assert "ModalScreen" in {base.__name__ for base in each._css_bases(each)}, each


@pytest.fixture
def served(work: Path) -> Iterator[Path]:
    """A server of this process says that it holds cats.livemd."""
    path = work / "cats.livemd"
    server = Server("s@127.0.0.1", "127.0.0.1", 1, b"secret", os.getpid(), str(work), NOW)
    announced = Announcement(server)
    told = [{"path": str(path), "since": NOW, "title": "Cats", "people": ["ann", ""], "running": ["3"], "queued": 2}]
    (state_directory("servers") / f"{name_for(work)}.sessions").write_text(json.dumps(told))
    yield path
    announced.withdraw()


@at_home(size=(120, 30))
async def _held_by_servers(shown: HomeTerminal) -> None:
    await shown.shows("Held by servers")
    line = next(line for line in shown.lines if "⇄" in line)
    assert "Cats" in line
    assert "runs 3 · 2 queued · ann, owner" in line
    await shown.press("g", "g")
    while "⇄" not in marked(shown):
        await shown.press("j")
    await shown.press("x")
    await shown.shows("The session of Cats is saved and ends")
    await shown.press("s")
    await shown.until(lambda: len(shown.house.stopped) == 1, "it is stopped")


def test_home_shows_what_servers_hold_who_looks_and_what_runs_and_stops_it(work: Path, served: Path) -> None:
    _held_by_servers(work)


@at_home()
async def test_a_session_of_this_program_is_handed_over_when_nothing_shows_it_any_more(shown: HomeTerminal) -> None:
    path = shown.house.directory / "cats.livemd"
    shown.app.open_notebook(str(path))
    await shown.shows("NAV")
    await shown.press("g", "d")
    await shown.shows("Text and outputs go to a server")
    await shown.press("d")
    await shown.until(lambda: shown.has_ended, "the end")
    assert (shown.house.handed_over, shown.house.left) == ([], [])
    await shown.app.leave()
    assert shown.session_of(path).left_to_next
    assert (shown.house.handed_over, shown.house.left) == ([str(path)], [str(path)])


@at_home()
async def test_that_variables_are_lost_when_a_session_is_handed_over_is_said_before(shown: HomeTerminal) -> None:
    path = shown.house.directory / "cats.livemd"
    shown.app.open_notebook(str(path))
    await shown.shows("NAV")
    await shown.press("g", "d")
    await shown.shows("Text and outputs go to a server")
    assert "variables are lost" not in shown.text
    await shown.press("s")
    shown.session_of(path).send(Connect())
    shown.session_of(path).arrive()
    await shown.press("g", "d")
    await shown.shows("The variables are lost")
    await shown.press("s")
    assert not shown.session_of(path).left_to_next


@at_home()
async def test_a_session_stays_where_it_is_if_no_server_can_take_it(shown: HomeTerminal) -> None:
    shown.app.open_notebook(str(shown.house.directory / "cats.livemd"))
    await shown.shows("NAV")
    shown.house.refusal = OSError("a server could not be started")
    await shown.press("g", "d")
    await shown.shows("Text and outputs go to a server")
    await shown.press("d")
    await shown.says("The session stays here: a server could not be started")
    assert not shown.has_ended
    assert not shown.session_of(shown.house.directory / "cats.livemd").left_to_next


@at_home()
async def test_a_key_that_does_nothing_at_home_says_so(shown: HomeTerminal) -> None:
    await shown.press("w")
    await shown.shows("w does nothing here.")


@at_home()
async def test_of_keys_that_do_nothing_at_home_the_last_one_is_told_of_and_no_other(shown: HomeTerminal) -> None:
    for key in "wwwbbbww":
        shown.post_key(key)
    await shown.settle()
    assert [each.message.split(".")[0] for each in shown.app._notifications] == ["w does nothing here"]
    assert len(shown.app.screen.query(Toast)) == 1


class SlowDisk:
    """While it is not `ready`, what home looks for is found at once and told later."""

    def __init__(self) -> None:
        self.ready = threading.Event()
        self.asked = 0

    def look_around(self, directory: Path, *, hidden: bool) -> Found:
        found = look_around(directory, hidden=hidden)
        self.asked += 1
        assert self.ready.wait(60)
        return found


def test_a_look_that_ends_late_shows_nothing_of_a_folder_that_has_been_left(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "inner").mkdir()
    (work / "inner" / "inside.livemd").write_text("# Inside\n")

    async def main() -> None:
        async with home(work) as shown:
            screen = shown.app.home_screen
            assert screen is not None
            disk = SlowDisk()
            monkeypatch.setattr("notebook_tui.ui.home.home_screen.look_around", disk.look_around)
            for _ in range(3):
                screen.look_again()
                await shown.until(lambda: disk.asked, "it looks")
            assert disk.asked == 1, "one look at a time"
            monkeypatch.setattr("notebook_tui.ui.home.home_screen.look_around", look_around)
            await screen.go_to(work / "inner")
            await shown.shows("inside.livemd")
            disk.ready.set()
            late = screen._again
            assert late is not None
            await shown.until(lambda: late.is_finished, "the late look has ended")
            assert screen.found.directory == work / "inner"
            assert "inside.livemd" in shown.text

    asyncio.run(main())
