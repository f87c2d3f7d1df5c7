"""The far end of a stream: a process that runs the generator, at most a window ahead of the consumer.

    consumer ── spawn, monitored ──► feeder        runs the generator; each item needs a permit
    consumer ◄── Opened(gate) ────── feeder
    consumer ◄── (item,) ... ─────── feeder
    consumer ── 16, 16 ... ────────► gate          a process beside it makes so many permits more
    consumer ◄── Ended or Raised ─── feeder

Two processes, since the mailbox of the first is the generator's own: it may well yield what it receives. An item goes
as a tuple of one, so that a plain one takes the short way through the wire.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Generator, Iterable
from typing import Any

from beamlike.behaviours.on_demand import read_on_demand
from beamlike.distribution.errors import UnencodableTerm
from beamlike.kernel import functions as kernel
from beamlike.kernel import group_leader, terms
from beamlike.kernel.callers import calls_users
from beamlike.kernel.performing import Raised, as_exit, cannot_travel, name_of, raised, room_towards
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, Pid, Reply
from beamlike.kernel.watched_life import last_word, live_for


@record
class Opened:
    """The first answer: `gate` takes numbers of items that the consumer has made room for."""

    gate: Pid


@record
class Ended:
    """The last answer, unless that is Raised: there are no more items."""


async def feed(answer_to: Alias, function: Callable[..., Any], args: tuple[Any, ...], window: int) -> None:
    """Sends the items of `function(*args)` for as long as somebody consumes them."""
    live_for(answer_to.ref)
    permits = asyncio.Semaphore(window)
    gate = kernel.spawn_tied(_admit, (permits,), link=True)
    _tell(answer_to, Opened(gate))
    end: Ended | Raised = Ended()

    async def give(item: Any) -> None:
        group_leader.flush()
        await room_towards(answer_to.pid.node)
        try:
            _tell(answer_to, (item,))
        except UnencodableTerm as error:
            raise cannot_travel(function, error) from error

    try:
        await read_on_demand(items_of(function, args), permits, give)
    except SystemExit as error:
        raise as_exit(error) from None
    except Exception as error:
        end = raised(error)
    finally:
        group_leader.flush()
    kernel.unlink(gate)
    kernel.exit(gate, terms.KILL)
    last_word(answer_to, end)


async def _admit(permits: asyncio.Semaphore) -> None:
    while True:
        for _ in range(await kernel.receive()):
            permits.release()


def _tell(answer_to: Alias, news: Opened | tuple[Any]) -> None:
    kernel.send(answer_to, Reply(answer_to.ref, news))


@calls_users
def items_of(function: Callable[..., Any], args: tuple[Any, ...]) -> AsyncIterable[Any]:
    """What a generator function, async or plain, gives; TypeError for one that is neither."""
    items = function(*args)
    if isinstance(items, AsyncIterable):
        return items
    if isinstance(items, Iterable):
        return _in_turn(items)
    if inspect.iscoroutine(items):
        items.close()
    raise TypeError(
        f"expected {name_of(function)} to be a generator function, async or plain, or to return what can be iterated; "
        f"it returned {items!r}"
    )


@calls_users
async def _in_turn(items: Iterable[Any]) -> AsyncGenerator[Any, None]:
    """Gives way to others after each item, which a plain generator cannot."""
    iterator = iter(items)
    try:
        for item in iterator:
            yield item
            await asyncio.sleep(0)
    finally:
        if isinstance(iterator, Generator):
            iterator.close()
