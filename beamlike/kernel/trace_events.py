"""What the tracer of a process receives: one record for each thing that the process did or that happened to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Address, Pid, Reason


@frozen
class TraceEvent:
    """`pid` is the traced process."""

    pid: Pid


@frozen
class Sent(TraceEvent):
    """It sent `message`. A bare name stands with its node; the answer to a call is a Reply to an Alias."""

    to: Address
    message: Any


@frozen
class Received(TraceEvent):
    """`message` came into its mailbox; when it takes it out is its own affair."""

    message: Any


@frozen
class WaitedInVain(TraceEvent):
    """A receive of it ran into its time limit."""


@frozen
class Spawned(TraceEvent):
    child: Pid
    function: Callable[..., Any]


@frozen
class Linked(TraceEvent):
    """It made a link to `other`."""

    other: Pid


@frozen
class Unlinked(TraceEvent):
    """It took its link to `other` away."""

    other: Pid


@frozen
class LinkedBy(TraceEvent):
    """`other` linked to it."""

    other: Pid


@frozen
class UnlinkedBy(TraceEvent):
    """`other` took the link away, or ended."""

    other: Pid


@frozen
class Registered(TraceEvent):
    name: str


@frozen
class Unregistered(TraceEvent):
    name: str


@frozen
class Exited(TraceEvent):
    """It ended; the last event of all."""

    reason: Reason
