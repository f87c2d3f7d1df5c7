"""Brings what came from another node to the processes of this one.

Messages, requests, replies and calls of functions, which are nearly all, go a short way: their items say whose process
is to do what. All else is a signal, and goes the way of signals. What is for processes of another thread is brought
there together, so that a thread is woken once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import get_ident
from typing import Any, Final, TypeAlias

from beamlike.distribution.apply_items import apply_of
from beamlike.distribution.packing import Undecodable
from beamlike.distribution.wire import ANSWER, APPLY, ASK, POST, POST_TUPLE, Item
from beamlike.kernel.node import LOOP_CLOSED, LocalNode
from beamlike.kernel.process import Process
from beamlike.kernel.question import Call
from beamlike.kernel.scheduler import Scheduler
from beamlike.kernel.signals import Answer, Ask
from beamlike.kernel.states import ANY, READY, REPLY
from beamlike.kernel.terms import Alias, Pid, Reply

logger = logging.getLogger("beamlike.distribution")

Delivery: TypeAlias = tuple[Callable[[Process, Any], object], Process, Any]
"""A function, to be called in the thread of this process, with it and the rest."""


def deliver(node: LocalNode, items: list[Item], there: str, interpret: Callable[[Item], bool]) -> None:
    """Delivers what the node `there` has sent; `interpret` is given each item that has no short way, and may
    put an end to it."""
    here = get_ident()
    elsewhere: dict[Scheduler, list[Delivery]] = {}
    for item in items:
        short_way = _SHORT_WAYS.get(item[0])
        delivery = short_way(node, item, there) if short_way is not None else None
        if delivery is None:
            if elsewhere:
                _bring(elsewhere)
            if not interpret(item):
                return
            continue
        act, process, what = delivery
        if process.scheduler.thread_id == here:
            act(process, what)
        else:
            elsewhere.setdefault(process.scheduler, []).append(delivery)
    if elsewhere:
        _bring(elsewhere)


def _bring(elsewhere: dict[Scheduler, list[Delivery]]) -> None:
    for scheduler, deliveries in elsewhere.items():
        if scheduler.loop.is_closed():  # nobody else will ever end its processes
            for _, process, _ in deliveries:
                process.settle(LOOP_CLOSED)
            _act(deliveries)
        else:
            scheduler.call(scheduler.turn, _act, deliveries)
    elsewhere.clear()


def _act(deliveries: list[Delivery]) -> None:
    for act, process, what in deliveries:
        try:
            act(process, what)
        except Exception:  # of who watches what arrives, for one; it is no matter of the others
            logger.exception("what came for %s could not be delivered", process.pid)


# The short ways: what is to be done for an item, or None, if that is to be found out from the signal.


def _post(node: LocalNode, item: Item, there: str) -> Delivery | None:
    process, message = node.process_by_id(item[1]), item[3]
    if process is None or type(message) is Undecodable:
        return None
    if type(message) is Reply and type(message.value) is Undecodable:  # who waits for it is told by a Down
        return None
    return _hand_over, process, message


def _post_tuple(node: LocalNode, item: Item, there: str) -> Delivery | None:
    process = node.process_by_id(item[1])
    return (_hand_over, process, tuple(item[3])) if process is not None else None


def _ask(node: LocalNode, item: Item, there: str) -> Delivery | None:
    _, source, target, id, asking, request = item
    process = node.process_by_id(target)
    if process is None or asking is not None or type(request) is Undecodable:
        return None
    asker = Pid(there, source)
    return Process.handle, process, Ask(asker, process.pid, Call(asker, id, request))


def _answer(node: LocalNode, item: Item, there: str) -> Delivery | None:
    process = node.process_by_id(item[2])
    if process is None or type(item[4]) is Undecodable:
        return None
    return _take_answer, process, (there, item)


def _apply(node: LocalNode, item: Item, there: str) -> Delivery | None:
    process = node.spawned_for(apply_of(node.name, there, *item[1:]))
    return (_run, process, None) if process is not None else None


_SHORT_WAYS: Final[dict[int, Callable[[LocalNode, Item, str], Delivery | None]]] = {
    POST: _post,
    POST_TUPLE: _post_tuple,
    ASK: _ask,
    ANSWER: _answer,
    APPLY: _apply,
}


# What a process does.


def _hand_over(process: Process, message: Any) -> None:
    """As `send` hands over a message."""
    if process.state is ANY and message is not None:
        _make_ready(process, message)
    elif process.state is READY and process.inbox is not None:
        process.inbox.append(message)
    elif not process.ended:
        process.deliver(message)


def _take_answer(process: Process, answer: tuple[str, Item]) -> None:
    """Gives a process the reply that it waits for, if it does, and for nothing else."""
    there, (_, source, _, id, value) = answer
    awaited, rare = process.awaited, process.rare
    if awaited is None or awaited.id != id or rare is None or not rare.monitors:
        process.handle(Answer(Pid(there, source), Alias(process.pid, id), value))
        return
    rare.monitors.pop(id, None)
    if process.state is REPLY and not rare.careful and rare.backlog is None:
        _make_ready(process, value)
    else:
        process.hand_reply(value)


def _run(process: Process, _: None) -> None:
    process.scheduler.ready(process)


def _make_ready(process: Process, slot: Any) -> None:
    scheduler = process.scheduler
    if not scheduler.armed:
        scheduler.arm()
    process.slot = slot
    process.state = READY
    scheduler.queue.append(process)
