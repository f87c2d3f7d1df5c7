"""Boots one child node on any backend: the invitation, the wait, the deadline, and the cleaning up, written once."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

import beamlike as bl
from beamlike.kernel.current import current_node
from nodes.backend import Backend, Machine
from nodes.invitation import Invitation

BOOT_SECONDS = 30.0
LOOK_SECONDS = 0.1
"""How often a machine that has not dialled back is looked at: one that ended fails the boot at once."""


class BootFailed(bl.BeamlikeError):
    """The node did not come up; the message says what was waited for and what its machine printed."""


@dataclass(frozen=True, slots=True)
class Child:
    """A booted node: `node` is its name, `machine` what runs it."""

    node: str
    machine: Machine
    backend: Backend

    async def stop(self) -> None:
        """Ends the node; returns when its machine is gone."""
        await bl.disconnect(self.node)
        await self.backend.stop(self.machine)


async def boot(backend: Backend, *, name: str | None = None, timeout: float = BOOT_SECONDS) -> Child:
    """Boots a child of the current node and returns it once it is connected.

    `name` is the child's node name (else made up from the parent's). BootFailed if it is not there within `timeout`
    seconds or its machine ends before; nothing is left of it then, nor if the caller is cancelled meanwhile.

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
    node = _listening_node()
    child = name or _child_name(node)
    invitation = Invitation(node.name, *_address(node), child, node.invite(child), timeout)
    machine = None
    me = node.self()
    node.watch_node(child, me)
    try:
        async with asyncio.timeout(timeout):
            machine = await backend.boot(invitation)
            await _arrival(backend, machine, child)
    except BaseException as error:
        node.revoke(child)
        if machine is not None:
            log = (await backend.describe(machine)).log
            await asyncio.shield(backend.stop(machine))
        if isinstance(error, TimeoutError):
            where = machine.where if machine is not None else repr(backend)
            raise BootFailed(
                f"{child} ({where}) did not connect to {node.name} within {timeout} s{_printed(log if machine else '')}"
            ) from None
        if isinstance(error, OSError):
            raise BootFailed(f"{child} could not be started by {backend!r}: {error}") from error
        raise
    finally:
        node.unwatch_node(child, me)
    return Child(child, machine, backend)


async def _arrival(backend: Backend, machine: Machine, child: str) -> None:
    """Returns when the child is connected; BootFailed when its machine ended instead."""
    while True:
        try:
            await bl.receive(lambda news: isinstance(news, bl.NodeUp) and news.node == child, timeout=LOOK_SECONDS)
        except TimeoutError:
            description = await backend.describe(machine)
            if description.state == "ended":
                raise BootFailed(
                    f"{child} ({machine.where}) ended with exit code {description.exit_code} before it connected"
                    f"{_printed(description.log)}"
                ) from None
        else:
            return


def _printed(log: str) -> str:
    text = log.strip()
    return f"; it printed:\n{text}" if text else "; it printed nothing"


def _listening_node() -> bl.Node:
    node = current_node()
    if not isinstance(node, bl.Node) or node.address is None:
        raise bl.NotConnected(f"expected a node that listens, so that a child can call back; {node.name} does not")
    return node


def _address(node: bl.Node) -> tuple[str, int]:
    assert node.address is not None
    return node.address


def _child_name(node: bl.Node) -> str:
    word, _, host = node.name.partition("@")
    return f"{word}-{secrets.token_hex(3)}@{host}"
