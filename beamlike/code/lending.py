"""What one side of a connection has lent the other: sources that terms name by their hash, until they are released.

    lender                               borrower
      │ ── ahead: the source ──────────► │  keeps it
      │ ── terms that name it ─────────► │  counts them
      │ ── ahead: Release(hash, n) ────► │  keeps it until n such terms have come

What goes ahead arrives in order and before what is encoded later, but a term may arrive long after it was encoded, and
after a release that was made later. So a release says how many terms have named the source since it was lent, and the
lease ends with the last of them: no term ever names a source that was dropped meanwhile. A source that is lent again
begins a new lease, which waits for what is left of the old one, too.

A source is *retired* once a newer one has its name. Who retires it releases it wherever it was lent, and whoever hears
that of a source that is not its own retires it as well. So no circle of nodes keeps a source by lending it to each
other: where a function came back, say. What is retired and lives on still travels, with its text in each term.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from beamlike.kernel.record import record, slotted


@record
class Release:
    """The lender will not name `hash` any more; `terms` of its terms have done so since it was lent."""

    hash: bytes
    terms: int


class Lent:
    """The lender's half: what the other side has of our sources, at most `limit` of them, the newest.

    >>> lent = Lent()
    >>> lent.lacking([b"a"]), lent.name([b"a"]), lent.lacking([b"a"]), lent.name([b"a"])
    ([b'a'], [], [], [])
    >>> lent.withdraw([b"a", b"b"])
    [Release(hash=b'a', terms=2)]
    """

    def __init__(self, limit: int = 4096) -> None:
        self._limit = limit
        self._terms: dict[bytes, int] = {}

    def __contains__(self, hash: bytes) -> bool:
        return hash in self._terms

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def lacking(self, hashes: Iterable[bytes]) -> list[bytes]:
        """Those that must go ahead of a term that names them."""
        return [hash for hash in hashes if hash not in self._terms]

    def name(self, hashes: Iterable[bytes]) -> list[Release]:
        """A term that names these leaves, and what was lacking ahead of it. Releases what is beyond the limit."""
        for hash in hashes:
            self._terms[hash] = self._terms.get(hash, 0) + 1
        beyond = len(self._terms) - self._limit
        return [self._release(hash) for hash in list(self._terms)[:beyond]] if beyond > 0 else []

    def keep(self, hashes: Iterable[bytes]) -> None:
        """The other side keeps these for something that lasts, and no term has to name them."""
        for hash in hashes:
            self._terms.setdefault(hash, 0)

    def withdraw(self, hashes: Iterable[bytes]) -> list[Release]:
        """Releases those of them that the other side has."""
        return [self._release(hash) for hash in hashes if hash in self._terms]

    def _release(self, hash: bytes) -> Release:
        return Release(hash, self._terms.pop(hash))


@slotted
class _Lease:
    terms: int = 0
    """That have come; below zero, those of an older lease that have not."""
    due: int | None = None
    """How many are to come in all, once it is released."""


class Borrowed:
    """The borrower's half: which sources the other side of a connection may name.

    >>> borrowed = Borrowed()
    >>> borrowed.take(b"a"), borrowed.release(Release(b"a", 1)), borrowed.named([b"a"])
    (None, False, [b'a'])
    """

    def __init__(self) -> None:
        self._leases: dict[bytes, _Lease] = {}

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._leases)

    def __len__(self) -> int:
        return len(self._leases)

    def take(self, hash: bytes) -> None:
        """It is lent, anew if it was before."""
        lease = self._leases.setdefault(hash, _Lease())
        if lease.due is not None:
            lease.terms -= lease.due
            lease.due = None

    def release(self, release: Release) -> bool:
        """Whether that is the end of the lease; else `named` tells it."""
        lease = self._leases.get(release.hash)
        if lease is None:
            return False
        lease.due = release.terms
        return self._is_over(release.hash, lease)

    def named(self, hashes: Iterable[bytes]) -> list[bytes]:
        """A term has come that names these; the leases that end with it."""
        return [hash for hash in hashes if self._counts(hash)]

    def close(self) -> list[bytes]:
        """The connection is over; the leases that end with it."""
        ended = list(self._leases)
        self._leases.clear()
        return ended

    def _counts(self, hash: bytes) -> bool:
        lease = self._leases.get(hash)
        if lease is None:
            return False
        lease.terms += 1
        return self._is_over(hash, lease)

    def _is_over(self, hash: bytes, lease: _Lease) -> bool:
        if lease.terms != lease.due:
            return False
        del self._leases[hash]
        return True
