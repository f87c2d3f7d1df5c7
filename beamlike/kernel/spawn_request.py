"""`spawn_request`: has a process started, here or on another node, and tells by a message when it was.

    parent ── Spawn(link, monitor=ref) ──► node of the child
    parent ◄── Reply(ref) ──────────────── child, as the first thing that it does

So the answer comes before anything else of the child, and whatever keeps the child from answering (its node is lost,
the function cannot be had there) comes as the end that the monitor tells. Until then the parent has no tie to the
child, which has its own half from the start. An abandoned request waits for nothing any more: its answer vanishes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, get_args

from beamlike.kernel import current, signals
from beamlike.kernel.callers import calls_users
from beamlike.kernel.process import Process
from beamlike.kernel.requested_spawn import ReplyOption, RequestedSpawn
from beamlike.kernel.spawn import check_spawnable, scheduler_here, unknown_keyword
from beamlike.kernel.terms import Alias, Pid, Ref, Reply
from beamlike.kernel.trace_events import Spawned
from beamlike.kernel.user import leader_elsewhere

SPAWN_REPLY: Final = "spawn_reply"


def spawn_request(
    function: Callable[..., Any],
    *args: Any,
    node: str | None = None,
    link: bool = False,
    monitor: bool = False,
    tag: Any = SPAWN_REPLY,
    reply: ReplyOption = "yes",
    **unknown: Any,
) -> Ref:
    """Asks for a process that runs `function(*args)`, and returns at once. A SpawnReply(tag, ref, ok, pid_or_reason)
    tells the current process that it has begun, or why not ("noconnection", ...), before any signal of it.

    `link` and `monitor` tie the two from then on; the monitor has the ref that is returned. `reply` says which answer
    is wanted: "yes" (either), "no", "error_only" or "success_only". Raises what `spawn` raises for what cannot travel.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.Node("doc@127.0.0.1"):
    ...         ref = bl.spawn_request(str, monitor=True, tag="began")
    ...         answer, end = [await bl.receive(ref=ref, timeout=5) for _ in range(2)]
    ...         return answer.tag, answer.ok, end == bl.Down(ref, answer.pid_or_reason, "normal")
    >>> asyncio.run(main())
    ('began', True, True)
    """
    if unknown:
        raise unknown_keyword(spawn_request, unknown)
    check_spawnable(function, node)
    if reply not in get_args(ReplyOption):
        raise ValueError(f"expected one of {', '.join(get_args(ReplyOption))} as `reply`, got {reply!r}")
    parent = current.current_process()
    here = parent.node
    pid = Pid(node if node is not None else here.name, here.next_id())
    spawn = RequestedSpawn(here.make_ref(), pid, tag, link, monitor, reply)
    parent.trace_event(Spawned, pid, function)
    parent.scheduler.call(parent.await_spawn, spawn)
    try:
        _start(parent, spawn, function, args)
    except BaseException:  # it cannot travel
        parent.scheduler.call(parent.take_spawn, spawn.ref.id)
        raise
    if link and parent.ended:
        # Code of a dead process that is being unwound: what it links to shares its end.
        here.route(signals.Exit(parent.pid, pid, parent.reason, linked=True))
    return spawn.ref


def abandon_spawn_request(ref: Ref) -> bool:
    """Takes a spawn request back that was not answered yet: no answer will come, and there will be no monitor. What
    was to be linked ends with "abandoned", anything else runs on. False if the answer has come, or no such request
    was made."""
    process = current.current_process()
    was_open = process.awaits_spawn(ref)
    process.scheduler.call(process.abandon_spawn, ref)
    return was_open


def _start(parent: Process, spawn: RequestedSpawn, function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    node, work = parent.node, (Alias(parent.pid, spawn.ref.id), function, args)
    if spawn.pid.node == node.name:
        child = node.start_process(_answer_and_run, work, scheduler_here(node, parent), id=spawn.pid.id)
        child.add_parent(parent.pid, link=spawn.link, monitor=spawn.ref)
        child.scheduler.call(child.scheduler.ready, child)
    else:
        leader = leader_elsewhere(node)
        node.route(signals.Spawn(parent.pid, spawn.pid, _answer_and_run, work, spawn.link, spawn.ref, leader))


@calls_users
def _answer_and_run(to: Alias, function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What the child runs. The answer is no message of its code, so no tracer sees it sent."""
    child = current.current_process()
    child.node.route(signals.Send(child.pid, to, Reply(to.ref, None)))
    return function(*args)
