"""What a place must offer to boot nodes there: three methods. All else is written once, in `nodes.boot`."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal, Protocol

from nodes.invitation import Invitation


@dataclass(frozen=True, slots=True)
class Machine:
    """What a backend booted, by the id that the backend gave it; `where` is for people ("process 4711")."""

    id: str
    where: str


@dataclass(frozen=True, slots=True)
class Description:
    """How a machine is. `exit_code` is negative for a signal, as in subprocess; `log` is the tail of its output."""

    state: Literal["running", "ended"]
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
        """Starts a machine that reads the invitation and dials back; does not wait for that."""
        ...

    async def stop(self, machine: Machine) -> None:
        """Ends the machine and returns when it is gone; one that is gone already is no error."""
        ...

    async def describe(self, machine: Machine) -> Description:
        """Looks at the machine."""
        ...
