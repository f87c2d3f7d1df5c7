"""Why a source is kept: it is the newest of its name, others may name it, or code of it is alive.

The first two are counted here; what is alive is seen elsewhere. Of a source that nobody claims the table holds no code
itself, so that the end of the last function, frame or class of it shows.
"""

from __future__ import annotations

from dataclasses import field

from beamlike.kernel.record import slotted


@slotted
class Claims:
    """Each change says whether it retired the source.

    >>> claims = Claims()
    >>> claims.publish(); claims.borrow("a peer"); claims.supersede(), claims.is_held, claims.is_kept(alive=False)
    (True, False, True)
    """

    newest: bool = False
    """Of its name, where it was written."""
    retired: bool = False
    """Superseded where it was written, or so it was heard: it is lent to nobody any more."""
    lenders: set[object] = field(default_factory=set)

    def publish(self) -> None:
        """It was written here, and is what runs under its name from now on."""
        self.newest, self.retired = True, False

    def supersede(self) -> bool:
        """Another has its name."""
        self.newest = False
        return self.retire()

    def retire(self) -> bool:
        """Somebody who lent it has released it, or it is superseded."""
        if self.newest or self.retired:
            return False
        self.retired = True
        return True

    def borrow(self, lender: object) -> None:
        """A peer may name it from now on. It has not retired it, so it is in use again, whatever was heard before."""
        self.lenders.add(lender)
        self.retired = False

    def pin(self, holder: object) -> None:
        """Something that lasts and came from a peer needs it, which may be retired there."""
        self.lenders.add(holder)

    def give_back(self, lender: object) -> None:
        """That peer does not name it any more, or what it was pinned for is gone."""
        self.lenders.discard(lender)

    @property
    def is_held(self) -> bool:
        """Whether its code is to be kept at hand."""
        return self.newest or (bool(self.lenders) and not self.retired)

    def is_kept(self, *, alive: bool) -> bool:
        return self.newest or bool(self.lenders) or alive
