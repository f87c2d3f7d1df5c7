"""Which sessions a server holds; on the disk as well, so that the next server begins those again that a killed one had.

It belongs to the program and not to the process that fills it: when that is started anew, the sessions still run.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import name_for, state_directory

logger = logging.getLogger("notebook_tui.serve")
FOLDER: Final = "open"


@frozen
class Running:
    path: str
    session: bl.Pid
    since: float
    """In seconds since the epoch."""
    runtime: str | None = None
    """The spec with which it was begun; None for the user's default."""


@frozen
class Wanted:
    """A session that an earlier server held."""

    path: str
    runtime: str | None = None


class Roll:
    """`file` is where it is kept; None: in memory alone."""

    def __init__(self, file: Path | None = None) -> None:
        self.running: dict[str, Running] = {}
        """By the real path of the notebook."""
        self._file = file
        self._closed = False
        self._trouble = ""

    @classmethod
    def of(cls, directory: str) -> Roll:
        """That of the server of that directory."""
        return cls(state_directory(FOLDER) / f"{name_for(Path(directory))}.open")

    def wanted(self) -> tuple[Wanted, ...]:
        """What the server before held when it ended without an end to its sessions. Nothing if that cannot be read."""
        if self._file is None:
            return ()
        try:
            told: Any = json.loads(self._file.read_bytes())
            return tuple(Wanted(str(each["path"]), each["runtime"]) for each in told)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("%s is not read, so no session is begun again by itself: %s", self._file, error)
            return ()

    def add(self, running: Running) -> None:
        self.running[running.path] = running
        self._keep()

    def remove(self, key: str) -> None:
        if self.running.pop(key, None) is not None:
            self._keep()

    def close(self) -> None:
        """What ends from now on is to be begun again by the next server."""
        self._closed = True

    def _keep(self) -> None:
        if self._file is None or self._closed:
            return
        told = [{"path": each.path, "runtime": each.runtime} for each in self.running.values()]
        try:
            write_private(self._file, json.dumps(told).encode())
            self._trouble = ""
        except OSError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                logger.warning("if the server is killed, the next one will not know what is open: %s", error)
