"""What is done at the end of a turn."""

from __future__ import annotations

import asyncio

import pytest

from beamlike.kernel.scheduler import scheduler_of


def test_what_the_end_of_a_turn_adds_is_done_in_the_next() -> None:
    async def main() -> None:
        scheduler, done = scheduler_of(asyncio.get_running_loop()), asyncio.Event()
        scheduler.at_turn_end(lambda: scheduler.at_turn_end(done.set))
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())


def test_one_that_fails_keeps_no_other_from_being_done(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        scheduler, done = scheduler_of(asyncio.get_running_loop()), asyncio.Event()
        scheduler.at_turn_end(lambda: [][0])
        scheduler.at_turn_end(done.set)
        await asyncio.wait_for(done.wait(), 10)

    asyncio.run(main())
    assert "IndexError" in caplog.text
