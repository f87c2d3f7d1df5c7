"""Why a node did not come up: how far it got, what its machine printed, and whether another try can help."""

from __future__ import annotations

import errno

import beamlike as bl
from beamlike.distribution.refusal import Status
from beamlike.kernel.record import frozen
from nodes.backend import BackendError, Cause, Description
from nodes.exit_codes import NEVER_CAN_JOIN
from nodes.phases import Phase, PhaseName
from nodes.versions import HERE

LOG_LINES = 20
"""How much of what the child printed is told."""

_STAYS_SO = frozenset({errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOEXEC, errno.ENOTDIR})
"""Of what the system says when a program is started."""
_STAYS_REFUSED: frozenset[Cause] = frozenset({"refused", "image"})
"""Of what a platform says of a machine."""
_MISTAKES = (TypeError, AttributeError, NameError, ImportError, NotImplementedError)
"""What a backend raises that is not written right."""
_NEXT: dict[PhaseName, str] = {
    "requested": "its backend was not asked",
    "creating": "no answer of its backend",
    "created": "not started",
    "started": "no dial-back",
}


class BootFailed(bl.BeamlikeError):
    """The node did not come up; the message says what was waited for and what its machine printed.

    `phase` is how far it had come, `seconds` how long after the request it failed, `log` the last 20 lines that it
    printed. `permanent` says that no other try can help: the interpreter does not exist, the platform refuses the
    credentials. `cause` is what the platform says of the machine, None where it says nothing.
    """

    def __init__(
        self,
        message: str,
        *,
        phase: PhaseName = "requested",
        seconds: float = 0.0,
        log: str = "",
        permanent: bool = False,
        cause: Cause | None = None,
    ) -> None:
        super().__init__(message)
        self.cause: Cause | None = cause
        self.phase: PhaseName = phase
        self.seconds = seconds
        self.log = log
        self.permanent = permanent


class MachineEnded(Exception):
    """The machine ended before its node had dialled back."""


@frozen
class Ending:
    """A boot ended with `error`, so many seconds after the request, when it had reached `phase`; `limit` is the time
    that it had, if that was over, and `hint` what was in the way meanwhile."""

    error: BaseException
    phase: Phase
    seconds: float
    limit: float | None
    hint: str = ""

    def why(self) -> str:
        """
        >>> Ending(TimeoutError(), Phase("started", 0.2, "process 1 runs"), 10.0, 10.0).why()
        ' within 10 s: started at +0.2 s, no dial-back for 9.8 s'
        >>> unschedulable = Phase("created", 0.4, "unschedulable: 0/3 nodes are available", is_of_platform=True)
        >>> Ending(TimeoutError(), unschedulable, 30.0, 30.0).why()
        ' within 30 s: created at +0.4 s (unschedulable: 0/3 nodes are available), not started for 29.6 s'
        >>> Ending(KeyError("id"), Phase("creating", 0.1, ""), 0.4, None).why()
        ": KeyError: 'id'"
        """
        phase, error = self.phase, self.error
        if self.limit is not None:
            waited = f"{_NEXT.get(phase.name, 'no answer')} for {self.seconds - phase.seconds:.1f} s"
            words = f" ({phase.words})" if phase.is_of_platform else ""
            hint = f" ({self.hint})" if self.hint else ""
            return f" within {self.limit:g} s: {phase.name} at +{phase.seconds:.1f} s{words}, {waited}{hint}"
        words = str(error) if isinstance(error, MachineEnded | BackendError | OSError) else ""
        return f": {words or f'{type(error).__name__}: {error}'}"


def failure(what: str, ending: Ending, seen: Description | None) -> BootFailed:
    """The error for `what` ("a did not connect to b"); `seen` is the machine as it was last seen."""
    log = last_lines(seen.log) if seen is not None else ""
    printed = "" if seen is None else f"; it printed:\n{log}" if log else "; it printed nothing"
    if isinstance(ending.error, MachineEnded) and not log and seen is not None and seen.exit_code == NEVER_CAN_JOIN:
        printed += f", and that code says that its image does not fit this program ({HERE}): build it anew with that"
    permanent = ending.limit is None and is_permanent(ending.error, seen)
    words = f"{what}{ending.why()}{printed}"
    return BootFailed(
        words,
        phase=ending.phase.name,
        seconds=ending.seconds,
        log=log,
        permanent=permanent,
        cause=None if seen is None else seen.cause,
    )


def is_permanent(error: BaseException, seen: Description | None) -> bool:
    """Whether it will be so the next time as well.

    >>> is_permanent(FileNotFoundError(errno.ENOENT, "No such file", "/no/such/python"), None)
    True
    >>> is_permanent(OSError(errno.EAGAIN, "Resource temporarily unavailable"), None)
    False
    """
    match error:
        case BackendError():
            return error.permanent
        case MachineEnded():
            return seen is not None and (seen.exit_code == NEVER_CAN_JOIN or seen.cause in _STAYS_REFUSED)
        case bl.HandshakeRefused():
            return error.status is Status.VERSION_MISMATCH
        case OSError():
            return error.errno in _STAYS_SO
    return isinstance(error, _MISTAKES)


def last_lines(log: str) -> str:
    return "\n".join(log.strip().splitlines()[-LOG_LINES:])
