"""A server process: the behaviour owns the loop, the user owns the callbacks.

    start_link ──► init(*args)
    call       ──► handle_call(request, client)   its value is the reply, unless NO_REPLY: then `reply` comes later
    cast       ──► handle_cast(request)
    Continue   ──► handle_continue(value)         before any message
    any other message, and Timeout ──► handle_info(message)
    the end    ──► terminate(reason)              on Stop, on an exception of a callback, on the parent's exit signal
                                                  if the server traps exits; never on "kill"

A callback may be plain or async; while it waits, messages queue. State lives in the object. What a callback may return
beside a value stands in `outcomes`, typed methods in `typed_calls`, requests that are answered later in
`gen_requests`, how to look into a running server in `system`. `gen_server` of OTP 25 is the model, with two
differences: state is the object rather than a value that is passed on, and a failing `init` is an exit signal to a
linked starter only if that traps exits (the starter gets the exception in any case).
"""

from __future__ import annotations

import asyncio
from types import CoroutineType
from typing import Any, Self

from beamlike.behaviours.child_spec import BY_TYPE, ChildId, ChildSpec, Restart, Shutdown, child_spec_of
from beamlike.behaviours.deadline import check_seconds
from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.dispatch import answer_failed, call_back, complete, forgotten_await
from beamlike.behaviours.servers.gen_requests import abcast, multi_call, send_request
from beamlike.behaviours.servers.observer import Observer
from beamlike.behaviours.servers.outcomes import BEYOND_A_VALUE, Stop
from beamlike.behaviours.servers.proxy import Interface
from beamlike.behaviours.servers.sent_requests import check_response, receive_response, wait_response
from beamlike.behaviours.servers.server_class import check_class
from beamlike.behaviours.servers.server_messages import Cast, StopRequest, SystemRequest, TypedCall, message_within
from beamlike.behaviours.servers.starting import Birth, begin, start_server
from beamlike.behaviours.servers.termination import terminate
from beamlike.behaviours.servers.typed_calls import perform
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.call import CALL_TIMEOUT, call, calls_itself, reply
from beamlike.kernel.call_errors import CALLING_SELF, CallFailed, CallTimeout
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.question import Call
from beamlike.kernel.server_names import Name, Server, address_of
from beamlike.kernel.stepped import CANCELLED
from beamlike.kernel.terms import Pid, Reason


class GenServer(Callbacks):
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

    _interface = Interface({})

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        check_class(cls, GenServer)
        cls._interface = Interface.of(cls)

    # Start and stop.

    @classmethod
    async def start(
        cls, *args: Any, name: Name | None = None, timeout: float | None = None, node: str | None = None
    ) -> Pid | Any:
        """Starts a server that nobody is linked to, and returns its pid when `init` is done; None if that returned
        IGNORE (typed as it is so that the many who never ignore need not ask).

        Raises what `init` raises, CallFailed if it stops, AlreadyStarted if another process holds `name`, CallTimeout
        after `timeout` seconds (the server is killed then). `node` names another node to start it on; the name is
        registered there, and if there is no way to that node, CallFailed says "noconnection".
        """
        return await start_server(cls._run, cls.__name__, args, name, timeout, link=False, node=node)

    @classmethod
    async def start_link(
        cls, *args: Any, name: Name | None = None, timeout: float | None = None, node: str | None = None
    ) -> Pid | Any:
        """As `start`, linked to the current process, which becomes the parent: its exit ends the server.

        If `init` fails, a parent that traps exits gets the Exit as well; one that does not hears of the exception only.
        """
        return await start_server(cls._run, cls.__name__, args, name, timeout, link=True, node=node)

    @classmethod
    def child_spec(
        cls,
        *args: Any,
        id: ChildId = None,
        restart: Restart = "permanent",
        shutdown: Shutdown = BY_TYPE,
        name: Name | None = None,
        node: str | None = None,
    ) -> ChildSpec:
        """How a supervisor starts this server with `args`, on `node` if one is named; the id is `name` or the name of
        the class unless given."""
        return child_spec_of(cls, *args, id=id, restart=restart, shutdown=shutdown, name=name, node=node)

    @staticmethod
    async def stop(server: Server, reason: Reason = terms.NORMAL, *, timeout: float | None = None) -> None:
        """Has the server terminate with `reason` and waits until it has ended.

        CallFailed if it is none or ends for another reason, CallTimeout after `timeout` seconds.
        """
        check_seconds(timeout)
        address = address_of(server)
        if calls_itself(address):
            raise CallFailed(server, "stop", CALLING_SELF)
        ended = kernel.monitor(address)
        try:
            kernel.send(address, StopRequest(reason))
            down = await kernel.receive(ref=ended, timeout=timeout)
        except TimeoutError:
            raise CallTimeout(server, "stop", timeout) from None
        finally:
            kernel.demonitor(ended, flush=True)
        if down.reason != reason:
            raise CallFailed(server, "stop", down.reason)

    # Requests.

    call = staticmethod(call)
    reply = staticmethod(reply)

    @staticmethod
    def cast(server: Server, request: Any) -> None:
        """Asks and does not wait; a server that is gone is no error."""
        kernel.send(address_of(server), Cast(request))

    send_request = staticmethod(send_request)
    receive_response = staticmethod(receive_response)
    wait_response = staticmethod(wait_response)
    check_response = staticmethod(check_response)
    multi_call = staticmethod(multi_call)
    abcast = staticmethod(abcast)

    @classmethod
    def at(cls, server: Server, *, timeout: float | None = CALL_TIMEOUT) -> Self:
        """The typed calls and casts of the server of this class that runs there (see `typed_calls`)."""
        proxy: Any = cls._interface.proxy(cls, server, timeout)
        return proxy  # type: ignore[no-any-return]  # see `typed_calls`: no type can say what it is

    # The loop.

    @classmethod
    async def _run(cls, birth: Birth, args: tuple[Any, ...]) -> None:
        begun = await begin(cls, birth, args)
        if begun is None:
            return
        server, outcome = begun
        # Which this frame would hold as long as the server lives, though that may become one of another class.
        del cls, args, begun
        message: Any = None
        seconds: float | None = None
        observer: Observer | None = None
        try:
            if outcome is not None:
                seconds = await complete(server, None, outcome)
            while True:
                message = await (kernel.receive() if seconds is None else message_within(seconds))
                if type(message) is Call:
                    value = server.handle_call(message.request, message)
                elif type(message) is TypedCall:
                    value = perform(server, message.request)
                elif type(message) is SystemRequest:
                    observer = Observer(server, birth)
                    seconds = await observer.attend(message, seconds)
                    continue
                else:
                    outcome = call_back(server, message, birth.parent)
                    seconds = None if outcome is None else await complete(server, message, outcome)
                    continue
                if hasattr(value, "__await__"):
                    value = await value
                    if type(value) is CoroutineType:
                        raise forgotten_await(server, message, value)
                if type(value) in BEYOND_A_VALUE:
                    seconds = await complete(server, message, value)
                else:
                    seconds = None
                    try:  # as `answer` does, a call less for each request
                        reply(message, value)
                    except Exception as error:
                        answer_failed(message, error)
        except Stop as end:
            await terminate(server, birth, end.reason, message, observer, end)
            raise ProcessExit(end.reason) from None
        except Exception as error:
            await terminate(server, birth, exit_reason(error, kernel.self()), message, observer)
            raise
        except asyncio.CancelledError:
            if kernel.is_alive(kernel.self()):  # no exit signal: what a callback awaited was cancelled
                await terminate(server, birth, CANCELLED, message, observer)
            raise
