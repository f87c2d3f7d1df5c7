"""Terminals of all kinds at a server of notebooks, through real clients: what each can show, and how it is typed at."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.pictures import kitty_pictures, png, sixel_picture
from tests.support.served_over_ssh import DEADLINE, Served, served
from tests.support.terminal import Terminal

PICTURE = png("rg", "bw", scale=40)
WITH_PICTURE = "# Flags\n\n![A flag](flag.png)\n"
THREE = "# Cats\n\n```python\n1000 + 1\n```\n\n```python\n2000 + 2\n```\n\n```python\n3000 + 3\n```\n"
TRUE_COLOUR = re.compile(rb"[\[;][34]8;2;")
OF_256 = re.compile(rb"[\[;][34]8;5;")
ANY_COLOUR = re.compile(rb"\x1b\[(?:[\d;]*;)?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;[\d;]*)?m")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("ssh")) as world:
        (world.directory / "flag.png").write_bytes(PICTURE)
        yield world


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    """Of a notebook for this test alone."""
    return f"{abs(hash(request.node.name))}.livemd"


def until(holds: Callable[[], object], terminal: Terminal) -> None:
    """Of what other programs make true; the terminal is read meanwhile."""
    end = time.monotonic() + DEADLINE
    while not holds():
        assert time.monotonic() < end, f"{holds} did not come true within {DEADLINE} s; the screen:\n{terminal.text()}"
        with suppress(AssertionError):
            terminal.until(lambda _: bool(holds()), 0.5)


def type_until(terminal: Terminal, shown: str) -> None:
    """Somebody types, however long it takes to open: nobody is sent away for that."""

    def is_shown() -> bool:
        if shown in terminal.text():
            return True
        terminal.type("k")
        return False

    until(is_shown, terminal)


def written(terminal: Terminal) -> str:
    return terminal.written.decode("utf-8", "replace")


# What it can show.


def test_a_terminal_that_takes_pictures_as_kitty_does_gets_them(world: Served, name: str) -> None:
    (world.directory / name).write_text(WITH_PICTURE)
    answers = "\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.40.0)\x1b\\\x1b[6;20;10t\x1b[?62;c"
    with world.terminal("open", name, answers=answers) as terminal:
        # A terminal that is slow to answer sees half blocks until it has.
        until(lambda: kitty_pictures(written(terminal)) and "▀" not in terminal.text(), terminal)
        (picture,) = kitty_pictures(written(terminal)).values()
        assert picture.getpixel((1, 1)) == (255, 0, 0, 255)


def test_a_terminal_that_takes_sixels_gets_them(world: Served, name: str) -> None:
    (world.directory / name).write_text(WITH_PICTURE)
    painted = re.compile(r"\x1bP0;1q[^\x1b]*\x1b\\")
    with world.terminal("open", name, answers="\x1b[6;20;10t\x1b[?62;4c") as terminal:
        until(lambda: painted.search(written(terminal)), terminal)
        picture = sixel_picture(painted.findall(written(terminal))[-1])
        assert picture.getpixel((1, 1)) == (255, 0, 0, 255)


@pytest.mark.parametrize("answers", ["", "\x1b[?62c"], ids=["answers nothing", "has neither"])
def test_a_terminal_that_takes_neither_gets_half_blocks(world: Served, name: str, answers: str) -> None:
    (world.directory / name).write_text(WITH_PICTURE)
    with world.terminal("open", name, answers=answers) as terminal:
        terminal.until("▀▀▀▀")
        assert "\x1bP0;1q" not in written(terminal)
        assert "\x1b_Ga=" not in written(terminal)


def test_terminals_of_several_kinds_at_one_server_each_get_the_colours_that_they_have(world: Served, name: str) -> None:
    (world.directory / name).write_text(THREE)

    def shown(**env: str) -> bytes:
        with world.terminal("open", name, env=env) as terminal:
            terminal.until("3000 + 3")
            return terminal.written

    assert TRUE_COLOUR.search(shown(TERM="xterm-256color"))  # it is known for them
    of_256 = shown(TERM="putty-256color")
    assert OF_256.search(of_256)
    assert not TRUE_COLOUR.search(of_256)
    assert TRUE_COLOUR.search(shown(TERM="putty-256color", COLORTERM="truecolor"))
    of_few = shown(TERM="vt220")
    assert ANY_COLOUR.search(of_few)
    assert not TRUE_COLOUR.search(of_few)
    assert not OF_256.search(of_few)
    assert TRUE_COLOUR.search(shown(TERM="xterm-256color"))


def test_who_wants_no_colour_gets_none_and_no_pictures(world: Served, name: str) -> None:
    (world.directory / name).write_text(WITH_PICTURE + THREE)
    with world.terminal("open", name, env={"NO_COLOR": "1"}, lines=50) as terminal:
        terminal.until(lambda text: "3000 + 3" in text and "A flag" in text)
        terminal.type("G", "i")
        terminal.until("EDIT")
        assert not ANY_COLOUR.search(terminal.written)
        assert "▀" not in written(terminal)


def test_what_is_no_terminal_for_notebooks_is_told_what_to_do(world: Served, name: str) -> None:
    with world.terminal("open", name, env={"TERM": "dumb"}) as terminal:
        terminal.until("ssh HOST help")
        assert terminal.wait() == 2
    assert b"\x1b" not in terminal.written


def test_the_smallest_window_shows_the_cell_and_takes_keys(world: Served, name: str) -> None:
    (world.directory / name).write_text(THREE)
    with world.terminal("open", name, columns=20, lines=5) as terminal:
        terminal.until("Cats")
        terminal.type("G")
        terminal.until("3000 + 3")
        terminal.type("i")
        terminal.until("EDIT")
        terminal.type("0")
        terminal.until("3000 + 30")
        assert terminal.program.poll() is None


# How it is typed at.


def test_a_click_on_a_cell_gives_it_the_keyboard(world: Served, name: str) -> None:
    path = world.directory / name
    path.write_text(THREE)
    with world.terminal("open", name) as terminal:
        lines = terminal.until("3000 + 3").split("\n")
        row = next(number for number, line in enumerate(lines) if "2000 + 2" in line)
        terminal.click(lines[row].index("2000"), row)
        terminal.until(lambda text: text.split("\n")[row].lstrip().startswith("▌"))
        terminal.type("i")
        terminal.until("EDIT")
        terminal.type("0", "ctrl+s")
        until(lambda: "2000 + 20" in path.read_text(), terminal)


def test_a_large_paste_of_wide_characters_comes_as_it_is(world: Served, name: str) -> None:
    path = world.directory / name
    path.write_text("# Cats\n\n```python\n\n```\n")
    line = "# 猫が好き、犬も好き。é🐈‍⬛ größer"
    text = "\n".join(f"{line} {number}" for number in range(200_000 // len(line.encode())))
    with world.terminal("open", name) as terminal:
        terminal.until("Cats")
        terminal.type("G", "i")
        terminal.until("EDIT")
        terminal.paste(text)
        terminal.until(text.rsplit(" ", 1)[1])
        terminal.type("ctrl+s")
        until(lambda: text in path.read_text(), terminal)


def test_a_lone_escape_is_a_key_at_once(world: Served, name: str) -> None:
    (world.directory / name).write_text(THREE)
    with world.terminal("open", name) as terminal:
        terminal.until("3000 + 3")
        terminal.type("G", "i")
        terminal.until("EDIT")
        terminal.type("escape")
        terminal.until(lambda text: "EDIT" not in text)  # and nothing else is typed


# What becomes of those who fail or do nothing.

PLANTED = """
import sys
if "notebook_tui.cli.ssh_front" in sys.orig_argv:
    from notebook_tui.ui.commands.outputs import OutputCommands

    def fail(_self):
        raise RuntimeError("this view is broken")

    OutputCommands.fold_output = fail
"""


def test_a_view_that_fails_says_so_to_its_own_guest_and_to_the_log_and_the_others_go_on(tmp_path: Path) -> None:
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "sitecustomize.py").write_text(PLANTED)
    path = os.pathsep.join([os.fspath(tmp_path / "planted"), os.fspath(Path(__file__).parents[2])])
    with served(tmp_path / "ssh", environment={"PYTHONPATH": path}) as world:
        (world.directory / "cats.livemd").write_text(THREE)
        front = world.front
        with world.terminal("open", "cats.livemd") as one, world.terminal("open", "cats.livemd") as other:
            for terminal in (one, other):
                terminal.until("3000 + 3")
                terminal.type("G")
            one.type("z", "a")
            one.until("The view has failed")
            one.until("this view is broken")
            other.type("i")
            other.until("EDIT")
            other.type("0")
            other.until("3000 + 30")
            one.type("r")
            one.until("3000 + 30")
            one.type("G", "z", "a")
            one.until("The view has failed again")
            one.type("q")
            assert one.wait() == 0
            other.type("0")
            other.until("3000 + 300")
        assert world.front == front
        log = (world.place / "server.log").read_text()
        assert log.count("a view of ann has failed") == 2
        assert log.count("RuntimeError: this view is broken") == 2


def test_who_types_nothing_for_long_is_sent_away_with_a_word_but_for_runs_and_sessions_go_on(tmp_path: Path) -> None:
    begun, may_end = tmp_path / "begun", tmp_path / "may_end"
    # The cell polls, since a file tells no event.
    source = f"""\
import pathlib, time
pathlib.Path({os.fspath(begun)!r}).touch()
while not pathlib.Path({os.fspath(may_end)!r}).exists():
    time.sleep(0.05)
print(617 * 2)"""
    with served(tmp_path / "ssh", "--ssh-idle", "5s") as world:
        (world.directory / "cats.livemd").write_text(THREE)
        (world.directory / "long.livemd").write_text(f"# Long\n\n```python\n{source}\n```\n")
        with Terminal(world.ssh("-T", "run", "long.livemd")) as run:
            run.until(lambda _: begun.exists())
            with world.terminal("open", "cats.livemd") as terminal:
                type_until(terminal, "3000 + 3")
                terminal.wait()  # of itself
                assert "nothing was typed for 5 s; the notebooks go on" in terminal.text()
            may_end.touch()
            assert run.wait() == 0
            assert "1234" in run.text()
        assert "cats.livemd" in world.do("list").stdout
