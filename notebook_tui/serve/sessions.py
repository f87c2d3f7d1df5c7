"""All sessions of one program, one for each file: whoever opens a file that is open joins its session.

Each session is a process that nobody else is linked to, so the end of one, however it comes, ends no other.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from dataclasses import replace

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from notebook_tui.serve.errors import ServerUnreachable
from notebook_tui.serve.roll import Roll, Running
from notebook_tui.session.messages import LEFT, SESSIONS, Leave, Moved, SessionFacts, TellAbout
from notebook_tui.session.options import SERVES, SessionOptions
from notebook_tui.session.profiles import ProfileError, runtime_named
from notebook_tui.session.runtime import Runtime
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.session import Session
from notebook_tui.session.unsaved import file_at

__all__ = ["NAME", "Listing", "Open", "Running", "Sessions", "open_in"]

logger = logging.getLogger("notebook_tui.serve")

NAME = SESSIONS
OPEN_SECONDS = 30.0
FACTS_SECONDS = 3.0
STOP_SECONDS = 90.0
"""A machine of a platform may take so long to go."""

RuntimeFor = Callable[[str | None], Runtime]
"""Where cells are to run, by a spec, or None for the user's default."""


@frozen
class Open:
    """A call: the answer is the pid of the session of that file, which is begun if there is none, or the OSError or
    ProfileError that is in the way: ServerUnreachable, once all are to end. `runtime` is a spec, for a session that is
    begun."""

    path: str
    runtime: str | None = None


@frozen
class Listing:
    """A call: the answer is a tuple of `Running`, the newest last."""


@frozen
class Told:
    """A session with what it says of itself; None if it did not answer in time."""

    running: Running
    facts: SessionFacts | None


@frozen
class Tell:
    """A call: the answer is a tuple of `Told`."""


@frozen
class End:
    """A call: the session of that file ends, and its runtime. The answer is None once it has, or in words why not."""

    path: str


@frozen
class EndAll:
    """A call: all sessions end, and none begins any more; the answer is None once they have. One that is just being
    opened ends when it is, and its askers are told. With `leave` their runtimes stay for as long as their lease says,
    and the next server begins them again."""

    leave: bool = False


@frozen
class _Begun:
    key: str
    runtime: str | None
    answer: bl.Pid | Exception


async def open_in(sessions: bl.Server, path: str, runtime: str | None = None) -> bl.Pid:
    """The session of that file there. OSError or ProfileError say why there is none."""
    answer: bl.Pid | Exception = await bl.GenServer.call(sessions, Open(path, runtime), timeout=OPEN_SECONDS)
    if isinstance(answer, Exception):
        raise answer
    return answer


def runtime_for(spec: str | None) -> Runtime:
    """ProfileError if there is none."""
    return runtime_of(spec) if spec is not None else runtime_named()


class Sessions(GenServer):
    """`await Sessions.start_link(name=NAME)` on the node of a program that holds sessions."""

    def init(
        self, options: SessionOptions = SERVES, roll: Roll | None = None, runtime: RuntimeFor = runtime_for
    ) -> None:
        self._options = options
        self._roll = Roll() if roll is None else roll
        self._runtime_for = runtime
        self._waiting: dict[str, list[Client]] = {}
        """Who asked for a file that is just being opened."""
        self._watched: dict[bl.Ref, Running] = {}
        self._ending: EndAll | None = None
        bl.trap_exit(True)
        # One that was before this process, which failed.
        for running in self._roll.running.values():
            self._watched[bl.monitor(running.session)] = running

    def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Open(path) if self._ending is not None:
                return _refused(path)
            case Open(path, runtime):
                return self._open(os.path.abspath(path), runtime, client)
            case Listing():
                return tuple(self._roll.running.values())
            case Tell():
                bl.spawn(_tell, client, tuple(self._roll.running.values()))
            case End(path):
                running = self._roll.running.get(os.path.realpath(path))
                if running is None:
                    return f"{path} is not open here"
                bl.spawn(_end, client, running)
            case EndAll(leave):
                self._ending = request
                if leave:
                    self._roll.close()
                bl.spawn(_end_all, client, tuple(self._roll.running.values()), leave)
            case _:
                raise TypeError(f"the sessions do not know the call {request!r}")
        return NO_REPLY

    def handle_info(self, message: object) -> None:
        match message:
            case _Begun():
                self._begun(message)
            case Moved(session, path):
                self._moved(session, os.path.realpath(path))
            case bl.Down(ref, _, reason) if ref in self._watched:
                self._over(self._watched.pop(ref), reason)

    def _over(self, running: Running, reason: object) -> None:
        if reason in ("normal", "shutdown") or (isinstance(reason, tuple) and reason[0] == "shutdown"):
            logger.info("%s: the session has ended", running.path)
        else:
            logger.error("%s: the session has failed, which ends no other: %s", running.path, reason)
        if self._roll.running.get(running.path) is running:
            self._roll.remove(running.path)

    def _moved(self, session: bl.Pid, key: str) -> None:
        for ref, running in self._watched.items():
            if running.session == session and running.path != key:
                self._watched[ref] = moved = replace(running, path=key)
                self._roll.remove(running.path)
                self._roll.add(moved)

    def _open(self, path: str, runtime: str | None, client: Client) -> object:
        key = os.path.realpath(path)
        if key in self._roll.running and bl.is_alive(self._roll.running[key].session):
            return self._roll.running[key].session
        first = key not in self._waiting
        self._waiting.setdefault(key, []).append(client)
        if first:
            # Beside this process: a slow disk keeps nobody waiting who wants another file.
            bl.spawn(_begin, bl.self(), key, path, runtime, self._runtime_for, self._options)
        return NO_REPLY

    def _begun(self, begun: _Begun) -> None:
        answer = begun.answer
        if not isinstance(answer, bl.Pid):
            logger.warning("%s: cannot be opened: %s", begun.key, answer)
        else:
            running = Running(begun.key, answer, time.time(), begun.runtime)
            if self._ending is None:
                self._roll.add(running)
                self._watched[bl.monitor(answer)] = running
                logger.info("%s: the session has begun", begun.key)
            else:
                bl.spawn(_ended, running, self._ending.leave)
                answer = _refused(begun.key)
        for client in self._waiting.pop(begun.key, ()):
            bl.GenServer.reply(client, answer)


def _refused(path: str) -> ServerUnreachable:
    return ServerUnreachable(f"{path} is not opened: its server, process {os.getpid()}, is just ending; try again")


async def _begin(
    sessions: bl.Pid, key: str, path: str, runtime: str | None, runtime_for: RuntimeFor, options: SessionOptions
) -> None:
    answer: bl.Pid | Exception
    try:
        answer = await Session.start(file_at(path), runtime_for(runtime), options)
    except (OSError, ProfileError) as error:
        answer = error
    except Exception as error:
        logger.exception("%s: the session cannot begin", path)
        answer = OSError(f"{path} cannot be opened: {type(error).__name__}: {error}")
    bl.send(sessions, _Begun(key, runtime, answer))


async def _tell(client: Client, all_running: tuple[Running, ...]) -> None:
    bl.GenServer.reply(client, tuple(await asyncio.gather(*map(_told, all_running))))


async def _told(running: Running) -> Told:
    try:
        return Told(running, await bl.GenServer.call(running.session, TellAbout(), timeout=FACTS_SECONDS))
    except (bl.CallFailed, bl.CallTimeout):
        return Told(running, None)


async def _end(client: Client, running: Running) -> None:
    bl.GenServer.reply(client, await _ended(running))


async def _end_all(client: Client, all_running: tuple[Running, ...], leave: bool) -> None:
    for words in await asyncio.gather(*(_ended(running, leave) for running in all_running)):
        if words is not None:
            logger.error("%s", words)
    bl.GenServer.reply(client, None)


async def _ended(running: Running, leave: bool = False) -> str | None:
    try:
        if leave:
            bl.GenServer.cast(running.session, Leave())
        await bl.GenServer.stop(running.session, ("shutdown", LEFT) if leave else "shutdown", timeout=STOP_SECONDS)
    except bl.CallTimeout:
        return (
            f"{running.path}: a machine of the notebook was not gone within {STOP_SECONDS:g} s, and may cost on: "
            "beamlike flame ps shows what is there, beamlike flame reap ends it"
        )
    except bl.CallFailed:
        pass  # it has crashed, and its viewers have been told
    return None
