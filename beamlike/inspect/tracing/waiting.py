"""The first messages that wait for a process, where it is: nothing of them is run, and few of many are looked at."""

from __future__ import annotations

from itertools import islice
from typing import Final

from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid

FIRST: Final = 10


def waiting_messages(node: LocalNode, pid: Pid) -> tuple[str, ...]:
    process = node.process(pid)
    if process is None:
        return ()
    # Not `messages()`, which copies the whole of what may be a flooded mailbox.
    queue = process.mailbox if process.mailbox is not None else process.inbox or ()
    try:
        return tuple(shown(each) for each in islice(queue, FIRST))
    except RuntimeError:  # another thread has put something there meanwhile
        return ()
