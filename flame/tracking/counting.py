"""Who holds a reference, as values: `apply(holding, event)` gives what a node knows of one reference, and the effects.

Indirect reference counting (Piquer 1991). A node holds one claim at the node from which it got the reference first
(`via`), for all copies it has and for all nodes to which it has passed it on. So the nodes that hold a reference make
a tree whose root is the home of its value, and each speaks only to its neighbours in it, as children can reach only
their parent.

    A pickles it        A pins a token, which goes along
    B unpickles it      B ──Claim(token)──► A    A takes the pin away, and B among its holders
                        B ──Landed(token)─► A    instead, if B has a claim elsewhere, or is the home
    B needs it no more  B ──Release──► A         no copy, no pin, no holder is left there
    A has lost it       A ──Lost──► B            and B tells those who have it from B

Rules that are easily broken:
- What keeps a reference at a node is a copy, a pin, or a holder, alike. When the last of them goes the claim at `via`
  is released; at the home the value is freed.
- A second way to the same reference is never claimed, or two nodes could hold each other for ever.
- A lost reference stays lost for as long as the node knows it, whoever sends it again: whoever does may have it from
  this very node. Once the last copy is gone it may come anew.
- A pin that is claimed by nobody (its message never left, or never arrived) ends by time.

- A claim by a token from before the node knew the reference anew is refused: who sends it may be the one from whom the
  node has it now. So is one at the home once the value is freed, which it is for ever.

Notes from one node to another arrive in the order in which they were sent. Duplicates do no harm: a token that is
claimed twice, or after its time, is as good as ever while anything else keeps the reference. Who holds one through a
node that is lost has lost it, though its home may still live.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field, replace
from typing import TypeAlias, assert_never

from beamlike.kernel.record import frozen

Holder: TypeAlias = Hashable
"""A node, by whatever names one of its lives."""

Token: TypeAlias = int

RELEASED = "it was released before this copy of it arrived"


@frozen
class Holding:
    """What a node knows of one reference."""

    via: Holder | None = None
    """Where this node has its claim; None at the home, or if there is nobody to have one at."""
    copies: int = 0
    pins: Mapping[Token, float] = field(default_factory=dict)
    """Tokens under way, each until when."""
    holders: frozenset[Holder] = frozenset()
    """The nodes that have their claim here."""
    lost: str = ""
    """Why the value is gone, in words."""
    since: Token = 0
    """Tokens below this one this node gave out before it knew the reference anew: what claims by one is too late."""

    @property
    def is_needed(self) -> bool:
        return self.copies > 0 or bool(self.pins) or bool(self.holders)


# What nodes tell each other.


@frozen
class Claim:
    token: Token


@frozen
class Landed:
    """The token has arrived where no claim is needed."""

    token: Token


@frozen
class Release:
    pass


@frozen
class Lost:
    reason: str


Note: TypeAlias = Claim | Landed | Release | Lost


# Events.


@frozen
class Kept:
    """A value is to stay here; its first copy is made."""


@frozen
class Pinned:
    """A copy is pickled."""

    token: Token
    until: float


@frozen
class Arrived:
    """A copy is unpickled, which `sender` pickled; None if that was this node, which gives out `next_token` next."""

    sender: Holder | None
    token: Token
    next_token: Token = 0


@frozen
class CameHome:
    """As Arrived, at the home, where it becomes the value and no copy; a copy, if the value is gone."""

    sender: Holder | None
    token: Token


@frozen
class Dropped:
    """A copy is garbage."""


@frozen
class Heard:
    sender: Holder
    note: Note


@frozen
class HolderDown:
    holder: Holder
    reason: str


@frozen
class TimePassed:
    now: float


Event: TypeAlias = Kept | Pinned | Arrived | CameHome | Dropped | Heard | HolderDown | TimePassed


# Effects.


@frozen
class Tell:
    to: Holder
    note: Note


@frozen
class Free:
    """Nobody needs the value."""


Effect: TypeAlias = Tell | Free


def apply(holding: Holding | None, event: Event) -> tuple[Holding | None, list[Effect]]:
    """What the node knows after `event` (None: nothing), and what is to be done, in this order.

    >>> holding, _ = apply(None, Kept())
    >>> apply(holding, Dropped())
    (None, [Free()])
    """
    if holding is None:
        holding, effects = _of_unknown(event)
    else:
        holding, effects = _noted(holding, event)
    if holding is None or holding.is_needed:
        return holding, effects
    if holding.via is not None:
        effects.append(Tell(holding.via, Release()))
    elif not holding.lost:
        effects.append(Free())
    return None, effects


def _of_unknown(event: Event) -> tuple[Holding | None, list[Effect]]:
    match event:
        case Kept():
            return Holding(copies=1), []
        case Arrived(None):
            return Holding(copies=1, lost=RELEASED), []
        case Arrived(sender, token, next_token):
            return Holding(via=sender, copies=1, since=next_token), [Tell(sender, Claim(token))]
        case CameHome(sender, token):
            return Holding(copies=1, lost=RELEASED), _landed(sender, token)
        case Heard(sender, Claim()):
            return None, [Tell(sender, Lost(RELEASED))]
    return None, []


def _noted(holding: Holding, event: Event) -> tuple[Holding, list[Effect]]:
    match event:
        case Kept():
            raise AssertionError("a value is kept once under one reference")
        case Pinned(token, until):
            return replace(holding, pins={**holding.pins, token: until}), []
        case Arrived(sender, token):
            return _with_copy(holding, sender, token)
        case CameHome(sender, token) if holding.lost:
            return _with_copy(holding, sender, token)
        case CameHome(None, token):
            return _without_pin(holding, token), []
        case CameHome(sender, token):
            return holding, _landed(sender, token)
        case Dropped():
            return replace(holding, copies=holding.copies - 1), []
        case Heard(sender, note):
            return _heard(holding, sender, note)
        case HolderDown(holder, reason):
            return _without_neighbour(holding, holder, reason)
        case TimePassed(now):
            return replace(holding, pins={token: until for token, until in holding.pins.items() if until > now}), []
        case _:
            assert_never(event)


def _with_copy(holding: Holding, sender: Holder | None, token: Token) -> tuple[Holding, list[Effect]]:
    more = replace(holding, copies=holding.copies + 1)
    if sender is None:
        return _without_pin(more, token), []
    if sender == holding.via and not holding.lost:
        return more, [Tell(sender, Claim(token))]  # once more, for it may have thought us lost meanwhile
    return more, _landed(sender, token)


def _heard(holding: Holding, sender: Holder, note: Note) -> tuple[Holding, list[Effect]]:
    match note:
        case Claim(token) if holding.lost:
            return _without_pin(holding, token), [Tell(sender, Lost(holding.lost))]
        case Claim(token) if token < holding.since:
            return holding, [Tell(sender, Lost(RELEASED))]
        case Claim(token):
            return replace(_without_pin(holding, token), holders=holding.holders | {sender}), []
        case Landed(token):
            return _without_pin(holding, token), []
        case Release():
            return replace(holding, holders=holding.holders - {sender}), []
        case Lost(reason):
            if sender != holding.via:
                return holding, []
            lost, effects = _lost(holding, reason)
            return replace(lost, via=None), effects
        case _:
            assert_never(note)


def _without_neighbour(holding: Holding, holder: Holder, reason: str) -> tuple[Holding, list[Effect]]:
    left = replace(holding, holders=holding.holders - {holder})
    return _lost(left, reason) if holder == holding.via else (left, [])


def _lost(holding: Holding, reason: str) -> tuple[Holding, list[Effect]]:
    """`via` stays: should it be back before we hear that it was gone, it may have a claim of ours to release."""
    tells: list[Effect] = [Tell(holder, Lost(reason)) for holder in sorted(holding.holders, key=repr)]
    return replace(holding, holders=frozenset(), lost=holding.lost or reason), tells


def _without_pin(holding: Holding, token: Token) -> Holding:
    return replace(holding, pins={pin: until for pin, until in holding.pins.items() if pin != token})


def _landed(sender: Holder | None, token: Token) -> list[Effect]:
    return [] if sender is None else [Tell(sender, Landed(token))]
