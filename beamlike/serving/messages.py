"""What clients, a serving and its partitions say to each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeAlias

from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Alias, ExceptionInfo, Pid, Ref

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving


Listener: TypeAlias = tuple[Alias, Ref]
"""Where the chunks of a stream go, and what they open with."""


@frozen
class Ask:
    """Each value is an input; the reply is an `Answer`. `ref` is what the asker withdraws it by."""

    values: tuple[Any, ...]
    seconds: float | None
    ref: Ref


@frozen
class AskStream:
    """The asker gets (ref, "chunk", value) again and again, then (ref, "end"), (ref, "failed", why) or
    (ref, "refused", words)."""

    value: Any
    seconds: float | None
    ref: Ref
    to: Alias


@frozen
class Withdraw:
    """Nobody waits for it any more."""

    ref: Ref


@frozen
class Swap:
    serving: Serving


@frozen
class Drain:
    """Answered when nothing is left to do; then it ends."""


@frozen
class AskStatistics:
    pass


@frozen
class Done:
    value: Any


@frozen
class Raw(Done):
    """`postprocess`, of the model that gave it, is still to make another of the value."""

    postprocess: Callable[[Any], Any]


@frozen
class Wrong:
    """What came in place of an output."""

    why: ExceptionInfo


Outcome: TypeAlias = Done | Wrong


@frozen
class Late:
    """Its time was up before its batch began."""


@frozen
class Answer:
    """An outcome for each input; or `refused`, for too many wait."""

    outcomes: tuple[Outcome, ...]
    refused: str = ""


@frozen
class Prepared:
    """Each input as it is to be evaluated, with its key, or what is wrong with it."""

    process: Pid
    values: tuple[tuple[Any, Hashable] | Wrong, ...]


@frozen
class Loaded:
    partition: Pid
    wrong: ExceptionInfo | None


@frozen
class Work:
    """A batch for a partition: inputs, for each who gets its chunks, if anybody does, and until when it may begin, by
    the clock of `time.monotonic`."""

    number: int
    values: tuple[Any, ...]
    listeners: tuple[Listener | None, ...]
    deadlines: tuple[float, ...]


@frozen
class Forget:
    """Who listens to the chunks of this request does not any more."""

    ref: Ref


@frozen
class Worked:
    """`seconds` is how long the function took; `following` is the number of the batch that the partition has taken off
    the shelf since."""

    partition: Pid
    outcomes: tuple[Outcome | Late, ...]
    seconds: float
    following: int | None
