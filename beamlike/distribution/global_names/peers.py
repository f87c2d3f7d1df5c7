"""The other nodes, as one name server knows them, and how two servers come to know each other.

    connected ──Knock──► the other is greeted: it is sent a Hello, then every change; it may ask for locks
              ◄─Hello─── the other is a member: its names are here; it is asked for locks

Both halves happen on either side. A node without a name server is found out by a monitor, and is no peer until it
knocks.
"""

from __future__ import annotations

from beamlike.distribution.global_names.messages import Address
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import Pid


@slotted
class Peer:
    """A connected node. It is pending until it is clear whether it has a name server."""

    address: Address | None = None
    greeted: Pid | None = None
    member: Pid | None = None
    absent: bool = False

    @property
    def pending(self) -> bool:
        return self.member is None and not self.absent

    def forget_server(self) -> None:
        self.greeted = self.member = None
        self.absent = True


class Peers:
    def __init__(self) -> None:
        self._peers: dict[str, Peer] = {}

    def __contains__(self, node: str) -> bool:
        return node in self._peers

    def add(self, node: str) -> None:
        self._peers[node] = Peer()

    def get(self, node: str) -> Peer | None:
        return self._peers.get(node)

    def pop(self, node: str) -> Peer | None:
        return self._peers.pop(node, None)

    def clear(self) -> None:
        self._peers.clear()

    def nodes(self) -> list[str]:
        """Those that are, or may turn out to be, members."""
        return [node for node, peer in self._peers.items() if not peer.absent]

    def any_pending(self) -> bool:
        return any(peer.pending for peer in self._peers.values())

    def member(self, node: str) -> Pid | None:
        """The name server of a node whose names are known here."""
        peer = self._peers.get(node)
        return peer.member if peer is not None else None

    def greeted(self) -> dict[str, Pid]:
        """The name servers that know the names of this node."""
        return {node: peer.greeted for node, peer in self._peers.items() if peer.greeted is not None}

    def is_greeted(self, server: Pid) -> bool:
        peer = self._peers.get(server.node)
        return peer is not None and peer.greeted == server

    def addresses(self) -> tuple[tuple[str, Address | None], ...]:
        return tuple((node, peer.address) for node, peer in self._peers.items() if peer.greeted is not None)
