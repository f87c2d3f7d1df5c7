"""One call, on the pool's side: what it asks for, and what becomes of it."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Hashable, Sequence
from enum import Enum
from typing import Any, Protocol

import beamlike as bl
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.record import record
from flame.dispatch import Ticket
from flame.errors import Cancelled, WorkEnded
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.output_sink import Sink
from flame.work import Arguments, Keyed, is_light


class Timeout(Enum):
    OF_POOL = "the pool's own"


@record
class Request:
    """What a caller asks a pool for."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    timeout: float | Timeout | None = Timeout.OF_POOL
    key: Hashable = None
    init: Callable[..., Any] | None = None
    link: bool = True
    sink: Sink | None = None
    """Who gets what the function says; None: that is found out on the pool's node."""
    progress: bl.Alias | None = None
    """Who gets its progress there, if it is not to be shown."""

    @property
    def keyed(self) -> Keyed | None:
        return None if self.init is None else Keyed(self.key, self.init)


class Call(Ticket):
    """A call from its request to its outcome, which `then` gets, once."""

    __slots__ = (
        "args",
        "count",
        "is_light",
        "letter",
        "number",
        "outcome",
        "passed",
        "request",
        "seconds",
        "sender",
        "then",
    )

    def __init__(self, request: Request, args: Arguments | None = None, *, bulk: bool = False) -> None:
        """`args` go in place of the request's, which many calls may share. A list of small things is a chunk: calls
        that go through one slot one after the other."""
        super().__init__(request.key, bulk=bulk)
        self.request = request
        self.args: Arguments = request.args if args is None else args
        is_chunk = type(self.args) is list
        self.is_light = is_chunk or is_light(self.args)
        """Whether it may go with others."""
        self.count = len(self.args) if is_chunk else 1
        """How many calls it is, as far as they are not over."""
        self.passed = 0
        """How many are."""
        self.number = 0
        self.letter: Sequence[Call] = ()
        """Those that left with it, itself among them, until it is over."""
        self.seconds: float | None = None
        """Its time limit."""
        self.sender: bl.Pid | None = None
        """In whose name it was sent; None: in nobody's."""
        self.then: Callable[[Call], None] | None = None
        self.outcome: Outcome | Exception = NOTHING

    def settle(self, outcome: Outcome | Exception) -> None:
        """It has its outcome now, unless it had one, or nobody waits for it."""
        then, self.then = self.then, None
        if then is not None:
            self.outcome = outcome
            then(self)

    def come(self, values: list[Any]) -> None:
        """The next calls of a chunk returned these."""
        self.count -= len(values)
        self.passed += len(values)

    def give_back(self, count: int) -> None:
        """So many calls at the end of a chunk will not run where it is; or all of what was sent ahead."""
        self.count -= count

    def forget(self) -> None:
        """Nobody waits for the outcome, also if it has come: a value that stays over there would be held for ever."""
        self.then = None
        self.outcome = NOTHING

    def value(self) -> Any:
        """What the function returned; raises what it raised, or why there is no outcome of it. A value is to be had
        once: one that stays over there must not be held by what stands for its slot."""
        match self.outcome:
            case Returned(value):
                self.outcome = NOTHING
                return value
            case Raised(info):
                raise reraisable(info)
            case Exception() as error:
                raise error
            case Ended(bl.ExceptionInfo() as info):
                raise reraisable(info)
            case Ended(reason):
                raise self._ended(reason)

    def _ended(self, reason: Any) -> Exception:
        what = f"{name_of(self.request.function)} on {self.lane.node if self.lane else 'a runner'}"
        if reason in ("called off", "interrupted", "cancelled"):
            return Cancelled(f"{what} was cancelled before it had a result, and not by its caller")
        return WorkEnded(f"{what} was ended before it had a result: {reason}")


LONGEST_NAME = 120
NOTHING = Ended("nothing yet")


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called, for errors and whoever looks on, however it behaves.

    >>> name_of(functools.partial(print, "a")), name_of(name_of)
    ('print', 'name_of')
    """
    try:
        name = getattr(function, "__qualname__", None)
        while name is None and isinstance(function, functools.partial):
            function = function.func
            name = getattr(function, "__qualname__", None)
        name = repr(function) if name is None else str(name)
    except Exception:  # it is the user's object, and this may be the pool's process
        name = type(function).__name__
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


class Takes(Protocol):
    """Who brings calls on their way: the pool, for callers on its loop."""

    def submit(self, call: Call) -> None: ...

    def abandon(self, call: Call) -> None: ...


async def settled(call: Call, pool: Takes) -> Any:
    """Submits the call and returns its value; abandons it if the caller does not wait to its end."""
    future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def then(_call: Call) -> None:
        if not future.done():
            future.set_result(None)

    call.then = then
    pool.submit(call)
    try:
        await future
    except BaseException:
        pool.abandon(call)
        raise
    return call.value()
