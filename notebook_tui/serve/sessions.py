"""All sessions of one program, one for each file: whoever opens a file that is open joins its session.

Each session is a process that nobody else is linked to, so the end of one, however it comes, ends no other.
"""

from __future__ import annotations

import os
import time

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from notebook_tui.session.options import EDITS, SessionOptions
from notebook_tui.session.profiles import runtime_named
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.session import Session
from notebook_tui.session.unsaved import file_at

NAME = "sessions"
"""Under which the process is registered on the node of its program."""
OPEN_SECONDS = 30.0


@frozen
class Open:
    """A call: the answer is the pid of the session of that file, which is begun if there is none, or the OSError or
    ProfileError that is in the way. `runtime` is a spec, for a session that is begun."""

    path: str
    runtime: str | None = None


@frozen
class Running:
    path: str
    session: bl.Pid
    since: float
    """In seconds since the epoch."""


@frozen
class Listing:
    """A call: the answer is a tuple of `Running`, the newest last."""


@frozen
class _Begun:
    key: str
    answer: bl.Pid | Exception


async def open_in(sessions: bl.Server, path: str, runtime: str | None = None) -> bl.Pid:
    """The session of that file there. OSError or ProfileError say why there is none."""
    answer: bl.Pid | Exception = await bl.GenServer.call(sessions, Open(path, runtime), timeout=OPEN_SECONDS)
    if isinstance(answer, Exception):
        raise answer
    return answer


class Sessions(GenServer):
    """`await Sessions.start_link(name=NAME)` on the node of a program that holds sessions."""

    def init(self, options: SessionOptions = EDITS) -> None:
        self._options = options
        self._running: dict[str, Running] = {}
        self._waiting: dict[str, list[Client]] = {}
        """Who asked for a file that is just being opened."""
        self._keys: dict[bl.Ref, str] = {}
        bl.trap_exit(True)

    def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Open(path, runtime):
                return self._open(os.path.abspath(path), runtime, client)
            case Listing():
                return tuple(self._running.values())
            case _:
                raise TypeError(f"the sessions do not know the call {request!r}")

    def handle_info(self, message: object) -> None:
        match message:
            case _Begun(key, answer):
                self._begun(key, answer)
            case bl.Down(ref):
                self._running.pop(self._keys.pop(ref, ""), None)

    def _open(self, path: str, runtime: str | None, client: Client) -> object:
        key = os.path.realpath(path)
        if key in self._running:
            return self._running[key].session
        first = key not in self._waiting
        self._waiting.setdefault(key, []).append(client)
        if first:
            # Beside this process: a slow disk keeps nobody waiting who wants another file.
            bl.spawn(_begin, bl.self(), key, path, runtime, self._options)
        return NO_REPLY

    def _begun(self, key: str, answer: bl.Pid | Exception) -> None:
        if isinstance(answer, bl.Pid):
            self._running[key] = Running(key, answer, time.time())
            self._keys[bl.monitor(answer)] = key
        for client in self._waiting.pop(key, ()):
            bl.GenServer.reply(client, answer)


async def _begin(sessions: bl.Pid, key: str, path: str, runtime: str | None, options: SessionOptions) -> None:
    answer: bl.Pid | Exception
    try:
        runs_on = runtime_of(runtime) if runtime is not None else runtime_named()
        answer = await Session.start(file_at(path), runs_on, options)
    except Exception as error:
        answer = error
    bl.send(sessions, _Begun(key, answer))
