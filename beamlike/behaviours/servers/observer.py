"""The server's half of `bl.sys`: a second loop, in which a server runs from the first system request to where nothing
is switched on any more. The ordinary loop pays nothing for it.

Events go to whatever is on: the counters, the log of the last N, the trace that prints, the installed functions.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections import deque
from typing import Any

from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.code_change import change_class, defined_in
from beamlike.behaviours.servers.dispatch import answer, call_back, complete
from beamlike.behaviours.servers.outcomes import NO_REPLY
from beamlike.behaviours.servers.server_messages import StopRequest, SystemRequest, message_within
from beamlike.behaviours.servers.starting import Birth
from beamlike.behaviours.servers.system_events import (
    DONE,
    Event,
    Installed,
    NoReply,
    Replied,
    Statistics,
    Status,
    received,
)
from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.exceptions import exit_reason
from beamlike.kernel.failed import Failed
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Exit

logger = logging.getLogger("beamlike.gen_server")


class Observer:
    def __init__(self, server: Callbacks, birth: Birth) -> None:
        self._server = server
        self._birth = birth
        self._suspended = False
        self._traces = False
        self._statistics: Statistics | None = None
        self._log: deque[Event] | None = None
        self._installed: dict[str, tuple[Installed, Any]] = {}
        self.message: Any = None
        """What the server handles in the observed loop; for the report of its crash."""

    async def attend(self, request: SystemRequest, seconds: float | None) -> float | None:
        """Answers `request`, and runs the server while something is on. After `seconds` without a message a Timeout
        is due, before and afterwards."""
        self._answer(request)
        while self._suspended or self._watches:
            message = await self._next(seconds)
            if type(message) is SystemRequest:
                self._answer(message)
            else:
                self.message = message
                self._tell(received(message))
                outcome = call_back(self._server, message, self._birth.parent)
                seconds = await complete(self._server, message, outcome, self._replied)
        self.message = None
        return seconds

    @property
    def events(self) -> list[Event]:
        """The log, oldest first."""
        return list(self._log or ())

    @property
    def _watches(self) -> bool:
        return self._traces or self._statistics is not None or self._log is not None or bool(self._installed)

    async def _next(self, seconds: float | None) -> Any:
        if self._suspended:
            return await kernel.receive(self._is_urgent)
        return await kernel.receive() if seconds is None else await message_within(seconds)

    def _is_urgent(self, message: Any) -> bool:
        """What a suspended server takes; all else waits in its mailbox."""
        if isinstance(message, Exit):
            return message.pid == self._birth.parent
        return isinstance(message, SystemRequest | StopRequest)

    # Events.

    def _replied(self, client: Client | None, value: Any) -> None:
        self._tell(NoReply() if client is None or value is NO_REPLY else Replied(value, client.pid))

    def _tell(self, event: Event) -> None:
        if self._statistics is not None:
            self._statistics = dataclasses.replace(
                self._statistics,
                messages_in=self._statistics.messages_in + (not isinstance(event, Replied | NoReply)),
                messages_out=self._statistics.messages_out + isinstance(event, Replied),
            )
        if self._log is not None:
            self._log.append(event)
        if self._traces:
            print(f"*DBG* {self._birth.name or kernel.self()} {event}")
        for id in tuple(self._installed):
            self._run_installed(id, event)

    @calls_users
    def _run_installed(self, id: str, event: Event) -> None:
        """Calls an installed function; one that raises is taken out, and the server goes on."""
        function, state = self._installed[id]
        try:
            state = function(state, event, kernel.self())
        except Exception:
            logger.exception("the function %r that is installed in %s raised and is taken out", id, kernel.self())
            state = DONE
        if state is DONE:
            del self._installed[id]
        else:
            self._installed[id] = function, state

    # Requests.

    def _answer(self, message: SystemRequest) -> None:
        try:
            value = self._perform(message.request)
        except Exception as error:
            value = Failed(exit_reason(error, kernel.self()))
        answer(message.client, value)

    def _perform(self, request: tuple[Any, ...]) -> Any:
        match request:
            case ("get_state",):
                return self._server.system_get_state()
            case ("replace_state", function):
                return self._server.system_replace_state(function)
            case ("suspend" | "resume" as wish,):
                self._suspended = wish == "suspend"
            case ("change_code", new, extra):
                change_class(self._server, new, extra)
            case ("get_status",):
                return self._status()
            case ("log", int() as keep):
                self._log = deque(self._log or (), maxlen=keep) if keep > 0 else None
            case ("get_log",):
                return self.events
            case ("statistics", bool() as on):
                self._statistics = Statistics(time.time()) if on else None
            case ("get_statistics",):
                return self._statistics
            case ("trace", bool() as on):
                self._traces = on
            case ("install", str() as id, function, state):
                self._install(id, function, state)
            case ("remove", str() as id):
                return self._installed.pop(id, None) is not None
            case _:
                raise ValueError(f"a server does not know the system request {request!r}")
        return None

    def _install(self, id: str, function: Installed, state: Any) -> None:
        if id in self._installed:
            raise ValueError(f"a function {id!r} is installed already; give this one another id=")
        self._installed[id] = function, state

    def _status(self) -> Status:
        switches = {"log": self._log is not None, "statistics": self._statistics is not None, "trace": self._traces}
        kind = type(self._server)
        return Status(
            kernel.self(),
            self._birth.name,
            f"{kind.__module__}.{kind.__qualname__}",
            "suspended" if self._suspended else "running",
            self._birth.parent,
            self._server.system_get_state(),
            (*(name for name, on in switches.items() if on), *self._installed),
            defined_in(kind),
        )
