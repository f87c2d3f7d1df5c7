"""Two nodes that talk through a bad network, each of which keeps what it hears, and what must hold of that."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from pickle import PickleBuffer
from typing import Any, TypeAlias

import pytest

import beamlike as bl
from beamlike.distribution.addresses import Address
from beamlike.distribution.directory import Directory, Entry
from beamlike.distribution.shared_memory import WORTH_SHARING
from beamlike.distribution.tls_option import TlsOption
from beamlike.kernel import current
from beamlike.kernel.call import call, reply
from beamlike.kernel.question import Call
from tests.support.bad_network import BadNetwork
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually, forever, settled

NAMES = A, B = "a@127.0.0.1", "b@127.0.0.1"
TICK_TIME = 0.2
CALL_TIMEOUT = 0.1
SLACK = 20.0
"""Seconds that a busy machine may add to any deadline."""

Heard: TypeAlias = list[str | int]
"""Numbers of messages, and "up" and "down", in the order in which one process received them."""

OUTCOMES = (bl.rpc.CallTimedOut, bl.rpc.NodeLost, bl.CallTimeout, bl.CallFailed)
"""How a call over a bad network may fail."""


def content(number: int, size: int) -> bytes | PickleBuffer:
    """What message `number` holds, as an array if it is large enough for shared memory."""
    data = expected(number, size)
    return PickleBuffer(bytearray(data)) if size >= WORTH_SHARING else data


def expected(number: int, size: int) -> bytes:
    return (b"%d." % number * (size // 2 + 1))[:size]


class Talker:
    """One of the nodes, with processes that send, listen, watch and ask."""

    def __init__(self, node: bl.Node, peer: str) -> None:
        self.node = node
        self.peer = peer
        self.heard: Heard = []
        self.fired: Counter[bl.Ref | bl.Pid] = Counter()
        self.watched: dict[bl.Ref | bl.Pid, bl.Pid] = {}
        """By the reference of a monitor, or the pid at the other end of a link: who is watched."""
        self.wrong: list[str] = []
        self.sent = 0
        self.open_calls = 0
        self._context = contextvars.Context()
        self._context.run(lambda: current.enter_node(node))
        self.inbox = self.spawn(self._listen)
        self.server = self.spawn(self._serve)
        self._watcher = self.spawn(self._watch)

    def meet(self, other: Talker) -> None:
        self._courier = self.spawn(self._send, other.inbox)

    def spawn(self, function: Callable[..., Any], *args: Any) -> bl.Pid:
        """The pid as another node knows it: to one's own, in the same interpreter, what is sent goes straight."""
        pid = self._context.run(lambda: bl.spawn(function, *args))
        return bl.Pid(pid.node, pid.id)

    def __str__(self) -> str:
        return (
            f"{self.node.name}, connected to {self.node.peers()}, sent {self.sent}, heard {self.heard}, "
            f"watched {self.watched}, fired {dict(self.fired)}, waits for {self.open_calls} calls"
        )

    # What a test has it do.

    def send(self, count: int, size: int, by_name: bool) -> None:
        self._tell(self._courier, (count, size, by_name))

    def monitor(self, other: Talker) -> None:
        self._tell(self._watcher, ("monitor", other.spawn(forever)))

    def link(self, other: Talker) -> None:
        self._tell(self._watcher, ("link", other.spawn(forever)))

    def call(self, other: Talker) -> None:
        self.open_calls += 2
        self.spawn(self._ask, lambda: bl.rpc.call(self.peer, int, "7", timeout=CALL_TIMEOUT))
        self.spawn(self._ask, lambda: call(other.server, 7, timeout=CALL_TIMEOUT))

    def connect(self) -> None:
        self.open_calls += 1
        self.spawn(self._connect)

    def _tell(self, pid: bl.Pid, message: object) -> None:
        self._context.run(lambda: bl.send(pid, message))

    # Its processes.

    async def _send(self, inbox: bl.Pid) -> None:
        while True:
            count, size, by_name = await bl.receive()
            for _ in range(count):
                self.sent += 1
                target = ("inbox", self.peer) if by_name else inbox
                bl.send(target, (self.sent, size, content(self.sent, size)))

    async def _listen(self) -> None:
        bl.register("inbox", bl.self())
        bl.monitor_nodes()
        while True:
            match await bl.receive():
                case bl.NodeUp():
                    self.heard.append("up")
                case bl.NodeDown():
                    self.heard.append("down")
                case (int(number), int(size), data) if bytes(memoryview(data)) == expected(number, size):
                    self.heard.append(number)
                case other:
                    self.wrong.append(f"a message that nobody sent: {other!r:.200}")

    async def _serve(self) -> None:
        while True:
            match await bl.receive():
                case Call(client, request):
                    reply(client, request)
                case other:
                    self.wrong.append(f"a request that nobody made: {other!r:.200}")

    async def _watch(self) -> None:
        bl.trap_exit(True)
        while True:
            match await bl.receive():
                case ("monitor", pid):
                    self.watched[bl.monitor(pid)] = pid
                case ("link", pid):
                    self.watched[pid] = pid
                    bl.link(pid)
                case bl.Down(ref=ref):
                    self.fired[ref] += 1
                case bl.Exit(pid=pid):
                    self.fired[pid] += 1

    async def _connect(self) -> None:
        with suppress(bl.NotConnected):
            await bl.connect(self.peer)
        self.open_calls -= 1

    async def _ask(self, ask: Callable[[], Any]) -> None:
        began = time.monotonic()
        try:
            value = await ask()
        except OUTCOMES:
            pass
        except Exception as error:
            self.wrong.append(f"a call failed with {error!r}")
        else:
            if value != 7:
                self.wrong.append(f"a call returned {value!r} in place of 7")
        if time.monotonic() - began > CALL_TIMEOUT + SLACK:
            self.wrong.append("a call was over long after its deadline")
        self.open_calls -= 1


def check_what_was_heard(heard: Heard) -> None:
    """Ends and beginnings of connections alternate; no message came twice, or before an earlier one; and within one
    connection none is missing."""
    news = [item for item in heard if isinstance(item, str)]
    assert news == ["up", "down"] * (len(news) // 2) + ["up"] * (len(news) % 2), heard
    last, is_first = 0, True
    for item in heard:
        if isinstance(item, str):
            is_first = is_first or item == "up"
            continue
        assert item > last if is_first else item == last + 1, f"{item} came after {last} in {heard}"
        last, is_first = item, False


class Town:
    """The two of them, and what lies between."""

    def __init__(self, a: bl.Node, b: bl.Node, network: BadNetwork) -> None:
        self.network = network
        self.talkers = Talker(a, B), Talker(b, A)
        for talker, other in (self.talkers, self.talkers[::-1]):
            talker.meet(other)

    async def end_well(self) -> None:
        """The network becomes a good one. Then the two must come together, and all that was promised must hold."""
        self.network.heal()
        try:
            for talker, other in (self.talkers, self.talkers[::-1]):
                async with asyncio.timeout(2 * SLACK):
                    await self._until_heard(talker, other)
            for talker in self.talkers:
                for pid in set(talker.watched.values()):
                    self._kill(pid)
            await eventually(lambda: all(self._all_is_over(talker) for talker in self.talkers))
        except TimeoutError:
            raise AssertionError(f"something hangs: {' / '.join(map(str, self.talkers))}") from None
        await settled()
        for talker in self.talkers:
            assert talker.wrong == []
            assert talker.fired == Counter(talker.watched.keys()), talker
            check_what_was_heard(talker.heard)

    async def _until_heard(self, talker: Talker, other: Talker) -> None:
        """A connection may still turn out to be dead, so what is said may be lost."""
        while talker.sent not in other.heard or not talker.sent:
            talker.send(1, 10, by_name=False)
            await asyncio.sleep(0.005)

    def _kill(self, pid: bl.Pid) -> None:
        for talker in self.talkers:
            if pid.node == talker.node.name:
                talker._context.run(lambda: bl.exit(pid, "kill"))

    @staticmethod
    def _all_is_over(talker: Talker) -> bool:
        return not talker.open_calls and talker.fired.keys() >= talker.watched.keys()


@asynccontextmanager
async def town(path: Path, tls: TlsOption = None) -> AsyncIterator[Town]:
    """Each node finds the other at the entrance of the network only; nothing may fail unseen, in the loop or a log."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    network = BadNetwork(NAMES)
    async with AsyncExitStack() as stack:
        records = stack.enter_context(captured_log("beamlike"))
        a, b = [await stack.enter_async_context(_node(path, name, tls)) for name in NAMES]
        for node, other in ((a, b), (b, a)):
            assert other.address is not None
            entrance = await stack.enter_async_context(network.entrance(other.name, other.address))
            stack.enter_context(_directory(path, node.name).register(_signpost(other.name, entrance)))
        yield Town(a, b, network)
    assert not failures
    assert not [record.getMessage() for record in records if record.levelno >= logging.ERROR]


@asynccontextmanager
async def _node(path: Path, name: str, tls: TlsOption) -> AsyncIterator[bl.Node]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(path / name[0]))
        node = bl.Node(name, secret=b"a secret of the test", tick_time=TICK_TIME, tls=tls)
        await node.start()
    try:
        yield node
    finally:
        async with asyncio.timeout(2 * SLACK):
            await node.stop()


def _directory(path: Path, name: str) -> Directory:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(path / name[0]))
        return Directory()


def _signpost(name: str, entrance: Address) -> Entry:
    return Entry(name, *entrance, os.getpid(), creation=1)
