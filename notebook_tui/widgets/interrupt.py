"""A cell that stops by itself."""

from __future__ import annotations

from typing import NoReturn


class CellInterrupted(KeyboardInterrupt):
    """Raised by `interrupt`. The cell counts as interrupted: what it bound stays, what waits for it does not run."""


def interrupt(reason: str = "") -> NoReturn:
    """Stops this cell, and what would run after it, because something is missing: a file that is not chosen, a button
    that is not clicked. The notebook shows the reason, and runs on from here when it is told to.

    >>> try:
    ...     interrupt("choose a file first")
    ... except CellInterrupted as stop:
    ...     print(stop)
    choose a file first
    """
    raise CellInterrupted(reason)
