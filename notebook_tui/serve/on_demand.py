"""The server that is there when somebody wants a notebook kept and nobody serves its directory: a program in the
background, which ends by itself when it has held no session for some minutes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from notebook_tui.serve.errors import NoServer
from notebook_tui.serve.rendezvous import FOLDER, Server, on_demand_server
from notebook_tui.session.state_directory import state_directory

START_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.05
LOG: Final = "on-demand.log"
LONGEST_LOG: Final = 1_000_000
_TOLD: Final = 2_000


async def on_demand() -> Server:
    """The one that runs, or a new one."""
    found = await asyncio.to_thread(on_demand_server)
    if found is not None:
        return found
    log = state_directory(FOLDER) / LOG
    began = _size(log)
    program = await asyncio.to_thread(_start, log)
    try:
        async with asyncio.timeout(START_SECONDS):
            while (found := await asyncio.to_thread(on_demand_server)) is None:
                if program.poll() is not None:
                    raise NoServer(f"a server could not be started: {_said(log, began)}")
                await asyncio.sleep(LOOK_SECONDS)
    except TimeoutError:
        program.terminate()
        raise NoServer(
            f"a server was started, but is not there within {START_SECONDS:g} s; {log} says what it does"
        ) from None
    return found


def _start(log: Path) -> subprocess.Popen[bytes]:
    """In a session of its own, so that the end of the terminal is not its end."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (os.O_TRUNC if _size(log) > LONGEST_LOG else 0)
    with os.fdopen(os.open(log, flags, 0o600), "wb") as written:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "notebook_tui", "serve", "--on-demand"],
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
            cwd="/",
            start_new_session=True,
        )


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _said(log: Path, began: int) -> str:
    said = log.read_bytes()[began:] if began <= _size(log) else log.read_bytes()
    return said[-_TOLD:].decode("utf-8", "replace").strip() or f"it said nothing; {log}"
