"""The process of a scope: it does what `ScopeState` decides, and everybody of its node reads that state."""

from __future__ import annotations

import logging
from typing import Any, Final, assert_never

from beamlike.behaviours.owned_tables import OwnedTables
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.distribution.errors import UnencodableTerm
from beamlike.distribution.process_groups.roster import Group
from beamlike.distribution.process_groups.scope_state import Demonitor, Monitor, ScopeState, Send
from beamlike.distribution.process_groups.watchers import Watch
from beamlike.kernel import functions as kernel
from beamlike.kernel import timers
from beamlike.kernel.errors import LinkBusy
from beamlike.kernel.question import Client
from beamlike.kernel.record import record
from beamlike.kernel.terms import Down, NodeDown, NodeUp, Pid, Ref, RemoteName

PATIENCE: Final = 1.0
"""Seconds until a node that reads too slowly is told all at once."""

logger = logging.getLogger("beamlike.pg")


@record
class Join:
    """Called: these processes of this node become members."""

    group: Group
    pids: tuple[Pid, ...]


@record
class Leave:
    """Called: one join of each is taken back."""

    group: Group
    pids: tuple[Pid, ...]


@record
class Unwatch:
    """Called: the watch of this reference ends. A `Watch` begins it."""

    ref: Ref


@record
class MeetAgain:
    """Sent to itself: something could not be sent to that node."""

    node: str


class Scope(GenServer):
    """To be started with the name of the scope, and under that name."""

    def init(self, scope: str) -> None:
        self._state = ScopeState(scope, kernel.self())
        # What the kernel calls the monitors that the state wants.
        self._monitors: dict[Pid, Ref] = {}
        # Nodes that read too slowly, and have missed something.
        self._busy: set[str] = set()
        states.publish(self._state)
        kernel.monitor_nodes(hidden=True)
        for node in kernel.nodes(hidden=True):
            self._state.node_up(node)
        self._perform()

    def handle_call(self, request: Any, client: Client) -> Any:
        answer = self._answer(request)
        self._perform()
        return answer

    def _answer(self, request: Any) -> Any:
        match request:
            case Join(group, pids):
                return self._state.join(group, pids)
            case Leave(group, pids):
                return self._state.leave(group, pids)
            case Watch():
                return self._state.watch(request)
            case Unwatch(ref):
                return self._state.unwatch(ref)
            case _:
                raise TypeError(f"a scope of process groups does not know the call {request!r}; use bl.pg")

    def handle_info(self, message: Any) -> None:
        match message:
            case ("join" | "leave" as change, Pid() as peer, int(version), dict(members)):
                self._state.changed(change, peer, version, members)
            case ("discover" | "sync", Pid() as peer, *_) if self._is_of_the_past(peer):
                pass
            case ("discover", Pid() as peer):
                self._state.discovered(peer)
            case ("sync", Pid() as peer, int(version), dict(members)):
                self._state.synced(peer, version, members)
            case NodeUp(node):
                self._state.node_up(node)
            case MeetAgain(node):
                self._busy.discard(node)
                self._state.met_again(node)
            case NodeDown():
                pass  # Its scope is monitored.
            case Down(_, Pid() as pid, _):
                del self._monitors[pid]
                self._state.down(pid)
            case _:
                super().handle_info(message)
        self._perform()

    def _is_of_the_past(self, peer: Pid) -> bool:
        """A stranger, whose connection has been lost: to meet it would be to dial its node."""
        return not self._state.knows(peer) and peer.node not in kernel.nodes(hidden=True)

    def _perform(self) -> None:
        effects = self._state.take_effects()
        here = kernel.self().node
        connected = {here, *kernel.nodes(hidden=True)} if effects else set()
        for effect in effects:
            match effect:
                case Send(to, message):
                    if _node_of(to) in connected:
                        self._send(to, message)
                case Monitor(pid):
                    self._monitors[pid] = kernel.monitor(pid)
                case Demonitor(pid):
                    kernel.demonitor(self._monitors.pop(pid), flush=True)
                case _:
                    assert_never(effect)

    def _send(self, to: Pid | RemoteName, message: tuple[Any, ...]) -> None:
        try:
            kernel.send(to, message)
        except UnencodableTerm as error:  # of a group's name: the groups of all others must not end with it
            logger.error("%s cannot be told of a change of groups: %s", to, error)
        except LinkBusy:
            self._meet_again_later(_node_of(to))

    def _meet_again_later(self, node: str) -> None:
        if node not in self._busy:
            self._busy.add(node)
            timers.send_after(kernel.self(), MeetAgain(node), PATIENCE)


def _node_of(to: Pid | RemoteName) -> str:
    return to.node if isinstance(to, Pid) else to[1]


states: OwnedTables[ScopeState] = OwnedTables("scope of process groups", "bl.pg.start_link")
"""Of the scopes of every node in this interpreter."""
