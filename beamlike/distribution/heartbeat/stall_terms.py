"""A `Stall` as plain values for a lane, which carries nothing that could run, and back. Small enough for a frame."""

from __future__ import annotations

from typing import Any

from beamlike.distribution.errors import ProtocolError
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.thread_stack import DEPTH, Place

_LONGEST_TEXT = 500


def stall_to_plain(stall: Stall | None) -> object:
    """None, or a list of numbers and texts; longer texts are cut.

    >>> place = Place("f.py", 3, "f", "x()")
    >>> stall = Stall(1, "MainThread", 2.5, False, Pid("a@h", 7), None, place, (place,), None, True, False)
    >>> stall_from_plain(stall_to_plain(stall)) == stall
    True
    """
    if stall is None:
        return None
    pid = stall.pid and [stall.pid.node, stall.pid.id]
    place = stall.place and _place_to_plain(stall.place)
    stack = [_place_to_plain(one) for one in stall.stack[-DEPTH:]]
    texts = (_short(stall.thread), _short(stall.name), _short(stall.function))
    return [stall.number, stall.seconds, stall.over, pid, place, stack, *texts, stall.alone, stall.lock_held]


def stall_from_plain(plain: Any) -> Stall | None:
    """ProtocolError for what is no such list."""
    if plain is None:
        return None
    try:
        number, seconds, over, pid, place, stack, thread, name, function, alone, lock_held = plain
        return Stall(
            number=number,
            thread=thread,
            seconds=seconds,
            over=over,
            pid=None if pid is None else Pid(str(pid[0]), int(pid[1])),
            name=name,
            place=None if place is None else Place(*place),
            stack=tuple(Place(*one) for one in stack),
            function=function,
            alone=alone,
            lock_held=lock_held,
        )
    except (TypeError, ValueError, IndexError) as error:
        raise ProtocolError(f"expected a stall, got {plain!r}") from error


def _place_to_plain(place: Place) -> list[object]:
    return [_short(place.file), place.line, _short(place.function), _short(place.source)]


def _short(text: str | None) -> str | None:
    return text and text[:_LONGEST_TEXT]
