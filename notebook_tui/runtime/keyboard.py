"""The keyboard of a runtime: `input()`, `getpass`, `sys.stdin` and pdb read what is answered at the notebook.

Prompt and answer stand in the cell's output as on a terminal; the answer to a hidden question does not. Where nobody at
the notebook takes questions, whoever reads is told so at once.
"""

from __future__ import annotations

import builtins
import getpass
import io
import os
import sys
from typing import Any

from notebook_tui.runtime.questions import ask


class Keyboard(io.TextIOBase):
    """Stands in place of sys.stdin."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def readable(self) -> bool:
        return True

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        """A line with its end; nothing where there is no more. A `size` does not split it: nothing is kept back."""
        if size == 0:
            return ""
        text = _ask("", hidden=False)
        return "" if text is None else f"{text}\n"

    def read(self, size: int | None = -1, /) -> str:
        """All lines until the end of input; with a `size`, one line."""
        return self.readline() if size is not None and size >= 0 else "".join(self)


def install_keyboard() -> None:
    """From now on, in this interpreter, which is the notebook's alone; a second call does nothing."""
    if isinstance(sys.stdin, Keyboard):
        return
    sys.stdin = Keyboard()
    builtins.input = _input
    getpass.getpass = _getpass
    sys.breakpointhook = _breakpoint


def _input(prompt: object = "", /) -> str:
    """A line that is typed at the notebook, without its end; the prompt is shown before it.

    EOFError where there is no more, or nobody who could answer.
    """
    text = _ask(str(prompt), hidden=False)
    if text is None:
        raise EOFError("EOF when reading a line")
    return text


_input.__name__ = _input.__qualname__ = "input"


def _getpass(prompt: str = "Password: ", stream: object = None, **_options: object) -> str:
    """A line that is typed at the notebook and shown nowhere."""
    text = _ask(prompt, hidden=True)
    if text is None:
        raise EOFError("EOF when reading a password")
    return text


_getpass.__name__ = _getpass.__qualname__ = "getpass"


def _ask(prompt: str, *, hidden: bool) -> str | None:
    if prompt:
        sys.stdout.write(prompt)
    text = ask(prompt, hidden=hidden)
    sys.stdout.write("\n" if hidden or text is None else f"{text}\n")
    return text


def _breakpoint(*args: Any, **named: Any) -> Any:
    if os.environ.get("PYTHONBREAKPOINT"):
        return sys.__breakpointhook__(*args, **named)
    from pdb import Pdb

    # Signals stay with the runtime: an interrupt ends the debugger and the cell.
    Pdb(nosigint=True).set_trace(sys._getframe(1))
    return None
