"""What a pool tells of itself while it works: a closed union of frozen records, in the order in which it happened.

requested ─► creating ─► created ─► started ─► dialled ─► syncing ─► ready ⇄ busy ─► draining ─► stopping ─► gone
    └───────────┴───────────┴──────────┴──────────┴──────────┴─────────┴──────┴──────────┴──────────┴─────► failed

A runner goes to the right, and may leave out phases; `FOLLOWS` says the same as data. `gone`: the pool wanted it so.
`failed`: it ended by itself, in the phase that the event names. Every runner that was requested comes to one of them.

`at` is the pool's own clock, in seconds, which never goes back and means nothing elsewhere; `wall` is the time of day,
in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen

PhaseName: TypeAlias = Literal[
    "requested",
    "creating",
    "created",
    "started",
    "dialled",
    "syncing",
    "ready",
    "busy",
    "draining",
    "stopping",
    "gone",
    "failed",
]
BOOTING: Final[tuple[PhaseName, ...]] = ("requested", "creating", "created", "started", "dialled", "syncing")
ENDS: Final[frozenset[PhaseName]] = frozenset({"gone", "failed"})

CallStatus: TypeAlias = Literal[
    "returned", "raised", "ended", "queue_timeout", "boot_timeout", "exec_timeout", "lost", "cancelled", "refused",
    "released",
]  # fmt: skip
"""How a call was over for its caller. `ended`: its work was killed, or exited. `released`: a stream or a placed process
has given its slot back; how that ended its consumer knows."""


@frozen
class PoolEvent:
    pool: str
    at: float
    wall: float


@frozen
class RunnerPhase(PoolEvent):
    """A runner has come into `phase`, `seconds` after it was requested. `node` is empty until it is up. `was` is the
    phase before: for one that failed, where it failed, with the reason in `detail` and what it printed last."""

    runner: int
    node: str
    phase: PhaseName
    seconds: float
    detail: str = ""
    was: PhaseName | None = None
    last_lines: str = ""


@frozen
class Decided(PoolEvent):
    """So many runners are wanted from now on, or for another reason."""

    wanted: int
    why: str


@frozen
class CapHit(PoolEvent):
    """A cap keeps the pool from what it wants, or ends all its runners."""

    why: str


@frozen
class BreakerOpened(PoolEvent):
    """So many boots failed in a row, or one for a cause that stays: waiting calls were refused."""

    failures: int
    reason: str
    permanent: bool


@frozen
class BreakerClosed(PoolEvent):
    """A runner came up and was lent."""


@frozen
class BootRetryAt(PoolEvent):
    """A boot failed; no other begins before `retry_at` of the pool's clock, which is in `seconds`."""

    retry_at: float
    seconds: float
    failures: int
    reason: str


@frozen
class Withheld(PoolEvent):
    """A runner is wanted that other pools have."""

    why: str


@frozen
class CallQueued(PoolEvent):
    """A call has come in. It may get its slot at once. `call` is its number in this pool."""

    call: int
    function: str


@frozen
class CallStarted(PoolEvent):
    """A call has got a slot, after `queue_s` seconds."""

    call: int
    function: str
    runner: int
    node: str
    queue_s: float


@frozen
class CallFinished(PoolEvent):
    """A call is over for its caller. `runner` is None, and `run_s` 0, if it never got a slot."""

    call: int
    function: str
    status: CallStatus
    queue_s: float
    run_s: float
    runner: int | None
    node: str


@frozen
class Cost(PoolEvent):
    """What all runners have used by now, in seconds and dollars; None where the price of any is not known."""

    runner_seconds: float
    usd: float | None


@frozen
class Missed(PoolEvent):
    """So many events before the next one are lost: whoever listens was too slow for them."""

    events: int


Event: TypeAlias = (
    RunnerPhase
    | Decided
    | CapHit
    | BreakerOpened
    | BreakerClosed
    | BootRetryAt
    | Withheld
    | CallQueued
    | CallStarted
    | CallFinished
    | Cost
    | Missed
)


def _follows() -> dict[PhaseName, frozenset[PhaseName]]:
    """
    >>> sorted(FOLLOWS["ready"]), "creating" in FOLLOWS["syncing"]
    (['busy', 'draining', 'failed', 'stopping'], False)
    """
    steps: dict[PhaseName, set[PhaseName]] = {step: {"stopping", "failed"} for step in BOOTING}
    for first, then in pairwise((*BOOTING, "ready")):
        for step in BOOTING[: BOOTING.index(first) + 1]:
            steps[step].add(then)
    steps["requested"].add("gone")  # its boot was withheld
    steps["ready"] = {"busy", "draining", "stopping", "failed"}
    steps["busy"] = {"ready", "draining", "stopping", "failed"}
    steps["draining"] = {"stopping", "failed"}
    steps["stopping"] = {"gone", "failed"}
    steps["gone"] = steps["failed"] = set()
    return {step: frozenset(then) for step, then in steps.items()}


FOLLOWS: Final[Mapping[PhaseName, frozenset[PhaseName]]] = _follows()
"""The diagram above: what may come next."""
