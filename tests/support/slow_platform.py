"""A platform whose machines are child processes here, and which takes its time: tests say when it goes on."""

from __future__ import annotations

import asyncio
from typing import Any

import nodes
from nodes import Description, Invitation, Machine


class SlowPlatform:
    """Makes a machine when `may_create` is set, and removes one when `may_remove` is. `there` are those that it has."""

    def __init__(self, **options: Any) -> None:
        self._local = nodes.Local(**options)
        self.may_create, self.may_remove = asyncio.Event(), asyncio.Event()
        self.may_create.set()
        self.may_remove.set()
        self.asked = self.called_off = 0
        self.invitations: list[Invitation] = []
        self.there: dict[str, Machine] = {}
        self.words: dict[str, str] = {}
        """The platform's own, of how a machine stands."""

    def __repr__(self) -> str:
        return "SlowPlatform()"

    async def boot(self, invitation: Invitation) -> Machine:
        self.asked += 1
        self.invitations.append(invitation)
        try:
            await self.may_create.wait()
        except asyncio.CancelledError:
            self.called_off += 1
            raise
        machine = await self._local.boot(invitation)
        self.there[machine.id] = machine
        return machine

    async def stop(self, machine: Machine) -> None:
        await self.may_remove.wait()
        await self._local.stop(machine)
        self.there.pop(machine.id, None)

    async def describe(self, machine: Machine) -> Description:
        return await self._local.describe(machine)
