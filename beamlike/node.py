"""The node that users start: a `LocalNode` with distribution and code shipping.

    async with bl.Node("app@127.0.0.1") as node: ...       a script
    node = await bl.start("app@127.0.0.1")                 inside a running service; `await node.stop()` at its end

Every kernel function is a method of it, for interpreters in which several nodes run. It is one room because it is one
object's surface; what its methods do stands elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextvars import Context
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from beamlike.code.requirements.require import declare_script
from beamlike.code.server import CodeServer
from beamlike.distribution import introductions, rpc
from beamlike.distribution.addresses import host_of, one_spelling, split_port
from beamlike.distribution.cluster import INVITATION_LIFETIME, TICK_TIME, Cluster
from beamlike.distribution.connection import LARGEST_SIGNAL
from beamlike.distribution.dial_policy import AutoConnect
from beamlike.distribution.encryption import Encryption
from beamlike.distribution.errors import UnusableSecret
from beamlike.distribution.finding.joining import EVERY, JoinInfo, Joining
from beamlike.distribution.finding.strategy import Strategy
from beamlike.distribution.global_names.server import Seat, start_name_server
from beamlike.distribution.liveness import interrupt, node_state, who_is_blocking
from beamlike.distribution.process_groups import pg
from beamlike.distribution.process_groups.sight import start_sight
from beamlike.distribution.secret import (
    GIVEN,
    INVITED,
    OBSERVE,
    OBSERVERS_GIVEN,
    Role,
    Secret,
    load_observe_secret,
    load_secret,
)
from beamlike.distribution.tls_option import TlsOption, check_option
from beamlike.inspect.inspector import start_inspector
from beamlike.kernel import current, functions, terms, timers
from beamlike.kernel.bound import bound
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.inspection.mailbox_patrol import LIMIT as LONG_MAILBOX
from beamlike.kernel.inspection.mailbox_patrol import MailboxPatrol
from beamlike.kernel.node import LocalNode, check_node_name
from beamlike.kernel.scheduler import scheduler_of
from beamlike.kernel.spawn_request import abandon_spawn_request, spawn_request
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.threads.watchdog import Watch, monitor_stalls, watch
from beamlike.kernel.threads.watched_loop import THRESHOLD
from beamlike.loop_thread import LoopThread
from beamlike.scheduler_thread import SchedulerThread
from beamlike.tensors import travel as tensors

T = TypeVar("T")


class Node(LocalNode):
    """A node of a cluster; `name` is "word@host", and it listens on that host once started.

    `listen` is another "host:port" to listen on, or False to listen only when the node first becomes a parent.
    `join` is a strategy by which it finds its cluster, joins it, and stays in it (see `join`, the method).
    `secret` is the cluster's secret, else $BEAMLIKE_SECRET, else the user's secret file, made on first use. `observers`
    is another, with which others may look at this node and do nothing else (see `distribution.observers`), else
    $BEAMLIKE_OBSERVE_SECRET, else the user's file of it, if there is one; with False there are no observers. A `hidden`
    node is not in the `nodes()` of others. `own_thread` keeps the distribution in a thread of its own, so that it
    never waits for user code that blocks the event loop.

    A node of which nothing came for four times `tick_time` seconds is down; it is asked to show a sign of life as often
    as that needs. Whoever sends to a node that is not connected has it dialled: with `auto_connect="once"` not again
    after it was lost, with "never" not at all, until somebody connects to it.

    A node that dials "always" connects to the nodes that its peers know, unless `connect_all` is False; and it
    disconnects from a node that one of its peers has lost, unless `prevent_overlapping_partitions` is (see
    `bl.global_`).

    Links between machines are inside TLS, with certificates that the nodes make. `tls="always"` has those within the
    machine so as well, and `tls=bl.Tls(...)` takes certificates of your own authority.

    A message, or a result, of more than `largest_signal` bytes is refused where it is sent, and where it comes. With
    `accept_code` False no function, class or module comes along either: what others call must be here already.

    A watchdog logs who keeps the event loop from turning for longer than `stall_threshold` seconds; with None it tells
    only those who ask (`who_is_blocking`). With `own_thread` the log is of that thread's loop alone: user code may
    block the other one. A process for which more than `long_mailbox` messages wait is named in the log, too, within
    seconds (None: nobody looks).
    """

    def __init__(
        self,
        name: str,
        *,
        listen: str | Literal[False] | None = None,
        join: Strategy | None = None,
        secret: bytes | str | Secret | None = None,
        observers: bytes | str | Secret | Literal[False] | None = None,
        hidden: bool = False,
        own_thread: bool = False,
        stall_threshold: float | None = THRESHOLD,
        long_mailbox: int | None = LONG_MAILBOX,
        tick_time: float = TICK_TIME,
        auto_connect: AutoConnect = "always",
        connect_all: bool = True,
        prevent_overlapping_partitions: bool = True,
        tls: TlsOption = None,
        largest_signal: int = LARGEST_SIGNAL,
        accept_code: bool = True,
    ) -> None:
        self._secret = None if secret is None else _as_secret(secret)
        self._observers = _observers_secret(observers)
        del secret, observers  # what goes wrong from here on shows no secret, even in a traceback with local variables
        check_node_name(name)
        plain, address = split_port(name)
        if address is not None:
            raise ValueError(
                f"expected a node name like 'app@127.0.0.1', got the address {name!r}: "
                f"name the node {plain!r} and say where it listens by listen={name.partition('@')[2]!r}"
            )
        super().__init__(one_spelling(name))
        self.hidden = hidden
        self._listens = listen is not False
        self._endpoint = _host_and_port(listen or f"{host_of(name)}:0")
        self._join = None if join is None else _strategy(join)
        self._own_thread = own_thread
        if not isinstance(tick_time, int | float) or not tick_time > 0:
            raise ValueError(f"expected the tick time as a number of seconds above 0, got {tick_time!r}")
        self._tick_time = tick_time
        self._auto_connect = auto_connect
        self.tls = check_option(tls)
        self._largest_signal = largest_signal
        self.code = CodeServer(self.name, self._ask_for_code, accepts_code=accept_code, largest=largest_signal)
        self._connect_all = connect_all
        self._prevent_overlap = prevent_overlapping_partitions
        self._stall_threshold = stall_threshold
        self._watch: Watch | None = None
        self._long_mailbox = long_mailbox
        self._patrol: MailboxPatrol | None = None
        self._schedulers: list[SchedulerThread] = []
        self._thread: LoopThread | None = None
        self._started = False
        self._leaving: asyncio.Task[None] | None = None
        self._outer: LocalNode | None = None
        self._cluster: Cluster | None = None
        self.address: tuple[str, int] | None = None
        self._listening = asyncio.Lock()
        self._joinings: dict[terms.Pid, Joining] = {}

    # Start and stop.

    async def start(self) -> Self:
        """Listens; from then on other nodes can connect. OSError with clear words if the port is in use.

        A node starts once: another life is another incarnation, and so another Node.
        """
        if self._started:
            raise RuntimeError(f"{self.name} has been started already; make another bl.Node to start it anew")
        self._started = True
        declare_script()
        tensors.install()
        secret = load_secret() if self._secret is None else self._secret
        if self._observers is None:
            self._observers = load_observe_secret() or False
        if self._observers == secret:
            raise UnusableSecret(
                f"expected the observers' secret of {self.name} to be another than its own, got the same: who may only "
                "look could run any code"
            )
        if self._own_thread:
            self._thread = LoopThread(f"beamlike {self.name}")
        try:
            self._cluster = await self._in_cluster(self._join_loop(secret))
            if self._own_thread:
                self._cluster.heartbeat.watch_over(watch(quiet=True))
            current.started(self)
            await self._in_cluster(self._start_groups())
            await self._in_cluster(self._start_inspector())
            if self._long_mailbox is not None:
                self._patrol = MailboxPatrol(self, self._long_mailbox)
            if self._listens:
                await self.listen()
            await self._in_cluster(self._start_name_server())
            if self._join is not None:
                await self.join(self._join)
        except BaseException:
            await self.stop()
            raise
        return self

    async def _join_loop(self, secret: Secret) -> Cluster:
        """Runs on the loop that the distribution is to live on."""
        self.output_scheduler = scheduler_of(asyncio.get_running_loop())
        if self._stall_threshold is not None:
            self._watch = watch(threshold=self._stall_threshold)
        cluster = Cluster(
            self,
            secret,
            self.code.codec,
            hidden=self.hidden,
            tick_time=self._tick_time,
            auto_connect=self._auto_connect,
            encryption=Encryption(self.tls),
            largest_signal=self._largest_signal,
            observers=self._observers or None,
        )
        cluster.heartbeat.answer_code = self.code.answer
        return cluster

    def _ask_for_code(self, peer: str, question: bytes, timeout: float) -> bytes:
        cluster = self._cluster
        if cluster is None:
            raise NotConnected(f"expected {self.name} to run, so that {peer} can be asked, and it has stopped")
        return cluster.heartbeat.ask_code(peer, question, timeout)

    async def _start_groups(self) -> None:
        """Before anybody can connect, and on the loop that user code does not block."""
        current.enter_node(self)
        await pg.start_supervised()
        await introductions.start_introductions(self)

    async def _start_inspector(self) -> None:
        """It waits, at no cost, until somebody looks at this node (see `bl.inspect`)."""
        current.enter_node(self)
        await start_inspector()

    async def _start_name_server(self) -> None:
        current.enter_node(self)
        await start_name_server(
            Seat(
                self.cluster,
                lambda: (host_of(self.name), self.address[1]) if self.address is not None else None,
                hidden=self.hidden,
                connect_all=self._connect_all and self._auto_connect == "always",
                prevent_overlap=self._prevent_overlap,
            )
        )

    async def introduced_by(self, name: str) -> None:
        """From now on this node, whose own secret opens no other, asks the node `name` for the way to each that it
        uses (see `introductions`), and sees the groups that it looks for as that node does (see `bl.pg.find_members`):
        a child, by its parent."""
        await self._in_cluster(self._start_sight(name))
        self.cluster.introducing = introductions.introduced_by(name, self)
        self.introducer = name

    async def _start_sight(self, name: str) -> None:
        current.enter_node(self)
        await start_sight(name)

    async def expect(self, name: str, seconds: float) -> introductions.Introduction:
        """Lets in the node `name`, once, within so many seconds; how it gets here."""
        host, port = await self.listen()
        address = (host_of(self.name) if host in ("0.0.0.0", "::") else host), port
        return introductions.Introduction(address, self.invite(name, seconds), self.tls is not None)

    def listen_at(self, host: str) -> None:
        """Where `listen` is to listen, at any free port, if not on the host of the node's name: a child may bear that
        of its parent's machine."""
        self._endpoint = (host, 0)

    async def listen(self) -> tuple[str, int]:
        """Listens, if the node does not yet, and returns (host, port)."""
        if self.address is not None:
            return self.address
        return await self._in_cluster(self._listen())

    async def _listen(self) -> tuple[str, int]:
        async with self._listening:  # several children may be booted at once
            if self.address is None:
                self.address = await self.cluster.listen(*self._endpoint)
            return self.address

    async def stop(self) -> None:
        """Ends all processes with "shutdown" and closes all connections.

        One of its own processes may ask for it, and will not see the end of it; whoever is cancelled meanwhile does
        not stop half a node either.
        """
        if not self._started:
            return
        if self._leaving is None:
            self._leaving = asyncio.get_running_loop().create_task(self._leave(), context=Context())
        await asyncio.shield(self._leaving)

    async def _leave(self) -> None:
        cluster, self._cluster = self._cluster, None
        try:
            if self._watch is not None:
                self._watch.close()
            if self._patrol is not None:
                self._patrol.close()
            timers.cancel_all(self)
            self.halt()
            await asyncio.gather(*(scheduler.stop() for scheduler in self._schedulers))
            # One turn for the processes to unwind in, before the connections that they may still use are closed.
            await asyncio.sleep(0)
            if cluster is not None:
                await self._in_cluster(cluster.stop())
        finally:
            self.code.close()
            self.address = None
            current.stopped(self)
            self._stop_thread()

    async def __aenter__(self) -> Self:
        await self.start()
        self._outer = current.enter_node(self)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        current.enter_node(self._outer)
        await self.stop()

    def _stop_thread(self) -> None:
        if self._thread is not None:
            self._thread.stop()
            self._thread = None

    async def _in_cluster(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """In a context of its own: what the cluster does from now on is not done on behalf of who asked first."""
        if self._thread is not None:
            return await self._thread.run(coroutine)
        return await asyncio.get_running_loop().create_task(coroutine, context=Context())

    @property
    def cluster(self) -> Cluster:
        if self._cluster is None:
            raise RuntimeError(f"{self.name} is not started; use `async with` or `await node.start()`")
        return self._cluster

    async def start_scheduler(self, name: str) -> SchedulerThread:
        """One more event loop, in a thread of that name, for processes that would hold up those of this one."""
        scheduler = await SchedulerThread.start(self, name)
        self._schedulers = [*(it for it in self._schedulers if not it.is_stopped), scheduler]
        return scheduler

    # Other nodes.

    def role_of(self, name: str) -> Role:
        """What the node `name` may do here: "observe" if it came with the observers' secret, else "evaluate"."""
        return self.cluster.role(name)

    async def connect(
        self,
        name: str,
        address: tuple[str, int] | None = None,
        *,
        secret: bytes | Secret | None = None,
        tick_time: float | None = None,
        encrypted: bool = False,
    ) -> None:
        """Connects to the node `name`, found in this host's directory or at `address`; nothing if connected already.

        `secret` is another than the cluster's: bytes from an invitation, or a Secret, as that of observers. `tick_time`
        is for that connection, the node's own by default. `encrypted` has it inside TLS though the address is one of
        this machine, as that of a tunnel is, behind which the other node demands TLS. NotConnected says what is in the
        way: nobody listens, another secret, a name that is taken.
        """
        token = _as_secret(secret, INVITED) if secret is not None else None
        del secret
        connecting = self.cluster.connect(name, address, secret=token, tick_time=tick_time, encrypted=encrypted)
        await self._in_cluster(connecting)

    async def drain(self, name: str) -> None:
        """Waits until there is room again in what waits to leave for the node `name`; not at all if there is, or if it
        is not connected."""
        await self._in_cluster(self.cluster.drain(name))

    async def disconnect(self, name: str) -> bool:
        """Closes the connection to `name`; False if there was none."""
        return self._cluster is not None and await self._in_cluster(_disconnect(self._cluster, name))

    async def join(self, strategy: Strategy, *, every: float = EVERY) -> JoinInfo:
        """Connects to the nodes that `strategy` finds (see `bl.finding`), and again to those that are lost, for as
        long as this node runs: it looks about `every` so many seconds.

        Returns after the first look, when each node that was found is connected or cannot be; what came of it stands
        in the JoinInfo, and later in `joining()`. Nobody else being there, or refusing this node, is no error.
        """
        strategy = _strategy(strategy)
        joining = Joining(self, self.cluster.connect, strategy, every)
        pid = Context().run(self.spawn_beside, joining.run)
        self._joinings = {pid: it for pid, it in self._joinings.items() if self.process(pid)} | {pid: joining}
        await self._in_cluster(joining.first_look())
        return joining.info(pid)

    def joining(self) -> list[JoinInfo]:
        """How far this node has come with each strategy that it joins by: who was found, who refused it and why."""
        return [joining.info(pid) for pid, joining in self._joinings.items() if self.process(pid)]

    def spawn_beside(self, function: Any, *args: Any) -> terms.Pid:
        """Spawns a process on the distribution's own loop (see `own_thread`): it runs while user code blocks."""
        process = self.start_process(function, args, scheduler=self.output_scheduler)
        process.scheduler.call(process.scheduler.ready, process)
        return process.pid

    def invite(
        self,
        child: str,
        lifetime: float = INVITATION_LIFETIME,
        *,
        tick_time: float | None = None,
        token: bytes | None = None,
    ) -> bytes:
        """A single-use secret with which a node named `child` may connect, within `lifetime` seconds: `token`, a new
        one by default.

        `tick_time` is for that connection; the node's own by default."""
        return self.cluster.invite(child, lifetime, tick_time=tick_time, token=token)

    def revoke(self, child: str) -> None:
        """Takes back an invitation that was not used; a node that has stopped has none."""
        if self._cluster is not None:
            self._cluster.revoke(child)

    # The kernel's functions, at this node.

    self = bound(functions.self)
    send = bound(functions.send)
    receive = bound(functions.receive)
    spawn = bound(functions.spawn)
    spawn_link = bound(functions.spawn_link)
    spawn_monitor = bound(functions.spawn_monitor)
    spawn_request = bound(spawn_request)
    abandon_spawn_request = bound(abandon_spawn_request)
    link = bound(functions.link)
    unlink = bound(functions.unlink)
    monitor = bound(functions.monitor)
    demonitor = bound(functions.demonitor)
    alias = bound(functions.alias)
    unalias = bound(functions.unalias)
    exit = bound(functions.exit)
    trap_exit = bound(functions.trap_exit)
    is_alive = bound(functions.is_alive)
    nodes = bound(functions.nodes)
    monitor_node = bound(functions.monitor_node)
    monitor_nodes = bound(functions.monitor_nodes)
    monitor_stalls = bound(monitor_stalls)
    send_after = bound(timers.send_after)
    send_interval = bound(timers.send_interval)
    cancel_timer = bound(timers.cancel_timer)
    read_timer = bound(timers.read_timer)
    blocking = bound(blocking)
    node_state = bound(node_state)
    who_is_blocking = bound(who_is_blocking)
    interrupt = bound(interrupt)
    call = bound(rpc.call)
    cast = bound(rpc.cast)
    multicall = bound(rpc.multicall)
    multicast = bound(rpc.multicast)


async def start(name: str, **options: Any) -> Node:
    """Starts a node inside a running service and returns it; options as for Node. Stop it with `await node.stop()`."""
    try:
        node = Node(name, **options)
    finally:
        options.clear()  # the secret in them is for no traceback
    return await node.start()


async def connect(name: str, address: tuple[str, int] | None = None) -> None:
    """Connects the current node to the node `name`; see Node.connect."""
    await _distributed().connect(name, address)


async def join(strategy: Strategy, *, every: float = EVERY) -> JoinInfo:
    """Has the current node find its cluster; see Node.join."""
    return await _distributed().join(strategy, every=every)


def joining() -> list[JoinInfo]:
    """How far the current node has come with that; see Node.joining."""
    return _distributed().joining()


async def drain(name: str) -> None:
    """Waits until there is room again in what waits to leave for the node `name`: after LinkBusy, or instead of it.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await bl.drain("elsewhere@127.0.0.1")
    >>> asyncio.run(main())
    """
    await _distributed().drain(name)


async def disconnect(name: str) -> bool:
    """Closes the current node's connection to `name`; False if there was none."""
    return await _distributed().disconnect(name)


def _distributed() -> Node:
    node = current.current_node()
    if not isinstance(node, Node):
        raise TypeError(f"{node.name} is a node without distribution; start it with bl.Node")
    return node


async def _disconnect(cluster: Cluster, name: str) -> bool:
    return cluster.disconnect(name)


def _strategy(value: Strategy) -> Strategy:
    if isinstance(value, type | str) or not callable(getattr(value, "find", None)):
        raise TypeError(f"expected a strategy to join by, such as bl.finding.Static('b@10.0.0.7'), got {value!r}")
    return value


def _as_secret(value: bytes | str | Secret, remedy: str = GIVEN) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, bytes | str):
        raise TypeError(f"expected a secret as bytes or text, got a {type(value).__name__}")
    return Secret(value.encode() if isinstance(value, str) else value, remedy)


def _observers_secret(value: bytes | str | Secret | Literal[False] | None) -> Secret | Literal[False] | None:
    if value is None or value is False:
        return value
    if isinstance(value, Secret):
        if value.role != OBSERVE:
            raise ValueError(
                "expected the secret of observers to have that role, got one that lets its holder evaluate"
            )
        return value
    if not isinstance(value, bytes | str):
        raise TypeError(f"expected the observers' secret as bytes or text, or False, got a {type(value).__name__}")
    return Secret(value.encode() if isinstance(value, str) else value, OBSERVERS_GIVEN, OBSERVE)


def _host_and_port(text: str) -> tuple[str, int]:
    if not isinstance(text, str):
        raise TypeError(f"expected 'host:port' to listen on, or False, got {text!r}")
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"expected 'host:port' to listen on, with a port up to 65535, got {text!r}")
    return host.strip("[]"), int(port)
