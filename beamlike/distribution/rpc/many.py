"""One function on many nodes: to each its own outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, NoReturn, TypeAlias, TypeVar, overload

from beamlike.behaviours.deadline import deadline
from beamlike.behaviours.servers.sent_requests import RequestCollection, Response
from beamlike.behaviours.tasks.task_outcome import Ok
from beamlike.distribution.rpc.call_errors import CallTimedOut
from beamlike.distribution.rpc.calls import cast, seconds_until
from beamlike.distribution.rpc.remote_request import check_call, send_request
from beamlike.kernel.performing import name_of
from beamlike.kernel.record import frozen

T = TypeVar("T")


@frozen
class Failed:
    """The call of `node` has no value: `error` is what `call` would have raised."""

    node: str
    error: Exception

    def result(self) -> NoReturn:
        """Raises the error."""
        raise self.error


Outcome: TypeAlias = Ok[T] | Failed


@overload
async def multicall(
    nodes: Iterable[str],
    function: Callable[..., Awaitable[T]],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> list[Outcome[T]]: ...
@overload
async def multicall(
    nodes: Iterable[str],
    function: Callable[..., T],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> list[Outcome[T]]: ...
async def multicall(
    nodes: Iterable[str],
    function: Callable[..., Any],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> list[Outcome[Any]]:
    """Runs `function(*args)` on each of `nodes` at once, and returns Ok(value) or Failed(node, error) for each, in the
    order of `nodes`, when all are there or `timeout` seconds have passed.

    UnencodableTerm if the function cannot travel; no node runs it then, but this one, if it was named before another.

    >>> import asyncio, os, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         return bl.rpc.values(await bl.rpc.multicall([node.name, node.name], divmod, 7, 2, timeout=5))
    >>> asyncio.run(main())
    [(3, 1), (3, 1)]
    """
    until, names = deadline(timeout), _checked(nodes, function, unknown)
    outcomes: dict[int, Outcome[Any]] = {}
    with RequestCollection() as requests:
        for place, node in enumerate(names):
            requests.add(send_request(node, function, *args, max_result=max_result), label=place)
        with suppress(TimeoutError):  # who has not answered is told by its absence
            async for response in requests.responses(seconds_until(until)):
                outcomes[response.label] = _outcome(names[response.label], response)
    late = {place: node for place, node in enumerate(names) if place not in outcomes}
    outcomes |= {place: Failed(node, CallTimedOut(name_of(function), node, timeout)) for place, node in late.items()}
    return [outcomes[place] for place in range(len(names))]


def multicast(nodes: Iterable[str], function: Callable[..., Any], *args: Any, **unknown: Any) -> None:
    """Runs `function(*args)` on each of `nodes` and does not wait; those that cannot be reached are no error."""
    for node in _checked(nodes, function, unknown):
        cast(node, function, *args)


def values(outcomes: Iterable[Outcome[T]]) -> list[T]:
    """The values, in order. If a node has none, an ExceptionGroup of the errors of all that have none.

    >>> values([Ok(1), Ok(2)])
    [1, 2]
    """
    outcomes = list(outcomes)
    failed = [outcome for outcome in outcomes if isinstance(outcome, Failed)]
    if failed:
        nodes = ", ".join(outcome.node for outcome in failed)
        raise ExceptionGroup(
            f"expected a value of each of {len(outcomes)} calls, {len(failed)} have none: those of {nodes}",
            [outcome.error for outcome in failed],
        )
    return [outcome.value for outcome in outcomes if isinstance(outcome, Ok)]


def _checked(nodes: Iterable[str], function: Callable[..., Any], unknown: dict[str, Any]) -> list[str]:
    if isinstance(nodes, str):
        raise TypeError(f"expected the names of nodes, got the one name {nodes!r}; put it into a list")
    names = list(nodes)
    for node in names:
        check_call(node, function, unknown)
    return names


def _outcome(node: str, response: Response) -> Outcome[Any]:
    return Ok(response.reply) if response.error is None else Failed(node, response.error)
