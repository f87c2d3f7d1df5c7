"""What code may raise, from the usual to the malicious."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NoReturn


class Unprintable(Exception):
    """Raises, when it is looked at, what `except Exception` does not catch."""

    def __str__(self) -> str:
        raise KeyboardInterrupt

    __repr__ = __str__


class Incomparable(Exception):
    def __eq__(self, other: object) -> bool:
        raise SystemExit("compared")

    __hash__ = Exception.__hash__


class BrokenNotes(Exception):
    """Cannot be printed with its traceback."""

    @property
    def __notes__(self) -> list[str]:  # type: ignore[override]  # to be read only is the joke
        raise SystemExit("read")


def overflow() -> int:
    return 1 + overflow()


def exhaust() -> bytearray:
    return bytearray(1 << 62)


def raising(make: Callable[[], BaseException]) -> Callable[[], NoReturn]:
    """A new one each time, since an exception keeps the frames that it came through."""

    def fails() -> NoReturn:
        raise make()

    return fails


CRASHES: dict[str, Callable[[], Any]] = {
    "RecursionError": overflow,
    "MemoryError": exhaust,
    **{
        kind.__name__: raising(kind)
        for kind in (SystemExit, KeyboardInterrupt, GeneratorExit, StopAsyncIteration, Unprintable)
    },
    "Incomparable": raising(Incomparable),
    "BrokenNotes": raising(BrokenNotes),
    "ValueError": raising(lambda: ValueError("x" * 1_000_000)),
    "BaseExceptionGroup": raising(lambda: BaseExceptionGroup("both", [SystemExit(), Unprintable()])),
}
"""By the name of the type with which the process ends."""

TURNED = {"StopIteration": (raising(StopIteration), "RuntimeError")}
"""Those which arrive as another type: Python itself turns StopIteration in a coroutine into RuntimeError."""

CANCELLED = raising(asyncio.CancelledError)
