"""A partition: a process with the model on one device, which evaluates one batch after the other.

Plain functions run in a thread of its own. In those that all share, batches would wait for inputs that are prepared for
later ones, and a function that never returns would keep others of the node from running.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from beamlike.kernel import functions as kernel
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.own_thread import InThread, own_thread
from beamlike.serving.evaluating import UNPADDED, Pad, chunks, evaluated, is_async, outcomes, streams, value_of
from beamlike.serving.messages import Late, Loaded, Outcome, Work, Worked
from beamlike.serving.shelf import Shelf

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving


async def partition(serving: Serving, device: Any, owner: Pid, shelf: Shelf) -> None:
    """Loads the model, says so, and then does what the owner sends, and after it what lies on the shelf."""
    with own_thread("beamlike partition") as in_thread:
        await _evaluate(serving, device, owner, shelf, in_thread)


async def _evaluate(serving: Serving, device: Any, owner: Pid, shelf: Shelf, in_thread: InThread) -> None:
    me = kernel.self()
    try:
        function = await _function(serving, device, in_thread)
    except Exception as error:
        kernel.send(owner, Loaded(me, describe_exception(error, me)))
        return
    kernel.send(owner, Loaded(me, None))
    bench = Bench(function, _padding(serving.pad, serving.batch_size), owner, me, shelf, in_thread)
    while True:
        work: Work | None = await kernel.receive(lambda message: isinstance(message, Work))
        if streams(serving.run) or is_async(serving.run):
            while work is not None:
                work = await bench.evaluate(work)
        else:
            await in_thread(bench.work_through, work)


@frozen
class Bench:
    """Where batches are evaluated, one after the other."""

    function: Callable[[list[Any]], Any]
    pad: Pad
    owner: Pid
    me: Pid
    shelf: Shelf
    in_thread: InThread

    def work_through(self, work: Work | None) -> None:
        """In a thread: this batch, and then what lies ready, without a turn of the loop in between."""
        while work is not None:
            since = time.monotonic()
            begun = _in_time(work, since)
            found = evaluated(self.function, [work.values[place] for place in begun], self.pad)
            work = self._tell(work, begun, found, since)

    async def evaluate(self, work: Work) -> Work | None:
        """On the loop: this batch. Returns what lay ready when it was done."""
        since = time.monotonic()
        begun = _in_time(work, since)
        values = [work.values[place] for place in begun]
        found: Sequence[Outcome] = ()
        if not values:
            pass
        elif streams(self.function):
            listeners = [work.listeners[place] for place in begun]
            found = await chunks(self.function, values, listeners, self.pad, self.in_thread)
        else:
            found = await outcomes(self.function, values, self.pad)
        return self._tell(work, begun, found, since)

    def _tell(self, work: Work, begun: Sequence[int], found: Sequence[Outcome], since: float) -> Work | None:
        seconds = time.monotonic() - since
        following = self.shelf.take(self.me)
        number = None if following is None else following.number
        told: list[Outcome | Late] = [Late()] * len(work.values)
        for place, outcome in zip(begun, found, strict=True):
            told[place] = outcome
        kernel.send(self.owner, Worked(self.me, tuple(told), seconds, number))
        return following


def _in_time(work: Work, now: float) -> Sequence[int]:
    """The places of the inputs that may begin still."""
    if min(work.deadlines) > now:
        return range(len(work.values))
    return [place for place, deadline in enumerate(work.deadlines) if deadline > now]


async def _function(serving: Serving, device: Any, in_thread: InThread) -> Callable[[list[Any]], Any]:
    """What evaluates a batch on this device."""
    if serving.load is None:
        return serving.run
    return partial(serving.run, await value_of(serving.load, device, in_thread=in_thread))


def _padding(pad: Any, size: int) -> Pad:
    """Makes each batch as large as the largest, so that a compiled model sees one shape.

    >>> _padding(0, 4)([1, 2]), _padding(UNPADDED, 4)([1, 2])
    ([1, 2, 0, 0], [1, 2])
    """
    if isinstance(pad, str) and pad == UNPADDED:
        return lambda values: values
    return lambda values: values + [pad] * (size - len(values))
