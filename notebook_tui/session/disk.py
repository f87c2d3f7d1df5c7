"""The notebook's file as its session sees it: jobs for a thread, one at a time and in order, each with its answer.

session ── Write, Look ──► disk ──► Wrote, Found, Unchanged, Gone, Refused ──► session
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import Notebook
from notebook_tui.session.storage import NotebookFile, Theirs


@frozen
class Write:
    notebook: Notebook
    revision: int
    anew: bool
    """Also if somebody has removed the file."""


@frozen
class Look:
    """Whether somebody else has changed it."""


@frozen
class Wrote:
    notebook: Notebook
    revision: int
    digest: bytes


@frozen
class Found:
    """Somebody else's; nothing was written."""

    theirs: Theirs


@frozen
class Unchanged:
    pass


@frozen
class Gone:
    """Somebody has removed it; nothing was written."""


@frozen
class Refused:
    error: OSError


Job: TypeAlias = Write | Look
Answer: TypeAlias = Wrote | Found | Unchanged | Gone | Refused


def perform(file: NotebookFile, job: Job) -> Answer:
    try:
        match job:
            case Look():
                theirs = file.theirs()
                return Unchanged() if theirs is None else Found(theirs)
            case Write(notebook, revision, anew):
                theirs = file.store(notebook, anew=anew)
                if theirs is not None:
                    return Found(theirs)
                assert file.digest is not None
                return Wrote(notebook, revision, file.digest)
    except FileNotFoundError:
        if file.path.absolute().parent.is_dir():
            return Gone()
        return Refused(FileNotFoundError(f"there is no directory {file.path.absolute().parent} any more"))
    except OSError as error:
        return Refused(error)


async def serve_disk(session: bl.Pid, file: NotebookFile) -> None:
    bl.monitor(session)
    while True:
        match await bl.receive():
            case bl.Down():
                return
            case Write() | Look() as job:
                bl.send(session, (bl.self(), job, await asyncio.to_thread(perform, file, job)))
