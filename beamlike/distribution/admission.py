"""Whether a dialler that proved its secret may have its link: at most one link joins two nodes.

Where both dial at once, each sees the other's dial while its own is under way. The node with the greater name wins:
its own dial goes on and the other's is refused, while the lesser node accepts what comes and drops its own. What that
had proved by then may arrive when the link of the greater node is up already: it was begun before, and is refused.
"""

from __future__ import annotations

from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.refusal import Status
from beamlike.kernel.record import frozen


@frozen
class Standing:
    """How this node stands with another: dialling it, and connected to which incarnation of it."""

    dialling: bool
    connected_creation: int | None
    since: int = 0
    """When that link came up, in the order in which links begin and come up."""


def admit(us: str, peer: Identity, standing: Standing, began: int) -> Status:
    """OK, or the status to refuse with; `began` says when the dialler's link did, as `Standing.since`.

    The same incarnation may come again while its link still seems up here: only it can know that the link is dead.

    >>> peer = Identity("b@h", 7, False, b"1234", "3.1")
    >>> admit("a@h", peer, Standing(dialling=True, connected_creation=None), began=1).name
    'OK'
    >>> admit("c@h", peer, Standing(dialling=True, connected_creation=None), began=1).name
    'SIMULTANEOUS'
    """
    if standing.connected_creation is not None and standing.connected_creation != peer.creation:
        return Status.DUPLICATE_NAME
    if standing.connected_creation is not None and began < standing.since:
        return Status.SIMULTANEOUS
    if standing.dialling and us > peer.name:
        return Status.SIMULTANEOUS
    return Status.OK
