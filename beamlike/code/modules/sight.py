"""What a node sees by itself of the modules of others: those in folders that are the same ones for both.

A term may leave a node that has heard nothing of its modules' origin for long. A runtime, say, whose cell writes a file
beside the notebook and then calls its child: the notebook program has no part in it. Where the runtime sees the folder,
it looks at it as the origin would, and takes what it finds there as if it had been told.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from functools import cache

from beamlike.code.modules.held import Held
from beamlike.code.modules.listings import Listing, Listings
from beamlike.code.modules.messages import Kind, Offer, SourceFolder
from beamlike.code.modules.offers import Offers
from beamlike.code.modules.roots import Root
from beamlike.code.modules.stamps import doubtful, hash_now, stamp_of


def source_folder(root: Root) -> SourceFolder:
    """A root of this node, as others are told of it."""
    return SourceFolder(root.directory, root.only, _identity(root.directory))


class Sight:
    """That of one node. Not for two threads at once."""

    def __init__(self) -> None:
        self._roots: dict[str, tuple[Root, ...]] = {}
        """By origin: of those alone of which all folders are seen."""
        self._listings = Listings()
        self._folders: list[Listing] = []
        """As they were when they were looked at last."""

    def look_out(self, offers: Iterable[Offer]) -> None:
        """From now on it is for the modules that these offer."""
        self._roots = {it.origin: tuple(map(_root, it.folders)) for it in offers if _is_here(it)}
        seen = {root for roots in self._roots.values() for root in roots}
        self._listings.keep(seen)
        self._folders = [Listing(it, None) for it in {root.directory for root in seen if root.only is None}]

    # What is offered.

    def look_around(self, offers: Offers) -> bool:
        """Whether other top-level modules are offered now than these say; then they say so."""
        if not doubtful(self._folders):
            return False
        self._folders = [Listing(it.path, stamp_of(it.path)) for it in self._folders]
        return offers.renew(self._names)

    def _names(self, offer: Offer) -> tuple[str, ...]:
        roots = self._roots.get(offer.origin)
        return offer.names if roots is None else tuple(sorted(self._listings.names(roots, offer.origin)))

    # What was got.

    def doubtful(self, modules: Iterable[Held]) -> list[Held]:
        """Those that may have changed; a look at each is all that it costs."""
        return doubtful([it for it in modules if self._place(it)])

    def hash_now(self, module: Held) -> bytes | None:
        """The hash of its source as that lies there now, b"" if it is gone; None if nobody here can tell."""
        return _hash_at(module, self._place(module))

    def _place(self, module: Held) -> str:
        """Where it lies, or did; "" if that is not seen from here."""
        if not module.looked_for:
            module.looked_for = True
            paths = _paths(module, self._roots.get(module.route.origin, ()))
            same = (path for path in paths if _hash_at(module, path) == module.file.hash)
            module.path = next(same, next(filter(os.path.exists, paths), paths[0] if paths else ""))
        return module.path


def _paths(module: Held, roots: Iterable[Root]) -> list[str]:
    """Where it may lie. A name of identifiers leads nowhere but below the roots."""
    parts = module.file.name.split(".")
    if not all(map(str.isidentifier, parts)):
        return []
    end = {Kind.MODULE: ".py", Kind.PACKAGE: f"{os.sep}__init__.py", Kind.NAMESPACE: ""}[module.file.kind]
    return [os.path.join(root.directory, *parts) + end for root in roots if root.has(parts[0])]


def _hash_at(module: Held, path: str) -> bytes | None:
    stamp = stamp_of(path)  # before it is read: a change between the two shows
    try:
        hash = hash_now(path) if path else None
    except OSError:
        return None
    if hash == module.file.hash:
        module.stamp = stamp
    return hash


def _root(folder: SourceFolder) -> Root:
    return Root(folder.directory, folder.only)


def _is_here(offer: Offer) -> bool:
    return bool(offer.folders) and all(
        it.identity == _identity(it.directory) and os.access(it.directory, os.R_OK | os.X_OK) for it in offer.folders
    )


def _identity(directory: str) -> str:
    """Two nodes that find the same have the same folder there."""
    try:
        found = os.stat(directory)
    except OSError:
        return ""
    return f"{_machine()} {found.st_dev} {found.st_ino}"


@cache
def _machine() -> str:
    """Another one for each start of a system, where that can be told. (Its containers have devices of their own.)"""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip()
    except OSError:
        return platform.node()
