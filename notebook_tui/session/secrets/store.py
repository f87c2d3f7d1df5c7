"""The secrets of a user, by name: in the system's keyring where there is one, else in a file for the user alone.

Calls may take long, where a keyring asks its user for leave: they belong in a thread.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import state_directory

SERVICE: Final = "beamlike"
"""What a keyring calls us."""
FOLDER, FILE = "secrets", "secrets.json"
_NAME = re.compile(r"[A-Z][A-Z0-9_]*")


class NoSecret(LookupError):
    """There is none of that name, or it cannot be read; the message says why."""


class SecretStore:
    """What is in it is read anew with each call: other programs of the user write it as well."""

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._read()))

    def get(self, name: str) -> str:
        known = self._read()
        if name not in known:
            raise NoSecret(f"there is no secret {name}; there are: {', '.join(sorted(known)) or 'none'}")
        value = known[name]
        if value is not None:
            return value
        found: str | None = _of_keyring("get_password", name)
        if found is None:
            raise NoSecret(f"the secret {name} is not in the system's keyring any more; set it again")
        return found

    def set(self, name: str, value: str) -> None:
        """Under a name of capital letters, digits and underscores."""
        known = self._read()
        known[checked(name)] = None if _is_in_keyring(name, value) else value
        self._write(known)

    def remove(self, name: str) -> None:
        known = self._read()
        if name not in known:
            raise NoSecret(f"there is no secret {name}; there are: {', '.join(sorted(known)) or 'none'}")
        if known.pop(name) is None:
            _of_keyring("delete_password", name)
        self._write(known)

    def _read(self) -> dict[str, str | None]:
        """Those that are in the keyring without their values."""
        try:
            text = (state_directory(FOLDER) / FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        known: dict[str, str | None] = json.loads(text)
        return known

    def _write(self, known: dict[str, str | None]) -> None:
        write_private(state_directory(FOLDER) / FILE, json.dumps(known, indent=1).encode())


def place() -> str:
    """Where a secret goes that is set now, in words. A keyring that is locked refuses, and then it is the file."""
    if _keyring() is not None:
        return "the system's keyring"
    return f"{state_directory(FOLDER) / FILE}, which only you can read"


def checked(name: str) -> str:
    """The name, if a secret may be called so.

    >>> checked("API_KEY")
    'API_KEY'
    """
    if not _NAME.fullmatch(name):
        raise ValueError(f"expected a name of capital letters, digits and underscores, such as API_KEY; got {name!r}")
    return name


def variable(name: str) -> str:
    """The environment variable in which a notebook finds the secret: as in Livebook.

    >>> variable("API_KEY")
    'LB_API_KEY'
    """
    return f"LB_{name}"


def _is_in_keyring(name: str, value: str) -> bool:
    """Whether it took it: there may be none, or one that is locked."""
    backend = _keyring()
    if backend is None:
        return False
    from keyring.errors import KeyringError

    try:
        backend.set_password(SERVICE, name, value)
    except KeyringError:
        return False
    return True


def _of_keyring(method: str, name: str) -> Any:
    backend = _keyring()
    if backend is None:
        raise NoSecret(f"the secret {name} is in the system's keyring, and there is none here: set it again")
    from keyring.errors import KeyringError

    try:
        return getattr(backend, method)(SERVICE, name)
    except KeyringError as error:
        raise NoSecret(f"the secret {name} cannot be had from the system's keyring: {error}") from error


def _keyring() -> Any:
    """None where it is not installed, or finds nothing to keep secrets in, as over SSH."""
    try:
        import keyring
    except ImportError:
        return None
    backend = keyring.get_keyring()
    return backend if backend.priority > 0 else None
