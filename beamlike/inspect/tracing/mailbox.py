"""The first messages that wait for a process, as short texts: nothing of them is run, and few of many are looked at."""

from __future__ import annotations

from itertools import islice
from typing import Final

from beamlike.inspect.ask import ask
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid

FIRST: Final = 10
_SECONDS: Final = 5.0


async def first_messages(node: str, pid: Pid) -> tuple[str, ...]:
    """Those of the process `pid` of `node`, oldest first, at most FIRST; none if it has ended.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.inspect.tracing.mailbox import first_messages
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         bl.send(bl.self(), ("order", 7))
    ...         return await first_messages(node.name, bl.self())
    >>> asyncio.run(main())
    ("('order', 7)",)
    """
    return tuple(map(str, await ask(node, ("mailbox", pid), _SECONDS) or ()))


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
