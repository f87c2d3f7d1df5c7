"""What a server's sessions do, on a private file beside the one by which it is found: who lists notebooks reads that,
and need not ask."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.serve.rendezvous import FOLDER, Server, servers
from notebook_tui.serve.sessions import FACTS_SECONDS, Tell, Told
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import name_for, state_path

logger = logging.getLogger("notebook_tui.serve")
EVERY_SECONDS: Final = 1.0


@frozen
class Seen:
    """A session as it was a moment ago."""

    path: str
    title: str
    since: float
    people: tuple[str, ...]
    """By their names, which are empty for the user of this account."""
    running: tuple[str, ...]
    """The labels of the cells that run."""
    queued: int
    server: int
    """The process that holds it."""


def seen_sessions() -> tuple[Seen, ...]:
    """Those of all servers of this user, the newest first. NotPrivate if what is said there must not be believed."""
    found = [each for server in servers() for each in _read(server)]
    return tuple(sorted(found, key=lambda each: -each.since))


async def keep_board(sessions: bl.Server, server: Server) -> None:
    """Until it is cancelled: then there is none any more."""
    place = _place(server)
    shown: list[object] | None = None
    trouble = ""
    try:
        while True:
            with suppress(bl.CallFailed, bl.CallTimeout):  # it is just being started anew
                told: tuple[Told, ...] = await bl.GenServer.call(sessions, Tell(), timeout=2 * FACTS_SECONDS)
                plain = [_plain(each) for each in told]
                if plain != shown:
                    try:
                        await asyncio.to_thread(write_private, place, json.dumps(plain).encode())
                        shown = plain
                    except OSError as error:
                        if str(error) != trouble:
                            trouble = str(error)
                            logger.warning("what the sessions do is not shown to terminals: %s", error)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        place.unlink(missing_ok=True)


def _place(server: Server) -> Path:
    return state_path() / FOLDER / f"{name_for(Path(server.directory))}.sessions"


def _plain(told: Told) -> object:
    running, facts = told.running, told.facts
    return {
        "path": running.path,
        "since": running.since,
        "title": facts.title if facts else "",
        "people": [person.name for person in facts.people] if facts else [],
        "running": list(facts.evaluating) if facts else [],
        "queued": facts.queued if facts else 0,
    }


def _read(server: Server) -> list[Seen]:
    try:
        told: Any = json.loads(_place(server).read_bytes())
        return [
            Seen(
                str(each["path"]),
                str(each["title"]),
                float(each["since"]),
                tuple(map(str, each["people"])),
                tuple(map(str, each["running"])),
                int(each["queued"]),
                server.pid,
            )
            for each in told
        ]
    except (OSError, ValueError, TypeError, KeyError):
        return []  # it has not been written yet
