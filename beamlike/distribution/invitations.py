"""Single-use secrets for nodes that are yet to come, such as a child on another machine.

Whoever connects under an invited name must hold that invitation's token, once, and before its deadline; the cluster's
own secret does not open that name. An invitation that is used or has expired stays known for as long again, or until
it is revoked, so that who comes late is told so. Times are arguments.
"""

from __future__ import annotations

from dataclasses import dataclass

from beamlike.distribution.secret import Secret


@dataclass(slots=True)
class _Invitation:
    token: Secret
    deadline: float
    forget_at: float
    used: bool = False


class Invitations:
    def __init__(self) -> None:
        self._by_name: dict[str, _Invitation] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def invite(self, name: str, token: Secret, now: float, lifetime: float) -> None:
        """Lets the holder of `token` connect as `name` once within `lifetime` seconds. Replaces an earlier one."""
        self._by_name = {name: one for name, one in tuple(self._by_name.items()) if one.forget_at > now}
        self._by_name[name] = _Invitation(token, now + lifetime, now + 2 * lifetime)

    def revoke(self, name: str) -> None:
        """Takes the invitation back, if there is one."""
        self._by_name.pop(name, None)

    def secret_for(self, name: str, now: float, otherwise: Secret) -> Secret | None:
        """What `name` must hold: its token, None if that was used or has expired, `otherwise` if it is not invited."""
        invitation = self._by_name.get(name)
        if invitation is None:
            return otherwise
        return None if invitation.used or now >= invitation.deadline else invitation.token

    def use(self, name: str) -> None:
        """`name` has connected: its invitation, if it had one, does not work again."""
        invitation = self._by_name.get(name)
        if invitation is not None:
            invitation.used = True
