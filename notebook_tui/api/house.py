"""Where the notebooks of a server are: the sessions that it holds, and the files of its directory."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol

import beamlike as bl
from notebook_tui.serve.sessions import OPEN_SECONDS, Listing, Running, open_in

MOST_FILES: Final = 1_000
MOST_LOOKED_AT: Final = 50_000
"""Entries of directories."""
SUFFIX: Final = ".livemd"


class House(Protocol):
    directory: Path
    """Without symbolic links."""
    beginning: Counter[bl.Pid]
    """How many programs are about to begin cells of each session, so that what runs is counted right."""

    async def session(self, path: str, runtime: str | None) -> bl.Pid:
        """Of the file at that full path; begun if there is none. OSError or ProfileError say what is in the way."""

    async def running(self) -> tuple[Running, ...]:
        """The sessions that there are."""


class Served:
    """A server's own; the process that holds its sessions has the name or the pid `sessions`."""

    def __init__(self, sessions: bl.Server, directory: Path) -> None:
        self._sessions = sessions
        self.directory = Path(os.path.realpath(directory))
        self.beginning: Counter[bl.Pid] = Counter()

    async def session(self, path: str, runtime: str | None) -> bl.Pid:
        return await open_in(self._sessions, path, runtime)

    async def running(self) -> tuple[Running, ...]:
        found: tuple[Running, ...] = await bl.GenServer.call(self._sessions, Listing(), timeout=OPEN_SECONDS)
        return found


def named(directory: Path, path: str) -> str:
    """A notebook's name: its path in the directory, or the full one of a file that lies elsewhere.

    >>> named(Path("/srv"), "/srv/a/b.livemd"), named(Path("/srv"), "/tmp/c.livemd")
    ('a/b.livemd', '/tmp/c.livemd')
    """
    return os.path.relpath(path, directory) if Path(path).is_relative_to(directory) else path


async def notebook_files(directory: Path) -> tuple[list[str], bool]:
    """The paths of notebook files in the directory and below, and whether there are more."""
    return await asyncio.to_thread(_files, directory)


def _files(directory: Path) -> tuple[list[str], bool]:
    found: list[str] = []
    for looked_at, name in enumerate(_walked(directory)):
        if looked_at == MOST_LOOKED_AT or len(found) == MOST_FILES:
            return sorted(found), True
        if name.endswith(SUFFIX):
            found.append(name)
    return sorted(found), False


def _walked(directory: Path) -> Iterator[str]:
    for place, directories, files in os.walk(directory):
        directories[:] = sorted(each for each in directories if not each.startswith("."))
        for file in files:
            yield os.path.relpath(os.path.join(place, file), directory)
