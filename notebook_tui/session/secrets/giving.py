"""A session's secrets: what its notebook was given, which its runtime finds in the environment."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Protocol

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from notebook_tui.runtime.environment import SetEnvironment
from notebook_tui.session.messages import GiveSecrets, GiveStoredSecrets, RevokeSecrets, SecretNames, SecretsOf
from notebook_tui.session.secrets.grants import Grants, granted_to, remember
from notebook_tui.session.secrets.store import NoSecret, SecretStore, checked, variable

READ_SECONDS = 60.0
"""A keyring may ask its user."""


class Host(Protocol):
    """The session: where secrets go, and words about them."""

    def notify(self, text: str) -> None: ...

    def tell_runtime(self, message: object) -> None: ...

    def keep_secret(self, values: Mapping[str, str]) -> None:
        """By their values, each with its name: they are not to be found in the journal."""


@frozen
class SecretsRead:
    """To the session: what the user's store has of the secrets that it was asked for."""

    values: Mapping[str, str] = field(repr=False)
    trouble: tuple[str, ...] = ()
    asked_by: Client | None = None
    """None: they were remembered."""


class Giving:
    def __init__(self, host: Host, remembers: bool) -> None:
        self._host = host
        self._remembers = remembers
        self._values: dict[str, str] = {}
        self._stored: frozenset[str] = frozenset()
        self._path: Path | None = None
        self._known: Grants | None = None
        """What is remembered of the file."""
        self._hidden: dict[str, str] = {}
        """All that were given, by their values."""
        self._reads = 0

    @property
    def reading(self) -> bool:
        """No runtime is started meanwhile, for its cells might need what is read."""
        return self._reads > 0

    @property
    def environment(self) -> SetEnvironment | None:
        """For a runtime that is new."""
        values = {variable(name): value for name, value in self._values.items()}
        return SetEnvironment(values) if values else None

    def opened(self, path: Path, digest: bytes | None, *, is_ours: bool) -> None:
        """The notebook is open, and its file holds that; `is_ours`: whatever is remembered, we wrote it."""
        grants = granted_to(path) if self._remembers else None
        if grants is None:
            return
        self._path, self._known = path, grants
        if is_ours or grants.digest == digest:
            self._stored = frozenset(grants.names)
            self._read(grants.names)
        else:
            self._host.notify(
                f"{path.name} was changed by another program while it was not open, so it is given no secrets any "
                f"more; it had {', '.join(grants.names)}: look at it, then give them again"
            )
        self.file_is(path, digest)

    def file_is(self, path: Path, digest: bytes | None) -> None:
        """So the user knows the file. Of another path nothing is remembered yet."""
        if path != self._path:
            self._path, self._known = path, None
        grants = Grants(tuple(sorted(self._stored)), digest)
        if not self._remembers or grants == self._known or not (grants.names or self._known):
            return
        try:
            remember(path, grants)
        except OSError as error:
            self._host.notify(f"the notebook's secrets are not given the next time: {error}")
        self._known = grants if grants.names else None

    def asked(self, request: GiveSecrets | GiveStoredSecrets | RevokeSecrets | SecretsOf, client: Client) -> object:
        """The answer; of what gives or revokes that is None, or what was in the way."""
        match request:
            case GiveSecrets(values):
                try:
                    self._give({checked(name): value for name, value in values.items()})
                except ValueError as error:
                    return error
                return None
            case GiveStoredSecrets(names):
                self._read(names, client)
                return NO_REPLY
            case RevokeSecrets(names):
                self._revoke(frozenset(names))
                return None
            case SecretsOf():
                return SecretNames(tuple(sorted(self._values)), tuple(sorted(self._stored)))

    def handle(self, message: object) -> bool:
        """Whether it was meant for this."""
        if not isinstance(message, SecretsRead):
            return False
        self._reads -= 1
        self._give(message.values)
        if message.asked_by is not None:
            self._stored |= message.values.keys()
            refusal = NoSecret("; ".join(message.trouble)) if message.trouble else None
            GenServer.reply(message.asked_by, refusal)
        else:
            for words in message.trouble:
                self._host.notify(words)
        return True

    def _read(self, names: Iterable[str], asked_by: Client | None = None) -> None:
        self._reads += 1
        bl.spawn(_read, bl.self(), tuple(names), asked_by)

    def _give(self, values: Mapping[str, str]) -> None:
        self._values.update(values)
        # First the journal: what a cell prints of it comes after that.
        self._hidden.update((value, name) for name, value in values.items())
        self._host.keep_secret(dict(self._hidden))
        self._host.tell_runtime(SetEnvironment({variable(name): value for name, value in values.items()}))

    def _revoke(self, names: frozenset[str]) -> None:
        """What was printed of them stays out of the journal all the same."""
        self._values = {name: value for name, value in self._values.items() if name not in names}
        self._stored -= names
        self._host.tell_runtime(SetEnvironment({variable(name): None for name in names}))


async def _read(session: bl.Pid, names: tuple[str, ...], asked_by: Client | None) -> None:
    values: dict[str, str] = {}
    try:
        async with asyncio.timeout(READ_SECONDS):
            values, trouble = await asyncio.to_thread(_from_store, names)
    except TimeoutError:
        trouble = [f"the system's keyring did not answer for {READ_SECONDS:g} s, so no secrets are given"]
    except (OSError, ValueError) as error:
        trouble = [f"secrets cannot be read, so none are given: {error}"]
    bl.send(session, SecretsRead(values, tuple(trouble), asked_by))


def _from_store(names: tuple[str, ...]) -> tuple[dict[str, str], list[str]]:
    store = SecretStore()
    values: dict[str, str] = {}
    trouble: list[str] = []
    for name in names:
        try:
            values[name] = store.get(name)
        except NoSecret as error:
            trouble.append(str(error))
    return values, trouble
