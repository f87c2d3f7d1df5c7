"""A queue of messages that tells who watches it of each that arrives.

It stands where a plain deque stands otherwise, so what nobody watches pays nothing. To tell of every message there
must be no way past the queue, or the process must wait with care (`Process.stay_careful`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from beamlike.kernel.receiver import Receiver


class ArrivalWatch(Protocol):
    def arrived(self, message: Any) -> None:
        """A message stands in the queue now."""


class WatchedInbox(deque[Any]):
    __slots__ = ("_watches",)

    def __init__(self, messages: Iterable[Any], watches: tuple[ArrivalWatch, ...]) -> None:
        super().__init__(messages)
        self._watches = watches

    def append(self, message: Any) -> None:
        super().append(message)
        for watch in self._watches:
            watch.arrived(message)


def watch_arrivals(process: Receiver, watches: tuple[ArrivalWatch, ...]) -> None:
    """From now on the queue of `process` tells these, and no others."""
    mailbox = process.mailbox
    if mailbox is not None:
        mailbox.fresh = _queue(mailbox.fresh or (), watches)
    elif not process.ended:
        process.inbox = _queue(process.inbox or (), watches)


def _queue(messages: Iterable[Any], watches: tuple[ArrivalWatch, ...]) -> deque[Any]:
    return WatchedInbox(messages, watches) if watches else deque(messages)
