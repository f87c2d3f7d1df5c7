"""A node that does not listen begins to when it is first asked to, whoever asks."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl


@pytest.mark.parametrize("own_thread", [False, True])
def test_a_node_that_is_asked_to_listen_twice_at_once_listens_once(own_thread: bool) -> None:
    async def main() -> None:
        node = bl.Node("late@127.0.0.1", secret="swordfish", listen=False, own_thread=own_thread)
        async with node:
            first, second = await asyncio.gather(node.listen(), node.listen())
            assert first == second == node.address
            assert await node.listen() == first

    asyncio.run(main())
