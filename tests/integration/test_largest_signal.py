"""What is larger than a node takes."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl

MOST = 1 << 20


def test_a_message_that_is_too_large_is_refused_where_it_is_sent_and_the_connection_lives_on() -> None:
    async def main() -> None:
        async with (
            bl.Node("b@127.0.0.1", secret="x", largest_signal=MOST) as b,
            bl.Node("a@127.0.0.1", secret="x", largest_signal=MOST),
        ):
            echo = b.spawn(_echo)
            for content in (bytes(MOST), "x" * MOST, [bytes(MOST // 2)] * 2):
                with pytest.raises(bl.UnencodableTerm, match=f"at most {MOST} bytes"):
                    bl.send(bl.Pid(echo.node, echo.id), (bl.self(), content))
            bl.send(bl.Pid(echo.node, echo.id), (bl.self(), "small"))
            assert await bl.receive(timeout=10) == "small"

    asyncio.run(main())


def test_a_result_that_is_too_large_is_an_error_of_the_call() -> None:
    async def main() -> None:
        async with bl.Node("b@127.0.0.1", secret="x", largest_signal=MOST) as b, bl.Node("a@127.0.0.1", secret="x"):
            with pytest.raises(bl.UnencodableTerm, match=f"at most {MOST} bytes"):
                await bl.rpc.call(b.name, bytes, 2 * MOST, timeout=10)

    asyncio.run(main())


def test_a_node_that_is_sent_more_than_it_takes_ends_the_connection() -> None:
    async def main() -> None:
        async with bl.Node("b@127.0.0.1", secret="x", largest_signal=MOST) as b, bl.Node("a@127.0.0.1", secret="x"):
            echo = b.spawn(_echo)
            await bl.connect(b.name)
            bl.monitor_node(b.name)
            bl.send(bl.Pid(echo.node, echo.id), bytes(2 * MOST))
            assert await bl.receive(timeout=10) == bl.NodeDown(b.name, "connection_closed")

    asyncio.run(main())


async def _echo() -> None:
    while True:
        sender, content = await bl.receive()
        bl.send(sender, content)
