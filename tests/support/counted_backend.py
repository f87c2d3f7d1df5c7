"""Child processes whose boots a test counts, holds back, or has fail."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import nodes


class CountedBackend:
    """Boots as nodes.Local does, except that the boots numbered in `fail` fail, and that those after the first `free`
    wait for the gate `boots`."""

    def __init__(self, *, fail: Collection[int] = (), free: int | None = None) -> None:
        self._local = nodes.Local()
        self._fail = fail
        self._free = free
        self.asked = 0
        """Boots that were asked for."""
        self.there: set[int] = set()
        """Those of them, by their number, that go on or led to a machine that is not gone yet."""
        self.most = 0
        """As many were there at the same time."""
        self.boots = asyncio.Event()
        self.looks = asyncio.Event()
        """A gate for whoever looks at a machine."""
        self.looks.set()
        self._numbers: dict[str, int] = {}

    def __repr__(self) -> str:
        return "CountedBackend()"

    async def boot(self, invitation: nodes.Invitation) -> nodes.Machine:
        self.asked += 1
        number = self.asked
        self.there.add(number)
        self.most = max(self.most, len(self.there))
        try:
            machine = await self._boot(number, invitation)
        except BaseException:
            self.there.discard(number)
            raise
        self._numbers[machine.id] = number
        return machine

    async def _boot(self, number: int, invitation: nodes.Invitation) -> nodes.Machine:
        if number in self._fail:
            raise OSError("quota exceeded")
        if self._free is not None and number > self._free:
            await self.boots.wait()
        return await self._local.boot(invitation)

    async def stop(self, machine: nodes.Machine) -> None:
        await self._local.stop(machine)
        self.there.discard(self._numbers[machine.id])

    async def describe(self, machine: nodes.Machine) -> nodes.Description:
        await self.looks.wait()
        return await self._local.describe(machine)
