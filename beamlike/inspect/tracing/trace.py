"""`bl.inspect.trace`: what happens on a node, as an asynchronous iterator of events, within limits that hold there."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Iterable
from typing import Any, Final

from beamlike.inspect.ask import ask
from beamlike.inspect.requests import NAME, OFF
from beamlike.inspect.tracing.events import Traced, from_row
from beamlike.inspect.tracing.tracer import NotTraced
from beamlike.kernel import current, functions
from beamlike.kernel.terms import Pid

ASK_SECONDS: Final = 10.0
DEFAULT_FLAGS: Final = ("send", "procs")


async def trace(
    node: str | None = None,
    *calls: str,
    messages: bool | Iterable[str] | None = None,
    processes: Iterable[Pid] = (),
    limit: int = 100,
    rate: int = 50,
    seconds: float = 10.0,
) -> AsyncGenerator[Traced, None]:
    """Events of `node` (the current one by default), oldest first, until a limit is reached; then the iterator ends.

    `calls` are functions to watch, as "module:function" or "module:Class.method", of modules that are loaded there.
    `messages` are flags of `bl.trace`, True for "send" and "procs", which is also what happens where no function is
    given; `processes` are the pids to watch, all by default. At most `limit` events are taken in all (10,000 at most),
    `rate` in any second (1000), for `seconds` (600). The traced node counts, and lets go of what it watches when a
    second is spent, so nothing can make it take more. It has one tracer at a time, and traces no longer once this
    iterator, its process or its node is gone.

    NotTraced says what is in the way; TimeoutError and CallFailed are as of the other looks.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.inspect.tracing.trace import trace
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         async for event in trace(node.name, "json:dumps", limit=2, seconds=5):
    ...             print(event.words.partition("  ")[0])
    >>> async def served():
    ...     import json
    ...     running = asyncio.create_task(main())
    ...     while not running.done():
    ...         json.dumps([1])
    ...         await asyncio.sleep(0.01)
    >>> asyncio.run(served())
    json:dumps([1])
    json:dumps = '[1]'
    ended: 2 events, the limit
    """
    target = node or current.current_node().name
    flags = DEFAULT_FLAGS if messages is True or (messages is None and not calls) else tuple(messages or ())
    options: dict[str, Any] = {
        "calls": calls,
        "messages": flags,
        "processes": tuple(processes),
        "limit": limit,
        "rate": rate,
        "seconds": seconds,
    }
    who = secrets.token_hex(8)
    try:
        await ask(target, ("trace", who, options), ASK_SECONDS)
    except ValueError as error:
        raise NotTraced(str(error)) from None
    try:
        seen, is_over = 0, False
        while not is_over:
            try:
                first, rows, is_over = await ask(target, ("traced", who, seen), ASK_SECONDS)
            except ValueError as error:
                first, rows, is_over = seen, [Traced("ended", time.time(), text=str(error)).row], True
            for row in rows[seen - first :]:
                seen += 1
                yield from_row(tuple(row))
    finally:
        # Without waiting: whoever closes the iterator may be about to end, and in another task.
        functions.send((NAME, target), (OFF, who))
