"""Nodes that lend each other sources, without any code: for histories of what is lent, retired and released.

What goes ahead on a way from one node to another arrives in order; terms arrive in any order, each after what went
ahead of it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeAlias

from beamlike.code.claims import Claims
from beamlike.code.lending import Borrowed, Lent, Release

Way: TypeAlias = tuple["LendingNode", "LendingNode"]


@dataclass(frozen=True)
class Term:
    """Functions of sources: those that it names, and those whose text is in it."""

    named: tuple[bytes, ...]
    inside: tuple[bytes, ...]
    after: int
    """How much of what goes ahead must have come."""


@dataclass(eq=False)
class LendingNode:
    name: str
    claims: dict[bytes, Claims] = field(default_factory=dict)
    functions: list[bytes] = field(default_factory=list)
    """That are alive here, each by the source that it is of."""
    newest: dict[str, bytes] = field(default_factory=dict)
    retirements: int = 0
    retired_at: dict[bytes, int] = field(default_factory=dict)

    def define(self, cell: str, version: int) -> None:
        hash = f"{self.name} {cell} {version}".encode()
        older, self.newest[cell] = self.newest.get(cell), hash
        self.enter(hash).publish()
        self.functions.append(hash)
        if older is not None and older != hash:
            self.count(older, self.claims[older].supersede())
            self.settle(older)

    def enter(self, hash: bytes) -> Claims:
        if hash not in self.claims:
            self.claims[hash] = Claims()
            self.retired_at[hash] = self.retirements
        return self.claims[hash]

    def retire(self, hash: bytes) -> None:
        if hash in self.claims:
            self.count(hash, self.claims[hash].retire())

    def count(self, hash: bytes, retired: bool) -> None:
        if retired:
            self.retirements += 1
            self.retired_at[hash] = self.retirements

    def retired_since(self, hash: bytes, number: int) -> bool:
        return hash not in self.claims or self.retired_at[hash] > number

    def enter_retired(self, hash: bytes) -> None:
        if hash not in self.claims:
            self.enter(hash).retired = True

    def forget(self, number: int) -> None:
        if self.functions:
            self.settle(self.functions.pop(number % len(self.functions)))

    def settle(self, hash: bytes) -> None:
        if hash in self.claims and not self.claims[hash].is_kept(alive=hash in self.functions):
            del self.claims[hash]

    def may_lend(self, hash: bytes) -> bool:
        return hash in self.claims and not self.claims[hash].retired

    def come(self, hash: bytes, *, inside: bool) -> None:
        """A function of that source came."""
        if inside:
            self.enter_retired(hash)
        assert hash in self.claims, f"{self.name} has no source {hash!r} any more"
        self.functions.append(hash)


@dataclass(frozen=True, eq=False)
class Lasting:
    """Something of a source that the other side keeps, whose pin holds it there; `lent` says how it is told."""

    hash: bytes
    lent: bool


@dataclass(frozen=True)
class Forgotten:
    """It need not be kept any longer."""

    lasting: Lasting


class Line:
    """One way of a connection."""

    def __init__(self, source: LendingNode, target: LendingNode) -> None:
        self.source, self.target = source, target
        self.lent, self.borrowed = Lent(limit=2), Borrowed()
        self.ahead: deque[list[object]] = deque()
        self.heard = 0
        self.seen = source.retirements
        self.terms: list[Term] = []
        self.lasting: list[Lasting] = []
        self.pinned: list[Lasting] = []

    def send(self, hashes: list[bytes], lasts: bytes | None = None) -> None:
        """Functions of these sources; of another one, goes ahead what lasts."""
        named = tuple(dict.fromkeys(hash for hash in hashes if self.source.may_lend(hash)))
        kept = [lasts] if lasts is not None and self.source.may_lend(lasts) else []
        retired = [hash for hash in self.lent if self.source.retired_since(hash, self.seen)]
        news: list[object] = list(self.lent.withdraw(retired))
        news += self.lent.lacking({*named, *kept})
        news += self.lent.name(named)
        self.lent.keep(kept)
        if lasts is not None:
            self.lasting.append(Lasting(lasts, lasts in self.lent))
            news.append(self.lasting[-1])
        self.seen = self.source.retirements
        self.ahead.append(news)
        inside = tuple(hash for hash in hashes if hash not in named)
        self.terms.append(Term(named, inside, self.heard + len(self.ahead)))

    def forget_lasting(self, number: int) -> None:
        """Once all that was sent so far has come."""
        if self.lasting and not self.terms:
            self.ahead.append([Forgotten(self.lasting.pop(number % len(self.lasting)))])

    def hear(self) -> None:
        """The next that went ahead, if anything did."""
        self.heard += bool(self.ahead)
        for news in self.ahead.popleft() if self.ahead else []:
            if isinstance(news, Release):
                self._released(news)
            elif isinstance(news, Lasting):
                self._pin(news)
            elif isinstance(news, Forgotten):
                self._unpin(news.lasting)
            else:
                assert isinstance(news, bytes)
                self.borrowed.take(news)
                self.target.enter(news).borrow(self)

    def deliver(self, number: int) -> None:
        """One of the terms that are under way."""
        if not self.terms:
            return
        term = self.terms.pop(number % len(self.terms))
        while self.heard < term.after:
            self.hear()
        for hash in term.named:
            self.target.come(hash, inside=False)
        for hash in term.inside:
            self.target.come(hash, inside=True)
        self._give_back(self.borrowed.named(term.named))

    def close(self) -> None:
        for lasting in tuple(self.pinned):
            self._unpin(lasting)
        for hash in (ended := self.borrowed.close()):
            self.target.retire(hash)
        self._give_back(ended)

    def _pin(self, lasting: Lasting) -> None:
        if not lasting.lent:
            self.target.enter_retired(lasting.hash)
        assert lasting.hash in self.target.claims, f"{self.target.name} has no source {lasting.hash!r} to pin"
        self.target.claims[lasting.hash].pin(lasting)
        self.pinned.append(lasting)

    def _unpin(self, lasting: Lasting) -> None:
        self.pinned.remove(lasting)
        self.target.claims[lasting.hash].give_back(lasting)
        self.target.settle(lasting.hash)

    def _released(self, release: Release) -> None:
        self.target.retire(release.hash)
        if self.borrowed.release(release):
            self._give_back([release.hash])

    def _give_back(self, hashes: list[bytes]) -> None:
        for hash in hashes:
            self.target.claims[hash].give_back(self)
            self.target.settle(hash)
