"""A program that holds sessions: a node, the sessions on it under a supervisor, and what brings people to them.

    serve ─► node ─► Supervisor ─► Sessions ─ ─ ► Session, Session, ...      (linked to nobody)
        └─► listeners: an SSH server, a socket for agents

What a server held that was killed, or that left its sessions to the next one, is begun again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.serve.board import keep_board
from notebook_tui.serve.custody import Custody
from notebook_tui.serve.held import held
from notebook_tui.serve.joining import connect, visitor_node
from notebook_tui.serve.rendezvous import Announcement, Server
from notebook_tui.serve.roll import Roll
from notebook_tui.serve.service_manager import tell_service_manager
from notebook_tui.serve.sessions import NAME, STOP_SECONDS, EndAll, Listing, Sessions, open_in, runtime_for
from notebook_tui.session import keepsakes
from notebook_tui.session.booted import LEASE_SECONDS
from notebook_tui.session.options import SERVES, SessionOptions
from notebook_tui.session.profiles import ProfileError
from notebook_tui.session.program_node import program_node
from notebook_tui.session.unsaved import file_at

logger = logging.getLogger("notebook_tui.serve")

ON_DEMAND_SECONDS: Final = 300.0
"""So long a server that was started for one notebook stays when it holds none."""
LOOK_SECONDS: Final = 1.0
SERVER: Final = "server"
"""Under which the process is registered that ends the server when it is told to."""
END_SECONDS: Final = STOP_SECONDS + 10.0
RESTARTS, RESTART_PERIOD = 5, 30.0

Listener = Callable[[bl.Server], AbstractAsyncContextManager[None]]
"""Given the sessions, brings people to them while the block runs."""


@frozen
class Serving:
    """What is served: the notebooks in `directory`, a path without symbolic links, whose cells run on the runtime of
    that spec unless whoever opens one says another."""

    directory: str
    runtime: str | None = None
    on_demand: bool = False
    idle_end: float | None = None
    """So many seconds without a session, and the server ends; None: never."""
    options: SessionOptions = SERVES
    lease: float = LEASE_SECONDS
    """So many seconds runtimes wait for the next server."""


@frozen
class EndServer:
    """To the process SERVER: as SIGINT."""


class Ending:
    """How the server is to end, once it is."""

    def __init__(self) -> None:
        self.now = asyncio.Event()
        self.leave = False

    def stop(self) -> None:
        """Sessions end with their runtimes."""
        self.now.set()

    def give_way(self) -> None:
        """To the next server, which begins the sessions again; what runs goes on for as long as its lease says."""
        self.leave = True
        self.now.set()


async def serve(serving: Serving, listeners: Sequence[Listener] = ()) -> None:
    """Until SIGINT or `beamlike serve --stop`, which end all sessions; or SIGTERM, as a service manager sends, which
    leaves them to the next server. AlreadyServed if another program serves the directory."""
    ending = Ending()
    with handled({signal.SIGINT: ending.stop, signal.SIGTERM: ending.give_way}):
        async with holding(serving, ending) as (sessions, server), AsyncExitStack() as stack:
            for listener in listeners:
                await stack.enter_async_context(listener(sessions))
            logger.info("process %d serves %s", server.pid, server.serves)
            tell_service_manager("READY=1")
            stack.push_async_callback(_cancelled, asyncio.create_task(keep_board(sessions, server)))
            if serving.idle_end is not None:
                stack.push_async_callback(_cancelled, asyncio.create_task(_end_when_idle(sessions, serving, ending)))
            await ending.now.wait()
            tell_service_manager("STOPPING=1")


@contextmanager
def handled(signals: Mapping[signal.Signals, Callable[[], None]]) -> Iterator[None]:
    """While the block runs, each of these signals calls that, in the loop."""
    loop = asyncio.get_running_loop()
    for number, react in signals.items():
        loop.add_signal_handler(number, react)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def holding(serving: Serving, ending: Ending) -> AsyncIterator[tuple[bl.Server, Server]]:
    """The sessions of that directory, which programs of this user find while the block runs. They end with it, as
    `ending` says then."""
    runtime_for(serving.runtime)  # what is wrong with it is said now, and not when the first notebook is opened
    secret = secrets.token_bytes(32)
    async with program_node("server", secret) as node, AsyncExitStack() as stack:
        host, port = await node.listen()
        server = Server(node.name, host, port, secret, os.getpid(), serving.directory, time.time(), serving.on_demand)
        announcement = Announcement(server)
        stack.callback(announcement.withdraw)
        roll = Roll.of(serving.directory)
        wanted = roll.wanted()
        custody = Custody(serving.directory, serving.lease)
        stack.callback(lambda: None if ending.leave else custody.dismiss())
        left = (keepsakes.noted(file_at(each.path).identity) for each in wanted)
        await custody.begin(node.self(), {keepsake.server.node for keepsake in left if keepsake is not None})
        options = replace(serving.options, held=partial(held, custody=custody))
        child = Sessions.child_spec(options, roll, lambda spec: runtime_for(spec or serving.runtime), name=NAME)
        supervisor = await bl.Supervisor.start([child], intensity=RESTARTS, period=RESTART_PERIOD)
        stack.push_async_callback(_stopped, supervisor)
        for each in wanted:
            try:
                await open_in(NAME, each.path, each.runtime)
            except (OSError, ProfileError, bl.BeamlikeError) as error:
                logger.warning("%s is not begun again: %s", each.path, error)
        bl.register(SERVER, bl.spawn(_attend, ending))
        yield (NAME, node.name), server
        await bl.GenServer.call(NAME, EndAll(leave=ending.leave), timeout=STOP_SECONDS + LOOK_SECONDS)


async def _attend(ending: Ending) -> None:
    await bl.receive(lambda message: isinstance(message, EndServer))
    ending.stop()


async def end_server(server: Server) -> None:
    """Returns when it has ended its sessions, and itself. ServerUnreachable, or TimeoutError."""
    async with visitor_node() as node:
        await connect(node, server)
        bl.monitor_node(server.node)
        bl.send((SERVER, server.node), EndServer())
        await bl.receive(lambda news: isinstance(news, bl.NodeDown), timeout=END_SECONDS)


async def _stopped(supervisor: bl.Pid) -> None:
    with suppress(bl.CallFailed):  # it had too much to start anew, and has ended
        await bl.GenServer.stop(supervisor, "shutdown")


async def _end_when_idle(sessions: bl.Server, serving: Serving, ending: Ending) -> None:
    assert serving.idle_end is not None
    idle_since = time.monotonic()
    while True:
        if await bl.GenServer.call(sessions, Listing()):
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since >= serving.idle_end:
            logger.info("no session for %g s: the server ends", serving.idle_end)
            ending.stop()
            return
        await asyncio.sleep(min(LOOK_SECONDS, serving.idle_end))


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
