"""What a server process is sent, by which address, and what comes back. These records travel between nodes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from beamlike.behaviours.outcomes import Timeout
from beamlike.kernel import functions as kernel
from beamlike.kernel.current import current_node
from beamlike.kernel.record import record
from beamlike.kernel.terms import Alias, ExceptionInfo, Pid, Reason, RemoteName


@runtime_checkable
class NameElsewhere(Protocol):
    """A name that is not in the node's own table: a `Via` of a registry, for one."""

    def whereis(self) -> Pid | None:
        """Who has the name now."""

    def register(self) -> None:
        """Gives the name to the current process. NameTaken if another has it."""


Name: TypeAlias = str | NameElsewhere
"""What a server may be started under."""

Server: TypeAlias = Pid | RemoteName | Name
"""A server is called by pid, by its name, or by (name, node)."""

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
class Invocation:
    """The request of a typed call or cast: a method by its name, and the arguments."""

    method: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]

    def __repr__(self) -> str:
        parts = [repr(arg) for arg in self.args] + [f"{name}={value!r}" for name, value in self.keywords.items()]
        return f"{self.method}({', '.join(parts)})"


@record
class TypedCall:
    client: Client
    request: Invocation


@record
class TypedCast:
    request: Invocation


@record
class SystemRequest:
    """Of `bl.sys`: an operation and its arguments. The loop answers it, not the callbacks."""

    client: Client
    request: tuple[Any, ...]


@record
class StopRequest:
    reason: Reason


@dataclass(frozen=True, slots=True)
class Failed:
    """In place of a reply: this request came to nothing, and the server goes on."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """In place of a reply: the typed call raised an error that it is declared to raise."""

    info: ExceptionInfo


def address_of(server: Server) -> Pid | RemoteName:
    """Where to send; a name that nobody holds is no error here: the monitor of a call tells. TypeError for nonsense."""
    if isinstance(server, Pid):
        return server
    if isinstance(server, str):
        return server, current_node().name
    if isinstance(server, tuple) and len(server) == 2:
        return server
    if isinstance(server, NameElsewhere):
        return server.whereis() or _nobody()
    raise TypeError(f"expected a pid, a name, (name, node) or a Via, got {server!r}")


def holder_of(name: Name) -> Pid | None:
    """The process that has the name."""
    return kernel.whereis(name) if isinstance(name, str) else name.whereis()


def _nobody() -> Pid:
    """The pid of no process, as if of one that has ended."""
    return Pid(current_node().name, 0)


def calls_itself(address: Pid | RemoteName) -> bool:
    """Whether this is the server's own code, which cannot answer while it waits; a child task of it may ask."""
    pid = address if isinstance(address, Pid) else _holder(*address)
    return pid == kernel.self() and getattr(asyncio.current_task(), "pid", None) == pid


def _holder(name: str, node: str) -> Pid | None:
    return kernel.whereis(name) if node == current_node().name else None


async def message_within(seconds: float) -> Any:
    """The next message of this process, or Timeout if none comes in time."""
    try:
        return await kernel.receive(timeout=seconds)
    except TimeoutError:
        return Timeout()
