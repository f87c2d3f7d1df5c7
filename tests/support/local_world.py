"""This host as a world of the contract that all backends keep: real child processes, counted by the system."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nodes
from nodes import Description, Invitation, Machine, records
from nodes.census import Platform
from nodes.local_census import LocalCensus
from tests.nodes.backend_contract import Failure, Fault, Program
from tests.support.processes import child_nodes, is_alive


class LocalWorld:
    """`directory` is where the children of the test, and of the programs that it starts, are on record."""

    platform = "local"
    lease = 5.0
    patience = 40.0
    makes_within = 1.0

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.faults: set[Fault] = set()
        self.held: dict[str, Held] = {}

    def backend(self) -> nodes.Backend:
        return Troubled(self)

    def place(self) -> nodes.Backend:
        """Where the processes are made."""
        return nodes.Local()

    def program(self) -> Program:
        return Program("backend = nodes.Local()", {"XDG_RUNTIME_DIR": str(self.directory)})

    def census(self) -> Platform:
        return LocalCensus()

    def running(self) -> Sequence[str]:
        return [str(pid) for pid in sorted({*child_nodes(), *self._on_record()}) if is_alive(pid)]

    def left(self) -> Sequence[str]:
        return [*self.running(), *self.held, *(str(path) for path, _ in records.on_record()[0])]

    def _on_record(self) -> list[int]:
        return [record.child.pid for _, record in records.on_record()[0] if record.child is not None]

    def kill(self, machine: Machine) -> None:
        os.kill(int(machine.id), signal.SIGKILL)

    def cut_tunnels(self) -> bool:
        return False

    def failures(self) -> Sequence[Failure]:
        return [
            Failure("no such program", lambda: _on("/no/such/python"), ("creating",), "/no/such/python", True),
            Failure(
                "its end",
                _script("echo out of luck; exit 7"),
                ("created", "started"),
                "exit code 7.*\nout of luck",
                False,
            ),
            Failure(
                "another version", _script("echo of old; exit 4"), ("created", "started"), "exit code 4.*\nof old", True
            ),
            Failure("no dial-back", _script("echo hm; exec sleep 99"), ("started",), "no dial-back .*\nhm", False, 5.0),
        ]

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        return None if kind == "lost reply" else self._set(kind)  # a process is started, or is not

    @contextmanager
    def _set(self, kind: Fault) -> Iterator[None]:
        self.faults.add(kind)
        try:
            yield
        finally:
            self.faults.discard(kind)
            for held in self.held.values():
                held.start()


@contextmanager
def _on(python: str) -> Iterator[nodes.Backend]:
    yield nodes.Local(python=python)


def _script(text: str) -> Callable[[], AbstractContextManager[nodes.Backend]]:
    @contextmanager
    def arrange() -> Iterator[nodes.Backend]:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory, "python")
            path.write_text(f"#!/bin/sh\n{text}\n")
            path.chmod(0o755)
            yield nodes.Local(python=str(path))

    return arrange


class Held:
    """A machine that is there and does not run before it is started."""

    def __init__(self, invitation: Invitation, local: nodes.Backend) -> None:
        self._invitation = invitation
        self._local = local
        self._starting: asyncio.Task[Machine] | None = None

    def start(self) -> None:
        self._starting = asyncio.get_running_loop().create_task(self._local.boot(self._invitation))

    async def machine(self) -> Machine | None:
        return None if self._starting is None else await self._starting


class Troubled:
    """Boots as nodes.Local does, but for the faults of its world."""

    on_this_host = True

    def __init__(self, world: LocalWorld) -> None:
        self._world = world
        self._local = world.place()
        self._numbers = itertools.count()

    def __repr__(self) -> str:
        return "Troubled()"

    async def boot(self, invitation: Invitation) -> Machine:
        if self._world.faults.isdisjoint({"held", "late start"}):
            return await self._local.boot(invitation)
        id = f"held-{next(self._numbers)}"
        self._world.held[id] = Held(invitation, self._local)
        return Machine(id, f"machine {id}")

    async def stop(self, machine: Machine) -> None:
        if not self._world.faults.isdisjoint({"refused stops", "late start"}):
            raise ConnectionResetError("service unavailable")
        held = self._world.held.get(machine.id)
        started = machine if held is None else await held.machine()
        if started is not None:
            await self._local.stop(started)
        self._world.held.pop(machine.id, None)

    async def describe(self, machine: Machine) -> Description:
        held = self._world.held.get(machine.id)
        started = machine if held is None else await held.machine()
        return Description("created", None, "") if started is None else await self._local.describe(started)
