"""A registry: processes under keys that are any hashable terms, with a value each. Elixir's Registry, of one node.

    unique      a key has one process: names made at run time, with `Via` as an address
    duplicate   a key has many: topics that processes subscribe to, and `dispatch` to publish

Any process or task reads and writes the table itself; the registry's own process, which gives the registry its name,
only watches who registered. What an ended process registered is seen by nobody from then on, and removed when that
process hears of the end. All of it ends with that process: a registry that was restarted is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import field
from typing import Any, Final, Literal

from beamlike.behaviours.owned_tables import OwnedTables
from beamlike.behaviours.registry_tables import DuplicateTable, Entry, Table, UniqueTable
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import NameTaken
from beamlike.kernel.record import frozen, record
from beamlike.kernel.terms import Down, Pid, RemoteName

__all__ = ["AlreadyRegistered", "Entry", "Registry", "Via", "resolve"]

Keys = Literal["unique", "duplicate"]

_KINDS: Final[dict[str, type[UniqueTable] | type[DuplicateTable]]] = {
    "unique": UniqueTable,
    "duplicate": DuplicateTable,
}


class AlreadyRegistered(NameTaken):
    """The key has a process, which `pid` tells."""

    def __init__(self, registry: str, key: Hashable, pid: Pid) -> None:
        super().__init__(f"the key {key!r} of registry {registry!r} belongs to {pid} already")
        self.key = key
        self.pid = pid


@frozen
class Registry:
    """The registry of that name on the current node; it is a handle and may be made before the registry is started.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await Registry.start_link("rooms")
    ...         rooms = Registry("rooms")
    ...         rooms.register(("floor", 2), value="kitchen")
    ...         return rooms.whereis(("floor", 2)) == bl.self(), rooms.lookup(("floor", 2))[0].value
    >>> asyncio.run(main())
    (True, 'kitchen')
    """

    name: str

    @staticmethod
    async def start(name: str, *, keys: Keys = "unique") -> Pid:
        """Starts a registry, empty. NameTaken if a process of this node has the name."""
        return await RegistryServer.start(_kind(keys), name=name)

    @staticmethod
    async def start_link(name: str, *, keys: Keys = "unique") -> Pid:
        """As `start`, linked to the current process: as a child of a supervisor, say."""
        return await RegistryServer.start_link(_kind(keys), name=name)

    # What the current process does for itself.

    def register(self, key: Hashable, value: Any = None) -> None:
        """Puts the current process under `key`, until it ends. AlreadyRegistered if keys are unique and a process has
        it; where they are duplicate, each call makes an entry."""
        server, table = _tables.find(self.name)
        entry = Entry(kernel.self(), value)
        with table.lock:
            is_new = not table.has(entry.pid)
            if isinstance(table, UniqueTable) and (holders := _alive(table.at(key))):
                raise AlreadyRegistered(self.name, key, holders[0].pid)
            table.add(key, entry)
        if is_new:
            GenServer.cast(server, Watch(entry.pid))

    def unregister(self, key: Hashable) -> None:
        """Removes what the current process has under `key`; nothing if it has nothing there."""
        table = self._table()
        with table.lock:
            table.remove(key, kernel.self())

    @calls_users
    def update_value(self, key: Hashable, function: Callable[[Any], Any]) -> tuple[Any, Any]:
        """Makes function(value) the value that the current process has under the unique `key`; (new, old) is returned.
        LookupError if it does not have the key."""
        table, pid = self._unique(), kernel.self()
        for entry in table.at(key):
            if entry.pid == pid:
                new = function(entry.value)
                with table.lock:
                    table.add(key, Entry(pid, new))
                return new, entry.value
        raise LookupError(f"expected a key of {self.name!r} that {pid} has, got {key!r}; it has {table.keys(pid)}")

    # What anybody reads.

    def lookup(self, key: Hashable) -> list[Entry]:
        """(pid, value) of each live process under `key`, in the order in which they came."""
        return _alive(self._table().at(key))

    def whereis(self, key: Hashable) -> Pid | None:
        """The live process under a unique `key`."""
        entries = _alive(self._unique().at(key))
        return entries[0].pid if entries else None

    def keys(self, pid: Pid | None = None) -> list[Hashable]:
        """The keys of a process, the current one if none is given; one that it has twice comes twice."""
        pid = kernel.self() if pid is None else pid
        return self._table().keys(pid) if kernel.is_alive(pid) else []

    def count(self) -> int:
        """How many entries there are."""
        return len(_alive(self._table().entries()))

    @calls_users
    def dispatch(self, key: Hashable, function: Callable[[list[Entry]], Any]) -> None:
        """Calls function(entries) here with all entries of `key`, unless there are none: to send them something."""
        if entries := self.lookup(key):
            function(entries)

    # Inside.

    def _table(self) -> Table:
        return _tables.find(self.name)[1]

    def _unique(self) -> UniqueTable:
        table = self._table()
        if not isinstance(table, UniqueTable):
            raise ValueError(f"the keys of registry {self.name!r} are duplicate: a key has no one process, use lookup")
        return table


@frozen
class Via:
    """The address of whoever holds `key` in a registry with unique keys; a server that starts under it registers with
    `value`. Elixir's {:via, Registry, {name, key}}.

    >>> Via("rooms", "kitchen")
    Via(registry='rooms', key='kitchen')
    """

    registry: str
    key: Hashable
    value: Any = field(default=None, compare=False, repr=False)

    def whereis(self) -> Pid | None:
        """Who holds the key now."""
        return Registry(self.registry).whereis(self.key)

    def register(self) -> None:
        """Puts the current process under the key. AlreadyRegistered, a NameTaken, if a process has it."""
        Registry(self.registry).register(self.key, self.value)


def resolve(address: Pid | str | RemoteName | Via) -> Pid | None:
    """The process of this node that an address means now; ValueError for a name on another node.

    >>> resolve(Pid("app@127.0.0.1", 7))
    Pid<app@127.0.0.1 0.7>
    """
    match address:
        case Pid():
            return address
        case Via():
            return address.whereis()
        case str(name):
            return kernel.whereis(name)
        case (str(name), node) if node == current_node().name:
            return kernel.whereis(name)
        case (str(), str(node)):
            raise ValueError(f"expected a name on this node, got {address!r}; {node} knows who has it")
        case _:
            raise TypeError(f"expected a pid, a name, (name, node) or a Via, got {address!r}")


@record
class Watch:
    """Cast to the registry's process: `pid` has registered."""

    pid: Pid


class RegistryServer(GenServer):
    """Owns a table, and removes from it what ended processes registered."""

    def init(self, kind: type[UniqueTable] | type[DuplicateTable]) -> None:
        self._table = kind()
        self._watched: set[Pid] = set()
        _tables.publish(self._table)

    def handle_cast(self, request: Any) -> None:
        match request:
            case Watch(pid):
                if pid not in self._watched:
                    self._watched.add(pid)
                    kernel.monitor(pid)
            case _:
                raise TypeError(f"a registry does not know the cast {request!r}; use bl.Registry(name).register")

    def handle_info(self, message: Any) -> None:
        match message:
            case Down(_, Pid() as pid, _):
                self._watched.discard(pid)
                with self._table.lock:
                    self._table.drop(pid)


_tables: OwnedTables[Table] = OwnedTables("registry", "bl.Registry.start_link")


def _alive(entries: tuple[Entry, ...]) -> list[Entry]:
    return [entry for entry in entries if kernel.is_alive(entry.pid)]


def _kind(keys: str) -> type[UniqueTable] | type[DuplicateTable]:
    if keys not in _KINDS:
        raise ValueError(f"expected keys 'unique' or 'duplicate', got {keys!r}")
    return _KINDS[keys]
