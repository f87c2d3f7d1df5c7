"""What goes between a pool and the desk of one of its runners.

    pool ── Works, Cancel, Evict, AskIdle ──► desk
    pool ◄── Done, Released, Idle, Ending ─── desk

Calls go by number. What was asked in one turn of the loop, and is small, goes as one message, and so do answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen, record

# What a call's end is. Plain numbers, which cost the wire least.
RETURNED: Final = 0
RAISED: Final = 1
ENDED: Final = 2
KEPT: Final = 3
"""It returned, and its result, or a part of it, stays over there until `Released`."""

# Three that are no end. A chunk always has an end as well: that of its last item, or of the one that it came to.
SOME: Final = 4
"""The next items of a chunk returned these values."""
LEFT_OVER: Final = 5
"""So many items at the end of a chunk have not begun there, and will not."""
NOT_BEGUN: Final = 6
"""The call or chunk was sent ahead, has not begun there, and will not."""

Answer: TypeAlias = tuple[int, int, Any]
"""The number of a call, what its end is, and its value, ExceptionInfo, or the reason for which it ended."""

Arguments: TypeAlias = tuple[Any, ...] | list[Any]
"""Those of a call, or the items of a chunk: each is the one argument of a call of its own."""

Asked: TypeAlias = tuple[int, Arguments]
"""The number of a call or a chunk, and its arguments."""


# The two that go with every call are plain tuples, which cost the wire least.

WORKS: Final = "works"
"""(WORKS, function, sink, asked, keyed): calls of one function, whose output goes to one sink."""

SINK: Final = "sink"
"""(SINK, sink): who gets the output of calls that name none themselves (AS_TOLD), which spares them
to say it."""

AS_TOLD: Final = 0

DONE: Final = "done"
"""(DONE, answers)"""


@frozen
class Keyed:
    """Calls that are given what `init(key)` has returned, which is called once for each key."""

    key: Hashable
    init: Callable[..., Any]


@record
class Cancel:
    """Nobody waits for the outcome of this call."""

    number: int


@record
class Evict:
    """What was made for this key is not needed any more."""

    key: Hashable


@record
class AskIdle:
    """Answered by Idle, with what the pool's own check says over there."""

    check: Callable[[], Any]


@record
class Idle:
    runner_is_idle: bool
    problem: str


@record
class Ending:
    """The machine of this runner is to end soon, as `why` says: no more calls here."""

    why: str


@record
class Released:
    """Nothing is left of what the result of this call had kept there."""

    number: int


@record
class Unread:
    """The calls that a letter with this number asked for could not be read, and so none of them runs."""

    number: int
    why: str


LETTERS: Final = 1 << 62
"""The references of letters are none that a node makes."""


def letter(node: str, number: int, message: object) -> bl.Reply:
    """A message about the call `number` of a pool on `node`, in an envelope: what cannot be read over there would be
    lost, with a line in a log, but of a Reply the reader gets a Down with its reference instead."""
    return bl.Reply(bl.Ref(node, LETTERS + number), message)


def number_on(ref: bl.Ref) -> int | None:
    """The number on a letter's envelope; None for other references.

    >>> number_on(letter("app@127.0.0.1", 7, "hello").ref), number_on(bl.Ref("app@127.0.0.1", 7))
    (7, None)
    """
    return ref.id - LETTERS if ref.id >= LETTERS else None


LIGHT_TEXT = 1024
LIGHT_ITEMS = 16
LIGHT_LEVELS = 3
"""Deeper ones are not looked through; one that contains itself has no end."""
_LIGHT = frozenset({int, float, bool, type(None)})


def is_light(value: object, levels: int = LIGHT_LEVELS) -> bool:
    """Whether it is seen at once to be small and plain, so that it may go with others without holding them up.

    >>> is_light((1, "two", None)), is_light("x" * 5000), is_light([object()])
    (True, False, False)
    """
    kind = type(value)
    if kind in _LIGHT:
        return True
    if kind is str or kind is bytes:
        return len(value) <= LIGHT_TEXT  # type: ignore[arg-type]
    if (kind is not tuple and kind is not list) or not levels or len(value) > LIGHT_ITEMS:  # type: ignore[arg-type]
        return False
    for each in value:  # type: ignore[attr-defined]  # noqa: SIM110 - as it is quicker
        if type(each) not in _LIGHT and not is_light(each, levels - 1):
            return False
    return True
