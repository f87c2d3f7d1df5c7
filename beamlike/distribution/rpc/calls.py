"""One call, and one that nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from beamlike.behaviours.deadline import check_seconds, deadline
from beamlike.behaviours.servers.sent_requests import next_answer
from beamlike.distribution.rpc.call_errors import CallTimedOut, of_end
from beamlike.distribution.rpc.remote_request import check_call, send_request
from beamlike.distribution.rpc.result_size import bounded
from beamlike.kernel import current
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import answer_to
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.failed import TIMED_OUT, Failed
from beamlike.kernel.performing import Raised, name_of
from beamlike.kernel.spawn import apply
from beamlike.kernel.states import RUNNING
from beamlike.kernel.terms import Alias

T = TypeVar("T")


@overload
async def call(
    node: str,
    function: Callable[..., Awaitable[T]],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> T: ...
@overload
async def call(
    node: str,
    function: Callable[..., T],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> T: ...
async def call(
    node: str,
    function: Callable[..., Any],
    *args: Any,
    timeout: float | None = None,
    max_result: int | None = None,
    **unknown: Any,
) -> Any:
    """Runs `function(*args)`, async or plain, on `node` and returns its value, or raises what it raised.

    After `timeout` seconds, in which connecting, sending and running all count, CallTimedOut; NodeLost if the node
    cannot be reached or is lost meanwhile; CallEnded if the process over there is ended; ResultTooLarge for more than
    `max_result` bytes; UnencodableTerm if the function (nothing has run then) or its value cannot travel. When the
    caller stops waiting, the work ends. Keywords of the function itself go through functools.partial.

    >>> import asyncio, os, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         return await bl.rpc.call(node.name, os.getpid, timeout=5) == os.getpid()
    >>> asyncio.run(main())
    True
    """
    process = current.process_here()
    if process.state is not RUNNING or not process.runs:
        return await _call_from_task(node, function, args, timeout, max_result, unknown)
    check_call(node, function, unknown)
    check_seconds(timeout)
    client = Alias(process.pid, process.node.next_id())
    apply(process, client, bounded(function, max_result), args, node)
    answer = await answer_to(process, client, timeout)
    if type(answer) is Raised:
        raise reraisable(answer.info)
    if type(answer) is Failed:
        raise error_of(answer, name_of(function), node, timeout)
    return answer


async def _call_from_task(
    node: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    timeout: float | None,
    max_result: int | None,
    unknown: dict[str, Any],
) -> Any:
    """As `call`, from other code than that of a process which runs: the answer comes through the mailbox."""
    until = deadline(timeout)
    request = send_request(node, function, *args, max_result=max_result, **unknown)
    try:
        answer = await next_answer(request, seconds_until(until))
    except CallTimedOut:
        raise request.timed_out(timeout) from None
    finally:
        request.abandon()
    return request.value_of(answer)


def cast(node: str, function: Callable[..., Any], *args: Any, **unknown: Any) -> None:
    """Runs `function(*args)` on `node` and does not wait; a node that cannot be reached is no error."""
    check_call(node, function, unknown)
    kernel.spawn(function, *args, node=node)


def error_of(failed: Failed, function: str, node: str, seconds: float | None) -> Exception:
    """Of a call that has no outcome of its function."""
    if failed.reason is TIMED_OUT:
        return CallTimedOut(function, node, seconds)
    return of_end(function, node, failed.reason)


def seconds_until(until: float | None) -> float | None:
    """What is left of a time limit."""
    return None if until is None else max(0.0, until - asyncio.get_running_loop().time())
