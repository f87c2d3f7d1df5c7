"""Who booted this node, for code that runs on it."""

from __future__ import annotations

import time

from beamlike.kernel.record import frozen
from nodes.invitation import Invitation


@frozen
class Parent:
    """The node that booted this one, for which pool and as which runner ("" for neither); times are those of the wall
    clock, `expires_at` that at which this node ends in any case (None: it has no maximum lifetime)."""

    node: str
    pool: str
    runner: str
    booted_at: float
    expires_at: float | None
    platform: str = ""
    """What this node runs on, as specs name it ("fly", "k8s"); "" where that is a process of its parent's host."""


_parent: Parent | None = None


def current_parent() -> Parent | None:
    """Who booted this node; None where nobody did, as in a program that was started by hand.

    >>> current_parent()
    """
    return _parent


def invited_by(invitation: Invitation) -> None:
    """This process is the child that was invited."""
    global _parent
    now = time.time()
    expires_at = None if invitation.max_lifetime is None else now + invitation.max_lifetime
    _parent = Parent(invitation.parent, invitation.pool, invitation.runner, now, expires_at, invitation.platform)
