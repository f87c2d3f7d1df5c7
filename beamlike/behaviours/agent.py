"""An agent holds a state; functions are sent to it and run inside it, one at a time. Elixir's Agent, on GenServer.

A function that raises ends the agent, and its caller gets CallFailed with the exception as the cause. One that takes
long makes all others wait, so let it compute outside what does not need the state. The state is not copied: who gets
it must not change it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from beamlike.behaviours.handed_function import checked, value_of
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel import terms
from beamlike.kernel.call import CALL_TIMEOUT
from beamlike.kernel.callers import calls_users
from beamlike.kernel.question import Client
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Name, Server
from beamlike.kernel.terms import Pid, Reason


@record
class Get:
    function: Callable[..., Any]
    args: tuple[Any, ...]


@record
class Update:
    function: Callable[..., Any]
    args: tuple[Any, ...]


@record
class GetAndUpdate:
    function: Callable[..., Any]
    args: tuple[Any, ...]


class AgentServer(GenServer):
    """The process of an agent."""

    @calls_users
    async def init(self, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._state = await value_of(function(*args))

    @calls_users
    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case Get(function, args):
                return await value_of(function(self._state, *args))
            case GetAndUpdate(function, args):
                return self._keep(await value_of(function(self._state, *args)))
            case Update():
                return await self.handle_cast(request)
            case _:
                raise TypeError(f"an agent does not know the call {request!r}; use Agent.get, update or get_and_update")

    @calls_users
    async def handle_cast(self, request: Any) -> None:
        if not isinstance(request, Update):
            raise TypeError(f"an agent does not know the cast {request!r}; use Agent.cast")
        self._state = await value_of(request.function(self._state, *request.args))

    def _keep(self, pair: Any) -> Any:
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise TypeError(f"expected (value, new state) of a function for get_and_update, got {pair!r}")
        value, self._state = pair
        return value


class Agent:
    """Each function may be plain or async and gets the state first, then `args`; `agent` is a pid or a name.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         agent = await Agent.start_link(dict)
    ...         await Agent.update(agent, lambda state: {**state, "apples": 3})
    ...         return await Agent.get(agent, lambda state: state["apples"])
    >>> asyncio.run(main())
    3
    """

    @staticmethod
    async def start(
        function: Callable[..., Any], *args: Any, name: Name | None = None, timeout: float | None = None
    ) -> Pid:
        """Starts an agent whose state is `function(*args)`, computed in it. Errors as those of GenServer.start."""
        return await AgentServer.start(checked(function), args, name=name, timeout=timeout)

    @staticmethod
    async def start_link(
        function: Callable[..., Any], *args: Any, name: Name | None = None, timeout: float | None = None
    ) -> Pid:
        """As `start`, linked to the current process."""
        return await AgentServer.start_link(checked(function), args, name=name, timeout=timeout)

    @staticmethod
    async def get(agent: Server, function: Callable[..., Any], *args: Any, timeout: float | None = CALL_TIMEOUT) -> Any:
        """The value of `function(state, *args)`. CallFailed and CallTimeout as for GenServer.call."""
        return await GenServer.call(agent, Get(checked(function), args), timeout=timeout)

    @staticmethod
    async def update(
        agent: Server, function: Callable[..., Any], *args: Any, timeout: float | None = CALL_TIMEOUT
    ) -> None:
        """Makes the value of `function(state, *args)` the state; returns when that is done."""
        await GenServer.call(agent, Update(checked(function), args), timeout=timeout)

    @staticmethod
    async def get_and_update(
        agent: Server, function: Callable[..., Any], *args: Any, timeout: float | None = CALL_TIMEOUT
    ) -> Any:
        """`function(state, *args)` gives (value, new state): the value is returned, the other kept."""
        return await GenServer.call(agent, GetAndUpdate(checked(function), args), timeout=timeout)

    @staticmethod
    def cast(agent: Server, function: Callable[..., Any], *args: Any) -> None:
        """As `update`, without waiting; an agent that is gone is no error."""
        GenServer.cast(agent, Update(checked(function), args))

    @staticmethod
    async def stop(agent: Server, reason: Reason = terms.NORMAL, *, timeout: float | None = None) -> None:
        """Ends the agent and returns when it has ended; errors as those of GenServer.stop."""
        await GenServer.stop(agent, reason, timeout=timeout)
