"""What a name server hears and does, as values: `Core.apply(event)` gives the effects, and a GenServer performs them.

`request` stands for a client's question throughout, and comes back in the `Reply` to it.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, TypeAlias

from beamlike.distribution.global_names.messages import Address, Message, Resolver
from beamlike.kernel.terms import Pid, Ref

# Events: of other nodes.


@dataclass(frozen=True, slots=True)
class PeerUp:
    """A node that is not hidden is connected."""

    node: str


@dataclass(frozen=True, slots=True)
class PeerDown:
    node: str


@dataclass(frozen=True, slots=True)
class ServerGone:
    """The name server of a connected node has ended, or there is none."""

    node: str


@dataclass(frozen=True, slots=True)
class Heard:
    source: Pid
    message: Message


@dataclass(frozen=True, slots=True)
class DialEnded:
    """What `Dial` asked for has been done or has failed."""

    node: str


# Events: of clients, and of this node.


@dataclass(frozen=True, slots=True)
class Register:
    request: Hashable
    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool


@dataclass(frozen=True, slots=True)
class Unregister:
    request: Hashable
    name: Hashable


@dataclass(frozen=True, slots=True)
class SetLock:
    """`nodes` of None are all; `until` None waits as long as it takes, and a time not after `at` not at all."""

    request: Ref
    holder: Pid
    resource: Hashable
    requester: Hashable
    nodes: frozenset[str] | None
    at: float
    until: float | None


@dataclass(frozen=True, slots=True)
class DelLock:
    request: Hashable
    holder: Pid
    resource: Hashable
    requester: Hashable


@dataclass(frozen=True, slots=True)
class CancelLock:
    """Whoever made the request `SetLock` waits for it no longer, and does not want the lock."""

    request: Ref


@dataclass(frozen=True, slots=True)
class Sync:
    request: Hashable


@dataclass(frozen=True, slots=True)
class ProcessDown:
    pid: Pid


@dataclass(frozen=True, slots=True)
class TimeUp:
    """The timer of `SetTimer` is due."""

    request: Ref


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the resolver of `Resolve` returned."""

    number: int
    winner: Pid | None


Event: TypeAlias = (
    PeerUp
    | PeerDown
    | ServerGone
    | Heard
    | DialEnded
    | Register
    | Unregister
    | SetLock
    | DelLock
    | CancelLock
    | Sync
    | ProcessDown
    | TimeUp
    | Resolved
)

# Effects.


@dataclass(frozen=True, slots=True)
class Send:
    """To a name server; to that of a node, whichever it is, if `to` is the node's name."""

    to: Pid | str
    message: Message


@dataclass(frozen=True, slots=True)
class Reply:
    request: Hashable
    value: Any


@dataclass(frozen=True, slots=True)
class WatchServer:
    """`ServerGone` when it ends. It takes the place of an earlier watch of that node's."""

    node: str
    server: Pid | None


@dataclass(frozen=True, slots=True)
class WatchProcess:
    pid: Pid


@dataclass(frozen=True, slots=True)
class UnwatchProcess:
    pid: Pid


@dataclass(frozen=True, slots=True)
class SetTimer:
    request: Ref
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    request: Ref


@dataclass(frozen=True, slots=True)
class Resolve:
    number: int
    resolve: Resolver | None
    name: Hashable
    pids: tuple[Pid, Pid]


@dataclass(frozen=True, slots=True)
class Dial:
    node: str
    address: Address | None


@dataclass(frozen=True, slots=True)
class HangUp:
    """Disconnect from `node`: `reporter` lost its connection to it."""

    node: str
    reporter: str


Effect: TypeAlias = (
    Send | Reply | WatchServer | WatchProcess | UnwatchProcess | SetTimer | CancelTimer | Resolve | Dial | HangUp
)
