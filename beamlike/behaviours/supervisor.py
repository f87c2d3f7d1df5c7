"""Starts children, watches them by their links, and starts anew what ended: OTP's supervisor, one_for_one.

A child that ends is started again if its restart type says so: "permanent" always, "transient" after a crash,
"temporary" never. More than `intensity` restarts within `period` seconds end the supervisor with "shutdown", and so
tell whoever supervises it. Children are ended in the reverse order of their start: an exit signal "shutdown", and
"kill" when that took longer than the child's `shutdown` seconds.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from beamlike.behaviours.gen_server import Client, GenServer, Server, Stop
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.terms import Exit, Pid, Reason, is_quiet

logger = logging.getLogger("beamlike.supervisor")

Restart = Literal["permanent", "transient", "temporary"]


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to start a child: `start()` runs in the supervisor and returns the pid of a process linked to it.

    `shutdown` is how many seconds the child may take to end when asked; None waits for ever, 0 kills at once.
    """

    id: str
    start: Callable[[], Pid | Awaitable[Pid]]
    restart: Restart = "permanent"
    shutdown: float | None = 5.0

    def __post_init__(self) -> None:
        if self.restart not in ("permanent", "transient", "temporary"):
            raise ValueError(f"expected restart 'permanent', 'transient' or 'temporary', got {self.restart!r}")
        if not callable(self.start):
            raise TypeError(f"expected a function that starts child {self.id!r}, got {self.start!r}")


@dataclass(slots=True)
class _Child:
    spec: ChildSpec
    pid: Pid | None


class StartFailed(BeamlikeError):
    """A child of the supervisor did not start; the cause says why."""


class Supervisor(GenServer):
    """Start it with a list of ChildSpec.

    >>> import asyncio, functools, beamlike as bl
    >>> class Echo(bl.GenServer):
    ...     def handle_call(self, request, client):
    ...         return request
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         echo = bl.ChildSpec("echo", functools.partial(Echo.start_link, name="echo"))
    ...         await bl.Supervisor.start_link([echo], 3, 5.0)
    ...         bl.exit(bl.whereis("echo"), "kill")
    ...         await asyncio.sleep(0)
    ...         return await bl.GenServer.call("echo", "alive again")
    >>> asyncio.run(main())
    'alive again'
    """

    async def init(self, children: Sequence[ChildSpec], intensity: int = 1, period: float = 5.0) -> None:
        ids = [spec.id for spec in children]
        if len(set(ids)) != len(ids):
            raise ValueError(f"expected children with different ids, got {ids}")
        self._intensity = intensity
        self._period = period
        self._restarts: deque[float] = deque()
        self._children: dict[str, _Child] = {}
        kernel.trap_exit(True)
        for spec in children:
            try:
                await self._start(spec)
            except Exception as error:
                await self.terminate(terms.SHUTDOWN)
                raise StartFailed(f"child {spec.id!r} did not start: {error}") from error

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case ("which_children",):
                return [(child.spec.id, child.pid) for child in self._children.values()]
            case ("start_child", ChildSpec() as spec):
                return await self._start_new(spec)
            case ("terminate_child", str() as id):
                return await self._terminate_child(id)
            case _:
                raise TypeError(f"a supervisor does not know the call {request!r}")

    async def handle_info(self, message: Any) -> None:
        if isinstance(message, Exit):
            child = next((child for child in self._children.values() if child.pid == message.pid), None)
            if child is not None:
                await self._child_ended(child, message.reason)

    async def terminate(self, reason: Reason) -> None:
        for child in reversed(self._children.values()):
            await _end(child)

    # What other processes ask.

    @staticmethod
    async def which_children(supervisor: Server) -> list[tuple[str, Pid | None]]:
        """(id, pid) of each child in the order of start; None for one that is not running."""
        children: list[tuple[str, Pid | None]] = await GenServer.call(supervisor, ("which_children",))
        return children

    @staticmethod
    async def start_child(supervisor: Server, spec: ChildSpec) -> Pid:
        """Adds a child and returns its pid. Raises what its `start` raises, ValueError for an id that is taken."""
        answer = await GenServer.call(supervisor, ("start_child", spec), timeout=None)
        if isinstance(answer, BaseException):
            raise answer
        pid: Pid = answer
        return pid

    @staticmethod
    async def terminate_child(supervisor: Server, id: str) -> None:
        """Ends a child and forgets it; LookupError if there is none of that id."""
        known = await GenServer.call(supervisor, ("terminate_child", id), timeout=None)
        if known is not None:
            raise LookupError(f"expected a child's id, got {id!r}; known: {known}")

    # Inside.

    async def _start(self, spec: ChildSpec) -> Pid:
        started = spec.start()
        pid = await started if inspect.isawaitable(started) else started
        if not isinstance(pid, Pid):
            raise TypeError(f"expected start of child {spec.id!r} to return a pid, got {pid!r}")
        self._children[spec.id] = _Child(spec, pid)
        return pid

    async def _start_new(self, spec: ChildSpec) -> Pid | Exception:
        if spec.id in self._children:
            return ValueError(f"there is a child {spec.id!r} already; choose another id or terminate it first")
        try:
            return await self._start(spec)
        except Exception as error:
            return error

    async def _terminate_child(self, id: str) -> list[str] | None:
        if id not in self._children:
            return list(self._children)
        await _end(self._children.pop(id))
        return None

    async def _child_ended(self, child: _Child, reason: Reason) -> None:
        restart = child.spec.restart
        if restart == "temporary" or (restart == "transient" and is_quiet(reason)):
            child.pid = None
            if restart == "temporary":
                del self._children[child.spec.id]
            return
        while True:
            self._count_restart(child.spec.id, reason)
            try:
                await self._start(child.spec)
            except Exception:
                logger.exception("restart of child %r failed, it is tried again", child.spec.id)
                child.pid = None
                await asyncio.sleep(0)
            else:
                return

    def _count_restart(self, id: str, reason: Reason) -> None:
        now = asyncio.get_running_loop().time()
        self._restarts.append(now)
        while self._restarts[0] < now - self._period:
            self._restarts.popleft()
        if len(self._restarts) > self._intensity:
            logger.error(
                "%s gives up: child %r ended (%s), which makes %d restarts within %s s, and %d are allowed",
                kernel.self(),
                id,
                reason,
                len(self._restarts),
                self._period,
                self._intensity,
            )
            raise Stop(terms.SHUTDOWN)


async def _end(child: _Child) -> None:
    if child.pid is None:
        return
    ref = kernel.monitor(child.pid)
    kernel.exit(child.pid, terms.SHUTDOWN if child.spec.shutdown != 0 else terms.KILL)
    try:
        await kernel.receive(ref=ref, timeout=child.spec.shutdown or None)
    except TimeoutError:
        logger.warning("child %r did not end within %s s and is killed", child.spec.id, child.spec.shutdown)
        kernel.exit(child.pid, terms.KILL)
        await kernel.receive(ref=ref)
    child.pid = None
