"""Asks for the first messages that wait for a process, as short texts."""

from __future__ import annotations

from typing import Final

from beamlike.inspect.ask import ask
from beamlike.kernel.terms import Pid

_SECONDS: Final = 5.0


async def first_messages(node: str, pid: Pid) -> tuple[str, ...]:
    """Those of the process `pid` of `node`, oldest first, at most ten; none if it has ended.

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
