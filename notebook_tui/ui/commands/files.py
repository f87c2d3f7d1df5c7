"""What the keys of the group File do: the notebook's file, its name, copies of it, and other kinds of files."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final, cast

from notebook_tui.session.bounds import starting_directory, writable
from notebook_tui.session.duplicate import duplicate
from notebook_tui.session.unsaved import is_unsaved, slug
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.path_completion import absolute
from notebook_tui.ui.house import HasHouse

_NOTEBOOK: Final = ".livemd"
_UNNAMED: Final = "Without a name it stays among the unsaved, under its title."
_EXPORTED: Final = (".html", ".ipynb", ".py", ".md")


class FileCommands:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def save(self) -> None:
        """One that nobody has named is asked for a name first."""
        self._desk.view.flush()
        if self._is_unnamed:
            name = self._in_work(slug(self._title))
            self._ask_path("Save as", name, self._save_as_path, empty="unsaved", note=_UNNAMED)
        else:
            await self._save()

    def save_as(self) -> None:
        path = self._path
        name = self._in_work(slug(self._title)) if self._is_unnamed or path is None else str(path)
        self._ask_path("Save under another name; the old file stays as it is", name, self._save_as_path)

    def rename(self) -> None:
        if self._is_unnamed or self._path is None:
            self.save_as()
        else:
            self._ask_path("New name of the file", str(self._path), self._rename_to)

    def duplicate(self) -> None:
        beside = self._path or Path(self._in_work(slug(self._title)))
        copied = str(beside.with_stem(f"{beside.stem}-copy"))
        self._ask_path("Copy the notebook to; this one stays open", copied, self._duplicate_to)

    def export(self) -> None:
        stem = self._in_work(slug(self._title)) if self._is_unnamed or self._path is None else str(self._path)
        name = str(Path(stem).with_suffix(".html"))
        kinds = f"Kinds: {' '.join(_EXPORTED)}"
        self._ask_path("Export to; its ending says as what", name, self._export_to, note=kinds)

    def show_path(self) -> None:
        """Where the file is; copied, too."""
        path = self._path
        if path is None:
            self._desk.say("The notebook has no file yet. Ctrl+S makes one.", "information")
        else:
            self._desk.view.app.copy_to_clipboard(str(path.absolute()))
            self._desk.say(f"{path.absolute()} (copied)", "information")

    @property
    def _path(self) -> Path | None:
        path = self._desk.state.path
        return None if path is None else Path(path)

    @property
    def _title(self) -> str:
        return self._desk.state.notebook.title

    @property
    def _is_unnamed(self) -> bool:
        path = self._desk.state.path
        return path is not None and is_unsaved(path)

    def _in_work(self, stem: str) -> str:
        return str(starting_directory() / f"{stem}{_NOTEBOOK}")

    def _ask_path(
        self,
        question: str,
        text: str,
        then: Callable[[Path], Coroutine[None, None, None]],
        *,
        empty: str = "",
        note: str = "",
    ) -> None:
        from notebook_tui.ui.dialogs.path_screen import PathScreen

        directory = starting_directory()

        def answered(typed: str | None) -> None:
            if typed == "":
                self._desk.view.run_worker(self._told(self._save()))
            elif typed is not None:
                path = absolute(typed, directory)
                self._desk.view.run_worker(self._told(then(path if path.suffix else path.with_suffix(_NOTEBOOK))))

        screen = PathScreen(question, text, directory, (_NOTEBOOK, *_EXPORTED), empty=empty, note=note)
        self._desk.open(screen, answered)

    async def _told(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except OSError as error:
            self._desk.say(str(error), "error")

    async def _save(self) -> None:
        path = await self._desk.client.save()
        self._desk.say(f"Saved to {path}", "information")

    async def _save_as_path(self, path: Path) -> None:
        self._desk.say(f"Saved to {await self._desk.client.save_as(str(path))}", "information")

    async def _rename_to(self, path: Path) -> None:
        old = self._path
        if old is not None:
            writable(old)
        if old is None or path == old.absolute():
            return
        await self._desk.client.save()  # what others have written into it meanwhile comes along
        await self._desk.client.save_as(str(path))
        await asyncio.to_thread(old.unlink, missing_ok=True)
        self._desk.say(f"{old.name} is {path} now.", "information")

    async def _duplicate_to(self, path: Path) -> None:
        self._desk.view.flush()
        source = self._path or starting_directory() / path.name
        await asyncio.to_thread(duplicate, self._desk.state.notebook, source, writable(path))
        self._desk.say(f"Copied to {path}", "information")

    async def _export_to(self, path: Path) -> None:
        self._desk.view.flush()
        house = cast(HasHouse, self._desk.view.app).house
        if house is None:
            raise OSError("This program shows one notebook and writes no other files; beamlike convert does.")
        source = self._path or starting_directory() / path.name
        await asyncio.to_thread(house.export, self._desk.state.notebook, source, path)
        self._desk.say(f"Exported to {path}", "information")
