"""A link that holds much back is not read, so that the senders of the other node wait; and goes on when it may."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from signal import SIGKILL
from subprocess import Popen

import pytest

from beamlike.distribution import held_back
from beamlike.distribution.link_sockets import RECEIVE_BUFFER, SEND_BUFFER
from beamlike.kernel.terms import NodeDown, NodeUp
from tests.support.cluster_process import NAME, cluster_process
from tests.support.clusters import PATIENCE, town
from tests.support.codecs import LateCodec
from tests.support.local_nodes import eventually

A, B = "a@127.0.0.1", "b@127.0.0.1"
COUNT = 2000
SIZE = 2000


def waits_for(late: Future[None]) -> Callable[[], LateCodec]:
    """Makes codecs that take the term {"elsewhere"} when `late` is done."""

    def codec() -> LateCodec:
        made = LateCodec()
        made.late["elsewhere"] = late
        return made

    return codec


def test_a_sender_whose_terms_wait_over_there_is_not_read_without_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_back, "BOUND", 100_000)
    late: Future[None] = Future()
    codec = waits_for(late)

    async def main() -> None:
        async with town(tmp_path) as place:
            a = await place.member(A, codec=LateCodec)
            b = await place.member(B, codec=codec, tick_time=0.2)
            await a.cluster.connect(B)
            await b.until_told(NodeUp(A))
            [link] = b.cluster._open_links
            await eventually(lambda: link._connection.lane_is_open)
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


def killed(process: Popen[str]) -> None:
    process.send_signal(SIGKILL)


def told_to_stop(process: Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.parametrize("ends", [killed, told_to_stop])
def test_the_end_of_a_peer_is_seen_behind_all_that_is_held_back_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: Callable[[Popen[str]], None]
) -> None:
    monkeypatch.setattr(held_back, "BOUND", 100_000)

    async def main(process: Popen[str]) -> None:
        async with town(tmp_path) as place:
            b = await place.member(B, codec=waits_for(Future()))
            await b.cluster.connect(NAME)
            [link] = b.cluster._open_links
            await eventually(lambda: link._connection.lane_is_open)
            b.links[NAME](b.message_to(NAME, {"elsewhere"}))
            for number in range(COUNT):
                b.links[NAME](b.message_to(NAME, [number, "x" * SIZE]))
            # It is not by writing either that the end is seen.
            await eventually(lambda: not (link._reads or link._unsent or link._connection.has_more))
            ends(process)
            await b.until_told(NodeDown(NAME, "connection_closed"))

    with cluster_process(tmp_path / "nodes") as process:
        asyncio.run(main(process))
