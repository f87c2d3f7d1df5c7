"""Ends, exit signals and links, as the BEAM does them."""

from __future__ import annotations

import beamlike as bl
from tests.scenarios.actors import idle, watcher
from tests.scenarios.trace import Trace, reason_of
from tests.scenarios.twin import twin
from tests.support.local_nodes import forever, settled


@twin
async def test_s014_exit_normal_is_ignored_by_others_a_message_for_trappers(trace: Trace) -> None:
    p = idle(trace, "p")
    bl.exit(p, "normal")
    await settled()
    trace("main", "p_alive", bl.is_alive(p))
    q = await watcher(trace, "q")
    bl.exit(q, "normal")
    await trace.recv("main")
    trace("main", "q_alive", bl.is_alive(q))
    trace("main", "self_normal", await reason_of(exits_normally_by_a_signal, bl.self()))
    await trace.nothing("main")


async def exits_normally_by_a_signal(to: bl.Pid) -> None:
    bl.exit(bl.self(), "normal")
    bl.send(to, "survived")
    await forever()


@twin
async def test_s026_the_first_exit_signal_decides(trace: Trace) -> None:
    reasons = []
    for _ in range(200):
        p = idle()
        ref = bl.monitor(p)
        bl.exit(p, "first")
        bl.exit(p, "second")
        reasons.append((await bl.receive(ref=ref)).reason)
    trace("main", "reasons", sorted(set(reasons)))
