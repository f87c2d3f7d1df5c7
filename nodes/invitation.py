"""What a booted machine is told: whom to call back, as whom, and with which single-use secret. One printable string.

The long-lived secret of the cluster is never in it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import field

import msgpack

from beamlike.distribution.tls_option import Tls, TlsOption, check_option
from beamlike.kernel.record import frozen

ENVIRONMENT_VARIABLE = "BEAMLIKE_INVITATION"
LEASE_SECONDS = 60.0
"""For how long a parent may be silent by default."""
_VERSION = 3
_TYPES: list[tuple[type, ...]] = [
    (str,),
    (str,),
    (int,),
    (str,),
    (bytes,),
    (float,),
    (bool,),
    (float,),
    (float, type(None)),
    (str,),
    (str,),
]


class BadInvitation(ValueError):
    """The text is no invitation of this version."""


@frozen
class Invitation:
    """`parent` is the node to call back, at `host`:`port` within `dial_seconds`; `child` the name to take.

    >>> invitation = Invitation("app@127.0.0.1", "127.0.0.1", 4370, "app-1@127.0.0.1", b"token", 20.0)
    >>> decode(encode(invitation)) == invitation, "token" in repr(invitation)
    (True, False)
    """

    parent: str
    host: str
    port: int
    child: str
    token: bytes = field(repr=False)
    dial_seconds: float
    own_thread: bool = False
    """Whether the child keeps its distribution in a thread of its own, and its main thread for user code."""
    tls: TlsOption = None
    """As the parent has it; files that it names must be on the child's machine as well."""
    lease_seconds: float = LEASE_SECONDS
    """When nothing has come of the parent for so long, the child ends."""
    max_lifetime: float | None = None
    """The child ends so many seconds after its start, whatever it does."""
    pool: str = ""
    runner: str = ""
    """Whose it is, for those who look at it from outside."""


def encode(invitation: Invitation) -> str:
    fields = (
        _VERSION,
        invitation.parent,
        invitation.host,
        invitation.port,
        invitation.child,
        invitation.token,
        invitation.dial_seconds,
        invitation.own_thread,
        invitation.lease_seconds,
        invitation.max_lifetime,
        invitation.pool,
        invitation.runner,
        _plain(invitation.tls),
    )
    return base64.urlsafe_b64encode(msgpack.packb(fields)).decode("ascii")


def decode(text: str) -> Invitation:
    """The reverse; BadInvitation for any other text."""
    try:
        version, *fields, tls = msgpack.unpackb(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError, TypeError, msgpack.UnpackException) as error:
        raise BadInvitation(
            f"expected an invitation that a parent node made, got {len(text)} other characters"
        ) from error
    if version != _VERSION:
        raise BadInvitation(
            f"expected an invitation of version {_VERSION}, got {version}: use the same beamlike on both"
        )
    if len(fields) != len(_TYPES) or any(type(value) not in types for value, types in zip(fields, _TYPES, strict=True)):
        raise BadInvitation("expected the fields of an invitation, got others")
    *fields, lease_seconds, max_lifetime, pool, runner = fields
    return Invitation(*[*fields, _option(tls), lease_seconds, max_lifetime, pool, runner])


def _plain(option: TlsOption) -> object:
    if not isinstance(option, Tls):
        return option
    key = None if option.key is None else str(option.key)
    return [str(option.certificate), key, str(option.authority), option.check_hostname]


def _option(plain: object) -> TlsOption:
    match plain:
        case None | "always":
            return check_option(plain)
        case [str() as certificate, str() | None as key, str() as authority, bool() as check_hostname]:
            return Tls(certificate=certificate, key=key, authority=authority, check_hostname=check_hostname)
        case _:
            raise BadInvitation("expected the fields of an invitation, got others")
