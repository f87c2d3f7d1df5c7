"""What becomes of a task: `Ok(value)` or `Exited(reason)`, Elixir's {:ok, value} and {:exit, reason}."""

from __future__ import annotations

from dataclasses import field
from typing import Final, Generic, NoReturn, TypeAlias, TypeVar

from beamlike.kernel import terms
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.performing import name_of as name_of
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import ExceptionInfo, Reason

T = TypeVar("T")

TIMEOUT: Final = "timeout"
"""The reason of a task that a stream ended because it took too long."""


class TaskFailed(BeamlikeError):
    """The task ended without a result: `function` says which, `reason` why; an exception that it raised is the cause,
    as its own type and with the traceback from there."""

    def __init__(self, function: str, reason: Reason) -> None:
        super().__init__(f"task {function} gave no result: {_words(reason)}")
        self.function = function
        self.reason = reason
        if isinstance(reason, ExceptionInfo):
            self.__cause__ = reraisable(reason)


class TaskTimeout(BeamlikeError, TimeoutError):
    """The task gave no result in time. It goes on, unless its owner ends; its late result vanishes."""

    def __init__(self, function: str, seconds: float) -> None:
        super().__init__(f"task {function} gave no result within {seconds} s")
        self.function = function


@frozen
class Ok(Generic[T]):
    """The task returned `value`."""

    value: T

    def result(self) -> T:
        """The value."""
        return self.value


@frozen
class Exited:
    """The task ended for `reason` and has no value.

    >>> Exited("boom").result()
    Traceback (most recent call last):
        ...
    beamlike.behaviours.tasks.task_outcome.TaskFailed: task ? gave no result: it ended: boom
    """

    reason: Reason
    function: str = field(default="?", compare=False)

    def result(self) -> NoReturn:
        """Raises TaskFailed."""
        raise TaskFailed(self.function, self.reason)


Outcome: TypeAlias = Ok[T] | Exited


def _words(reason: Reason) -> str:
    if isinstance(reason, str) and reason == terms.NOCONNECTION:
        return "its node cannot be reached (noconnection); `await bl.connect(...)` to it says why"
    return f"it ended: {reason}"
