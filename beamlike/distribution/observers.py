"""What passes between a node and one who may only observe it: plain terms, to and fro with the process `inspect`.

A node may take a second secret beside its own. Who holds only that may connect, hear heartbeats, ask who blocks, and
exchange plain terms with the process registered as `inspect`. Nothing of it is unpickled, nothing of it runs, and no
signal of it reaches another process. Whatever else it sends is turned away: who waits for an answer gets one in words.

Both ends keep to this. All observers hold one secret, so one of them could stand in for the service: the node of an
observer unpickles nothing either, and runs nothing that comes by such a link.

An observer has a name of its own kind, `observer-...@host`. Else it could take the name of a node that is a partner of
the service, and would be sent what is meant for that.

This file decides; it reads no clock and sends nothing. `Cluster` acts on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NoReturn

from beamlike.distribution.packing import Undecodable
from beamlike.distribution.parcels import NEWS
from beamlike.distribution.terms_codec import Buffer, Content
from beamlike.distribution.wire import (
    ANSWER,
    APPLY,
    ASK,
    DEMONITOR,
    DOWN,
    LINK,
    MONITOR,
    POST,
    POST_TUPLE,
    SEND,
    SPAWN,
    Item,
)
from beamlike.kernel import signals
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid, Ref

INSPECT: Final = "inspect"
"""The name of the process that observers may ask."""

NAME_OPENS: Final = "observer-"
"""So the name of an observer's node begins."""

LARGEST: Final = 1 << 16
"""Bytes of a message of an observer. Larger ones would come as parcels, and of those it has none."""

PER_SECOND: Final = 500.0
BURST: Final = 1000.0
"""So many signals an observer may send."""

MOST_MONITORS: Final = 1000
"""So many monitors an observer may have at a time: each is kept until it is taken back, or the observer has gone."""

FASTEST_BEAT: Final = 0.25
"""Seconds: no observer has this node show signs of life more often."""

WORDS: Final = (
    "it holds the observers' secret, with which a node may be looked at and nothing else; to evaluate, connect with "
    "the node's own secret"
)


def may_observe(name: str) -> bool:
    """Whether a node of this name may come in with the observers' secret.

    >>> may_observe("observer-7f3a@127.0.0.1"), may_observe("orders@10.0.0.5")
    (True, False)
    """
    return name.startswith(NAME_OPENS)


class PlainTerms:
    """The codec of such a link: it has none."""

    def meet(self, there: str) -> None:
        pass

    def draft(self, term: object, *, alone: bool) -> NoReturn:
        raise TypeError(f"expected numbers, text, bytes, lists, tuples and dicts, got a {type(term).__name__}: {_WHY}")

    def finish(self, draft: Any) -> NoReturn:
        raise TypeError(_WHY)

    def farewell(self) -> None:
        return None

    def hear(self, ahead: bytes) -> None:
        raise ValueError(f"expected nothing ahead of plain terms: {_WHY}")

    def take_in(self, content: Content) -> None:
        raise ValueError(f"expected nothing beside plain terms: {_WHY}")

    def decode(self, data: Buffer, buffers: object) -> object:
        raise ValueError(f"expected plain terms: {_WHY}")

    def close(self) -> None:
        pass


_WHY: Final = "one of the two nodes may only observe the other, so no code and no objects pass between them"


@frozen
class Refusal:
    """An item that is turned away: what it was, in words, and what its sender is told, if it waits for an answer."""

    what: str
    answer: signals.Signal | None = None


class Gate:
    """Judges the items that come from the node `there`, at the node `here`.

    `was_dialled` is whether this is the observer's end. `inspector` gives the id of the process `inspect`, None if
    there is none.

    >>> gate = Gate("app@h", "observer-1@h", was_dialled=False, inspector=lambda: 7)
    >>> gate.refusal([POST, 7, 1, "processes"])
    >>> gate.refusal([POST, 8, 1, "processes"]).what
    'a message to another process than inspect'
    """

    def __init__(self, here: str, there: str, *, was_dialled: bool, inspector: Callable[[], int | None]) -> None:
        self._here = here
        self._there = there
        self._is_observer = was_dialled
        self._inspector = inspector
        self._monitors: set[Ref] = set()

    def refusal(self, item: Item) -> Refusal | None:
        """None if the item may pass."""
        try:
            return self._refusal(item)
        except (ValueError, TypeError, IndexError):  # of a shape that nobody makes who means well
            return Refusal("what is no signal")

    def _refusal(self, item: Item) -> Refusal | None:
        if item[0] in NEWS:
            return None  # of the wire itself, and acted on there
        if any(type(part) is Undecodable for part in item):
            return self._turned_away(item, "what is no plain term")
        match item:
            case [kind, target, int(), message] if kind in (POST, POST_TUPLE):
                if not (self._may_reach(target) and self._may_say(message)):
                    return Refusal("a message to another process than inspect")
            case [kind, source, target, message] if kind == SEND:
                if not (self._may_reach(target) and self._may_say(message) and self._is_theirs_or_nobodys(source)):
                    return Refusal("a message to another process than inspect")
            case [kind, int(), target, int(), None, request] if kind == ASK:
                if self._is_observer or not self._is_inspector(target) or not self._may_say(request):
                    return self._turned_away(item, "a call of another process than inspect")
            case [kind, source, target, ref] if kind in (MONITOR, DEMONITOR):
                if not self._is_theirs(source) or type(ref) is not Ref or not self._may_reach(target):
                    return self._turned_away(item, "a monitor of another process than inspect")
                if kind == DEMONITOR:
                    self._monitors.discard(ref)
                elif not self._is_observer:
                    if len(self._monitors) >= MOST_MONITORS:
                        return self._turned_away(item, f"more than {MOST_MONITORS} monitors")
                    self._monitors.add(ref)
            case [kind, source, target, _ref, _reason] if kind == DOWN:
                if not (self._is_of_there(source) and self._may_reach(target)):
                    return Refusal("a Down")
            case [kind, _source, _client, _id, _value] if kind == ANSWER and self._is_observer:
                return None
            case _:
                return self._turned_away(item, _NAMES.get(item[0], "a signal"))
        return None

    def _may_reach(self, target: object) -> bool:
        """An observer waits for what was asked for, in whatever process."""
        return self._is_observer or self._is_inspector(target)

    def _is_inspector(self, target: object) -> bool:
        if type(target) is tuple:
            return target == (INSPECT, self._here)
        id = target.id if type(target) is Pid and target.node == self._here else target
        return type(id) is int and id == self._inspector()

    def _may_say(self, message: object) -> bool:
        """An observer sends data: what the kernel alone sends, such as an Exit of its parent, would end a server."""
        return self._is_observer or type(message) in _DATA

    def _is_theirs_or_nobodys(self, source: object) -> bool:
        return source is None or self._is_theirs(source)

    def _is_theirs(self, source: object) -> bool:
        return type(source) is Pid and source.node == self._there

    def _is_of_there(self, source: object) -> bool:
        return self._is_theirs(source) or (type(source) is tuple and len(source) == 2 and source[1] == self._there)

    def _turned_away(self, item: Item, what: str) -> Refusal:
        return Refusal(what, self._answer(item))

    def _answer(self, item: Item) -> signals.Signal | None:
        """What ends the waiting of whoever waits for it: always to the node that sent it, about a process of this."""
        words = f"{self._here} refuses {self._there}: {WORDS}"
        match item:
            case [kind, int() as source, target, int() as id, *_] if kind == ASK:
                return self._down(self._asked(target), Pid(self._there, source), Ref(self._there, id), words)
            case [kind, int() as source, int() as pid, int() as monitor, *_] if kind == APPLY:
                return self._down(Pid(self._here, pid), Pid(self._there, source), Ref(self._there, monitor), words)
            case [kind, Pid() as source, Pid() as pid, _work, _link, Ref() as monitor, *_] if kind == SPAWN:
                return self._down(pid, source, monitor, words) if self._pair(source, pid) else None
            case [kind, Pid() as source, Pid() as pid, _work, True, None, *_] if kind == SPAWN:
                return signals.Exit(pid, source, words, linked=True) if self._pair(source, pid) else None
            case [kind, Pid() as source, target, Ref() as ref] if kind == MONITOR and self._is_theirs(source):
                return self._down(self._asked(target), source, ref, words)
            case [kind, Pid() as source, Pid() as target] if kind == LINK and self._pair(source, target):
                return signals.Exit(target, source, words, linked=True)
            case _:
                return None

    def _pair(self, source: Pid, target: Pid) -> bool:
        return source.node == self._there and target.node == self._here

    def _asked(self, target: object) -> Pid | tuple[str, str]:
        match target:
            case int():
                return Pid(self._here, target)
            case Pid() if target.node == self._here:
                return target
            case (str() as name, str() as node):
                return name, node
            case _:
                return Pid(self._here, 0)

    def _down(self, source: Pid | tuple[str, str], target: Pid, ref: Ref, words: str) -> signals.Down:
        return signals.Down(source, target, ref, words)


_DATA: Final = frozenset({type(None), bool, int, float, str, bytes, list, tuple, dict})

_NAMES: Final = {
    ASK: "a call",
    ANSWER: "an answer that nobody asked for",
    LINK: "a link",
    SPAWN: "a process to start",
    APPLY: "a function to call",
}


class Allowance:
    """How many signals an observer may send, by a clock that is an argument: a burst, and then so many a second.

    >>> allowance = Allowance(0.0, burst=2, per_second=1)
    >>> allowance.takes(2, now=0.0), allowance.takes(1, now=0.5), allowance.takes(1, now=1.5)
    (True, False, True)
    """

    def __init__(self, now: float, burst: float = BURST, per_second: float = PER_SECOND) -> None:
        self._left = self._burst = burst
        self._per_second = per_second
        self._at = now

    def takes(self, count: int, now: float) -> bool:
        """Whether so many more may come now."""
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        if count > self._left:
            return False
        self._left -= count
        return True
