"""What can happen to a pool (events) and what it wants done about it (effects): the words of `pool_state`.

Ids and times come inside the events, and so does the `Picture`: how the slots stand at that time (see `dispatch`). All
that is to happen later is one effect, `WakeAt`, and its answer the event `Looked`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from enum import Enum
from typing import Final, TypeAlias

from beamlike.kernel.record import frozen

RunnerId: TypeAlias = int
EPOCH: Final = datetime.fromtimestamp(0, UTC)


@frozen
class LanePicture:
    """The slots of one runner: how many calls are at work there, how many results are kept there, of how many calls
    the work has been told to end, since when nothing at all is there, and whether it takes no call any more because it
    has had its only one."""

    working: int = 0
    kept: int = 0
    abandoned: int = 0
    idle_since: float | None = None
    spent: bool = False

    @property
    def taken(self) -> int:
        return self.working + self.kept


@frozen
class Picture:
    """How the slots of a pool stand: how many calls wait and since when the first of them, and its runners' lanes."""

    waiting: int = 0
    bound: int = 0
    """Of those: how many wait for one runner alone, so that another one is of no use to them."""
    first_since: float | None = None
    lanes: Mapping[RunnerId, LanePicture] = field(default_factory=dict)
    wall: datetime = EPOCH
    """The time of day, for what goes by it."""
    lost: frozenset[RunnerId] = frozenset()
    """The runners whose nodes are lost and so have no lane; the pool may not have read of it yet (`RunnerLost`)."""
    placed: int = 0
    """How many of those at work are processes that stay until they are told to end."""
    wanted_elsewhere: int = 0
    """How many runners other pools wait for, of those that this one shares with them."""


# What happens.


@frozen
class Looked:
    """Time has passed, or calls have come or gone; `cancelled`: some of those that waited were cancelled by their
    callers, so boots for them may be useless."""

    at: float
    cancelled: bool = False


@frozen
class BootStep:
    """A boot has come so far: creating, created, started, dialled, syncing. `detail` is for people."""

    runner: RunnerId
    step: str
    at: float
    detail: str = ""


@frozen
class RunnerUp:
    runner: RunnerId
    node: str
    at: float
    detail: str = ""


@frozen
class RunnerServed:
    """A call has got a slot there, for the first time."""

    runner: RunnerId
    at: float


@frozen
class RunnerLost:
    """The connection to the runner's node is lost. Its machine may be there yet: `RunnerDown` follows."""

    runner: RunnerId
    reason: str
    at: float


@frozen
class RunnerDown:
    """The runner is gone: a boot failed, or a node that was lost or stopped is no more. Its phase tells which.
    `permanent`: the same boot would fail again."""

    runner: RunnerId
    reason: str
    at: float
    permanent: bool = False


@frozen
class WorkLingers:
    """Work that was told to end has not, in its time."""

    runner: RunnerId
    at: float


@frozen
class IdleAnswered:
    """What the pool's own check says of a runner without calls."""

    runner: RunnerId
    idle: bool
    at: float


@frozen
class DrainRequested:
    """The runner takes no more calls, and is stopped once those that it has are over, or after so many seconds."""

    runner: RunnerId
    why: str
    seconds: float
    at: float


@frozen
class CordonRequested:
    """The runner takes no more calls, or does again; it is not stopped."""

    runner: RunnerId
    cordoned: bool
    at: float


@frozen
class Resized:
    min: int
    max: int
    at: float


@frozen
class WarmRequested:
    """So many runners shall be up, once; they idle out as any."""

    runners: int
    at: float


@frozen
class BootWithheld:
    """A boot did not take place: other pools have the runners that this one shares with them."""

    runner: RunnerId
    why: str
    at: float


@frozen
class RoomMade:
    """What withheld boots is over."""

    at: float


@frozen
class StopRequested:
    at: float


Event: TypeAlias = (
    Looked
    | BootStep
    | RunnerUp
    | RunnerServed
    | RunnerLost
    | RunnerDown
    | WorkLingers
    | IdleAnswered
    | DrainRequested
    | CordonRequested
    | Resized
    | WarmRequested
    | BootWithheld
    | RoomMade
    | StopRequested
)


# What is wanted.


class Refusal(Enum):
    """Why calls that wait get no slot."""

    BOOT_FAILED = "no runner can be booted"
    USED_UP = "what the pool may use is used up"
    STOPPING = "the pool is stopping"


@frozen
class Boot:
    """Answered by `RunnerUp` or `RunnerDown`, within the boot timeout, or by `BootWithheld`."""

    runner: RunnerId


@frozen
class Open:
    """The runner takes calls from now on."""

    runner: RunnerId
    node: str


@frozen
class Close:
    """The runner takes no more calls. All of these that one step wants are performed first, together: what waits for
    the keys of one of them must not go to another."""

    runner: RunnerId


@frozen
class StopRunner:
    """Stop its node, or call off its boot. Answered by `RunnerDown`, always."""

    runner: RunnerId
    reason: str


@frozen
class AskIdle:
    """Answered by `IdleAnswered`."""

    runner: RunnerId


@frozen
class Refuse:
    """All calls that wait now are refused."""

    why: Refusal


@frozen
class WakeAt:
    """Look again at this time, and at no earlier one that was wanted before; None: only when something happens."""

    at: float | None


@frozen
class EndPlaced:
    """Tell the placed processes to end; those that were told already need not be told again."""


@frozen
class Finished:
    """A stopping pool has no runner left."""


Effect: TypeAlias = Boot | Open | Close | StopRunner | AskIdle | EndPlaced | Refuse | WakeAt | Finished
