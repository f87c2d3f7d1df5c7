"""Slots that are held: by a stream for as long as it runs, and by a placed process, which keeps its own."""

from __future__ import annotations

import functools

import beamlike as bl
from beamlike.kernel.question import Client
from flame.calls import Call
from flame.hold import Hold
from flame.leasing import END, STAY, Lease, Placed, Reserve, Unlink
from flame.traced import within
from flame.traffic import Traffic
from flame.watches import Watches


class Holds:
    """Those of one pool, in its process."""

    def __init__(self, traffic: Traffic, watches: Watches) -> None:
        self._traffic = traffic
        self._watches = watches
        self.by_lease: dict[bl.Ref, Hold] = {}
        self._stoppers: set[bl.Pid] = set()

    def reserve(self, request: Reserve, client: Client) -> None:
        hold = Hold(request.request, functools.partial(self._lease, request, client))
        hold.then = lambda call: bl.GenServer.reply(client, call.outcome)
        hold.holder = self._watches.begin(client.pid, lambda _reason: self._holder_gone(request.lease))
        self.by_lease[request.lease] = hold
        with within(request.span):
            self._traffic.submit(hold)

    def _lease(self, request: Reserve, client: Client, hold: Call) -> None:
        lease = request.lease
        left = None if hold.seconds is None else max(0.0, hold.since + hold.seconds - self._traffic.now())
        self._traffic.forget_deadline(hold)
        assert hold.lane is not None
        hold.then = lambda call: self._tell_loss(lease, call)
        span = self._traffic.span_of(hold) or request.span
        bl.GenServer.reply(client, Lease(lease, hold.lane.node, left, span))

    def _holder_gone(self, lease: bl.Ref) -> None:
        hold = self.by_lease.get(lease)
        if hold is not None and hold.placed is None:
            self.release(lease, even_if_placed=True)

    def release(self, lease: bl.Ref, *, even_if_placed: bool = False) -> None:
        hold = self.by_lease.get(lease)
        if hold is None or (hold.placed is not None and not even_if_placed):
            return
        del self.by_lease[lease]
        self._watches.end(hold.holder)
        self._traffic.release(hold)

    def placed_for(self, stopper: bl.Pid) -> list[bl.Pid]:
        """What is placed; `stopper` unlinks itself from that, and is linked to nothing that is placed from now on."""
        self._stoppers.add(stopper)
        return [hold.placed for hold in self.placed if hold.placed is not None]

    def place(self, placed: Placed, client: Client) -> bool:
        """Whether the holder is to be linked to it."""
        is_linked = placed.link and client.pid not in self._stoppers
        hold = self.by_lease.get(placed.lease)
        if hold is None:  # its node is lost, or its holder is gone
            bl.exit(placed.pid, "kill")
            return is_linked
        hold.placed, hold.keeper = placed.pid, placed.keeper
        bl.send(placed.keeper, STAY)
        if placed.link and not is_linked:  # before it can be told to end
            bl.send(placed.keeper, Unlink(client.pid))
        self._watches.end(hold.holder)
        if placed.link:
            hold.holder = self._watches.begin(client.pid, lambda reason: bl.exit(placed.pid, reason))
        self._watches.begin(placed.pid, lambda _reason: self.release(placed.lease, even_if_placed=True))
        return is_linked

    @property
    def placed(self) -> list[Hold]:
        """Those of placed processes, on runners that are not lost."""
        placed = [hold for hold in self.by_lease.values() if hold.placed is not None]
        return [hold for hold in placed if hold.lane is not None and hold in hold.lane.working]

    def end_placed(self) -> None:
        """Has each placed process end, as its supervisor would, if it has not been told yet."""
        for hold in self.placed:
            keeper, hold.keeper = hold.keeper, None
            if keeper is not None:
                bl.send(keeper, END)

    def ask_loss(self, lease: bl.Ref, client: Client) -> None:
        hold = self.by_lease.get(lease)
        if hold is None or hold.lane is None:
            bl.GenServer.reply(client, None)
        elif hold.then is None:
            bl.GenServer.reply(client, hold.outcome)
        else:
            hold.curious.append(client)

    def _tell_loss(self, lease: bl.Ref, hold: Call) -> None:
        assert isinstance(hold, Hold)
        for client in hold.curious:
            bl.GenServer.reply(client, hold.outcome)
        hold.curious.clear()
