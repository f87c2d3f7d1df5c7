"""Requests whose answers are fetched later: one by one, or collected as they come.

An answer waits in the mailbox of the process that asked until it is fetched there. So fetch it in that process, not in
a child task of a server: the server's loop would take it for a message to `handle_info`; that is where
`check_response` finds it.

What is asked of whom is the business of a kind of request: of a server (`gen_requests`), of another node
(`bl.rpc.send_request`). A collection may hold both.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Self

from beamlike.behaviours.deadline import deadline
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel import functions as kernel
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Alias, Down, Ref, Reply


class SentRequest:
    """A request that was sent and whose answer has not been fetched."""

    __slots__ = ()

    client: Alias
    """Where the answer is to go."""

    @property
    def ref(self) -> Ref:
        return self.client.ref

    def abandon(self) -> None:
        """Lets the answer vanish, whether it has come or not."""
        kernel.demonitor(self.client.ref, flush=True)

    def value_of(self, answer: Reply | Down) -> Any:
        """The reply; raises the error if the answer is that there is none."""
        raise NotImplementedError

    def timed_out(self, seconds: float | None) -> TimeoutError:
        """The error of one who has waited for so long."""
        raise NotImplementedError


async def receive_response(request: SentRequest, timeout: float | None = None) -> Any:
    """The reply, or an error if there will be none. A TimeoutError after `timeout` seconds, which abandons it."""
    try:
        answer = await next_answer(request, timeout)
    finally:
        request.abandon()
    return request.value_of(answer)


async def wait_response(request: SentRequest, timeout: float | None = None) -> Any:
    """As receive_response, but the TimeoutError keeps the request: it may be waited for again."""
    answer = await next_answer(request, timeout)
    request.abandon()
    return request.value_of(answer)


async def next_answer(request: SentRequest, timeout: float | None = None) -> Reply | Down:
    """What came for the request first and was not fetched, as it is. Its TimeoutError after `timeout` seconds."""
    if request.client.pid != kernel.self():
        raise ValueError(f"expected {request.client.pid}, which asked, to fetch the answer, not {kernel.self()}")
    try:
        answer: Reply | Down = await kernel.receive(ref=request.ref, timeout=timeout)
    except TimeoutError:
        raise request.timed_out(timeout) from None
    return answer


def check_response(message: Any, request: SentRequest) -> Any:
    """The reply, if `message` is the answer to `request`, else NO_REPLY; an error if it says there will be none."""
    if not isinstance(message, Reply | Down) or message.ref != request.ref:
        return NO_REPLY
    request.abandon()
    return request.value_of(message)


@frozen
class Response:
    """The answer to one request of a collection: `result()` is its reply, or raises its error."""

    label: Any
    reply: Any = NO_REPLY
    error: Exception | None = None

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self.reply


class RequestCollection:
    """Requests in flight, each under a label, collected as they are answered. Used in a `with` block, those that have
    not been answered at its end are abandoned."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Any, SentRequest]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def __len__(self) -> int:
        """How many have not been answered."""
        return len(self._waiting)

    def add(self, request: SentRequest, *, label: Any = None) -> None:
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
            return Response(label, request.value_of(answer))
        except Exception as error:
            return Response(label, error=error)
