"""What a session notes of its runtime, so that the next program finds it again: a private file, while it has one."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.session.private_file import write_private
from notebook_tui.session.state_directory import name_for, state_directory, state_path

FOLDER: Final = "runtimes"


@frozen
class Keepsake:
    """`server` stands for the runtime, and its node is dialled at `host` and `port` with the user's secret, or without
    these where `spec` says."""

    server: bl.Pid
    host: str
    port: int
    text: str
    """What people are told of it."""
    spec: str
    """Of what it is one."""
    directory: str
    """The modules there are offered to it; empty: none are."""
    began: float = 0.0
    """When its machine was asked for, by the wall clock, where it has a lifetime."""
    lifetime: float | None = None
    """So many seconds from then on its machine lives; None if that has no limit."""
    usd_per_hour: float | None = None
    """What its machine costs, if that is known."""


def note(identity: Path, keepsake: Keepsake) -> None:
    """For the notebook of that identity. OSError if that cannot be."""
    state_directory(FOLDER)
    server = keepsake.server
    told = {
        "node": server.node,
        "id": server.id,
        "host": keepsake.host,
        "port": keepsake.port,
        "text": keepsake.text,
        "spec": keepsake.spec,
        "directory": keepsake.directory,
        "began": keepsake.began,
        "lifetime": keepsake.lifetime,
        "usd_per_hour": keepsake.usd_per_hour,
    }
    write_private(_place(identity), json.dumps(told).encode())


def noted(identity: Path) -> Keepsake | None:
    """What was noted last; None if nothing was, or it cannot be read.

    >>> noted(Path("/no/such.livemd"))
    """
    try:
        told: Any = json.loads(_place(identity).read_bytes())
        return Keepsake(
            bl.Pid(str(told["node"]), int(told["id"])),
            str(told["host"]),
            int(told["port"]),
            str(told["text"]),
            str(told["spec"]),
            str(told["directory"]),
            # A program of an earlier version has not noted these.
            float(told.get("began", 0.0)),
            _number(told.get("lifetime")),
            _number(told.get("usd_per_hour")),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def forget(identity: Path) -> None:
    """There is no runtime any more."""
    with suppress(OSError):
        _place(identity).unlink(missing_ok=True)


def _number(told: Any) -> float | None:
    return None if told is None else float(told)


def _place(identity: Path) -> Path:
    return state_path() / FOLDER / f"{name_for(identity)}.runtime"
