"""`beamlike top` as a person uses it: in a real terminal, at a real node of another process, which may be killed."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

import beamlike as bl
from tests.support.peers import SECRET, Peers, among_peers
from tests.support.tmux import Tmux, needs_tmux

NAME = "watched"


async def work() -> None:
    """A till that everybody pays at, and one who gets more than it takes."""

    async def till() -> None:
        while True:
            who, amount = await bl.receive()
            bl.send(who, ("paid", amount))

    async def buyer() -> None:
        while True:
            bl.send("till", (bl.self(), 7))
            await bl.receive()
            await asyncio.sleep(0.02)

    bl.register("till", bl.spawn(till))
    bl.register("buyer", bl.spawn(buyer))
    mailer = bl.spawn(asyncio.sleep, 3600)
    bl.register("mailer", mailer)
    for number in range(150):
        bl.send(mailer, ("mail", number))


def has(name: str) -> bool:
    return bl.whereis(name) is not None


@pytest.mark.timeout(180)
@needs_tmux
@among_peers
async def test_a_real_node_is_looked_at_traced_and_found_again_after_it_was_killed(peers: Peers) -> None:
    service = await peers.start(NAME)
    await service.call(work)
    environment = {"BEAMLIKE_SECRET": SECRET.decode(), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "notebook_tui", "top", service.node, "--interval", "0.5"]
    with await asyncio.to_thread(Tmux, command, columns=100, lines=30, env=environment) as terminal:

        async def until(condition: object) -> str:
            return await asyncio.to_thread(terminal.until, condition)  # type: ignore[arg-type]

        await until("● live")
        await until(lambda text: "mailer" in text and " 150 " in text)
        terminal.press("Enter")
        await until("150 messages wait")
        await until("('mail', 1)")
        terminal.press("Escape")
        await until("QUEUE▼")  # a terminal cannot tell Escape and a letter from Alt and that letter
        terminal.press("t", "a")
        await until(lambda text: "('paid', 7)" in text and "▶│" in text)
        terminal.press("Escape")
        await until("stopped")
        terminal.press("Escape")
        await until("QUEUE▼")
        terminal.press("x", "k")
        await until("Really end mailer")
        terminal.press("y")
        await until("ended: 'killed'")
        assert not await service.call(has, "mailer")

        service.kill()
        await until("✗ lost for")
        await service.end()
        again = await peers.start(NAME)
        await again.call(work)
        await until("● live")
        terminal.press("q")
        await until("Pane is dead")
