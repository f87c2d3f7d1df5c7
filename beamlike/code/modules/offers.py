"""What the nodes that one is connected to offer, of their own and of others behind them.

Each offer names the nodes that it came through. Who finds itself among them does not listen, and nobody is told of
what came through it: nodes that are connected in a ring do not keep alive what its origin has taken back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace

from beamlike.code.modules.messages import Offer
from beamlike.kernel.record import frozen


@frozen
class Route:
    """Where to ask for a module: `peer`, who has it of `origin`."""

    peer: str
    origin: str


class Offers:
    """Those that the node `node` has heard.

    >>> offers = Offers("c@h")
    >>> offers.hear("b@h", [Offer(("a@h", "b@h"), ("helper",))])
    >>> offers.routes("helper")
    [Route(peer='b@h', origin='a@h')]
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._heard: dict[str, tuple[Offer, ...]] = {}
        self.version = 0
        """Another one after each change."""

    def hear(self, peer: str, offers: Iterable[Offer]) -> None:
        """All that `peer` offers from now on."""
        self._heard.pop(peer, None)  # so that the last of the table is the newest
        self._heard[peer] = tuple(it for it in offers if it.path[-1:] == (peer,) and self._node not in it.path)
        self.version += 1

    def renew(self, names: Callable[[Offer], tuple[str, ...]]) -> bool:
        """Each is of these names from now on; whether one is so that was not."""
        renewed = {peer: tuple(replace(it, names=names(it)) for it in offers) for peer, offers in self._heard.items()}
        if renewed == self._heard:
            return False
        self._heard = renewed
        self.version += 1
        return True

    def forget(self, peer: str) -> None:
        if self._heard.pop(peer, None) is not None:
            self.version += 1

    def peers(self) -> tuple[str, ...]:
        return tuple(self._heard)

    def __bool__(self) -> bool:
        return any(self._heard.values())

    def all(self) -> list[Offer]:
        return [offer for offers in self._heard.values() for offer in offers]

    def names(self) -> set[str]:
        return {name for offer in self._best() for name in offer.names}

    def routes(self, top: str) -> list[Route]:
        """To each node that has a module of this name, the newest first."""
        return [self._route(it) for it in self._best() if top in it.names]

    def route_to(self, origin: str) -> Route | None:
        return next((self._route(it) for it in self._best() if it.origin == origin), None)

    def routes_for(self, node: str) -> list[Route]:
        """To those of whom code of `node`, here, may have a module that none has told of: that node, and who has
        offered it a folder. "" is for code of which nobody knows where it came from; it asks the newest, at least."""
        origins = {offer.origin for offer in self.all() if offer.express and (not node or node in offer.path)}
        routes = [self._route(it) for it in self._best() if it.origin == node or it.origin in origins]
        if not (node or routes):
            return [self._route(it) for it in self._best()[:1]]
        return sorted(routes, key=lambda route: route.origin != node)

    def all_routes(self) -> set[Route]:
        """By which anything may have come: also those that are not the shortest."""
        return set(map(self._route, self.all()))

    def contested(self) -> frozenset[str]:
        """The names that several nodes have modules of."""
        counts = Counter(name for offer in self._best() for name in offer.names)
        return frozenset(name for name, count in counts.items() if count > 1)

    def for_peer(self, peer: str) -> tuple[Offer, ...]:
        """What this node can pass on to `peer`."""
        return tuple(replace(it, path=(*it.path, self._node)) for it in self._best() if peer not in it.path)

    def _best(self) -> list[Offer]:
        """The shortest way to each origin; the origin that was heard last comes first."""
        best: dict[str, Offer] = {}
        for offer in (offer for offers in reversed(self._heard.values()) for offer in offers):
            if offer.origin not in best or len(offer.path) < len(best[offer.origin].path):
                best[offer.origin] = offer
        return list(best.values())

    @staticmethod
    def _route(offer: Offer) -> Route:
        return Route(offer.path[-1], offer.origin)
