"""The shared secret: who knows it may join the cluster, which means run any code in it.

It is BEAMLIKE_SECRET of the environment, else the content of a file that only its owner can read, made on first use.
A `Secret` proves itself without ever being shown: not in `repr`, not in logs, not by pickle. Where it came from is
told: a node that is refused for its secret has to say which of the two is to be changed, and how.

A secret has a role. That of the cluster lets its holder evaluate; beside it a node may take one with which others may
only observe (see `observers`). The role is part of what is signed: a secret proves nothing in another role.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, NoReturn, TypeAlias

from beamlike.distribution.errors import UnusableSecret

Role: TypeAlias = Literal["observe", "evaluate"]
"""What the holder of a secret may do: look, or run any code."""

OBSERVE: Final = "observe"
EVALUATE: Final = "evaluate"

VARIABLE = "BEAMLIKE_SECRET"
OBSERVE_VARIABLE = "BEAMLIKE_OBSERVE_SECRET"
GIVEN = "give the other the one that this node was given by its program, as `secret=`"
OBSERVERS_GIVEN = "give the other the one that this node was given by its program, as `observers=`"
INVITED = "it is to be that of an invitation, which serves one name, at the node that made it: make a new one"
"""The remedy of an invitation's token."""


class Secret:
    """`remedy` is what to do when another node holds a different one, in words that tell nothing of the value.

    >>> Secret(b"swordfish")
    Secret(...)
    >>> Secret(b"swordfish").verify(b"a challenge", Secret(b"swordfish").sign(b"a challenge"))
    True
    """

    __slots__ = ("_value", "remedy", "role")

    def __init__(self, value: bytes, remedy: str = GIVEN, role: Role = EVALUATE) -> None:
        if not value:
            raise UnusableSecret("expected a secret of at least one byte, got an empty one")
        self._value = value
        self.remedy = remedy
        self.role = role

    def sign(self, text: bytes) -> bytes:
        """The HMAC-SHA-256 of `text`, which only a holder of this secret can make."""
        return hmac.digest(self._value, text, hashlib.sha256)

    def verify(self, text: bytes, proof: bytes) -> bool:
        return hmac.compare_digest(self.sign(text), proof)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret(...)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret does not travel; give the other node its own, or an invitation")


def load_secret(environment: Mapping[str, str] = os.environ) -> Secret:
    """The cluster's secret: the variable, else the file, made if need be. UnusableSecret says what is wrong with it."""
    value = environment.get(VARIABLE)
    if value is not None:
        return Secret(value.encode(errors="surrogateescape"), f"give the other the same {VARIABLE} as this node")
    path = secret_path(environment)
    if not path.exists():
        _make(path)
    return _read(path)


def load_observe_secret(environment: Mapping[str, str] = os.environ) -> Secret | None:
    """The observers' secret: the variable, else the file beside the cluster's, which nobody makes unasked; None if
    there is neither. UnusableSecret says what is wrong with it.

    >>> load_observe_secret({"BEAMLIKE_OBSERVE_SECRET": "a word"}).role
    'observe'
    >>> load_observe_secret({"XDG_CONFIG_HOME": "/nowhere"})
    """
    value = environment.get(OBSERVE_VARIABLE)
    if value is not None:
        remedy = f"give the other the same {OBSERVE_VARIABLE} as this node"
        return Secret(value.encode(errors="surrogateescape"), remedy, OBSERVE)
    try:
        path = secret_path(environment).with_name("observe-secret")
        return _read(path, OBSERVE_VARIABLE, OBSERVE)
    except (FileNotFoundError, NotADirectoryError):
        return None


def secret_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the secret's file is: beamlike/secret in XDG_CONFIG_HOME, else in ~/.config."""
    configured = environment.get("XDG_CONFIG_HOME")
    config = Path(configured) if configured else _home() / ".config"
    return config / "beamlike" / "secret"


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        raise UnusableSecret(
            f"expected a home directory for the secret's file, found none: set HOME, XDG_CONFIG_HOME or {VARIABLE}"
        ) from error


def _make(path: Path) -> None:
    """Written whole elsewhere, then linked: of two nodes that start at once, both read what the first one made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".secret-{os.getpid()}-{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path, variable: str = VARIABLE, role: Role = EVALUATE) -> Secret:
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise UnusableSecret(
                f"expected {path} to be readable by its owner only, found mode {stat.S_IMODE(mode):04o}: "
                f"run `chmod 600 {path}`, and make a new secret if somebody may have read it"
            )
        value = file.read().strip()
    if not value:
        raise UnusableSecret(
            f"expected a secret in {path}, found an empty file: delete it"
            + (", and the next node makes one" if role == EVALUATE else ", or write one into it")
        )
    return Secret(
        value,
        f"give both the same {variable}, or the other a copy of {path}, which this node read when it started",
        role,
    )
