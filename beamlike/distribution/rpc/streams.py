"""A generator on another node, item by item, at the pace of who consumes it.

    consumer ── spawn ──► taker ── spawn, monitored ──► feeder, on the other node (see `feeding`)
    consumer ◄── items ── taker ◄── items ───────────── feeder

The taker, a process beside the consumer, keeps what comes out of the consumer's mailbox, where a `receive` in the loop
over the items would find it. It lives until the stream is closed or its consumer ends, and the feeder lives for it: so
the generator is closed, however the iteration ends. After `break` the event loop closes the stream as soon as nobody
holds it; `contextlib.aclosing` says when.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar, overload

from beamlike.behaviours.deadline import check_seconds
from beamlike.distribution.rpc.call_errors import CallTimedOut, of_end
from beamlike.distribution.rpc.feeding import Ended, Opened, feed
from beamlike.distribution.rpc.remote_request import check_call
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.errors import NoNode
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.performing import Raised, name_of
from beamlike.kernel.terms import Down, Pid

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
    stream = _Stream(node, function, args, window)
    try:
        while (item := await stream.next(timeout)) is not None:
            yield item[0]
    finally:
        stream.close()


News: TypeAlias = tuple[Any] | Opened | Ended | Raised | Down | Exception
"""What the taker hands on: an item as a tuple of one, or how it begins or ends."""


class _Arrivals:
    """What has come for the consumer, and its wait for more."""

    def __init__(self) -> None:
        self._news: deque[News] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, news: News) -> None:
        self._news.append(news)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def next(self, timeout: float | None) -> News:
        if not self._news:
            self._waiter = asyncio.get_running_loop().create_future()
            async with asyncio.timeout(timeout):
                await self._waiter
        return self._news.popleft()


async def _take(
    consumer: Pid, arrivals: _Arrivals, node: str, function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    """The taker's code."""
    end = kernel.monitor(consumer)
    try:
        ref = kernel.make_ref()
        kernel.spawn_tied(feed, (kernel.alias(ref), function, *args), node, monitor=ref)
        while not isinstance(message := await kernel.receive(), Down):
            arrivals.put(message.value)
        if message.ref != end:
            arrivals.put(message)
    except Exception as error:  # the function cannot travel
        arrivals.put(error)
    finally:
        arrivals.put(Down(end, kernel.self(), terms.KILLED))  # if somebody has ended this process


class _Stream:
    def __init__(self, node: str, function: Callable[..., Any], args: tuple[Any, ...], window: int) -> None:
        self._node = node
        self._function = name_of(function)
        self._consumer = kernel.self()
        self._arrivals = _Arrivals()
        self._taker = kernel.spawn(_take, self._consumer, self._arrivals, node, function, (args, window))
        self._gate: Pid | None = None
        # Room is told of in portions, so that it costs few messages.
        self._portion = max(1, window // 2)
        self._room = 0

    async def next(self, timeout: float | None) -> tuple[Any] | None:
        """The next item; None if there is none."""
        if (asker := kernel.self()) != self._consumer:
            raise ValueError(f"expected {self._consumer}, which began it, to go on with the stream, got {asker}")
        while True:
            try:
                news = await self._arrivals.next(timeout)
            except TimeoutError:
                raise CallTimedOut(self._function, self._node, timeout) from None
            match news:
                case tuple():
                    self._make_room()
                    return news
                case Opened(gate):
                    self._gate = gate
                case Ended():
                    return None
                case Raised(info):
                    raise reraisable(info)
                case Down():
                    raise of_end(self._function, self._node, news.reason)
                case _:
                    raise news

    def _make_room(self) -> None:
        self._room += 1
        if self._room == self._portion and self._gate is not None:
            kernel.send(self._gate, self._room)
            self._room = 0

    def close(self) -> None:
        """Ends the generator over there."""
        with suppress(NoNode):  # it has stopped, and every process of it
            kernel.exit(self._taker, terms.KILL)
