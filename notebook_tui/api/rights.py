"""What a client may do, and in which notebooks: by its token, or as a program of the server's own user.

    <state>/api_clients/NAME.json      the hash of its token, its role, its notebooks; for the user alone

A token is 32 random bytes, so a plain hash of it tells nothing. Removing the file takes all rights from the client, in
the connections that it has, too.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from fnmatch import fnmatchcase
from typing import Final

from beamlike.kernel.record import frozen
from notebook_tui.api.errors import ApiError
from notebook_tui.session.people import ROLES, Person, Role
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import state_directory, state_path

FOLDER: Final = "api_clients"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_PREFIX: Final = "beamlike"


@frozen
class Rights:
    role: Role
    notebooks: tuple[str, ...] = ("*",)
    """Patterns of paths in the server's directory; `*` stands for anything, also for `/`."""
    token_of: str = ""
    """The client whose token it showed; empty without one."""

    def covers(self, path: str) -> bool:
        """
        >>> Rights("view", ("reports/*.livemd",)).covers("reports/may.livemd")
        True
        >>> Rights("view", ("reports/*.livemd",)).covers("cats.livemd")
        False
        """
        return any(fnmatchcase(path, pattern) for pattern in self.notebooks)

    def person(self, client: str, origin: str) -> Person:
        return Person(self.token_of or client, self.role, f"{origin}, calls itself {client}")


@frozen
class Known:
    """A client that has a token."""

    name: str
    role: Role
    notebooks: tuple[str, ...]
    hash: str
    made: float


def make_token(name: str, role: Role, notebooks: tuple[str, ...] = ("*",)) -> str:
    """A new client's token, which is nowhere but in the answer. ValueError if there is such a client, or the name will
    not do."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected a name of letters, digits, dots, dashes and underscores, up to 60, got {name!r}")
    path = state_directory(FOLDER) / f"{name}.json"
    if path.exists():
        raise ValueError(f"there is a client {name} already: beamlike api revoke {name} takes its token away")
    token = f"{_PREFIX}.{name}.{secrets.token_urlsafe(32)}"
    known = Known(name, role, notebooks or ("*",), _hash(token), time.time())
    write_private(path, json.dumps(asdict(known)).encode())
    return token


def revoke(name: str) -> None:
    """ValueError if there is no such client."""
    path = state_path() / FOLDER / f"{name}.json"
    if not _NAME.fullmatch(name) or not path.is_file():
        names = ", ".join(each.name for each in known_clients()) or "none"
        raise ValueError(f"there is no client {name}; those that have a token: {names}")
    path.unlink()


def known_clients() -> tuple[Known, ...]:
    return tuple(sorted(_known(), key=lambda each: each.name))


def rights_of(token: str | None, same_user: Role | None) -> Rights:
    """What who shows that token may do; without one, what the user's programs may. `ApiError` if that is nothing."""
    if token is None:
        if same_user is None:
            raise ApiError(
                "forbidden", "this server takes clients with a token only: beamlike api token NAME makes one"
            )
        return Rights(same_user)
    name = token.removeprefix(f"{_PREFIX}.").rpartition(".")[0]
    known = _read(name)
    # Also where there is no such client, so that how long it takes tells nothing.
    expected = known.hash if known is not None else _hash("")
    if not hmac.compare_digest(_hash(token), expected) or known is None:
        raise ApiError("forbidden", "the token is unknown, or was revoked: beamlike api token NAME makes another")
    return Rights(known.role, known.notebooks, known.name)


def still_holds(rights: Rights) -> bool:
    """Whether its token is still known, with the same role and notebooks."""
    if not rights.token_of:
        return True
    known = _read(rights.token_of)
    return known is not None and Rights(known.role, known.notebooks, known.name) == rights


def _known() -> Iterator[Known]:
    with suppress(FileNotFoundError):
        for path in (state_path() / FOLDER).iterdir():
            if path.suffix == ".json" and (known := _read(path.stem)) is not None:
                yield known


def _read(name: str) -> Known | None:
    """None for a file that is none, or whose role nobody knows: it gives no rights."""
    if not _NAME.fullmatch(name):
        return None
    try:
        told = json.loads((state_path() / FOLDER / f"{name}.json").read_bytes())
        known = Known(name, told["role"], tuple(told["notebooks"]), told["hash"], told["made"])
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return known if known.role in ROLES else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
