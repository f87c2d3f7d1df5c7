"""Maps of many short calls on real children: several items go as one call, and nobody can tell but by the time."""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

import beamlike as bl
import flame
from beamlike.kernel.group_leader import Output, set_leader
from flame.bulk import BegunCall
from flame.calls import Request
from flame.events import CallFinished, CallQueued, CallStarted, Event
from flame.mapping import Begun, Come, Item
from flame.pool_server import POOLS
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.pool_remains import work_of
from tests.support.pools import SECONDS, pool

MANY = 3000


def noted(folder: Path) -> Callable[[int], int]:
    """A function that leaves its item in a file of its process."""

    def note(item: int) -> int:
        with open(folder / str(os.getpid()), "a") as file:
            file.write(f"{item}\n")
        return item

    return note


def notes(folder: Path) -> Counter[int]:
    return Counter(int(line) for file in folder.iterdir() for line in file.read_text().splitlines())


def until_there(path: Path) -> None:
    """Returns when there is such a file."""
    over = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < over
        time.sleep(0.001)  # another process makes it, and says so by no event


@pytest.mark.parametrize("ordered", [True, False])
def test_each_item_runs_once_and_is_counted_once(tmp_path: Path, ordered: bool) -> None:
    async def main() -> None:
        async with pool(max=2, max_concurrency=3) as cpu:
            values = [value async for value in cpu.map(noted(tmp_path), range(MANY), ordered=ordered)]
            assert (values if ordered else sorted(values)) == [*range(MANY)]
            assert notes(tmp_path) == dict.fromkeys(range(MANY), 1)
            stats = await cpu.stats()
            assert stats.finished == {"returned": MANY}
            assert sum(runner.served for runner in stats.runners) == MANY

    asyncio.run(main())


def test_an_item_that_lasts_holds_up_no_other(tmp_path: Path) -> None:
    go_on = tmp_path / "go on"

    def waits(item: int) -> int:
        if item == MANY // 2:
            until_there(go_on)
        return item

    async def main() -> None:
        async with pool(max=2) as cpu, aclosing(cpu.map(waits, range(MANY))) as values:
            others = {await anext(values) for _ in range(MANY - 1)}
            assert MANY // 2 not in others
            go_on.touch()
            assert [value async for value in values] == [MANY // 2]
            assert (await cpu.stats()).finished == {"returned": MANY}

    asyncio.run(main())


def test_an_exception_comes_in_its_turn_and_a_map_that_is_left_runs_no_more(tmp_path: Path) -> None:
    note = noted(tmp_path)

    def fails(item: int) -> int:
        if item == MANY // 2:
            raise KeyError(item)
        return note(item)

    async def main() -> None:
        async with pool(max=2, max_concurrency=3) as cpu:
            values = cpu.map(fails, range(MANY), ordered=True)
            assert [await anext(values) for _ in range(MANY // 2)] == [*range(MANY // 2)]
            with pytest.raises(KeyError, match=str(MANY // 2)):
                await anext(values)
        assert max(notes(tmp_path).values()) == 1
        assert len(notes(tmp_path)) < MANY - 1

    asyncio.run(main())


def test_what_a_killed_runner_had_is_lost_and_nothing_runs_twice(tmp_path: Path) -> None:
    note = noted(tmp_path)

    def dies(item: int) -> int:
        if item == MANY // 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return note(item)

    async def main() -> None:
        async with pool(max=2, max_concurrency=3) as cpu:
            with pytest.raises(flame.RunnerLost):
                async for _ in cpu.map(dies, range(MANY)):
                    pass
        assert max(notes(tmp_path).values()) == 1

    asyncio.run(main())


def test_the_output_of_each_item_is_bounded_by_itself() -> None:
    """Two hundred kilobytes are less than a call may say, and more than a part of what a chunk might."""

    def says(item: int) -> int:
        if item % 100 == 99:
            print("x" * 200_000)
        return item

    async def main() -> None:
        async with pool(max=1) as cpu:
            set_leader(bl.self())
            async for _ in cpu.map(says, range(MANY)):
                pass
            said = 0
            while said < MANY // 100 * 200_000:
                output = await bl.receive(lambda it: isinstance(it, Output), timeout=SECONDS)
                assert output.stream == "stdout"
                said += output.text.count("x")

    asyncio.run(main())


def test_a_value_that_is_not_small_ends_its_chunk_and_each_comes_once() -> None:
    async def main() -> None:
        async with pool(max=2, max_concurrency=2) as cpu:
            values = [value async for value in cpu.map(lambda n: [n] * (1 + n % 50), range(MANY), ordered=True)]
            assert values == [[n] * (1 + n % 50) for n in range(MANY)]

    asyncio.run(main())


def test_who_listens_is_told_of_each_call_when_it_begins_and_ends() -> None:
    async def main() -> None:
        async with pool(max=2, max_concurrency=2) as cpu:
            listening = asyncio.ensure_future(listen(cpu))
            await asyncio.sleep(0)
            async for _ in cpu.map(abs, range(MANY)):
                pass
            await cpu.stop()
            heard = await listening
        for kind in (CallQueued, CallStarted, CallFinished):
            calls = [event.call for event in heard if isinstance(event, kind)]
            assert len(calls) == len(set(calls)) == MANY

    asyncio.run(main())


def test_each_item_that_logs_or_raises_has_a_number_of_its_own() -> None:
    def says(item: int) -> int:
        if item % 7 == 0 or item == MANY - 1:
            logging.getLogger("test.chunks").warning("%d", item)
        if item == MANY - 1:
            raise KeyError(item)
        return item

    async def main() -> None:
        with captured_log("test.chunks") as records:
            async with pool(max=1) as cpu:
                with pytest.raises(KeyError) as caught:
                    async for _ in cpu.map(says, range(MANY), ordered=True):
                        pass
        numbers = {record.getMessage(): record.__dict__["flame_call"] for record in records}
        assert len(numbers) == len(set(numbers.values())) == len(range(0, MANY, 7)) + 1
        last = (found := re.search(r"in call (\d+) of", str(caught.value.__cause__))) and int(found[1])
        assert last == numbers[str(MANY - 1)]
        # In the order of the items, where one runner has them; a late one leaves those behind it to another call.
        assert last >= numbers[str(MANY - 4)] + 3

    asyncio.run(main())


@pytest.mark.parametrize("ordered", [True, False])
def test_of_a_map_that_is_left_each_call_is_counted_once(tmp_path: Path, ordered: bool) -> None:
    async def main() -> None:
        async with pool(max=2, max_concurrency=3) as cpu:
            for _ in range(5):
                async with aclosing(cpu.map(noted(tmp_path), range(MANY), ordered=ordered)) as values:
                    for _ in range(MANY // 3):
                        await anext(values)
                left = await cpu.stats()
                await eventually(lambda: not work_of(POOLS[cpu.pid]))
                assert (await cpu.stats()).finished == left.finished
            assert left.finished["cancelled"] > 0
        assert max(notes(tmp_path).values()) <= 5

    asyncio.run(main())


def test_of_a_chunk_that_is_called_off_each_call_is_counted_once_and_no_word_comes(tmp_path: Path) -> None:
    begun = tmp_path / "begun"

    def waits(item: int) -> None:
        if item == 2:
            begun.touch()
            until_there(tmp_path / "never")

    class Hears:
        def come(self, come: Come) -> None:
            heard.append(come)

        def given_back(self, begun: Begun, items: Sequence[Item]) -> None:
            heard.append(items)

        def ended(self, begun: Begun, seconds: float) -> None:
            heard.append(begun)

    heard: list[object] = []

    async def main() -> None:
        async with pool(max=1) as cpu:
            await cpu.call(abs, 1)
            server = POOLS[cpu.pid]
            chunk = BegunCall(server.traffic, Request(waits, ()), [Item(item, item) for item in range(6)], Hears())
            chunk.start()
            await eventually(begun.exists)
            told, already = len(heard), server.witness.tally.finished["returned"]  # in one turn: the desk may tell more
            chunk.call_off()
            await eventually(lambda: not work_of(server))
            stats = await cpu.stats()
            assert len(heard) == told
            assert stats.finished["returned"] == already
            if not told:  # it is called off before the desk has looked at what it holds up
                assert stats.finished["cancelled"] == 6
                assert [runner.served for runner in stats.runners] == [1 + 3]

    asyncio.run(main())


def test_a_time_limit_is_each_items_own() -> None:
    """Those that a long one holds up have all of theirs when they begin."""

    def lasts(item: int) -> int:
        if item >= MANY - 12:
            time.sleep(0.7)  # long by the limit: the time that it takes is what the test is about
        return item

    async def main() -> None:
        async with pool(max=1) as cpu:
            await cpu.warm(1)
            values = [value async for value in cpu.map(lasts, range(MANY), ordered=True, timeout=5.0)]
            assert values == [*range(MANY)]

    asyncio.run(main())


async def listen(cpu: flame.Pool) -> list[Event]:
    return [event async for event in cpu.events()]
