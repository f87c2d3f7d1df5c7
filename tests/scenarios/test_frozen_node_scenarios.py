"""Nodes that stand still, and consumers that are slow, as on the BEAM."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Any

import beamlike as bl
from tests.scenarios.actors import obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE
from tests.support.peers import Peers

TICK_TIME = 0.8
LIMIT = 0.3


class Pinged(bl.GenServer):
    def handle_call(self, request: object, client: bl.Client) -> str:
        return "pong"


async def start_pinged() -> bl.Pid:
    return await Pinged.start()


async def called(server: bl.Pid, timeout: float) -> tuple[Any, ...]:
    """What a call does, in Erlang's words."""
    try:
        return "returned", await bl.GenServer.call(server, "ping", timeout=timeout)
    except bl.CallTimeout:
        return "exit", "timeout", ("gen_server", "call")


@node_twin
async def test_s107_a_call_to_a_frozen_node_returns_in_time(trace: Trace, peers: Peers) -> None:
    trace.means(bl.rpc.CallTimedOut, ("erpc", "timeout"))
    n1 = await named_peer(trace, peers, "n1")
    server = await bl.rpc.call(n1.node, start_pinged)
    n1.freeze()
    by_rpc = await seconds(trace.attempt_awaited("main", "erpc", bl.rpc.call(n1.node, bl.self, timeout=LIMIT)))
    began = time.monotonic()
    trace("main", "call", await called(server, LIMIT))
    by_call = time.monotonic() - began
    trace("main", "in_time", [LIMIT <= taken < PATIENCE for taken in (by_rpc, by_call)])
    n1.thaw()
    await bl.rpc.call(n1.node, bl.self)  # whatever was to be answered was answered
    await trace.nothing("main")
    trace("main", "works_again", await called(server, PATIENCE))


async def seconds(awaitable: Awaitable[Any]) -> float:
    """How long it took."""
    began = time.monotonic()
    await awaitable
    return time.monotonic() - began


@node_twin(without=("main: took_2500_to_8000ms",), tick_time=TICK_TIME)
async def test_s139_a_frozen_node_is_found_by_its_silence(trace: Trace, peers: Peers) -> None:
    """Recorded with 4 s; a fifth of it here. It is unresponsive after one tick time, and down after four."""
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1", tick_time=TICK_TIME)
    await n1.call(log_news_of_nodes)
    await bl.connect(n1.node)
    p = trace.label(await n1.call(bl.spawn, obeying), "p")
    bl.link(p)
    trace.label(bl.monitor(p), "m")
    bl.monitor_nodes()
    await bl.rpc.call(n1.node, bl.self)  # the ties are there, too
    trace("main", "ticktime", round(TICK_TIME * 5))
    n1.freeze()
    began = time.monotonic()
    for message in [await bl.receive(timeout=PATIENCE) for _ in range(3)]:
        trace("main", "recv*", with_reason(message))
    assert time.monotonic() - began > 3 * TICK_TIME
    n1.thaw()
    trace("n1", "saw_main_down", await n1.until(was_down, bl.self().node))
    trace("n1", "p_alive", await n1.call(bl.is_alive, p))
    await bl.connect(n1.node)
    trace("main", "ping", True)
    await bl.receive(timeout=PATIENCE)  # that the node is up again was not recorded


def with_reason(message: Any) -> Any:
    match message:
        case bl.NodeDown(node, reason):
            return "nodedown", node, [("nodedown_reason", reason)]
    return message


LOST: list[str] = []
"""On the other node: those of which it heard that they are down."""


async def log_news_of_nodes() -> None:
    bl.spawn(logs_news_of_nodes, bl.self())
    await bl.receive(timeout=PATIENCE)


async def logs_news_of_nodes(to: bl.Pid) -> None:
    bl.monitor_nodes()
    bl.send(to, "ready")
    while True:
        if isinstance(news := await bl.receive(), bl.NodeDown):
            LOST.append(news.node)


def was_down(node: str) -> bool:
    return node in LOST


@node_twin
async def test_s142_a_slow_consumer_elsewhere_is_no_busy_connection(trace: Trace, peers: Peers) -> None:
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    consumer = bl.spawn(never_reads, node=n1.node)
    began = time.monotonic()
    for number in range(20_000):
        bl.send(consumer, ("msg", number))
    trace("main", "sends_under_2s", time.monotonic() - began < PATIENCE)
    trace("n1", "queue", await n1.until(waits_with, consumer, 20_000))


async def never_reads() -> None:
    await bl.receive(lambda message: message == "never")


def waits_with(pid: bl.Pid, messages: int) -> bool:
    return bool(bl.process_info(pid, "message_queue_len") == {"message_queue_len": messages})
