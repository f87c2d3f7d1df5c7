"""A text in the user's own editor, which has the terminal meanwhile.

The text is in a file that only this user can read, in a folder that only this user can enter; both are gone
afterwards. The event loop goes on: cells run, the session answers, and nothing of it is painted.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import current_thread, main_thread
from typing import Any, Final

from textual.app import App, SuspendNotSupported

_USUAL: Final = ("sensible-editor", "nano", "vim", "vi", "emacs")
_SUFFIXES: Final = {"python": ".py", "markdown": ".md", "sql": ".sql", "elixir": ".ex", "erlang": ".erl"}
_LINES: Final = (
    "vi",
    "vim",
    "nvim",
    "nano",
    "emacs",
    "emacsclient",
    "micro",
    "kak",
    "joe",
    "pico",
    "gvim",
    "sensible-editor",
)
"""Editors that understand `+7` for a line."""
_SIGNALS: Final = (signal.SIGINT, signal.SIGQUIT)


class OutsideEditorError(Exception):
    """Why there is no text from another editor, in words."""


async def edited_outside(app: App[Any], text: str, language: str, line: int = 1) -> str:
    """What the user made of the text."""
    command = editor_command(os.environ)
    with TemporaryDirectory(prefix="beamlike-cell-") as folder:
        path = Path(folder) / f"cell{_SUFFIXES.get(language, '.txt')}"
        _write(path, text)
        jump = [f"+{line}"] if line > 1 and Path(command[0]).name in _LINES else []
        try:
            # Nothing may be raised in there: Textual takes the terminal back only where all went well.
            with app.suspend(), app.batch_update(), _left_to_the_editor():
                failure = await _failure_of([*command, *jump, str(path)])
        except SuspendNotSupported:
            raise OutsideEditorError("This terminal cannot be handed to another program.") from None
        app.refresh(layout=True)
        if failure:
            raise OutsideEditorError(failure)
        return _read(path, text)


def editor_command(environment: Mapping[str, str]) -> list[str]:
    """VISUAL, else EDITOR, else what is there.

    >>> editor_command({"EDITOR": "emacs -nw"})
    ['emacs', '-nw']
    """
    for variable in ("VISUAL", "EDITOR"):
        if named := environment.get(variable, "").strip():
            try:
                return shlex.split(named)
            except ValueError as error:
                raise OutsideEditorError(f"expected {variable} to be a command, got {named!r}: {error}") from None
    for name in _USUAL:
        if shutil.which(name):
            return [name]
    raise OutsideEditorError("There is no editor: set VISUAL or EDITOR to the one that you like.")


async def _failure_of(command: list[str]) -> str:
    """Runs the editor to its end; why there is nothing to be read of it, or nothing."""
    try:
        process = await asyncio.create_subprocess_exec(*command)
    except OSError as error:
        return f"{command[0]} could not be started: {error.strerror or error}."
    status = await process.wait()
    return f"{command[0]} ended with status {status}: the cell is as it was." if status else ""


@contextmanager
def _left_to_the_editor() -> Iterator[None]:
    """Ctrl+C and its like are for the editor. A handler, for what is ignored here would be ignored there too."""
    if current_thread() is not main_thread():
        yield
        return
    before = {each: signal.signal(each, lambda number, frame: None) for each in _SIGNALS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _write(path: Path, text: str) -> None:
    ended = text if text.endswith("\n") or not text else text + "\n"
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(ended, encoding="utf-8", newline="\n")


def _read(path: Path, before: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OutsideEditorError(f"What the editor left cannot be read ({error}): the cell is as it was.") from None
    # Editors end a file with a line feed; cells do not have it.
    return text if before.endswith("\n") else text.removesuffix("\n")
