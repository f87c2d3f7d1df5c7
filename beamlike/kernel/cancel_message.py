"""What a CancelledError says that unwinds the code of a process which an exit signal, or its node, has ended."""

from __future__ import annotations

from beamlike.kernel.signals import Exit
from beamlike.kernel.terms import Reason, text_of


class CancelMessage:
    """Becomes a text where somebody reads it, which hardly anybody does; it travels as that text.

    >>> from beamlike.kernel.terms import Pid
    >>> db, web = Pid("app@127.0.0.1", (7 << 32) + 3), Pid("app@127.0.0.1", (7 << 32) + 4)
    >>> print(CancelMessage("boom", Exit(db, web, "boom", linked=False)))
    exit signal: boom
    """

    __slots__ = ("_reason", "_signal")

    def __init__(self, reason: Reason, signal: Exit | None) -> None:
        self._reason = reason
        self._signal = signal

    def __str__(self) -> str:
        signal, why = self._signal, text_of(self._reason)
        if signal is None or not signal.linked:
            return f"exit signal: {why}"
        name = f" ({signal.name})" if signal.name else ""
        return (
            f"ended by the exit of {signal.source}{name}, to which it is linked: {why}; "
            "bl.trap_exit(True) makes it a message, spawn or start make no link"
        )

    def __repr__(self) -> str:
        return repr(str(self))

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)
