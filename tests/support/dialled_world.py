"""A world whose machines cannot dial their parent: processes of this host behind tunnels that a test can cut."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import nodes
from nodes import AuthError, Description, Invitation, Machine
from tests.nodes.backend_contract import Failure, Fault, Program
from tests.support.local_world import LocalWorld, Troubled
from tests.support.loose_children import Loose
from tests.support.relay import Relay

# Other processes with tests, and the programs that these start, have other addresses, and so have emulated pods.
hosts = (f"127.{224 + os.getpid() % 31}.{os.getpid() // 31 % 250}.{number % 250 + 1}" for number in itertools.count())
PORT = 44444


class Behind:
    """Boots processes that no pipe ties to this one, each of which listens at an address of its own."""

    on_this_host = True
    dials_child = True

    def __init__(self, log: Path) -> None:
        self.tunnels: list[Relay] = []
        self.refused = 0
        """So many of the next tunnels cannot be had."""
        self.forbidden = False
        self.port = PORT
        """At which tunnels end."""
        self.cut_after: int | None = None
        """So many bytes pass through each new tunnel before it breaks."""
        self.loose = Loose(log)
        self.hosts: dict[str, str] = {}

    def __repr__(self) -> str:
        return "Behind()"

    async def boot(self, invitation: Invitation) -> Machine:
        host = next(hosts)
        machine = await self.loose.boot(replace(invitation, listens_at=f"{host}:{PORT}"))
        self.hosts[machine.id] = host
        return replace(machine, pid=int(machine.id))

    async def stop(self, machine: Machine) -> None:
        await self.loose.stop(machine)

    async def describe(self, machine: Machine) -> Description:
        return await self.loose.describe(machine)

    async def tunnel(self, machine: Machine) -> Relay:
        if self.refused:
            self.refused -= 1
            raise ConnectionRefusedError("no tunnel now")
        if self.forbidden:
            raise AuthError("403: pods/portforward is forbidden")
        tunnel = Relay((self.hosts[machine.id], self.port))
        tunnel.cut_after = self.cut_after
        self.tunnels.append(await tunnel.open())
        return tunnel


class DialledWorld(LocalWorld):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.behind = Behind(directory / "log")

    def place(self) -> nodes.Backend:
        return self.behind

    def backend(self) -> nodes.Backend:
        return TroubledBehind(self)

    def program(self) -> Program:
        code = (
            "from pathlib import Path\n"
            "from tests.support.dialled_world import Behind\n"
            f"backend = Behind(Path({str(self.directory / 'log')!r}))"
        )
        return Program(code, {"XDG_RUNTIME_DIR": str(self.directory)})

    def left(self) -> Sequence[str]:
        return [*super().left(), *(f"tunnel {it.port}" for it in self.behind.tunnels if it.is_open)]

    def cut_tunnels(self) -> bool:
        cut = [it for it in self.behind.tunnels if it.is_open]
        for tunnel in cut:
            tunnel.cut()
        return bool(cut)

    def failures(self) -> Sequence[Failure]:
        return [
            Failure("no tunnel", lambda: self._tunnels(refused=10**6), ("started",), "no tunnel now", False, 5.0),
            Failure("nobody", lambda: self._tunnels(port=1), ("started",), "closed before the two ends", False, 5.0),
            Failure("forbidden", lambda: self._tunnels(forbidden=True), ("started",), "portforward is forbid", True),
        ]

    @contextmanager
    def _tunnels(self, *, refused: int = 0, port: int = PORT, forbidden: bool = False) -> Iterator[nodes.Backend]:
        self.behind.refused, self.behind.port, self.behind.forbidden = refused, port, forbidden
        yield self.behind
        self.behind.refused, self.behind.port, self.behind.forbidden = 0, PORT, False

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        return None if kind == "lost reply" else self._set(kind)


class TroubledBehind(Troubled):
    dials_child = True

    def __init__(self, world: DialledWorld) -> None:
        super().__init__(world)
        self._behind = world.behind

    async def tunnel(self, machine: Machine) -> Relay:
        held = self._world.held.get(machine.id)
        started = machine if held is None else await held.machine()
        assert started is not None
        return await self._behind.tunnel(started)
