"""Work that is done for one who watches it: it ends as soon as nobody does.

A call of another node is such work: its caller monitors the process, and however the caller stops waiting (time-out,
cancel, exit signal, a lost connection) the monitor is gone, which the process hears of without a signal of its own.
"""

from __future__ import annotations

from typing import Any

from beamlike.kernel import current, signals
from beamlike.kernel.errors import ProcessExit
from beamlike.kernel.terms import SHUTDOWN, Alias, Ref

UNWATCHED = "unwatched"


def live_for(ref: Ref) -> None:
    """From now on the monitor `ref`, which another process has on this one, keeps the current process alive: when it is
    taken back or its owner is lost, the process ends with "killed". If that is so already, it ends here."""
    rare = current.process_here().own_rare()
    if ref.id not in (rare.monitored_by or ()):
        raise ProcessExit((SHUTDOWN, UNWATCHED))
    rare.lives_for = ref.id


def last_word(to: Alias, value: Any) -> None:
    """Answers the one that the current process lives for. With the answer the monitor ends, on both sides and without
    a signal more, so what the process does from now on is nobody's business. UnencodableTerm if the value cannot
    travel; then nothing has happened."""
    process = current.process_here()
    if not process.ended:
        outlet = process.node.outlets.get(to.pid.node)
        if outlet is not None:
            outlet.answer(process.pid.id, to, value)
        else:
            process.node.route(signals.Answer(process.pid, to, value))
        rare = process.own_rare()
        rare.lives_for = None
        if rare.monitored_by:
            rare.monitored_by.pop(to.id, None)
