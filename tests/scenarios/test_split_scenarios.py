"""Nodes that lose each other, meet again, or are gone, as on the BEAM."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import Do, Quit, obeying
from tests.scenarios.node_twin import named_peer, node_twin
from tests.scenarios.trace import Trace
from tests.support.local_nodes import PATIENCE, process_of
from tests.support.peers import Peers


@node_twin
async def test_s112_processes_survive_a_split_and_their_ties_do_not(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    await bl.connect(n1.node)
    p = trace.label(bl.spawn(monitors_and_logs, bl.self(), node=n1.node), "p")
    await trace.recv("main")
    bl.link(p)
    trace.label(bl.monitor(p), "m")
    await heard(p)
    await bl.disconnect(n1.node)
    await trace.recv_sorted("main", 2)
    trace("n1", "main_seen_gone", await n1.until(sees_nobody))
    trace("n1", "p_alive", await n1.call(bl.is_alive, p))
    await bl.connect(n1.node)
    trace("main", "reconnect", "pong")
    trace("p", "log", sorted_log(await log_of(p)))
    trace("main", "links", [pid for pid in process_of(bl.self()).links if pid == p])
    bl.exit(p, "kill")
    trace("n1", "p_gone", await n1.until(is_gone, p))
    await bl.rpc.call(n1.node, bl.self)  # whatever it had to tell was told
    await trace.nothing("main")


async def monitors_and_logs(to: bl.Pid) -> None:
    bl.monitor(to)
    bl.send(to, "up")
    await logs()


async def logs() -> None:
    """Traps exits, keeps what it gets, and tells it; does what it is told, and says when it has."""
    bl.trap_exit(True)
    log: list[Any] = []
    while True:
        match await bl.receive():
            case ("log?", asker):
                bl.send(asker, ("log", log))
            case ("heard?", asker):
                bl.send(asker, "heard")
            case Do(function):
                function()
            case message:
                log.append(message)


async def heard(pid: bl.Pid) -> None:
    """Returns when `pid` has got what was sent to it before."""
    bl.send(pid, ("heard?", bl.self()))
    await bl.receive(lambda message: message == "heard", timeout=PATIENCE)


async def log_of(pid: bl.Pid) -> list[Any]:
    bl.send(pid, ("log?", bl.self()))
    _, log = await bl.receive(lambda message: message[0] == "log", timeout=PATIENCE)
    return list(log)


def sorted_log(log: list[Any]) -> list[Any]:
    """As it was recorded: exits first, and no references."""
    exits = [message for message in log if isinstance(message, bl.Exit)]
    downs = [("DOWN", "process", down.pid, down.reason) for down in log if isinstance(down, bl.Down)]
    assert len(exits) + len(downs) == len(log)
    return [*exits, *downs]


def sees_nobody() -> bool:
    return bl.nodes() == []


def is_gone(pid: bl.Pid) -> bool:
    return not bl.is_alive(pid)


@node_twin
async def test_s113_both_sides_of_a_split_are_told(trace: Trace, peers: Peers) -> None:
    n1, n2 = await named_peer(trace, peers, "n1"), await named_peer(trace, peers, "n2")
    await n1.call(bl.connect, n2.node)
    a = trace.label(await n1.call(bl.spawn, logs), "a")
    b = trace.label(await n2.call(bl.spawn, logs), "b")
    await n1.call(bl.send, a, Do(partial(link_and_monitor, b)))
    await n2.call(bl.send, b, Do(partial(bl.monitor, a)))
    for peer, pid in ((n1, a), (n1, b), (n2, a), (n1, b)):  # to and fro: the ties are made
        await peer.call(heard, pid)
    trace("n1", "disconnect", await n1.call(bl.disconnect, n2.node))
    await n2.until(sees_nobody)
    trace("n1", "log", sorted_log(await n1.call(log_of, a)))
    trace("n2", "log", sorted_log(await n2.call(log_of, b)))
    trace("main", "alive", (await n1.call(bl.is_alive, a), await n2.call(bl.is_alive, b)))


def link_and_monitor(pid: bl.Pid) -> None:
    bl.link(pid)
    bl.monitor(pid)


@node_twin
async def test_s149_a_node_that_comes_again_is_another_one(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    trace.means(ValueError, "badarg")
    first = await named_peer(trace, peers, "n1")
    await bl.connect(first.node)
    old = trace.label(await first.call(bl.spawn, obeying), "old")
    await first.call(bl.register, "nm", old)
    bl.monitor_node(first.node)
    first.kill()
    await trace.recv("main")
    bl.monitor_node(first.node, False)
    second = await named_peer(trace, peers, "n1")
    trace("main", "same_name", second.node == first.node)
    await bl.connect(second.node)
    trace("main", "ping", "pong")
    pids = await second.call(spawn_many, bl.self())
    await second.call(name_one)
    bl.send(old, "hello")
    await bl.rpc.call(second.node, bl.self)
    await trace.nothing("main")
    trace.label(bl.monitor(old), "m")
    await trace.recv("main")
    bl.link(old)
    await trace.recv("main")
    bl.send(("nm", second.node), (bl.self(), "hi"))
    await trace.recv("main")
    trace("main", "old_in_new", old in pids)
    trace.attempt("main", "is_process_alive_remote", bl.is_alive, old)


def spawn_many(to: bl.Pid) -> list[bl.Pid]:
    return [bl.spawn(tells_what_it_gets, to) for _ in range(300)]


async def tells_what_it_gets(to: bl.Pid) -> None:
    bl.send(to, ("misdelivered", await bl.receive()))


def name_one() -> None:
    bl.register("nm", bl.spawn(greets))


async def greets() -> None:
    asker, _ = await bl.receive()
    bl.send(asker, "new_one")


@node_twin
async def test_s157_a_large_reason_arrives_whole_and_each_of_many_ties_fires_once(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    n1 = await named_peer(trace, peers, "n1")
    pids = [bl.spawn_link(obeying, node=n1.node) for _ in range(500)]
    for pid in pids:
        bl.monitor(pid)
    bl.send(pids[0], Quit(("big", bytes(1_000_000))))
    big = [kind_and_reason(await bl.receive(timeout=PATIENCE)) for _ in range(2)]
    trace("main", "big", sorted((kind, len(reason[1])) for kind, reason in big))
    n1.kill()
    counts = Counter([kind_and_reason(await bl.receive(timeout=PATIENCE)) for _ in range(998)])
    trace("main", "counts", sorted(counts.items()))
    await trace.nothing("main")


def kind_and_reason(message: Any) -> tuple[str, Any]:
    match message:
        case bl.Exit(_, reason):
            return "exit", reason
        case bl.Down(_, _, reason):
            return "down", reason
    raise AssertionError(f"unexpected {message!r}")


@node_twin
async def test_s158_what_a_node_sent_comes_before_the_news_of_its_loss(trace: Trace, peers: Peers) -> None:
    bl.trap_exit(True)
    rounds = [await loses_a_node(trace, peers, f"n{number}") for number in range(1, 6)]
    trace("main", "messages_first", distinct([news[:3] for news in rounds]))
    trace("main", "kinds_after", distinct([sorted(news[3:], key=repr) for news in rounds]))


async def loses_a_node(trace: Trace, peers: Peers, name: str) -> list[Any]:
    peer = await named_peer(trace, peers, name)
    await bl.connect(peer.node)
    pid = bl.spawn_link(counts_to_three, bl.self(), node=peer.node)
    bl.monitor(pid)
    bl.monitor_nodes()
    bl.send(pid, "go")
    await peer.until(is_named, "done")
    await bl.rpc.call(peer.node, bl.self)  # what it has sent has left it
    peer.kill()
    news = [neutral(await bl.receive(timeout=PATIENCE)) for _ in range(6)]
    bl.monitor_nodes(False)
    return news


async def counts_to_three(to: bl.Pid) -> None:
    await bl.receive()
    for number in (1, 2, 3):
        bl.send(to, number)
    bl.register("done", bl.self())
    await bl.receive()


def is_named(name: str) -> bool:
    return bl.whereis(name) is not None


def neutral(message: Any) -> Any:
    match message:
        case bl.NodeDown():
            return "nodedown"
        case int():
            return message
    return kind_and_reason(message)


def distinct(values: list[Any]) -> list[Any]:
    return [value for index, value in enumerate(values) if value not in values[:index]]
