"""Nodes with a cluster each, in one event loop, joined by real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from beamlike.distribution.addresses import Address
from beamlike.distribution.cluster import TICK_TIME, Cluster
from beamlike.distribution.directory import Directory
from beamlike.distribution.secret import Secret
from beamlike.distribution.terms_codec import CodecFactory, PickleCodec
from beamlike.kernel.node import LocalNode, SendSignal
from beamlike.kernel.signals import Send, Signal
from beamlike.kernel.terms import NodeDown, NodeUp, Pid

SECRET = Secret(b"swordfish")
PATIENCE = 40.0


class Member(LocalNode):
    """A node that keeps what its cluster tells it, in order, and acts on none of it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.told: list[Signal | NodeUp | NodeDown] = []
        self.hidden_peers: set[str] = set()
        self.links: dict[str, SendSignal] = {}
        self.news = asyncio.Event()
        self.cluster: Cluster
        self.address: Address

    def route(self, signal: Signal) -> None:
        self._tell(signal)

    def peer_up(self, name: str, send: SendSignal, hidden: bool) -> None:
        self.links[name] = send
        if hidden:
            self.hidden_peers.add(name)
        self._tell(NodeUp(name))

    def peer_down(self, name: str, reason: str) -> None:
        self.links.pop(name, None)
        self._tell(NodeDown(name, reason))

    def _tell(self, news: Signal | NodeUp | NodeDown) -> None:
        self.told.append(news)
        self.news.set()

    async def until_told(self, *expected: Any) -> None:
        """Returns when the cluster has told all of `expected`, in any order."""
        async with asyncio.timeout(PATIENCE):
            while missing := [one for one in expected if one not in self.told]:
                self.news.clear()
                try:
                    await self.news.wait()
                except asyncio.CancelledError:
                    raise AssertionError(f"expected {missing}, got {self.told}") from None

    def message_to(self, other: str, content: object) -> Send:
        return Send(Pid(self.name, 1), Pid(other, 2), content)

    def contents(self) -> list[object]:
        """The contents of the messages that came."""
        return [one.message for one in self.told if isinstance(one, Send)]


class Town:
    """Where members of one directory live; all are stopped at its end, and nothing may have failed unseen."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.members: list[Member] = []

    async def member(
        self,
        name: str,
        *,
        secret: Secret = SECRET,
        codec: CodecFactory = PickleCodec,
        hidden: bool = False,
        tick_time: float = TICK_TIME,
        district: str = "nodes",
        listens: bool = True,
    ) -> Member:
        member = Member(name)
        self.members.append(member)
        directory = Directory(self.path / district)
        member.cluster = Cluster(member, secret, codec, hidden=hidden, directory=directory, tick_time=tick_time)
        if listens:
            member.address = await member.cluster.listen("127.0.0.1", 0)
        return member


@asynccontextmanager
async def town(path: Path) -> AsyncIterator[Town]:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    place = Town(path)
    try:
        yield place
    finally:
        for member in place.members:
            await member.cluster.stop()
    await asyncio.sleep(0)
    assert failures == []
    assert asyncio.all_tasks() == {asyncio.current_task()}
