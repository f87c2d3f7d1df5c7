"""Requests on their way through a serving: which inputs they have, and what has come of each so far."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import field
from typing import Any

from beamlike.kernel.question import Client
from beamlike.kernel.record import slotted
from beamlike.kernel.terms import Ref
from beamlike.serving.messages import Answer, Listener, Outcome


@slotted
class Request:
    """`client` waits for an Answer, or `listener` for chunks; who it is may be watched by `monitor`."""

    ref: Ref
    client: Client | None
    listener: Listener | None
    since: float
    deadline: float
    outcomes: list[Outcome | None]
    lacking: int
    """How many outcomes are to come."""
    monitor: Ref | None = None
    entries: set[int] = field(default_factory=set)
    """The numbers of those that wait, or are evaluated."""

    def answer(self) -> Answer:
        return Answer(tuple(each for each in self.outcomes if each is not None))


class Requests:
    """Those that are not answered yet, and whose each input is and what it was, by the number of its entry."""

    def __init__(self) -> None:
        self._by_ref: dict[Ref, Request] = {}
        self._places: dict[int, tuple[Request, int, Any]] = {}
        self._number = 0

    def __len__(self) -> int:
        """How many are not answered yet."""
        return len(self._by_ref)

    def open(self, request: Request) -> None:
        self._by_ref[request.ref] = request

    def find(self, ref: Ref) -> Request | None:
        return self._by_ref.get(ref)

    def unwatched(self, before: float) -> list[Request]:
        """Those that came before then."""
        return [each for each in self._by_ref.values() if each.monitor is None and each.since < before]

    def enter(self, request: Request, place: int, value: Any) -> int:
        """The number of an entry for that input, which was asked as `value`."""
        self._number += 1
        self._places[self._number] = request, place, value
        request.entries.add(self._number)
        return self._number

    def leave(self, entry: int) -> tuple[Request, int, Any]:
        """Its input is to be entered again: of which request it is, its place there, and what was asked."""
        request, place, value = self._places.pop(entry)
        request.entries.remove(entry)
        return request, place, value

    def of(self, entry: int) -> Request | None:
        found = self._places.get(entry)
        return found[0] if found else None

    def settle(self, entry: int, outcome: Outcome) -> Request | None:
        """The input has its outcome: the request, if that was the last."""
        request, place, _ = self._places.pop(entry, (None, 0, None))
        if request is None:  # withdrawn meanwhile
            return None
        request.entries.remove(entry)
        return self.settle_place(request, place, outcome)

    def settle_place(self, request: Request, place: int, outcome: Outcome) -> Request | None:
        request.outcomes[place] = outcome
        request.lacking -= 1
        if request.lacking:
            return None
        del self._by_ref[request.ref]
        return request

    def withdraw(self, ref: Ref) -> Set[int]:
        """The entries of a request that nobody waits for any more."""
        request = self._by_ref.pop(ref, None)
        if request is None:
            return frozenset()
        for entry in request.entries:
            del self._places[entry]
        return request.entries
