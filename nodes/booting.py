"""Boots one child node on any backend: the invitation, the wait, the deadline, and the cleaning up, written once.

Each step is told as it is reached (see `phases`). A child on this host is on record before it is made (see `records`).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from dataclasses import field, replace
from typing import TYPE_CHECKING, ClassVar

import beamlike as bl
from beamlike.distribution.addresses import is_loopback
from beamlike.kernel.current import current_node
from beamlike.kernel.record import frozen
from nodes import records, stopping
from nodes.backend import Backend, Description, Machine, dials_child
from nodes.boot_failure import BootFailed, Ending, MachineEnded, failure
from nodes.invitation import CHILD_PORT, LEASE_SECONDS, Invitation
from nodes.labels import NO_LABELS, Labels
from nodes.own_addresses import NoOwnAddress, advertised
from nodes.phases import OnPhase, Progress
from nodes.records import Recorded
from nodes.skew import met

if TYPE_CHECKING:
    from nodes.tunnels.carrier import Carrier

BOOT_SECONDS = 30.0
GRACE_SECONDS = 2.0
FATE_SECONDS = 2.0
"""How long a lost node's machine is looked at, so that the error can say what became of it."""
FIRST_LOOK_SECONDS, LOOK_SECONDS = 0.01, 0.1
"""How often a machine whose child is not there is looked at, at first and later: one that ended fails the boot."""
END_LOOK_SECONDS = 0.025
"""How often a machine that is about to end is looked at."""
_NUMBER = re.compile("-[0-9a-f]{6}$")


SHORTEST_LEASE = 0.2


@frozen
class Child:
    """A booted node: `node` is its name, `machine` what runs it."""

    send_instead: ClassVar[str] = "its node: `child.node`"

    node: str
    machine: Machine
    backend: Backend
    recorded: Recorded | None = field(default=None, repr=False, compare=False)
    carrier: Carrier | None = field(default=None, repr=False, compare=False)
    """What leads to it, where it is reached by tunnels."""

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
            await asyncio.shield(self._stop_machine())

    async def _stop_machine(self) -> None:
        try:
            await stopping.stop(self.backend, self.machine, self.recorded)
        finally:
            if self.carrier is not None:
                await self.carrier.close()

    async def _until_ended(self, seconds: float) -> Description:
        """The machine as it was last seen: ended, or still running after so many seconds."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (seen := await self.backend.describe(self.machine)).state != "ended":
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(END_LOOK_SECONDS)
        return seen


async def boot(
    backend: Backend,
    *,
    name: str | None = None,
    timeout: float = BOOT_SECONDS,
    own_thread: bool = False,
    lease: float = LEASE_SECONDS,
    max_lifetime: float | None = None,
    labels: Labels = NO_LABELS,
    on_phase: OnPhase | None = None,
) -> Child:
    """Boots a child of the current node and returns it once it is connected.

    `name` is the child's node name (else made up from the parent's); `own_thread` has it keep its main thread for user
    code. When either of the two has heard nothing of the other for `lease` seconds, that counts as lost: the child
    ends, and here its node is down. It ends `max_lifetime` seconds after its start in any case. `labels` say whose it
    is; `on_phase` is called with each `nodes.Phase` of the boot, the last of which is "ready" or "failed".

    BootFailed if it is not there within `timeout` seconds, its machine ends before, or the backend raises anything;
    nothing is left of it then, nor if the caller is cancelled meanwhile.

    >>> import asyncio, os, nodes, beamlike as bl
    >>> async def main():
    ...     phases = []
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         child = await nodes.boot(nodes.Local(), on_phase=lambda phase: phases.append(phase.name))
    ...         try:
    ...             return await bl.rpc.call(child.node, os.getpid, timeout=5) != os.getpid(), phases
    ...         finally:
    ...             await child.stop()
    >>> asyncio.run(main())
    (True, ['requested', 'creating', 'created', 'started', 'dialled', 'ready'])
    """
    _check(lease, max_lifetime)
    node, progress = _current_node(), Progress(on_phase)
    child = name or _child_name(node)
    dialled = dials_child(backend)
    try:
        host, port = ("", 0) if dialled else advertised(await node.listen(), backend)
    except NoOwnAddress as error:
        progress.reach("failed", str(error))
        raise BootFailed(str(error), permanent=True) from error
    invitation = Invitation(
        parent=node.name,
        host=host,
        port=port,
        child=child,
        token=node.invite(child, lifetime=timeout, tick_time=lease / 4),
        dial_seconds=float(timeout),
        own_thread=own_thread,
        tls=node.tls or ("always" if dialled else None),
        listens_at=f":{CHILD_PORT}" if dialled else "",
        lease_seconds=float(lease),
        max_lifetime=None if max_lifetime is None else float(max_lifetime),
        pool=labels.pool,
        runner=labels.runner,
        session=_session(node),
        platform=str(getattr(backend, "platform", "")),
    )
    me = node.self()
    node.watch_node(child, me)
    try:
        return await _Boot(node, backend, invitation, progress).run()
    except BaseException:
        node.revoke(child)
        await asyncio.shield(_turned_away(node, child))
        raise
    finally:
        node.unwatch_node(child, me)


async def _turned_away(node: bl.Node, child: str) -> None:
    """It may have joined although its backend has failed, which knows of no machine then: so it ends by itself."""
    with contextlib.suppress(bl.NoNode):  # our node has stopped, and so closed the connection
        await node.disconnect(child)


class _Boot:
    """One boot, from the request to the node that has dialled back, or to nothing that is left."""

    def __init__(self, node: bl.Node, backend: Backend, invitation: Invitation, progress: Progress) -> None:
        self._node = node
        self._backend = backend
        self._invitation = invitation
        self._progress = progress
        self._machine: Machine | None = None
        self._recorded: Recorded | None = None
        self._carrier: Carrier | None = None
        self._dialling: asyncio.Task[None] | None = None

    async def run(self) -> Child:
        invitation, progress = self._invitation, self._progress
        limit = asyncio.timeout(invitation.dial_seconds)
        try:
            async with limit:
                progress.reach("requested", f"{invitation.child} is to join {invitation.parent}")
                machine = await self._create()
                await self._arrival(machine)
                told = met(self._node, invitation.child)
            progress.reach("dialled", f"{invitation.child} is connected{told and f'; {told}'}")
            progress.reach("ready", f"{invitation.child} is {machine.where}")
            # Who was told and has cancelled this very task is heard here: asyncio would drop what is returned.
            await asyncio.sleep(0)
        except BaseException as error:
            time_it_had = invitation.dial_seconds if limit.expired() else None
            step = replace(progress.phase, seconds=progress.reached)
            ending = Ending(error, step, progress.seconds, time_it_had, self._what_is_in_the_way())
            seen = await self._cleaned_up(error)
            if not isinstance(error, Exception):
                raise
            failed = self._failure(ending, seen)
            progress.reach("failed", str(failed))
            raise failed from error
        if self._carrier is not None:
            self._carrier.close_with_last()
        return Child(invitation.child, machine, self._backend, self._recorded, self._carrier)

    async def _create(self) -> Machine:
        """The machine; on record, where it is a process of this host, before there is one."""
        invitation, progress = self._invitation, self._progress
        if getattr(self._backend, "on_this_host", False):
            self._recorded = records.intend(
                invitation.child,
                invitation.parent,
                pool=invitation.pool,
                runner=invitation.runner,
                lifetime=invitation.max_lifetime,
            )
        progress.reach("creating", f"{self._backend!r} is asked for a machine")
        with progress.told_by_backend():
            self._machine = machine = await self._backend.boot(invitation)
        if self._recorded is not None and machine.pid is not None:
            self._recorded.pid_is(machine.pid)
        progress.reach("created", f"{machine.where} was made")
        return machine

    async def _arrival(self, machine: Machine) -> None:
        """Returns when the child is connected; MachineEnded when its machine is not there any more."""
        child, pause = self._invitation.child, FIRST_LOOK_SECONDS
        while True:
            await self._look(machine)
            await self._dial_once_it_runs(machine)
            with contextlib.suppress(TimeoutError):
                await bl.receive(lambda news: isinstance(news, bl.NodeUp) and news.node == child, timeout=pause)
                return
            pause = min(2 * pause, LOOK_SECONDS)

    async def _dial_once_it_runs(self, machine: Machine) -> None:
        """Where the child is to be dialled: raises what keeps it from being, for good."""
        if self._dialling is not None:
            if self._carrier is not None and self._carrier.refused is not None:
                raise self._carrier.refused
            if self._dialling.done():
                self._dialling.result()
        elif dials_child(self._backend) and self._progress.phase.name == "started":
            from nodes.tunnels.dialling import carrier_to, dial  # which most children do without

            self._carrier = await carrier_to(machine, self._backend, self._invitation)
            self._dialling = asyncio.create_task(dial(self._node, self._invitation, self._carrier))

    async def _look(self, machine: Machine) -> None:
        seen = await self._backend.describe(machine)
        if seen.state == "ended":
            raise MachineEnded(f"{machine.where} {seen.ending()}")
        if seen.state == "running" and self._progress.phase.name == "created":
            self._progress.reach("started", f"{machine.where} runs")
        self._progress.say(seen.words)

    async def _cleaned_up(self, error: BaseException) -> Description | None:
        """How the machine was before it was stopped, which it is even if it cannot be looked at."""
        seen = None
        if self._dialling is not None:
            self._dialling.cancel()
        if self._machine is not None:
            try:
                if self._carrier is not None:
                    await asyncio.shield(self._carrier.close())
                seen = await self._backend.describe(self._machine)
            except Exception as trouble:
                error.add_note(f"{self._machine.where} could not be looked at: {type(trouble).__name__}: {trouble}")
            finally:
                await asyncio.shield(self._stop(self._machine, error))
        elif self._recorded is not None:
            self._recorded.remove()
        return seen

    def _what_is_in_the_way(self) -> str:
        """Of a machine that runs, and whose child is not connected."""
        invitation = self._invitation
        if self._carrier is not None:
            return self._carrier.trouble
        if self._progress.phase.name != "started":
            return ""
        reaches_itself = not invitation.listens_at and _is_loopback(invitation.host)
        if reaches_itself and not getattr(self._backend, "on_this_host", False):
            return f"it was told to dial {invitation.host}, which is itself: have this node listen at another address"
        return ""

    async def _stop(self, machine: Machine, error: BaseException) -> None:
        try:
            await stopping.stop(self._backend, machine, self._recorded)
        except Exception as trouble:
            error.add_note(f"{machine.where} could not be stopped: {type(trouble).__name__}: {trouble}")

    def _failure(self, ending: Ending, seen: Description | None) -> BootFailed:
        invitation = self._invitation
        what = f"{invitation.child} did not connect to {invitation.parent}"
        if self._machine is None:
            what = f"{what} (booted by {self._backend!r})"
        failed = failure(what, ending, seen)
        for note in getattr(ending.error, "__notes__", ()):
            failed.add_note(note)
        return failed


def _check(lease: float, max_lifetime: float | None) -> None:
    for option, value, least in (("lease", lease, SHORTEST_LEASE), ("max_lifetime", max_lifetime, 0.0)):
        if option == "max_lifetime" and value is None:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise TypeError(f"expected {option} as a number of seconds, got {value!r}")
        if not least <= value < float("inf") or not value:
            raise ValueError(f"expected {option} as a number of seconds, {least:g} or more, got {value!r}")


def _is_loopback(host: str) -> bool:
    try:
        return is_loopback(host)
    except ValueError:
        return host == "localhost"


def _current_node() -> bl.Node:
    node = current_node()
    if not isinstance(node, bl.Node):
        raise bl.NotConnected(f"expected a node with distribution, so that a child can call back; got {node!r}")
    return node


def _session(node: bl.Node) -> str:
    """Of this incarnation of the node, and of no other: what a platform's labels may be made of."""
    return f"{node.name.partition('@')[0]}-{node.creation:08x}"


def _child_name(node: bl.Node) -> str:
    """The parent's word with a number of the child's own, in place of one that the parent got in the same way."""
    word, _, host = node.name.partition("@")
    return f"{_NUMBER.sub('', word)}-{secrets.token_hex(3)}@{host}"
