"""What a place must offer to boot nodes there: three methods. All else is written once, in `nodes.boot`.

What a backend may have besides, as attributes that are looked for:

    on_this_host  its machines are processes of this host, which are put on record (see `records`)
    platform      what its machines are of, as specs name it: what they boot is of the same by default
    advertise     the address at which its machines reach this program, where that listens on all of its own
    dials_child   its machines cannot dial this program: they listen, and are dialled through `tunnel` (see `Dialled`)
"""

from __future__ import annotations

import signal
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from beamlike.kernel.record import frozen
from nodes.invitation import Invitation


class BackendError(Exception):
    """The place refused, or failed, in the words of the message. `permanent` says that asking again does not help: no
    such interpreter or image, credentials that are not valid. `remedy` says what to do, and stands at the end of the
    text.

    >>> print(AuthError("401: token validation error"))
    401: token validation error; give it valid credentials, which may do this
    """

    remedy: str = ""

    def __init__(self, message: str, *, permanent: bool = False, remedy: str | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        if remedy is not None:
            self.remedy = remedy

    def __str__(self) -> str:
        return f"{super().__str__()}; {self.remedy}" if self.remedy else super().__str__()


class CapacityError(BackendError):
    """There is no room for the machine now, within `scope`: "region fra", "host", "gpu a100"."""

    remedy = "try again later, elsewhere, or with a smaller machine"

    def __init__(self, message: str, *, scope: str = "", permanent: bool = False, remedy: str | None = None) -> None:
        super().__init__(message, permanent=permanent, remedy=remedy)
        self.scope = scope


class QuotaError(BackendError):
    """All that this account or namespace may have is in use."""

    remedy = "stop what is not needed, or have the quota raised"


class RateLimited(BackendError):
    """Too much was asked of the place; `retry_after` is in seconds, None where it did not say."""

    remedy = "ask less often"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        permanent: bool = False,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, permanent=permanent, remedy=remedy)
        self.retry_after = retry_after


class AuthError(BackendError):
    """The credentials are missing or not valid, or do not allow it: permanent."""

    remedy = "give it valid credentials, which may do this"

    def __init__(self, message: str, *, permanent: bool = True, remedy: str | None = None) -> None:
        super().__init__(message, permanent=permanent, remedy=remedy)


Conflict: TypeAlias = Literal["name", "lease", "version"]


class ConflictError(BackendError):
    """Somebody else has it: the machine's name, the lease on it, or has changed it meanwhile."""

    remedy = "look at what is there, and ask again"

    def __init__(
        self, message: str, *, what: Conflict = "name", permanent: bool = False, remedy: str | None = None
    ) -> None:
        super().__init__(message, permanent=permanent, remedy=remedy)
        self.what: Conflict = what


Cause: TypeAlias = Literal[
    "out of memory",
    "evicted",
    "preempted",
    "deadline",
    "node lost",
    "image",
    "unschedulable",
    "quota",
    "refused",
    "crashed",
]
"""What ended a machine, or kept it from starting, as every platform has it."""


@frozen
class Machine:
    """What a backend booted, by the id that the backend gave it; `where` is for people ("process 4711").

    `pid` is that of the process on this host that leads its group, where the machine is such a one.
    """

    id: str
    where: str
    pid: int | None = None


@frozen
class Description:
    """How a machine is: "created" is one that does not run yet. `exit_code` is negative for a signal, as in subprocess;
    `log` is the tail of its output.

    `words` are the platform's own, of how it stands or how it ended ("0/3 nodes are available: 3 Insufficient cpu");
    `cause` is what they say, where it is one of those that are known. It is asked for often: a backend answers from
    what it saw last.
    """

    state: Literal["created", "running", "ended"]
    exit_code: int | None
    log: str
    words: str = ""
    cause: Cause | None = None

    def ending(self) -> str:
        """How it ended, in words.

        >>> Description("ended", 3, "").ending(), Description("ended", -9, "").ending()
        ('ended with exit code 3', 'was killed by SIGKILL')
        >>> Description("ended", 137, "", "OOMKilled: used more than 512Mi", "out of memory").ending()
        'ended with exit code 137 (OOMKilled: used more than 512Mi)'
        >>> Description("ended", None, "", cause="evicted").ending()
        'has ended (evicted)'
        """
        told = self.words or self.cause
        return f"{self._exit()} ({told})" if told else self._exit()

    def _exit(self) -> str:
        if self.exit_code is None:
            return "has ended"
        if self.exit_code >= 0:
            return f"ended with exit code {self.exit_code}"
        try:
            return f"was killed by {signal.Signals(-self.exit_code).name}"
        except ValueError:
            return f"was killed by signal {-self.exit_code}"


class Backend(Protocol):
    async def boot(self, invitation: Invitation) -> Machine:
        """Starts a machine that reads the invitation and dials back; does not wait for that. `phases.tell` says
        meanwhile what it does.

        BackendError says why there is none; when anything is raised, or it is cancelled, nothing may be left."""
        ...

    async def stop(self, machine: Machine) -> None:
        """Ends the machine and returns when it is gone; one that is gone already is no error."""
        ...

    async def describe(self, machine: Machine) -> Description:
        """Looks at the machine."""
        ...


class Tunnel(Protocol):
    """A way to a machine: who connects to `host`:`port`, on this host, reaches the port at which its child listens."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...

    async def close(self) -> None:
        """Ends it and what goes through it; one that has ended is no error."""
        ...


@runtime_checkable
class Dialled(Protocol):
    """A backend whose machines may be out of reach of this program's own address. Where `dials_child` holds, its
    children listen (see `Invitation.listens_at`) and are dialled through a tunnel, which may break: then another one is
    asked for."""

    dials_child: bool

    async def tunnel(self, machine: Machine) -> Tunnel:
        """A new way to the machine, once it runs; OSError or BackendError says why there is none yet."""
        ...


def dials_child(backend: Backend) -> bool:
    return bool(getattr(backend, "dials_child", False))
