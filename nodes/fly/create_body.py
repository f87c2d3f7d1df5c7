"""What is sent to Fly to make a machine: a pure function of the settings and the invitation."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Final

from nodes import invitation as invitations
from nodes import labels
from nodes.fly.options import Placement, Settings
from nodes.fly.sizes import Guest
from nodes.fly.wording import EXPIRES, MANAGED_BY, WARM, Json, machine_name, metadata
from nodes.invitation import Invitation

LONGEST_STOP: Final = 300.0
"""What Fly allows a machine to take for its end, in seconds."""
STOP_MARGIN: Final = 5.0
"""The child ends by itself before Fly kills it."""


def create_body(
    settings: Settings,
    placement: Placement,
    invitation: Invitation,
    *,
    now: float,
    marks: Mapping[str, str] | None = None,
) -> Json:
    """The body of a create request. `now` is in seconds of the wall clock; `marks` go into the metadata.

    The machine destroys itself when its program ends, is never restarted, and keeps nothing on its own disk. The
    invitation goes by the environment of its program, which takes it out of there at once; metadata, which anybody in
    the organisation's network may read, hold no secret.
    """
    config = machine_config(settings, placement.guest, invitation, now=now, marks=marks)
    if settings.volume:
        config["mounts"] = [{"volume": settings.volume, "path": settings.volume_path}]
    return {
        "name": machine_name(invitation),
        "region": placement.region,
        "skip_service_registration": True,
        "config": config,
    }


def machine_config(
    settings: Settings, guest: Guest, invitation: Invitation, *, now: float, marks: Mapping[str, str] | None = None
) -> Json:
    told = {"PYTHONUNBUFFERED": "1", **settings.env, invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation)}
    return {
        **_outline(settings, guest),
        "auto_destroy": True,
        "env": told,
        "metadata": {**settings.metadata, **metadata(invitation, now, **(marks or {}))},
    }


def warm_body(settings: Settings, placement: Placement, *, now: float, name: str, lifetime: float) -> Json:
    """Of a machine that is made but not started, for whoever takes it first. It is told nothing yet."""
    marks = {
        MANAGED_BY: labels.MANAGED_BY,
        WARM: fitness(settings, placement.guest),
        EXPIRES: str(round(now + lifetime)),
    }
    return {
        "name": name,
        "region": placement.region,
        "skip_service_registration": True,
        "skip_launch": True,
        "config": {
            **_outline(settings, placement.guest),
            "auto_destroy": False,
            "env": {},
            "metadata": {**settings.metadata, **marks},
        },
    }


def fitness(settings: Settings, guest: Guest) -> str:
    """Equal for machines that can stand for each other.

    >>> from nodes.fly.options import settings
    >>> one, other = (settings(app="a", image=image, token="t", environ={}) for image in ("i:1", "i:2"))
    >>> guest = one.placements[0].guest
    >>> fitness(one, guest) == fitness(one, guest), fitness(one, guest) == fitness(other, guest)
    (True, False)
    """
    outline = json.dumps(_outline(settings, guest), sort_keys=True)
    return hashlib.sha256(outline.encode()).hexdigest()[:16]


def _outline(settings: Settings, guest: Guest) -> Json:
    """What does not depend on the boot."""
    outline: Json = {
        "image": settings.image,
        "guest": {"cpu_kind": guest.cpu_kind, "cpus": guest.cpus, "memory_mb": guest.memory_mb},
        "init": {"exec": list(settings.command)},
        "restart": {"policy": "no"},
        "rootfs": {"persist": "never"},
        "stop_config": {"signal": "SIGTERM", "timeout": f"{stop_seconds(settings.drain_seconds)}s"},
    }
    if settings.secret_files:
        outline["files"] = [
            {"guest_path": path, "secret_name": name} for path, name in sorted(settings.secret_files.items())
        ]
    return outline


def stop_seconds(drain: float) -> int:
    """What the machine is given for its end, so that a drain of `drain` seconds is not cut off.

    >>> stop_seconds(30.0), stop_seconds(1000.0)
    (35, 300)
    """
    return math.ceil(min(drain + STOP_MARGIN, LONGEST_STOP))
