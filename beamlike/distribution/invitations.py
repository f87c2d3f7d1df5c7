"""Single-use secrets for nodes that are yet to come, such as a child on another machine.

Whoever connects under an invited name must hold that invitation's token, once, and before its deadline; the cluster's
own secret does not open that name. An invitation that is used or has expired stays known for as long again, or until
it is revoked, so that who comes late and holds the token is told so; others learn nothing of it.

Times are arguments, of a clock that nobody sets, and only the inviter's counts: clocks that differ are in nobody's way.
"""

from __future__ import annotations

from beamlike.distribution.secret import Secret
from beamlike.kernel.record import slotted


@slotted
class _Invitation:
    token: Secret
    deadline: float
    forget_at: float
    tick_time: float | None
    used: bool = False


class Invitations:
    def __init__(self) -> None:
        self._by_name: dict[str, _Invitation] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def invite(self, name: str, token: Secret, now: float, lifetime: float, tick_time: float | None = None) -> None:
        """Lets the holder of `token` connect as `name` once within `lifetime` seconds. Replaces an earlier one."""
        self._by_name = {name: one for name, one in tuple(self._by_name.items()) if one.forget_at > now}
        self._by_name[name] = _Invitation(token, now + lifetime, now + 2 * lifetime, tick_time)

    def revoke(self, name: str) -> None:
        """Takes the invitation back, if there is one."""
        self._by_name.pop(name, None)

    def secret_for(self, name: str, otherwise: Secret) -> Secret:
        """What `name` must hold: its token, `otherwise` if it is not invited."""
        invitation = self._by_name.get(name)
        return otherwise if invitation is None else invitation.token

    def admits(self, name: str, now: float) -> bool:
        """Whether `name` may come in, with what it must hold: not if its invitation was used or has expired."""
        invitation = self._by_name.get(name)
        return invitation is None or not (invitation.used or now >= invitation.deadline)

    def tick_time(self, name: str) -> float | None:
        """By which the link of `name` is to be watched; None if by that of the node."""
        invitation = self._by_name.get(name)
        return None if invitation is None else invitation.tick_time

    def use(self, name: str) -> None:
        """`name` has connected: its invitation, if it had one, does not work again."""
        invitation = self._by_name.get(name)
        if invitation is not None:
            invitation.used = True
