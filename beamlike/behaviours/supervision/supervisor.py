"""Starts children in order, watches them by their links, and starts anew what ended: OTP's supervisor.

    strategy       when a child is to be started again
    one_for_one    it alone is
    one_for_all    all others are ended in the reverse order of their start, then all are started in order
    rest_for_one   so are those that were started after it

A child that ends is started again if its restart type says so (see ChildSpec). More than `intensity` restarts within
`period` seconds end the supervisor with "shutdown", and so tell whoever supervises it. A restart that fails counts as
one more end of that child: it is tried again by a message of the supervisor to itself, so that others are served
in between. With `auto_shutdown`, the end of a significant child that is not started again ends the supervisor, too.

While a child starts or ends the supervisor waits for it, and answers nobody meanwhile, as in OTP.

Differences from OTP: children are given as values, not by a callback (`init` of a module); what is refused is raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any, Never

from beamlike.behaviours.child_spec import ChildId, ChildSpec, check_spec
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import Stop
from beamlike.behaviours.supervision.child_errors import StartFailed
from beamlike.behaviours.supervision.child_process import end_child, start_child
from beamlike.behaviours.supervision.children import Child, Children
from beamlike.behaviours.supervision.supervising import (
    ChildInfo,
    ChildState,
    Supervising,
    ask,
    logger,
    refuse_unknown_of,
)
from beamlike.behaviours.supervision.supervisor_flags import AutoShutdown, Strategy, SupervisorFlags, checked
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Name, Server
from beamlike.kernel.terms import Pid, Reason, Ref


@record
class TryAgain:
    """To oneself: start that child, if this attempt is still the one that is due."""

    id: ChildId
    attempt: Ref


class Supervisor(Supervising):
    """Start it with a list of ChildSpec.

    >>> import asyncio, beamlike as bl
    >>> class Echo(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         return request
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         echo = Echo.child_spec(name="echo")
    ...         await bl.Supervisor.start_link([echo], strategy="one_for_all", intensity=3, period=5.0)
    ...         bl.exit(bl.whereis("echo"), "kill")
    ...         await asyncio.sleep(0)
    ...         return await bl.GenServer.call("echo", "alive again")
    >>> asyncio.run(main())
    'alive again'
    """

    _kind_of_server = "supervisors"
    _flags: SupervisorFlags
    _children: Children

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
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """Starts a supervisor, linked to the current process, and its children; returns when all are started.

        StartFailed if a child does not start; those before it were ended then, in reverse. ValueError and TypeError
        for specifications and flags that can never be right, NameTaken if another process holds `name`.
        """
        refuse_unknown_of(cls, unknown)
        specs, flags = checked(children, intensity, period, strategy, auto_shutdown)
        pid: Pid = await super().start_link(specs, flags, name=name, timeout=timeout, node=node)
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
        name: Name | None = None,
        timeout: float | None = None,
        node: str | None = None,
        **unknown: Never,
    ) -> Pid:
        """As `start_link`, linked to nobody."""
        refuse_unknown_of(cls, unknown)
        specs, flags = checked(children, intensity, period, strategy, auto_shutdown)
        pid: Pid = await super().start(specs, flags, name=name, timeout=timeout, node=node)
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
        self._flags, self._children = flags, Children()
        try:
            for spec in specs:
                await self._start_new(spec)
        except StartFailed:
            await self.terminate(terms.SHUTDOWN)
            raise

    async def handle_cast(self, request: Any) -> None:
        if not isinstance(request, TryAgain):
            super().handle_cast(request)
            return
        child = self._children.get(request.id)
        if child is not None and child.attempt == request.attempt:
            await asyncio.sleep(0)  # a start may be long: others have a turn between two of them
            await self._restart(child, None, child.failure)

    async def terminate(self, reason: Reason) -> None:
        await self._end(list(self._children))

    def code_change(self, old: type[Any], extra: Iterable[ChildSpec] | None) -> None:
        """Takes new specifications by `bl.sys.change_code(supervisor, bl.Supervisor, specs)`: children run on, and are
        started by the new one of their id from their next restart on; of a new id, they are stopped until
        `restart_child`. What is not named stays as it is. BadChild or TypeError for specifications that cannot be."""
        specs = [check_spec(spec) for spec in extra or ()]
        for spec in specs:
            self._flags.check(spec)
        for spec in specs:
            self._children.specify(spec)

    def _infos(self) -> Iterable[ChildInfo]:
        for child in self._children:
            state: ChildState = "running" if child.pid else "restarting" if child.attempt else "stopped"
            yield ChildInfo.of(child.spec, child.pid, state, id=child.spec.id)

    async def _administer(self, request: Any) -> Any:
        match request:
            case ("start_child", ChildSpec() as spec):
                self._flags.check(spec)
                return await self._start_new(spec)
            case ("terminate_child", id):
                return await self._end([self._children.child(id)])
            case ("restart_child", id):
                return await self._start(self._children.stopped_child(id))
            case ("delete_child", id):
                return self._children.forget(self._children.stopped_child(id))
            case ("get_childspec", id):
                return self._children.child(id).spec
            case _:
                return self._does_not_know(request)

    # Starting and ending.

    async def _start_new(self, spec: ChildSpec) -> Pid | None:
        child = self._children.add(spec)
        try:
            return await self._start(child)
        except BaseException:
            self._children.forget(child)
            raise

    async def _start(self, child: Child) -> Pid | None:
        pid = await start_child(child.spec)
        self._children.has_started(child, pid)
        return pid

    async def _end(self, children: Sequence[Child]) -> None:
        """Ends those of them that run, the last first."""
        for child in reversed(children):
            pid = self._children.release(child)
            if pid is not None:
                await end_child(child.spec, pid)

    # Restart.

    async def _child_ended(self, pid: Pid, reason: Reason) -> None:
        child = self._children.has_ended(pid)
        if child is None:
            return
        if child.spec.restarts_after(reason):
            await self._restart(child, pid, reason)
        elif child.spec.significant:
            self._shut_down_if_last(child)

    async def _restart(self, child: Child, pid: Pid | None, reason: Reason) -> None:
        self._count_restart(child.spec, pid, reason)
        group = self._children.restarted_with(child, self._flags.strategy)
        await self._end(group)
        for member in group:
            if member.spec.restart == "temporary":
                continue
            try:
                await self._start(member)
            except StartFailed as failure:
                self._try_again(member, failure)
                return

    def _try_again(self, child: Child, failure: StartFailed) -> None:
        self._report_failure(failure)
        attempt = kernel.make_ref()
        self._children.is_to_be_tried_again(child, attempt, failure.reason)
        GenServer.cast(kernel.self(), TryAgain(child.spec.id, attempt))

    def _shut_down_if_last(self, child: Child) -> None:
        """Ends the supervisor if the end of this significant child, which is not started again, was to end it."""
        others = any(other.spec.significant and other.is_active for other in self._children)
        if self._flags.auto_shutdown == "any_significant" or not others:
            logger.info("%s shuts down: the significant %s has ended", self._title(), child.spec)
            raise Stop(terms.SHUTDOWN)
