"""Results that stay: `keep` for one value, `tracked` for what a call returns, `refs_in` for what it is given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from beamlike.kernel.record import frozen
from flame.tracking.ref import RemoteRef, keeper_of_ref, kept
from flame.tracking.sizes import parts_of, size_of_atoms
from flame.tracking.splitting import split
from flame.travel_limit import TRAVEL_LIMIT

MOST_PARTS = 100_000
"""Of more parts of a value that are no plain ones the rest is not looked through."""


def keep(value: Any, on_released: Callable[[], None] | None = None) -> RemoteRef:
    """Has a value stay on the current node, and returns a reference that can travel.

    It stays until the last reference to it, anywhere, is garbage; then `on_released` is called, once, by the loop that
    serves the node's connections, so it should be quick. TypeError for what is a reference already.

    >>> import asyncio, flame, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         ref = flame.keep({"weights": [0.5]})
    ...         return ref, await ref.fetch()
    >>> asyncio.run(main())
    (<RemoteRef dict on doc@127.0.0.1, 43 bytes: {'weights': [0.5]}>, {'weights': [0.5]})
    """
    if isinstance(value, RemoteRef):
        raise TypeError(f"expected a value to keep, got a reference to one: {value!r}; return that")
    return kept(value, on_released)


class Released:
    """When all that stays of a result has been freed. It holds no reference itself."""

    def __init__(self, refs: Iterable[RemoteRef]) -> None:
        self._lock = threading.Lock()
        self._then: list[Callable[[], None]] = []
        waiting = [keeper_of_ref(ref) for ref in refs]
        self._left = len(waiting)
        for keeper, id in waiting:
            keeper.when_freed(id, self._one_less)

    @property
    def left(self) -> int:
        """How many values stay."""
        return self._left

    def then(self, function: Callable[[], None]) -> None:
        """Calls `function` once when none stays: at once if that is so, else by the loop that serves the node's
        connections."""
        with self._lock:
            if self._left:
                self._then.append(function)
                return
        function()

    async def wait(self) -> None:
        """Returns when none stays."""
        event, loop = asyncio.Event(), asyncio.get_running_loop()
        self.then(partial(_set, event, loop))
        await event.wait()

    def _one_less(self) -> None:
        with self._lock:
            self._left -= 1
            then, self._then = ([], self._then) if self._left else (self._then, [])
        for function in then:
            function()


def _set(event: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.call_soon_threadsafe(event.set)
    except RuntimeError:
        if not loop.is_closed():  # and so nobody waits
            raise


@frozen
class Result:
    """What a call is to return. It holds its references: send `value`, then let go of this and keep `released`."""

    value: Any
    refs: tuple[RemoteRef, ...]
    """Those whose values stay on this node."""
    released: Released


def tracked(value: Any, limit: int = TRAVEL_LIMIT) -> Result:
    """What goes in place of `value`, the result of a call on the current node, if results may stay.

    `value` itself if all of it can travel and has no more than about `limit` bytes; else what cannot or is too large is
    a reference, one by one within tuples, lists and dicts. References that the call made itself by `keep` count as
    well, wherever in those, or in dataclasses, they stand.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         return tracked({"loss": 0.5, "model": bytes(1000)}, limit=500).value
    >>> asyncio.run(main())["loss"]
    0.5
    """
    replaced = split(value, limit, kept)
    here = tuple(ref for ref in refs_in(replaced) if ref.is_here)
    return Result(replaced, here, Released(here))


def refs_in(value: Any) -> tuple[RemoteRef, ...]:
    """The references in a value, such as the arguments of a call: each once, also from tuples, lists, dicts, sets,
    dataclasses and the arguments of a functools.partial."""
    found: dict[RemoteRef, None] = {}
    parts, met = [value], {id(value)}
    for part in parts:
        if isinstance(part, RemoteRef):
            found[part] = None
            continue
        inner = [*part.args, *part.keywords.values()] if isinstance(part, partial) else parts_of(part)
        if inner is None or size_of_atoms(inner) is not None:
            continue
        new = [one for one in inner if id(one) not in met]
        met.update(map(id, new))
        parts += new
        if len(parts) > MOST_PARTS:
            break
    return tuple(found)
