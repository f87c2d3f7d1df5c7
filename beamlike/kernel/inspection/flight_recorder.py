"""A flight recorder: a process remembers its last messages, and its crash report shows them.

Off by default, since whoever records handles each message off the fast path, and since what it remembers stays in
memory. A GenServer reports the message that it handled last without it.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from beamlike.kernel import current
from beamlike.kernel.process import Process
from beamlike.kernel.terms import Pid

KEPT = 10
LONGEST = 200


class FlightRecorder:
    """The last messages that came, oldest first."""

    __slots__ = ("_messages",)

    def __init__(self, keep: int) -> None:
        self._messages: deque[Any] = deque(maxlen=keep)

    def arrived(self, message: Any) -> None:
        self._messages.append(message)

    @property
    def messages(self) -> tuple[Any, ...]:
        return tuple(self._messages)

    def report(self) -> str:
        lines = "".join(f"\n  {_shown(message)}" for message in self._messages) or " none"
        return f"\nIts last messages, oldest first:{lines}"


def record_messages(keep: int = KEPT, *, pid: Pid | None = None) -> None:
    """The current process, or `pid` of this node, remembers the last `keep` messages that come from now on; 0: none.

    They stand in the report of its crash (log "beamlike.process") and in `process_info(pid, "last_messages")`.
    ValueError for a negative number or a pid of another node, NoProcess for one that has ended.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.kernel.inspection.process_info import process_info
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         record_messages(keep=2)
    ...         for number in range(5):
    ...             bl.send(bl.self(), number)
    ...         return process_info(bl.self(), "last_messages")
    >>> asyncio.run(main())
    {'last_messages': (3, 4)}
    """
    if not isinstance(keep, int) or keep < 0:
        raise ValueError(f"expected how many messages to keep, 0 or more, got {keep!r}")
    process = current.live_process(pid, "record") if pid is not None else current.current_process()
    process.scheduler.call(_record, process, keep)


def _record(process: Process, keep: int) -> None:
    process.own_inspected().recorder = FlightRecorder(keep) if keep else None
    process.watch_arrivals()
    process.stay_careful()


def _shown(message: Any) -> str:
    try:
        text = repr(message)
    except Exception as error:  # whatever the `__repr__` of a user's class raises; the crash is to be told all the same
        return f"<{type(message).__qualname__} whose repr raised {type(error).__name__}>"
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
