"""Nodes that a cluster is connected to, or is about to be."""

from __future__ import annotations

import asyncio

from beamlike.distribution.addresses import Address
from beamlike.distribution.handshake_frames import Identity
from beamlike.distribution.introductions import Introducing
from beamlike.distribution.refusal import HandshakeRefused, Status
from beamlike.distribution.secret import OBSERVE
from beamlike.distribution.transport import Link
from beamlike.kernel.errors import NotConnected
from beamlike.kernel.record import frozen, slotted


@slotted
class Dial:
    """A link that this node is about to make.

    `done` becomes the reason why it failed, or None; `asked_by_node` says whether the node is to hear of a failure.
    """

    name: str
    address: Address | None
    link: Link
    done: asyncio.Future[str | None]
    introducing: Introducing | None = None
    """Who is to be asked for the way, and for the secret."""
    introduced_at: Address | None = None
    asked_by_node: bool = False
    refused: Status | None = None
    """Why the two nodes did not come together, if it came to a handshake."""

    @property
    def hint(self) -> str:
        """What is to be said besides of one that failed after an introduction."""
        if self.introduced_at is None:
            return ""
        host, port = self.introduced_at
        return (
            f"; it listens at {host}:{port}, which is not reached from here, as where one is in a cluster and one not"
        )

    def error(self, message: str) -> NotConnected:
        return NotConnected(message) if self.refused is None else HandshakeRefused(message, self.refused)


@frozen
class Peer:
    identity: Identity
    link: Link
    since: int
    """When it came, in the order in which links begin and come up."""

    @property
    def observes(self) -> bool:
        """Whether one of the two nodes may only observe the other."""
        return self.link.role == OBSERVE
