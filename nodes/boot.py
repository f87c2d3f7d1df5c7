"""Boots one child node on any backend: the invitation, the wait, the deadline, and the cleaning up, written once."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from dataclasses import dataclass
from typing import ClassVar

import beamlike as bl
from beamlike.kernel.current import current_node
from nodes.backend import Backend, Description, Machine
from nodes.invitation import Invitation

BOOT_SECONDS = 30.0
GRACE_SECONDS = 2.0
FATE_SECONDS = 2.0
"""How long a lost node's machine is looked at, so that the error can say what became of it."""
LOOK_SECONDS = 0.1
"""How often a machine that has not dialled back is looked at: one that ended fails the boot at once."""
END_LOOK_SECONDS = 0.025
"""How often a machine that is about to end is looked at."""
_NUMBER = re.compile("-[0-9a-f]{6}$")


class BootFailed(bl.BeamlikeError):
    """The node did not come up; the message says what was waited for and what its machine printed."""


@dataclass(frozen=True, slots=True)
class Child:
    """A booted node: `node` is its name, `machine` what runs it."""

    send_instead: ClassVar[str] = "its node: `child.node`"

    node: str
    machine: Machine
    backend: Backend

    async def fate(self, *, within: float = FATE_SECONDS) -> str:
        """What became of the machine of a node that was lost, in words, with the last that it printed."""
        seen = await self._until_ended(within)
        if seen.state != "ended":
            return f"the connection to it was lost, {self.machine.where} still runs"
        printed = f"; it printed:\n{seen.log.strip()}" if seen.log.strip() else ""
        return f"{self.machine.where} {seen.ending()}{printed}"

    async def stop(self, *, grace: float = GRACE_SECONDS) -> None:
        """Ends the node: it may clean up for `grace` seconds once it is disconnected. Returns when its machine is
        gone. The machine is stopped whatever happens meanwhile, also if this is cancelled."""
        try:
            with contextlib.suppress(bl.NoNode):  # our node has stopped, and so closed the connection
                await bl.disconnect(self.node)
            await self._until_ended(grace)
        finally:
            await asyncio.shield(self.backend.stop(self.machine))

    async def _until_ended(self, seconds: float) -> Description:
        """The machine as it was last seen: ended, or still running after so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (seen := await self.backend.describe(self.machine)).state != "ended":
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(END_LOOK_SECONDS)
        return seen


async def boot(
    backend: Backend, *, name: str | None = None, timeout: float = BOOT_SECONDS, own_thread: bool = False
) -> Child:
    """Boots a child of the current node and returns it once it is connected.

    `name` is the child's node name (else made up from the parent's); `own_thread` has it keep its main thread for user
    code. BootFailed if it is not there within `timeout` seconds or its machine ends before; nothing is left of it
    then, nor if the caller is cancelled meanwhile.

    >>> import asyncio, os, nodes, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         child = await nodes.boot(nodes.Local())
    ...         try:
    ...             return await bl.rpc.call(child.node, os.getpid, timeout=5) != os.getpid()
    ...         finally:
    ...             await child.stop()
    >>> asyncio.run(main())
    True
    """
    node = _current_node()
    child = name or _child_name(node)
    host, port = await node.listen()
    token = node.invite(child, lifetime=timeout)
    invitation = Invitation(node.name, host, port, child, token, float(timeout), own_thread, node.tls)
    me = node.self()
    node.watch_node(child, me)
    try:
        machine = await _boot(backend, invitation)
    except BaseException:
        node.revoke(child)
        raise
    finally:
        node.unwatch_node(child, me)
    return Child(child, machine, backend)


async def _boot(backend: Backend, invitation: Invitation) -> Machine:
    """The machine, once its node has dialled back; it is stopped if anything else happens."""
    machine: Machine | None = None
    try:
        async with asyncio.timeout(invitation.dial_seconds):
            machine = await backend.boot(invitation)
            await _arrival(backend, machine, invitation.child)
    except BaseException as error:
        description = await _stopped(backend, machine) if machine is not None else None
        if isinstance(error, TimeoutError | OSError):
            raise BootFailed(_why(backend, invitation, error, description)) from error
        raise
    return machine


async def _stopped(backend: Backend, machine: Machine) -> Description:
    """How the machine was before it was stopped, which it is even if it cannot be looked at."""
    try:
        return await backend.describe(machine)
    finally:
        await asyncio.shield(backend.stop(machine))


async def _arrival(backend: Backend, machine: Machine, child: str) -> None:
    """Returns when the child is connected; OSError when its machine ended instead."""
    while True:
        try:
            await bl.receive(lambda news: isinstance(news, bl.NodeUp) and news.node == child, timeout=LOOK_SECONDS)
        except TimeoutError:
            description = await backend.describe(machine)
            if description.state == "ended":
                raise OSError(f"{machine.where} {description.ending()}") from None
        else:
            return


def _why(backend: Backend, invitation: Invitation, error: OSError, description: Description | None) -> str:
    what = f"{invitation.child} did not connect to {invitation.parent}"
    if isinstance(error, TimeoutError):
        what += f" within {invitation.dial_seconds} s"
    elif str(error):
        what += f": {error}"
    if description is None:
        return f"{what} (booted by {backend!r})"
    log = description.log.strip()
    return f"{what}; it printed:\n{log}" if log else f"{what}; it printed nothing"


def _current_node() -> bl.Node:
    node = current_node()
    if not isinstance(node, bl.Node):
        raise bl.NotConnected(f"expected a node with distribution, so that a child can call back; got {node!r}")
    return node


def _child_name(node: bl.Node) -> str:
    """The parent's word with a number of the child's own, in place of one that the parent got in the same way."""
    word, _, host = node.name.partition("@")
    return f"{_NUMBER.sub('', word)}-{secrets.token_hex(3)}@{host}"
