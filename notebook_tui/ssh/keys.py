"""Who may come in: lines of `authorized_keys`, with what each key's owner is called, may do, and may see.

    role="edit",directory="physics",name="ann",expiry-time="20271231" ssh-ed25519 AAAA… ann@laptop

`role` (default: run) and `directory` and `name` are ours; `from` and `expiry-time` mean what they do to OpenSSH.
Of a file `ann.keys`, as GitHub gives under https://github.com/ann.keys, everybody is called ann. A line that makes no
sense opens nothing, and is told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

import asyncssh
from asyncssh.auth_keys import _SSHAuthorizedKeyEntry

from beamlike.kernel.record import frozen
from notebook_tui.session.people import ROLES, Role

ROLE: Final[Role] = "run"
"""Of a key that says nothing of it."""
_KNOWN: Final = ("role", "directory", "name", "from", "expiry-time", "restrict")
"""`restrict`, and all the `no-…` of OpenSSH, take away what nobody has here."""
_TIMES: Final = ("%Y%m%d", "%Y%m%d%H%M", "%Y%m%d%H%M%S")


@frozen
class Trusted:
    """One key: whose it is, and what it opens."""

    fingerprint: str
    name: str
    role: Role = ROLE
    directory: str = "."
    """Below the directory that is served."""
    expires: float | None = None
    """In seconds since the epoch."""
    sources: tuple[Any, ...] = ()
    """Patterns of addresses, all of which must match; none: from anywhere."""

    def refusal(self, address: str, now: float) -> str:
        """Why it opens nothing to somebody at that address at that time; empty if it does."""
        if self.expires is not None and now >= self.expires:
            return f"the key has expired ({datetime.fromtimestamp(self.expires, UTC):%Y-%m-%d %H:%M} UTC)"
        if self.sources and not all(_matches(each, address) for each in self.sources):
            return f"the key is not for the address {address}"
        return ""


class NoKey(ValueError):
    """The line is no key, or its options make no sense; the message says which and what was expected."""


def fingerprint_of(key: asyncssh.SSHKey) -> str:
    """As `ssh-keygen -lf` shows it."""
    return str(key.get_fingerprint())


def read_keys(text: str, owner: str = "") -> Iterator[Trusted | NoKey]:
    """What the lines of such a file say, in their order. `owner` is the name of those that are given none."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            try:
                yield read_key(words, owner)
            except NoKey as error:
                yield NoKey(f"line {number}: {error}")
            except Exception as error:
                # What reads keys is not ours, and fails in many ways. One bad line must not keep the others from being
                # read: among them may be one that was taken out.
                yield NoKey(f"line {number}: expected options and a public key ({type(error).__name__}: {error})")


def read_key(line: str, owner: str = "") -> Trusted:
    """The key of one line."""
    try:
        entry = _SSHAuthorizedKeyEntry(line)
    except (ValueError, asyncssh.Error) as error:
        raise NoKey(f"expected options and a public key, such as ssh-ed25519 AAAA…: {error}") from error
    if entry.key is None:
        raise NoKey("expected a public key; certificates are not taken")
    options = cast("Mapping[str, Any]", entry.options)
    odd = [name for name in options if name not in _KNOWN and not name.startswith("no-")]
    if odd:
        # Somebody meant to restrict the key by it: to leave it out would open more than they wanted.
        raise NoKey(f"expected the options {', '.join(_KNOWN)}, found {', '.join(odd)}")
    role = _one(options, "role", ROLE)
    if role not in ROLES:
        raise NoKey(f"expected role to be one of {', '.join(ROLES)}, found {role!r}")
    sources = options.get("from", [])
    if not isinstance(sources, list):
        raise NoKey(f'expected from="…", found {sources!r}')
    key = entry.key
    comment = (key.get_comment() or "").strip()
    name = _one(options, "name", owner or comment)
    return Trusted(
        fingerprint_of(key),
        _printable(name) or fingerprint_of(key)[7:15],
        role,
        _one(options, "directory", "."),
        _time(_one(options, "expiry-time", "")),
        tuple(sources),
    )


def _one(options: Mapping[str, Any], name: str, otherwise: str) -> str:
    """The option's text, which may stand there once."""
    found = options.get(name, otherwise)
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, str) or (name in options and not found):
        raise NoKey(f'expected {name}="…" once, found {found!r}')
    return found


def _time(text: str) -> float | None:
    """As OpenSSH has it: YYYYMMDD, YYYYMMDDHHMM or with SS, in this machine's time, or in UTC with a Z at the end.

    >>> _time("20260101Z"), _time("")
    (1767225600.0, None)
    """
    if not text:
        return None
    zone = UTC if text.endswith(("Z", "z")) else None
    digits = text.rstrip("Zz")
    for form in _TIMES:
        if len(digits) == len(datetime(2000, 1, 1).strftime(form)):
            try:
                return datetime.strptime(digits, form).replace(tzinfo=zone).timestamp()
            except ValueError:
                break
    raise NoKey(f"expected expiry-time as YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, found {text!r}")


def _matches(pattern: Any, address: str) -> bool:
    from ipaddress import ip_address

    try:
        place = ip_address(address)
    except ValueError:
        return False
    # A socket that takes both kinds tells of IPv4 as ::ffff:10.0.0.9, which no pattern of IPv4 would fit: not even the
    # one that is to keep somebody out.
    place = getattr(place, "ipv4_mapped", None) or place
    return bool(pattern.matches("", str(place), place))


def _printable(name: str) -> str:
    """Names are shown to others and written into logs."""
    return "".join(letter for letter in name if letter.isprintable()).strip()[:64]
