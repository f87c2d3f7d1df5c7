"""A machine that could not be stopped is not forgotten."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl
import nodes
from nodes import stopping
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually


class Stubborn:
    """A platform whose only machine is gone once it was asked `tries` times to stop it."""

    def __init__(self, tries: int) -> None:
        self.left = tries

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        raise NotImplementedError

    async def stop(self, machine: nodes.Machine) -> None:
        self.left -= 1
        if self.left:
            raise ConnectionResetError(f"service unavailable, {self.left} to go")

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "STOP_PAUSES", (0.0, 0.0))
    monkeypatch.setattr(stopping, "FIRST_PAUSE", 0.001)


def stop(backend: Stubborn, until: int) -> list[str]:
    """Asks for a stop, which fails, and stops the node once so many tries are left. Returns what the log says."""

    async def main() -> None:
        async with bl.Node("stops@127.0.0.1", secret=b"a secret of the test"):
            with pytest.raises(ConnectionResetError):
                await stopping.stop(backend, nodes.Machine("1", "machine 1"), None)
            await eventually(lambda: backend.left <= until)

    with captured_log("nodes") as records:
        asyncio.run(main())
    return [f"{record.levelname} {record.getMessage()}" for record in records]


def test_it_is_tried_again_in_the_background_until_it_is_gone() -> None:
    backend = Stubborn(7)
    words = stop(backend, until=0)
    assert backend.left == 0
    assert "could not be stopped, which is tried again in the background" in words[0]


def test_the_end_of_the_node_tells_what_may_be_left() -> None:
    words = stop(Stubborn(1_000_000), until=999_990)
    assert words[-1].startswith("ERROR machine 1 could not be stopped and may still run and cost")
