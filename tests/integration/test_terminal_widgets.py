"""Widgets and questions of a real runtime, in the terminal: what keys do reaches the code, and what it does is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from notebook_tui.ui.app import NotebookApp
from tests.support.fake_session import FakeSession
from tests.support.open_notebook import OpenNotebook, opened
from tests.support.screen import Clock, Terminal

USES = """import notebook_tui as nb
name = nb.input("Name", "you").show()
button = nb.button("Greet").show()
said = nb.text().show()
nb.listen(button, lambda event: said.write(f"hello {name.value}, "));"""
TABLE = """import notebook_tui as nb
nb.table([{"n": n, "square": n * n} for n in range(505)], page_size=5)"""
TREE = """import notebook_tui as nb
nb.tree({"inner": {"leaf": 617 * 2}})"""
FORM = """import notebook_tui as nb
form = nb.form({"who": nb.input("Who"), "loud": nb.input.checkbox("Loud")}, submit="Send").show()
got = nb.text().show()
nb.listen(form, lambda event: got.write(f"got {dict(event.value)}"));"""
KEYS = """import notebook_tui as nb
keys = nb.keyboard().show()
typed = nb.text().show()
nb.listen(keys, lambda event: typed.write(f"<{event.value.key}>"));"""
ASKS = """import getpass
name = input("Who? ")
word = getpass.getpass("Word: ")
print("it is", name, len(word))"""
DEBUGS = """secret = 41
def f():
    inner = secret + 1
    breakpoint()
    return inner
print("returned", f())"""


@asynccontextmanager
async def terminal_on(folder: Path, *cells: str) -> AsyncIterator[tuple[Terminal, OpenNotebook]]:
    async with opened(folder, *cells) as it:
        app = NotebookApp(it.client)
        async with app.run_test(size=(90, 30), notifications=True) as pilot:
            # Of the session the tests below use nothing but the screen.
            shown = Terminal(cast(FakeSession, None), pilot, Clock())
            await shown.settle()
            await shown.press("j", "j", "j")
            yield shown, it


def lines_wanted(shown: Terminal) -> int:
    """How many cells wait for: a line also stays open for the next question, before that is known to be of a secret."""
    screen: Any = shown.app.screen
    return int(screen._answers.count)


def test_ac19_an_input_and_a_button_are_used_from_the_keyboard(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, USES) as (shown, _):
            await shown.press("e", "e")
            await shown.shows("[ Greet ]")
            await shown.press("tab", "enter", "backspace", "backspace", "backspace")
            await shown.type("Ada")
            await shown.press("enter")
            await shown.shows("[▸Ada")
            await shown.press("tab", "enter")
            await shown.shows("hello Ada,")

    asyncio.run(main())


def test_a_table_is_sorted_and_paged_where_its_data_lives(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, TABLE) as (shown, _):
            await shown.press("e", "e")
            await shown.shows("rows 1-5 of 505")
            await shown.press("tab", "enter", "enter")
            await shown.shows("254016")
            await shown.press("shift+tab", "shift+tab", "tab", "tab", "enter")
            await shown.shows("rows 6-10 of 505")
            await shown.press("o")
            await shown.shows("row 6 of 505")
            await shown.press("G")
            await shown.shows("row 505 of 505")
            # The last rows stand in two blocks.
            await shown.hides("…")
            await shown.press("escape")

    asyncio.run(main())


def test_a_tree_opens_its_branches(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, TREE) as (shown, _):
            await shown.press("e", "e")
            await shown.shows("▸ 'inner'")
            assert "1234" not in shown.text
            await shown.press("tab", "tab", "enter")
            await shown.shows("1234")
            await shown.press("enter")
            await shown.hides("1234")

    asyncio.run(main())


def test_a_form_hands_over_its_values_and_a_keyboard_its_keys(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, FORM, KEYS) as (shown, _):
            await shown.press("e", "e")
            await shown.shows("[ Send ]")
            await shown.press("tab", "enter", "A", "tab", "space", "tab", "enter")
            await shown.shows("got {'who': 'A', 'loud': True}")
            await shown.press("escape", "j", "e", "e")
            await shown.shows("Ctrl+K gives it all keys")
            await shown.press("ctrl+k", "n", "up", "ctrl+k")
            await shown.shows("<n><up>")

    asyncio.run(main())


def test_input_and_passwords_are_answered_in_the_cell(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, ASKS) as (shown, _):
            await shown.press("e", "e")
            await shown.until(lambda: shown.status.startswith(" ANSWER "))
            await shown.type("Ada\n")
            await shown.until(lambda: "Word:" in shown.text and lines_wanted(shown))
            await shown.type("xyzzy\n")
            await shown.shows("it is Ada 5")
            assert "xyzzy" not in shown.text
            await shown.until(lambda: shown.status.startswith(" NAV "))

    asyncio.run(main())


def test_a_breakpoint_is_used_in_the_cell(tmp_path: Path) -> None:
    async def main() -> None:
        async with terminal_on(tmp_path, DEBUGS) as (shown, _):
            await shown.press("e", "e")
            await shown.until(lambda: shown.status.startswith(" ANSWER "))
            await shown.type("p inner\n")
            await shown.until(lambda: any(line.strip(" ▌") == "42" for line in shown.lines))
            await shown.type("inner = 7\nc\n")
            await shown.shows("returned 7")
            await shown.until(lambda: shown.status.startswith(" NAV "))

    asyncio.run(main())
