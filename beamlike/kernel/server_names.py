"""By what a server may be addressed, and where it then is."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol, TypeAlias, runtime_checkable

from beamlike.kernel.current import current_node
from beamlike.kernel.terms import Pid, RemoteName


@runtime_checkable
class NameElsewhere(Protocol):
    """A name that is not in the node's own table: a `Via` of a registry, for one."""

    def whereis(self) -> Pid | None:
        """Who has the name now."""

    def register(self) -> Awaitable[None] | None:
        """Gives the name to the current process, at once or when what it returns has been awaited. NameTaken if
        another has it."""

    def __hash__(self) -> int:
        """It may be the id of a child, too."""


Name: TypeAlias = str | NameElsewhere
"""What a server may be started under."""

Server: TypeAlias = Pid | RemoteName | Name
"""A server is called by pid, by its name, or by (name, node)."""


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


def check_name(name: object) -> None:
    """TypeError or ValueError for what no server can be started under."""
    if name == "":
        raise ValueError("expected a name that is not empty, or None for none, got ''")
    if isinstance(name, tuple) and len(name) == 2:
        raise TypeError(f"expected a name or a Via to start under, got {name!r}; the node to start on is node=")
    if name is not None and not isinstance(name, str | NameElsewhere):
        raise TypeError(f"expected a name (a string) or a Via to start under, or None for none, got {name!r}")


def holder_of(name: Name) -> Pid | None:
    """The process that has the name."""
    return current_node().whereis(name) if isinstance(name, str) else name.whereis()


def _nobody() -> Pid:
    """The pid of no process, as if of one that has ended."""
    return Pid(current_node().name, 0)
