"""The server that is there when somebody wants a notebook kept and nobody serves its directory: a program in the
background, which ends by itself when it has held no session for some minutes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from notebook_tui.serve.background import DidNotStart, NotThere, found_once_started, start_in_background
from notebook_tui.serve.errors import NoServer
from notebook_tui.serve.rendezvous import FOLDER, Server, on_demand_server
from notebook_tui.session.state_directory import state_directory

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
    words = ("notebook_tui", "serve", "--on-demand")
    program = await asyncio.to_thread(start_in_background, words, log, anew=began > LONGEST_LOG)
    try:
        return await found_once_started(program, on_demand_server)
    except DidNotStart:
        raise NoServer(f"a server could not be started: {_said(log, began)}") from None
    except NotThere as error:
        raise NoServer(f"a server was started, but {error}; {log} says what it does") from None


def _size(log: Path) -> int:
    return log.stat().st_size if log.exists() else 0


def _said(log: Path, began: int) -> str:
    said = log.read_bytes()[began:] if began <= _size(log) else log.read_bytes()
    return said[-_TOLD:].decode("utf-8", "replace").strip() or f"it said nothing; {log}"
