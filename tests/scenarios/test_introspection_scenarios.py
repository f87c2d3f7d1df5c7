"""Looking into processes: who is stuck, what one does, what keeps one from running."""

from __future__ import annotations

from functools import partial
from typing import Any

import beamlike as bl
from beamlike.kernel.inspection.mailbox_limit import max_mailbox
from beamlike.kernel.inspection.process_info import process_info
from beamlike.kernel.inspection.suspension import resume_process, suspend_process
from beamlike.kernel.inspection.tracing import trace as trace_process
from beamlike.kernel.trace_events import Exited, Linked, Received, Sent, Spawned, TraceEvent, UnlinkedBy, WaitedInVain
from tests.scenarios.actors import Do, idle
from tests.scenarios.trace import Trace, dies, ends, quiet
from tests.scenarios.twin import twin
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE


@twin
async def test_s076_the_stuck_one_is_on_top_with_its_name_and_the_line_it_waits_in(trace: Trace) -> None:
    busy, stuck = [idle() for _ in range(19)], bl.spawn(never_reads)
    await quiet()
    for pid in busy:
        for _ in range(50):
            bl.send(pid, Do(int))
    for _ in range(50):
        bl.send(stuck, "x")
    await quiet()
    lengths = [(process_info(pid, "message_queue_len")["message_queue_len"], pid) for pid in bl.processes()]
    length, top = max(lengths, key=lambda pair: pair[0])
    trace("main", "top", (length, ("registered_name", process_info(top, "registered_name")["registered_name"])))
    trace("main", "where_module", process_info(top, "current_function")["current_function"].file == __file__)


async def never_reads() -> None:
    bl.register("stuck", bl.self())
    await bl.receive(lambda message: message == "never")


@twin(jumps=True)
async def test_s077_what_a_traced_process_does_is_told_in_order(trace: Trace) -> None:
    p, sink = trace.label(bl.spawn(goes, bl.self()), "p"), idle(trace, "sink")
    trace_process(p, tracer=bl.spawn(passes_on, bl.self()))
    bl.send(p, ("go", sink))
    _, c = await bl.receive(lambda message: message[0] == "c", timeout=PATIENCE)
    trace.label(c, "c")
    bl.send(p, "cont")
    await ends(p)
    await quiet()
    for _ in range(10):
        _, event = await bl.receive(timeout=PATIENCE)
        trace("trace", "ev", as_on_the_beam(event))


async def goes(main: bl.Pid) -> None:
    _, to = await bl.receive()
    bl.send(to, "answer")
    child = bl.spawn_link(partial(bl.receive, lambda message: message == "end_"))
    bl.send(main, ("c", child))
    await bl.receive(lambda message: message == "cont")
    bl.send(child, "end_")
    try:
        await bl.receive(timeout=0.02)
    except TimeoutError:
        raise bl.ProcessExit("boom") from None


async def passes_on(to: bl.Pid) -> None:
    while True:
        bl.send(to, ("tr", await bl.receive()))


def as_on_the_beam(event: TraceEvent) -> tuple[Any, ...]:
    match event:
        case Received(pid, message):
            return pid, "receive", message
        case WaitedInVain(pid):
            return pid, "receive", "timeout"
        case Sent(pid, to, message):
            return pid, "send", message, to
        case Spawned(pid, child, _):
            return pid, "spawn", child
        case Linked(pid, other):
            return pid, "link", other
        case UnlinkedBy(pid, other):
            return pid, "getting_unlinked", other
        case Exited(pid, reason):
            return pid, "exit", reason
    raise AssertionError(f"{event} has no place in this scenario")


@twin(without=("main: grows",))
async def test_s080_a_process_whose_mailbox_is_flooded_is_killed_alone(trace: Trace) -> None:
    pid, ref = bl.spawn_monitor(never_reads)
    max_mailbox(10_000, "kill", pid=pid)
    with captured_log("beamlike.mailbox"):
        for number in range(100_000):
            bl.send(pid, (number, list(range(10))))
        trace("main", "flooded", (await bl.receive(ref=ref, timeout=PATIENCE)).reason)


@twin
async def test_s082_a_suspended_process_answers_after_the_last_resume_and_can_be_killed(trace: Trace) -> None:
    p = idle(trace, "p")
    suspend_process(p)
    suspend_process(p)
    bl.send(p, Do(partial(bl.send, bl.self(), "r1")))
    await trace.nothing("main")
    trace("main", "status", ("status", process_info(p, "status")["status"]))
    resume_process(p)
    await trace.nothing("main")
    resume_process(p)
    await trace.recv("main")
    trace.attempt("main", "resume_not_suspended", resume_process, p)
    suspend_process(p)
    trace("main", "killed_while_suspended", await dies(p, partial(bl.exit, p, "boom")))
