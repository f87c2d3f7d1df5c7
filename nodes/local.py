"""Child processes of this interpreter as nodes: the default backend.

The child holds the read end of a pipe whose write end only this process has (children get none of each other's), so
it sees the end of this process however that comes, also by kill -9, and then kills its own process group. A child that
ends before us, however that comes, has its group killed by us: what its code started and left behind goes with it. Its
output goes to an unnamed file of which the tail is kept for error messages: never to the terminal.

It imports what is installed here. What is not, the modules beside a script or notebook, it has to ask for as a child on
any other machine would: so it sees them change, and nobody finds out only there that one is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from typing import IO

import msgpack

from beamlike.code.modules.roots import installed_path
from beamlike.code.requirements.store import environments_path
from beamlike.distribution import secret
from nodes import invitation as invitations
from nodes.backend import Description, Machine
from nodes.invitation import Invitation
from nodes.lifeline import kill_at_end_of

LIFELINE_VARIABLE = "BEAMLIKE_LIFELINE"
SECRET_VARIABLE = "BEAMLIKE_USERS_SECRET"
"""Tells a child that it is to have its user's secret, and to read on its standard input what `secret.VARIABLE` is."""
_PATH_VARIABLE = "BEAMLIKE_PATH"
# The path goes by a variable of our own: PYTHONPATH would reach every Python program that the child's code starts, of
# whatever version.
_PROGRAM = f"""\
import os, sys
path = os.environ.pop({_PATH_VARIABLE!r}).split(os.pathsep)
own = path.index("")
sys.path[:] = dict.fromkeys([*path[:own], *sys.path, *path[own + 1:]])
from beamlike.code.modules.roots import installed_path
sys.path[:] = installed_path(sys.path)
from nodes.child import main
main()
"""
STOP_SECONDS = 1.0
LOG_TAIL = 4000


class _ChildProcess:
    """A child, its lifeline and its log; whichever of its end and ours comes first, both files get closed once."""

    def __init__(self, process: subprocess.Popen[bytes], lifeline: int, log: IO[bytes]) -> None:
        self.process = process
        self.ended = threading.Event()
        self._lifeline: int | None = lifeline
        self._log = log
        self._last_words = ""
        self._lock = threading.Lock()
        threading.Thread(target=self._reap, name=f"reaper of {process.pid}", daemon=True).start()

    def _reap(self) -> None:
        _await_end(self.process)
        _kill_group(self.process.pid)
        self.process.wait()
        self.cut_lifeline()
        with self._lock:
            self._last_words = _tail(self._log)
            self._log.close()
        self.ended.set()

    def log(self) -> str:
        with self._lock:
            return self._last_words if self._log.closed else _tail(self._log)

    def cut_lifeline(self) -> None:
        with self._lock:
            lifeline, self._lifeline = self._lifeline, None
        if lifeline is not None:
            os.close(lifeline)

    def end(self) -> None:
        """Cuts the lifeline, which ends the child at once; SIGKILL if it cannot even see that."""
        self.cut_lifeline()
        if not self.ended.wait(STOP_SECONDS):
            _kill_group(self.process.pid)
            self.ended.wait()


class Local:
    """Boots nodes as child processes. `python` is the interpreter to run, `env` what is added to the environment.

    A child reaches its parent alone. With `users_secret` it has the secret that any program of this user has, and so
    reaches every node that holds it: the program of a notebook's cells is such a one.
    """

    on_this_host = True
    """Its machines are processes that can be put on record here."""

    def __init__(
        self, *, python: str = sys.executable, env: dict[str, str] | None = None, users_secret: bool = False
    ) -> None:
        self.python = python
        self.env = dict(env or {})
        self.users_secret = users_secret
        self._children: dict[str, _ChildProcess] = {}

    def __repr__(self) -> str:
        return f"Local(python={self.python!r})"

    async def boot(self, invitation: Invitation) -> Machine:
        starting = asyncio.create_task(asyncio.to_thread(self._start, invitation))
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _end_started(starting)
            raise
        machine = Machine(str(child.process.pid), f"process {child.process.pid}", child.process.pid)
        self._children[machine.id] = child
        return machine

    async def stop(self, machine: Machine) -> None:
        child = self._children.pop(machine.id, None)
        if child is not None:
            await asyncio.to_thread(child.end)

    async def describe(self, machine: Machine) -> Description:
        child = self._children.get(machine.id)
        if child is None:
            return Description("ended", None, "")
        if not child.ended.is_set():
            return Description("running", None, child.log())
        return Description("ended", child.process.returncode, child.log())

    def _start(self, invitation: Invitation) -> _ChildProcess:
        with contextlib.ExitStack() as undo:
            log = undo.enter_context(tempfile.TemporaryFile())
            read_end, write_end = os.pipe()
            undo.callback(os.close, write_end)
            try:
                process = subprocess.Popen(
                    [self.python, "-P", "-c", _PROGRAM],
                    env=self._environment(invitation, read_end),
                    stdin=subprocess.PIPE if self.users_secret else subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(read_end,),
                    start_new_session=True,
                )
                kill_at_end_of(read_end, process.pid)
            finally:
                os.close(read_end)
            child = _ChildProcess(process, write_end, log)
            undo.pop_all()
        if process.stdin is not None:
            _tell_variable(process.stdin)
        return child

    def _environment(self, invitation: Invitation, lifeline: int) -> dict[str, str]:
        told = {SECRET_VARIABLE: ""} if self.users_secret else {}
        return {
            # The child has a secret that serves once, and its code no business with the long-lived one.
            **{name: value for name, value in os.environ.items() if name not in (secret.VARIABLE, SECRET_VARIABLE)},
            **self.env,
            _PATH_VARIABLE: os.pathsep.join(_path()),
            invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation),
            LIFELINE_VARIABLE: str(lifeline),
            **told,
        }


def _tell_variable(stdin: IO[bytes]) -> None:
    """What a program of this user finds in its environment, by a pipe: others can read the environment."""
    value = os.environ.get(secret.VARIABLE)
    with contextlib.suppress(BrokenPipeError), stdin:  # it has ended already, and whoever waits for it will see that
        stdin.write(msgpack.packb(None if value is None else os.fsencode(value)))


async def _end_started(starting: asyncio.Task[_ChildProcess]) -> None:
    """A thread cannot be cancelled: what it starts is ended, for nobody else would know of it."""
    try:
        child = await starting
    except OSError:  # it could not be started
        return
    await asyncio.to_thread(child.end)


def _path() -> list[str]:
    """Where this interpreter finds what is installed, with "" for its standard library: the child has its own."""
    library = os.path.dirname(os.__file__)
    archive = f"python{sys.version_info.major}{sys.version_info.minor}.zip"
    standard = (library, os.path.join(library, "lib-dynload"), os.path.join(os.path.dirname(library), archive))
    path = ["" if entry in standard else entry for entry in installed_path(sys.path)]
    environments = str(environments_path())
    # Where a command was started from is on its path, and no place for modules.
    commands = {sysconfig.get_path("scripts"), os.path.dirname(sys.executable)}
    kept = (entry for entry in path if os.path.dirname(entry) != environments and entry not in commands)
    return list(dict.fromkeys([*kept, ""]))


def _await_end(process: subprocess.Popen[bytes]) -> None:
    """Returns when it has ended; where the system can, before it is reaped: until then no other process has its id."""
    if sys.platform == "darwin":
        process.wait()
        return
    with contextlib.suppress(ChildProcessError):  # somebody else has reaped it
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # nothing of it is left, or nothing that is ours
        os.killpg(pid, signal.SIGKILL)


def _tail(log: IO[bytes]) -> str:
    size = os.fstat(log.fileno()).st_size
    return os.pread(log.fileno(), LOG_TAIL, max(0, size - LOG_TAIL)).decode("utf-8", "replace")
