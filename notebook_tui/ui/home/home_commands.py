"""What the keys of home do."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from inspect import iscoroutine
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from notebook_tui.session import examples, shelf
from notebook_tui.session.bounds import NO_WRITING, OutOfBounds, bounds, may_write, permitted
from notebook_tui.session.unsaved import new_file
from notebook_tui.ui.choosing.rows import Entry
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.dialogs.path_completion import absolute
from notebook_tui.ui.dialogs.path_screen import PathScreen
from notebook_tui.ui.home.found import KINDS
from notebook_tui.ui.home.rows import short
from notebook_tui.ui.house import House, OpensNotebooks

if TYPE_CHECKING:
    from notebook_tui.ui.home.home_screen import HomeScreen

_FAR: Final = 1_000_000


class HomeCommands:
    def __init__(self, screen: HomeScreen, house: House) -> None:
        self._screen = screen
        self._house = house

    def perform(self, action: str) -> None:
        answer: Coroutine[None, None, None] | None = getattr(self, action)()
        if iscoroutine(answer):
            self._screen.run_worker(self._told(answer))

    async def _told(self, answer: Coroutine[None, None, None]) -> None:
        try:
            await answer
        except OSError as error:
            self._screen.notify(str(error), severity="error", markup=False)

    # Choosing.

    async def open(self) -> None:
        """The marked notebook; a folder is looked into, what is no notebook yet is made into one after a question."""
        entry = self._screen.marked
        if entry is None:
            return
        if entry.missing:
            self._screen.say(f"{short(Path(entry.path))} is not there any more. d takes it off the list.")
        elif entry.kind == "new":
            self.new()
        elif entry.kind == "folder":
            await self._screen.go_to(Path(entry.path))
        elif entry.kind == "example":
            await self._open_example(entry)
        else:
            self._open_path(Path(entry.path))

    def new(self) -> None:
        if self._makes_nothing():
            return

        def made(typed: str | None) -> None:
            if typed == "":
                self.new_unnamed()
            elif typed is not None:
                path = absolute(typed, self._screen.directory)
                self._open_path(path if path.suffix else path.with_suffix(".livemd"))

        self._screen.app.push_screen(
            PathScreen("Name of the new notebook", "", self._screen.directory, empty="named later"), made
        )

    def new_unnamed(self) -> None:
        if self._makes_nothing():
            return
        if bounds() is not None:  # those that were never saved lie with the account's own
            self._open(str(_free(self._screen.directory / "untitled_notebook.livemd")))
            return
        self._open(str(new_file(datetime.now()).path))

    def open_path(self) -> None:
        def chosen(typed: str | None) -> None:
            if typed is not None:
                path = absolute(typed, self._screen.directory)
                if self._is_outside(path):
                    return
                if path.is_dir():
                    self._screen.run_worker(self._told(self._screen.go_to(path)))
                elif not path.is_file():
                    more = " n makes a new notebook." if may_write() else ""
                    self._screen.say(f"There is no file {path}.{more}")
                else:
                    self._open_path(path)

        self._screen.app.push_screen(PathScreen("Open", "", self._screen.directory, KINDS), chosen)

    def _is_outside(self, path: Path) -> bool:
        """Whether this user may not see what is there, and so not even whether something is; then they are told."""
        try:
            permitted(path)
        except OutOfBounds as error:
            self._screen.say(str(error))
            return True
        return False

    def _open_path(self, path: Path) -> None:
        if self._is_outside(path):
            return
        if path.suffix.lower() in (".ipynb", ".py") and path.is_file():
            self._ask_to_convert(path)
        else:
            self._open(str(path))

    def _open(self, path: str) -> None:
        self._screen.busy_with(f"opening {Path(path).name}")
        opens = cast(OpensNotebooks, self._screen.app)
        opens.open_notebook(path, failed=lambda: self._screen.busy_with(""))

    async def _open_example(self, entry: Entry) -> None:
        example = next(each for each in self._screen.found.examples if str(each.path) == entry.path)
        copy = await asyncio.to_thread(examples.copy_of, example)
        if await asyncio.to_thread(examples.differs, example):
            self._ask_to_go_on(example, copy)
            return
        self._screen.say(f"This is your own copy: {short(copy)}")
        self._open(str(copy))

    def _ask_to_go_on(self, example: examples.Example, copy: Path) -> None:
        def answered(answer: str | None) -> None:
            if answer == "anew":
                self._screen.run_worker(self._told(self._begin_anew(example, copy)))
            elif answer is not None:
                self._open(str(copy))

        choices = (Choice("c", "continue", "Continue with your copy"), Choice("a", "anew", "Begin anew; yours is kept"))
        question = f"You have changed your copy of “{example.title}”:\n{short(copy)}"
        self._screen.app.push_screen(ChoiceScreen(question, choices), answered)

    async def _begin_anew(self, example: examples.Example, copy: Path) -> None:
        kept = await asyncio.to_thread(examples.renewed, example)
        self._screen.say(f"Your changes are kept as {short(kept)}")
        self._open(str(copy))

    def _makes_nothing(self) -> bool:
        """Whether this user may make no files; then they are told."""
        if not may_write():
            self._screen.say(f"{NO_WRITING.capitalize()}.")
        return not may_write()

    def _ask_to_convert(self, path: Path) -> None:
        if self._makes_nothing():
            return
        what = "a Jupyter notebook" if path.suffix.lower() == ".ipynb" else "a Python script"
        made = path.with_suffix(".livemd")
        choices = [Choice("c", str(_free(made)), f"Make {_free(made).name} of it, and open that")]
        if made.exists():
            choices.insert(0, Choice("o", "", f"Open {made.name}, which is there already"))

        def answered(answer: str | None) -> None:
            if answer == "":
                self._open(str(made))
            elif answer is not None:
                self._screen.run_worker(self._told(self._convert(path, Path(answer))))

        question = f"{path.name} is {what}, which stays as it is."
        self._screen.app.push_screen(ChoiceScreen(question, choices), answered)

    async def _convert(self, path: Path, target: Path) -> None:
        self._screen.busy_with(f"reading {path.name}")
        try:
            warnings = await asyncio.to_thread(self._house.convert, path, target)
        finally:
            self._screen.busy_with("")
        for warning in warnings:
            self._screen.notify(f"{path.name}: {warning}", severity="warning", markup=False)
        self._open(str(target))

    # Moving.

    def next(self) -> None:
        self._screen.list.move(1)

    def previous(self) -> None:
        self._screen.list.move(-1)

    def first(self) -> None:
        self._screen.list.move(-_FAR)

    def last(self) -> None:
        self._screen.list.move(_FAR)

    def page_down(self) -> None:
        self._screen.list.move_page(1)

    def page_up(self) -> None:
        self._screen.list.move_page(-1)

    def next_group(self) -> None:
        self._screen.list.move_group(1)

    def previous_group(self) -> None:
        self._screen.list.move_group(-1)

    async def parent(self) -> None:
        await self._screen.go_to(self._screen.directory.parent)

    # The list.

    def find(self) -> None:
        self._screen.find()

    async def star(self) -> None:
        entry = self._screen.marked
        if entry is None or entry.kind not in ("book", "file", "open", "served"):
            self._screen.say("Only notebooks have stars.")
            return
        if bounds() is not None:
            self._screen.say("Stars are for the user of the machine account.")
            return
        await asyncio.to_thread(shelf.star, entry.path, "" if entry.kind == "file" else entry.name)
        await self._screen.look()

    async def forget(self) -> None:
        entry = self._screen.marked
        if entry is None or entry.kind != "book":
            self._screen.say("This is not on the list of what you opened.")
            return
        await asyncio.to_thread(shelf.forget, entry.path)
        await self._screen.look()

    def stop(self) -> None:
        entry = self._screen.marked
        if entry is None or entry.kind != "served":
            self._screen.say("No server holds this.")
            return

        def answered(answer: str | None) -> None:
            if answer == "stop":
                self._screen.run_worker(self._told(self._stop(entry)))

        question = f"The session of {entry.name} is saved and ends, and its runtime, for all who look at it."
        self._screen.app.push_screen(
            ChoiceScreen(question, (Choice("s", "stop", "Stop it"), Choice("k", "keep", "Keep it"))), answered
        )

    async def _stop(self, entry: Entry) -> None:
        self._screen.busy_with(f"stopping {entry.name}")
        try:
            await self._house.stop(entry.path)
        finally:
            self._screen.busy_with("")
        await self._screen.look()

    async def toggle_hidden(self) -> None:
        self._screen.hidden = not self._screen.hidden
        self._screen.say("Hidden files are shown." if self._screen.hidden else "Hidden files are not shown.")
        await self._screen.look()

    def look_again(self) -> None:
        self._screen.look_again()

    def help(self) -> None:
        from notebook_tui.ui.dialogs.help_screen import HelpScreen
        from notebook_tui.ui.keys.home import home_keys
        from notebook_tui.ui.keys.table import KeyTable

        self._screen.app.push_screen(HelpScreen(KeyTable(home_keys(makes=may_write()))))


def _free(path: Path) -> Path:
    """A name that no file has."""
    names = (path.with_stem(f"{path.stem}-{number}" if number > 1 else path.stem) for number in count(1))
    return next(each for each in names if not each.exists())
