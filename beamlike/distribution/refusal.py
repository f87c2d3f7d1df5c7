"""Why a handshake fails: a status on the wire, and what each side tells its user.

Only the status and a protocol version travel, so nobody puts words into the other side's log before the secret is
proved. No text ever contains a secret.
"""

from __future__ import annotations

from enum import IntEnum

from beamlike.kernel.errors import NotConnected
from beamlike.kernel.record import frozen


class Status(IntEnum):
    """The numbers are the protocol."""

    OK = 0
    WRONG_SECRET = 1
    """The other side does not hold the secret that is expected of it."""
    DUPLICATE_NAME = 2
    """Another live incarnation of that name is connected."""
    NOT_ALLOWED = 3
    """Its invitation was used, revoked, or has expired."""
    SIMULTANEOUS = 4
    """Both dial each other, and the other link is the one that stays."""
    VERSION_MISMATCH = 5
    WRONG_NODE = 6
    """The node at that address has another name."""
    MALFORMED = 7
    """What came is no handshake."""
    INTERCEPTED = 8
    """The two ends see different certificates, or only one of them sees one."""
    TLS_REQUIRED = 9
    """It came without TLS."""
    OBSERVERS_NAME = 10
    """It holds the observers' secret, and its name is that of a node, not of an observer."""


@frozen
class Refused:
    """The handshake failed; `message` is for the user of this side. `peer` is the name that the other side claims."""

    status: Status
    message: str
    peer: str | None


class HandshakeRefused(NotConnected):
    """The nodes reached each other, and one turned the other away: `status` says why, the text what to do."""

    def __init__(self, message: str, status: Status) -> None:
        super().__init__(message)
        self.status = status

    def __reduce__(self) -> tuple[type[HandshakeRefused], tuple[str, Status]]:
        return type(self), (str(self), self.status)


def refused_by_us(
    status: Status, peer: str, our_version: int, their_version: int, expected: str | None, secret_remedy: str
) -> str:
    """What this node says of a peer that it turns away; `secret_remedy` is that of the secret in question."""
    match status:
        case Status.WRONG_SECRET:
            return f"{peer} does not know the secret that is expected of it: {secret_remedy}"
        case Status.DUPLICATE_NAME:
            return f"another live node named {peer} is connected here: give one of the two another name"
        case Status.NOT_ALLOWED:
            return f"the invitation of {peer} was used, revoked, or has expired: {_INVITE_AGAIN}"
        case Status.SIMULTANEOUS:
            return f"{peer} dials this node while this node dials it; the link from here stays"
        case Status.VERSION_MISMATCH:
            return _versions(peer, our_version, their_version)
        case Status.WRONG_NODE:
            return f"expected {expected} at that address, found {peer}: look up its address anew"
        case Status.INTERCEPTED:
            return f"the TLS of {peer} does not reach this node: {_IN_BETWEEN}"
        case Status.TLS_REQUIRED:
            return f"expected TLS, {peer} came without: {_SAME_TLS}"
        case Status.OBSERVERS_NAME:
            return f"expected an observer of a name like observer-7@host, got {peer}: {_OBSERVERS_NAME}"
        case _:
            return f"the handshake with {peer} failed ({status.name})"


def refused_by_them(
    status: Status, peer: str, us: str, our_version: int, their_version: int, secret_remedy: str
) -> str:
    """What this node says when a peer turns it away."""
    match status:
        case Status.WRONG_SECRET:
            return f"{peer} refused {us}: the two nodes hold different secrets: {secret_remedy}"
        case Status.DUPLICATE_NAME:
            return f"{peer} refused {us}: another live node of that name is connected to it: take another name"
        case Status.NOT_ALLOWED:
            return f"{peer} refused {us}: the invitation was used, revoked, or has expired: {_INVITE_AGAIN}"
        case Status.SIMULTANEOUS:
            return f"{peer} refused {us}: it dials this node at the same time, and its link stays"
        case Status.VERSION_MISMATCH:
            return _versions(peer, our_version, their_version)
        case Status.WRONG_NODE:
            return f"{peer} refused {us}: it expected a node of another name at this address"
        case Status.INTERCEPTED:
            return f"{peer} refused {us}: the TLS of this node does not reach it: {_IN_BETWEEN}"
        case Status.TLS_REQUIRED:
            return f"{peer} refused {us}: it expects TLS, and this node came without: {_SAME_TLS}"
        case Status.OBSERVERS_NAME:
            return f"{peer} refused {us}: it expects of an observer a name like observer-7@host: {_OBSERVERS_NAME}"
        case _:
            return f"{peer} refused {us}: it could not make sense of the handshake ({status.name})"


def _versions(peer: str, ours: int, theirs: int) -> str:
    return (
        f"expected protocol version {ours}, {peer} speaks version {theirs}: "
        "install the same version of beamlike on both nodes"
    )


_INVITE_AGAIN = "an invitation works once and until its deadline, by the inviter's clock; make a new one"
_IN_BETWEEN = (
    "somebody in between presents a certificate of its own; if that is a proxy or load balancer of yours, "
    "let it pass the bytes of this port on as they are"
)
_OBSERVERS_NAME = (
    "who holds the observers' secret must not pass for a node that others send to; give it a name that begins with "
    "`observer-`"
)
_SAME_TLS = "give both nodes the same `tls` option, and use the address that the node listens at"
