"""What a server and its custodian say to each other."""

from __future__ import annotations

from typing import Final

import beamlike as bl
from beamlike.kernel.record import frozen

CUSTODIAN: Final = "custodian"
"""Under which the process is registered on the custodian's node."""


@frozen
class Attend:
    """A call: this process is the server now; of the runtimes that there are it knows those on the nodes `keeps`, and
    all others end. The answer is None."""

    server: bl.Pid
    keeps: frozenset[str]


@frozen
class BootRuntime:
    """A call: a child node of that interpreter; the answer is `Booted`, or `NotBooted`. If the process that asks ends
    before it has said `Taken`, that node does, too."""

    python: str
    env: tuple[tuple[str, str], ...]
    name: str


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
