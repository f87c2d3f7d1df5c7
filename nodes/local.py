"""Child processes on this machine as nodes: the default backend.

A child holds the read end of a pipe whose write end only this process has (children get none of each other's). When it
ends, however that comes, also by kill -9, the child is killed with its process group. A child that ends before us,
however that comes, has its group killed as well: what its code started and left behind goes with it. Its output goes to
an unnamed file of which the tail is kept for error messages: never to the terminal.

Most children are forked by a zygote, a program that has imported already what they need (see `nodes.zygote`). Where
there is none, or it does not do its part, the same child is started as a program.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future
from typing import IO

import msgpack

from beamlike.distribution import secret
from nodes import invitation as invitations
from nodes.backend import Description, Machine
from nodes.boot_failure import BootFailed
from nodes.child_process import ChildProcess, kill_group
from nodes.forking import ZYGOTES, ForkRequest, PreloadFailed, Zygote, ZygoteLost
from nodes.interpreter import LIFELINE_VARIABLE, SECRET_VARIABLE, Interpreter, interpreter
from nodes.invitation import Invitation
from nodes.lifeline import Lifeline, kill_at_end_of
from nodes.own_thread import in_own_thread
from nodes.reaper import REAPER

logger = logging.getLogger("beamlike.nodes")

HAS_ZYGOTES = sys.platform == "linux"
"""Elsewhere a process that has loaded much may not be forked safely, and no child could die with its zygote."""
START_SECONDS = 10.0
PRELOAD_SECONDS = 120.0
"""How long a zygote may take to start, and to import what it was told to besides."""
FORK_SECONDS = 5.0
_DIRECTORY = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY


class Local:
    """Boots nodes as child processes. `python` is the interpreter to run, `env` what is added to the environment.

    A child reaches its parent, and the nodes to which that is connected. With `users_secret` it has the secret that any
    program of this user has, and so reaches every node that holds it: the program of a notebook's cells is such a one,
    and leads a session of its own. Others that are forked share that of their zygote.

    `zygote` says whether children are forked by a process that has imported what they need. None: on Linux, where
    `python` is this very interpreter or something is to be imported besides. `preload` names such modules; if one of
    them cannot be imported, the boot fails. What of all that has changed on disk since, children do not see.

    >>> Local(python="python3.11", preload=["json"])
    Local(python='python3.11', preload=('json',))
    """

    on_this_host = True
    """Its machines are processes that can be put on record here."""

    def __init__(
        self,
        *,
        python: str = sys.executable,
        env: dict[str, str] | None = None,
        users_secret: bool = False,
        zygote: bool | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        if isinstance(preload, str):
            raise TypeError(f"expected a sequence of modules to preload, got the text {preload!r}")
        if preload and zygote is False:
            raise ValueError(f"expected a zygote to preload {', '.join(preload)}, got zygote=False")
        if zygote and not HAS_ZYGOTES:
            raise ValueError(f"expected zygote to be None or False on {sys.platform}, got True: only Linux has them")
        self.python = python
        self.env = dict(env or {})
        self.users_secret = users_secret
        self.preload = tuple(preload)
        self.zygote = zygote
        self._children: dict[str, ChildProcess] = {}

    def __repr__(self) -> str:
        preload = f", preload={self.preload!r}" if self.preload else ""
        return f"Local(python={self.python!r}{preload})"

    async def warm(self) -> None:
        """Returns once children are forked without delay; at once where they are not forked. BootFailed if a module
        that is to be preloaded cannot be imported."""
        try:
            await self._zygote()
        except PreloadFailed as error:
            raise BootFailed(str(error), permanent=True) from error

    async def boot(self, invitation: Invitation) -> Machine:
        starting = asyncio.create_task(self._child(invitation, await self._zygote()))
        try:
            child = await asyncio.shield(starting)
        except asyncio.CancelledError:
            await _end_started(starting)
            raise
        machine = Machine(str(child.pid), f"process {child.pid}", child.pid)
        self._children[machine.id] = child
        return machine

    async def stop(self, machine: Machine) -> None:
        child = self._children.pop(machine.id, None)
        if child is not None:
            await in_own_thread(child.end)

    async def describe(self, machine: Machine) -> Description:
        child = self._children.get(machine.id)
        return Description("ended", None, "") if child is None else child.describe()

    async def _zygote(self) -> Zygote | None:
        """The one for our children, once it can fork; None where they are to be started as programs."""
        if not self._has_zygote():
            return None
        interpreter = self._interpreter()
        zygote = ZYGOTES.of(interpreter)
        ready, limit = zygote.ready(), START_SECONDS + PRELOAD_SECONDS * bool(self.preload)
        try:
            if ready.done():
                ready.result()
            else:
                # Since it began: boots that have less time each would all wait for one that hangs.
                async with asyncio.timeout(zygote.began + limit - time.monotonic()):
                    await asyncio.wrap_future(ready)
        except TimeoutError:
            zygote.retire()
            _tell(interpreter, "it is not ready in time")
        except ZygoteLost as lost:
            _tell(interpreter, str(lost))
        else:
            return zygote
        return None

    def _has_zygote(self) -> bool:
        if self.zygote is None:
            return HAS_ZYGOTES and (self.python == sys.executable or bool(self.preload))
        return self.zygote

    def _interpreter(self) -> Interpreter:
        return interpreter(self.python, self.env, self.preload)

    async def _child(self, invitation: Invitation, zygote: Zygote | None) -> ChildProcess:
        if zygote is not None:
            try:
                async with asyncio.timeout(FORK_SECONDS):
                    return await asyncio.wrap_future(self._fork(invitation, zygote))
            except TimeoutError:
                zygote.retire()
                _tell(zygote.interpreter, "it does not answer in time")
            except ZygoteLost as lost:
                _tell(zygote.interpreter, str(lost))
        return await in_own_thread(self._start, invitation)

    def _fork(self, invitation: Invitation, zygote: Zygote) -> Future[ChildProcess]:
        with contextlib.ExitStack() as lent, contextlib.ExitStack() as undo:
            log = undo.enter_context(tempfile.TemporaryFile())
            read_end, write_end = os.pipe()
            lent.callback(os.close, read_end)
            lifeline = Lifeline(write_end)
            undo.callback(lifeline.close)
            directory = os.open(".", _DIRECTORY)
            lent.callback(os.close, directory)
            files = [read_end, log.fileno(), directory]
            if self.users_secret:
                told, telling = os.pipe()
                lent.callback(os.close, told)
                _tell_variable(os.fdopen(telling, "wb"))
                files.append(told)
            variables = self._told(invitation)
            forked = zygote.fork(ForkRequest(invitation.child, variables, self.users_secret, files, lifeline, log))
            undo.pop_all()
        return forked

    def _start(self, invitation: Invitation) -> ChildProcess:
        with contextlib.ExitStack() as undo:
            log = undo.enter_context(tempfile.TemporaryFile())
            read_end, write_end = os.pipe()
            lifeline = Lifeline(write_end)
            undo.callback(lifeline.close)
            try:
                process = self._popen(invitation, read_end, log)
                kill_at_end_of(read_end, process.pid)
            finally:
                os.close(read_end)
            child = ChildProcess(process.pid, lifeline, log, kill_group)
            REAPER.watch(process, child)
            undo.pop_all()
        if process.stdin is not None:
            _tell_variable(process.stdin)
        return child

    def _popen(self, invitation: Invitation, lifeline: int, log: IO[bytes]) -> subprocess.Popen[bytes]:
        interpreter = self._interpreter()
        return subprocess.Popen(
            interpreter.command("nodes.child", collects=False),
            env=interpreter.environment({**self._told(invitation), LIFELINE_VARIABLE: str(lifeline)}),
            stdin=subprocess.PIPE if self.users_secret else subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(lifeline,),
            start_new_session=True,
        )

    def _told(self, invitation: Invitation) -> dict[str, str]:
        told = {SECRET_VARIABLE: ""} if self.users_secret else {}
        return {invitations.ENVIRONMENT_VARIABLE: invitations.encode(invitation), **told}


def _tell_variable(stdin: IO[bytes]) -> None:
    """What a program of this user finds in its environment, by a pipe: others can read the environment."""
    value = os.environ.get(secret.VARIABLE)
    with contextlib.suppress(BrokenPipeError), stdin:  # it has ended already, and whoever waits for it will see that
        stdin.write(msgpack.packb(None if value is None else os.fsencode(value)))


async def _end_started(starting: asyncio.Task[ChildProcess]) -> None:
    """What starts it cannot be cancelled: the child is ended, for nobody else would know of it."""
    try:
        child = await starting
    except OSError:  # it could not be started
        return
    await in_own_thread(child.end)


def _tell(interpreter: Interpreter, why: str) -> None:
    """Once for each: its children are started in another way, and come up all the same."""
    if interpreter not in _told:
        _told.add(interpreter)
        logger.warning("children of %s are started as programs, for their zygote is lost: %s", interpreter.python, why)


_told: set[Interpreter] = set()
