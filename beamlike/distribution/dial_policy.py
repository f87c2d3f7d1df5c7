"""Which nodes are dialled merely because somebody sends to them, links, monitors or calls: Erlang's dist_auto_connect.

`connect` dials whatever the policy, and any policy uses a connection that is there.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

AutoConnect: TypeAlias = Literal["always", "once", "never"]
"""With "once" a node that was lost is not dialled again, but for `connect`."""


class DialPolicy:
    """
    >>> policy = DialPolicy("once")
    >>> policy.lost("b@h")
    >>> policy.allows("b@h"), policy.allows("c@h")
    (False, True)
    >>> policy.came_by_invitation("c@h")
    >>> policy.allows("c@h")
    False
    """

    def __init__(self, auto_connect: AutoConnect) -> None:
        if auto_connect not in get_args(AutoConnect):
            raise ValueError(
                f"expected one of {', '.join(get_args(AutoConnect))} as `auto_connect`, got {auto_connect!r}"
            )
        self._auto_connect = auto_connect
        self._barred: set[str] = set()

    def allows(self, name: str) -> bool:
        """Whether `name` may be dialled though nobody asked for a connection."""
        return self._auto_connect != "never" and name not in self._barred

    def came_by_invitation(self, name: str) -> None:
        """A connection to `name` was made by an invitation, which does not serve again: any other secret is refused."""
        self._barred.add(name)

    def lost(self, name: str) -> None:
        """A connection to `name` has ended."""
        if self._auto_connect == "once":
            self._barred.add(name)
