"""What a callback of a server may return or raise beside a plain value.

return NO_REPLY                       from handle_call: `reply` answers later
return IGNORE                         from init: there is nothing to run, and `start` returns None
return Continue(value, reply=...)     handle_continue(value) runs next, before any message
return TimeoutAfter(s, reply=...)     handle_info(Timeout()) runs if no message comes within s seconds
raise Stop(reason, reply=...)         the server ends

What answers nobody (handle_cast, handle_info, handle_continue, a typed cast) returns None or a step; another value ends
the server with a TypeError, since it would be lost.

>>> import asyncio, beamlike as bl
>>> class Gate(bl.GenServer):
...     def init(self, wanted):
...         self.waiting = []
...         return None if wanted else bl.IGNORE
...     def handle_call(self, request, client):
...         self.waiting.append(client)
...         return bl.NO_REPLY
...     def handle_cast(self, request):
...         for client in self.waiting:
...             self.reply(client, request)
>>> async def main():
...     async with bl.Node("doc@127.0.0.1"):
...         print(await Gate.start_link(False))
...         gate = await Gate.start_link(True)
...         passing = asyncio.create_task(bl.GenServer.call(gate, "pass"))
...         await asyncio.sleep(0)
...         bl.GenServer.cast(gate, "open")
...         print(await passing)
>>> asyncio.run(main())
None
open
"""

from __future__ import annotations

import enum
from typing import Any, Final, Literal, TypeAlias

from beamlike.kernel import terms
from beamlike.kernel.record import frozen, record
from beamlike.kernel.terms import Reason


class Sentinel(enum.Enum):
    """Members of an Enum stay themselves when they travel."""

    NO_REPLY = "NO_REPLY"
    IGNORE = "IGNORE"

    def __repr__(self) -> str:
        return self.value


NO_REPLY: Final = Sentinel.NO_REPLY
IGNORE: Final = Sentinel.IGNORE


class Stop(Exception):
    """Raise it in a callback to end the server; with `reply`, the call in progress is answered first.

    >>> import asyncio, beamlike as bl
    >>> class Till(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         raise bl.Stop("normal", reply="closed")
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         till = await Till.start_link()
    ...         return await bl.GenServer.call(till, "close"), bl.is_alive(till)
    >>> asyncio.run(main())
    ('closed', False)
    """

    def __init__(self, reason: Reason = terms.NORMAL, *, reply: Any = NO_REPLY) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply


@record
class Continue:
    """Return it from `init` or another callback: `handle_continue(value)` runs next, before any message.

    From handle_call, `reply` answers the call first. So `init` can return early and the server still does its first
    work undisturbed.

    >>> import asyncio, beamlike as bl
    >>> class Prices(bl.GenServer):
    ...     def init(self):
    ...         return bl.Continue("prices.csv")
    ...     async def handle_continue(self, path):
    ...         await asyncio.sleep(0)
    ...         self.prices = {"apple": 3}
    ...     def handle_call(self, name, client):
    ...         return self.prices[name]
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         return await bl.GenServer.call(await Prices.start_link(), "apple")
    >>> asyncio.run(main())
    3
    """

    value: Any
    reply: Any = NO_REPLY


@record
class TimeoutAfter:
    """Return it from a callback: if no message comes within `seconds`, handle_info gets Timeout().

    Any message ends the wait, except those of `bl.sys`, after which it starts anew. 0 means: as soon as the mailbox
    is empty. From handle_call, `reply` answers the call first.

    >>> import asyncio, beamlike as bl
    >>> class Idle(bl.GenServer):
    ...     def init(self, owner):
    ...         self.owner = owner
    ...         return bl.TimeoutAfter(0.01)
    ...     def handle_info(self, message):
    ...         bl.send(self.owner, message)
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await Idle.start_link(bl.self())
    ...         return await bl.receive(timeout=5)
    >>> asyncio.run(main())
    Timeout()
    """

    seconds: float
    reply: Any = NO_REPLY

    def __post_init__(self) -> None:
        if not isinstance(self.seconds, int | float) or self.seconds != self.seconds:
            raise TypeError(f"expected a number of seconds after which Timeout is due, got {self.seconds!r}")


Step: TypeAlias = Continue | TimeoutAfter

Init: TypeAlias = Step | Literal[Sentinel.IGNORE] | None
"""What `init` may return."""

BEYOND_A_VALUE: Final = frozenset({Sentinel, Continue, TimeoutAfter})
"""The types of what handle_call returns that is no reply itself."""


@frozen
class Timeout:
    """No message came within the seconds of a TimeoutAfter."""
