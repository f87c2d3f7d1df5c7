"""Who is cancelled while it cleans up after a boot cleans up all the same."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from nodes import Description, Invitation, Machine, booting
from nodes.phases import Progress
from nodes.tunnels import dialling
from nodes.tunnels.carrier import Carrier

INVITATION = Invitation("app@h", "h", 1, "app-7@h", b"t", 20.0)


class Dialled:
    dials_child = True

    def __init__(self) -> None:
        self.stopped = False

    async def boot(self, invitation: Invitation) -> Machine:
        return Machine("1", "machine 1")

    async def describe(self, machine: Machine) -> Description:
        return Description("running", None, "")

    async def stop(self, machine: Machine) -> None:
        self.stopped = True

    async def tunnel(self, machine: Machine) -> Any:
        raise ConnectionRefusedError


class SlowCarrier:
    async def close(self) -> None:
        await asyncio.sleep(0.1)


def test_a_machine_is_stopped_though_the_end_of_the_way_to_it_is_cancelled() -> None:
    async def main() -> bool:
        backend = Dialled()
        boot: Any = booting._Boot(None, backend, INVITATION, Progress(None))  # type: ignore[arg-type]
        boot._machine, boot._carrier = Machine("1", "machine 1"), SlowCarrier()
        cleaning = asyncio.create_task(boot._cleaned_up(TimeoutError()))
        await asyncio.sleep(0)
        cleaning.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cleaning
        return backend.stopped

    assert asyncio.run(main())


def test_a_way_that_is_cancelled_while_it_is_opened_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    async def for_ever(_carrier: Carrier) -> None:
        await asyncio.sleep(3600)

    monkeypatch.setattr(Carrier, "_listen", for_ever)

    async def main() -> None:
        before = set(threading.enumerate())
        opening = asyncio.create_task(dialling.carrier_to(Machine("1", "machine 1"), Dialled(), INVITATION))
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert [it for it in set(threading.enumerate()) - before if it.name == "beamlike tunnels"] == []

    asyncio.run(main())
