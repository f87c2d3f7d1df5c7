"""Calls a function on another node: a process of its own there, and its outcome here.

The remote process is monitored, and its answer comes to a one-shot alias, so a node that is lost in the middle is
seen at once and an answer that is too late vanishes. An exception over there is raised here as its own type, with the
traceback from there as its cause. What the function prints goes to the caller's group leader, before the outcome.
Unlike erpc, a call that times out or is cancelled also ends its work on the other node.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beamlike.kernel import functions as kernel
from beamlike.kernel import group_leader, terms
from beamlike.kernel.errors import BeamlikeError, NotConnected, ProcessExit
from beamlike.kernel.exceptions import describe_exception, reraisable
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Pid, Ref, Reply


@dataclass(frozen=True, slots=True)
class _Raised:
    info: ExceptionInfo


class CallEnded(BeamlikeError):
    """The process that ran the call was ended before it had an outcome: by somebody, or by `sys.exit`."""


async def call(node: str, function: Callable[..., Any], *args: Any, timeout: float | None = None) -> Any:
    """Runs `function(*args)` on `node` and returns its value; an async function is awaited there.

    A plain function runs on the other node's event loop, so it should be short (for long work see `flame.call`).
    Raises what the function raises, NotConnected if the node is lost or cannot be reached, TimeoutError after
    `timeout` seconds.

    >>> import asyncio, os, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1") as node:
    ...         return await bl.rpc.call(node.name, os.getpid, timeout=5) == os.getpid()
    >>> asyncio.run(main())
    True
    """
    ref = kernel.make_ref()
    answer_to = kernel.alias(ref, once=True)
    try:
        pid = kernel.spawn_tied(_perform, (answer_to, function, args), node, monitor=ref)
        answer = await _answer(pid, ref, timeout)
    except TimeoutError:
        raise TimeoutError(f"{_name(function)} on {node} gave no result within {timeout} s") from None
    finally:
        kernel.demonitor(ref, flush=True)
    return _outcome(node, function, answer)


async def _answer(pid: Pid, ref: Ref, timeout: float | None) -> Reply | Down:
    try:
        answer: Reply | Down = await kernel.receive(ref=ref, timeout=timeout)
    except BaseException:
        kernel.exit(pid, terms.KILL)
        raise
    return answer


def cast(node: str, function: Callable[..., Any], *args: Any) -> None:
    """Runs `function(*args)` on `node` and does not wait; a node that cannot be reached is no error."""
    kernel.spawn(function, *args, node=node)


async def _perform(answer_to: Alias, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        value = function(*args)
        if inspect.isawaitable(value):
            value = await value
        group_leader.flush()
        kernel.send(answer_to, Reply(answer_to.ref, value))
    except SystemExit as error:
        # Who wants to exit ends this process; the node has other guests.
        raise ProcessExit(f"SystemExit: {error.code}") from None
    except Exception as error:
        group_leader.flush()
        kernel.send(answer_to, Reply(answer_to.ref, _Raised(describe_exception(error, kernel.self()))))


def _outcome(node: str, function: Callable[..., Any], answer: Reply | Down) -> Any:
    if isinstance(answer, Down):
        if answer.reason == terms.NOCONNECTION:
            raise NotConnected(
                f"{node} cannot be reached or was lost during {_name(function)}; `await bl.connect({node!r})` says why"
            )
        raise CallEnded(f"{_name(function)} on {node} ended without a result: {answer.reason}")
    if isinstance(answer.value, _Raised):
        raise reraisable(answer.value.info)
    return answer.value


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


__all__ = ["CallEnded", "call", "cast"]
