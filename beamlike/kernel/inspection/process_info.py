"""What there is to know of a process, from any thread, without stopping anybody: Erlang's `process_info`.

It reads what it finds, so a process that runs in another thread may have gone on meanwhile. Left out: `parent`, which
nobody keeps, and `reductions`, since steps are not counted; both would cost each spawn or step something.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import Context, copy_context
from dataclasses import fields
from typing import Any, Final

from beamlike.kernel import current, group_leader
from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.inspection.code_frames import coroutine_of, frames, is_running, place, task_of
from beamlike.kernel.process import Process
from beamlike.kernel.record import frozen
from beamlike.kernel.states import CAREFUL, CAREFUL_READY, NEW, READY, RUNNING, UNBORN
from beamlike.kernel.stepped import SteppedProcess
from beamlike.kernel.terms import Pid, RemoteName
from beamlike.kernel.threads.thread_stack import Place


@frozen
class ProcessInfo:
    """A process at one moment; the meaning of each field stands at `process_info`. Printed, a line for each."""

    pid: Pid
    registered_name: str | None
    label: Any
    status: str
    initial_call: str
    current_function: Place | None
    message_queue_len: int
    links: frozenset[Pid]
    monitors: tuple[Pid | RemoteName, ...]
    monitored_by: tuple[Pid, ...]
    trap_exit: bool
    group_leader: Pid | None

    def __str__(self) -> str:
        lines = [f"{field.name:<17} {_shown(getattr(self, field.name))}" for field in fields(self)]
        return "\n".join(lines)


def process_info(pid: Pid, *items: str) -> Any:
    """A dict of the `items` asked for; without any a ProcessInfo of those that cost little. None if it has ended.

    registered_name, label   None if it has none
    status                   "running", "runnable", "waiting" or "suspended"
    message_queue_len        how many messages wait, and `messages` which, oldest first
    last_messages            what `record_messages` recorded; None if nothing does
    links, monitors, monitored_by   who; monitored_by counts those that wait in a call for its reply
    trap_exit                as set by the function of this name
    current_function         the Place where its code is, and `current_stacktrace` how it came there, that one last;
                             what waits for a message is where it called `receive`
    initial_call             the function that was spawned, with its module
    dictionary               its context variables by name (Erlang: process dictionary); None for an asyncio task where
                             Python does not tell, before 3.12
    group_leader             where its output goes; None: to the streams of the interpreter
    memory                   bytes of the process, the frames of its code and its queue, each message by itself without
                             what it refers to: an estimate from below
    failed_guards            how many messages had another shape than a guard of a receive looked for

    An asyncio task with a process identity has all of them, too. ValueError for an unknown item, and for a pid of
    another node: ask that with `bl.rpc.call`.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         pid = bl.spawn(bl.receive)
    ...         return process_info(pid, "status", "message_queue_len")
    >>> asyncio.run(main())
    {'status': 'runnable', 'message_queue_len': 0}
    """
    for item in items:
        if item not in _ITEMS:
            raise ValueError(f"expected an item of {', '.join(sorted(_ITEMS))}; got {item!r}")
    process = current.process_of(pid, "look into")
    if process is None:
        return None
    wanted = items or _COMMON
    found = {item: _ITEMS[item](process) for item in wanted}
    if process.ended:  # in another thread meanwhile, so what was read is half of the one, half of the other
        return None
    return found if items else ProcessInfo(pid=process.pid, **found)


def set_label(term: Any) -> None:
    """Has `process_info` and who shows processes name the current process by `term`; any number may have the same."""
    current.current_process().own_inspected().label = term


# The items.


def _label(process: Process) -> Any:
    inspected = process.inspected
    return inspected.label if inspected is not None else None


def _last_messages(process: Process) -> tuple[Any, ...] | None:
    inspected = process.inspected
    return inspected.recorder.messages if inspected is not None and inspected.recorder is not None else None


def _status(process: Process) -> str:
    if process.is_suspended:
        return "suspended"
    if is_running(process):
        return "running"
    return "runnable" if _is_runnable(process) else "waiting"


def _is_runnable(process: Process) -> bool:
    if isinstance(process, GuestProcess):
        return getattr(task_of(process), "_fut_waiter", None) is None
    return process.state in (NEW, UNBORN, READY, CAREFUL_READY, RUNNING, CAREFUL)


def _current_function(process: Process) -> Place | None:
    innermost = next(iter(frames(process)), None)
    return place(innermost) if innermost is not None else None


def _current_stacktrace(process: Process) -> tuple[Place, ...]:
    return tuple(map(place, reversed(frames(process))))


def _initial_call(process: Process) -> str:
    coroutine = coroutine_of(process)
    if coroutine is None and isinstance(process, SteppedProcess):
        function: Any = getattr(process, "resume", None)
        function = getattr(function, "func", function)  # of a partial
        return _qualified(getattr(function, "__module__", None), function)
    frame = getattr(coroutine, "cr_frame", None)
    return _qualified(frame.f_globals.get("__name__") if frame is not None else None, coroutine)


def _qualified(module: str | None, named: Any) -> str:
    name = getattr(named, "__qualname__", None) or repr(named)
    return f"{module}.{name}" if module else name


def _context(process: Process) -> Context | None:
    if isinstance(process, SteppedProcess):
        return getattr(process, "context", None)
    if current.process_here() is process:
        return copy_context()
    get_context = getattr(task_of(process), "get_context", None)
    return get_context() if get_context is not None else None


def _dictionary(process: Process) -> dict[str, Any] | None:
    context = _context(process)
    if context is None:
        return None
    return {variable.name: value for variable, value in context.items() if not variable.name.startswith(OURS)}


OURS: Final = "beamlike_"
"""What the names of this package's own context variables begin with."""


def _group_leader(process: Process) -> Pid | None:
    context = _context(process)
    return group_leader.leader_in(context) if context is not None else None


def _memory(process: Process) -> int:
    queue = process.mailbox if process.mailbox is not None else process.inbox
    parts = (process, process.pid, process.rare, coroutine_of(process), queue, *frames(process), *process.messages())
    return sum(sys.getsizeof(part) for part in parts if part is not None)


def _shown(value: Any) -> str:
    if isinstance(value, tuple | frozenset):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


_ITEMS: Final[dict[str, Callable[[Process], Any]]] = {
    "registered_name": lambda process: process.name,
    "label": _label,
    "status": _status,
    "initial_call": _initial_call,
    "current_function": _current_function,
    "message_queue_len": lambda process: process.message_queue_len,
    "links": lambda process: process.links,
    "monitors": lambda process: process.monitors,
    "monitored_by": lambda process: process.monitored_by,
    "trap_exit": lambda process: process.trap_exit,
    "group_leader": _group_leader,
    "messages": lambda process: tuple(process.messages()),
    "last_messages": _last_messages,
    "current_stacktrace": _current_stacktrace,
    "dictionary": _dictionary,
    "memory": _memory,
    "failed_guards": lambda process: process.failed_guards,
}

_COMMON: Final = tuple(field.name for field in fields(ProcessInfo) if field.name != "pid")
