"""What nodes tell each other of their modules: plain values in msgpack, so that reading them runs nothing.

    origin ── News: Offers, Changes ──► receiver       ahead of a term, in the order of the terms
    receiver ── FindModule, LookAt ──► origin          over the heartbeat lane, by whoever imports
             ◄── Found, Missing, Refused, Folder, Data ──

A module comes of an `origin`, mostly the node that is asked, else one behind it: the `path` of an offer names them,
the origin first. A relay passes questions on, and answers from what it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any, TypeAlias, TypeVar

import msgpack

from beamlike.distribution.errors import ProtocolError
from beamlike.kernel.record import frozen


class Kind(IntEnum):
    MODULE = 0
    PACKAGE = 1
    NAMESPACE = 2
    """A package without `__init__.py`."""


@frozen
class SourceFolder:
    """Where an origin has modules, or that of one name `only`. Who finds the same `identity` in that place sees the
    very folder; it is "" for one that is not there."""

    directory: str
    only: str | None
    identity: str


@frozen
class Offer:
    """The top-level modules that can be had of the first node of `path`, through the others; they lie in `folders`.

    It is `express` if one of those is by `bl.offer`: code of which nobody knows where it came from, as that of a cell,
    imports from there.
    """

    path: tuple[str, ...]
    names: tuple[str, ...]
    folders: tuple[SourceFolder, ...] = ()
    express: bool = False

    @property
    def origin(self) -> str:
        return self.path[0]


@frozen
class Change:
    """A module that was given is another now: that of `hash`, or gone, or not known, where that is b""."""

    origin: str
    name: str
    hash: bytes


@frozen
class News:
    """`offers` in place of all earlier ones, or None where they hold."""

    offers: tuple[Offer, ...] | None
    changes: tuple[Change, ...] = ()


@frozen
class FindModule:
    origin: str
    name: str


@frozen
class LookAt:
    """A resource of a package: `path` is its names, one by one; `read` asks for what is in the file as well."""

    origin: str
    package: str
    path: tuple[str, ...]
    read: bool


@frozen
class ModuleFile:
    """`label` is where it lies below its root, such as "pkg/sub.py"; `hash` is that of the source."""

    name: str
    kind: Kind
    label: str
    hash: bytes
    source: bytes


@frozen
class Found:
    """The module that was asked for comes first, and others of its package with it."""

    files: tuple[ModuleFile, ...]


@frozen
class Missing:
    """There is no such thing; `reason` goes on a sentence about the origin: "has no such module"."""

    reason: str


@frozen
class Refused:
    """There is, and it cannot be given; `reason` goes on a sentence about it: "is compiled code"."""

    reason: str


@frozen
class Folder:
    """What a folder of resources holds: names, and whether they are folders themselves."""

    entries: tuple[tuple[str, bool], ...]


@frozen
class Data:
    """A resource that is a file; `data` is b"" where it was only looked at."""

    data: bytes


Question: TypeAlias = FindModule | LookAt
Answer: TypeAlias = Found | Missing | Refused | Folder | Data

T = TypeVar("T")


def encode_news(news: News) -> bytes:
    """
    >>> news = News((Offer(("a@h",), ("helper",)),), (Change("a@h", "helper", b"hash"),))
    >>> decode_news(encode_news(news)) == news
    True
    """
    offers = (
        None
        if news.offers is None
        else [
            (offer.path, offer.names, [(it.directory, it.only, it.identity) for it in offer.folders], offer.express)
            for offer in news.offers
        ]
    )
    return _pack([offers, [(it.origin, it.name, it.hash) for it in news.changes]])


def decode_news(data: bytes) -> News:
    """ProtocolError for what is none; so with the others."""

    def read(plain: Any) -> News:
        offers, changes = plain
        return News(
            None if offers is None else tuple(_offer(*parts) for parts in offers),
            tuple(Change(str(origin), str(name), bytes(hash)) for origin, name, hash in changes),
        )

    return _read(data, "news of modules", read)


def encode_question(question: Question) -> bytes:
    match question:
        case FindModule(origin, name):
            return _pack([0, origin, name])
        case LookAt(origin, package, path, read):
            return _pack([1, origin, package, path, read])


def decode_question(data: bytes) -> Question:
    def read(plain: Any) -> Question:
        match plain:
            case [0, str(origin), str(name)]:
                return FindModule(origin, name)
            case [1, str(origin), str(package), list(path), bool(read)]:
                return LookAt(origin, package, _texts(path), read)
            case _:
                raise ValueError(f"an unknown question: {str(plain)[:100]}")

    return _read(data, "a question about modules", read)


def encode_answer(answer: Answer) -> bytes:
    match answer:
        case Found(files):
            return _pack([0, [(it.name, it.kind, it.label, it.hash, it.source) for it in files]])
        case Missing(reason):
            return _pack([1, reason])
        case Refused(reason):
            return _pack([2, reason])
        case Folder(entries):
            return _pack([3, entries])
        case Data(data):
            return _pack([4, data])


def decode_answer(data: bytes) -> Answer:
    def read(plain: Any) -> Answer:
        match plain:
            case [0, list(files)]:
                return Found(tuple(_file(*parts) for parts in files))
            case [1, str(reason)]:
                return Missing(reason)
            case [2, str(reason)]:
                return Refused(reason)
            case [3, list(entries)]:
                return Folder(tuple((str(name), bool(is_folder)) for name, is_folder in entries))
            case [4, bytes(content)]:
                return Data(content)
            case _:
                raise ValueError(f"an unknown answer: {str(plain)[:100]}")

    return _read(data, "an answer about modules", read)


def _offer(path: Any, names: Any, folders: Any, express: Any) -> Offer:
    return Offer(_texts(path), _texts(names), tuple(_folder(*parts) for parts in folders), bool(express))


def _folder(directory: Any, only: Any, identity: Any) -> SourceFolder:
    return SourceFolder(str(directory), None if only is None else str(only), str(identity))


def _file(name: str, kind: int, label: str, hash: bytes, source: bytes) -> ModuleFile:
    return ModuleFile(str(name), Kind(kind), str(label), bytes(hash), bytes(source))


def _texts(plain: Any) -> tuple[str, ...]:
    return tuple(str(text) for text in plain)


def _pack(plain: object) -> bytes:
    data: bytes = msgpack.packb(plain)
    return data


def _read(data: bytes, what: str, read: Callable[[Any], T]) -> T:
    try:
        return read(msgpack.unpackb(data))
    except Exception as error:  # msgpack has no common base of what it raises
        raise ProtocolError(f"expected {what}, got {len(data)} bytes that are none ({error})") from error
