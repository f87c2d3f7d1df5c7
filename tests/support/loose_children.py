"""A backend whose children no pipe ties to this process, as on another machine: only their own guards end them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from nodes import Description, Invitation, Machine
from nodes import invitation as invitations
from tests.support.processes import DEADLINE


class Loose:
    """`log` is where they print. `invite` may give them another invitation than they have, as by another way to dial
    back; `before` is code that runs before anything is imported, `delay` seconds pass before their program starts, and
    `stops` says whether a stop is carried out."""

    def __init__(
        self,
        log: Path,
        *,
        invite: Callable[[Invitation], Invitation] = lambda invitation: invitation,
        before: str = "",
        delay: float = 0.0,
        stops: bool = True,
    ) -> None:
        self.log = log
        self.processes: list[subprocess.Popen[bytes]] = []
        self._invite = invite
        self._before = before
        self._delay = delay
        self._stops = stops

    def __repr__(self) -> str:
        return "Loose()"

    async def boot(self, invitation: Invitation) -> Machine:
        process = self._start(invitation)
        self.processes.append(process)
        return Machine(str(process.pid), f"process {process.pid}")

    def _start(self, invitation: Invitation) -> subprocess.Popen[bytes]:
        text = invitations.encode(self._invite(invitation))
        program = f"import time\ntime.sleep({self._delay})\n{self._before}\nfrom nodes.child import main\nmain()"
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", program],
                env={**os.environ, invitations.ENVIRONMENT_VARIABLE: text},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def stop(self, machine: Machine) -> None:
        if self._stops:
            process = self._process(machine)
            process.kill()
            await asyncio.to_thread(process.wait)

    async def describe(self, machine: Machine) -> Description:
        code = self._process(machine).poll()
        return Description("running" if code is None else "ended", code, self.words())

    def words(self) -> str:
        return self.log.read_text()

    def _process(self, machine: Machine) -> subprocess.Popen[bytes]:
        return next(it for it in self.processes if str(it.pid) == machine.id)

    def wait(self, seconds: float = DEADLINE) -> int:
        """The exit code of the only child."""
        [process] = self.processes
        return process.wait(seconds)


def through(address: tuple[str, int]) -> Callable[[Invitation], Invitation]:
    """Has children dial back by way of that address."""
    return lambda invitation: replace(invitation, host=address[0], port=address[1])
