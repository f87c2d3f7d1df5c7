"""Requests whose answer is fetched later: one (`send_request`), a collection (`Requests`), one to each of many nodes
(`multi_call`, `abcast`).

An answer waits in the mailbox of the process that asked until it is fetched there. So fetch it in that process, not in
a child task of a server: the server's loop would take it for a message to `handle_info`; that is where
`check_response` finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from beamlike.behaviours.deadline import deadline
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.behaviours.servers.server_messages import Cast
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import Call
from beamlike.kernel.call_errors import CallFailed, CallTimeout, value_of
from beamlike.kernel.current import current_node
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Server, address_of
from beamlike.kernel.terms import Alias, Down, Ref, Reply


@record
class Request:
    """A request that was sent and whose answer has not been fetched."""

    server: Server
    request: Any
    client: Alias

    @property
    def ref(self) -> Ref:
        return self.client.ref

    def abandon(self) -> None:
        """Lets the answer vanish, whether it has come or not."""
        kernel.demonitor(self.client.ref, flush=True)


def send_request(server: Server, request: Any) -> Request:
    """Asks as `call` does and does not wait. Fetch the answer with one of the functions below.

    >>> import asyncio, beamlike as bl
    >>> class Upper(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         return request.upper()
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         server = await Upper.start_link()
    ...         first, second = send_request(server, "a"), send_request(server, "b")
    ...         return await receive_response(second), await receive_response(first)
    >>> asyncio.run(main())
    ('B', 'A')
    """
    address = address_of(server)
    client = kernel.open_request(address)
    try:
        kernel.send(address, Call(client.pid, client.id, request))
    except BaseException:  # it cannot travel
        kernel.demonitor(client.ref, flush=True)
        raise
    return Request(server, request, client)


async def receive_response(request: Request, timeout: float | None = None) -> Any:
    """The reply. CallFailed if there will be none; CallTimeout after `timeout` seconds, which abandons the request."""
    try:
        answer = await _answer(request, timeout)
    finally:
        request.abandon()
    return value_of(answer, request.server, request.request)


async def wait_response(request: Request, timeout: float | None = None) -> Any:
    """As receive_response, but CallTimeout keeps the request: it may be waited for again."""
    answer = await _answer(request, timeout)
    request.abandon()
    return value_of(answer, request.server, request.request)


async def _answer(request: Request, timeout: float | None) -> Reply | Down:
    if request.client.pid != kernel.self():
        raise ValueError(f"expected {request.client.pid}, which asked, to fetch the answer, not {kernel.self()}")
    try:
        answer: Reply | Down = await kernel.receive(ref=request.ref, timeout=timeout)
    except TimeoutError:
        raise CallTimeout(request.server, request.request, timeout) from None
    return answer


def check_response(message: Any, request: Request) -> Any:
    """The reply, if `message` is the answer to `request`, else NO_REPLY; CallFailed if it says there will be none."""
    if not isinstance(message, Reply | Down) or message.ref != request.ref:
        return NO_REPLY
    request.abandon()
    return value_of(message, request.server, request.request)


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to one request of a collection: `result()` is its reply, or raises its error."""

    label: Any
    reply: Any = NO_REPLY
    error: CallFailed | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.reply


class Requests:
    """Requests in flight, each under a label, collected as they are answered. Used in a `with` block, those that have
    not been answered at its end are abandoned.

    >>> async def names(servers):
    ...     with Requests() as requests:
    ...         for server in servers:
    ...             requests.send(server, "name?", label=server)
    ...         return [response.result() async for response in requests.responses(timeout=5)]
    """

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Any, Request]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def __len__(self) -> int:
        """How many have not been answered."""
        return len(self._waiting)

    def send(self, server: Server, request: Any, *, label: Any = None) -> None:
        """Asks, as send_request does."""
        self.add(send_request(server, request), label=label)

    def add(self, request: Request, *, label: Any = None) -> None:
        """Takes over a request that was sent."""
        self._waiting[request.ref.id] = label, request

    async def receive(self, timeout: float | None = None) -> Response:
        """The next answer, of whichever request. TimeoutError after `timeout` seconds, and all stay in flight;
        LookupError if none is."""
        if not self._waiting:
            raise LookupError("expected requests in flight, found none: every one has been answered")
        try:
            answer = await kernel.receive(self._is_answer, timeout=timeout)
        except TimeoutError:
            raise TimeoutError(f"none of {len(self)} requests was answered within {timeout} s") from None
        return self._taken(answer)

    async def responses(self, timeout: float | None = None) -> AsyncIterator[Response]:
        """The answers as they come, until none is missing. TimeoutError when `timeout` seconds have passed in all, and
        those that are missing stay in flight."""
        clock = asyncio.get_running_loop().time
        until = deadline(timeout)
        while self._waiting:
            yield await self.receive(max(0.0, until - clock()) if until is not None else None)

    def check(self, message: Any) -> Response | None:
        """The answer that `message` is, for a process that receives by itself; None if it is something else."""
        return self._taken(message) if self._is_answer(message) else None

    def abandon(self) -> None:
        """Lets the answers that are missing vanish."""
        while self._waiting:
            self._waiting.popitem()[1][1].abandon()

    def _is_answer(self, message: Any) -> bool:
        return isinstance(message, Reply | Down) and message.ref.id in self._waiting

    def _taken(self, answer: Reply | Down) -> Response:
        label, request = self._waiting.pop(answer.ref.id)
        request.abandon()
        try:
            return Response(label, value_of(answer, request.server, request.request))
        except CallFailed as error:
            return Response(label, error=error)


# One request to each of many nodes.


async def multi_call(
    name: str, request: Any, *, nodes: Iterable[str] | None = None, timeout: float | None = None
) -> tuple[list[tuple[str, Any]], list[str]]:
    """Calls the server `name` on each of `nodes` at once; by default on this node and all that are connected.

    Returns the replies as [(node, reply)] and the nodes without one, both in the order asked: there is no such server,
    the node cannot be reached, or it took longer than `timeout` seconds; a late reply vanishes.

    >>> import asyncio, beamlike as bl
    >>> class Echo(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         return request
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await Echo.start_link(name="echo")
    ...         return await multi_call("echo", "hello"), await multi_call("nobody", "hello")
    >>> asyncio.run(main())
    (([('doc@127.0.0.1', 'hello')], []), ([], ['doc@127.0.0.1']))
    """
    asked = _nodes(nodes)
    replies: dict[str, Any] = {}
    with Requests() as requests, suppress(TimeoutError):  # who has not answered is told by its absence
        for node in asked:
            requests.send((name, node), request, label=node)
        async for response in requests.responses(timeout):
            if response.error is None:
                replies[response.label] = response.reply
    return [(node, replies[node]) for node in asked if node in replies], [node for node in asked if node not in replies]


def abcast(name: str, request: Any, *, nodes: Iterable[str] | None = None) -> None:
    """Casts to the server `name` on each of `nodes`; by default on this node and all that are connected."""
    for node in _nodes(nodes):
        kernel.send((name, node), Cast(request))


def _nodes(nodes: Iterable[str] | None) -> list[str]:
    """Each once, in order."""
    return list(dict.fromkeys(nodes if nodes is not None else (current_node().name, *kernel.nodes())))
