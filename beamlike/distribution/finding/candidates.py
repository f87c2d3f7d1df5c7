"""Who was found, and how far this node has come with each. Pure: time and chance are arguments.

    found ──► connected ◄──► lost
      │           ▲            │
      └───► unreachable, refused        tried again after a while, and the while grows

A node that is no longer found is forgotten, but not while it is connected: a link that is up is better evidence than
any strategy. A node that is found at another address is another one, and so begins anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Final, Literal, TypeAlias

from beamlike.distribution.addresses import Address
from beamlike.distribution.finding.found import Found
from beamlike.kernel.record import frozen

Standing: TypeAlias = Literal["found", "connected", "lost", "unreachable", "refused"]


@frozen
class Candidate:
    """A node that was found, and what became of it."""

    name: str
    address: Address | None
    standing: Standing = "found"
    why: str = ""
    """What was in the way the last time."""
    failures: int = 0
    """Attempts in vain since it was found or lost."""
    due: float = 0.0
    """When it is dialled next, unless it is connected: a time of the event loop's clock."""

    def seen(self, connected: bool) -> Candidate:
        """At a moment when it was connected, or was not."""
        if connected:
            return Candidate(self.name, self.address, "connected")
        return Candidate(self.name, self.address, "lost") if self.standing == "connected" else self


@frozen
class Setback:
    """An attempt to connect was in vain. `lasting` says that only a person can do something about it."""

    standing: Literal["unreachable", "refused"]
    why: str
    lasting: bool = False


def looked(
    candidates: Iterable[Candidate], found: Iterable[Found], connected: Collection[str]
) -> tuple[Candidate, ...]:
    """After a look of the strategy, at a moment when `connected` were so.

    >>> looked((), [Found("b@10.0.0.7"), Found("c@10.0.0.8")], connected={"c@10.0.0.8"})[1].standing
    'connected'
    """
    addresses: dict[str, Address | None] = {}
    for node in found:
        addresses.setdefault(node.name, node.address)
    known = {it.name: it for it in candidates}
    still_up = {name: it for name, it in known.items() if name in connected}
    seen = {name: _seen(known.get(name), name, address) for name, address in addresses.items()}
    return observed(sorted((still_up | seen).values(), key=lambda it: it.name), connected)


def _seen(before: Candidate | None, name: str, address: Address | None) -> Candidate:
    return before if before is not None and before.address == address else Candidate(name, address)


def observed(candidates: Iterable[Candidate], connected: Collection[str]) -> tuple[Candidate, ...]:
    return tuple(it.seen(it.name in connected) for it in candidates)


def due(candidates: Iterable[Candidate], now: float) -> list[Candidate]:
    """Whom to dial now."""
    return [it for it in candidates if it.standing != "connected" and it.due <= now]


def failed(
    candidates: Iterable[Candidate], name: str, setback: Setback, *, now: float, every: float, chance: float
) -> tuple[Candidate, ...]:
    """After an attempt in vain. `every` is the time between looks, `chance` from 0 to 1."""

    def after(it: Candidate) -> Candidate:
        failures = it.failures + 1
        at = now + (refused_pause(failures, chance) if setback.lasting else pause(failures, every, chance))
        return replace(it, standing=setback.standing, why=setback.why, failures=failures, due=at)

    return tuple(after(it) if it.name == name else it for it in candidates)


LONGEST_PAUSE: Final = 60.0
FIRST_REFUSED_PAUSE: Final = 60.0
LONGEST_REFUSED_PAUSE: Final = 900.0


def pause(failures: int, every: float, chance: float) -> float:
    """Seconds to the next attempt after some in vain: as long as between looks, then twice as long, up to a minute.

    >>> [pause(failures, every=5.0, chance=0.5) for failures in range(1, 7)]
    [5.0, 10.0, 20.0, 40.0, 60.0, 60.0]
    """
    return spread(_doubled(every, failures, max(every, LONGEST_PAUSE)), chance)


def refused_pause(failures: int, chance: float) -> float:
    """The same after a refusal that only a person can end, as that of another secret: from one minute to fifteen."""
    return spread(_doubled(FIRST_REFUSED_PAUSE, failures, LONGEST_REFUSED_PAUSE), chance)


def spread(seconds: float, chance: float) -> float:
    """A quarter more or less, so that nodes that began together do not go on together.

    >>> spread(4.0, 0.0), spread(4.0, 1.0)
    (3.0, 5.0)
    """
    return seconds * (0.75 + chance / 2)


def _doubled(first: float, times: int, longest: float) -> float:
    # Beyond 2**64 every first pause is longer than the longest.
    return min(longest, first * 2.0 ** min(times - 1, 64))
