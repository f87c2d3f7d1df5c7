"""What a node offers because it was told to, beside what lies on its path: folders, and installed packages by name."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Final, Self

from beamlike.code.modules.roots import OWN_PACKAGES, Root


class Offer:
    """Holds until `withdraw`, or until the end of a `with` block; one `to` a node, while that is connected."""

    def __init__(self, offered: Offered, root: Root, to: str | None) -> None:
        self._offered = offered
        self.root = root
        self.to = to

    def __repr__(self) -> str:
        return f"<the offer of {self.root.only or self.root.directory}>"

    def withdraw(self) -> None:
        """From now on it is told to nobody; what others have got of it stays with them until it changes."""
        self._offered.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.withdraw()


class Offered:
    """The offers of this interpreter. For any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.all: tuple[Offer, ...] = ()

    def add(self, root: Root, to: str | None = None) -> Offer:
        offer = Offer(self, root, to)
        with self._lock:
            self.all = (*self.all, offer)
        return offer

    def remove(self, offer: Offer) -> None:
        with self._lock:
            self.all = tuple(it for it in self.all if it is not offer)

    def forget(self, peer: str) -> None:
        """The connection to `peer` is over, and with it what was offered to that node alone."""
        with self._lock:
            self.all = tuple(it for it in self.all if it.to != peer)

    def roots(self, peer: str) -> tuple[Root, ...]:
        """What is offered to `peer`, the newest first."""
        return tuple(dict.fromkeys(it.root for it in reversed(self.all) if it.to in (None, peer)))


OFFERED: Final = Offered()


def offer(what: str | os.PathLike[str], *, to: str | None = None) -> Offer:
    """Has the nodes of this interpreter offer more than their own modules: those of a folder, given as a path, or an
    installed package, given by its name. `to` is the only node that it is offered to, as long as that is connected.

    Nodes that are connected import it by name, where they have nothing installed of that name. ValueError if there is
    no such folder or package, or no source of it.

    >>> with offer("cloudpickle") as offered:
    ...     offered
    <the offer of cloudpickle>
    """
    return OFFERED.add(_root(os.fspath(what)), to)


def _root(what: str) -> Root:
    if what in OWN_PACKAGES:
        raise ValueError(f"expected something to offer, got {what!r}, which every node has")
    spec = find_spec(what) if what.isidentifier() else None
    if spec is None and os.path.isdir(what):
        return Root(os.path.abspath(what))
    if spec is None:
        raise ValueError(f"expected a folder, or the name of an installed package, to offer, got {what!r}")
    location = spec.origin or next(iter(spec.submodule_search_locations or ()), "")
    if spec.origin is not None and not location.endswith(".py"):
        raise ValueError(f"expected a package with sources to offer, got {what!r}, which is {location}")
    path = Path(location)
    return Root(str(path.parents[1] if path.name == "__init__.py" else path.parent), what)
