"""What can happen to a pool (events) and what it wants done about it (effects): the words of `pool_state`.

A pool lends slots. A caller asks for one (`CheckoutRequested`), is granted a slot on a runner (`Grant`),
performs its call on that node by itself, and the slot is free again once the work there has ended
(`CheckedIn`). What a call carries never passes through the pool.

Ids and times come inside the events. A deadline is an effect (`SetTimer`), its end an event (`TimerFired`).
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

CallId: TypeAlias = Hashable
RunnerId: TypeAlias = int


@dataclass(frozen=True, slots=True)
class QueueDeadline:
    call: CallId


@dataclass(frozen=True, slots=True)
class Idle:
    runner: RunnerId


@dataclass(frozen=True, slots=True)
class Retry:
    """The pause after a failed boot."""


@dataclass(frozen=True, slots=True)
class Drain:
    """The end of a stopping pool's patience with the calls that still run."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """How long abandoned work may take to end."""

    call: CallId


TimerId: TypeAlias = QueueDeadline | Idle | Retry | Drain | Overdue


@dataclass(frozen=True, slots=True)
class Started:
    at: float


@dataclass(frozen=True, slots=True)
class CheckoutRequested:
    call: CallId
    deadline: float | None
    at: float


@dataclass(frozen=True, slots=True)
class CheckedIn:
    """The work of a granted call has ended, whatever became of its caller. An unknown call is no matter."""

    call: CallId
    at: float


@dataclass(frozen=True, slots=True)
class CallerGone:
    """The caller died or gave up: it leaves the queue, or its work was told to stop and holds its slot meanwhile."""

    call: CallId
    at: float


@dataclass(frozen=True, slots=True)
class RunnerUp:
    runner: RunnerId
    node: str
    at: float


@dataclass(frozen=True, slots=True)
class RunnerLost:
    """The connection to the runner's node is lost. Its machine may be there yet: `RunnerDown` follows."""

    runner: RunnerId
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class RunnerDown:
    """The runner is gone: a boot failed, or a node that was lost or stopped is no more. Its phase tells which."""

    runner: RunnerId
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class TimerFired:
    """The time that was set for `timer` has come; `at` is now, and never before that time."""

    timer: TimerId
    at: float


@dataclass(frozen=True, slots=True)
class StopRequested:
    at: float


Event: TypeAlias = (
    Started
    | CheckoutRequested
    | CheckedIn
    | CallerGone
    | RunnerUp
    | RunnerLost
    | RunnerDown
    | TimerFired
    | StopRequested
)


class Refusal(Enum):
    """Why a waiting call gets no slot."""

    QUEUE_TIMEOUT = "its deadline passed in the queue"
    BOOT_FAILED = "no runner can be booted"
    STOPPING = "the pool is stopping"


@dataclass(frozen=True, slots=True)
class Boot:
    """Answered by `RunnerUp` or `RunnerDown`, within the boot timeout."""

    runner: RunnerId


@dataclass(frozen=True, slots=True)
class StopRunner:
    """Stop its node, or call off its boot. Answered by `RunnerDown`, always."""

    runner: RunnerId
    reason: str


@dataclass(frozen=True, slots=True)
class Grant:
    call: CallId
    runner: RunnerId
    node: str


@dataclass(frozen=True, slots=True)
class Refuse:
    call: CallId
    why: Refusal


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Takes the place of an earlier one with this id."""

    timer: TimerId
    at: float


@dataclass(frozen=True, slots=True)
class CancelTimer:
    timer: TimerId


@dataclass(frozen=True, slots=True)
class Finished:
    """A stopping pool has no runner left. The last effect of all but refusals."""


Effect: TypeAlias = Boot | StopRunner | Grant | Refuse | SetTimer | CancelTimer | Finished
