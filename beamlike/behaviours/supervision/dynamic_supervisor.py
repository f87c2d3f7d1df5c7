"""Children that come and go, any number of them: Elixir's DynamicSupervisor.

They have no ids and no order: a child is known by its pid, so its start, its end and its restart cost the same however
many there are. One is restarted alone, and at the end all are ended at once. Everything else is as in Supervisor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Never

from beamlike.behaviours.child_spec import ChildSpec, check_spec
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.supervision.child_errors import BadChild, MaxChildren, NoChild, StartFailed
from beamlike.behaviours.supervision.child_process import end_child, end_children, start_child
from beamlike.behaviours.supervision.restart_intensity import RestartIntensity
from beamlike.behaviours.supervision.supervising import ChildInfo, Supervising, ask, refuse_unknown_of
from beamlike.kernel import functions as kernel
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Name, Server
from beamlike.kernel.terms import Pid, Reason

KNOWN_PIDS_SHOWN = 5


@record
class TryAgain:
    """To oneself: start the child again whose last process was `pid`."""

    pid: Pid
    reason: Reason


class DynamicSupervisor(Supervising):
    """Start it without children, and add them.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         sessions = await DynamicSupervisor.start_link(name="sessions", max_children=100)
    ...         for _ in range(3):
    ...             await DynamicSupervisor.start_child("sessions", bl.GenServer.child_spec())
    ...         return (await DynamicSupervisor.count_children("sessions")).active
    >>> asyncio.run(main())
    3
    """

    _kind_of_server = "dynamic supervisors"
    _running: dict[Pid, ChildSpec]
    _restarting: dict[Pid, ChildSpec]
    _max_children: int | None

    # Start.

    @classmethod
    async def start_link(  # type: ignore[override]  # what a supervisor is started with has names of its own
        cls,
        *,
        intensity: int = 3,
        period: float = 5.0,
        max_children: int | None = None,
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """Starts a supervisor, linked to the current process, of at most `max_children` children."""
        refuse_unknown_of(cls, unknown)
        limit = RestartIntensity(intensity, period)
        pid: Pid = await super().start_link(limit, _checked(max_children), name=name, timeout=timeout, node=node)
        return pid

    @classmethod
    async def start(  # type: ignore[override]
        cls,
        *,
        intensity: int = 3,
        period: float = 5.0,
        max_children: int | None = None,
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """As `start_link`, linked to nobody."""
        refuse_unknown_of(cls, unknown)
        limit = RestartIntensity(intensity, period)
        pid: Pid = await super().start(limit, _checked(max_children), name=name, timeout=timeout, node=node)
        return pid

    # What other processes ask.

    @staticmethod
    async def start_child(supervisor: Server, spec: ChildSpec) -> Pid | None:
        """Adds a child and returns its pid; None if its start gave none, and then it is not kept.

        StartFailed if it does not start, MaxChildren if there are as many as there may be, BadChild for one that is
        significant. Many children may have one specification.
        """
        pid: Pid | None = await ask(supervisor, ("start_child", check_spec(spec)))
        return pid

    @staticmethod
    async def terminate_child(supervisor: Server, pid: Pid) -> None:
        """Ends a child and forgets it; NoChild if that pid is none of its children's."""
        if not isinstance(pid, Pid):
            raise TypeError(f"expected the pid of a child, got {pid!r}; children of a DynamicSupervisor have no ids")
        await ask(supervisor, ("terminate_child", pid))

    # Callbacks.

    def init(self, limit: RestartIntensity, max_children: int | None) -> None:
        self._begin(limit)
        self._max_children = max_children
        self._running, self._restarting = {}, {}

    async def handle_cast(self, request: Any) -> None:
        if not isinstance(request, TryAgain):
            super().handle_cast(request)
        elif (spec := self._restarting.get(request.pid)) is not None:
            await asyncio.sleep(0)  # a start may be long: others have a turn between two of them
            self._count_restart(spec, None, request.reason)
            await self._start_again(request.pid, spec)

    async def terminate(self, reason: Reason) -> None:
        await end_children([(spec, pid) for pid, spec in self._running.items()])

    def _infos(self) -> Iterable[ChildInfo]:
        for pid, spec in self._running.items():
            yield ChildInfo.of(spec, pid, "running", id=None)
        for spec in self._restarting.values():
            yield ChildInfo.of(spec, None, "restarting", id=None)

    async def _administer(self, request: Any) -> Any:
        match request:
            case ("start_child", ChildSpec() as spec):
                return await self._add(spec)
            case ("terminate_child", Pid() as pid):
                return await self._terminate_child(pid)
            case _:
                return self._does_not_know(request)

    # Inside.

    async def _add(self, spec: ChildSpec) -> Pid | None:
        if spec.significant:
            raise BadChild(spec.id, "is significant, which children of a DynamicSupervisor cannot be")
        if self._max_children is not None and len(self._running) + len(self._restarting) >= self._max_children:
            raise MaxChildren(spec.id, self._max_children)
        return await self._start(spec)

    async def _start(self, spec: ChildSpec) -> Pid | None:
        pid = await start_child(spec)
        if pid is not None:
            self._running[pid] = spec
        return pid

    async def _terminate_child(self, pid: Pid) -> None:
        if self._restarting.pop(pid, None) is not None:
            return
        spec = self._running.pop(pid, None)
        if spec is None:
            raise NoChild(pid, [child for child, _ in zip(self._running, range(KNOWN_PIDS_SHOWN), strict=False)])
        await end_child(spec, pid)

    async def _child_ended(self, pid: Pid, reason: Reason) -> None:
        spec = self._running.pop(pid, None)
        if spec is not None and spec.restarts_after(reason):
            self._count_restart(spec, pid, reason)
            await self._start_again(pid, spec)

    async def _start_again(self, pid: Pid, spec: ChildSpec) -> None:
        try:
            await self._start(spec)
        except StartFailed as failure:
            self._report_failure(failure)
            self._restarting[pid] = spec
            GenServer.cast(kernel.self(), TryAgain(pid, failure.reason))
        else:
            self._restarting.pop(pid, None)


def _checked(max_children: int | None) -> int | None:
    if max_children is not None and (not isinstance(max_children, int) or max_children < 0):
        raise ValueError(f"expected max_children as a number, 0 or more, or None for no limit, got {max_children!r}")
    return max_children
