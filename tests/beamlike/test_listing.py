"""A node stays listed while it runs."""

import asyncio
import logging
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from beamlike.distribution.directory import Directory, Entry
from beamlike.distribution.errors import NodeNameTaken
from beamlike.distribution.listing import RENEWAL, Listing
from tests.support.captured_log import captured_log
from tests.support.jumping_loop import JumpingLoop

ENTRY = Entry("x@127.0.0.1", "127.0.0.1", 1, 1, 7)


def in_jumping_loop(main: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await main()

    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        runner.run(run())


def test_a_node_that_was_cleaned_away_is_listed_again(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "nodes")

    async def main() -> None:
        listing = Listing(directory, ENTRY)
        for _ in range(2):
            shutil.rmtree(tmp_path / "nodes")
            await asyncio.sleep(RENEWAL + 1)
            assert directory.nodes() == [ENTRY]
        listing.close()
        assert directory.nodes() == []
        await asyncio.sleep(RENEWAL + 1)
        assert directory.nodes() == []

    in_jumping_loop(main)


def test_a_node_that_cannot_be_listed_again_says_so_once(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "nodes")

    async def main() -> None:
        listing = Listing(directory, ENTRY)
        shutil.rmtree(tmp_path / "nodes")
        with captured_log("beamlike.distribution") as records, directory.register(ENTRY):
            await asyncio.sleep(10 * RENEWAL)
        assert [record.levelno for record in records] == [logging.WARNING]
        assert "x@127.0.0.1 is not listed for its host any more: expected x@127.0.0.1" in records[0].getMessage()
        await asyncio.sleep(RENEWAL)
        assert directory.nodes() == [ENTRY]
        listing.close()

    in_jumping_loop(main)


def test_a_name_that_is_taken_is_refused_and_leaves_no_timer(tmp_path: Path) -> None:
    directory = Directory(tmp_path / "nodes")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, JumpingLoop)
        with directory.register(ENTRY), pytest.raises(NodeNameTaken):
            Listing(directory, ENTRY)
        assert loop.timers() == 0

    in_jumping_loop(main)
