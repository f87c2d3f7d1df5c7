"""A process that has imported what a child needs and forks one for each request of its owner, in a few milliseconds.

It is a program of its own, never a fork of a running node: it has one thread, no event loop, no socket but the one to
its owner, and no secret. `packets` lists what is said there. It alone can reap its children, so it tells how each
ended, and kills what that one left behind.

It ends at once when its owner ends, and kills all its children then, also those that are stopped. While it imports, the
system kills it with its owner; later it wakes it, should it be stopped, for there are children to kill.
"""

from __future__ import annotations

import asyncio
import gc
import hmac
import os
import select
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from typing import Final, NoReturn

import beamlike as bl
from nodes import child
from nodes.birth import Birth, be_born
from nodes.child_process import kill_group
from nodes.interpreter import ZYGOTE_VARIABLE
from nodes.packets import receive_packet, send_packet
from nodes.parent_death import signalled_with_parent

IMPORTED_BY_ALL: Final = ("beamlike.node", "beamlike.distribution.rpc", "uvloop", "ssl", "encodings.idna")
"""What each child imports only when it runs, where it is installed."""
IMPORTED_BY_MOST: Final = ("flame.desk", "beamlike.code.modules.loader")
"""The same of a runner of a pool, and of who gets modules. The zygote imports it, and what else there is in beamlike,
when it has forked the first child, who would have to wait for it; or when nobody wants one yet."""
IDLE_MILLISECONDS: Final = 5


class CannotPreload(Exception):
    """`args` are the module and why it cannot be had."""


def main() -> None:
    signalled_with_parent(signal.SIGKILL)
    owners, line = map(int, os.environ.pop(ZYGOTE_VARIABLE).split())
    owner = socket.socket(fileno=owners)
    try:
        prepare(owner)
    except CannotPreload as error:
        send_packet(owner, ["cannot", *error.args])
        return
    # In a child, what serves is gone once this returns.
    be_born(serve(owner, line))
    child.main()


def prepare(owner: socket.socket) -> None:
    match receive_packet(owner):
        case ["preload", list() as modules], _:
            import_first(modules)
            rehearse()
        case _:
            sys.exit("expected to be told what to import: this program is started by nodes.Local")
    sys.stdout.flush()
    sys.stderr.flush()
    keep_all()


def keep_all() -> None:
    gc.collect()
    # Who looks for garbage in a child would make copies of all these pages, and find none.
    gc.freeze()


def import_installed(modules: Iterable[str]) -> None:
    for module in modules:
        with suppress(Exception):  # a child that needs it imports it again, and hears why it cannot
            import_module(module)


def import_first(preload: Iterable[str]) -> None:
    import_installed(IMPORTED_BY_ALL)
    for module in preload:
        try:
            import_module(module)
        except Exception as error:
            raise CannotPreload(module, f"{type(error).__name__}: {error}") from error
        if threading.active_count() > 1:
            raise CannotPreload(module, "it starts threads, and a process with threads cannot be forked safely")


def import_rest() -> None:
    for name in bl.__all__:
        getattr(bl, name)
    import_installed(IMPORTED_BY_MOST)
    keep_all()


def rehearse() -> None:
    """Does once what a library prepares at its first use: a child would have to do it, and to keep it for itself."""
    hmac.digest(b"", b"", "sha256")
    child.run_loop(asyncio.sleep(0), own_thread=False)


def serve(owner: socket.socket, line: int) -> Birth:
    """Returns in each child that is forked, and never in this process. `line` is the lifeline of this process."""
    zygote = _Zygote(owner, line)
    try:
        signalled_with_parent(signal.SIGCONT)
        send_packet(owner, ["ready"])
        while (birth := zygote.turn()) is None:
            pass
    except BaseException as error:
        if zygote.is_current():
            zygote.end(error)
        raise
    return birth


class _Zygote:
    def __init__(self, owner: socket.socket, own_line: int) -> None:
        self._owner = owner
        self._own_line = own_line
        self._process = os.getpid()
        self._has_all = False
        self._children: set[int] = set()
        self._line, self._end_of_line = os.pipe()
        self._woken, self._wakes = os.pipe()
        os.set_blocking(self._wakes, False)
        signal.set_wakeup_fd(self._wakes, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._poll = select.poll()
        for readable in (self._woken, owner):
            self._poll.register(readable, select.POLLIN)

    def is_current(self) -> bool:
        """Not in a child."""
        return os.getpid() == self._process

    def turn(self) -> Birth | None:
        """Waits for something to do, and does it. Something comes back in a child."""
        ready = {descriptor for descriptor, _ in self._poll.poll(None if self._has_all else IDLE_MILLISECONDS)}
        if self._woken in ready:
            os.read(self._woken, 1 << 16)
            self._reap()
        birth = self._obey() if self._owner.fileno() in ready else None
        if birth is None and not self._has_all:
            import_rest()
            self._has_all = True
        return birth

    def _obey(self) -> Birth | None:
        match receive_packet(self._owner):
            case ["fork", str() as name, dict() as variables, bool() as session], files:
                return self._fork(Birth(name, variables, session, files, self._process, self._line))
            case ["kill", int() as pid], _ if pid in self._children:
                self._kill(pid)
            case None:
                raise ConnectionError("the owner has ended")
        return None

    def _fork(self, birth: Birth) -> Birth | None:
        try:
            pid = os.fork()
        except OSError as error:
            answer: list[object] = ["failed", str(error)]
        else:
            if pid == 0:
                self._leave()
                return birth
            self._children.add(pid)
            answer = ["forked", pid]
        for descriptor in birth.files:
            os.close(descriptor)
        send_packet(self._owner, answer)
        return None

    def _leave(self) -> None:
        """In a child, which has nothing to do with the owner of the zygote."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._owner.close()
        for descriptor in (self._own_line, self._end_of_line, self._woken, self._wakes):
            os.close(descriptor)

    def _reap(self) -> None:
        while (pid := _some_ended()) is not None:
            kill_group(pid)  # before it is reaped: until then no other process has its id
            _, status = os.waitpid(pid, 0)
            if pid in self._children:
                self._children.remove(pid)
                send_packet(self._owner, ["ended", pid, os.waitstatus_to_exitcode(status)])

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)  # it may not have a group of its own yet
        kill_group(pid)

    def end(self, why: BaseException) -> NoReturn:
        """At once, and its children with it."""
        for pid in self._children:
            self._kill(pid)
        if isinstance(why, ConnectionError):  # the owner has ended, whether it was read from or written to
            os._exit(0)
        traceback.print_exception(why)
        os._exit(1)


def _some_ended() -> int | None:
    with suppress(ChildProcessError):
        if ended := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return ended.si_pid
    return None
