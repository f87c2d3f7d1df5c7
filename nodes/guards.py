"""What ends a child that should not be there any more, all at once, so that each covers where another cannot look.

    failsafe   it could not join its parent in time, also if its import or a name server hangs
    link       its connection to the parent was closed
    lease      nothing has come of the parent for the lease: it is frozen, or the network is cut
    lifetime   it has lived for as long as it may
    (lifeline  the parent's process ended: see `lifeline` and `child`)

The first of them has the node leave in order, for which there is little time; what it started is killed as it exits.
Or else a thread kills the process and its group, and if even a thread cannot run, because of C code that holds the
interpreter lock or since the process is stopped, the kernel kills it (see `dead_man`).

The lease is counted in beats of the child's own heartbeat, whose thread runs while the event loop is kept busy: a child
that froze together with its parent counts one beat for all that time. What the kernel is set to goes by the monotonic
clock, which does not run while a machine is suspended.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import beamlike as bl
from beamlike.distribution.connection import NET_TICK_TIMEOUT
from nodes.dead_man import DeadMan
from nodes.invitation import Invitation
from nodes.last_words import kill_own_group, say

LEAVE_SECONDS = 5.0
"""How long a child may take to clean up once it has to go."""
LATE_SECONDS = 1.0
"""How much later than what it stands in for the next one acts: a thread after the loop, the kernel after that."""
BEATS = 16
"""Of the child's heartbeat, in a lease."""


class Guards:
    """Of this process, from its start; any thread may tell it to leave."""

    def __init__(self, invitation: Invitation) -> None:
        self._invitation = invitation
        self._dials_until = time.monotonic() + invitation.dial_seconds
        self._lock = threading.Lock()
        self._why: str | None = None
        self._kills_at_end = False
        self._leave: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._on_silence, self._on_old_age = DeadMan(), DeadMan()
        global _here
        _here = self
        self._failsafe = _after(invitation.dial_seconds + LATE_SECONDS, self._cannot_join)
        self._on_silence.kill_in(invitation.dial_seconds + 2 * LATE_SECONDS)
        if invitation.max_lifetime is not None:
            _after(invitation.max_lifetime, self._is_too_old)
            self._on_old_age.kill_in(invitation.max_lifetime + LEAVE_SECONDS + LATE_SECONDS)

    @property
    def dial_seconds_left(self) -> float:
        """In which it is to join its parent, of those that it had at its start; enough for a try in any case. Then the
        failsafe acts, which has no time to say what was tried."""
        return max(LATE_SECONDS / 2, self._dials_until - time.monotonic())

    def watch(self, node: bl.Node) -> None:
        """`node` is about to join. What its parent sends may keep the loop busy at once, so nothing that watches the
        parent may need another turn of it."""
        node.cluster.heartbeat.tell_silence(self._invitation.parent, self._silent_for)

    def joined(self, node: bl.Node) -> asyncio.Event:
        """The node is connected to its parent. Returns what is set, in the running loop, when it is to leave."""
        gone = asyncio.Event()
        with self._lock:
            self._leave = asyncio.get_running_loop(), gone
            if self._why is not None:
                gone.set()
        node.spawn_beside(self._watch_link)
        return gone

    def leave(self, why: str, *, within: float, kills: bool = True) -> None:
        """Ends the node in order, and the process and its group if that is not over `within` seconds. For any thread;
        the first reason counts. With `kills` the group is killed in any case: else what this process started is, as it
        exits."""
        with self._lock:
            if self._why is not None:
                return
            self._why, self._kills_at_end = why, kills
            self._on_silence.kill_in(within + LATE_SECONDS)
            leave = self._leave
        _after(within, self._kill)
        say(why)
        if leave is not None:
            loop, gone = leave
            with suppress(RuntimeError):  # the loop is closed, and the process about to end
                loop.call_soon_threadsafe(gone.set)

    def left(self) -> None:
        """The node has left: whatever it was that held it up is over."""
        if self._kills_at_end:
            kill_own_group()

    # What they see.

    def _cannot_join(self) -> None:
        say(f"it could not join {self._invitation.parent} within {self._invitation.dial_seconds:g} s")
        kill_own_group()

    async def _watch_link(self) -> None:
        parent = self._invitation.parent
        bl.monitor_node(parent)
        down = await bl.receive(lambda news: isinstance(news, bl.NodeDown) and news.node == parent)
        if down.reason == NET_TICK_TIMEOUT:  # the loop has counted to the end before the heartbeat
            self._silent_for(BEATS)
        else:
            self.leave(f"the connection to {parent} is lost ({down.reason})", within=LEAVE_SECONDS, kills=False)

    def _silent_for(self, beats: int) -> None:
        lease = self._invitation.lease_seconds
        if beats >= BEATS:
            words = f"nothing was heard of {self._invitation.parent} for {lease:g} s, which is the lease"
            self.leave(words, within=min(LEAVE_SECONDS, lease))
        elif beats == 0:
            self._failsafe.cancel()
            with self._lock:
                if self._why is None:
                    self._on_silence.kill_in(2 * lease)

    def _is_too_old(self) -> None:
        self.leave(f"it has lived for {self._invitation.max_lifetime:g} s, which is its maximum", within=LEAVE_SECONDS)

    def _kill(self) -> None:
        say(f"it could not end by itself, and is killed: {self._why}")
        kill_own_group()


_here: Guards | None = None


def leave(why: str, *, after: float = 0.0) -> None:
    """This process ends in so many seconds, if it is a child that was booted; else it is not ours to end.

    >>> leave("nobody needs it")
    """
    guards = _here
    if guards is not None:
        _after(after, lambda: guards.leave(why, within=LEAVE_SECONDS))


def _after(seconds: float, function: Callable[[], None]) -> threading.Timer:
    """By a thread: no loop that is busy holds it up, nor an executor that the interpreter waits for at its end."""
    timer = threading.Timer(seconds, function)
    timer.daemon = True
    timer.start()
    return timer
