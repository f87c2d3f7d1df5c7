"""Standard input of a runtime: there is none, and who reads it is told so."""

from __future__ import annotations

import io
import sys
from typing import NoReturn

NO_KEYBOARD = "a cell has no keyboard to read from; assign the value in the cell instead, as in name = 'Ada'"


class NoKeyboard(io.TextIOBase):
    """Stands in place of sys.stdin. Whatever would read, `input()` above all, raises EOFError with what to do."""

    def readable(self) -> bool:
        return True

    def read(self, _size: int | None = -1, /) -> NoReturn:
        raise EOFError(NO_KEYBOARD)

    def readline(self, _size: int = -1, /) -> NoReturn:  # type: ignore[override]
        raise EOFError(NO_KEYBOARD)


def remove_keyboard() -> None:
    """From now on, `input()` in this interpreter says that there is no keyboard."""
    sys.stdin = NoKeyboard()
