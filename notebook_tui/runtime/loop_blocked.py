"""What ends code of a cell that keeps the event loop of a service from turning."""

from __future__ import annotations

from typing import Final

LIMIT: Final = 0.25
"""Seconds for which code of a cell may keep the service's loop from turning."""

WORDS: Final = (
    f"it kept the event loop of the service from turning for more than {LIMIT:g} s, and was interrupted: what blocks "
    "or computes belongs in a cell without await, which has a thread of its own, or into `await bl.blocking(...)`"
)


class LoopBlocked(BaseException):
    """Raised in code of a cell that kept the service's event loop from turning."""

    def __init__(self, words: str = WORDS) -> None:
        super().__init__(words)
