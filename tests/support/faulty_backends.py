"""A platform that makes real child processes, and on which one thing or another goes wrong."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
import nodes
from nodes import Backend, Description, Invitation, Machine
from tests.support.local_nodes import eventually


class Faulty:
    """Boots on `local`, unless it is to fail with `error`. `asked` counts the boots, `machines` are those made.

    `twice` makes two machines of each invitation. `created_until_told`: machines are there, and do not run before
    `start_late`. `reply_lost`: the machine is made, but whoever asked gets an error at once, or when it has joined, or
    never gets an answer. `refused_stops`: so many stops fail.
    """

    def __init__(
        self,
        local: Any = None,
        *,
        error: Exception | None = None,
        twice: bool = False,
        created_until_told: bool = False,
        reply_lost: str | None = None,
        refused_stops: int = 0,
    ) -> None:
        self.local: Backend = local or nodes.Local()
        self.error = error
        self.reply_lost = reply_lost
        self.refused_stops = refused_stops
        self.asked = 0
        self.machines: list[Machine] = []
        self._twice = twice
        self._created = created_until_told
        self._waiting: list[Invitation] = []

    def __repr__(self) -> str:
        return "Faulty()"

    async def boot(self, invitation: Invitation) -> Machine:
        self.asked += 1
        if self.error is not None:
            raise self.error
        if self._created:
            self._waiting.append(invitation)
            return Machine("late", "machine late")
        for _ in range(1 + self._twice):
            self.machines.append(await self.local.boot(invitation))
        if self.reply_lost is not None:
            await self._lose_reply(invitation)
        return self.machines[-1]

    async def _lose_reply(self, invitation: Invitation) -> None:
        if self.reply_lost == "never":
            await asyncio.Event().wait()
        if self.reply_lost == "when it has joined":
            await eventually(lambda: invitation.child in bl.nodes(hidden=True))
        raise ConnectionResetError("the answer was lost")

    async def start_late(self) -> None:
        """Starts what was only created."""
        for invitation in self._waiting:
            self.machines.append(await self.local.boot(invitation))

    async def stop(self, machine: Machine) -> None:
        if self.refused_stops:
            self.refused_stops -= 1
            raise ConnectionResetError("service unavailable")
        if machine.id != "late":
            await self.local.stop(machine)

    async def describe(self, machine: Machine) -> Description:
        return Description("created", None, "") if machine.id == "late" else await self.local.describe(machine)
