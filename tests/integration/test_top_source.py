"""What `beamlike top` asks of a real node of another process, with its secret and with that of observers."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

import beamlike as bl
from notebook_tui.ui.top.source import LiveSource, Look, Wanted
from tests.support.local_nodes import PATIENCE
from tests.support.peers import SECRET, Peer, peers

OBSERVERS = "a secret of those who look"


async def work() -> None:
    async def echo() -> None:
        while True:
            who, word = await bl.receive()
            bl.send(who, word)

    async def talks() -> None:
        while True:
            bl.send("echo", (bl.self(), "hello"))
            await bl.receive()
            await asyncio.sleep(0.01)

    bl.register("echo", bl.spawn(echo))
    bl.register("talker", bl.spawn(talks))


def pid_of(name: str) -> bl.Pid | None:
    return bl.whereis(name)


async def looked_at(source: LiveSource, service: Peer) -> None:
    found = await source.snapshot(Look(("processes", "loops", "links"), sort="name", only="echo"))
    assert [fact.name for fact in found.processes or ()] == ["echo"]
    assert found.node.node == service.node
    echo = (found.processes or ())[0].pid
    detail = await source.snapshot(Look(("processes",), pids=(echo,), stacks=True))
    assert (detail.processes or ())[0].stack
    assert isinstance(await source.messages(echo), tuple)
    async with asyncio.timeout(PATIENCE), aclosing(source.trace(Wanted(messages=("send",), limit=4))) as events:  # type: ignore[type-var]
        said = {(event.process, event.other) async for event in events if event.kind == "sent"}
    assert said == {("talker", "echo"), ("echo", "talker")}
    assert (await source.profile(0.2)).samples > 0
    assert service.node in await source.others()


def test_with_its_secret_a_node_is_looked_at_and_its_processes_are_ended() -> None:
    async def main() -> None:
        async with peers() as started:
            service = await started.start("open")
            await service.call(work)
            source = LiveSource(service.node, secret=SECRET)
            await source.open()
            try:
                await looked_at(source, service)
                echo = await service.call(pid_of, "echo")
                assert await source.end(echo, "kill") == "ended: 'killed'"
                assert await service.call(pid_of, "echo") is None
            finally:
                await source.close()

    asyncio.run(main())


def test_with_the_secret_of_observers_all_is_seen_and_nothing_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_OBSERVE_SECRET", OBSERVERS)

    async def main() -> None:
        async with peers() as started:
            service = await started.start("observed", observers=OBSERVERS)
            await service.call(work)
            source = LiveSource(service.node, secret=b"not the one of the service")
            await source.open()
            try:
                await looked_at(source, service)
                echo = await service.call(pid_of, "echo")
                with pytest.raises(PermissionError, match="it holds the observers' secret"):
                    await source.end(echo, "kill")
                assert await service.call(pid_of, "echo") == echo
            finally:
                await source.close()

    asyncio.run(main())


def test_a_node_that_is_not_there_is_told_of_at_the_start() -> None:
    async def main() -> None:
        source = LiveSource("nobody@127.0.0.1", secret=SECRET)
        with pytest.raises(bl.NotConnected, match=r"nobody@127\.0\.0\.1 cannot be reached"):
            await source.open()
        await source.close()

    asyncio.run(main())
