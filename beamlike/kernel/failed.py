"""What comes in place of a reply."""

from __future__ import annotations

from typing import Final

from beamlike.kernel.record import record
from beamlike.kernel.terms import Reason


@record
class Failed:
    """In place of a reply: this request came to nothing. The server goes on, unless `server_lives` says otherwise."""

    reason: Reason
    server_lives: bool = True


class _TimedOut:
    def __repr__(self) -> str:
        return "TIMED_OUT"


TIMED_OUT: Final = _TimedOut()
"""The reason where the time is up."""
