"""A runtime in a service that runs already: the notebook is a visitor there, and leaves it as it was."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import beamlike as bl
import notebook_tui
from beamlike.code import visits
from beamlike.distribution.addresses import Address, split_port
from beamlike.distribution.secret import load_secret
from beamlike.kernel.current import current_node
from beamlike.kernel.record import frozen
from notebook_tui.session.booted import START_SECONDS, offer_modules
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.runtime import Connection, step

LEASE_SECONDS = 30.0
"""So long what a notebook has made in a service stays there when the two cannot reach each other."""
STOP_SECONDS = 8.0


@frozen
class Service:
    """The node that a notebook visits, and the process there that stands for the visit."""

    node: bl.Node
    name: str
    server: bl.Pid

    async def fate(self) -> str:
        return f"the connection to {self.name} was lost, or the service has ended"

    async def stop(self, *, grace: float) -> None:
        """Leaves: the service has nothing of the notebook afterwards."""
        with suppress(bl.CallFailed, bl.CallTimeout):  # it has ended, or cannot be reached
            await bl.GenServer.stop(self.server, timeout=STOP_SECONDS)
        await self.node.disconnect(self.name)

    async def let_go(self) -> None:
        """It is for whoever comes next, for as long as its lease says."""
        await self.node.disconnect(self.name)


class Attached:
    """In the node `spec`, NAME@HOST or NAME@HOST:PORT, with the secret of this user. What is made there stays for
    `lease` seconds while the two cannot reach each other; one that `outlives` this program is found again by the
    next."""

    def __init__(self, spec: str, *, lease: float | None = None, outlives: bool = False) -> None:
        self.name = f"attach:{spec}"
        self._spec = spec
        self._node, self._address = split_port(spec)
        self._lease = LEASE_SECONDS if lease is None else lease
        self._outlives = outlives

    def outliving(self, lease: float) -> Attached:
        """The same, for programs that come one after the other, `lease` seconds apart at most."""
        return Attached(self._spec, lease=lease, outlives=True)

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        node = current_node()
        assert isinstance(node, bl.Node)
        step(owner, f"connecting to {self._node}")
        # Offered first, so that what is here of an earlier connection stays what it is.
        offers = offer_modules(self._node, directory)
        try:
            await _connect(node, self._node, self._address)
        except BaseException:
            withdraw(offers)
            raise
        step(owner, "sending it what makes it a runtime")
        try:
            server = await start_there(self._node, owner, notebook, "cell", self._lease)
        except BaseException:
            await node.disconnect(self._node)
            raise
        return self._connection(Keepsake(server, "", 0, f"attached to {self._node}", self.name, directory or ""))

    def resume(self, keepsake: Keepsake) -> Connection:
        """What an earlier program has made there, which is still to be reconnected to."""
        return self._connection(keepsake)

    def _connection(self, keepsake: Keepsake) -> Connection:
        node = current_node()
        assert isinstance(node, bl.Node)
        reconnect = partial(_reconnect, node, self._node, self._address, keepsake.directory or None)
        host = Service(node, self._node, keepsake.server)
        kept = keepsake if self._outlives else None
        return Connection(keepsake.server, host, keepsake.text, self._lease, reconnect, keepsake=kept)


async def start_there(name: str, owner: bl.Pid, notebook: str, what: str, lease: float = 0.0) -> bl.Pid:
    """Makes the node `name`, which is connected and offered the runtime, one for `owner`; returns its server."""
    await bl.rpc.call(name, visits.begin, owner, "notebook_tui", user(), timeout=START_SECONDS)
    start_attached = await asyncio.to_thread(_starter)
    await bl.rpc.call(name, visits.load, start_attached.__module__, notebook_tui, timeout=START_SECONDS)
    return await bl.rpc.call(name, start_attached, owner, notebook, lease, what, timeout=START_SECONDS)


def _starter() -> Callable[..., Awaitable[bl.Pid]]:
    # The whole runtime comes with it: a program that shows a notebook is up sooner without.
    from notebook_tui.runtime.attached import start_attached

    return start_attached


async def _connect(node: bl.Node, name: str, address: Address | None) -> None:
    await node.connect(name, address, secret=load_secret())


async def _reconnect(node: bl.Node, name: str, address: Address | None, directory: str | None) -> None:
    if name not in node.nodes(hidden=True):
        offers = offer_modules(name, directory)
        try:
            await _connect(node, name, address)
        except BaseException:
            withdraw(offers)
            raise


def withdraw(offers: tuple[bl.Offer, ...]) -> None:
    """To a node that was never connected they would last for ever."""
    for offer in offers:
        offer.withdraw()


def user() -> str:
    """Who does it, for the service's audit log."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in a container
        return "unknown"
