"""Processes of this host: whether one lives, since when, how much memory it has, and what it has started.

A number is used again once its process is gone; number and start together are not. So who wants to end a process that
was noted earlier compares the start first.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

from beamlike.kernel.record import frozen

PROC = Path("/proc")


@frozen
class Identity:
    """A process by its number and its start, of which nothing is known but that it differs from any other's."""

    pid: int
    started: str
    place: str = ""
    """Where the number counts: elsewhere, as in another container, it may be another process's."""

    @property
    def is_elsewhere(self) -> bool:
        """It is a process of this kernel whose number says nothing here, so it may well live."""
        kernel, _, space = here().partition(" ")
        its_kernel, _, its_space = self.place.partition(" ")
        return kernel == its_kernel and space != its_space


@frozen
class HostProcess:
    """A live process as it was seen; memory in bytes."""

    identity: Identity
    parent: int
    group: int
    session: int
    """0 where it is not known."""
    state: Literal["alive", "stopped"]
    memory: int


def look(pid: int) -> HostProcess | None:
    """The process of that number; None if there is none, or only what is left of one until it is reaped.

    >>> me = look(os.getpid())
    >>> me.identity.pid == os.getpid(), me.state
    (True, 'alive')
    """
    return _from_proc(pid) if PROC.joinpath("self").exists() else _from_ps(pid)


def same(identity: Identity) -> HostProcess | None:
    """The process that was noted, if it lives."""
    process = look(identity.pid)
    return process if process is not None and process.identity == identity else None


def me() -> Identity:
    """This process."""
    process = look(os.getpid())
    return process.identity if process is not None else Identity(os.getpid(), "")


def started_by(leader: HostProcess) -> list[HostProcess]:
    """The other live processes of the session that it leads; where that is another's, those of its group and what
    descends from it. Not who opened a session of its own. Empty where the system has no /proc."""
    number = leader.identity.pid
    there = [it for pid in _pids() if (it := look(pid)) is not None and it.session == leader.session]
    found = {it.identity.pid: it for it in there if number in (it.group, it.session)} | {number: leader}
    while more := {it.identity.pid: it for it in there if it.parent in found and it.identity.pid not in found}:
        found |= more
    return [it for it in found.values() if it is not leader]


def kill(identity: Identity) -> None:
    """Kills that very process, if it is still there and ours to kill."""
    with suppress(ProcessLookupError, PermissionError):
        try:
            # Looked at once it is held fast: from then on the number cannot become another's.
            descriptor = os.pidfd_open(identity.pid)
        except (AttributeError, OSError):  # not on this system, or no more files may be opened
            if same(identity) is not None:
                os.kill(identity.pid, signal.SIGKILL)
            return
        try:
            if same(identity) is not None:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def _pids() -> Iterator[int]:
    with suppress(OSError):
        yield from [int(name) for name in os.listdir(PROC) if name.isdecimal()]


def _from_proc(pid: int) -> HostProcess | None:
    try:
        text = PROC.joinpath(str(pid), "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name comes before, in parentheses, and may contain any.
    state, parent, group, session, *rest = text.rpartition(")")[2].split()
    if state in "ZXx":
        return None
    started, pages = rest[15], int(rest[17])
    identity = Identity(pid, started, here())
    memory = pages * os.sysconf("SC_PAGE_SIZE")
    return HostProcess(identity, int(parent), int(group), int(session), "stopped" if state in "Tt" else "alive", memory)


@cache
def here() -> str:
    """Where this process counts processes: since when its kernel runs, and in which space of numbers."""
    try:
        kernel = PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
        return f"{kernel} {os.readlink(PROC.joinpath('self/ns/pid'))}"
    except OSError:
        return ""


def _from_ps(pid: int) -> HostProcess | None:
    """Where there is no /proc."""
    asked = subprocess.run(
        ["ps", "-o", "state=,ppid=,pgid=,rss=,lstart=", "-p", str(pid)],
        env={**os.environ, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    words = asked.stdout.split(None, 4)
    if len(words) < 5 or words[0].startswith("Z"):
        return None
    state, parent, group, kilobytes, started = words
    return HostProcess(
        Identity(pid, started.strip()),
        int(parent),
        int(group),
        0,  # not all of them show it
        "stopped" if state.startswith("T") else "alive",
        int(kilobytes) * 1024,
    )
