"""A call whose outcome is fetched later, by `receive_response` and its like or out of a collection (`bl.Requests`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.behaviours.servers.sent_requests import SentRequest
from beamlike.behaviours.tasks.task_outcome import name_of
from beamlike.distribution.rpc.call_errors import CallTimedOut, of_end
from beamlike.distribution.rpc.performing import Raised, perform
from beamlike.kernel import functions as kernel
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.node import check_node_name
from beamlike.kernel.record import record
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
    return asked(node, function, perform, (function, args, max_result), once=True)


def asked(
    node: str, function: Callable[..., Any], work: Callable[..., Any], args: tuple[Any, ...], *, once: bool
) -> RemoteRequest:
    """Spawns `work(answer_to, *args)` on `node` under a monitor; a one-shot address or one for many answers."""
    ref = kernel.make_ref()
    answer_to = kernel.alias(ref, once=once)
    try:
        kernel.spawn_tied(work, (answer_to, *args), node, monitor=ref)
    except BaseException:  # it cannot travel
        kernel.unalias(answer_to)
        raise
    return RemoteRequest(node, name_of(function), answer_to)


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
