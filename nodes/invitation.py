"""What a booted machine is told: whom to call back, as whom, and with which single-use secret. One printable string.

The long-lived secret of the cluster is never in it. Its first two fields, the version of the rest and the versions of
the program that made it, stand in every version, so that a child can say what does not fit.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import field, fields

import msgpack

from beamlike.distribution.tls_option import Tls, TlsOption, check_option
from beamlike.kernel.record import frozen
from nodes.versions import HERE, Versions, misfit

ENVIRONMENT_VARIABLE = "BEAMLIKE_INVITATION"
LEASE_SECONDS = 60.0
"""For how long a parent may be silent by default."""
CHILD_PORT = 44444
"""Where a child listens that is to be dialled, by default."""
_VERSION = 4


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
    session: str = ""
    """Of the parent's incarnation: what bears another one is of a program that has ended, or of another one."""
    listens_at: str = ""
    """Where the child listens and waits for its parent, as "host:port" (no host: at all its addresses); "" if it is to
    dial. A backend may set another."""
    platform: str = ""
    """What the machine is of, as specs name it ("fly", "k8s"): what is booted from there is of the same by default."""
    made_by: Versions = HERE
    """The program that made it."""


_TYPES: dict[str, tuple[type, ...]] = {
    "parent": (str,),
    "host": (str,),
    "port": (int,),
    "child": (str,),
    "token": (bytes,),
    "dial_seconds": (float,),
    "own_thread": (bool,),
    "lease_seconds": (float,),
    "max_lifetime": (float, type(None)),
    "pool": (str,),
    "runner": (str,),
    "session": (str,),
    "listens_at": (str,),
    "platform": (str,),
}


def encode(invitation: Invitation) -> str:
    told = {name: getattr(invitation, name) for name in _TYPES} | {"tls": _plain(invitation.tls)}
    made_by = [getattr(invitation.made_by, it.name) for it in fields(Versions)]
    return base64.urlsafe_b64encode(msgpack.packb([_VERSION, made_by, told])).decode("ascii")


def decode(text: str) -> Invitation:
    """The reverse; BadInvitation for any other text."""
    try:
        version, made_by, *rest = msgpack.unpackb(base64.urlsafe_b64decode(text))
    except (binascii.Error, ValueError, TypeError, msgpack.UnpackException) as error:
        raise BadInvitation(
            f"expected an invitation that a parent node made, got {len(text)} other characters"
        ) from error
    if version != _VERSION:
        raise BadInvitation(_other_version(version, _versions(made_by)))
    versions = _versions(made_by)
    match rest:
        case [dict() as told] if versions is not None and told.keys() == {*_TYPES, "tls"}:
            tls = _option(told.pop("tls"))
            if all(type(value) in _TYPES[name] for name, value in told.items()):
                return Invitation(**told, tls=tls, made_by=versions)
    raise BadInvitation("expected the fields of an invitation, got others")


def _versions(told: object) -> Versions | None:
    match told:
        case [str() as beamlike, str() as python, str() as cloudpickle, int() as protocol, *_]:
            return Versions(beamlike, python, cloudpickle, protocol)
    return None


def _other_version(version: object, made_by: Versions | None) -> str:
    """What is said of an invitation of another version, by a program that may be."""
    why = "" if made_by is None else misfit(made_by, HERE)
    return why or f"expected an invitation of version {_VERSION}, got {version}: use the same beamlike on both"


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
