"""Requests to servers whose answers are fetched later: one (`send_request`), a collection (`Requests`), one to each of
many nodes (`multi_call`, `abcast`). How answers are fetched stands in `sent_requests`.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from beamlike.behaviours.servers.sent_requests import RequestCollection, SentRequest
from beamlike.behaviours.servers.server_messages import Cast
from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import CallTimeout, value_of
from beamlike.kernel.current import current_node
from beamlike.kernel.question import Call
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Server, address_of
from beamlike.kernel.terms import Alias, Down, Reply


@record
class Request(SentRequest):
    """A request that was sent to a server. CallFailed if it will not be answered, CallTimeout if it is not in time."""

    server: Server
    request: Any
    client: Alias

    def value_of(self, answer: Reply | Down) -> Any:
        return value_of(answer, self.server, self.request)

    def timed_out(self, seconds: float | None) -> CallTimeout:
        return CallTimeout(self.server, self.request, seconds)


def send_request(server: Server, request: Any) -> Request:
    """Asks as `call` does and does not wait. Fetch the answer with one of the functions of `sent_requests`.

    >>> import asyncio, beamlike as bl
    >>> from beamlike.behaviours.servers.sent_requests import receive_response
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


class Requests(RequestCollection):
    """Requests in flight, each under a label, collected as they are answered. Used in a `with` block, those that have
    not been answered at its end are abandoned.

    >>> async def names(servers):
    ...     with Requests() as requests:
    ...         for server in servers:
    ...             requests.send(server, "name?", label=server)
    ...         return [response.result() async for response in requests.responses(timeout=5)]
    """

    def send(self, server: Server, request: Any, *, label: Any = None) -> None:
        """Asks, as send_request does. `add` takes over requests of any kind."""
        self.add(send_request(server, request), label=label)


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
