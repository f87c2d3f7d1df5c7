"""Who gets what a call prints, logs and reports, as the caller's side says it: it travels with the call."""

from __future__ import annotations

from contextvars import Context

import beamlike as bl
from beamlike.kernel.current import current_node
from beamlike.kernel.node import LocalNode
from beamlike.kernel.record import record
from beamlike.kernel.user import leader_elsewhere


@record
class Sink:
    """`leader` gets the output, and log records where it is the `user` of its node, who takes them as such; else they
    are text. `progress` gets a Reply with each Progress; None: it is shown as output."""

    leader: bl.Pid
    takes_records: bool
    progress: bl.Alias | None = None


_latest: list[tuple[bl.Pid, bl.Pid | None, Sink]] = []
"""That of the last call, and its leader and user: most calls have the same, which need not be compared then."""


def sink_for_caller(progress: bl.Alias | None = None) -> Sink:
    """The sink for calls of the code that asks: its group leader or, where it has none, as in a script, the `user` of
    its node, which writes to the interpreter's own streams.

    A leader on another node, which called a pool of this one, is reached through a process here: a child need not be
    connected to any node but its parent.
    """
    node = current_node()
    leader = leader_elsewhere(node)
    if leader.node != node.name:
        return Sink(_relay(node, leader), False, progress)
    if progress is not None:
        return Sink(leader, leader == node.user, progress)
    for latest, user, sink in _latest:
        if latest is leader and user is node.user:
            return sink
    sink = Sink(leader, leader == node.user)
    _latest[:] = [(leader, node.user, sink)]
    return sink


_relays: dict[tuple[str, bl.Pid], bl.Pid] = {}


def _relay(node: LocalNode, leader: bl.Pid) -> bl.Pid:
    """The process of `node` that hands on to `leader`; one for all."""
    key = (node.name, leader)
    pid = _relays.get(key)
    if pid is None or node.process(pid) is None:
        process = node.start_process(_hand_on, (leader, key), scheduler=node.output_scheduler, context=Context())
        pid = _relays[key] = process.pid
        process.scheduler.call(process.scheduler.ready, process)
    return pid


async def _hand_on(leader: bl.Pid, key: tuple[str, bl.Pid]) -> None:
    gone = bl.monitor(leader)
    try:
        while True:
            message = await bl.receive()
            if isinstance(message, bl.Down) and message.ref == gone:
                return
            bl.send(leader, message)
    finally:
        if _relays.get(key) == bl.self():
            del _relays[key]
