"""A viewer's questions about the notebook's secrets, and which it gives it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from notebook_tui.session.messages import GiveSecrets, GiveStoredSecrets, RevokeSecrets, SecretNames, SecretsOf

SECONDS = 5.0

Giving: TypeAlias = GiveSecrets | GiveStoredSecrets | RevokeSecrets


class SecretQuestions:
    """`call` asks the session, within so many seconds."""

    def __init__(self, call: Callable[[Giving | SecretsOf, float], Awaitable[Any]]) -> None:
        self._call = call

    async def secrets(self) -> SecretNames:
        """Which secrets the notebook has."""
        names: SecretNames = await self._call(SecretsOf(), SECONDS)
        return names

    async def give_secrets(self, values: Mapping[str, str]) -> None:
        """The notebook's cells find these values, as `LB_` and the name in the environment, until the session ends."""
        await self._asked(GiveSecrets(values))

    async def give_stored_secrets(self, *names: str) -> None:
        """The notebook's cells find these of the user's secrets, now and when it is opened again."""
        await self._asked(GiveStoredSecrets(names))

    async def revoke_secrets(self, *names: str) -> None:
        """The notebook's cells find them no more."""
        await self._asked(RevokeSecrets(names))

    async def _asked(self, request: Giving) -> None:
        refused: Exception | None = await self._call(request, SECONDS)
        if refused is not None:
            raise refused
