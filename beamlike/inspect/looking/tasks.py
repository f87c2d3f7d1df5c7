"""The asyncio tasks of the loops that a node lives on. Processes are no tasks of these: see `processes`."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from beamlike.inspect.facts import TaskFacts
from beamlike.inspect.looking import places
from beamlike.inspect.looking.awaiting import Chain, awaited_tasks, chain_of, task_name, words
from beamlike.inspect.looking.loops import loops_of
from beamlike.inspect.looking.options import TaskOptions
from beamlike.inspect.looking.patience import Patience
from beamlike.inspect.looking.processes import thread_name
from beamlike.kernel.node import LocalNode
from beamlike.kernel.scheduler import loop_threads
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place, frame_of


async def tasks(node: LocalNode, options: TaskOptions, patience: Patience) -> tuple[TaskFacts, ...]:
    found, awaited_by = await _rows(node, options, patience)
    found.sort(key=_key(options.sort))
    rows = []
    for task, chain, place in found[: options.limit]:
        if not _DONE(task):
            rows.append(_facts(node, task, chain, place, awaited_by.get(id(task), ()), options.stacks))
        if patience.is_due():
            await patience.pause()
    return tuple(rows)


def count() -> int:
    """How many there are, roughly: those that have ended are in it until they are freed, and processes that have waited
    for something of asyncio's are, too."""
    if sys.version_info >= (3, 14):
        return len(all_tasks())
    known = getattr(asyncio.tasks, "_scheduled_tasks", None)
    return len(known if known is not None else asyncio.tasks._all_tasks)  # type: ignore[attr-defined]  # 3.11


async def _rows(
    node: LocalNode, options: TaskOptions, patience: Patience
) -> tuple[list[tuple[asyncio.Task[Any], Chain, Place | None]], dict[int, tuple[int, ...]]]:
    loops = set(loops_of(node))
    rows = []
    awaited_by: dict[int, tuple[int, ...]] = {}
    for task in all_tasks():
        if patience.is_due():
            await patience.pause()
        if not isinstance(task, asyncio.Task) or _DONE(task) or _LOOP(task) not in loops:
            continue
        chain = chain_of(task)
        for awaited in awaited_tasks(chain):
            awaited_by[id(awaited)] = (*awaited_by.get(id(awaited), ()), id(task))
        place = places.own_place(chain.frames)
        if not options.only or _matches(task, chain, options.only):
            rows.append((task, chain, place))
    return rows, awaited_by


def all_tasks() -> list[Any]:
    """Of all loops of the interpreter, ended ones as well: asyncio's own `all_tasks` looks at each in one go."""
    if sys.version_info >= (3, 14):
        return [task for loop in loop_threads() for task in asyncio.all_tasks(loop)]
    known = getattr(asyncio.tasks, "_scheduled_tasks", None)
    known = known if known is not None else asyncio.tasks._all_tasks  # type: ignore[attr-defined]  # 3.11
    for _ in range(10):
        try:
            return [*known, *getattr(asyncio.tasks, "_eager_tasks", ())]
        except RuntimeError:  # another thread has made one just now
            continue
    return []


_DONE = asyncio.Task.done
_LOOP = asyncio.Task.get_loop


def _key(sort: str) -> Any:
    match sort:
        case "name":
            return lambda row: (task_name(row[0]), id(row[0]))
        case "coroutine":
            return lambda row: (_coroutine(row[0]), id(row[0]))
        case "number":
            return lambda row: id(row[0])
        case "state":
            return lambda row: _state(row[0], row[1])
        case _:
            return lambda row: (row[2].file, row[2].line) if row[2] is not None else ("", 0)


def _matches(task: asyncio.Task[Any], chain: Chain, only: str) -> bool:
    texts = [task_name(task), _coroutine(task), words(chain)]
    texts += [f"{frame.f_code.co_filename} {frame.f_code.co_qualname}" for frame in chain.frames]
    return any(only in text for text in texts)


def _facts(
    node: LocalNode,
    task: asyncio.Task[Any],
    chain: Chain,
    place: Place | None,
    awaited_by: tuple[int, ...],
    stacks: bool,
) -> TaskFacts:
    thread = loop_threads().get(_LOOP(task), 0)
    state = _state(task, chain)
    frames = list(places.callers(frame_of(thread))) if state == "running" else chain.frames
    return TaskFacts(
        number=id(task),
        name=task_name(task),
        coroutine=_coroutine(task),
        state=state,
        waits_for=words(chain) if state == "waiting" else "",
        place=place,
        stack=places.stack(frames) if stacks else (),
        waits_for_tasks=tuple(id(it) for it in awaited_tasks(chain)),
        awaited_by=awaited_by,
        pid=_pid(node, task),
        thread=thread_name(thread),
    )


def _state(task: asyncio.Task[Any], chain: Chain) -> str:
    if asyncio.current_task(_LOOP(task)) is task:
        return "running"
    return "waiting" if chain.leaf is not None else "ready"


def _coroutine(task: asyncio.Task[Any]) -> str:
    coroutine = asyncio.Task.get_coro(task)
    code = getattr(coroutine, "cr_code", None) if type(coroutine).__module__ == "builtins" else None
    if code is None:
        return type(coroutine).__qualname__
    return places.name_of(code, coroutine.cr_frame)  # type: ignore[union-attr]


def _pid(node: LocalNode, task: asyncio.Task[Any]) -> Pid | None:
    guest = node.guest_of(task)
    return guest.pid if guest is not None else None
