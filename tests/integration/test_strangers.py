"""Nodes that do not trust each other, names and ports that are taken: one clear message each."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import pytest

import beamlike as bl

STRANGER = """
import asyncio, sys, beamlike as bl
async def main():
    async with bl.Node("stranger@127.0.0.1", secret="another secret") as node:
        print(*node.address, flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


def test_another_secret_is_refused_in_words_that_do_not_show_it() -> None:
    with subprocess.Popen([sys.executable, "-c", STRANGER], stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        program.stdout.readline()

        async def main() -> str:
            async with bl.Node("near@127.0.0.1", secret="our secret"):
                with pytest.raises(bl.NotConnected) as caught:
                    await bl.connect("stranger@127.0.0.1")
                assert bl.nodes() == []
                return str(caught.value)

        try:
            message = asyncio.run(main())
        finally:
            program.kill()
    assert "secret" in message
    assert "our secret" not in message


def test_a_second_live_node_of_a_name_is_refused() -> None:
    async def main() -> None:
        async with bl.Node("one@127.0.0.1", secret="s"):
            with pytest.raises(bl.BeamlikeError, match=r"one@127\.0\.0\.1"):
                await bl.start("one@127.0.0.1", secret="s")

    asyncio.run(main())


def test_a_port_in_use_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        async def main() -> None:
            with pytest.raises(OSError, match=rf"127\.0\.0\.1:{port} is taken"):
                await bl.start("app@127.0.0.1", listen=f"127.0.0.1:{port}", secret="s")

        asyncio.run(main())


def test_two_nodes_of_one_interpreter_talk_and_each_has_its_own_methods() -> None:
    async def main() -> str:
        async with bl.Node("a@127.0.0.1", secret="s") as a, bl.Node("b@127.0.0.1", secret="s") as b:
            await a.connect("b@127.0.0.1")
            assert a.nodes() == ["b@127.0.0.1"]
            here = a.self()
            b.spawn(bl.send, here, "from b")
            answer: str = await a.receive(timeout=10)
            return answer

    assert asyncio.run(main()) == "from b"


def test_an_address_in_place_of_a_name_is_refused_with_the_way_out() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1", secret="s"):
            with pytest.raises(ValueError, match=r"connect\('b@127\.0\.0\.1:4370'\)"):
                await bl.rpc.call("b@127.0.0.1:4370", sum, [1])

    asyncio.run(main())


def test_leaving_an_inner_node_makes_the_outer_one_current_again() -> None:
    async def main() -> None:
        async with bl.Node("outer@127.0.0.1", secret="s") as outer, bl.Node("third@127.0.0.1", secret="s"):
            async with bl.Node("inner@127.0.0.1", secret="s"):
                pass
            assert bl.whereis("nobody") is None
            assert outer.nodes() == []

    asyncio.run(main())
