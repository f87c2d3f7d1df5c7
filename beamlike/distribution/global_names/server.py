"""The name server of a node: the process that tells its core what happens, and does what that wants.

It lives on the loop of the distribution, under a supervisor. Its core outlives it: should it be killed, the next
server answers for the names and locks of this node's processes as before, and to other nodes all is as if the
connection had been lost for a moment.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import field
from typing import Any, Final, Protocol, assert_never
from weakref import WeakKeyDictionary

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.distribution.errors import UnencodableTerm
from beamlike.distribution.global_names import events, requests
from beamlike.distribution.global_names.core import Core
from beamlike.distribution.global_names.deciding import decide
from beamlike.distribution.global_names.events import Effect, Event
from beamlike.distribution.global_names.messages import Address, Answer, Forward, Message
from beamlike.distribution.global_names.name_table import NameTable
from beamlike.distribution.global_names.requests import SERVER
from beamlike.kernel import functions as kernel
from beamlike.kernel import timers
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import LinkBusy, NoProcess, NotConnected
from beamlike.kernel.node import LocalNode
from beamlike.kernel.question import Client
from beamlike.kernel.record import record, slotted
from beamlike.kernel.terms import NOCONNECTION, Down, NodeDown, NodeUp, Pid, Reason, Ref, RemoteName

logger = logging.getLogger("beamlike.global")

INTENSITY: Final = 10
"""Restarts within five seconds that the server may need."""


class Connections(Protocol):
    """Of a node: a `Cluster`."""

    async def connect(self, name: str, address: Address | None = None) -> None: ...

    def disconnect(self, name: str) -> bool: ...


@slotted
class Seat:
    """What a name server is started with, and what it leaves to the next: the core. `address` tells where other nodes
    reach this one; a `hidden` node is a cluster of its own."""

    connections: Connections
    address: Callable[[], Address | None]
    hidden: bool
    connect_all: bool
    prevent_overlap: bool
    table: NameTable = field(default_factory=NameTable)
    core: Core | None = None


@record
class ToServer:
    """From one name server to another."""

    source: Pid
    message: Message


class NameServer(GenServer):
    def init(self, seat: Seat) -> None:
        self._seat = seat
        self._me = kernel.self()
        self._now = asyncio.get_running_loop().time
        self._servers: dict[str, Ref] = {}
        self._processes: dict[Pid, Ref] = {}
        self._deciding: dict[Ref, int] = {}
        self._timers: dict[Ref, timers.Timer] = {}
        self._clients: dict[Hashable, Client] = {}
        if seat.core is None:
            seat.core = Core(self._me, seat.table, connect_all=seat.connect_all, prevent_overlap=seat.prevent_overlap)
            effects: list[Effect] = []
        else:
            effects = seat.core.restarted(self._me)
        self._core = seat.core
        self._perform(effects)
        if not seat.hidden:
            kernel.monitor_nodes()
            for node in kernel.nodes():
                self._peer_up(node)

    # What happens.

    def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case requests.Register(pid=pid) if pid.node == self._me.node and not kernel.is_alive(pid):
                return False
            case requests.Register(name, pid, resolve, replace):
                self._apply(events.Register(client, name, pid, resolve, replace))
            case requests.Unregister(name):
                self._apply(events.Unregister(client, name))
            case requests.SetLock():
                self._set_lock(request, client)
            case requests.DelLock(holder, resource, requester):
                self._apply(events.DelLock(client, holder, resource, requester))
            case requests.Sync():
                self._apply(events.Sync(client))
            case _:
                raise TypeError(f"the name server does not know the call {request!r}; use bl.global_")
        return NO_REPLY

    def handle_cast(self, request: Any) -> None:
        match request:
            case requests.CancelLock(ref):
                self._clients.pop(ref, None)
                self._apply(events.CancelLock(ref))
            case _:
                raise TypeError(f"the name server does not know the cast {request!r}; use bl.global_")

    def handle_info(self, message: Any) -> None:
        match message:
            case ToServer(source, content):
                self._apply(events.Heard(source, content))
            case NodeUp(node):
                self._peer_up(node)
            case NodeDown(node, _):
                self._servers.pop(node, None)
                self._apply(events.PeerDown(node))
            case Down(ref, target, reason):
                self._down(ref, target, reason)
            case events.TimeUp(ref):
                self._timers.pop(ref, None)
                self._apply(message)
            case events.DialEnded() | events.Resolved():
                self._apply(message)
            case _:
                logger.warning("the name server of %s does not know the message %r", self._me.node, message)

    def _peer_up(self, node: str) -> None:
        self._core.listens_at(self._seat.address())
        self._apply(events.PeerUp(node))

    def _set_lock(self, wish: requests.SetLock, client: Client) -> None:
        now = self._now()
        until = None if wish.patience is None else now + wish.patience
        self._clients[wish.ref] = client
        self._apply(events.SetLock(wish.ref, wish.holder, wish.resource, wish.requester, wish.nodes, now, until))

    def _down(self, ref: Ref, target: Pid | RemoteName, reason: Reason) -> None:
        if isinstance(target, Pid) and self._processes.get(target) == ref:
            del self._processes[target]
            self._apply(events.ProcessDown(target))
        elif ref in self._deciding:
            self._apply(events.Resolved(self._deciding.pop(ref), None))
        elif reason != NOCONNECTION:  # else NodeDown is to come
            for node in [node for node, watch in self._servers.items() if watch == ref]:
                del self._servers[node]
                self._apply(events.ServerGone(node))

    def _apply(self, event: Event) -> None:
        self._perform(self._core.apply(event))

    # What is to be done.

    def _perform(self, effects: list[Effect]) -> None:
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case events.Send(to, message):
                self._send(to, message)
            case events.Reply(request, value):
                self._reply(request, value)
            case events.WatchServer(node, server):
                self._watch_server(node, server)
            case events.WatchProcess(pid):
                self._processes[pid] = kernel.monitor(pid)
            case events.UnwatchProcess(pid):
                kernel.demonitor(self._processes.pop(pid), flush=True)
            case events.SetTimer(ref, at):
                self._timers[ref] = timers.send_after(self._me, events.TimeUp(ref), max(0.0, at - self._now()))
            case events.CancelTimer(ref):
                if ref in self._timers:
                    timers.cancel_timer(self._timers.pop(ref))
            case events.Resolve(number, resolve, name, pids):
                _, ref = kernel.spawn_monitor(decide, self._me, number, resolve, name, pids)
                self._deciding[ref] = number
            case events.Dial(node, address):
                kernel.spawn(_dial, self._seat.connections, self._me, node, address)
            case events.HangUp(node, reporter):
                logger.warning(
                    "%s disconnects from %s, which %s has lost: parts of a cluster must not overlap",
                    self._me.node,
                    node,
                    reporter,
                )
                self._seat.connections.disconnect(node)
            case _:
                assert_never(effect)

    def _send(self, to: Pid | str, message: Message) -> None:
        """Never makes a connection: what a node is to be told that was just lost is told when it is back."""
        node, address = (to, (SERVER, to)) if isinstance(to, str) else (to.node, to)
        if not self._is_connected(node):
            return
        try:
            kernel.send(address, ToServer(self._me, message))
        except LinkBusy as error:  # without this message the two servers would not be in step
            logger.warning("%s disconnects from %s: %s", self._me.node, node, error)
            self._seat.connections.disconnect(node)
        except UnencodableTerm as error:  # a resolver, as all else has been looked at
            logger.error("a name cannot be registered by %s, since its resolver cannot travel: %s", node, error)
            if isinstance(to, Pid) and isinstance(message, Forward):
                self._apply(events.Heard(to, Answer(message.number, False)))

    def _watch_server(self, node: str, server: Pid | None) -> None:
        if (before := self._servers.pop(node, None)) is not None:
            kernel.demonitor(before, flush=True)
        if self._is_connected(node):
            self._servers[node] = kernel.monitor(server or (SERVER, node))

    def _is_connected(self, node: str) -> bool:
        return node in kernel.nodes()

    def _reply(self, request: Hashable, value: Any) -> None:
        client = request if isinstance(request, Client) else self._clients.pop(request, None)
        if client is not None:
            GenServer.reply(client, value)


async def _dial(connections: Connections, server: Pid, node: str, address: Address | None) -> None:
    try:
        await connections.connect(node, address)
    except NotConnected as error:
        logger.info("a node that is known to others cannot be reached: %s", error)
    finally:
        kernel.send(server, events.DialEnded(node))


async def start_name_server(seat: Seat) -> None:
    """Starts the name server of the current node, on the running loop."""
    _tables[current_node()] = seat.table
    await Supervisor.start([NameServer.child_spec(seat, name=SERVER)], intensity=INTENSITY)


def table_of(node: LocalNode) -> NameTable | None:
    """The names as that node knows them; None if it has no name server."""
    return _tables.get(node)


def table_here() -> NameTable:
    """The names as the current node knows them, also while its name server starts again."""
    node = current_node()
    table = _tables.get(node)
    if table is None:
        raise NoProcess(f"no name server runs on {node.name}: a node has one that was started with bl.Node")
    return table


_tables: WeakKeyDictionary[LocalNode, NameTable] = WeakKeyDictionary()
