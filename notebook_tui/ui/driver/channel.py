"""The way to a terminal that is elsewhere, as its driver needs it: bytes go out, and somebody knows how they fare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from beamlike.kernel.record import frozen


@frozen
class TerminalSize:
    """In characters, and the whole of them in pixels; 0 where the other side did not say."""

    columns: int = 80
    lines: int = 24
    width: int = 0
    height: int = 0

    @property
    def cell(self) -> tuple[int, int] | None:
        """The pixels of a character.

        >>> TerminalSize(80, 24, 800, 480).cell, TerminalSize().cell
        ((10, 20), None)
        """
        if not (self.columns and self.lines and self.width and self.height):
            return None
        return self.width // self.columns, self.height // self.lines


class Channel(Protocol):
    """All of it is called in the event loop of the view."""

    @property
    def environment(self) -> Mapping[str, str]:
        """TERM, and what else the other side told of its terminal."""

    @property
    def size(self) -> TerminalSize: ...

    def write(self, data: bytes) -> None:
        """Never waits. What cannot be sent any more is dropped."""

    def is_behind(self) -> bool:
        """Whether what was written still waits on this side, so that more would only wait behind it."""
