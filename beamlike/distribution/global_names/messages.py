"""What the name servers of two nodes say to each other, over one connection in the order sent.

Knock ──► Hello                     who is there: all names that the sender answers for, and the nodes it knows
Publish, Retract ──► Ack            a change of those names; acknowledged once it can be read over there
Remove ──► Ack                      to who answers for a name: retract it everywhere, then acknowledge
Ask ──► Granted | Refused, Release  a share of a lock
Forward ──► Answer                  a registration, to the node of the process
Lost                                the sender's connection to a third node broke
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeAlias

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid

Address: TypeAlias = tuple[str, int]

Resolver: TypeAlias = Callable[[Hashable, Pid, Pid], Pid | None]
"""Which of two processes keeps a name that both hold after two parts of a cluster have met; None: neither."""

Key: TypeAlias = tuple[Pid, int]
"""The name server that answers for a registration, and its number there."""


@frozen
class Entry:
    """A registration. `over` are those that it takes the place of: until they are gone they count no more."""

    name: Hashable
    pid: Pid
    key: Key
    over: frozenset[Key] = frozenset()

    @property
    def node(self) -> str:
        """Of who answers for it."""
        return self.key[0].node


@frozen
class Knock:
    address: Address | None
    """Where the sender's node listens."""


@frozen
class Hello:
    entries: tuple[Entry, ...]
    nodes: tuple[tuple[str, Address | None], ...]


@frozen
class Publish:
    entry: Entry
    number: int


@frozen
class Retract:
    keys: tuple[Key, ...]
    number: int


@frozen
class Remove:
    keys: tuple[Key, ...]
    number: int


@frozen
class Ack:
    number: int


@frozen
class Ask:
    """For a share of the lock on `resource`; where another requester has it, `wait` for it or be refused."""

    number: int
    resource: Hashable
    requester: Hashable
    wait: bool


@frozen
class Granted:
    number: int
    taken: bool
    """Whether the resource is a name that has a holder there."""


@frozen
class Refused:
    number: int


@frozen
class Release:
    """`ack`: the sender waits until it is done."""

    number: int
    ack: bool


@frozen
class Forward:
    number: int
    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool


@frozen
class Answer:
    number: int
    registered: bool


@frozen
class Lost:
    server: Pid


Message: TypeAlias = (
    Knock | Hello | Publish | Retract | Remove | Ack | Ask | Granted | Refused | Release | Forward | Answer | Lost
)
