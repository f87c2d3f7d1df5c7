"""Whose a machine is, for those who look at it from outside: a census, a sweeper, people."""

from __future__ import annotations

from typing import Final

from beamlike.kernel.record import frozen
from nodes.invitation import Invitation

MANAGED_BY: Final = "beamlike"


@frozen
class Labels:
    """Whose a child is, for those who look at it from outside, and for its own code: the pool, and the runner in it."""

    pool: str = ""
    runner: str = ""


NO_LABELS: Final = Labels()


def labels_of(invitation: Invitation, now: float) -> dict[str, str]:
    """What a backend writes on the machine that it boots at `now` (seconds of the wall clock), in its platform's own
    spelling: who manages it, its node, its parent, that one's session, its pool and runner, and when it ends in any
    case ("" for never). There is no secret in it.

    >>> invitation = Invitation("app@h", "h", 1, "app-1@h", b"t", 20.0, max_lifetime=60.0, pool="cpu", session="app-7f")
    >>> labels_of(invitation, now=1000.0)
    {'managed-by': 'beamlike', 'node': 'app-1@h', 'parent': 'app@h', 'session': 'app-7f', 'pool': 'cpu', 'runner': '', \
'expires': '1060'}
    """
    expires = "" if invitation.max_lifetime is None else str(round(now + invitation.max_lifetime))
    return {
        "managed-by": MANAGED_BY,
        "node": invitation.child,
        "parent": invitation.parent,
        "session": invitation.session,
        "pool": invitation.pool,
        "runner": invitation.runner,
        "expires": expires,
    }
