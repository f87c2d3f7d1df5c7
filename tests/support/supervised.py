"""Children for the tests of supervisors, and what a supervisor says of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import beamlike as bl
from beamlike.kernel.server_names import Server
from tests.support.local_nodes import forever
from tests.support.shared_by_message import SharedByMessage


class Witnessed(bl.GenServer):
    """Tells `witness` when it starts and when it terminates; ends with what it is sent."""

    def init(self, witness: bl.Pid, id: str) -> None:
        bl.trap_exit(True)
        self.witness, self.id = witness, id
        bl.send(witness, ("started", id))

    def handle_info(self, message: Any) -> None:
        raise bl.Stop(message)

    def terminate(self, reason: Any) -> None:
        bl.send(self.witness, ("terminated", self.id, reason))


def child(id: str, **options: Any) -> bl.ChildSpec:
    """A witnessed child; the current process is the witness."""
    return bl.ChildSpec(id, functools.partial(Witnessed.start_link, bl.self(), id), **options)


def plain(id: str, function: Callable[..., Any] = forever, **options: Any) -> bl.ChildSpec:
    """A child that is no server but a function."""
    return bl.ChildSpec(id, functools.partial(bl.spawn_link, function), **options)


async def ends_as_told() -> None:
    raise bl.ProcessExit(await bl.receive())


async def ignores_exits() -> None:
    bl.trap_exit(True)
    await forever()


async def pids_of(supervisor: Server) -> dict[Any, bl.Pid | None]:
    """The pid of each child, in order."""
    return {child.id: child.pid for child in await bl.Supervisor.which_children(supervisor)}


async def pid_of(supervisor: Server, id: Any) -> bl.Pid:
    """The pid of a child that must be running."""
    pid = (await pids_of(supervisor))[id]
    assert pid is not None
    return pid


async def states_of(supervisor: Server) -> dict[Any, str]:
    """The state of each child, in order."""
    return {child.id: child.state for child in await bl.Supervisor.which_children(supervisor)}


class Flaky(SharedByMessage):
    """A start that fails `failures` times more, and counts its calls."""

    def __init__(self, function: Callable[..., Any] = forever, *, failures: int = 0) -> None:
        self.function = function
        self.failures = failures
        self.calls = 0

    def __call__(self) -> bl.Pid:
        self.calls += 1
        if self.failures > 0:
            self.failures -= 1
            raise ValueError("no port")
        return bl.spawn_link(self.function)


ALWAYS = 1_000_000
"""More failures, or restarts, than any test waits for."""
