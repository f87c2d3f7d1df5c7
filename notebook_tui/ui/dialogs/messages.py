"""What the session said, kept: a toast goes away, and a user who looked elsewhere can still read it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Severity: TypeAlias = Literal["information", "warning", "error"]
_KEPT: Final = 200


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    severity: Severity
    at: float
    """Seconds since the epoch."""


class MessageLog:
    """The last notes, the newest last, and the one that the status bar still shows."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=_KEPT)
        self._unread: Note | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(self._notes)

    @property
    def unread(self) -> Note | None:
        """The newest warning or error, until it is dismissed."""
        return self._unread

    def add(self, note: Note) -> None:
        self._notes.append(note)
        if note.severity != "information":
            self._unread = note

    def dismiss(self) -> None:
        """The user has seen it, or it is true no more."""
        self._unread = None
