"""The calls on their way to one desk: small ones that were made in one turn of the loop go as one message.

A large one may overtake another, and be overtaken by the word that nobody waits for it: the desk keeps that in mind.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import Context

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.performing import room_towards
from beamlike.kernel.signals import Send
from flame.calls import Call, Request
from flame.errors import Cancelled
from flame.work import WORKS, Asked, Cancel, is_light


class Outbox:
    """For the desk `desk`; to be made in a process of the pool. `fail` gets calls that cannot travel."""

    def __init__(self, desk: bl.Pid, fail: Callable[[Call, Exception], None]) -> None:
        self._desk = desk
        self._fail = fail
        self._node = current.current_node()
        self._loop = asyncio.get_running_loop()
        self._context = Context()
        self._batch: list[Call] = []

    def put(self, call: Call) -> None:
        if not is_light(call.request.args):
            bl.spawn(self._send_large, call)
            return
        if not self._batch:
            # In a context of its own, which is not that of a caller who may be gone by then.
            self._loop.call_soon(self._flush, context=self._context)
        self._batch.append(call)

    def cancel(self, call: Call) -> None:
        """The desk hears of it after it has heard of the call."""
        if call in self._batch:
            self._flush()
        self.send(Cancel(call.number))

    def send(self, message: object) -> None:
        self._node.route(Send(None, self._desk, message))

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        light: list[Call] = []
        for call in batch:
            if light and not _goes_with(call, light[-1]):
                self._send(light)
                light = []
            light.append(call)
        if light:
            self._send(light)

    async def _send_large(self, call: Call) -> None:
        """In a process of its own, so that what is large holds nobody up, and waits here while the link is full."""
        await room_towards(self._desk.node)
        if call.abandoned:
            self._fail(call, Cancelled("nobody waits for it any more"))
            return
        request = call.request
        try:
            bl.send(self._desk, _works(request, [(call.number, request.args)]))
        except Exception as error:
            self._fail(call, error)

    def _send(self, calls: list[Call]) -> None:
        request = calls[0].request
        asked = [(call.number, call.request.args) for call in calls]
        try:
            self.send(_works(request, asked))
        except Exception as error:
            if len(calls) == 1:
                self._fail(calls[0], error)
                return
            for call in calls:
                self._send([call])


def _works(request: Request, asked: list[Asked]) -> tuple[object, ...]:
    return WORKS, request.function, request.sink, asked, request.keyed


def _goes_with(call: Call, other: Call) -> bool:
    one, two = call.request, other.request
    return (
        one.function is two.function
        and one.sink == two.sink
        and one.init is two.init
        and (one.init is None or one.key == two.key)
    )
