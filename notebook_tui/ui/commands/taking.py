"""Taking something out of the notebook: to the clipboard, or into a file."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from notebook_tui.document.outputs import Output
from notebook_tui.session.bounds import starting_directory, writable
from notebook_tui.session.whole_files import make_file, replace_file
from notebook_tui.ui.commands.clipboard import LIMIT, fits
from notebook_tui.ui.desk import Desk
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.outputs.keepsakes import Keepsake, keepsakes

_FORMS: Final = 9
"""So many digits there are to choose one by."""


class Taking:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def copy(self, text: str, what: str) -> None:
        """To the clipboard of whoever sits at the terminal, and say so; `what` as in "Copied the output"."""
        if not text:
            self._desk.say(f"Not copied: {what} is empty.", "information")
            return
        if not fits(text):
            size = f"{len(text):,} characters are more than a terminal takes ({LIMIT * 3 // 4:,} bytes)"
            self._desk.say(f"Not copied: {size}. yf saves an output to a file.", "warning")
            return
        self._desk.view.app.copy_to_clipboard(text)
        self._desk.say(f"Copied {what}: {said_size(text)}", "information")

    def save(self, outputs: Sequence[Output]) -> None:
        """To a file that the user names; of several forms, in the one that is chosen."""
        *forms, text = keepsakes(outputs)
        found = [*forms[: _FORMS - 1], text]

        def chosen(answer: str | None) -> None:
            if answer is not None:
                self._ask_for_name(found[int(answer) - 1])

        if len(found) == 1:
            self._ask_for_name(text)
        else:
            choices = [Choice(str(number), str(number), each.words) for number, each in enumerate(found, 1)]
            self._desk.view.app.push_screen(ChoiceScreen("Save which form of the output?", choices), chosen)

    def _ask_for_name(self, keepsake: Keepsake) -> None:
        from notebook_tui.ui.dialogs.prompt_screen import PromptScreen

        def named(path: str | None) -> None:
            if path is not None:
                self._save(starting_directory() / os.path.expanduser(path), keepsake.data)

        proposal = str(self._directory() / keepsake.name)
        self._desk.view.app.push_screen(PromptScreen(f"Save {keepsake.words}, to the file", proposal), named)

    def _save(self, path: Path, data: bytes, *, over: bool = False) -> None:
        self._desk.view.app.run_worker(self._write(path, data, over=over))

    async def _write(self, path: Path, data: bytes, *, over: bool) -> None:
        def decide(answer: str | None) -> None:
            if answer == "over":
                self._save(path, data, over=True)

        try:
            await asyncio.to_thread(replace_file if over else make_file, writable(path), data)
        except FileExistsError:
            choices = [Choice("o", "over", "Write over it"), Choice("k", "keep", "Keep it")]
            self._desk.view.app.push_screen(ChoiceScreen(f"There is {path} already.", choices), decide)
        except (OSError, ValueError) as error:  # a name with a NUL is no name
            self._desk.say(f"Not saved: {error}", "error")
        else:
            self._desk.say(f"Saved {len(data):,} bytes to {path}", "information")

    def _directory(self) -> Path:
        """Of the notebook, or where the program was started."""
        path = self._desk.state.path
        return Path(path).absolute().parent if path else starting_directory()


def said_size(text: str) -> str:
    """
    >>> said_size("one\\ntwo\\n"), said_size("word")
    ('2 lines', '4 characters')
    """
    lines = text.count("\n") + (not text.endswith("\n"))
    return f"{lines:,} lines" if lines > 1 else f"{len(text):,} characters"
