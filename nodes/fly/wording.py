"""What machines on Fly are called, and what is written on them for those who look from outside."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from nodes.invitation import Invitation
from nodes.labels import labels_of

Json: TypeAlias = dict[str, Any]

PREFIX: Final = "bl_"
MANAGED_BY, NODE, PARENT, SESSION, POOL, RUNNER, EXPIRES = (
    PREFIX + name for name in ("managed_by", "node", "parent", "session", "pool", "runner", "expires")
)
BOOT: Final = "bl_boot"
"""One boot's own: what is looked for when it is not known how a request ended."""
PARENT_PROCESS: Final = "bl_parent_process"
PARENT_MACHINE: Final = "bl_parent_machine"
JOINS_BY: Final = "bl_joins_by"
"""The time by which it has joined its parent, or is not wanted any more."""
WARM: Final = "bl_warm"
"""On a machine that waits to be taken: what it is good for."""
LONGEST_NAME: Final = 60


def boot_key(invitation: Invitation) -> str:
    """The same for one invitation, and for no other.

    >>> one = Invitation("app@h", "h", 1, "app-1@h", b"token", 20.0)
    >>> boot_key(one) == boot_key(one), len(boot_key(one))
    (True, 16)
    """
    parts = (invitation.parent.encode(), invitation.child.encode(), invitation.token)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def machine_name(invitation: Invitation) -> str:
    """Deterministic, so that asking twice for a machine cannot make two: names are unique within an app."""
    word = slug(invitation.pool or invitation.child.partition("@")[0])
    session = hashlib.sha256(invitation.session.encode()).hexdigest()[:8]
    ending = f"-{session}-{boot_key(invitation)[:8]}"
    return f"{word[: LONGEST_NAME - len(ending)].rstrip('-')}{ending}"


def slug(text: str) -> str:
    """
    >>> slug("My pool_1"), slug("çà")
    ('my-pool-1', 'node')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain if re.match("[a-z]", plain) else "node"


def metadata(invitation: Invitation, now: float, **further: str) -> dict[str, str]:
    """What is written on the machine; `now` is in seconds of the wall clock. An empty value is none to Fly.

    >>> invitation = Invitation("app@h", "h", 1, "app-1@h", b"t", 20.0, pool="cpu", session="app-7f")
    >>> sorted(metadata(invitation, 1000.0))
    ['bl_boot', 'bl_joins_by', 'bl_managed_by', 'bl_node', 'bl_parent', 'bl_pool', 'bl_session']
    """
    labels = {PREFIX + name.replace("-", "_"): value for name, value in labels_of(invitation, now).items()}
    own = {BOOT: boot_key(invitation), JOINS_BY: str(round(now + invitation.dial_seconds))}
    return {name: value for name, value in {**further, **labels, **own}.items() if value}


def metadata_of(machine: Mapping[str, Any]) -> dict[str, str]:
    """Of a machine as the API shows it; hosts that do not answer show only a part of it."""
    config = machine.get("config") or machine.get("incomplete_config") or {}
    return dict(config.get("metadata") or {})


def where(machine: Mapping[str, Any]) -> str:
    """For people.

    >>> where({"id": "148ed193b95389", "region": "fra"})
    'machine 148ed193b95389 in fra'
    """
    region = machine.get("region")
    return f"machine {machine.get('id')}{f' in {region}' if region else ''}"
