"""Links and trapping, as on the BEAM."""

from __future__ import annotations

from functools import partial

import beamlike as bl
from tests.scenarios.actors import Do, Quit, done, idle, obeying, watcher
from tests.scenarios.trace import Error, Throw, Trace, dies, ends, quiet
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE, forever, process_of


@twin
async def test_s011_a_normal_exit_does_not_disturb_the_partner(trace: Trace) -> None:
    a = trace.label(bl.spawn(links_a_child_and_idles, bl.self()), "a")
    b = trace.label(await bl.receive(), "b")
    trace("main", "b_reason", await dies(b, partial(bl.send, b, "go")))
    await quiet()
    trace("main", "a_alive", bl.is_alive(a))
    trace("main", "a_queue", ("message_queue_len", len(list(process_of(a).messages()))))
    trace("main", "a_links", ("links", list(process_of(a).links)))


async def links_a_child_and_idles(to: bl.Pid) -> None:
    bl.send(to, bl.spawn_link(bl.receive))
    await obeying()


@twin
async def test_s013_trapping_turns_exits_of_links_into_messages(trace: Trace) -> None:
    trace("main", "old_flag", bl.trap_exit(True))
    trace("main", "old_flag", bl.trap_exit(True))
    for error in (None, bl.ProcessExit("boom"), Error("bad"), Throw("ball"), bl.ProcessExit("kill")):
        trace.label(bl.spawn_link(fails, error), "c")
        await trace.recv("main")
    trace.label(bl.spawn_link(kills_itself), "c")
    await trace.recv("main")
    bl.exit(trace.label(bl.spawn_link(forever), "c"), "kill")
    await trace.recv("main")
    trace("main", "flag_off", bl.trap_exit(False))


def fails(error: Exception | None) -> None:
    if error is not None:
        raise error


async def kills_itself() -> None:
    bl.exit(bl.self(), "kill")
    await forever()


@twin
async def test_s016_a_process_that_itself_exits_with_kill_can_be_trapped(trace: Trace) -> None:
    w, n, p = await watcher(trace, "w"), idle(trace, "n"), idle(trace, "p")
    bl.send(w, Do(partial(done, bl.link, p)))
    await trace.recv("main")
    bl.send(n, Do(partial(bl.link, p)))
    await quiet()
    bl.monitor(n)
    bl.send(p, Quit("kill"))
    await trace.recv_sorted("main", 2)
    trace("main", "w_alive", bl.is_alive(w))


@twin
async def test_s017_exit_signals_spread_along_links_and_stop_at_a_trapper(trace: Trace) -> None:
    a, b, d, e = (idle(trace, name) for name in "abde")
    c = await watcher(trace, "c")
    await links(a, b)
    bl.send(c, Do(partial(done, bl.link, b)))
    await trace.recv("main")
    await links(d, e)
    bl.send(c, Do(partial(done, bl.link, d)))
    await trace.recv("main")
    trace("b", "died", await dies(b, partial(bl.send, a, Quit("boom"))))
    await trace.recv("main")
    await quiet()
    for pid in (a, b, c, d, e):
        trace("main", "alive", (pid, bl.is_alive(pid)))


async def links(one: bl.Pid, other: bl.Pid) -> None:
    """Has `one` link to `other`, and returns when it has."""
    me = bl.self()

    def link_and_say_so() -> None:
        bl.link(other)
        bl.send(me, "linked")

    bl.send(one, Do(link_and_say_so))
    await bl.receive(lambda message: message == "linked")


@twin
async def test_s019_kill_becomes_killed_exactly_once_along_a_chain(trace: Trace) -> None:
    bl.trap_exit(True)
    trace.label(bl.spawn_link(chain, 8, bl.self()), "head")
    _, last = await bl.receive(lambda message: message[0] == "last")
    bl.exit(last, "kill")
    await trace.recv("main")
    trace.label(bl.spawn_link(chain_whose_last_exits, 8), "head2")
    await trace.recv("main")


async def chain(length: int, to: bl.Pid) -> None:
    if length == 0:
        bl.send(to, ("last", bl.self()))
    else:
        bl.spawn_link(chain, length - 1, to)
    await forever()


async def chain_whose_last_exits(length: int) -> None:
    if length == 0:
        raise bl.ProcessExit("kill")
    bl.spawn_link(chain_whose_last_exits, length - 1)
    await forever()


@twin
async def test_s020_linking_to_a_process_that_is_gone(trace: Trace) -> None:
    dead = trace.label(bl.spawn(str), "dead")
    await ends(dead)
    w = await watcher(trace, "w")
    bl.send(w, Do(partial(done, bl.link, dead)))
    await trace.recv_sorted("main", 2)
    p, ref = bl.spawn_monitor(tries_to_link, dead, bl.self(), trace)
    trace.label(p, "p")
    trace.label(ref, "m")
    await trace.recv("main")
    trace("main", "p_alive_after", bl.is_alive(p))
    bl.exit(p, "kill")
    await trace.recv("main")


async def tries_to_link(pid: bl.Pid, to: bl.Pid, trace: Trace) -> None:
    bl.send(to, ("nontrap", trace.outcome(done, bl.link, pid)))
    await forever()


@twin
async def test_s022_links_do_not_count(trace: Trace) -> None:
    bl.trap_exit(True)
    p = idle(trace, "p")
    bl.link(p)
    bl.link(p)
    trace("main", "links_to_p", sum(pid == p for pid in process_of(bl.self()).links))
    bl.unlink(p)
    bl.send(p, Quit("boom"))
    await ends(p)
    await trace.nothing("main")
    q = idle(trace, "q")
    bl.link(q)
    bl.link(q)
    bl.send(q, Quit("boom"))
    await trace.recv("main")
    await trace.nothing("main")


@twin
async def test_s023_a_link_and_a_monitor_to_oneself_do_nothing(trace: Trace) -> None:
    trace("main", "link_self", done(bl.link, bl.self()))
    trace("main", "self_in_links", bl.self() in process_of(bl.self()).links)
    trace("main", "is_ref", isinstance(bl.monitor(bl.self()), bl.Ref))
    await trace.nothing("main")


@twin
async def test_s028_one_parent_and_many_linked_children_end_together(trace: Trace) -> None:
    for who in ("parent", "child"):
        parent = bl.spawn(links_children, 200, bl.self())
        family = [parent, *await bl.receive()]
        refs = [bl.monitor(pid) for pid in family]
        bl.send(family[0 if who == "parent" else 77], Quit("boom"))
        reasons = [(await bl.receive(ref=ref, timeout=PATIENCE)).reason for ref in refs]
        trace("main", who, (len(reasons), sorted(set(reasons))))


async def links_children(count: int, to: bl.Pid) -> None:
    bl.send(to, [bl.spawn_link(obeying) for _ in range(count)])
    await obeying()
