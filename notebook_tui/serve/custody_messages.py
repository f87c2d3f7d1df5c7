"""What a server and its custodian say to each other.

They may be of different versions, for a custodian outlives servers. `Attend`, `WayTo`, `StopRuntime`, `FateOf` and
`Dismiss` therefore stay as they are: who attends to one of another version looks after what that has, and boots nothing
there.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import field, fields
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from nodes.versions import HERE

CUSTODIAN: Final = "custodian"
"""Under which the process is registered on the custodian's node."""
STOP_FAR_SECONDS: Final = 80.0
"""A machine of a platform may take so long to go."""


@frozen
class Attend:
    """A call: this process is the server now; of the runtimes that there are it knows those on the nodes `keeps`, and
    all others end. The answer is None."""

    server: bl.Pid
    keeps: frozenset[str]


@frozen
class StandIn:
    """A call, after each `Attend`: what is booted from now on, and what its specs and variables name, is as if the
    server did it, with this environment and in this directory. The answer is None."""

    environment: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    directory: str


@frozen
class BootRuntime:
    """A call: a child node of that interpreter; the answer is `Booted`, or `NotBooted`. If the process that asks ends
    before it has said `Taken`, that node does, too."""

    python: str
    env: tuple[tuple[str, str], ...]
    name: str


@frozen
class BootFar:
    """A call: as `BootRuntime`, but on a machine of a platform, of that spec. Its steps are told to `owner` as those of
    the process that asks. What comes is reached by `WayTo`."""

    spec: str
    owner: bl.Pid


@frozen
class WayTo:
    """A call: how that node of the server gets to that node, which is on a platform: `Way`, or in words why it does
    not."""

    node: str
    visitor: str


@frozen
class Way:
    """For one connection, to be made soon: what leads there, and what is to be shown there."""

    host: str
    port: int
    token: bytes = field(repr=False)


@frozen
class Booted:
    node: str
    host: str
    port: int
    where: str
    """The machine, in words."""
    asked: bl.Ref
    """What it was booted for, as `Taken` names it."""


@frozen
class NotBooted:
    why: str


@frozen
class Taken:
    """A cast, by who asked: the node is a runtime now, and has an owner whose end is its own."""

    asked: bl.Ref


@frozen
class StopRuntime:
    """A call: that node ends; the answer is None, once it has."""

    node: str


@frozen
class FateOf:
    """A call: what became of that node, in words; None while it runs."""

    node: str


@frozen
class Dismiss:
    """A cast: nothing is needed any more."""


def version_of(*records: Any) -> str:
    """Of programs that boot for each other: alike are the interpreter, the releases, and what they say."""
    forms = [(record.__name__, [(each.name, str(each.type)) for each in fields(record)]) for record in records]
    return hashlib.blake2b(repr((sys.prefix, HERE, forms)).encode(), digest_size=8).hexdigest()


VERSION: Final = version_of(
    Attend, StandIn, BootRuntime, BootFar, WayTo, Way, Booted, NotBooted, Taken, StopRuntime, FateOf, Dismiss
)
