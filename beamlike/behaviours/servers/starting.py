"""How a server starts: the starter's half, and the half that runs in the new process.

The starter waits until `init` is done. A failing `init` is raised in the starter, and the new process ends for the
same reason. Its link to the starter is cut before that, or the starter would be cancelled on top of the error; not so
if the starter traps exits: then it finds an Exit in its mailbox as well, as in OTP.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from beamlike.behaviours.servers.callbacks import Callbacks
from beamlike.behaviours.servers.outcomes import IGNORE, Continue, Init, Stop, TimeoutAfter
from beamlike.behaviours.servers.server_class import made
from beamlike.behaviours.servers.server_messages import Operation
from beamlike.kernel import functions as kernel
from beamlike.kernel import terms
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import NameTaken
from beamlike.kernel.exceptions import exit_reason, reraisable
from beamlike.kernel.failed import Failed
from beamlike.kernel.record import record
from beamlike.kernel.server_names import Name, check_name, holder_of
from beamlike.kernel.terms import Alias, Down, ExceptionInfo, Pid, Reason, Ref, Reply

S = TypeVar("S", bound=Callbacks)


class AlreadyStarted(NameTaken):
    """The name belongs to another process, and `pid` is that.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         first = await bl.GenServer.start(name="clock")
    ...         try:
    ...             await bl.GenServer.start(name="clock")
    ...         except AlreadyStarted as taken:
    ...             return taken.pid == first
    >>> asyncio.run(main())
    True
    """

    def __init__(self, name: Name, pid: Pid | None) -> None:
        super().__init__(f"the name {name!r} belongs to {pid} already")
        self.name = name
        self.pid = pid


@record
class Birth:
    """What a new process is told of its start. `keeps_link`: the parent wants to see its exit, whatever it is."""

    parent: Pid | None
    keeps_link: bool
    started: Alias
    name: Name | None

    def tell_starter(self, outcome: Any) -> None:
        kernel.send(self.started, Reply(self.started.ref, outcome))


@record
class _Taken:
    holder: Pid | None


# The starter.


async def start_server(
    run: Callable[..., Any],
    class_name: str,
    args: tuple[Any, ...],
    name: Name | None,
    timeout: float | None,
    *,
    link: bool,
    node: str | None,
) -> Pid | None:
    """Spawns `run(birth, args)` and waits until its `init` is done. The pid, or None if it is to be ignored."""
    if name is not None:
        check_name(name)
    if node is not None and not isinstance(node, str):
        raise TypeError(f"expected the name of a node to start {class_name} on, like 'app@127.0.0.1', got {node!r}")
    if name is not None and _is_here(node) and (holder := holder_of(name)) is not None:
        raise AlreadyStarted(name, holder)
    if link and node is not None and not _is_here(node):
        await _reach(node, class_name, timeout)
    ref = kernel.make_ref()
    parent = kernel.self() if link else None
    birth = Birth(parent, link and _traps_exits(), kernel.alias(ref, once=True), name)
    pid = kernel.spawn_tied(run, (birth, args), node, link=link, monitor=ref)
    try:
        answer = await _outcome(pid, ref, class_name, timeout, link)
    finally:
        kernel.demonitor(ref, flush=True)
    if isinstance(answer, Down):
        raise CallFailed(class_name, "init", answer.reason)
    if name is not None and isinstance(answer.value, _Taken):
        raise AlreadyStarted(name, answer.value.holder)
    if isinstance(answer.value, Failed):
        _raise_failure(class_name, answer.value.reason)
    return None if answer.value is IGNORE else pid


async def _reach(node: str, class_name: str, timeout: float | None) -> None:
    """CallFailed if there is no way to that node, before a link to it would make of that an exit signal as well."""
    nobody = kernel.monitor(Pid(node, 0))
    try:
        down = await kernel.receive(ref=nobody, timeout=timeout)
    except TimeoutError:
        raise CallTimeout(node, f"whether it may start {class_name}", timeout) from None
    finally:
        kernel.demonitor(nobody, flush=True)
    if down.reason != terms.NOPROC:
        raise CallFailed(class_name, "init", down.reason)


async def _outcome(pid: Pid, ref: Ref, class_name: str, timeout: float | None, link: bool) -> Reply | Down:
    """What became of `init`; who waits no longer, for whatever reason, leaves no process behind."""
    try:
        answer: Reply | Down = await kernel.receive(ref=ref, timeout=timeout)
    except BaseException as error:
        if link:
            kernel.unlink(pid)
        kernel.exit(pid, terms.KILL)
        if isinstance(error, TimeoutError):
            raise CallTimeout(pid, Operation((f"{class_name}.init",)), timeout) from None
        raise
    return answer


def _raise_failure(class_name: str, reason: Reason) -> NoReturn:
    if isinstance(reason, ExceptionInfo):
        raise reraisable(reason)
    raise CallFailed(class_name, "init", reason)


def _is_here(node: str | None) -> bool:
    return node is None or node == current_node().name


def _traps_exits() -> bool:
    before = kernel.trap_exit(True)
    kernel.trap_exit(before)
    return before


# The new process.


async def begin(cls: type[S], birth: Birth, args: tuple[Any, ...]) -> tuple[S, Init] | None:
    """A server whose `init` is done, and what that returned; None if there is nothing to run."""
    me = kernel.self()
    if birth.name is not None and not await _registered(birth.name, me):
        birth.tell_starter(_Taken(holder_of(birth.name)))
        return None
    try:
        server = made(cls)
        outcome = server.init(*args)
        if inspect.isawaitable(outcome):
            outcome = await outcome
        if outcome is not None and outcome is not IGNORE and not isinstance(outcome, Continue | TimeoutAfter):
            raise TypeError(
                f"expected init of {cls.__name__} to return None, Continue, TimeoutAfter or IGNORE, got {outcome!r}"
            )
    except Exception as error:
        _fail(birth, me, error.reason if isinstance(error, Stop) else exit_reason(error, me))
        return None
    if outcome is IGNORE:
        _free_name(birth)
        birth.tell_starter(IGNORE)
        return None
    birth.tell_starter(me)
    return server, outcome


async def _registered(name: Name, me: Pid) -> bool:
    try:
        if isinstance(name, str):
            kernel.register(name, me)
        elif (registering := name.register()) is not None:
            await registering
    except NameTaken:
        return False
    return True


def _fail(birth: Birth, me: Pid, reason: Reason) -> None:
    """Ends this process for `reason`, by a signal: the starter reports the failure, not the log."""
    if birth.parent is not None and not birth.keeps_link:
        kernel.unlink(birth.parent)
    _free_name(birth)
    birth.tell_starter(Failed(reason))
    kernel.trap_exit(False)
    kernel.exit(me, reason)


def _free_name(birth: Birth) -> None:
    """Before the starter hears of it, so that it can start another at once. A name elsewhere ends with its process."""
    if isinstance(birth.name, str) and kernel.whereis(birth.name) == kernel.self():
        kernel.unregister(birth.name)
