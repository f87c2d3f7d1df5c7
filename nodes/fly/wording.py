"""What machines on Fly are called, and what is written on them for those who look from outside."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from nodes.invitation import Invitation

Json: TypeAlias = dict[str, Any]

MANAGED_BY: Final = "bl_managed_by"
RUNNER: Final = "bl_runner"
"""One boot's own: what is looked for when it is not known how a request ended."""
SESSION: Final = "bl_session"
EXPIRES: Final = "bl_expires"
PARENT: Final = "bl_parent"
PARENT_PROCESS: Final = "bl_parent_process"
PARENT_MACHINE: Final = "bl_parent_machine"
POOL: Final = "bl_pool"
LABEL: Final = "bl_label"
CHILD: Final = "bl_child"
JOINS_BY: Final = "bl_joins_by"
"""The time by which it has joined its parent, or is not wanted any more."""
WARM: Final = "bl_warm"
"""On a machine that waits to be taken: what it would be good for."""
LONGEST_NAME: Final = 60


def runner_key(invitation: Invitation) -> str:
    """The same for one invitation, and for no other.

    >>> import nodes
    >>> one = nodes.Invitation("app@h", "h", 1, "app-1@h", b"token", 20.0)
    >>> runner_key(one) == runner_key(one), len(runner_key(one))
    (True, 16)
    """
    parts = (invitation.parent.encode(), invitation.child.encode(), invitation.token)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]


def machine_name(invitation: Invitation, session: str) -> str:
    """Deterministic, so that asking twice for a machine cannot make two: names are unique within an app."""
    word = slug(invitation.pool or invitation.child.partition("@")[0])
    ending = f"-{hashlib.sha256(session.encode()).hexdigest()[:8]}-{runner_key(invitation)[:8]}"
    return f"{word[: LONGEST_NAME - len(ending)].rstrip('-')}{ending}"


def slug(text: str) -> str:
    """
    >>> slug("My pool_1"), slug("çà")
    ('my-pool-1', 'node')
    """
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "node"


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
