"""Which call runs where: the slots of a pool's runners, and the calls that wait for one.

A lane stands for one runner. A call that asks gets a slot of an open lane at once, or waits in line; each slot that
falls free goes to whoever has waited longest. How many runners there are is not decided here: see `pool_state`.

    ask ──► a slot, or the line ──► a slot ──► done                     its slot is free
                     │                    └──► kept ──► released        its result stays, and so holds the slot
                     └──► leave                abandoned ──► done       nobody waits, but the work has not ended

Rules that are easily broken:
- A slot is free when its work has ended or its node is gone, never merely because the caller left.
- Calls with one key go to one runner as long as that takes calls, and wait for it; so do those that must run where a
  value is. They stand in the lane's own line, and whoever came first goes first, over both lines.
- A value that stays holds its call's slot; a call that works on the value runs in that slot, also on a runner that
  takes no other calls: it can run nowhere else, and who uses the value is to come to an end with it.
- Of many short calls, as those of a map, as many again as there are slots may be sent ahead while nobody waits: the
  runner begins them as its slots fall free.

Every call passes here twice, so this is plain mutable state, without I/O and without a clock, and no reducer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from typing import Final, Literal, TypeAlias

RunnerId: TypeAlias = int
Placement: TypeAlias = Literal["spread", "pack"]


class Ticket:
    """A call as far as it concerns the slots: since when it waits, what it is bound to, and the lane that it got."""

    __slots__ = ("abandoned", "began", "bulk", "home", "key", "lane", "line", "order", "since")

    def __init__(self, key: Hashable = None, home: str | None = None, *, bulk: bool = False) -> None:
        self.bulk = bulk
        """One of many, for which it matters how many are done in a second, and not when this one begins."""
        self.key = key
        """Calls of one key go to one runner; None for any."""
        self.home = home
        """The node that it must run on, since a value that it uses is there."""
        self.since = self.began = 0.0
        self.order = 0
        self.lane: Lane | None = None
        self.line: OrderedDict[Ticket, None] | None = None
        self.abandoned = False


class Lane:
    """The slots of one runner."""

    __slots__ = (
        "abandoned",
        "idle_since",
        "kept",
        "keys",
        "line",
        "node",
        "open",
        "pace",
        "runner",
        "served",
        "serves_kept",
        "slots",
        "taken",
        "uses",
        "working",
    )

    def __init__(self, runner: RunnerId, node: str, slots: int, uses: int | None, now: float) -> None:
        self.runner = runner
        self.node = node
        self.slots = slots
        self.uses = uses
        """How many calls it takes yet; None: any number."""
        self.open = True
        self.serves_kept = True
        """Whether calls on what stays there may begin though it is not open."""
        self.served = False
        """Whether that it was lent has been told."""
        self.working: dict[Ticket, None] = {}
        self.kept: dict[Ticket, None] = {}
        self.taken = 0
        """Slots that are not free: by calls at work and by results that stay."""
        self.abandoned = 0
        self.pace = LONG
        """How many seconds a call of many takes here lately, from its slot to its end."""
        self.idle_since: float | None = now
        self.keys: OrderedDict[Hashable, None] = OrderedDict()
        """The one that was used longest ago comes first."""
        self.line: OrderedDict[Ticket, None] = OrderedDict()

    @property
    def takes_calls(self) -> bool:
        return self.open and self.uses != 0

    def has_room(self, ticket: Ticket) -> bool:
        if ticket.home is not None:
            return (self.takes_calls or self.takes_calls_on_kept) and len(self.working) < self.slots
        return self.takes_calls and self.taken < self.slots

    @property
    def takes_calls_on_kept(self) -> bool:
        return self.serves_kept and bool(self.kept)


Grants: TypeAlias = list[Ticket]
"""Calls that have just got a lane."""

MANY_KEYS: Final = 1 << 30
QUICK_SECONDS: Final = 0.02
"""Calls of many that take less are sent ahead of the slots: the way there and back would leave these empty."""
LONG: Final = 1.0


class Dispatch:
    """The slots of one pool; see the head of this file.

    >>> dispatch = Dispatch()
    >>> first, second = Ticket(), Ticket()
    >>> dispatch.ask(first, 0.0), len(dispatch.open(1, "cpu-1@127.0.0.1", 1, 0.2)), first.lane.runner
    (False, 1, 1)
    >>> dispatch.ask(second, 0.3), dispatch.done(first, 0.4) == [second]
    (False, True)
    """

    def __init__(
        self, placement: Placement = "spread", *, single_use: bool = False, keys_per_runner: int | None = None
    ) -> None:
        self._packs = placement == "pack"
        self._uses = 1 if single_use else None
        self._most_keys = keys_per_runner or MANY_KEYS
        self.lanes: dict[RunnerId, Lane] = {}
        self._by_node: dict[str, Lane] = {}
        self._by_key: dict[Hashable, Lane] = {}
        self._free_by_load: list[dict[RunnerId, Lane]] = []
        """Open lanes with a free slot, by how many are taken."""
        self._full: dict[RunnerId, Lane] = {}
        """Open lanes without one."""
        self._first_load = 0
        """No lane with a free slot is to be used before those of this load."""
        self._line: OrderedDict[Ticket, None] = OrderedDict()
        self._away: OrderedDict[Ticket, None] = OrderedDict()
        """Those that must run on a node which is not here, or not yet: they would hold up the others."""
        self._keys_in_line: dict[Hashable, int] = {}
        """How many of `_line` wait for each key."""
        self._covered = 0
        """Of those: for how many another runner is of no use, since one of their key waits before them, or has one."""
        self._orders = 0
        self._now = 0.0
        self.waiting = 0
        self.evicted: list[tuple[Lane, Hashable]] = []
        """Keys that a runner may forget; whoever tells it empties the list."""

    # Calls.

    def ask(self, ticket: Ticket, now: float) -> bool:
        """Whether it got a slot at once; it waits in line otherwise."""
        ticket.since = self._now = now
        self._orders += 1
        ticket.order = self._orders
        lane = self._lane_for(ticket)
        if lane is None:
            self._wait(ticket)
            return False
        self._grant(ticket, lane)
        return True

    def leave(self, ticket: Ticket) -> None:
        """It waits no more."""
        if ticket.line is not None:
            self._leave_line(ticket)

    def abandon(self, ticket: Ticket) -> None:
        """Nobody waits for its outcome, and its work was told to end; its slot is taken until it has."""
        if ticket.lane is not None and not ticket.abandoned and ticket in ticket.lane.working:
            ticket.abandoned = True
            ticket.lane.abandoned += 1

    def done(self, ticket: Ticket, now: float) -> Grants:
        """Its work has ended."""
        lane = ticket.lane
        if lane is None or ticket not in lane.working:  # its runner was lost first
            return []
        del lane.working[ticket]
        lane.abandoned -= ticket.abandoned
        if ticket.bulk:
            lane.pace += 0.2 * (now - ticket.began - lane.pace)
        return self._freed(lane, now)

    def keep(self, ticket: Ticket, now: float) -> Grants:
        """Its work has ended, and its result stays there."""
        self._now = now
        lane = ticket.lane
        if lane is None or ticket not in lane.working:
            return []
        del lane.working[ticket]
        lane.abandoned -= ticket.abandoned
        lane.kept[ticket] = None
        return self._serve(lane) if lane.line else []

    def release(self, ticket: Ticket, now: float) -> Grants:
        """Nobody uses its result any more."""
        lane = ticket.lane
        if lane is None or ticket not in lane.kept:
            return []
        del lane.kept[ticket]
        return self._freed(lane, now)

    # Runners.

    def open(self, runner: RunnerId, node: str, slots: int, now: float) -> Grants:
        """A runner takes calls, for the first time or again."""
        lane = self.lanes.get(runner)
        if lane is None:
            lane = self.lanes[runner] = self._by_node[node] = Lane(runner, node, slots, self._uses, now)
        lane.open = lane.serves_kept = True
        self._now = now
        while len(self._free_by_load) < slots:
            self._free_by_load.append({})
        self._offer(lane)
        self._send_home(lane)
        return self._serve(lane)

    def close(self, *runners: RunnerId, but_for_kept: bool = False) -> Grants:
        """Runners take no more calls, `but_for_kept`: but for those on what stays there; those that they have may end.
        What waits for their keys goes elsewhere, and to none of these; what must run there waits on, since they may be
        opened again."""
        lanes = [lane for runner in runners if (lane := self.lanes.get(runner)) is not None]
        closed = [lane for lane in lanes if lane.open]
        for lane in closed:
            self._withdraw(lane)
            lane.open = False
        for lane in closed:
            self._unbind(lane)
        for lane in lanes:
            lane.serves_kept = but_for_kept
        served = [*self._free()] if closed and self._line else []
        served += [lane for lane in lanes if lane.line] if but_for_kept else []
        return [ticket for lane in served for ticket in self._serve(lane)]

    def remove(self, runner: RunnerId) -> tuple[list[Ticket], list[Ticket], Grants]:
        """A runner is gone: the calls that it had, those that can now run nowhere, and those that go elsewhere."""
        lane = self.lanes.get(runner)
        if lane is None:
            return [], [], []
        granted = self.close(runner)
        del self.lanes[runner], self._by_node[lane.node]
        homeless = list(lane.line)
        for ticket in homeless:
            self._leave_line(ticket)
        lost = list(lane.working)
        lane.working.clear()
        lane.kept.clear()
        return lost, homeless, granted

    # How it stands.

    def first_since(self) -> float | None:
        """Since when the first in line waits; None if nobody does."""
        firsts = [next(iter(line)).since for line in self._lines() if line]
        return min(firsts, default=None)

    @property
    def bound(self) -> int:
        """How many wait for one runner alone, or for one that another call of their key waits for."""
        return self.waiting - len(self._line) + self._covered

    def waiters(self) -> list[Ticket]:
        """All who wait, in their order."""
        return sorted((ticket for line in self._lines() for ticket in line), key=lambda ticket: ticket.order)

    def is_quick(self) -> bool:
        """Whether the calls of many are so short lately that some may be sent ahead."""
        return not self.waiting and any(lane.pace < QUICK_SECONDS for lane in self.lanes.values())

    def has_lane(self, node: str) -> bool:
        return node in self._by_node

    def _lines(self) -> Iterator[OrderedDict[Ticket, None]]:
        yield self._line
        yield self._away
        for lane in self.lanes.values():
            yield lane.line

    # Who goes where.

    def _lane_for(self, ticket: Ticket) -> Lane | None:
        bound = self._bound(ticket)
        if bound is not None:
            return bound if bound.has_room(ticket) else None
        if ticket.home is not None:
            return None
        if ticket.key is not None:
            return min(self._free(), key=lambda lane: (len(lane.keys), lane.taken), default=None)
        return self._first_free() or (self._ahead() if ticket.bulk and not self.waiting else None)

    def _bound(self, ticket: Ticket) -> Lane | None:
        """The one lane that may take it, if there is such a one."""
        if ticket.home is not None:
            return self._by_node.get(ticket.home)
        return None if ticket.key is None else self._by_key.get(ticket.key)

    def _free(self) -> Iterator[Lane]:
        """The open lanes with a free slot, in the order in which they are to be used."""
        loads = self._free_by_load
        for lanes in reversed(loads) if self._packs else loads:
            yield from lanes.values()

    def _first_free(self) -> Lane | None:
        loads = self._free_by_load
        if self._packs:
            return next(self._free(), None)
        while self._first_load < len(loads):
            for lane in loads[self._first_load].values():
                return lane
            self._first_load += 1
        return None

    def _ahead(self) -> Lane | None:
        """A runner whose slots are taken and will soon be free: the call waits over there."""
        quick = [lane for lane in self._full.values() if lane.pace < QUICK_SECONDS and lane.taken < 2 * lane.slots]
        return min(quick, key=lambda lane: lane.taken, default=None)

    def _wait(self, ticket: Ticket) -> None:
        bound = self._bound(ticket)
        if bound is not None:
            ticket.line = bound.line
        else:
            ticket.line = self._line if ticket.home is None else self._away
        if ticket.key is not None and ticket.line is self._line:
            before = self._keys_in_line.get(ticket.key, 0)
            self._keys_in_line[ticket.key] = before + 1
            self._covered += before > 0
        ticket.line[ticket] = None
        self.waiting += 1

    def _leave_line(self, ticket: Ticket) -> None:
        assert ticket.line is not None
        if ticket.key is not None and ticket.line is self._line:
            left = self._keys_in_line.pop(ticket.key) - 1
            if left:
                self._keys_in_line[ticket.key] = left
            self._covered -= left > 0 or ticket.key in self._by_key
        del ticket.line[ticket]
        ticket.line = None
        self.waiting -= 1

    def _grant(self, ticket: Ticket, lane: Lane) -> None:
        self._withdraw(lane)
        ticket.lane = lane
        ticket.began = self._now
        lane.working[ticket] = None
        lane.taken += 1
        lane.idle_since = None
        if lane.uses:  # a call on what stays there is none of those
            lane.uses -= 1
        if ticket.key is not None and ticket.home is None:
            self._bind(ticket.key, lane)
        self._offer(lane)

    def _freed(self, lane: Lane, now: float) -> Grants:
        self._now = now
        self._withdraw(lane)
        lane.taken -= 1
        if not lane.taken:
            lane.idle_since = now
        if not lane.open:
            return self._serve(lane) if lane.line else []
        self._offer(lane)
        return self._serve(lane) if self.waiting else []

    def _serve(self, lane: Lane) -> Grants:
        """Gives the free slots of `lane` to those who wait, in their order."""
        grants: Grants = []
        while (ticket := self._next(lane)) is not None:
            self._leave_line(ticket)
            bound = self._bound(ticket)
            if bound is not None and bound is not lane:  # its key has got a runner since
                self._wait_in_order(ticket, bound)
                if bound.has_room(next(iter(bound.line))):
                    grants += self._serve(bound)
                continue
            self._grant(ticket, lane)
            grants.append(ticket)
        return grants

    def _next(self, lane: Lane) -> Ticket | None:
        """Who has waited longest of those who may have a slot of this lane now."""
        takes_calls = lane.takes_calls
        if not takes_calls or lane.taken >= lane.slots:
            # Then only the slots of results that stay, for those that work on these.
            works_here = (takes_calls or lane.serves_kept) and lane.kept and len(lane.working) < lane.slots
            return next((ticket for ticket in lane.line if ticket.home is not None), None) if works_here else None
        own = next(iter(lane.line), None)
        anybody = next(iter(self._line), None)
        return anybody if own is None or (anybody is not None and anybody.order < own.order) else own

    def _wait_in_order(self, ticket: Ticket, lane: Lane) -> None:
        ticket.line = lane.line
        lane.line[ticket] = None
        self.waiting += 1
        _sort(lane.line)

    def _send_home(self, lane: Lane) -> None:
        """Those who waited for this node before it took calls."""
        for ticket in [ticket for ticket in self._away if ticket.home == lane.node]:
            self._leave_line(ticket)
            self._wait_in_order(ticket, lane)

    # Keys.

    def _bind(self, key: Hashable, lane: Lane) -> None:
        self._covered += key in self._keys_in_line and key not in self._by_key
        self._by_key[key] = lane
        lane.keys[key] = None
        lane.keys.move_to_end(key)
        while len(lane.keys) > self._most_keys:
            oldest, _ = lane.keys.popitem(last=False)
            self._forget(oldest)
            self.evicted.append((lane, oldest))
            self._free_waiters([ticket for ticket in lane.line if ticket.key == oldest and ticket.home is None])

    def _unbind(self, lane: Lane) -> None:
        for key in lane.keys:
            self._forget(key)
        lane.keys.clear()
        self._free_waiters([ticket for ticket in lane.line if ticket.home is None])

    def _forget(self, key: Hashable) -> None:
        if self._by_key.pop(key, None) is not None:
            self._covered -= key in self._keys_in_line

    def _free_waiters(self, freed: list[Ticket]) -> None:
        """They wait for no runner in particular any more."""
        for ticket in freed:
            self._leave_line(ticket)
            self._wait(ticket)
        if freed:
            _sort(self._line)

    # Load.

    def _offer(self, lane: Lane) -> None:
        """Its free slots may be had, if it takes calls at all."""
        load = lane.taken
        if not lane.open or lane.uses == 0:
            return
        if load >= lane.slots:
            self._full[lane.runner] = lane
            return
        self._free_by_load[load][lane.runner] = lane
        if load < self._first_load:
            self._first_load = load

    def _withdraw(self, lane: Lane) -> None:
        lanes = self._full if lane.taken >= lane.slots else self._free_by_load[lane.taken]
        lanes.pop(lane.runner, None)


def _sort(line: OrderedDict[Ticket, None]) -> None:
    for ticket in sorted(line, key=lambda ticket: ticket.order):
        line.move_to_end(ticket)
