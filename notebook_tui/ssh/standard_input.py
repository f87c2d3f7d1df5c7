"""What comes for a command by its standard input: kept up to a bound, for whoever takes all of it at its end."""

from __future__ import annotations

import asyncio
from typing import Final

LONGEST: Final = 1_000_000
"""Bytes."""


class StandardInput:
    def __init__(self) -> None:
        self._data = bytearray()
        self._is_kept = True
        self._over = asyncio.Event()

    def feed(self, data: bytes) -> None:
        if self._is_kept and len(self._data) <= LONGEST:
            self._data += data[: LONGEST + 1 - len(self._data)]

    def end(self) -> None:
        """Nothing more comes."""
        self._over.set()

    def drop(self) -> bytes:
        """No command takes it; what has come of it."""
        self._is_kept = False
        come = bytes(self._data)
        self._data.clear()
        return come

    async def whole(self) -> bytes:
        """Returns at its end; who waits is ended with the channel. ValueError if it is longer than anybody takes."""
        await self._over.wait()
        if len(self._data) > LONGEST:
            raise ValueError(f"expected {LONGEST:,} bytes by standard input at most, got more")
        return bytes(self._data)
