"""The calls on their way to one desk: small ones that were made in one turn of the loop go as one message.

A large one may overtake another, but not be overtaken by the word that nobody waits for it: what goes in one name stays
in order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.performing import room_towards
from beamlike.kernel.signals import Send
from flame.calls import Call
from flame.errors import Cancelled
from flame.output_sink import Sink
from flame.turn_batch import TurnBatch
from flame.work import AS_TOLD, SINK, WORKS, Asked, Cancel, Evict, letter


class Outbox:
    """For the desk `desk`; to be made in a process of the pool. `fail` gets calls that cannot travel."""

    def __init__(self, desk: bl.Pid, fail: Callable[[Call, Exception], None]) -> None:
        self._desk = desk
        self._fail = fail
        self._node = current.current_node()
        self._batch: TurnBatch[Call] = TurnBatch(self._send_batch)
        self._sink: Sink | None = None
        """What the desk was told last: who gets the output of calls that do not say otherwise."""
        self._large: set[Call] = set()
        """Those that have not left yet."""

    def put(self, call: Call) -> None:
        if call.is_light:
            self._batch.add(call)
        else:
            self._send_later(call)

    def _send_later(self, call: Call) -> None:
        self._large.add(call)
        bl.spawn(self._send_large, call)

    def cancel(self, call: Call) -> None:
        """The desk hears of it after it has heard of the call. One that has not left does not leave."""
        self._batch.flush()
        if call not in self._large:
            self._node.route(Send(call.sender, self._desk, Cancel(call.number)))

    def evict(self, key: Hashable) -> None:
        """The desk hears of it after it has heard of the calls of this key, but for large ones."""
        self._batch.flush()
        self.send(Evict(key))

    def send(self, message: object) -> None:
        self._node.route(Send(None, self._desk, message))

    def _send_batch(self, batch: list[Call]) -> None:
        like: list[Call] = []
        for call in batch:
            if like and not _goes_with(call, like[-1]):
                self._send(like)
                like = []
            like.append(call)
        self._send(like)

    async def _send_large(self, call: Call) -> None:
        """In a process of its own, so that what is large holds nobody up, and waits here while the link is full."""
        try:
            await room_towards(self._desk.node)
        finally:
            self._large.discard(call)
        call.sender = bl.self()
        if call.abandoned:
            self._fail(call, Cancelled("nobody waits for it any more"))
            return
        request = call.request
        try:
            call.letter = [call]
            bl.send(self._desk, self._letter([call], request.sink))
        except bl.LinkBusy:  # others have filled it meanwhile
            self._send_later(call)
        except Exception as error:
            self._fail(call, error)

    def _send(self, calls: list[Call]) -> None:
        request = calls[0].request
        for call in calls:
            call.letter = calls
        try:
            if request.sink is not self._sink and request.sink != self._sink:
                self.send((SINK, request.sink))
                self._sink = request.sink
            self.send(self._letter(calls, AS_TOLD))
        except bl.LinkBusy:
            for call in calls:
                self._send_later(call)
        except Exception as error:
            if len(calls) == 1:
                self._fail(calls[0], error)
                return
            self.send_alone(calls)

    def send_alone(self, calls: list[Call]) -> None:
        """Each in a letter of its own, since one of them spoils the one that they had."""
        for call in calls:
            self._send([call])

    def _letter(self, calls: list[Call], sink: object) -> bl.Reply:
        request = calls[0].request
        asked: list[Asked] = [(call.number, call.args) for call in calls]
        return letter(self._node.name, calls[0].number, (WORKS, request.function, sink, asked, request.keyed))


def _goes_with(call: Call, other: Call) -> bool:
    one, two = call.request, other.request
    return (
        one.function is two.function
        and (one.sink is two.sink or one.sink == two.sink)
        and one.init is two.init
        and (one.init is None or one.key is two.key)
    )
