"""The origin's side: what a node has of its own, and what it answers when asked for it.

A folder is listed again when it has changed. What was given to a peer is looked at before each term that may use it,
and said to have changed when it has.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import field, replace
from importlib.machinery import PathFinder
from threading import RLock
from typing import Final

from beamlike.code.modules.files import Compiled, Place, find, folder_entries, modules_below, resource
from beamlike.code.modules.listings import Listings
from beamlike.code.modules.messages import (
    Answer,
    Change,
    Data,
    FindModule,
    Folder,
    Found,
    Kind,
    LookAt,
    Missing,
    ModuleFile,
    Refused,
)
from beamlike.code.modules.roots import Root, is_installed
from beamlike.code.modules.stamps import Stamp, doubtful, hash_now, hash_of, stamp_of
from beamlike.kernel.record import frozen, slotted

BUNDLE: Final = 1 << 20
"""Bytes of modules that come along with the one that was asked for."""
LARGEST: Final = 16 << 20
"""Bytes of a module or resource: what is larger would keep the lane busy that shows that the node is alive."""


@frozen
class GivenFile:
    name: str
    path: str
    stamp: Stamp | None
    hash: bytes


@slotted
class Given:
    """The modules of this node that the other side of one connection, `peer`, has got."""

    peer: str = ""
    files: dict[str, GivenFile] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock)
    """It is given to by the heartbeat's thread, and looked through by whoever sends."""


class Origin:
    """The modules of the node `node`. Where those lie that a peer may have, `roots` is asked anew each time."""

    def __init__(self, node: str, roots: Callable[[str], tuple[Root, ...]]) -> None:
        self._node = node
        self._roots = roots
        self._listings = Listings()

    def names(self, peer: str) -> frozenset[str]:
        """The top-level modules that `peer` may have."""
        return self._listings.names(self._roots(peer), peer)

    def forget(self, peer: str) -> None:
        self._listings.forget(peer)

    def answer(self, question: FindModule | LookAt, given: Given) -> Answer:
        """In any thread: nothing is imported, nothing run, and only what is offered is read."""
        try:
            if isinstance(question, LookAt):
                return self._look_at(question, self._roots(given.peer))
            return self._give(question.name, given)
        except OSError as error:
            return Refused(f"cannot be read on {self._node} ({error})")

    def changes(self, given: Given) -> tuple[Change, ...]:
        """What was given and is another now; it counts as given no more."""
        changes = [self._change(file, given) for file in doubtful(list(given.files.values()))]
        return tuple(filter(None, changes))

    # What is there.

    def _find(self, name: str, roots: Sequence[Root]) -> Place | Missing | Refused:
        found = find(roots, name) if name.partition(".")[0] not in sys.stdlib_module_names else None
        match found:
            case None:
                return Missing(self._why_missing(name, roots))
            case Compiled(path):
                return Refused(f"is compiled code ({os.path.basename(path)} on {self._node}): install it there")
            case _:
                return found

    def _why_missing(self, name: str, roots: Sequence[Root]) -> str:
        top, _, below = name.partition(".")
        if below and find(roots, top) is not None:
            return f"has no such module in its {top!r}"
        spec = PathFinder.find_spec(top) if top.isidentifier() else None
        if spec is not None and spec.origin is not None and is_installed(spec.origin):
            return "has it installed: declare what it is part of as a requirement, or install it there"
        folders = [root.directory for root in roots if root.only is None]
        where = ", ".join(folders) or "it has no folder of its own"
        return (
            f"has no such module beside its script or notebook ({where}): "
            "declare the package that it is part of in a `# /// script` block, or put the module there"
        )

    # What is given.

    def _give(self, name: str, given: Given) -> Answer:
        roots = self._roots(given.peer)
        found = self._find(name, roots)
        if not isinstance(found, Place):
            return found
        if _size(found) > LARGEST:
            return Refused(f"has {_size(found)} bytes, and a module of at most {LARGEST} travels")
        return Found((_read(found, given), *self._company(found, roots, given)))

    def _company(self, found: Place, roots: Sequence[Root], given: Given) -> Iterator[ModuleFile]:
        """The packages that `found` is in, and as many of the modules beside it as fit."""
        room = BUNDLE
        for place in _beside(found, roots):
            if place.name == found.name or place.name in given.files:
                continue
            with suppress(OSError):  # it is told why who asks for that one
                room -= _size(place)
                if room < 0:
                    return
                yield _read(place, given)

    def _change(self, file: GivenFile, given: Given) -> Change | None:
        stamp, hash = stamp_of(file.path), _hash_now(file.path)
        with given.lock:
            if given.files.get(file.name) is not file:  # given anew meanwhile
                return None
            if hash == file.hash:
                given.files[file.name] = replace(file, stamp=stamp)
                return None
            del given.files[file.name]
        return Change(self._node, file.name, hash)

    def _look_at(self, question: LookAt, roots: Sequence[Root]) -> Answer:
        package = self._find(question.package, roots)
        if not isinstance(package, Place):
            return package
        path = resource(package, question.path)
        if path is None:
            return Missing(f"has no {'/'.join(question.path)!r} in its {question.package!r}")
        if os.path.isdir(path):
            return Folder(folder_entries(path))
        size = os.path.getsize(path)
        if not os.path.isfile(path) or size > LARGEST:
            return Refused(f"is no file, or one of {size} bytes: at most {LARGEST} travel so; send it as a value")
        return Data(_contents(path) if question.read else b"")


def _beside(found: Place, roots: Sequence[Root]) -> Iterator[Place]:
    """First its packages, then what of them this interpreter has loaded; all that there is, if it has not."""
    top, *rest = found.name.split(".")
    packages = [".".join([top, *rest[:depth]]) for depth in range(len(rest) + 1)]
    loaded = sorted(name for name in list(sys.modules) if name.startswith(f"{top}.")) if top in sys.modules else None
    for name in dict.fromkeys([*packages, *(loaded or ())]):
        place = find(roots, name)
        if isinstance(place, Place):
            yield place
            if name == top and loaded is None:
                yield from modules_below(place)


def _read(place: Place, given: Given) -> ModuleFile:
    stamp = stamp_of(place.path)  # before it is read: a change between the two shows
    source = b"" if place.kind is Kind.NAMESPACE else _contents(place.path)
    hash = hash_of(source)
    with given.lock:
        given.files[place.name] = GivenFile(place.name, place.path, stamp, hash)
    return ModuleFile(place.name, place.kind, place.label, hash, source)


def _hash_now(path: str) -> bytes:
    """b"" also for what cannot be read: it is told why who asks for it."""
    try:
        return hash_now(path)
    except OSError:
        return b""


def _size(place: Place) -> int:
    return 0 if place.kind is Kind.NAMESPACE else os.path.getsize(place.path)


def _contents(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
