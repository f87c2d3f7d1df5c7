"""Fly's emulator without a socket, in the time of a loop that jumps: what is asked when, to the tenth of a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

import nodes
from nodes.fly.connections import Connections
from nodes.fly.token_bucket import TokenBuckets
from nodes.invitation import Invitation
from tests.support.fly_machines import IMAGES, TOKEN, Machines
from tests.support.jumping_loop import JumpingLoop

T = TypeVar("T")


class InProcess:
    """In the running loop. `latency` says for each request how long it is under way, and its answer as well."""

    def __init__(self, latency: Callable[[], float] = lambda: 0.0) -> None:
        self.loop = asyncio.get_running_loop()
        self.began = self.loop.time()
        self.machines = Machines(clock=self.loop.time, run=False)
        self._latency = latency
        self._connections = Connections(lambda: httpx.MockTransport(self._answer))
        self._buckets = TokenBuckets(self.loop.time)

    def fly(self, **options: Any) -> nodes.Fly:
        told: dict[str, Any] = {"region": "fra", "token": TOKEN, "dials_child": False, "environ": {}}
        known = {"app": self.machines.app, "image": IMAGES[0], **told, **options}
        return nodes.Fly(connections=self._connections, buckets=self._buckets, **known)

    def times(self, action: str) -> list[float]:
        """When it was asked for, in seconds from the beginning."""
        return [round(it.at - self.began, 3) for it in self.machines.requests(action)]

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        if seconds := self._latency():
            await asyncio.sleep(seconds)
        url = request.url
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.machines.answer(request.method, url.path, url.params.multi_items(), headers, request.content)
        if seconds:
            await asyncio.sleep(seconds)
        if answer is None:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        content = None if answer.body is None else answer.body
        return httpx.Response(answer.status, json=content, headers=dict(answer.headers))


def in_jumping_loop(main: Callable[[InProcess], Awaitable[T]], latency: Callable[[], float] = lambda: 0.0) -> T:
    async def run() -> T:
        world = InProcess(latency)
        try:
            return await main(world)
        finally:
            world.machines.close()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(run())


def invitation(number: int = 1, **options: Any) -> Invitation:
    told: dict[str, Any] = {"dial_seconds": 120.0, "session": "app-7f3a", "pool": "cpu", "runner": f"cpu-{number}"}
    child, token = f"app-{number}@127.0.0.1", b"the token of a child, %d" % number
    return Invitation("app@127.0.0.1", "127.0.0.1", 4370, child, token, **{**told, **options})
