"""A call whose outcome is fetched later, by `receive_response` and its like or out of a collection (`bl.Requests`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.behaviours.servers.sent_requests import SentRequest
from beamlike.distribution.rpc.call_errors import CallTimedOut, of_end
from beamlike.distribution.rpc.result_size import bounded
from beamlike.kernel import current
from beamlike.kernel import functions as kernel
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.node import check_node_name
from beamlike.kernel.performing import Raised, name_of
from beamlike.kernel.record import record
from beamlike.kernel.spawn import apply
from beamlike.kernel.terms import Alias, Down, Reply


@record
class RemoteRequest(SentRequest):
    """A function that was asked to run on `node`. While somebody may fetch its outcome it runs; `abandon` ends it."""

    node: str
    function: str
    client: Alias

    def value_of(self, answer: Reply | Down) -> Any:
        if isinstance(answer, Down):
            raise of_end(self.function, self.node, answer.reason)
        if isinstance(answer.value, Raised):
            raise reraisable(answer.value.info)
        return answer.value

    def timed_out(self, seconds: float | None) -> CallTimedOut:
        return CallTimedOut(self.function, self.node, seconds)


def send_request(
    node: str, function: Callable[..., Any], *args: Any, max_result: int | None = None, **unknown: Any
) -> RemoteRequest:
    """Has `node` run `function(*args)` and does not wait. UnencodableTerm if the function cannot travel.

    >>> import asyncio, os, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         request = bl.rpc.send_request(node.name, pow, 2, 10)
    ...         return await bl.rpc.receive_response(request, timeout=5)
    >>> asyncio.run(main())
    1024
    """
    check_call(node, function, unknown)
    client = kernel.alias(once=True)
    try:
        apply(current.current_process(), client, bounded(function, max_result), args, node)
    except BaseException:  # it cannot travel
        kernel.unalias(client)
        raise
    return RemoteRequest(node, name_of(function), client)


def check_call(node: str, function: Callable[..., Any], unknown: dict[str, Any]) -> None:
    """TypeError or ValueError for what can be no call, before anything is sent."""
    if unknown:
        raise TypeError(
            f"a call of another node has no keyword {', '.join(map(repr, unknown))} (it has timeout and max_result); "
            "keywords of the function itself go through functools.partial"
        )
    check_node_name(node)
    if not callable(function):
        raise TypeError(f"expected a function to call on {node}, got {function!r}; pass its arguments after it")
