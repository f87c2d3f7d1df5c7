"""Brings what came from another node to the processes of this one.

Messages, requests and replies between processes, which are nearly all, are delivered here as their items say, without
a signal being made. All else is a signal, and goes the way of signals.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import get_ident
from typing import Any

from beamlike.distribution.packing import Undecodable
from beamlike.distribution.wire import ANSWER, ASK, POST, POST_TUPLE, Item
from beamlike.kernel.node import LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.question import Call
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.signals import Ask
from beamlike.kernel.states import ANY, READY, REPLY
from beamlike.kernel.terms import Pid


def deliver(node: LocalNode, items: list[Item], there: str, interpret: Callable[[Item], bool]) -> None:
    """Delivers what the node `there` has sent; `interpret` is given each item that is something else, and may
    put an end to it.

    What is for processes of other threads is brought there together, so that a thread is woken once.
    """
    find, here = node.process_by_id, get_ident()
    elsewhere: dict[Scheduler, list[tuple[Process, Any]]] = {}
    for item in items:
        kind = item[0]
        if kind in (POST, POST_TUPLE):
            process = find(item[1])
            if process is not None and type(item[3]) is not Undecodable:
                message = item[3] if kind == POST else tuple(item[3])
                if process.scheduler.thread_id == here:
                    _hand_over(process, message)
                else:
                    elsewhere.setdefault(process.scheduler, []).append((process, message))
                continue
        elif kind == ANSWER:
            process = find(item[2])
            if process is not None and process.scheduler.thread_id == here and _answered(process, item[3], item[4]):
                continue
        elif kind == ASK:
            process = find(item[2])
            if process is not None and process.scheduler.thread_id == here and item[4] is None:
                _, source, _, id, _, request = item
                if type(request) is not Undecodable:
                    asker = Pid(there, source)
                    process.be_asked(Ask(asker, process.pid, Call(asker, id, request)))
                    continue
        if elsewhere:
            _bring(elsewhere)
        if not interpret(item):
            return
    if elsewhere:
        _bring(elsewhere)


def _hand_over(process: Process, message: Any) -> None:
    """As `send` hands over a message."""
    if process.state is ANY and message is not None:
        _make_ready(process, message)
    elif process.state is READY and process.inbox is not None:
        process.inbox.append(message)
    else:
        process.deliver(message)


def _answered(process: Process, id: int, value: Any) -> bool:
    """Gives a process the reply that it waits for, and for nothing else."""
    awaited, rare = process.awaited, process.rare
    if awaited is None or awaited.id != id or rare is None or not rare.monitors or type(value) is Undecodable:
        return False
    rare.monitors.pop(id, None)
    if process.state is REPLY and not rare.careful and rare.backlog is None:
        _make_ready(process, value)
    else:
        process.hand_reply(value)
    return True


def _make_ready(process: Process, slot: Any) -> None:
    scheduler = process.scheduler
    if not scheduler.armed:
        scheduler.arm()
    process.slot = slot
    process.state = READY
    scheduler.queue.append(process)


def _bring(elsewhere: dict[Scheduler, list[tuple[Process, Any]]]) -> None:
    for scheduler, messages in elsewhere.items():
        scheduler.call(_hand_over_all, messages)
    elsewhere.clear()


def _hand_over_all(messages: list[tuple[Process, Any]]) -> None:
    for process, message in messages:
        if not process.ended:
            _hand_over(process, message)
