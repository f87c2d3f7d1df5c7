"""What only shows with the other node in a process of its own: it is killed, it is frozen, it reads no more."""

import asyncio
import signal
from pathlib import Path

from beamlike.kernel.terms import NodeDown, NodeUp
from tests.support.cluster_process import NAME, cluster_process
from tests.support.clusters import PATIENCE, town

A = "a@127.0.0.1"


def test_messages_go_to_another_process_and_come_back_in_order(tmp_path: Path) -> None:
    async def main() -> None:
        with cluster_process(tmp_path / "nodes"):
            async with town(tmp_path) as place:
                a = await place.member(A)
                for number in range(1000):
                    a.cluster.dial(NAME)(a.message_to(NAME, (number, {number})))
                await a.until_told(NodeUp(NAME))
                async with asyncio.timeout(PATIENCE):
                    while len(a.contents()) < 1000:
                        a.news.clear()
                        await a.news.wait()
                assert a.contents() == [(number, {number}) for number in range(1000)]

    asyncio.run(main())


def test_a_killed_node_is_down_at_once_and_its_successor_can_be_reached(tmp_path: Path) -> None:
    async def main() -> None:
        async with town(tmp_path) as place:
            a = await place.member(A)
            with cluster_process(tmp_path / "nodes") as process:
                await a.cluster.connect(NAME)
                process.send_signal(signal.SIGKILL)
                await a.until_told(NodeDown(NAME, "connection_closed"))
            with cluster_process(tmp_path / "nodes"):
                await a.cluster.connect(NAME)
            await asyncio.sleep(0)

    asyncio.run(main())


def test_a_frozen_node_is_down_after_the_tick_time(tmp_path: Path) -> None:
    async def main() -> None:
        with cluster_process(tmp_path / "nodes") as process:  # it does not give up a, should that be stopped itself
            async with town(tmp_path) as place:
                a = await place.member(A, tick_time=0.4)
                await a.cluster.connect(NAME)
                process.send_signal(signal.SIGSTOP)
                await a.until_told(NodeDown(NAME, "net_tick_timeout"))

    asyncio.run(main())


def test_a_node_that_reads_no_more_does_not_keep_others_from_leaving(tmp_path: Path) -> None:
    async def main() -> None:
        with cluster_process(tmp_path / "nodes") as process:
            async with town(tmp_path) as place:
                a = await place.member(A)
                await a.cluster.connect(NAME)
                process.send_signal(signal.SIGSTOP)
                for _ in range(20):
                    a.links[NAME](a.message_to(NAME, bytes(1 << 20)))
                await asyncio.sleep(0)
                async with asyncio.timeout(PATIENCE):
                    await a.cluster.stop()
                assert a.told[-1] == NodeDown(NAME, "disconnect")

    asyncio.run(main())
