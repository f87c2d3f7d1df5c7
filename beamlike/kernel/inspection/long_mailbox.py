"""That a mailbox is long: the value that is logged about it."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Any

from beamlike.kernel.process import Process
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

logger = logging.getLogger("beamlike.mailbox")

SHOWN_KINDS = 3
LONGEST_WORD = 20
COUNTED = 10_000
"""Messages that are looked at: to count a million would keep the loop from turning."""


@frozen
class LongMailbox:
    """What a record of the log "beamlike.mailbox" carries as its `long_mailbox`: so many messages wait, more than the
    limit, and `kinds` are the most frequent ones among the oldest of them, with their numbers."""

    pid: Pid
    name: str | None
    length: int
    limit: int
    kinds: tuple[tuple[str, int], ...]

    def __str__(self) -> str:
        who = f"{self.pid} ({self.name})" if self.name else str(self.pid)
        kinds = ", ".join(f"{count} x {kind}" for kind, count in self.kinds)
        return f"{self.length} messages wait for {who}, more than its limit of {self.limit}; mostly {kinds}"


def long_mailbox(process: Process, limit: int) -> LongMailbox:
    """The mailbox of `process` as it is now."""
    kinds = most_frequent(process.messages())
    return LongMailbox(process.pid, process.name, process.message_queue_len, limit, kinds)


def most_frequent(messages: Iterable[Any]) -> tuple[tuple[str, int], ...]:
    """The kinds of which most messages are, the most frequent first.

    >>> most_frequent([("job", 1), ("job", 2), b"data"])
    (("('job', ...)", 2), ('bytes', 1))
    """
    return tuple(Counter(map(kind_of, islice(messages, COUNTED))).most_common(SHOWN_KINDS))


def kind_of(message: Any) -> str:
    """What messages are counted by: the word that a tuple opens with, a short text itself, else the type.

    >>> [kind_of(message) for message in (("job", 1), "tick", b"data", (1, 2), "a text that is no word")]
    ["('job', ...)", "'tick'", 'bytes', 'tuple', 'str']
    """
    if isinstance(message, tuple) and message and isinstance(message[0], str) and len(message[0]) <= LONGEST_WORD:
        return f"({message[0]!r}, ...)"
    if isinstance(message, str) and len(message) <= LONGEST_WORD:
        return repr(message)
    return type(message).__qualname__
