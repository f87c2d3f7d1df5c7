"""The user's store of secrets as a viewer sees it, and what is done with it: names and places, never a value."""

from __future__ import annotations

import asyncio

from beamlike.kernel.record import frozen
from notebook_tui.session.secrets.store import SecretStore, place

SECONDS = 60.0
"""A keyring may ask its user."""


@frozen
class StoredSecrets:
    names: tuple[str, ...]
    place: str
    """Where new ones are kept, in words."""


async def stored_secrets() -> StoredSecrets:
    async with asyncio.timeout(SECONDS):
        return StoredSecrets(await asyncio.to_thread(SecretStore().names), await asyncio.to_thread(place))


async def store_secret(name: str, value: str) -> None:
    """ValueError if none may be called so."""
    async with asyncio.timeout(SECONDS):
        await asyncio.to_thread(SecretStore().set, name, value)


async def forget_secret(name: str) -> None:
    """`NoSecret` if there is none of that name."""
    async with asyncio.timeout(SECONDS):
        await asyncio.to_thread(SecretStore().remove, name)
