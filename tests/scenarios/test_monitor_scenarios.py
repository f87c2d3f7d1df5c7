"""Monitors and aliases, as the BEAM does them."""

from __future__ import annotations

from functools import partial
from typing import Any

import beamlike as bl
from beamlike.kernel.functions import open_request, spawn_tied
from tests.scenarios.actors import Do, Quit, idle
from tests.scenarios.trace import Trace, ends, quiet
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE, process_of


@twin
async def test_s031_a_monitor_of_the_dead_or_never_registered_is_noproc_at_once(trace: Trace) -> None:
    here = trace.label(bl.self().node, "here")
    dead = trace.label(bl.spawn(str), "dead")
    await ends(dead)
    for target, name in ((dead, "m1"), ("nobody", "m2"), (("nobody", here), "m3")):
        trace.label(bl.monitor(target), name)
        await trace.recv("main")
    trace.attempt("main", "bad_arg", bl.monitor, ["x"])
    trace.attempt("main", "bad_type", bl.monitor, "plutt", bl.self())


@twin
async def test_s032_several_monitors_of_one_process_fire_once_each(trace: Trace) -> None:
    p = idle(trace, "p")
    m1, m2, m3 = (trace.label(bl.monitor(p), name) for name in ("m1", "m2", "m3"))
    trace("main", "distinct", len({m1, m2, m3}))
    trace("main", "p_monitored_by", len(process_of(p).monitored_by))
    bl.demonitor(m2)
    bl.send(p, Quit("boom"))
    await trace.recv_sorted("main", 2)
    await trace.nothing("main")
    q = idle()
    await ends(bl.spawn(watches_and_ends, q))
    await quiet()
    trace("main", "target_unharmed_by_watcher_death", bl.is_alive(q))
    trace("main", "gone_from_monitored_by", ("monitored_by", list(process_of(q).monitored_by)))


def watches_and_ends(pid: bl.Pid) -> None:
    bl.monitor(pid)
    raise bl.ProcessExit("boom")


@twin
async def test_s034_a_monitor_by_name_sticks_to_the_process_found_at_that_moment(trace: Trace) -> None:
    trace.label(bl.self().node, "here")
    p, q = idle(trace, "p"), idle(trace, "q")
    bl.register("n", p)
    trace.label(bl.monitor("n"), "m")
    bl.unregister("n")
    bl.register("n", q)
    bl.send(q, Quit("boomq"))
    await ends(q)
    await trace.nothing("main")
    bl.send(p, Quit("boomp"))
    await trace.recv("main")


@twin
async def test_s035_spawn_monitor_and_spawn_link_are_atomic(trace: Trace) -> None:
    trace("main", "spawn_monitor", sorted({await reason_by_monitor() for _ in range(500)}))
    bl.trap_exit(True)
    trace("main", "spawn_link", sorted({await reason_by_link() for _ in range(500)}))
    trace("main", "both", [list(both) for both in {await reasons_by_both() for _ in range(200)}])


def ends_quickly() -> None:
    raise bl.ProcessExit("quick")


async def reason_by_monitor() -> Any:
    pid, ref = bl.spawn_monitor(ends_quickly)
    down = await bl.receive(ref=ref, timeout=PATIENCE)
    assert down.pid == pid
    return down.reason


async def reason_by_link() -> Any:
    pid = bl.spawn_link(ends_quickly)
    return (await bl.receive(lambda message: message.pid == pid, timeout=PATIENCE)).reason


async def reasons_by_both() -> tuple[tuple[str, Any], ...]:
    ref = bl.make_ref()
    pid = spawn_tied(ends_quickly, (), link=True, monitor=ref)
    news = [await bl.receive(lambda message: message.pid == pid, timeout=PATIENCE) for _ in range(2)]
    return tuple(sorted((type(message).__name__.lower(), message.reason) for message in news))


@twin
async def test_s037_the_receiver_can_switch_an_alias_off(trace: Trace) -> None:
    alias, p = bl.alias(), idle()
    trace("main", "is_ref", isinstance(alias, bl.Alias))
    bl.send(p, Do(partial(bl.send, alias, "one")))
    await trace.recv("main")
    trace("main", "unalias", bl.unalias(alias))
    bl.send(p, Do(partial(bl.send, alias, "two")))
    await trace.nothing("main")
    trace("main", "unalias_again", bl.unalias(alias))
    once = bl.alias(once=True)
    for reply in ("r1", "r2"):
        bl.send(p, Do(partial(bl.send, once, reply)))
    await trace.recv("main")
    await trace.nothing("main")


@twin
async def test_s038_with_a_monitor_and_its_alias_late_replies_vanish(trace: Trace) -> None:
    """The server answers when told to, so that late is late on any machine."""
    s = trace.label(bl.spawn(serves), "s")
    m1 = trace.label(open_request(s), "m1")
    bl.send(s, (m1, "answer1"))
    await trace.recv("main")
    m2 = open_request(s)
    trace("main", "call", await answer_at_once(m2))
    trace("main", "demonitor", bl.demonitor(m2.ref, flush=True))
    bl.send(s, (m2, "late"))
    await trace.nothing("main")
    m3 = trace.label(open_request(s), "m3")
    bl.send(s, Quit("boom"))
    await trace.recv("main")
    bl.send(idle(), Do(partial(bl.send, m3, "x")))
    await trace.nothing("main")
    trace("main", "unalias_after_down", bl.unalias(m3))
    await trace.nothing("main")


async def answer_at_once(request: bl.Alias) -> str:
    try:
        await bl.receive(ref=request.ref, timeout=0)
    except TimeoutError:
        return "timeout"
    return "reply"


async def serves() -> None:
    while True:
        match await bl.receive():
            case Quit(reason):
                raise bl.ProcessExit(reason)
            case (client, answer):
                bl.send(client, bl.Reply(client.ref, answer))
