"""Which volume a machine gets: one by its id, or any free one of a name in the machine's region."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from nodes.backend import BackendError, CapacityError
from nodes.fly.options import NEAREST, Placement, Settings
from nodes.fly.wording import Json

ID_PREFIX: Final = "vol_"


def candidates(settings: Settings, volumes: Sequence[Json]) -> list[tuple[Placement, str]]:
    """Places with a free volume in each, in the order of the settings. A volume ties its machine to its region.

    BackendError if there is no such volume, CapacityError if all of them are in use.
    """
    known = [one for one in volumes if settings.volume in (one.get("id"), one.get("name"))]
    if not known:
        raise BackendError(
            f"expected a volume {settings.volume!r} of the app {settings.app!r}, found {_names(volumes)}",
            permanent=True,
            remedy=f"make one with `fly volumes create {settings.volume} -a {settings.app}`",
        )
    free = [one for one in known if not one.get("attached_machine_id") and one.get("state") != "pending_destroy"]
    if not free:
        holders = ", ".join(str(one.get("attached_machine_id")) for one in known)
        text = f"the volume {settings.volume!r} of the app {settings.app!r} is in use, by machine {holders}"
        raise CapacityError(text, scope="volume", remedy="wait for that machine's end, or make another volume")
    found = [
        (replace(placement, region=str(one["region"])), str(one["id"]))
        for placement in settings.placements
        for one in free
        if placement.region == NEAREST or one.get("region") in placement.region.split(",")
    ]
    if not found:
        regions = ", ".join(sorted({str(one.get("region")) for one in free}))
        text = f"the free volumes {settings.volume!r} are in {regions}, the machine was to be elsewhere"
        raise BackendError(text, permanent=True, remedy="name the region of the volume, or make a volume in another")
    return found


def _names(volumes: Iterable[Json]) -> str:
    return ", ".join(sorted({str(one.get("name")) for one in volumes})) or "none"
