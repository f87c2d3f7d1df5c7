"""Starts children in order, watches them by their links, and starts anew what ended: OTP's supervisor.

    strategy       when a child is to be started again
    one_for_one    it alone is
    one_for_all    all others are ended in the reverse order of their start, then all are started in order
    rest_for_one   so are those that were started after it

A child that ends is started again if its restart type says so (see ChildSpec). More than `intensity` restarts within
`period` seconds end the supervisor with "shutdown", and so tell whoever supervises it. A restart that fails counts as
one more end of that child: it is tried again by a message of the supervisor to itself, so that others are served
in between. With `auto_shutdown`, the end of a significant child that is not started again ends the supervisor, too.

Differences from OTP: children are given as values, not by a callback (`init` of a module); what is refused is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from beamlike.behaviours.child_end import end_child
from beamlike.behaviours.child_errors import (
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildRestarting,
    ChildRunning,
    NoChild,
    StartFailed,
)
from beamlike.behaviours.child_spec import ChildId, ChildSpec, check_spec
from beamlike.behaviours.child_start import start_child_process
from beamlike.behaviours.gen_server import GenServer, Server, Stop
from beamlike.behaviours.supervising import ChildInfo, ChildState, Supervising, ask, logger
from beamlike.behaviours.supervisor_flags import AutoShutdown, Strategy, SupervisorFlags, checked
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.record import record
from beamlike.kernel.terms import Pid, Reason, Ref

KNOWN_IDS_SHOWN = 20


@dataclass(slots=True, eq=False)
class Child:
    """A child in its place. `attempt` is the mark of the next try, while one is due after a start that failed."""

    spec: ChildSpec
    pid: Pid | None = None
    attempt: Ref | None = None
    failure: Reason = None

    def info(self) -> ChildInfo:
        state: ChildState = "running" if self.pid is not None else "restarting" if self.attempt else "stopped"
        return ChildInfo.of(self.spec, self.pid, state, id=self.spec.id)


@record
class TryAgain:
    """To oneself: start that child, if this attempt is still the one that is due."""

    id: ChildId
    attempt: Ref


class Supervisor(Supervising):
    """Start it with a list of ChildSpec.

    >>> import asyncio, functools, beamlike as bl
    >>> class Echo(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         return request
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         echo = bl.ChildSpec("echo", functools.partial(Echo.start_link, name="echo"))
    ...         await bl.Supervisor.start_link([echo], strategy="one_for_all", intensity=3, period=5.0)
    ...         bl.exit(bl.whereis("echo"), "kill")
    ...         await asyncio.sleep(0)
    ...         return await bl.GenServer.call("echo", "alive again")
    >>> asyncio.run(main())
    'alive again'
    """

    _flags: SupervisorFlags
    _children: dict[ChildId, Child]
    _by_pid: dict[Pid, Child]

    # Start.

    @classmethod
    async def start_link(  # type: ignore[override]  # what a supervisor is started with has names of its own
        cls,
        children: Iterable[ChildSpec] = (),
        intensity: int = 1,
        period: float = 5.0,
        *,
        strategy: Strategy = "one_for_one",
        auto_shutdown: AutoShutdown = "never",
        name: str | None = None,
        timeout: float | None = None,
    ) -> Pid:
        """Starts a supervisor, linked to the current process, and its children; returns when all are started.

        StartFailed if a child does not start; those before it were ended then, in reverse. ValueError and TypeError
        for specifications and flags that can never be right, NameTaken if another process holds `name`.
        """
        specs, flags = checked(children, intensity, period, strategy, auto_shutdown)
        pid: Pid = await super().start_link(specs, flags, name=name, timeout=timeout)
        return pid

    @classmethod
    async def start(  # type: ignore[override]
        cls,
        children: Iterable[ChildSpec] = (),
        intensity: int = 1,
        period: float = 5.0,
        *,
        strategy: Strategy = "one_for_one",
        auto_shutdown: AutoShutdown = "never",
        name: str | None = None,
        timeout: float | None = None,
    ) -> Pid:
        """As `start_link`, linked to nobody."""
        specs, flags = checked(children, intensity, period, strategy, auto_shutdown)
        pid: Pid = await super().start(specs, flags, name=name, timeout=timeout)
        return pid

    # What other processes ask.

    @staticmethod
    async def start_child(supervisor: Server, spec: ChildSpec) -> Pid | None:
        """Adds a child after the others and returns its pid, None if its start gave none.

        StartFailed if it does not start (it is not added then), ChildAlreadyStarted or ChildAlreadyPresent for an id
        that is taken, BadChild for one that is significant while `auto_shutdown` is "never".
        """
        pid: Pid | None = await ask(supervisor, ("start_child", check_spec(spec)))
        return pid

    @staticmethod
    async def terminate_child(supervisor: Server, id: ChildId) -> None:
        """Ends a child. Its specification stays, for `restart_child` or `delete_child`, unless it is temporary; NoChild
        for an id that is not known."""
        await ask(supervisor, ("terminate_child", id))

    @staticmethod
    async def restart_child(supervisor: Server, id: ChildId) -> Pid | None:
        """Starts a child that is not running, in its place. ChildRunning, ChildRestarting, NoChild, or StartFailed."""
        pid: Pid | None = await ask(supervisor, ("restart_child", id))
        return pid

    @staticmethod
    async def delete_child(supervisor: Server, id: ChildId) -> None:
        """Forgets a child that is not running. ChildRunning, ChildRestarting, or NoChild."""
        await ask(supervisor, ("delete_child", id))

    @staticmethod
    async def get_childspec(supervisor: Server, id: ChildId) -> ChildSpec:
        """How a child is specified; NoChild for an id that is not known."""
        spec: ChildSpec = await ask(supervisor, ("get_childspec", id))
        return spec

    # Callbacks.

    async def init(self, specs: Sequence[ChildSpec], flags: SupervisorFlags) -> None:
        self._begin(flags.limit)
        self._flags, self._children, self._by_pid = flags, {}, {}
        try:
            for spec in specs:
                await self._add(spec)
        except StartFailed:
            await self.terminate(terms.SHUTDOWN)
            raise

    async def handle_cast(self, request: Any) -> None:
        if not isinstance(request, TryAgain):
            super().handle_cast(request)
            return
        child = self._children.get(request.id)
        if child is not None and child.attempt == request.attempt:
            await asyncio.sleep(0)  # a process that always finds a message would not let others run
            await self._restart(child, None, child.failure)

    async def terminate(self, reason: Reason) -> None:
        await self._end(list(self._children.values()))

    def _infos(self) -> Iterable[ChildInfo]:
        return map(Child.info, self._children.values())

    async def _administer(self, request: Any) -> Any:
        match request:
            case ("start_child", ChildSpec() as spec):
                return await self._start_new(spec)
            case ("terminate_child", id):
                return await self._end([self._child(id)])
            case ("restart_child", id):
                return await self._start(self._idle(id))
            case ("delete_child", id):
                self._forget(self._idle(id))
                return None
            case ("get_childspec", id):
                return self._child(id).spec
            case _:
                raise NotImplementedError

    # Children by id.

    def _child(self, id: ChildId) -> Child:
        child = self._children.get(id)
        if child is None:
            raise NoChild(id, list(self._children)[:KNOWN_IDS_SHOWN])
        return child

    def _idle(self, id: ChildId) -> Child:
        child = self._child(id)
        if child.pid is not None:
            raise ChildRunning(id)
        if child.attempt is not None:
            raise ChildRestarting(id)
        return child

    def _forget(self, child: Child) -> None:
        self._children.pop(child.spec.id, None)

    # Starting and ending.

    async def _start_new(self, spec: ChildSpec) -> Pid | None:
        self._flags.check(spec)
        present = self._children.get(spec.id)
        if present is None:
            return await self._add(spec)
        if present.pid is not None:
            raise ChildAlreadyStarted(spec.id, present.pid)
        raise ChildAlreadyPresent(spec.id)

    async def _add(self, spec: ChildSpec) -> Pid | None:
        child = self._children[spec.id] = Child(spec)
        try:
            return await self._start(child)
        except BaseException:
            self._forget(child)
            raise

    async def _start(self, child: Child) -> Pid | None:
        child.pid = await start_child_process(child.spec)
        child.attempt = child.failure = None
        if child.pid is not None:
            self._by_pid[child.pid] = child
        elif child.spec.restart == "temporary":
            self._forget(child)
        return child.pid

    async def _end(self, children: Sequence[Child]) -> None:
        """Ends those of them that run, the last first. Their Exit messages, which come later, are nobody's then."""
        for child in reversed(children):
            pid, child.pid, child.attempt = child.pid, None, None
            if pid is not None:
                del self._by_pid[pid]
                await end_child(child.spec, pid)
            if child.spec.restart == "temporary":
                self._forget(child)

    # Restart.

    async def _child_ended(self, pid: Pid, reason: Reason) -> None:
        child = self._by_pid.pop(pid, None)
        if child is None:
            return
        child.pid = None
        if child.spec.restarts_after(reason):
            await self._restart(child, pid, reason)
            return
        if child.spec.restart == "temporary":
            self._forget(child)
        self._shut_down_after(child)

    async def _restart(self, child: Child, pid: Pid | None, reason: Reason) -> None:
        child.attempt = None
        self._count_restart(child.spec, pid, reason)
        group = self._restarted_with(child)
        await self._end(group)
        for member in group:
            if member.spec.restart == "temporary":
                continue
            try:
                await self._start(member)
            except StartFailed as failure:
                self._try_again(member, failure)
                return

    def _restarted_with(self, child: Child) -> list[Child]:
        if self._flags.strategy == "one_for_one":
            return [child]
        children = list(self._children.values())
        return children if self._flags.strategy == "one_for_all" else children[children.index(child) :]

    def _try_again(self, child: Child, failure: StartFailed) -> None:
        self._report_failure(failure)
        child.attempt, child.failure = kernel.make_ref(), failure.reason
        GenServer.cast(kernel.self(), TryAgain(child.spec.id, child.attempt))

    def _shut_down_after(self, child: Child) -> None:
        """Ends the supervisor if the end of this child, which is not started again, was to end it."""
        if not child.spec.significant:
            return
        awaited = any(other.spec.significant and (other.pid or other.attempt) for other in self._children.values())
        if self._flags.auto_shutdown == "any_significant" or not awaited:
            logger.info("%s shuts down: the significant %s has ended", self._title(), child.spec)
            raise Stop(terms.SHUTDOWN)
