"""What comes for a command by its standard input: kept up to a bound, for whoever takes all of it at its end."""

from __future__ import annotations

import asyncio
from typing import Final

LONGEST: Final = 1_000_000
"""Bytes."""
SECONDS: Final = 60.0
"""Until its end, from when it is awaited."""


class StandardInput:
    def __init__(self) -> None:
        self._data = bytearray()
        self._is_kept = True
        self._over = asyncio.Event()
        self.is_awaited = False
        """Somebody waits for its end."""

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

    async def whole(self, seconds: float = SECONDS) -> bytes:
        """Returns at its end; who waits is ended with the channel. ValueError if it is longer than anybody takes,
        TimeoutError if it does not end within that time."""
        self.is_awaited = True
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            raise TimeoutError(
                f"expected the end of standard input within {seconds:g} s, it is still open: give a file (< FILE), or "
                "close it"
            ) from None
        finally:
            self.is_awaited = False
        if len(self._data) > LONGEST:
            raise ValueError(f"expected {LONGEST:,} bytes by standard input at most, got more")
        return bytes(self._data)
