"""The clipboard of whoever sits at the terminal, which may be on another machine: by the sequence OSC 52.

Textual sends it. Of the programs in between, GNU screen lets it pass in an envelope, in pieces; tmux keeps it to itself
as it is set up by default, and so it is asked by its own command, which also fills its paste buffer.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from textual.app import App

from notebook_tui.ui.terminal_environment import terminal_environment

LIMIT: Final = 100_000
"""So many characters of base64 pass any terminal; many drop what is longer, and say nothing."""
_TMUX: Final = ("tmux", "load-buffer", "-w", "-")
_DEADLINE: Final = 3.0
_PIECE: Final = 512
"""GNU screen takes no longer ones."""


def sendable(text: str) -> str:
    """The text without halves of characters, which have no bytes."""
    return text.encode("utf-8", "replace").decode()


def fits(text: str) -> bool:
    """Whether a terminal will take it.

    >>> fits("a" * 70_000), fits("a" * 80_000)
    (True, False)
    """
    return -(-len(sendable(text).encode()) // 3) * 4 <= LIMIT


def for_screen(text: str) -> str:
    """The sequence as GNU screen hands it on to the terminal around it.

    >>> for_screen("hi")
    '\\x1bP\\x1b]52;c;aGk=\\x07\\x1b\\\\'
    """
    sequence = f"\x1b]52;c;{b64encode(sendable(text).encode()).decode()}\x07"
    pieces = (sequence[start : start + _PIECE] for start in range(0, len(sequence), _PIECE))
    return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)


async def carried_on(app: App[Any], text: str) -> None:
    """Past what stands between the program and the terminal, and would keep the sequence; trouble is said."""
    environ = terminal_environment()
    if "STY" in environ and "TMUX" not in environ and app._driver is not None:
        app._driver.write(for_screen(text))
    if trouble := await give_to_tmux(text, environ):
        app.notify(f"tmux did not take it: {trouble}", severity="warning", markup=False)


async def give_to_tmux(text: str, environ: Mapping[str, str]) -> str:
    """Ask the tmux that this program runs in to take it; the trouble in words, or nothing."""
    if "TMUX" not in environ:
        return ""
    try:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        tmux = await asyncio.create_subprocess_exec(*_TMUX, stdin=pipe, stdout=nothing, stderr=pipe, env={**environ})
    except OSError as error:
        return str(error)
    try:
        async with asyncio.timeout(_DEADLINE):
            _, said = await tmux.communicate(sendable(text).encode())
    except TimeoutError:
        tmux.kill()
        return f"no answer for {_DEADLINE:.0f} seconds"
    return said.decode(errors="replace").strip() if tmux.returncode else ""
