"""`bl.Node(join=...)`, `node.join` and `node.joining`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually

HERE = bl.finding.LocalDirectory


class Hangs:
    async def find(self) -> list[bl.finding.Found]:
        await asyncio.Event().wait()
        return []


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def test_a_node_that_has_started_has_joined(loop_factory: Callable[[], asyncio.AbstractEventLoop]) -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1"), bl.Node("b@127.0.0.1", join=HERE()):
            assert bl.nodes() == ["a@127.0.0.1"]

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


def test_one_that_is_disconnected_by_hand_is_connected_again() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1"), bl.Node("b@127.0.0.1") as b:
            await b.join(HERE(), every=0.01)
            b.monitor_nodes()
            await b.disconnect("a@127.0.0.1")
            assert await b.receive(timeout=PATIENCE) == bl.NodeDown("a@127.0.0.1", "disconnect")
            assert await b.receive(timeout=PATIENCE) == bl.NodeUp("a@127.0.0.1")

    asyncio.run(main())


def test_how_far_it_has_come_is_told_for_each_strategy() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1"), bl.Node("b@127.0.0.1", join=HERE()) as b:
            info = await bl.join(bl.finding.Static("a@127.0.0.1", "c@127.0.0.1"))
            assert [candidate.standing for candidate in info.candidates] == ["connected", "unreachable"]
            assert "expected c@127.0.0.1 among this host's live nodes" in info.candidates[1].why
            assert [it.strategy for it in bl.joining()] == ["LocalDirectory()", info.strategy]
            assert bl.process_info(info.pid, "label") == {"label": f"joining by {info.strategy}"}
            assert b.joining() == bl.joining()

    asyncio.run(main())


def test_what_is_told_is_true_when_a_node_was_lost_since_the_last_look() -> None:
    async def main() -> None:
        a = await bl.start("a@127.0.0.1")
        async with bl.Node("b@127.0.0.1", join=HERE()) as b:
            await a.stop()
            await eventually(lambda: not b.nodes())
            [[candidate]] = [info.candidates for info in b.joining()]
            assert (candidate.name, candidate.standing) == ("a@127.0.0.1", "lost")

    asyncio.run(main())


def test_joining_ends_with_its_process() -> None:
    async def main() -> None:
        async with bl.Node("b@127.0.0.1", join=HERE()):
            [info] = bl.joining()
            bl.exit(info.pid, "shutdown")
            await eventually(lambda: not bl.joining())

    asyncio.run(main())


def test_joining_ends_with_the_node() -> None:
    async def main() -> None:
        node = await bl.start("b@127.0.0.1")
        joins = asyncio.ensure_future(node.join(Hangs()))
        await eventually(lambda: len(node.joining()) == 1)
        await node.stop()
        await joins
        assert node.joining() == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_who_no_longer_waits_for_the_first_look_does_not_end_it() -> None:
    async def main() -> None:
        async with bl.Node("b@127.0.0.1") as node:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await node.join(Hangs())
            assert [info.strategy.partition(" ")[0] for info in node.joining()] == [repr(Hangs()).partition(" ")[0]]

    asyncio.run(main())


def test_a_node_whose_distribution_has_a_thread_of_its_own_joins_there() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1"), bl.Node("b@127.0.0.1", join=HERE(), own_thread=True) as b:
            assert b.nodes() == ["a@127.0.0.1"]
            [info] = b.joining()
            assert [candidate.standing for candidate in info.candidates] == ["connected"]

    asyncio.run(main())


def test_a_node_that_is_not_started_joins_nobody() -> None:
    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"b@127\.0\.0\.1 is not started"):
            await bl.Node("b@127.0.0.1").join(HERE())

    asyncio.run(main())


def test_a_hidden_node_joins_and_is_not_found() -> None:
    async def main() -> None:
        async with bl.Node("a@127.0.0.1") as a, bl.Node("b@127.0.0.1", join=HERE(), hidden=True) as b:
            assert b.nodes() == [a.name]
            info = await a.join(HERE())
            assert info.candidates == ()

    asyncio.run(main())


def test_the_name_of_a_node_has_one_spelling() -> None:
    async def main() -> None:
        async with bl.Node("a@[0:0::1]") as a, bl.Node("b@::1") as b:
            assert a.name == "a@::1"
            await b.connect(f"a@[::1]:{a.address[1] if a.address else 0}")
            assert b.nodes() == ["a@::1"]

    asyncio.run(main())
