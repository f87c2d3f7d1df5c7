"""What is written on a machine of its parent, so that whoever finds it later can tell whether that lives."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from nodes import host_processes
from nodes.fly.wording import PARENT_MACHINE, PARENT_PROCESS
from nodes.host_processes import Identity

SEPARATOR: Final = "/"


def parent_marks(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Of this process: its number, start and place, and the machine that it runs in, if that is one of Fly's."""
    machine = environ.get("FLY_MACHINE_ID", "")
    return {
        PARENT_PROCESS: written(host_processes.me()),
        PARENT_MACHINE: f"{environ.get('FLY_APP_NAME', '')}{SEPARATOR}{machine}" if machine else "",
    }


def written(process: Identity) -> str:
    """
    >>> read(written(Identity(4711, "1234", "kernel-a pid:[4026531836]")))
    Identity(pid=4711, started='1234', place='kernel-a pid:[4026531836]')
    """
    return SEPARATOR.join((str(process.pid), process.started, process.place))


def read(text: str) -> Identity | None:
    """The reverse; None for any other text."""
    number, _, rest = text.partition(SEPARATOR)
    started, _, place = rest.partition(SEPARATOR)
    return Identity(int(number), started, place) if number.isdecimal() and started else None


def lives(process: Identity) -> bool | None:
    """Whether it does; None for a process of which nothing can be seen here."""
    if not process.place or process.place != host_processes.here():
        return None
    return host_processes.same(process) is not None
