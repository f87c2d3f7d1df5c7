"""The top-level modules on the roots of a node, listed again when a folder has changed."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from beamlike.code.modules.files import entries_of, stems, top_names
from beamlike.code.modules.roots import Root
from beamlike.code.modules.stamps import Stamp, doubtful, stamp_of
from beamlike.kernel.record import frozen


@frozen
class Listing:
    """Those on one root, whose folder is at `path`."""

    path: str
    stamp: Stamp | None
    entries: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


class Listings:
    """For any thread. It is asked ahead of terms: mostly, a look at each folder is all that it costs."""

    def __init__(self) -> None:
        self._listed: dict[Root, Listing] = {}
        self._unions: dict[str, tuple[tuple[Root, ...], list[Listing], frozenset[str]]] = {}
        """By the peer that was asked for last."""

    def names(self, roots: tuple[Root, ...], peer: str) -> frozenset[str]:
        """Those on any of the roots, which are the ones for `peer`."""
        known = self._unions.get(peer)
        if known is not None and known[0] is roots and not doubtful(known[1]):
            return known[2]
        listings = [self._listing(root) for root in roots]
        names = frozenset(name for listing in listings for name in listing.names)
        self._unions[peer] = roots, listings, names
        return names

    def forget(self, peer: str) -> None:
        self._unions.pop(peer, None)

    def keep(self, roots: Iterable[Root]) -> None:
        """It will be asked for no others."""
        self._listed = {root: self._listed[root] for root in roots if root in self._listed}
        self._unions.clear()

    def _listing(self, root: Root) -> Listing:
        listing = self._listed.get(root)
        if listing is None or doubtful([listing]):
            listing = self._listed[root] = _listed_again(root, listing or Listing(root.directory, None))
        return listing


def _listed_again(root: Root, before: Listing) -> Listing:
    """Only what has come or gone is looked at: a folder may be large, and something may come and go all the time."""
    stamp, entries = stamp_of(root.directory), entries_of(root.directory)
    changed = stems(entries ^ before.entries)
    names = top_names(root, entries, changed - sys.stdlib_module_names)
    return Listing(root.directory, stamp, entries, (before.names - changed) | names)
