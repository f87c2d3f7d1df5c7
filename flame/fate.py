"""Why a runner ended."""

from __future__ import annotations

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import ExceptionInfo, Reason
from nodes.backend import Cause

PRINTED = "; it printed:\n"
"""Between the words and what the machine printed last."""


@frozen
class Fate:
    """In words, and what its platform said: the exit code and the cause, None where it says nothing of it. `permanent`:
    another boot would fail in the same way."""

    words: str
    exit_code: int | None = None
    permanent: bool = False
    cause: Cause | None = None


def fate_of(reason: Reason) -> Fate:
    """That of a runner whose process ended for `reason`."""
    match reason:
        case ("shutdown", Fate() as fate):
            return fate
        case ExceptionInfo():
            return Fate(str(reason))
    return Fate(f"its process ended: {reason}")
