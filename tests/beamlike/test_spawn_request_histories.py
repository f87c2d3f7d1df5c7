"""Spawn requests between two nodes whose signals travel one at a time, in any order of the two directions, until the
connection is cut: each request has one outcome, and ties only where that says so."""

from __future__ import annotations

import pickle
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.signals import Send, Signal
from tests.scenarios.actors import Quit, obeying
from tests.support.local_nodes import process_of, run_in_node, settled, waiting_messages

FAR = "far@127.0.0.1"

numbers = st.integers(0, 20)
replies = st.sampled_from(["yes", "no", "error_only", "success_only"])
commands = st.one_of(
    st.tuples(st.just("request"), st.booleans(), st.booleans(), replies),
    st.tuples(st.sampled_from(["abandon", "demonitor", "end"]), numbers),
    st.sampled_from([("deliver", "there"), ("deliver", "there"), ("deliver", "back"), ("deliver", "back")]),
    st.just(("cut",)),
)


@dataclass
class Request:
    """What was asked for, and how it stands: "open", "answered", "failed" or "abandoned"."""

    ref: bl.Ref
    pid: bl.Pid
    link: bool
    monitor: bool
    reply: str
    state: str = "open"
    told_to_end: bool = False


@dataclass
class Story:
    near: LocalNode
    far: LocalNode
    there: deque[bytes] = field(default_factory=deque)
    back: deque[bytes] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    connected: bool = True

    def connect(self) -> None:
        self.near.peer_up(FAR, lambda signal: self.there.append(pickle.dumps(signal)), hidden=False)
        self.far.peer_up(self.near.name, lambda signal: self.back.append(pickle.dumps(signal)), hidden=False)

    async def play(self, command: tuple[Any, ...]) -> None:
        match command:
            case ("request", link, monitor, reply):
                self.request(link, monitor, reply)
            case ("deliver", way):
                self.deliver(way)
            case ("cut",) if self.connected:
                self.cut()
            case (act, number) if self.requests:
                self.act(act, self.requests[number % len(self.requests)])
        await settled()

    def request(self, link: bool, monitor: bool, reply: Any) -> None:
        ref = bl.spawn_request(obeying, node=FAR, link=link, monitor=monitor, reply=reply)
        spawns = process_of(bl.self()).own_rare().spawns or {}
        pid = spawns[ref.id].pid if ref.id in spawns else bl.Pid(FAR, 0)
        self.requests.append(Request(ref, pid, link, monitor, reply, "open" if self.connected else "failed"))

    def act(self, act: str, request: Request) -> None:
        match act:
            case "abandon":
                assert bl.abandon_spawn_request(request.ref) == (request.state == "open")
                if request.state == "open":
                    request.state = "abandoned"
            case "demonitor":
                bl.demonitor(request.ref)  # without flush: a Down that has come stays
                request.monitor = request.monitor and request.ref in heard_of_end()
            case "end" if request.state == "answered":
                bl.send(request.pid, Quit("boom"))
                request.told_to_end = True

    def deliver(self, way: str) -> bool:
        """The oldest signal on that way, if there is one."""
        queue, to = (self.there, self.far) if way == "there" else (self.back, self.near)
        if not queue:
            return False
        signal: Signal = pickle.loads(queue.popleft())
        if isinstance(signal, Send) and isinstance(signal.target, bl.Alias):
            for request in self.requests:
                if request.ref == signal.target.ref and request.state == "open":
                    request.state = "answered"
        to.route(signal)
        return True

    def cut(self) -> None:
        self.connected = False
        self.there.clear()
        self.back.clear()
        for request in self.requests:
            if request.state == "open":
                request.state = "failed"
        self.near.peer_down(FAR, "cut")
        self.far.peer_down(self.near.name, "cut")

    async def end(self) -> None:
        """All that is under way arrives."""
        while self.deliver("there") or self.deliver("back"):
            await settled()

    def check(self, request: Request) -> None:
        about = [message for message in waiting_messages() if concerns(message, request)]
        ok = request.state == "answered"
        if request.state in ("answered", "failed") and wanted(request.reply, ok):
            answer, *about = about
            reason = request.pid if ok else "noconnection"
            assert answer == bl.SpawnReply("spawn_reply", request.ref, ok, reason)
        over = ok and (request.told_to_end or not self.connected)
        ties = {bl.Exit: request.link, bl.Down: request.monitor}
        assert sorted(type(message).__name__ for message in about) == sorted(
            kind.__name__ for kind, asked in ties.items() if asked and over
        )
        me, child = process_of(bl.self()), self.far.process(request.pid)
        assert (request.pid in me.links) == (request.link and ok and not over)
        assert (request.pid in me.monitors) == (request.monitor and ok and not over)
        if child is None:
            assert over or not self.connected or (request.state, request.link) == ("abandoned", True)
        else:
            assert child.links == ({me.pid} if request.pid in me.links else set())
            assert child.monitored_by == ((me.pid,) if request.pid in me.monitors else ())


def heard_of_end() -> set[bl.Ref]:
    return {message.ref for message in waiting_messages() if isinstance(message, bl.Down)}


def concerns(message: Any, request: Request) -> bool:
    match message:
        case bl.Exit(pid):
            return bool(pid == request.pid)
    return bool(message.ref == request.ref)


def wanted(reply: str, ok: bool) -> bool:
    return reply in ("yes", "success_only" if ok else "error_only")


async def play(history: list[tuple[Any, ...]]) -> None:
    bl.trap_exit(True)
    near, far = current.current_node(), LocalNode(FAR)
    story = Story(near, far)
    story.connect()
    for command in history:
        await story.play(command)
    await story.end()
    for request in story.requests:
        story.check(request)
    assert not process_of(bl.self()).own_rare().spawns
    far.halt()
    await settled()
    assert far.processes() == []


@given(st.lists(commands, max_size=30))
def test_each_request_has_one_outcome_and_ties_as_it_says(history: list[tuple[Any, ...]]) -> None:
    run_in_node(lambda: play(history))
