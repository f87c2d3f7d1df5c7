"""What a place must offer to boot nodes there: three methods. All else is written once, in `nodes.boot`."""

from __future__ import annotations

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
