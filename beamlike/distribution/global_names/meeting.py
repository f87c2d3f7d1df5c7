"""How name servers come to know each other, and how a cluster is kept such that all are connected to all.

A node connects to the nodes that its peers know. And it hangs up on a node that one of its peers has lost, as OTP does
since 25: a cluster in which some nodes see each other only in part falls into parts that do not overlap.
"""

from __future__ import annotations

from beamlike.distribution.global_names.desk import Desk
from beamlike.distribution.global_names.events import Dial, Send, WatchServer
from beamlike.distribution.global_names.messages import Address, Entry, Hello, Knock, Lost
from beamlike.distribution.global_names.peers import Peer, Peers
from beamlike.kernel.terms import Pid


class Meeting:
    """`connect_all` and `prevent_overlap` are whether the two things above are done."""

    def __init__(self, desk: Desk, peers: Peers, *, connect_all: bool, prevent_overlap: bool) -> None:
        self._desk = desk
        self._peers = peers
        self.address: Address | None = None
        self._connect_all = connect_all
        self._prevent_overlap = prevent_overlap
        self._dialling: set[str] = set()

    @property
    def over(self) -> bool:
        """Whether it is known of every node that can be reached who is there."""
        return not self._dialling and not self._peers.any_pending()

    def peer_up(self, node: str) -> None:
        self._peers.add(node)
        self._desk.do(WatchServer(node, None))
        self._desk.do(Send(node, Knock(self.address)))

    def dial_ended(self, node: str) -> None:
        self._dialling.discard(node)

    def greet(self, source: Pid, peer: Peer, knock: Knock, own: list[Entry]) -> None:
        """A name server has knocked. Ours may not have been heard: its own may have come up only now."""
        known = self._peers.addresses()
        peer.absent = False
        peer.address = knock.address
        peer.greeted = source
        self._desk.do(WatchServer(source.node, source))
        self._desk.do(Send(source, Knock(self.address)))
        self._desk.do(Send(source, Hello(tuple(own), known)))

    def dial_known(self, hello: Hello) -> None:
        for node, address in hello.nodes:
            if (
                self._connect_all
                and node not in self._peers
                and node not in self._dialling
                and node != self._desk.me.node
            ):
                self._dialling.add(node)
                self._desk.do(Dial(node, address))

    def tell_lost(self, server: Pid) -> None:
        """The connection to its node broke; the node may run on, connected to others."""
        for other in self._peers.greeted().values():
            self._desk.do(Send(other, Lost(server)))

    def must_part(self, lost: Lost) -> bool:
        """Whether to disconnect from a node, since a peer has lost it."""
        return self._prevent_overlap and self._peers.is_greeted(lost.server)

    def restarted(self) -> None:
        self._dialling.clear()
