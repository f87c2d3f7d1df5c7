"""How the machines are that somebody asks about: each is waited for by one request at a time, while it is asked about.

So a question is answered from what was seen last, and a machine that nobody asks about costs no request.
"""

from __future__ import annotations

import asyncio
from contextvars import Context
from typing import Final

from nodes.backend import BackendError, Description
from nodes.fly.api import FlyApi, NotYet, gone
from nodes.fly.machine_state import COMING, ENDED, GONE, GONE_DESCRIPTION, description
from nodes.fly.wording import Json

PATIENCE: Final = 10.0
"""So long after the last question nobody waits for the machine any more."""
FIRST_LOOK: Final = 5.0
"""How long a question waits for the first answer of the service."""
TROUBLE_PAUSES: Final = (0.5, 1.0, 2.0, 5.0)
NOT_SEEN: Final = Description("running", None, "", "Fly has not said yet how it is")


class Watch:
    """Of one machine; `made` is how it was shown when it was made."""

    def __init__(self, api: FlyApi, machine: str, made: Json | None = None) -> None:
        self._api = api
        self._machine = machine
        self._shown: Json = made or {}
        self._asked_at = 0.0
        self._is_fresh = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.description = NOT_SEEN if made is None else description(made)
        if made is not None:
            self._is_fresh.set()

    async def ask(self) -> Description:
        """How it is, as far as it was seen; soon after the first question, how it is now."""
        loop = asyncio.get_running_loop()
        self._asked_at = loop.time()
        if self._shown.get("state") in GONE or self.description is GONE_DESCRIPTION:
            return self.description
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        if self._task is None or self._task.done() or self._task.get_loop() is not loop:
            self._task = loop.create_task(self._follow(), context=Context(), name=f"watch of {self._machine}")
        if not self._is_fresh.is_set():
            try:
                async with asyncio.timeout(FIRST_LOOK):
                    await self._is_fresh.wait()
            except TimeoutError:
                return self.description
        return self.description

    def end(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.get_loop().call_soon_threadsafe(self._task.cancel)

    async def _follow(self) -> None:
        troubles = 0
        loop = asyncio.get_running_loop()
        try:
            while not await self._is_over() and loop.time() < self._asked_at + PATIENCE:
                try:
                    await self._step()
                    troubles = 0
                except BackendError as error:
                    if gone(error):
                        self._see(None)
                        return
                    words = f"Fly does not say how it is: {error.args[0]}"
                    before = self.description
                    self.description = Description(before.state, before.exit_code, before.log, words, before.cause)
                    await asyncio.sleep(TROUBLE_PAUSES[min(troubles, len(TROUBLE_PAUSES) - 1)])
                    troubles += 1
        finally:
            self._is_fresh.clear()  # who asks later is told anew

    async def _is_over(self) -> bool:
        return self.description is GONE_DESCRIPTION or self._shown.get("state") in GONE

    async def _step(self) -> None:
        """Looks, and then waits until it is otherwise."""
        if not self._is_fresh.is_set():
            self._see(await self._api.machine(self._machine))
            return
        state = self._shown.get("state")
        seconds = PATIENCE
        try:
            if state in COMING:
                states = ("started", "stopped", "destroyed", "failed")
                reached = await self._api.wait(self._machine, states, seconds=seconds)
                if reached == "started":
                    self._see({**self._shown, "state": "started"})
                    return
            elif state in ENDED:
                await self._api.wait(self._machine, ("destroyed",), seconds=seconds)
            else:
                version = str(self._shown.get("instance_id") or "")
                await self._api.wait(
                    self._machine, ("stopped", "destroyed", "failed"), seconds=seconds, version=version
                )
        except NotYet:
            pass
        self._see(await self._api.machine(self._machine))

    def _see(self, machine: Json | None) -> None:
        """Whoever is gone is remembered as it ended."""
        if machine is not None:
            self._shown = machine
            self.description = description(machine)
        elif self.description.state != "ended":
            self.description = GONE_DESCRIPTION
        else:
            self._shown = {**self._shown, "state": "destroyed"}
        self._is_fresh.set()
