"""A generator on another node, item by item, at the pace of who consumes it.

Who iterates is the consumer: one process, from the first item to the last. However the iteration ends, the generator
over there is closed, and nothing is left in the consumer's mailbox. After `break` the event loop closes the stream as
soon as nobody holds it; `contextlib.aclosing` says when.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import suppress
from contextvars import copy_context
from typing import Any, TypeVar, overload

from beamlike.behaviours.deadline import check_seconds
from beamlike.behaviours.servers.sent_requests import next_answer
from beamlike.distribution.rpc.feeding import Ended, Opened, feed
from beamlike.distribution.rpc.remote_request import RemoteRequest, asked, check_call
from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import NoNode
from beamlike.kernel.terms import Pid, Reply

T = TypeVar("T")

WINDOW = 32


@overload
def stream(
    node: str,
    function: Callable[..., AsyncIterable[T]],
    *args: Any,
    window: int = WINDOW,
    timeout: float | None = None,
    **unknown: Any,
) -> AsyncGenerator[T, None]: ...
@overload
def stream(
    node: str,
    function: Callable[..., Iterable[T]],
    *args: Any,
    window: int = WINDOW,
    timeout: float | None = None,
    **unknown: Any,
) -> AsyncGenerator[T, None]: ...
def stream(
    node: str,
    function: Callable[..., Any],
    *args: Any,
    window: int = WINDOW,
    timeout: float | None = None,
    **unknown: Any,
) -> AsyncGenerator[Any, None]:
    """Runs the generator function `function(*args)`, async or plain, on `node`, and gives its items as they are made,
    in order.

    It runs at most `window` items ahead. `timeout` is how long one item may be waited for, the first with connecting:
    CallTimedOut. What the generator raises is raised here after the items before it; other errors are those of `call`.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         return [item async for item in bl.rpc.stream(node.name, range, 3, timeout=5)]
    >>> asyncio.run(main())
    [0, 1, 2]
    """
    check_call(node, function, unknown)
    check_seconds(timeout)
    if not isinstance(window, int) or window < 1:
        raise ValueError(f"expected a window of 1 or more items, got {window!r}")
    return _stream(node, function, args, window, timeout)


async def _stream(
    node: str, function: Callable[..., Any], args: tuple[Any, ...], window: int, timeout: float | None
) -> AsyncGenerator[Any, None]:
    source = _Source(asked(node, function, feed, (function, args, window), once=False), window, timeout)
    try:
        while (item := await source.next()) is not None:
            yield item[0]
    finally:
        await source.close()


class _Source:
    def __init__(self, request: RemoteRequest, window: int, timeout: float | None) -> None:
        self._request = request
        self._timeout = timeout
        self._gate: Pid | None = None
        # Room is told of in portions, so that it costs few messages.
        self._portion = max(1, window // 2)
        self._room = 0
        self._context = copy_context()

    async def next(self) -> tuple[Any] | None:
        """The next item; None if there is none."""
        while True:
            answer = await next_answer(self._request, self._timeout)
            news = answer.value if isinstance(answer, Reply) else None
            if type(news) is tuple:
                self._make_room()
                return news
            if isinstance(news, Opened):
                self._gate = news.gate
            elif isinstance(news, Ended):
                return None
            else:
                self._request.value_of(answer)  # raises

    def _make_room(self) -> None:
        self._room += 1
        if self._room == self._portion and self._gate is not None:
            kernel.send(self._gate, self._room)
            self._room = 0

    async def close(self) -> None:
        """Ends the generator over there; leaves nothing in the consumer's mailbox."""
        with suppress(NoNode):  # it has stopped, and every process of it
            if kernel.self() == self._request.client.pid:
                await self._forget()
            else:  # the event loop closes it, and that in nobody's name
                await asyncio.get_running_loop().create_task(self._forget(), context=self._context)

    async def _forget(self) -> None:
        self._request.abandon()
        with suppress(TimeoutError):
            while True:
                await kernel.receive(ref=self._request.ref, timeout=0)
