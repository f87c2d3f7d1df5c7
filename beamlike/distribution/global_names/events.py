"""What a name server hears and does, as values: `Core.apply(event)` gives the effects, and a GenServer performs them.

`request` stands for a client's question throughout, and comes back in the `Reply` to it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

from beamlike.distribution.global_names.messages import Address, Message, Resolver
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Pid, Ref

# Events: of other nodes.


@frozen
class PeerUp:
    """A node that is not hidden is connected."""

    node: str


@frozen
class PeerDown:
    node: str


@frozen
class ServerGone:
    """The name server of a connected node has ended, or there is none."""

    node: str


@frozen
class Heard:
    source: Pid
    message: Message


@frozen
class DialEnded:
    """What `Dial` asked for has been done or has failed."""

    node: str


# Events: of clients, and of this node.


@frozen
class Register:
    request: Hashable
    name: Hashable
    pid: Pid
    resolve: Resolver | None
    replace: bool


@frozen
class Unregister:
    request: Hashable
    name: Hashable


@frozen
class SetLock:
    """`nodes` of None are all; `until` None waits as long as it takes, and a time not after `at` not at all."""

    request: Ref
    holder: Pid
    resource: Hashable
    requester: Hashable
    nodes: frozenset[str] | None
    at: float
    until: float | None


@frozen
class DelLock:
    request: Hashable
    holder: Pid
    resource: Hashable
    requester: Hashable


@frozen
class CancelLock:
    """Whoever made the request `SetLock` waits for it no longer, and does not want the lock."""

    request: Ref


@frozen
class Sync:
    request: Hashable


@frozen
class ProcessDown:
    pid: Pid


@frozen
class TimeUp:
    """The timer of `SetTimer` is due."""

    request: Ref


@frozen
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


@frozen
class Send:
    """To a name server; to that of a node, whichever it is, if `to` is the node's name."""

    to: Pid | str
    message: Message


@frozen
class Reply:
    request: Hashable
    value: Any


@frozen
class WatchServer:
    """`ServerGone` when it ends. It takes the place of an earlier watch of that node's."""

    node: str
    server: Pid | None


@frozen
class WatchProcess:
    pid: Pid


@frozen
class UnwatchProcess:
    pid: Pid


@frozen
class SetTimer:
    request: Ref
    at: float


@frozen
class CancelTimer:
    request: Ref


@frozen
class Resolve:
    number: int
    resolve: Resolver | None
    name: Hashable
    pids: tuple[Pid, Pid]


@frozen
class Dial:
    node: str
    address: Address | None


@frozen
class HangUp:
    """Disconnect from `node`: `reporter` lost its connection to it."""

    node: str
    reporter: str


Effect: TypeAlias = (
    Send | Reply | WatchServer | WatchProcess | UnwatchProcess | SetTimer | CancelTimer | Resolve | Dial | HangUp
)
