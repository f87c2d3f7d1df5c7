"""What the session said, kept: a toast goes away, and a user who looked elsewhere can still read it."""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

Severity: TypeAlias = Literal["information", "warning", "error"]
_KEPT: Final = 200


@frozen
class Note:
    text: str
    severity: Severity
    at: float
    """Seconds since the epoch."""


def sentence(words: object) -> str:
    """As it stands by itself.

    >>> sentence("there is no cell a")
    'There is no cell a'
    """
    text = str(words)
    return text[:1].upper() + text[1:]


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
        """Said again, it stands once, with the newer time: what is repeated must not push out what matters."""
        if self._notes and (self._notes[-1].text, self._notes[-1].severity) == (note.text, note.severity):
            self._notes.pop()
        self._notes.append(note)
        if note.severity != "information":
            self._unread = note

    def dismiss(self) -> None:
        """The user has seen it, or it is true no more."""
        self._unread = None
