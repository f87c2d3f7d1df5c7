"""Messages and receive, as the BEAM does them."""

from __future__ import annotations

import asyncio
from typing import Any

import beamlike as bl
from beamlike.kernel.copying import COPIES
from tests.scenarios.trace import Trace, ends
from tests.scenarios.twin import twin
from tests.support.local_nodes import waiting_messages


@twin
async def test_s001_messages_of_one_sender_keep_their_order(trace: Trace) -> None:
    b = bl.spawn(collects, 2000, bl.self())
    for number in range(1, 2001):
        bl.send(b, number)
    collected = await bl.receive()
    trace("b", "in_order", collected == list(range(1, 2001)))
    trace("b", "count", len(collected))


async def collects(count: int, to: bl.Pid) -> None:
    bl.send(to, [await bl.receive() for _ in range(count)])


@twin
async def test_s002_send_returns_the_message_and_complains_of_an_unknown_bare_name_alone(trace: Trace) -> None:
    dead = trace.label(bl.spawn(str), "dead")
    await ends(dead)
    trace.attempt("main", "send_dead_pid", bl.send, dead, "hello")
    trace.attempt("main", "send_unknown_name", bl.send, "nosuchname", "hello")
    trace.attempt("main", "send_unknown_name_at_node", bl.send, ("nosuchname", bl.self().node), "hello")
    trace.attempt("main", "send_non_pid", bl.send, (1,), "hello")
    trace.attempt("main", "send_self", bl.send, bl.self(), "hello")
    await trace.recv("main")


@twin
async def test_s004_a_receive_with_timeout_0_polls_and_a_message_that_fits_wins(trace: Trace) -> None:
    bl.send(bl.self(), "one")
    trace("main", "poll", await poll("one"))
    trace("main", "poll", await poll("one"))
    bl.send(bl.self(), "two")
    trace("main", "poll_nomatch", await poll("one"))
    trace("main", "queue_len", len(waiting_messages()))
    trace("main", "still_there", [await bl.receive(timeout=0)])


async def poll(wanted: str) -> str:
    try:
        return f"got_{await bl.receive(lambda message: message == wanted, timeout=0)}"
    except TimeoutError:
        return "timed_out"


@twin(jumps=True)
async def test_s005_messages_that_do_not_fit_do_not_restart_the_timeout(trace: Trace) -> None:
    """The noise never stops, so a timeout that started anew would never end; 300 ms are scaled down."""
    noise, started, limit = bl.spawn(noisy, bl.self()), asyncio.get_running_loop().time(), 0.05
    try:
        result = await bl.receive(lambda message: message == "wanted", timeout=limit)
    except TimeoutError:
        result = "timed_out"
    waited = asyncio.get_running_loop().time() - started
    still_noisy = bl.is_alive(noise)
    bl.exit(noise, "kill")
    trace("main", "result", result)
    trace("main", "waited_300_to_600ms", waited >= limit * 0.99 and still_noisy)
    trace("main", "noise_kept", "noise" in [await bl.receive(timeout=0) for _ in waiting_messages()])


async def noisy(to: bl.Pid) -> None:
    while True:
        await asyncio.sleep(0.005)
        bl.send(to, "noise")


@twin(differs=True, equal_if=COPIES)
async def test_s007_a_message_is_not_copied_within_a_node(trace: Trace) -> None:
    b = bl.spawn(tells_what_it_has, bl.self())
    sent: dict[str, Any] = {"k": [1, 2, 3]}
    bl.send(b, sent)
    sent["k"].append(4)
    bl.send(b, "go")
    await trace.recv("main")
    trace("main", "main_has", sent)


async def tells_what_it_has(to: bl.Pid) -> None:
    held = await bl.receive()
    await bl.receive(lambda message: message == "go")
    bl.send(to, ("b_has", held))
