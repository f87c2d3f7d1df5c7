"""What all supervisors have in common: the questions they answer, their limit of restarts, and how they give up.

    which_children ──► [ChildInfo]         count_children ──► ChildCounts
    restart_history ──► [PastRestart]      describe ──► Description, for the supervision tree

A supervisor is a GenServer that traps exits: its children are linked to it, and their Exit messages are what it acts
on. A question that it refuses is answered with a ChildError, which is raised where it was asked.
"""

from __future__ import annotations

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from inspect import Parameter, signature
from typing import Any, Literal
from weakref import WeakValueDictionary

from beamlike.behaviours.child_spec import BY_TYPE, ChildId, ChildSpec, ChildType, Restart, Shutdown, child_spec_of
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.servers.outcomes import NO_REPLY, Stop
from beamlike.behaviours.servers.server_messages import Operation
from beamlike.behaviours.supervision.child_errors import ChildError, StartFailed
from beamlike.behaviours.supervision.restart_intensity import PastRestart, RestartIntensity, Restarts
from beamlike.behaviours.unknown_keywords import refuse_unknown
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.current import current_node
from beamlike.kernel.inspection.process_info import process_info
from beamlike.kernel.question import Client
from beamlike.kernel.record import frozen
from beamlike.kernel.server_names import Name, Server
from beamlike.kernel.terms import Exit, Pid, Reason

logger = logging.getLogger("beamlike.supervisor")

living: WeakValueDictionary[Pid, Supervising] = WeakValueDictionary()
"""The supervisors of this interpreter: who looks at a tree need not ask one that is busy with its children."""

FROM_ELIXIR = {"max_restarts": "intensity", "max_seconds": "period"}

ChildState = Literal["running", "restarting", "stopped"]


@frozen
class ChildInfo:
    """A child as its supervisor sees it. `pid` is None unless it is running; `id` is None where children have none;
    `start` names the function that starts it."""

    id: ChildId
    pid: Pid | None
    type: ChildType
    restart: Restart
    state: ChildState
    start: str

    @classmethod
    def of(cls, spec: ChildSpec, pid: Pid | None, state: ChildState, *, id: ChildId) -> ChildInfo:
        return cls(id, pid, spec.type, spec.restart, state, spec.starter)


@frozen
class ChildCounts:
    """How many specifications there are, how many children run, and how many are (to be) supervisors and workers."""

    specs: int
    active: int
    supervisors: int
    workers: int


@frozen
class Description:
    """A supervisor for the supervision tree: its class, its pid, and the names of its node that matter there."""

    kind: str
    pid: Pid
    children: list[ChildInfo]
    names: dict[Pid, str]


class Supervising(GenServer, ABC):
    """A process that has children. Not to be used itself: see Supervisor, DynamicSupervisor, PartitionSupervisor."""

    _restarts: Restarts

    @classmethod
    def child_spec(
        cls,
        *args: Any,
        id: ChildId = None,
        restart: Restart = "permanent",
        shutdown: Shutdown = BY_TYPE,
        significant: bool = False,
        name: Name | None = None,
        node: str | None = None,
        **keywords: Any,
    ) -> ChildSpec:
        """A supervisor as the child of another: `args` and `keywords` are those of its `start_link`."""
        return child_spec_of(
            cls,
            *args,
            id=id,
            restart=restart,
            shutdown=shutdown,
            significant=significant,
            type="supervisor",
            name=name,
            node=node,
            **keywords,
        )

    # What other processes ask.

    @staticmethod
    async def which_children(supervisor: Server) -> list[ChildInfo]:
        """The children in the order of their start."""
        children: list[ChildInfo] = await ask(supervisor, ("which_children",))
        return children

    @staticmethod
    async def count_children(supervisor: Server) -> ChildCounts:
        """How many there are."""
        counts: ChildCounts = await ask(supervisor, ("count_children",))
        return counts

    @staticmethod
    async def restart_history(supervisor: Server) -> list[PastRestart]:
        """The latest restarts and attempts at one, oldest first: which child, when, and why."""
        history: list[PastRestart] = await ask(supervisor, ("restart_history",))
        return history

    # What each kind of supervisor does its own way.

    @abstractmethod
    def _infos(self) -> Iterable[ChildInfo]: ...

    @abstractmethod
    async def _administer(self, request: Any) -> Any:
        """Answers a request that is about one child; ChildError refuses it."""

    @abstractmethod
    async def _child_ended(self, pid: Pid, reason: Reason) -> None:
        """Acts on the exit signal of a process that may be a child."""

    # Callbacks.

    def _begin(self, limit: RestartIntensity) -> None:
        kernel.trap_exit(True)
        self._restarts = Restarts(limit)
        living[kernel.self()] = self

    def children_now(self) -> Iterable[ChildInfo]:
        """As they are at this moment; to be read in the supervisor's thread, without a pause."""
        return self._infos()

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case ("which_children",):
                return list(self._infos())
            case ("count_children",):
                return _counted(self._infos())
            case ("restart_history",):
                return self._restarts.history()
            case ("describe",):
                return self._description()
        try:
            return await self._administer(request)
        except ChildError as refusal:
            return refusal

    def _does_not_know(self, request: Any) -> Any:
        logger.error("%s does not know the call %r and leaves it unanswered", self._title(), request)
        return NO_REPLY

    def handle_cast(self, request: Any) -> Any:
        logger.error("%s does not know the cast %r", self._title(), request)

    async def handle_info(self, message: Any) -> None:
        if isinstance(message, Exit):
            await self._child_ended(message.pid, message.reason)
        else:
            logger.error("%s does not know the message %r", self._title(), message)

    # Restarts.

    def _count_restart(self, spec: ChildSpec, pid: Pid | None, reason: Reason) -> None:
        """Counts the restart that is due; one too many ends this supervisor."""
        within = self._restarts.admit(
            asyncio.get_running_loop().time(), PastRestart(spec.id, pid, reason, at=time.time())
        )
        if within:
            if pid is not None:
                logger.warning("%s: %s, %s, ended (%s) and is started again", self._title(), spec, pid, reason)
            return
        limit = self._restarts.limit
        logger.error(
            "%s gives up: %s%s (%s), and more than %d restarts within %s s are not allowed",
            self._title(),
            spec,
            f", {pid}, ended" if pid is not None else " did not start",
            reason,
            limit.intensity,
            limit.period,
        )
        raise Stop(terms.SHUTDOWN)

    def _report_failure(self, failure: StartFailed) -> None:
        logger.warning("%s: %s; it is tried again", self._title(), failure)

    def _title(self) -> str:
        info = process_info(kernel.self(), "registered_name")
        name = info["registered_name"] if info is not None else None
        return f"{type(self).__name__} {kernel.self()}" + (f" ({name})" if name else "")

    def _description(self) -> Description:
        children = list(self._infos())
        pids = {child.pid for child in children} | {kernel.self()}
        node = current_node()
        names = {pid: name for name in node.registered() if (pid := node.whereis(name)) in pids and pid is not None}
        return Description(type(self).__name__, kernel.self(), children, names)


def refuse_unknown_of(cls: type[Supervising], unknown: Mapping[str, object]) -> None:
    """TypeError for keywords that the start of such a supervisor does not know."""
    if unknown:
        parameters = signature(cls.start_link).parameters.values()
        known = [parameter.name for parameter in parameters if parameter.kind is not Parameter.VAR_KEYWORD]
        refuse_unknown(f"the start of a {cls.__name__}", unknown, known, FROM_ELIXIR)


async def ask(supervisor: Server, request: tuple[Any, ...], *, timeout: float | None = None) -> Any:
    """Asks a supervisor; raises what it refuses with. Starting and ending a child may take long, so there is no limit
    of time by default."""
    answer = await GenServer.call(supervisor, Operation(request), timeout=timeout)
    if isinstance(answer, ChildError):
        raise answer
    return answer


def _counted(children: Iterable[ChildInfo]) -> ChildCounts:
    specs = active = supervisors = 0
    for child in children:
        specs += 1
        active += child.pid is not None
        supervisors += child.type == "supervisor"
    return ChildCounts(specs, active, supervisors, specs - supervisors)
