"""What a viewer's program does by itself, on the host that it runs on: where the user's files, profiles and stored
secrets are. The session is not asked, so the role that it takes is looked at here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session import attachments, runtime_choices
from notebook_tui.session.notebook_files import NotebookFiles, attaching, files_of
from notebook_tui.session.people import Person, Role
from notebook_tui.session.profiles import Profile
from notebook_tui.session.roles import refusal
from notebook_tui.session.runtime_choices import RuntimeChoices
from notebook_tui.session.secrets import stored
from notebook_tui.session.secrets.stored import StoredSecrets


class OwnHost:
    """`send` asks the session to change what the notebook says of its files."""

    def __init__(self, person: Person, state: Callable[[], State], send: Callable[[Operation], None]) -> None:
        self._person = person
        self._state = state
        self._send = send

    def must(self, role: Role) -> None:
        """`NotAllowed` if the person has less than that role."""
        if (refused := refusal(self._person, role)) is not None:
            raise refused

    async def files(self) -> NotebookFiles | None:
        """Those of the notebook, and what lies beside it; None as long as it has no file."""
        state = self._state()
        if state.path is None:
            return None
        return await asyncio.to_thread(files_of, state.notebook, Path(state.path))

    async def attach_file(self, source: str) -> str:
        """Copies that file to those of the notebook; the name that it has there. ValueError or OSError say why not."""
        self.must("admin")  # any file of this host could be looked at so
        name, arrange = await asyncio.to_thread(attaching, self._state().notebook, self._path(), source)
        self._send(arrange)
        return name

    async def remove_file(self, name: str) -> None:
        """It, and what the notebook says of it, is gone. ValueError if there is none of that name."""
        self.must("admin")
        self._send(await asyncio.to_thread(attachments.remove, self._state().notebook, self._path(), name))

    def _path(self) -> Path:
        path = self._state().path
        if path is None:
            raise ValueError("the notebook has no file yet, so none can lie beside it: save it first")
        return Path(path)

    async def runtime_choices(self) -> RuntimeChoices:
        """The user's profiles, and the nodes of this host that can be reached."""
        self.must("admin")
        return await runtime_choices.runtime_choices()

    async def add_profile(self, profile: Profile) -> None:
        """Describe a runtime for later; `ProfileError` says what is wrong with it."""
        self.must("admin")
        await runtime_choices.add_profile(profile)

    async def stored_secrets(self) -> StoredSecrets:
        """The names in the user's store, and where it is."""
        self.must("admin")
        return await stored.stored_secrets()

    async def store_secret(self, name: str, value: str) -> None:
        """Keep a secret for all notebooks that are given it; ValueError if none may be called so."""
        self.must("admin")
        await stored.store_secret(name, value)

    async def forget_secret(self, name: str) -> None:
        """The store has it no more; LookupError if it had none of that name."""
        self.must("admin")
        await stored.forget_secret(name)
