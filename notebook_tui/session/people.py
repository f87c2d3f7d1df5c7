"""Who looks at a notebook, and what each may do."""

from __future__ import annotations

from typing import Final, Literal

from beamlike.kernel.record import frozen

Role = Literal["view", "edit", "run", "admin"]
ROLES: Final[tuple[Role, ...]] = ("view", "edit", "run", "admin")
"""Each may do what those before it may. `view` reads, `edit` changes the text, `run` evaluates and answers what cells
ask, `admin` chooses the runtime, gives secrets, and ends the session."""


@frozen
class Person:
    name: str
    role: Role = "admin"
    origin: str = ""
    """How they came, for the log: the address and the fingerprint of the key, say."""

    def may(self, role: Role) -> bool:
        """Whether they may do what takes that role.

        >>> Person("ann", "edit").may("view"), Person("ann", "edit").may("run")
        (True, False)
        """
        return ROLES.index(self.role) >= ROLES.index(role)


OWNER: Final = Person("")
"""The user of this machine account, who may do all."""
STRANGER: Final = Person("", "view")
"""Who has not joined. Whoever reaches a session's node at all has its secret, and may look."""


class NotAllowed(PermissionError):
    """The role of the person who asked for it does not suffice; says which would."""
