"""A link that holds much back is not read, so that the senders of the other node wait; and goes on when it may."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

import pytest

from beamlike.distribution import held_back
from beamlike.distribution.link_sockets import RECEIVE_BUFFER, SEND_BUFFER
from beamlike.kernel.terms import NodeUp
from tests.support.clusters import PATIENCE, town
from tests.support.codecs import LateCodec
from tests.support.local_nodes import eventually

A, B = "a@127.0.0.1", "b@127.0.0.1"
COUNT = 2000
SIZE = 2000


def test_a_sender_whose_terms_wait_over_there_is_not_read_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_back, "BOUND", 100_000)
    late: Future[None] = Future()

    def codec() -> LateCodec:
        made = LateCodec()
        made.late["elsewhere"] = late
        return made

    async def main() -> None:
        async with town(tmp_path) as place:
            a, b = await place.member(A, codec=LateCodec), await place.member(B, codec=codec, tick_time=0.2)
            await a.cluster.connect(B)
            await b.until_told(NodeUp(A))
            [link] = b.cluster._open_links
            a.links[B](a.message_to(B, {"elsewhere"}))
            for number in range(COUNT):
                a.links[B](a.message_to(B, [number, "x" * SIZE]))
            await eventually(lambda: not link._reads)
            outbox = a.cluster._peers[B].link._connection.outbox
            await asyncio.sleep(0.5)  # more than the tick time: it is known why nothing is heard
            # What is not in the buffers of the sockets, or held back already, has not left.
            assert len(outbox) > COUNT * SIZE - 4 * (SEND_BUFFER + RECEIVE_BUFFER)
            late.set_result(None)
            async with asyncio.timeout(PATIENCE):
                while len(b.contents()) <= COUNT:
                    b.news.clear()
                    await b.news.wait()
            assert b.contents() == [{"elsewhere"}, *([number, "x" * SIZE] for number in range(COUNT))]

    asyncio.run(main())
