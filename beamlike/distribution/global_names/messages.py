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
from dataclasses import dataclass
from typing import TypeAlias

from beamlike.kernel.terms import Pid

Address: TypeAlias = tuple[str, int]

Resolver: TypeAlias = Callable[[Hashable, Pid, Pid], Pid | None]
"""Which of two processes keeps a name that both hold after two parts of a cluster have met; None: neither."""

Key: TypeAlias = tuple[Pid, int]
"""The name server that answers for a registration, and its number there."""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Knock:
    address: Address | None
    """Where the sender's node listens."""


@dataclass(frozen=True, slots=True)
class Hello:
    entries: tuple[Entry, ...]
    nodes: tuple[tuple[str, Address | None], ...]


@dataclass(frozen=True, slots=True)
class Publish:
    entry: Entry
    number: int


@dataclass(frozen=True, slots=True)
class Retract:
    keys: tuple[Key, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Remove:
    keys: tuple[Key, ...]
    number: int


@dataclass(frozen=True, slots=True)
class Ack:
    number: int


@dataclass(frozen=True, slots=True)
class Ask:
    """For a share of the lock on `resource`; where another requester has it, `wait` for it or be refused."""

    number: int
    resource: Hashable
    requester: Hashable
    wait: bool


@dataclass(frozen=True, slots=True)
class Granted:
    number: int
    taken: bool
    """Whether the resource is a name that has a holder there."""


@dataclass(frozen=True, slots=True)
class Refused:
    number: int


@dataclass(frozen=True, slots=True)
class Release:
    """`ack`: the sender waits until it is done."""

    number: int
    ack: bool


@dataclass(frozen=True, slots=True)
class Forward:
    number: int
    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool


@dataclass(frozen=True, slots=True)
class Answer:
    number: int
    registered: bool


@dataclass(frozen=True, slots=True)
class Lost:
    server: Pid


Message: TypeAlias = (
    Knock | Hello | Publish | Retract | Remove | Ack | Ask | Granted | Refused | Release | Forward | Answer | Lost
)
