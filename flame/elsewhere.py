"""Callers on other nodes, and on other loops: each call has a process here that calls in the caller's place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import beamlike as bl
from beamlike.kernel import group_leader
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Reason
from flame.calls import Call, Takes, settled
from flame.errors import FlameError
from flame.listening import listening
from flame.outcome import Outcome, Raised, Returned, outcome_of
from flame.output_sink import sink_for_caller
from flame.pool_requests import Perform
from flame.traced import within
from flame.watches import Watches


class Elsewhere:
    """The calls of callers elsewhere, for the process of a pool."""

    def __init__(self, calls: Takes, watches: Watches) -> None:
        self._calls = calls
        self._watches = watches
        self.performed: dict[bl.Ref, bl.Pid] = {}

    def perform(self, request: Perform, client: Client) -> None:
        """In a process of its own, which ends with the caller, unless the work is to go on without him."""
        pid = bl.spawn(_perform_here, self._calls, request, client)
        self.performed[request.call] = pid

        def over(_reason: Reason) -> None:
            self.performed.pop(request.call, None)
            for ref in watched:
                self._watches.end(ref)
            bl.exit(pid, "kill")

        others = (pid, client.pid) if request.request.link else (pid,)
        watched = [self._watches.begin(other, over) for other in others]

    def abandon(self, call: bl.Ref) -> None:
        """The caller waits no more."""
        pid = self.performed.get(call)
        if pid is not None:
            bl.exit(pid, "kill")


async def _perform_here(calls: Takes, request: Perform, client: Client) -> None:
    """Calls for `client`, who has the outcome as an answer: an exception by itself would lose its traceback."""
    answer: Outcome | Exception
    group_leader.set_leader(request.leader)
    call = Call(replace(request.request, sink=sink_for_caller()))
    try:
        with within(request.span):
            answer = Returned(await _settled_here(call, calls))
    except FlameError as error:
        answer = error
    except Exception as error:
        answer = call.outcome if isinstance(call.outcome, Raised) else outcome_of(error, bl.self())
    try:
        bl.GenServer.reply(client, answer)
    except bl.UnencodableTerm as error:  # it could come here, but cannot go on
        bl.GenServer.reply(client, outcome_of(error, bl.self()))


async def _settled_here(call: Call, calls: Takes) -> Any:
    """Its progress goes by way of this node, to which the child is connected in any case."""
    address = call.request.progress
    if address is None:
        return await settled(call, calls)
    async with listening(lambda progress: bl.send(address, bl.Reply(address.ref, progress))) as here:
        call.request = replace(call.request, sink=sink_for_caller(here))
        return await settled(call, calls)
