"""Machines that are made beforehand and not started: their image is on their host, so they start in about a second.

A boot leases one, so that no other can have it, gives it a configuration like that of a new one, with its invitation in
it, and starts it. The invitation cannot be told otherwise: metadata may be read by the whole organisation and there is
no file to be changed. A changed configuration makes a new version, and that would throw away the memory of a suspended
machine: so they are made, not suspended. From then on nothing tells it from a machine that was made for this boot: it
destroys itself at its end, and is not put back.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import deque
from contextvars import Context
from functools import partial
from typing import Final

from nodes.backend import BackendError
from nodes.fly.api import FlyApi, gone
from nodes.fly.create_body import fitness, machine_config, warm_body
from nodes.fly.options import Placement, Settings
from nodes.fly.wording import EXPIRES, WARM, Json, metadata_of, where
from nodes.invitation import Invitation
from nodes.phases import tell

logger = logging.getLogger("beamlike.nodes")

LEASE_SECONDS: Final = 60
WARM_LIFETIME: Final = 24 * 3600.0
"""Then `beamlike flame reap` may end what nobody took: a machine that is not started costs its disk."""
TAKEABLE: Final = frozenset({"created", "stopped", "suspended"})
LOOK_AGAIN: Final = 5.0
"""So long an empty tier is believed to be empty."""


class WarmTier:
    """`size` machines that wait; of one app, and good for the first placement."""

    def __init__(self, api: FlyApi, settings: Settings, size: int) -> None:
        self._api = api
        self._settings = settings
        self.size = size
        self._known: deque[Json] = deque()
        self._looked_at = float("-inf")
        self._filling: asyncio.Task[None] | None = None

    @property
    def _placement(self) -> Placement:
        return self._settings.placements[0]

    async def fill(self) -> None:
        """Makes those that are missing."""
        there = await self._look()
        for _ in range(self.size - there):
            name = f"warm-{fitness(self._settings, self._placement.guest)[:8]}-{secrets.token_hex(4)}"
            now = time.time()
            body = partial(warm_body, self._settings, self._placement, now=now, name=name, lifetime=WARM_LIFETIME)
            self._known.append(await self._api.create(body))

    async def take(self, invitation: Invitation, marks: dict[str, str]) -> Json | None:
        """One of them, started with this invitation; None if there is none to be had."""
        if not self.size:
            return None
        if not self._known and time.monotonic() > self._looked_at + LOOK_AGAIN:
            await self._look()
        while self._known:
            machine = self._known.popleft()
            taken = await self._try(machine, invitation, marks)
            if taken is not None:
                self._refill()
                return taken
        return None

    def _refill(self) -> None:
        if self._filling is None or self._filling.done():
            self._filling = asyncio.get_running_loop().create_task(self._filled(), context=Context())

    async def _filled(self) -> None:
        try:
            await self.fill()
        except BackendError as error:
            logger.warning("machines of the app %s cannot be made beforehand: %s", self._settings.app, error)

    async def _look(self) -> int:
        """How many there are."""
        fits = fitness(self._settings, self._placement.guest)
        found = [one for one in await self._api.machines(**{WARM: fits}) if self._is_free(one, fits)]
        self._known = deque(sorted(found, key=lambda one: str(one.get("created_at"))))
        self._looked_at = time.monotonic()
        return len(found)

    def _is_free(self, machine: Json, fits: str) -> bool:
        marks = metadata_of(machine)
        expires = marks.get(EXPIRES, "")
        lasts = not expires.isdecimal() or int(expires) > time.time()
        return marks.get(WARM) == fits and machine.get("state") in TAKEABLE and lasts

    async def _try(self, machine: Json, invitation: Invitation, marks: dict[str, str]) -> Json | None:
        """It, started; None if somebody else has it, or it cannot be started."""
        api, number = self._api, str(machine["id"])
        try:
            nonce = await api.lease(number, seconds=LEASE_SECONDS, why=f"taken by {invitation.parent}")
        except BackendError as error:
            if error.permanent:
                raise
            return None
        changed = False
        try:
            shown = await api.machine(number)  # who had the lease before us may have taken it
            if not self._is_free(shown, fitness(self._settings, self._placement.guest)):
                return None
            tell(f"{where(shown)} waits, and is taken")
            config = machine_config(self._settings, self._placement.guest, invitation, now=time.time(), marks=marks)
            body = {
                "config": config,
                "current_version": shown.get("instance_id", ""),
                "skip_launch": True,
                "skip_service_registration": True,
            }
            changed = True
            updated = await api.update(number, body, nonce=nonce)
            await api.start(number, nonce=nonce)
        except BackendError as error:
            tell(f"{where(machine)} could not be started ({error.args[0]}), so another one is")
            if changed and not gone(error):
                await self._thrown_away(number, nonce)
            return None
        finally:
            await self._released(number, nonce)
        return {**updated, "state": "starting"}

    async def _thrown_away(self, number: str, nonce: str) -> None:
        """It has our invitation: if it cannot be ended now, the boot looks for it at its end."""
        try:
            await self._api.delete(number, nonce=nonce)
        except BackendError as error:
            logger.warning("machine %s could not be destroyed: %s", number, error)

    async def _released(self, number: str, nonce: str) -> None:
        try:
            await self._api.release(number, nonce)
        except BackendError as error:
            logger.debug("the lease of machine %s ends by itself: %s", number, error)
