"""The owner's side of zygotes: one for each interpreter, shared by all that boot children in it.

A thread for each zygote starts it and hears what it says; so the zygote's parent, as the system sees it, is a thread
that lives as long as it does. One that cannot be used any more is lost to those who wait for it, and they start their
children without one; whoever comes next finds a new one. The children of a zygote that dies, die with it.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from threading import Lock, Thread
from typing import IO, Any, Final, TypeVar

from beamlike.distribution.forks import closed_in_forks
from beamlike.kernel.record import frozen
from nodes.backend import BackendError
from nodes.child_process import STOP_SECONDS, ChildProcess, kill_group, tail
from nodes.interpreter import ZYGOTE_VARIABLE, Interpreter
from nodes.lifeline import Lifeline, kill_at_end_of
from nodes.packets import receive_packet, send_packet

T = TypeVar("T")

IDLE_ZYGOTES = 4
"""How many are kept that have no children."""
_LOOK_SECONDS = 0.005
"""How often it is looked whether a child has gone that has no zygote any more."""


class PreloadFailed(BackendError):
    """A module that was to be imported before children are forked cannot be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class ZygoteLost(Exception):
    """It cannot be used, in words that say why."""


@frozen
class ForkRequest:
    """`files` are those of `nodes.birth.Birth`, which the zygote gets copies of; the others belong to the child. With
    `session` it leads one of its own."""

    name: str
    variables: Mapping[str, str]
    session: bool
    files: Sequence[int]
    lifeline: Lifeline
    log: IO[bytes]

    def abandon(self) -> None:
        """There will be no child to have them."""
        self.lifeline.close()
        self.log.close()


class Zygote:
    def __init__(self, interpreter: Interpreter) -> None:
        ours, theirs = socket.socketpair()
        self.interpreter = interpreter
        self.began = time.monotonic()
        self._socket: Final = closed_in_forks(ours)
        self._lock = Lock()
        self._lost: Exception | None = None
        self._is_ready = False
        self._is_retired = False
        self._waiting: list[Future[None]] = []
        self._asked: deque[tuple[ForkRequest, Future[ChildProcess]]] = deque()
        self._children: dict[int, ChildProcess] = {}
        Thread(target=self._run, args=(theirs,), name="zygote", daemon=True).start()

    @property
    def is_idle(self) -> bool:
        return not self._children and not self._asked and all(each.done() for each in self._waiting)

    @property
    def is_usable(self) -> bool:
        return self._lost is None and not self._is_retired

    def ready(self) -> Future[None]:
        """Done once it can fork; ZygoteLost or PreloadFailed if it never will."""
        waiting: Future[None] = Future()
        with self._lock:
            if self._lost is not None:
                waiting.set_exception(self._lost)
            elif self._is_ready:
                waiting.set_result(None)
            else:
                self._waiting.append(waiting)
        return waiting

    def fork(self, request: ForkRequest) -> Future[ChildProcess]:
        """The child, soon; one that nobody waits for any more is ended. ZygoteLost if there will be none."""
        forked: Future[ChildProcess] = Future()
        with self._lock:
            if self._lost is not None:
                raise self._lost
            self._send(["fork", request.name, dict(request.variables), request.session], request.files)
            self._asked.append((request, forked))
        return forked

    def retire(self) -> None:
        """Nobody is to use it any more: it ends with the last of its children."""
        with self._lock:
            self._is_retired = True
        self._end_if_done()

    def _send(self, packet: Sequence[object], files: Sequence[int] = ()) -> None:
        try:
            send_packet(self._socket, packet, files, socket.MSG_DONTWAIT)
        except OSError as error:
            raise ZygoteLost(f"it cannot be asked: {error}") from error

    def _run(self, theirs: socket.socket) -> None:
        try:
            with self._socket, theirs, tempfile.TemporaryFile() as log, ExitStack() as line:
                self._process = self._spawn(theirs, log, line)
                theirs.close()
                self._listen()
                self._process.kill()
                code = self._process.wait()
                printed = tail(log).strip()
            self._lose(ZygoteLost(f"it ended with exit code {code}" + (f" and printed:\n{printed}" if printed else "")))
        except OSError as error:
            self._lose(ZygoteLost(f"it cannot be started: {error}"))

    def _spawn(self, theirs: socket.socket, log: IO[bytes], line: ExitStack) -> subprocess.Popen[bytes]:
        """With a line of its own, until the end of `line`, by which it is woken: it may have been stopped before its
        program has begun, and is to find that its owner is gone."""
        send_packet(self._socket, ["preload", self.interpreter.preload])
        read_end, write_end = os.pipe()
        line.callback(Lifeline(write_end).close)
        try:
            process = subprocess.Popen(
                # It collects: between garbage that is left lying each child would fill holes in pages of its own.
                self.interpreter.command("nodes.zygote"),
                env=self.interpreter.environment({ZYGOTE_VARIABLE: f"{theirs.fileno()} {read_end}"}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(theirs.fileno(), read_end),
                start_new_session=True,
            )
            kill_at_end_of(read_end, process.pid, signal.SIGCONT)
        finally:
            os.close(read_end)
        return process

    def _listen(self) -> None:
        while (received := receive_packet(self._socket)) is not None:
            self._hear(received[0])

    def _hear(self, packet: list[Any]) -> None:
        match packet:
            case ["ready"]:
                self._ready()
            case ["cannot", str() as module, str() as why]:
                self._lose(PreloadFailed(f"expected to import {module!r} before children are forked; got {why}"))
            case ["forked", int() as pid]:
                self._forked(pid)
            case ["failed", str() as why]:
                self._failed(OSError(f"a child could not be forked: {why}"))
            case ["ended", int() as pid, int() as code]:
                self._ended(pid, code)

    def _ready(self) -> None:
        with self._lock:
            self._is_ready = True
            waiting, self._waiting = self._waiting, []
        for each in waiting:
            _settle(each, None)

    def _forked(self, pid: int) -> None:
        with self._lock:
            request, forked = self._asked.popleft()
            child = ChildProcess(pid, request.lifeline, request.log, self._ask_to_kill, self._give_up)
            self._children[pid] = child
        if not _settle(forked, child):
            request.lifeline.close()

    def _failed(self, why: Exception) -> None:
        with self._lock:
            request, forked = self._asked.popleft()
        request.abandon()
        _settle(forked, why)

    def _ended(self, pid: int, exit_code: int) -> None:
        if (child := self._children.pop(pid, None)) is not None:
            child.over(exit_code)
        self._end_if_done()

    def _end_if_done(self) -> None:
        with self._lock:
            if self._is_retired and self.is_idle:
                with suppress(OSError):  # it has ended by itself
                    self._socket.shutdown(socket.SHUT_RDWR)

    def _ask_to_kill(self, pid: int) -> None:
        with suppress(ZygoteLost):
            os.kill(self._process.pid, signal.SIGCONT)
            self._send(["kill", pid])

    def _give_up(self, pid: int) -> None:
        """Kills a child that its zygote does not reap: it has its id, therefore, until it is."""
        self.retire()
        if (child := self._children.pop(pid, None)) is not None:
            kill_group(pid)
            child.over(None)

    def _lose(self, why: Exception) -> None:
        with self._lock:
            lost = self._lost = self._lost or why
            waiting, self._waiting = self._waiting, []
        while self._asked:
            self._failed(lost)
        for each in waiting:
            _settle(each, lost)
        children, self._children = self._children, {}
        for pid in children:
            kill_group(pid)
        deadline = time.monotonic() + STOP_SECONDS
        for pid, child in children.items():
            child.over(_await_gone(pid, deadline))


def _settle(future: Future[T], outcome: T | Exception) -> bool:
    """False if nobody waits for it any more."""
    if not future.set_running_or_notify_cancel():
        return False
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
    return True


def _await_gone(pid: int, deadline: float) -> int:
    """The exit code of a killed child that has no zygote any more. It may have become ours to reap."""
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            break
        time.sleep(_LOOK_SECONDS)
    return -signal.SIGKILL


class Zygotes:
    """Those of this process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._zygotes: dict[Interpreter, Zygote] = {}

    def of(self, interpreter: Interpreter) -> Zygote:
        """The one for it, which may be about to start."""
        with self._lock:
            zygote = self._zygotes.pop(interpreter, None)
            if zygote is None or not zygote.is_usable:
                zygote = Zygote(interpreter)
                self._retire_idle_ones()
            self._zygotes[interpreter] = zygote  # the last one is the one that was used last
            return zygote

    def _retire_idle_ones(self) -> None:
        """Those that were not used for longest."""
        idle = [interpreter for interpreter, zygote in self._zygotes.items() if zygote.is_idle]
        for interpreter in idle[: max(0, len(idle) - IDLE_ZYGOTES + 1)]:
            self._zygotes.pop(interpreter).retire()

    def forget(self) -> None:
        """In a forked process: it cannot reap what they fork, and their sockets are closed."""
        self.__init__()  # type: ignore[misc]


ZYGOTES: Final = Zygotes()
os.register_at_fork(after_in_child=ZYGOTES.forget)
