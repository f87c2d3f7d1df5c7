"""N copies of one child, and for each key the copy that is in charge of it: Elixir's PartitionSupervisor.

Work that one process would be too slow for is spread by a key, such as a user, whose work stays in order. Finding the
copy asks nobody: the supervisor keeps a table of its copies that anybody on its node can read, in any thread. A copy
is restarted alone, and then its keys are in charge of the new process.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, Never

from beamlike.behaviours.child_spec import ChildId, ChildSpec, check_spec
from beamlike.behaviours.owned_tables import OwnedTables
from beamlike.behaviours.supervision.child_errors import BadChild, NoChild
from beamlike.behaviours.supervision.children import Child
from beamlike.behaviours.supervision.supervising import refuse_unknown_of
from beamlike.behaviours.supervision.supervisor import Supervisor
from beamlike.behaviours.supervision.supervisor_flags import Strategy, SupervisorFlags
from beamlike.kernel.server_names import Name
from beamlike.kernel.terms import Pid

Copies = ChildSpec | Callable[[int], ChildSpec]
"""One specification for all copies, or a function of the number of the copy, 0 and up."""


class Partitions:
    """The copies of one supervisor, by number."""

    def __init__(self, count: int) -> None:
        self.pids: dict[ChildId, Pid | None] = dict.fromkeys(range(count))


_tables: OwnedTables[Partitions] = OwnedTables("PartitionSupervisor", "bl.PartitionSupervisor.start_link")


class PartitionSupervisor(Supervisor):
    """Start it with the specification of a copy.

    >>> import asyncio, beamlike as bl
    >>> class Count(bl.GenServer):
    ...     def init(self):
    ...         self.seen = []
    ...     def handle_call(self, user, client):
    ...         self.seen.append(user)
    ...         return len(self.seen)
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         await PartitionSupervisor.start_link(Count.child_spec(), partitions=4, name="counts")
    ...         return [await bl.GenServer.call(PartitionSupervisor.via("counts", user), user) for user in (1, 2, 5)]
    >>> asyncio.run(main())
    [1, 1, 2]
    """

    _kind_of_server = "partition supervisors"
    _table: Partitions

    @classmethod
    async def start_link(  # type: ignore[override]  # it is started with one specification rather than with a list
        cls,
        copies: Copies,
        *,
        partitions: int | None = None,
        strategy: Strategy = "one_for_one",
        intensity: int = 3,
        period: float = 5.0,
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """Starts `partitions` copies, as many as there are processors unless told, under a supervisor that is linked to
        the current process. A name in the specification would be taken by the first copy: where copies need names, give
        a function of their number that makes the specification. Raises what Supervisor.start_link raises."""
        refuse_unknown_of(cls, unknown)
        return await super().start_link(
            _specs(copies, partitions), intensity, period, strategy=strategy, name=name, timeout=timeout, node=node
        )

    @classmethod
    async def start(  # type: ignore[override]
        cls,
        copies: Copies,
        *,
        partitions: int | None = None,
        strategy: Strategy = "one_for_one",
        intensity: int = 3,
        period: float = 5.0,
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """As `start_link`, linked to nobody."""
        refuse_unknown_of(cls, unknown)
        return await super().start(
            _specs(copies, partitions), intensity, period, strategy=strategy, name=name, timeout=timeout, node=node
        )

    @staticmethod
    def via(supervisor: Pid | Name, key: Hashable) -> Pid:
        """The copy in charge of `key`: of an integer the copy of that number, modulo their count, of anything else
        always the same one. While the copy is restarted this is the old pid, and a call to it fails with "noproc".

        NoProcess if there is no such supervisor on this node, NoChild if that copy does not run.
        """
        pids = _tables.find(supervisor)[1].pids
        number = partition_of(key, len(pids))
        pid = pids[number]
        if pid is None:
            raise NoChild(number, [other for other, pid in pids.items() if pid is not None])
        return pid

    @staticmethod
    def partitions(supervisor: Pid | Name) -> int:
        """How many copies there are; NoProcess if there is no such supervisor on this node."""
        return len(_tables.find(supervisor)[1].pids)

    # Inside.

    async def init(self, specs: Sequence[ChildSpec], flags: SupervisorFlags) -> None:
        self._table = Partitions(len(specs))
        _tables.publish(self._table)
        await super().init(specs, flags)

    async def _administer(self, request: Any) -> Any:
        match request:
            case ("start_child", ChildSpec(id=id)) | ("delete_child", id):
                raise BadChild(id, "cannot come or go: the number of partitions is fixed")
            case ("terminate_child", id) if id in self._table.pids:
                self._table.pids[id] = None
        return await super()._administer(request)

    async def _start(self, child: Child) -> Pid | None:
        self._table.pids[child.spec.id] = pid = await super()._start(child)
        return pid


def partition_of(key: Hashable, partitions: int) -> int:
    """Which partition is in charge of `key`. For integers and text this is so on every node and in every run.

    >>> [partition_of(key, 4) for key in (0, 3, 5, "some key")]
    [0, 3, 1, 2]
    """
    if isinstance(key, int):
        return key % partitions
    if isinstance(key, str):
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) % partitions
    return hash(key) % partitions


def _specs(copies: Copies, partitions: int | None) -> list[ChildSpec]:
    count = partitions if partitions is not None else os.cpu_count() or 1
    if not isinstance(count, int) or count < 1:
        raise ValueError(f"expected partitions as a number, 1 or more, got {partitions!r}")
    made = [check_spec(copies if isinstance(copies, ChildSpec) else copies(number)) for number in range(count)]
    return [replace(spec, id=number) for number, spec in enumerate(made)]
