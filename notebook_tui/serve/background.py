"""A program of this package in the background: it outlives who starts it, and is there once others can find it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

START_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.05


class DidNotStart(Exception):
    """The program has ended before anybody found it."""


class NotThere(Exception):
    """It runs, and was not found in time; it has been told to end. The words follow its name."""


async def found_once_started(program: subprocess.Popen[bytes], found: Callable[[], T | None]) -> T:
    """What `found` finds, which is asked in a thread, once that is something. DidNotStart, or NotThere."""
    try:
        async with asyncio.timeout(START_SECONDS):
            while (there := await asyncio.to_thread(found)) is None:
                if program.poll() is not None:
                    raise DidNotStart
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        program.terminate()
        raise NotThere(f"is not there within {START_SECONDS:g} s") from None
    return there


def start_in_background(
    words: Sequence[str], log: Path, told: bytes = b"", *, anew: bool = False
) -> subprocess.Popen[bytes]:
    """The program behind `python -P -m`, in a session of its own, so that the end of a terminal is not its end. `told`
    is its standard input. What it says goes on in `log`, or begins it `anew`. It is in the directory of who starts it,
    from which a relative path in the environment counts."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if anew else 0)
    with os.fdopen(os.open(log, flags, 0o600), "wb") as written:
        program = subprocess.Popen(
            [sys.executable, "-P", "-m", *words],
            stdin=subprocess.PIPE,
            stdout=written,
            stderr=written,
            start_new_session=True,
        )
    assert program.stdin is not None
    with program.stdin as standard_input:
        standard_input.write(told)
    return program
