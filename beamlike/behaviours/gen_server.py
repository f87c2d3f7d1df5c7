"""A server process: the behaviour owns the loop, the user owns the callbacks.

    start_link ──► init(*args)
    call       ──► handle_call(request, client)   its value is the reply, unless NO_REPLY: then `reply` comes later
    cast       ──► handle_cast(request)
    any other message ──► handle_info(message)
    the end    ──► terminate(reason)              on Stop, on an exception of a callback, on the parent's exit signal
                                                  if the server traps exits; never on "kill"

A callback may be plain or async; while it waits, messages queue. State lives in the object. Messages of the
behaviour are the records `Call`, `Cast` and `StopRequest` below; `gen_server` of OTP 25 is the model, with two
differences: state is the object rather than a value that is passed on, and a failing `init` raises in the starter
without an exit signal to it (as OTP 26 does for `{error, Reason}`).
"""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import BeamlikeError, NameTaken, ProcessExit
from beamlike.kernel.exceptions import exit_reason, reraisable
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Exit, Pid, Reason, RemoteName, Reply

Server = Pid | RemoteName | str
CALL_TIMEOUT = 5.0


class _NoReply:
    def __repr__(self) -> str:
        return "NO_REPLY"


NO_REPLY: Final = _NoReply()


Client: TypeAlias = Alias
"""Who called, as the address for the reply: give it to `reply`, now or later, from any process."""


@record
class Call:
    client: Client
    request: Any


@record
class Cast:
    request: Any


@record
class StopRequest:
    reason: Reason


class Stop(Exception):
    """Raise it in a callback to end the server; with `reply`, the call in progress is answered first."""

    def __init__(self, reason: Reason = terms.NORMAL, *, reply: Any = NO_REPLY) -> None:
        super().__init__(reason)
        self.reason = reason
        self.reply = reply


class CallFailed(BeamlikeError):
    """The server ended before it answered, or there is none: `reason` says why."""

    def __init__(self, server: Server, request: Any, reason: Reason) -> None:
        super().__init__(f"{server} did not answer {_short(request)}: {_words(reason)}")
        self.server = server
        self.reason = reason
        if isinstance(reason, ExceptionInfo):
            self.__cause__ = reraisable(reason)


class CallTimeout(BeamlikeError, TimeoutError):
    """The server did not answer in time. It may still do what was asked; its late reply vanishes."""

    def __init__(self, server: Server, request: Any, timeout: float) -> None:
        super().__init__(f"{server} did not answer {_short(request)} within {timeout} s")


class GenServer:
    """Subclass it and override callbacks.

    >>> import asyncio, beamlike as bl
    >>> class Counter(bl.GenServer):
    ...     def init(self, start):
    ...         self.value = start
    ...     def handle_call(self, request, client):
    ...         self.value += request
    ...         return self.value
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         counter = await Counter.start_link(10)
    ...         return await bl.GenServer.call(counter, 5)
    >>> asyncio.run(main())
    15
    """

    # Callbacks.

    def init(self, *args: Any) -> Any:
        """Prepares the state; `start` returns when it is done and raises what it raises."""
        if args:
            raise TypeError(f"{type(self).__name__} takes no arguments, got {args!r}: override init(self, ...)")

    def handle_call(self, request: Any, client: Client) -> Any:
        raise NotImplementedError(f"{type(self).__name__} got the call {request!r} and has no handle_call")

    def handle_cast(self, request: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} got the cast {request!r} and has no handle_cast")

    def handle_info(self, message: Any) -> Any:
        """Any other message; dropped unless overridden."""

    def terminate(self, reason: Reason) -> Any:
        """Cleans up."""

    # Start and stop.

    @classmethod
    async def start(cls, *args: Any, name: str | None = None, timeout: float | None = None) -> Pid:
        """Starts a server that nobody is linked to. Returns when `init` is done; raises what it raises, NameTaken if
        another process holds `name`, CallTimeout after `timeout` seconds (the server is killed then)."""
        return await _start(cls, args, name, timeout, link=False)

    @classmethod
    async def start_link(cls, *args: Any, name: str | None = None, timeout: float | None = None) -> Pid:
        """As `start`, linked to the current process, which becomes the parent: its exit ends the server."""
        return await _start(cls, args, name, timeout, link=True)

    @staticmethod
    async def call(server: Server, request: Any, *, timeout: float | None = CALL_TIMEOUT) -> Any:
        """Asks and waits for the reply. CallFailed if the server ends or is none, CallTimeout after `timeout` s."""
        if _runs_here(server):
            raise CallFailed(server, request, "calling_self")
        client = kernel.open_request(server)
        try:
            kernel.send(_address(server), Call(client, request))
            answer = await kernel.receive(ref=client.ref, timeout=timeout)
        except TimeoutError:
            raise CallTimeout(server, request, timeout or 0) from None
        finally:
            kernel.demonitor(client.ref, flush=True)
        if isinstance(answer, Down):
            raise CallFailed(server, request, answer.reason)
        if isinstance(answer.value, _Failed):
            raise CallFailed(server, request, answer.value.reason)
        return answer.value

    @staticmethod
    def cast(server: Server, request: Any) -> None:
        """Asks and does not wait; a server that is gone is no error."""
        kernel.send(_address(server), Cast(request))

    @staticmethod
    def reply(client: Client, value: Any) -> None:
        """Answers a call whose handle_call returned NO_REPLY."""
        kernel.send(client, Reply(client.ref, value))

    @staticmethod
    async def stop(server: Server, reason: Reason = terms.NORMAL, *, timeout: float | None = None) -> None:
        """Has the server terminate with `reason` and waits until it has ended.

        CallFailed if it is none or ends for another reason, CallTimeout after `timeout` seconds.
        """
        ended = kernel.monitor(server)
        try:
            kernel.send(_address(server), StopRequest(reason))
            down = await kernel.receive(ref=ended, timeout=timeout)
        except TimeoutError:
            raise CallTimeout(server, "stop", timeout or 0) from None
        finally:
            kernel.demonitor(ended, flush=True)
        if down.reason != reason:
            raise CallFailed(server, "stop", down.reason)

    # The loop.

    @classmethod
    async def _run(cls, parent: Pid | None, started: Alias, name: str | None, args: tuple[Any, ...]) -> None:
        server = await cls._initialised(parent, started, name, args)
        kernel.send(started, Reply(started.ref, kernel.self()))
        while True:
            message = await kernel.receive()
            try:
                await server._handle(message, parent)
            except Stop as end:
                if isinstance(message, Call) and end.reply is not NO_REPLY:
                    server.reply(message.client, end.reply)
                await _result(server.terminate(end.reason))
                raise ProcessExit(end.reason) from None
            except Exception as error:
                await _result(server.terminate(exit_reason(error, kernel.self())))
                raise

    @classmethod
    async def _initialised(cls, parent: Pid | None, started: Alias, name: str | None, args: tuple[Any, ...]) -> Self:
        server = cls()
        try:
            if name is not None:
                kernel.register(name, kernel.self())
            await _result(server.init(*args))
        except Exception as error:
            if parent is not None:
                kernel.unlink(parent)
            reason = error.reason if isinstance(error, Stop) else exit_reason(error, kernel.self())
            kernel.send(started, Reply(started.ref, _Failed(reason)))
            raise ProcessExit(terms.SHUTDOWN) from None
        return server

    def _answer(self, client: Client, answer: Any) -> None:
        """An answer that cannot travel is the error of the call, and not the end of the server."""
        try:
            self.reply(client, answer)
        except Exception as error:
            self.reply(client, _Failed(exit_reason(error, kernel.self())))

    async def _handle(self, message: Any, parent: Pid | None) -> None:
        match message:
            case Call(client, request):
                answer = self.handle_call(request, client)
                if hasattr(answer, "__await__"):
                    answer = await answer
                if answer is not NO_REPLY:
                    self._answer(client, answer)
            case Cast(request):
                await _result(self.handle_cast(request))
            case StopRequest(reason):
                raise Stop(reason)
            case Exit(pid, reason) if pid == parent:
                raise Stop(reason)
            case _:
                await _result(self.handle_info(message))


@dataclass(frozen=True, slots=True)
class _Failed:
    reason: Reason


async def _start(
    cls: type[GenServer], args: tuple[Any, ...], name: str | None, timeout: float | None, *, link: bool
) -> Pid:
    parent = kernel.self() if link else None
    if name is not None and (holder := kernel.whereis(name)) is not None:
        raise NameTaken(f"the name {name!r} belongs to {holder} already")
    ref = kernel.make_ref()
    started = kernel.alias(ref, once=True)
    pid = kernel.spawn_tied(cls._run, (parent, started, name, args), link=link, monitor=ref)
    try:
        answer = await kernel.receive(ref=ref, timeout=timeout)
    except BaseException as error:
        if link:
            kernel.unlink(pid)
        kernel.exit(pid, terms.KILL)
        if isinstance(error, TimeoutError):
            raise CallTimeout(pid, "init", timeout or 0) from None
        raise
    finally:
        kernel.demonitor(ref, flush=True)
    if isinstance(answer, Down):
        raise CallFailed(cls.__name__, "init", answer.reason)
    if isinstance(answer.value, _Failed):
        raise _start_error(cls, answer.value.reason)
    return pid


def _start_error(cls: type[GenServer], reason: Reason) -> BaseException:
    if isinstance(reason, ExceptionInfo):
        return reraisable(reason)
    return CallFailed(cls.__name__, "init", reason)


def _runs_here(server: Server) -> bool:
    """Whether this is the server's own code, which cannot answer while it waits; a child task of it may ask."""
    pid = kernel.whereis(server) if isinstance(server, str) else server
    return pid == kernel.self() and getattr(asyncio.current_task(), "pid", None) == pid


def _address(server: Server) -> Pid | RemoteName:
    """A bare name that nobody holds is no error to send to here: the monitor tells."""
    return (server, current_node().name) if isinstance(server, str) else server


async def _result(value: Any) -> Any:
    return await value if inspect.isawaitable(value) else value


def _short(request: Any) -> str:
    text = repr(request)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _words(reason: Reason) -> str:
    if reason == terms.NOPROC:
        return "no such process (noproc)"
    if reason == terms.NOCONNECTION:
        return "its node cannot be reached (noconnection); `await bl.connect(...)` to it says why"
    if reason == "calling_self":
        return "a server that calls itself waits for itself (calling_self); use cast, or call the method"
    return f"it ended: {reason}"
