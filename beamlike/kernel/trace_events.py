"""What the tracer of a process receives: one record for each thing that the process did or that happened to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from beamlike.kernel.terms import Address, Pid, Reason


@dataclass(frozen=True, slots=True)
class TraceEvent:
    """`pid` is the traced process."""

    pid: Pid


@dataclass(frozen=True, slots=True)
class Sent(TraceEvent):
    """It sent `message`. A bare name stands with its node; the answer to a call is a Reply to an Alias."""

    to: Address
    message: Any


@dataclass(frozen=True, slots=True)
class Received(TraceEvent):
    """`message` came into its mailbox; when it takes it out is its own affair."""

    message: Any


@dataclass(frozen=True, slots=True)
class WaitedInVain(TraceEvent):
    """A receive of it ran into its time limit."""


@dataclass(frozen=True, slots=True)
class Spawned(TraceEvent):
    child: Pid
    function: Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Linked(TraceEvent):
    """It made a link to `other`."""

    other: Pid


@dataclass(frozen=True, slots=True)
class Unlinked(TraceEvent):
    """It took its link to `other` away."""

    other: Pid


@dataclass(frozen=True, slots=True)
class LinkedBy(TraceEvent):
    """`other` linked to it."""

    other: Pid


@dataclass(frozen=True, slots=True)
class UnlinkedBy(TraceEvent):
    """`other` took the link away, or ended."""

    other: Pid


@dataclass(frozen=True, slots=True)
class Registered(TraceEvent):
    name: str


@dataclass(frozen=True, slots=True)
class Unregistered(TraceEvent):
    name: str


@dataclass(frozen=True, slots=True)
class Exited(TraceEvent):
    """It ended; the last event of all."""

    reason: Reason
