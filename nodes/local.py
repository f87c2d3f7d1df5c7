"""Child processes of this interpreter as nodes: the default backend.

The child holds the read end of a pipe whose write end only this process has (children get none of each other's), so
it sees the end of this process however that comes, also by kill -9, and then kills its own process group. Its output
goes to an unnamed file of which the tail is kept for error messages: never to the terminal.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from typing import IO

from nodes import invitation as invitations
from nodes.backend import Description, Machine
from nodes.invitation import Invitation

LIFELINE_VARIABLE = "BEAMLIKE_LIFELINE"
STOP_SECONDS = 5.0
LOG_TAIL = 4000


@dataclass(slots=True)
class _ChildProcess:
    process: subprocess.Popen[bytes]
    lifeline: int
    log: IO[bytes]
    ended: threading.Event


class Local:
    """Boots nodes as child processes. `python` is the interpreter to run, `env` what is added to the environment."""

    def __init__(self, *, python: str = sys.executable, env: dict[str, str] | None = None) -> None:
        self.python = python
        self.env = dict(env or {})
        self._children: dict[str, _ChildProcess] = {}

    def __repr__(self) -> str:
        return f"Local(python={self.python!r})"

    async def boot(self, invitation: Invitation) -> Machine:
        child = await asyncio.to_thread(self._start, invitation)
        machine = Machine(str(child.process.pid), f"process {child.process.pid}")
        self._children[machine.id] = child
        return machine

    async def stop(self, machine: Machine) -> None:
        child = self._children.pop(machine.id, None)
        if child is not None:
            await asyncio.to_thread(_end, child)

    async def describe(self, machine: Machine) -> Description:
        child = self._children.get(machine.id)
        if child is None:
            return Description("ended", None, "")
        if not child.ended.is_set():
            return Description("running", None, _tail(child.log))
        return Description("ended", child.process.returncode, _tail(child.log))

    def _start(self, invitation: Invitation) -> _ChildProcess:
        read_end, write_end = os.pipe()
        log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the child
        try:
            process = subprocess.Popen(
                [self.python, "-P", "-m", "nodes.child"],
                env=self._environment(invitation, read_end),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(read_end,),
                start_new_session=True,
            )
        except BaseException:
            os.close(write_end)
            log.close()
            raise
        finally:
            os.close(read_end)
        child = _ChildProcess(process, write_end, log, threading.Event())
        threading.Thread(target=_reap, args=(child,), name=f"reaper of {process.pid}", daemon=True).start()
        return child

    def _environment(self, invitation: Invitation, lifeline: int) -> dict[str, str]:
        return {
            **os.environ,
            # The child imports what this interpreter can import.
            "PYTHONPATH": os.pathsep.join(entry or os.getcwd() for entry in sys.path),
            **self.env,
            invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation),
            LIFELINE_VARIABLE: str(lifeline),
        }


def _reap(child: _ChildProcess) -> None:
    child.process.wait()
    child.ended.set()


def _end(child: _ChildProcess) -> None:
    """Closes the lifeline, which ends the child at once; SIGKILL if it cannot even see that."""
    os.close(child.lifeline)
    if not child.ended.wait(STOP_SECONDS):
        _kill_group(child.process.pid)
        child.ended.wait()
    child.log.close()


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
        os.killpg(pid, signal.SIGKILL)


def _tail(log: IO[bytes]) -> str:
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), LOG_TAIL, max(0, size - LOG_TAIL)).decode("utf-8", "replace")
