"""What becomes of a runtime that arrives when nobody wants it any more."""

from __future__ import annotations

import asyncio
from pathlib import Path

import beamlike as bl
import nodes
from notebook_tui.document.operations import Connect
from notebook_tui.session.messages import Join, Perform
from notebook_tui.session.runtime import Connection
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.local_nodes import PATIENCE, forever


class Machines:
    """A backend whose machines only count."""

    def __init__(self) -> None:
        self.stopped: list[str] = []

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        raise AssertionError("the runtime boots them")

    async def stop(self, machine: nodes.Machine) -> None:
        self.stopped.append(machine.id)

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        return nodes.Description("ended", 0, "")


class OneTooLate:
    """A runtime whose first connection comes right behind a message that makes it unwanted."""

    def __init__(self, machines: Machines, message: object) -> None:
        self.machines = machines
        self.connected = 0
        self._message = message

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        self.connected += 1
        if self.connected == 1:
            bl.send(owner, self._message)
        machine = nodes.Machine(str(self.connected), "nowhere")
        return Connection(bl.spawn(forever), nodes.Child("runtime@127.0.0.1", machine, self.machines), "a runtime")


class Exits(Session):
    """A session that ends itself when it is told "end"."""

    def handle_info(self, message: object) -> None:
        if message == "end":
            raise bl.Stop
        super().handle_info(message)


def test_a_runtime_that_arrives_while_the_session_ends_is_stopped(tmp_path: Path) -> None:
    machines = Machines()

    async def main() -> object:
        async with bl.Node("session@127.0.0.1", secret=b"s", listen=False):
            session = await Exits.start(NotebookFile(tmp_path / "a.livemd"), OneTooLate(machines, "end"))
            ended = bl.monitor(session)
            await bl.GenServer.call(session, Join(), timeout=PATIENCE)
            bl.GenServer.cast(session, Perform(Connect(), bl.self()))
            return (await bl.receive(ref=ended, timeout=PATIENCE)).reason

    assert asyncio.run(main()) == "normal"
    assert machines.stopped == ["1"]
