"""Processes as facts: the first so many by some key, found in slices, and only these are looked into closely."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from itertools import islice
from types import CodeType, FrameType
from typing import Any, Final

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.behaviours.supervision.supervising import living
from beamlike.inspect.facts import ProcessFacts
from beamlike.inspect.looking import places
from beamlike.inspect.looking.awaiting import Chain, chain_of, words
from beamlike.inspect.looking.options import ProcessOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.looking.rates import Counting, counting_of
from beamlike.inspect.looking.sizes import size_of, type_name
from beamlike.inspect.tracing.shown import shown
from beamlike.kernel import current
from beamlike.kernel.guest import GuestProcess
from beamlike.kernel.inspection.code_frames import coroutine_of, is_running, task_of
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.states import (
    ANY,
    CAREFUL,
    CAREFUL_READY,
    CAREFUL_REPLY,
    FUTURE,
    NEW,
    READY,
    REPLY,
    RUNNING,
    UNBORN,
    WAIT,
)
from beamlike.kernel.stepped import SteppedProcess, begin
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import frame_of

MOST_TIES: Final = 100
"""Links, monitors and who monitors, that are told of one process."""
_SAMPLE: Final = 50
"""Messages of a mailbox whose sizes are taken for those of all."""
_RUNNABLE: Final = frozenset((NEW, UNBORN, READY, CAREFUL_READY, RUNNING, CAREFUL))
_KERNEL: Final = places.__file__.rpartition("/inspect/")[0] + "/kernel/"


async def processes(node: LocalNode, options: ProcessOptions, patience: Patience) -> tuple[ProcessFacts, ...]:
    counting = counting_of(node) if options.rates else None
    if counting is not None:
        counting.look()
    chosen = await _chosen(node, options, counting, patience)
    if counting is not None:
        counting.follow(chosen)
    found = []
    for process in chosen:
        if not process.ended:
            found.append(_facts(process, options.stacks, counting))
        if patience.is_due():
            await patience.pause()
    return tuple(found)


async def _chosen(
    node: LocalNode, options: ProcessOptions, counting: Counting | None, patience: Patience
) -> list[Process]:
    if options.pids:
        return [process for pid in options.pids if (process := node.process(pid)) is not None]
    key, largest_first = _key(options.sort, counting)
    # What is smaller than the smallest of the best so far need not be kept.
    best: list[tuple[Any, int, Process]] = []
    sign = 1 if largest_first else -1
    here = looker()
    for number, process in enumerate(node.live()):
        if process is here:
            continue
        if patience.is_due():
            await patience.pause()
        if options.only and not _matches(process, options.only):
            continue
        value = key(process)
        entry = (value if largest_first else _Reversed(value), sign * -number, process)
        if len(best) < options.limit:
            heapq.heappush(best, entry)
        elif entry[:2] > best[0][:2]:
            heapq.heapreplace(best, entry)
    return [process for *_, process in sorted(best, key=lambda entry: entry[:2], reverse=True)]


def looker() -> Process | None:
    """The process that is there only for this look, and is not told of."""
    here = current.process_or_none()
    return None if isinstance(here, GuestProcess) else here


class _Reversed:
    """Stands for a value that comes the earlier the smaller it is."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def __lt__(self, other: _Reversed) -> bool:
        return bool(other._value < self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and bool(other._value == self._value)


def _key(sort: str, counting: Counting | None) -> tuple[Callable[[Process], Any], bool]:
    """By what to sort, and whether the largest come first."""
    busiest = counting.busiest if counting is not None else {}
    match sort:
        case "queue":
            return lambda process: process.message_queue_len, True
        case "memory":
            return memory_of, True
        case "steps":
            return lambda process: busiest.get(process.pid.id, (0, 0))[0], True
        case "messages":
            return lambda process: (busiest.get(process.pid.id, (0, 0))[1], process.message_queue_len), True
        case "links":
            return lambda process: len(process.links), True
        case "name":
            return lambda process: (process.name is None, process.name or "", process.pid.id), False
        case "place":
            return _place_key, False
        case "state":
            return _state, False
        case _:
            return lambda process: process.pid.id, False


def _place_key(process: Process) -> tuple[str, int]:
    frame = next(iter(_own_frames(process)), None)
    return (frame.f_code.co_filename, frame.f_lineno or 0) if frame is not None else ("", 0)


def _matches(process: Process, only: str) -> bool:
    frame = next(iter(_own_frames(process)), None)
    inner = f"{frame.f_code.co_filename} {frame.f_code.co_qualname}" if frame is not None else ""
    texts = (process.name or "", _label(process) or "", inner, _initial_call(process), str(process.pid))
    return any(only in text for text in texts)


def _facts(process: Process, stacks: bool, counting: Counting | None) -> ProcessFacts:
    frames = _own_frames(process)
    rates = counting.of(process) if counting is not None else None
    state = _state(process)
    return ProcessFacts(
        pid=process.pid,
        kind="task" if isinstance(process, GuestProcess) else "process",
        name=process.name,
        label=_label(process),
        state=state,
        waits_for=_waits_for(process) if state == "waiting" else "",
        initial_call=_initial_call(process),
        place=places.own_place(frames),
        queue=process.message_queue_len,
        memory=memory_of(process),
        links=tuple(sorted(islice(process.links, MOST_TIES), key=lambda pid: (pid.node, pid.id))),
        monitors=tuple(shown(target) for target in process.monitors[:MOST_TIES]),
        monitored_by=process.monitored_by[:MOST_TIES],
        trap_exit=process.trap_exit,
        parent=parent_of(process),
        thread=thread_name(process.scheduler.thread_id),
        stack=places.stack(frames) if stacks else (),
        messages_per_s=rates.messages if rates is not None else None,
        steps_per_s=rates.steps if rates is not None else None,
    )


def _own_frames(process: Process) -> list[Any]:
    """The innermost first, without those of the kernel that stand innermost: it is their caller that waits."""
    found = list(_running_frames(process)) if is_running(process) else chain(process).frames
    while len(found) > 1 and found[0].f_code.co_filename.startswith(_KERNEL):
        del found[0]
    return found


def _running_frames(process: Process) -> Iterator[Any]:
    coroutine = coroutine_of(process)
    outermost = getattr(coroutine, "cr_frame", None) if coroutine is not None else None
    for frame in places.callers(frame_of(process.scheduler.thread_id)):
        if frame.f_code is begin.__code__:
            return
        yield frame
        if frame is outermost:
            return


def chain(process: Process) -> Chain:
    if isinstance(process, GuestProcess):
        task = getattr(process, "task", None)
        return chain_of(task) if task is not None else Chain(None)
    return Chain(coroutine_of(process), process.slot if process.state is FUTURE else None)


def _state(process: Process) -> str:
    if process.is_suspended:
        return "suspended"
    if is_running(process):
        return "running"
    if isinstance(process, GuestProcess):
        return "waiting" if chain(process).leaf is not None else "runnable"
    return "runnable" if process.state in _RUNNABLE else "waiting"


def _waits_for(process: Process) -> str:
    if process.state is ANY or process.state is WAIT:
        return "a message"
    if process.state is REPLY or process.state is CAREFUL_REPLY:
        return "a reply"
    return words(chain(process)) or "a message"


def _label(process: Process) -> str | None:
    inspected = process.inspected
    if inspected is None or inspected.label is None:
        return None
    return inspected.label[:200] if type(inspected.label) is str else shown(inspected.label)


def _initial_call(process: Process) -> str:
    coroutine = coroutine_of(process)
    code = getattr(coroutine, "cr_code", None)
    if code is not None:
        frame = getattr(coroutine, "cr_frame", None)
        return _server_class(code, frame) or places.name_of(code, frame)
    if not isinstance(process, SteppedProcess):
        return shown(task_of(process), 80)
    function = getattr(process, "resume", None)
    return shown(function, 80) if function is not None else ""


def _server_class(code: CodeType, frame: FrameType | None) -> str:
    """Of a GenServer, whose loop is the same for all: it says more than that."""
    if code is not GenServer._run.__func__.__code__ or frame is None:  # type: ignore[attr-defined]
        return ""
    kind = type(frame.f_locals.get("server"))
    return f"{type_name(kind)}" if issubclass(kind, GenServer) else ""


def memory_of(process: Process) -> int:
    """Of the process, the frames of its code and its mailbox, whose messages count without what they refer to."""
    queue = process.mailbox if process.mailbox is not None else process.inbox
    parts = (process, process.pid, process.rare, coroutine_of(process), queue, *chain(process).frames)
    return sum(size_of(part) for part in parts if part is not None) + _messages_size(process)


def _messages_size(process: Process) -> int:
    length = process.message_queue_len
    if not length:
        return 0
    sample = [size_of(message) for message in islice(_messages(process), _SAMPLE)]
    return sum(sample) * max(length, len(sample)) // max(1, len(sample))


def _messages(process: Process) -> Iterator[Any]:
    """As they stand in the queue; it may change meanwhile, in another thread."""
    try:
        yield from (process.mailbox if process.mailbox is not None else process.inbox) or ()
    except RuntimeError:
        return


def parent_of(process: Process) -> Pid | None:
    """The supervisor that it is linked to and that was there before it."""
    rare = process.rare
    links = rare.links if rare is not None else None
    for pid in islice(tuple(links or ()), MOST_TIES):
        if pid.id < process.pid.id and pid.node == process.pid.node and pid in living:
            return pid
    return None


def thread_name(number: int) -> str:
    thread = threading._active.get(number)  # type: ignore[attr-defined]  # `enumerate` waits for a lock
    return thread._name if thread is not None else str(number)
