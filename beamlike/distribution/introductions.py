"""How child nodes reach each other: their parent introduces them, and what they say to each other does not pass by it.

Children hold no secret in common, and do not know where their siblings listen; most do not listen at all. So a child
that uses the name of a node asks whoever booted it, once for each connection:

    child x ── Introduce("y") ──► parent ── Expect("x") ──► y      y listens, if it does not yet, and invites x
            ◄── Introduction ────        ◄── Introduction ──       where y listens, and a secret for one connection
    child x ════════════════ a link of its own ═══════════► y

Nobody is connected before it is used, and no child becomes a member of a cluster by it. Whoever may introduce may run
code on both nodes anyhow, so an introduction lets nobody do what could not be done before.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import field
from typing import Any, Final, Protocol

from beamlike.behaviours.child_spec import ChildSpec
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.distribution.addresses import Address
from beamlike.distribution.secret import EVALUATE, Role
from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.current import at
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.node import LocalNode
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen, record
from beamlike.kernel.terms import Pid

SERVER: Final = "introductions"
EXPECTED_SECONDS: Final = 30.0
"""For which a node waits for whom it expects; a handshake takes less."""
ANSWER_SECONDS: Final = 5.0


@frozen
class Introduction:
    """Where a node listens, and the secret that opens it to one other, once; `encrypted` is inside TLS at any
    address."""

    address: Address
    token: bytes = field(repr=False)
    encrypted: bool


@record
class Introduce:
    """Called, by a child: it wants to reach the node of that name. An Introduction, or in words why there is none."""

    name: str


@record
class Expect:
    """Called, by whoever introduces: the node of that name is about to come."""

    name: str


class Host(Protocol):
    """Of a node: it lets others in, and knows what those that it is connected to may do here."""

    def role_of(self, name: str) -> Role: ...

    async def expect(self, name: str, seconds: float) -> Introduction: ...


class Introductions(GenServer):
    """Lives beside user code, as all of the distribution: an introduction waits for nobody's loop but the network's."""

    def init(self, host: Host) -> None:
        self._host = host

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Introduce(name):
                kernel.spawn(_introduce, self._host, name, client)
                return NO_REPLY
            case Expect(name):
                return await self._host.expect(name, EXPECTED_SECONDS)
            case _:
                raise TypeError(f"{SERVER} does not know the call {request!r}")


async def start_introductions(host: Host) -> None:
    """On the current node, under a supervisor of its own."""

    async def start_link() -> Pid:
        pid: Pid = await Introductions.start_link(host, name=SERVER)
        return pid

    await Supervisor.start([ChildSpec(SERVER, start_link)])


async def _introduce(host: Host, name: str, client: Client) -> None:
    """In a process of its own: the node that is asked may be slow."""
    here, who = kernel.self().node, client.pid.node
    answer: Introduction | str
    if name not in kernel.nodes(hidden=True):
        answer = f"{here} is not connected to {name}"
    elif host.role_of(name) != EVALUATE:
        answer = f"{here} may only observe {name}, or is observed by it"
    else:
        try:
            answer = await GenServer.call((SERVER, name), Expect(who), timeout=ANSWER_SECONDS)
        except (CallFailed, CallTimeout) as error:
            answer = str(error)
    GenServer.reply(client, answer)


Introducing = Callable[[str], Coroutine[Any, Any, Introduction]]
"""Asks for an introduction to the node of that name; NotConnected says why there is none."""


def introduced_by(introducer: str, node: LocalNode) -> Introducing:
    """How `node` asks the node that has booted it."""

    async def introduce(name: str) -> Introduction:
        if name == introducer:
            raise NotConnected(f"the connection to {introducer}, which booted this node, is not made anew")
        alone = f"a child node reaches {introducer}, which booted it, and the nodes to which that is connected"
        try:
            with at(node):
                answer = await GenServer.call((SERVER, introducer), Introduce(name), timeout=ANSWER_SECONDS)
        except (CallFailed, CallTimeout) as error:
            raise NotConnected(f"{alone}; that could not be asked: {error}") from error
        if not isinstance(answer, Introduction):
            raise NotConnected(f"{alone}: {answer}")
        return answer

    return introduce
