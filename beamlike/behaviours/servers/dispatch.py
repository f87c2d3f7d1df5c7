"""From a message to its callback, and from what the callback returned to what is to be done about it."""

from __future__ import annotations

from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeAlias

from beamlike.behaviours.handed_function import value_of
from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.outcomes import NO_REPLY, Continue, Stop, TimeoutAfter
from beamlike.behaviours.servers.server_messages import Cast, StopRequest, TypedCall, TypedCast
from beamlike.behaviours.servers.typed_calls import CastMethod, perform
from beamlike.kernel import functions as kernel
from beamlike.kernel.call import reply
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.failed import Failed
from beamlike.kernel.question import Call, Client, Question
from beamlike.kernel.terms import Exit, Pid

OnReply: TypeAlias = Callable[[Client | None, Any], None]
"""Hears what became of a message: the reply that went to the client, or NO_REPLY."""


def call_back(server: Callbacks, message: Any, parent: Pid | None) -> Any:
    """Calls the callback that `message` is for. Its value may have to be awaited: `complete` does."""
    kind = type(message)
    if kind is Call:
        return server.handle_call(message.request, message)
    if kind is Cast:
        return server.handle_cast(message.request)
    if kind is TypedCall or kind is TypedCast:
        return perform(server, message.request)
    if kind is StopRequest or (kind is Exit and message.pid == parent):
        raise Stop(message.reason)
    return server.handle_info(message)


async def complete(server: Callbacks, message: Any, outcome: Any, on_reply: OnReply | None = None) -> float | None:
    """Awaits an async callback, answers a call, continues. After how many seconds without a message a Timeout is due,
    if at all. TypeError for what a callback that answers nobody may not return."""
    if hasattr(outcome, "__await__"):
        outcome = await outcome
    if type(outcome) is CoroutineType:
        raise forgotten_await(server, message, outcome)
    client = message.client if isinstance(message, Question) else None
    if client is None and not _is_step(outcome):
        _check_unanswered(server, message, outcome)
    value = outcome.reply if isinstance(outcome, Continue | TimeoutAfter) else outcome
    if client is not None and value is not NO_REPLY:
        answer(client, value)
    if on_reply is not None:
        on_reply(client, value)
    while isinstance(outcome, Continue):
        outcome = await value_of(server.handle_continue(outcome.value))
        if not _is_step(outcome):
            raise _no_step(server, "handle_continue", outcome)
    return outcome.seconds if isinstance(outcome, TimeoutAfter) else None


def _is_step(outcome: Any) -> bool:
    return outcome is None or outcome is NO_REPLY or isinstance(outcome, Continue | TimeoutAfter)


def _check_unanswered(server: Callbacks, message: Any, outcome: Any) -> None:
    if isinstance(message, TypedCast) and not isinstance(
        server._interface.methods.get(message.request.method), CastMethod
    ):
        return  # the mistake of a client is not the end of the server
    raise _no_step(server, _callback_for(message), outcome)


def _callback_for(message: Any) -> str:
    match message:
        case Call():
            return "handle_call"
        case Cast():
            return "handle_cast"
        case TypedCall(_, request) | TypedCast(request):
            return request.method
        case _:
            return "handle_info"


def forgotten_await(server: Callbacks, message: Any, coroutine: CoroutineType[Any, Any, Any]) -> TypeError:
    """The error of an async callback whose value is a coroutine that nobody awaits."""
    coroutine.close()  # the error says it better than Python's warning
    return TypeError(
        f"expected {_callback_for(message)} of {type(server).__name__} to return a value, got the coroutine "
        f"{coroutine.__qualname__}: write `return await {coroutine.__name__}(...)`"
    )


def _no_step(server: Callbacks, callback: str, outcome: Any) -> TypeError:
    return TypeError(
        f"expected {callback} of {type(server).__name__} to return None, Continue, TimeoutAfter or NO_REPLY, got "
        f"{outcome!r}; the state is kept in attributes of self, and `raise bl.Stop(reason)` ends the server"
    )


def answer(client: Client, value: Any) -> None:
    """Replies; a value that cannot travel is the error of this call, and not the end of the server."""
    try:
        reply(client, value)
    except Exception as error:
        answer_failed(client, error)


def answer_failed(client: Client, error: Exception) -> None:
    reply(client, Failed(exit_reason(error, kernel.self())))
