"""The program that has the runtimes of a server's sessions, so that they outlive a server that is killed or restarted.

    server ── BootRuntime ──► custodian ── nodes.boot ──► runtime          (a child of the custodian, by pipe and lease)
       └────────────── evaluates, over a connection of its own ──────────────►

All guards of a child node hold, towards the custodian: when that ends, however it does, its runtimes end with it. It
ends by itself when it has had no server for the lease, or has no runtime either. A custodian that hangs is killed by
the kernel a while later. It runs no code of the user's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import beamlike as bl
import nodes
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import NOCONNECTION, Reason
from nodes.child import tune_garbage_collector
from nodes.dead_man import DeadMan
from nodes.reached_at import lets_in, reached_at
from nodes.versions import HERE
from notebook_tui.serve.custody_messages import (
    CUSTODIAN,
    STOP_FAR_SECONDS,
    VERSION,
    Attend,
    Booted,
    BootFar,
    BootRuntime,
    Dismiss,
    FateOf,
    NotBooted,
    StandIn,
    StopRuntime,
    Taken,
    Way,
    WayTo,
)
from notebook_tui.serve.rendezvous import CUSTODIANS, AlreadyServed, Announcement, Server
from notebook_tui.serve.standing_in import stand_in
from notebook_tui.session.booted import BOOT_SECONDS, tell_phase
from notebook_tui.session.booted import Booted as BootedRuntime
from notebook_tui.session.profiles import ProfileError
from notebook_tui.session.program_node import program_node
from notebook_tui.session.runtime_kinds import runtime_of

logger = logging.getLogger("notebook_tui.serve")
GRACE_SECONDS = 0.2
FIRST_SECONDS = 60.0
"""So long it waits for its first server."""
WAY_SECONDS = 30.0
"""So long a machine's node may take to say how it is entered, and so long that counts."""
TOO_OLD = (
    "the beamlike of its image is older than this one, and cannot let a server in: build the image anew with "
    f"beamlike {HERE.beamlike} (docs/images.md)"
)
"""Why there is no way to a machine's node."""
LATE_SECONDS = STOP_FAR_SECONDS + 40.0
"""How much later than itself the kernel ends it: its machines have gone by then."""


@frozen
class _Alone:
    """To itself: it had no server for the lease, as it monitored it; None: there never was one."""

    monitor: bl.Ref | None


@frozen
class _BootOver:
    """To itself: what was asked for is there, or there is none."""

    asked: bl.Ref
    child: nodes.Child | None


class Custodian(GenServer):
    def init(self, lease: float, over: asyncio.Event) -> None:
        self._lease = lease
        self._over = over
        self._children: dict[str, nodes.Child] = {}
        self._asked: dict[bl.Ref, bl.Pid | str] = {}
        """Boots under way, and then their nodes until those are taken, by the monitors of who asked: nobody else could
        say that they are not wanted any more."""
        self._server: bl.Ref | None = None
        self._dead_man = DeadMan()
        self._dead_man.kill_in(FIRST_SECONDS + LATE_SECONDS)
        bl.send_after(bl.self(), _Alone(None), FIRST_SECONDS)

    def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Attend(server, keeps):
                self._attend(server, keeps)
                return None
            case StandIn(environment, directory):
                stand_in(dict(environment), directory)
                return None
            case BootRuntime() | BootFar():
                asked = bl.monitor(client.pid)
                self._asked[asked] = bl.spawn(_boot, bl.self(), asked, client, request, self._lease)
            case StopRuntime(node):
                bl.spawn(_stop, client, self._children.pop(node, None))
            case WayTo(node, visitor):
                bl.spawn(_way, client, self._children.get(node), visitor)
            case FateOf(node):
                bl.spawn(_fate, client, self._children.get(node))
            case _:
                raise TypeError(f"a custodian does not know the call {request!r}")
        return NO_REPLY

    def handle_cast(self, request: object) -> None:
        match request:
            case Taken(asked):
                self._asked.pop(asked, None)
                bl.demonitor(asked, flush=True)
            case Dismiss():
                self._over.set()
            case _:
                raise TypeError(f"a custodian does not know the cast {request!r}")

    def handle_info(self, message: object) -> None:
        match message:
            case _BootOver(asked, child):
                self._boot_over(asked, child)
            case bl.Down(asked, _, reason) if asked in self._asked:
                self._asker_gone(asked, reason)
            case bl.Down(ref) if ref == self._server:
                logger.info("the server is gone; %d runtimes wait %g s for the next", len(self._children), self._lease)
                if not self._children:
                    self._over.set()
                self._dead_man.kill_in(self._lease + LATE_SECONDS)
                bl.send_after(bl.self(), _Alone(ref), self._lease)
            case _Alone(ref) if ref == self._server:
                self._over.set()

    def _boot_over(self, asked: bl.Ref, child: nodes.Child | None) -> None:
        wanted = self._asked.pop(asked, None) is not None
        if child is None:
            bl.demonitor(asked, flush=True)
        elif wanted:
            self._children[child.node] = child
            self._asked[asked] = child.node
        else:
            bl.spawn(_stop, None, child)

    def _asker_gone(self, asked: bl.Ref, reason: Reason) -> None:
        wanted = self._asked.pop(asked)
        if isinstance(wanted, bl.Pid):
            bl.exit(wanted, "shutdown")
        elif reason != NOCONNECTION:  # else it may have been taken: the server says so when it attends again
            bl.spawn(_stop, None, self._children.pop(wanted, None))

    def _attend(self, server: bl.Pid, keeps: frozenset[str]) -> None:
        self._dead_man.call_off()
        if self._server is not None:
            bl.demonitor(self._server, flush=True)
        self._server = bl.monitor(server)
        for node in [node for node in self._children if node not in keeps]:
            bl.spawn(_stop, None, self._children.pop(node))


async def _boot(custodian: bl.Pid, asked: bl.Ref, client: Client, wanted: BootRuntime | BootFar, lease: float) -> None:
    try:
        if isinstance(wanted, BootFar):
            (host, port), child = ("", 0), await _booted_far(wanted, client.pid, lease)
        else:
            (host, port), child = await _booted_here(wanted, lease)
    except Exception as error:
        bl.send(custodian, _BootOver(asked, None))
        if isinstance(error, (bl.BeamlikeError, OSError, ProfileError)):
            bl.GenServer.reply(client, NotBooted(str(error)))
        else:
            logger.exception("nothing is booted")
            bl.GenServer.reply(client, NotBooted(f"{type(error).__name__}: {error}"))
        return
    bl.send(custodian, _BootOver(asked, child))
    bl.GenServer.reply(client, Booted(child.node, host, port, child.machine.where, asked))


async def _booted_here(wanted: BootRuntime, lease: float) -> tuple[tuple[str, int], nodes.Child]:
    """With the address at which it listens."""
    backend = nodes.Local(python=wanted.python, env=dict(wanted.env), users_secret=True)
    child = await nodes.boot(backend, timeout=BOOT_SECONDS, own_thread=True, lease=lease)
    try:
        return await bl.rpc.call(child.node, reached_at, timeout=BOOT_SECONDS), child
    except BaseException:
        await child.stop(grace=0)
        raise


async def _booted_far(wanted: BootFar, asker: bl.Pid, lease: float) -> nodes.Child:
    runtime = runtime_of(wanted.spec)
    assert isinstance(runtime, BootedRuntime)
    return await runtime.boot(partial(tell_phase, wanted.owner, asker, False), lease)


async def _way(client: Client, child: nodes.Child | None, visitor: str) -> None:
    bl.GenServer.reply(client, await way(child, visitor))


async def way(child: nodes.Child | None, visitor: str) -> Way | str:
    """How that node gets to the child's; or in words, why it does not."""
    if child is None or child.carrier is None:
        return "it has ended"
    try:
        token = await bl.rpc.call(child.node, lets_in, visitor, WAY_SECONDS, timeout=WAY_SECONDS)
    except (AttributeError, ImportError):
        return TOO_OLD
    except (bl.BeamlikeError, OSError) as error:
        return f"it does not answer: {error}"
    except Exception as error:
        logger.exception("no way to %s", child.node)
        return f"{type(error).__name__}: {error}"
    host, port = child.carrier.address[:2]
    return Way(host, port, token)


async def _stop(client: Client | None, child: nodes.Child | None) -> None:
    if child is not None:
        await stop_all([child])
    if client is not None:
        bl.GenServer.reply(client, None)


async def _fate(client: Client, child: nodes.Child | None) -> None:
    if child is None:
        bl.GenServer.reply(client, "it has ended")
        return
    seen = await child.backend.describe(child.machine)
    if seen.state != "ended" and child.node not in bl.nodes(hidden=True):
        await asyncio.sleep(GRACE_SECONDS)  # it is about to
        seen = await child.backend.describe(child.machine)
    bl.GenServer.reply(client, None if seen.state != "ended" else await child.fate())


async def attend(directory: str, lease: float) -> None:
    """Until there is nothing to attend to any more. AlreadyServed if the directory has a custodian."""
    secret = secrets.token_bytes(32)
    over = asyncio.Event()
    node = program_node("runtimes", secret)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with node:
        custodian = await Custodian.start(lease, over, name=CUSTODIAN)
        host, port = await node.listen()
        here = Server(node.name, host, port, secret, os.getpid(), directory, time.time(), version=VERSION)
        announcement = Announcement(here, CUSTODIANS)
        try:
            logger.info("process %d has the runtimes of %s", os.getpid(), directory)
            await over.wait()
        finally:
            announcement.withdraw()
        state = await bl.sys.get_state(custodian)
        state["_dead_man"].kill_in(LATE_SECONDS)
        await stop_all(state["_children"].values())


async def stop_all(children: Iterable[nodes.Child]) -> None:
    """Each, whatever becomes of the others; what could not be stopped is told in the log."""
    ending = list(children)
    ended = await asyncio.gather(*(child.stop(grace=GRACE_SECONDS) for child in ending), return_exceptions=True)
    for child, trouble in zip(ending, ended, strict=True):
        if trouble is not None:
            logger.error(
                "%s could not be stopped, and ends by itself after its lease: %r", child.machine.where, trouble
            )


def main() -> None:
    """What to do comes by standard input, so that it is no process's argument."""
    told: Any = json.load(sys.stdin)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("notebook_tui").setLevel(logging.INFO)
    tune_garbage_collector()
    if told["version"] != VERSION:
        sys.exit("the server was started before the beamlike that is installed now: start the server again")
    with suppress(AlreadyServed):  # another was started at the same time, and is found by the same server
        asyncio.run(attend(str(told["directory"]), float(told["lease"])))


if __name__ == "__main__":
    main()
