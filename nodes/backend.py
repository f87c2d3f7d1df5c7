"""What a place must offer to boot nodes there: three methods. All else is written once, in `nodes.boot`."""

from __future__ import annotations

import signal
from typing import Literal, Protocol

from beamlike.kernel.record import frozen
from nodes.invitation import Invitation


class BackendError(Exception):
    """The place refused, or failed, in the words of the message. `permanent` says that asking again does not help: no
    such interpreter or image, credentials that are not valid."""

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


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
    `log` is the tail of its output."""

    state: Literal["created", "running", "ended"]
    exit_code: int | None
    log: str

    def ending(self) -> str:
        """How it ended, in words.

        >>> Description("ended", 3, "").ending(), Description("ended", -9, "").ending()
        ('ended with exit code 3', 'was killed by SIGKILL')
        """
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
        """Starts a machine that reads the invitation and dials back; does not wait for that.

        BackendError says why there is none; when anything is raised, or it is cancelled, nothing may be left."""
        ...

    async def stop(self, machine: Machine) -> None:
        """Ends the machine and returns when it is gone; one that is gone already is no error."""
        ...

    async def describe(self, machine: Machine) -> Description:
        """Looks at the machine."""
        ...
