"""One machine for one invitation, however the requests for it end.

Its name and a mark on it are made of the invitation. So after an answer that was lost, is unclear, or says that the
name is taken, it is looked whether the machine is there, and what is there is taken. What is not wanted after all is
looked for and ended, for a while also where it was not seen at first: a machine may come up long after the request for
it has failed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context
from typing import Final

from beamlike.kernel.record import slotted
from nodes.backend import BackendError, CapacityError, ConflictError, QuotaError
from nodes.fly.api import FlyApi, Unreached, gone
from nodes.fly.create_body import create_body
from nodes.fly.options import Placement, Settings
from nodes.fly.refusals import Unclear
from nodes.fly.room import Room
from nodes.fly.wording import BOOT, Json, boot_key, metadata_of, where
from nodes.invitation import Invitation
from nodes.phases import tell

logger = logging.getLogger("beamlike.nodes")

TRY_PAUSES: Final = (0.25, 1.0, 2.0)
"""Between two requests for the same machine."""
UNDO_PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Between the looks for a machine that is not wanted any more, while it was not seen."""
UNDO_AT_ONCE: Final = 3.0
"""How long whoever gave up waits for that; the rest goes on beside."""
_undoing: set[asyncio.Task[None]] = set()


@slotted
class Remains:
    """What may be left of a boot that fails: machines that are `known`, or, when an answer was `unclear`, any."""

    known: list[str]
    unclear: bool = False


async def create(
    api: FlyApi, settings: Settings, room: Room, invitation: Invitation, marks: dict[str, str], remains: Remains
) -> Json:
    """The machine, where there is room for it first. CapacityError names all that was tried."""
    refused: dict[Placement, BackendError] = {}
    while True:
        attempt = _Attempt(api, settings, room, refused, invitation, marks, remains)
        try:
            return await attempt.made()
        except (CapacityError, QuotaError) as error:
            if isinstance(error, QuotaError) and "other regions" not in error.args[0]:
                raise
            placement = attempt.placement()
            refused[placement] = error
            room.is_full(placement)
            following = room.first(refused)
            if following is None:
                raise _no_room(refused, error) from None
            tell(f"Fly has no room for {placement} ({error.args[0]}); {following} is tried")


def _no_room(refused: Mapping[Placement, BackendError], last: BackendError) -> BackendError:
    if len(refused) == 1:
        return last
    tried = "; ".join(f"{placement}: {error.args[0]}" for placement, error in refused.items())
    text = f"Fly has room nowhere, tried {tried}"
    if isinstance(last, CapacityError):
        return CapacityError(text, scope="all placements", remedy=last.remedy)
    return QuotaError(text, remedy=last.remedy)


class _Attempt:
    """At one place, which is chosen when it is its turn to ask: others may have found meanwhile that one is full."""

    def __init__(
        self,
        api: FlyApi,
        settings: Settings,
        room: Room,
        tried: Collection[Placement],
        invitation: Invitation,
        marks: dict[str, str],
        remains: Remains,
    ) -> None:
        self._api = api
        self._settings = settings
        self._room = room
        self._tried = tried
        self._invitation = invitation
        self._marks = marks
        self._remains = remains
        self._placement: Placement | None = None

    def placement(self) -> Placement:
        if self._placement is None:
            self._placement = self._room.first(self._tried)
            assert self._placement is not None
        return self._placement

    def _body(self) -> Json:
        return create_body(self._settings, self.placement(), self._invitation, now=time.time(), marks=self._marks)

    async def made(self) -> Json:
        for pause in (*TRY_PAUSES, None):
            try:
                return await self._api.create(self._body, on_line=_tell_line)
            except (Unclear, Unreached, ConflictError) as error:
                if isinstance(error, ConflictError) and error.what != "name":
                    raise
                self._remains.unclear = self._remains.unclear or not isinstance(error, Unreached)
                tell(f"{error.args[0]}: it is looked whether there is a machine")
                found = None if isinstance(error, Unreached) else await _found(self._api, self._invitation)
                if found is not None:
                    tell(f"{where(found)} is there, and is taken")
                    return found
                if pause is None:
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last try returns or raises")


def _tell_line(seconds: float) -> None:
    before = round(seconds)
    tell(f"Fly makes one machine a second: {before} are before this one, which is asked for in {seconds:.1f} s")


async def _found(api: FlyApi, invitation: Invitation) -> Json | None:
    key = boot_key(invitation)
    # Whoever serves the list may not know what it means, and show all.
    found = [one for one in await api.machines(**{BOOT: key}) if metadata_of(one).get(BOOT) == key]
    alive = [one for one in found if one.get("state") not in ("destroying", "destroyed")]
    return alive[0] if alive else None


@asynccontextmanager
async def nothing_left(api: FlyApi, invitation: Invitation) -> AsyncIterator[Remains]:
    """When the body raises, or is cancelled, no machine is left of the invitation: it is looked for and ended at once,
    and beside for a while if it was not seen. The body says in what it gets which machine it has."""
    remains = Remains([])
    try:
        yield remains
    except BaseException as error:
        if remains.known or remains.unclear or not isinstance(error, BackendError):
            looked = asyncio.Event()
            undoing = asyncio.get_running_loop().create_task(
                _undo(api, invitation, remains.known, looked), context=Context()
            )
            _undoing.add(undoing)
            undoing.add_done_callback(_undoing.discard)
            with suppress(TimeoutError):
                async with asyncio.timeout(UNDO_AT_ONCE):
                    await looked.wait()
        raise


async def _undo(api: FlyApi, invitation: Invitation, known: Sequence[str], looked: asyncio.Event) -> None:
    """Sets `looked` once what could be seen at first is ended."""
    ended, trouble = False, None
    for pause in UNDO_PAUSES:
        await asyncio.sleep(pause)
        try:
            machines = {*known, *[one["id"] for one in await api.machines(**{BOOT: boot_key(invitation)})]}
            for machine in machines:
                await _delete(api, machine)
            ended = ended or bool(machines)
            known, trouble = (), None
            looked.set()
        except BackendError as error:
            trouble = error
            if error.permanent:
                break
        else:
            if ended and not machines:
                return
    looked.set()
    if trouble is not None:
        logger.warning(
            "a machine of %s may be left at Fly, which `beamlike flame reap` ends: %s", invitation.child, trouble
        )


async def _delete(api: FlyApi, machine: str) -> None:
    try:
        await api.delete(machine)
    except BackendError as error:
        if not gone(error):
            raise
