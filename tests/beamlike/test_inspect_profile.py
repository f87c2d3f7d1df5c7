"""Where a node spends its time: what samples find, what they cost, and how they are written down."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.inspect.profiling import sampler
from beamlike.inspect.profiling.flame import bars, text_rows
from beamlike.inspect.profiling.profile import Frame, Profile, from_row, tree
from beamlike.inspect.profiling.sampler import NotProfiled, Sampler
from beamlike.inspect.profiling.svg import svg
from beamlike.inspect.profiling.take import profile
from tests.support.local_nodes import eventually
from tests.support.peers import main_node

FRAMES = tuple(Frame(name, f"/srv/{name}.py", line) for line, name in enumerate("abcdefg", 1))
STACKS = st.dictionaries(
    st.lists(st.integers(0, len(FRAMES) - 1), min_size=1, max_size=6).map(tuple), st.integers(1, 40), max_size=20
)


def profile_of(stacks: dict[tuple[int, ...], int]) -> Profile:
    return Profile("a@h", 0.0, 2.0, 0.01, 200, 3, FRAMES, tuple(stacks.items()))


PROFILES = STACKS.map(profile_of)


def crunch_numbers(until: threading.Event) -> None:
    while not until.is_set():
        sum(range(500))


def test_the_function_that_works_is_found_and_those_that_wait_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Counted(Sampler):
        """Looks so often, however long a busy machine takes for that."""

        def _look(self, me: int) -> None:
            super()._look(me)
            if self._samples == 30:
                self.stop()

    monkeypatch.setattr(sampler, "Sampler", Counted)
    until = threading.Event()
    worker = threading.Thread(target=crunch_numbers, args=(until,), name="worker")
    waiter = threading.Thread(target=until.wait, name="waiter")
    worker.start()
    waiter.start()

    async def main() -> Profile:
        async with main_node():
            return await profile(seconds=60, rate=100)

    taken = asyncio.run(main())
    until.set()
    worker.join()
    waiter.join()
    names = [block.frame.name for block in tree(taken).walk()]
    assert "crunch_numbers" in names
    assert "waiter" not in names
    assert not any(name == "beamlike profile" for name in names), "it sees itself"
    assert taken.idle > 0
    assert not any(thread.name == "beamlike profile" for thread in threading.enumerate())


def test_a_profile_takes_no_longer_and_looks_no_oftener_than_it_may() -> None:
    looks: list[float] = []

    class Counted(Sampler):
        def _look(self, me: int) -> None:
            looks.append(time.monotonic())
            time.sleep(0.01)  # a costly look

    Counted(0.6, 0.005).run()
    assert len(looks) <= 0.6 / 0.005 * sampler.SHARE * 10
    assert looks[-1] - looks[0] <= 0.6


def test_one_profile_at_a_time_and_it_ends_with_whoever_asked_for_it() -> None:
    async def asks() -> None:
        await profile(seconds=60)

    async def main() -> None:
        async with main_node():
            first = bl.spawn(asks)
            await eventually(sampler._busy.locked)
            with pytest.raises(NotProfiled, match="another profile is being taken"):
                await profile(seconds=0.1)
            bl.exit(first, "kill")
            await eventually(lambda: not sampler._busy.locked())
            assert (await profile(seconds=0.1)).samples > 0

    asyncio.run(main())


@pytest.mark.parametrize("options", [{"seconds": 61}, {"rate": 501}, {"seconds": 0}, {"rate": True}])
def test_nobody_is_given_more_than_a_node_gives(options: dict[str, float]) -> None:
    async def main() -> None:
        async with bl.Node("main@127.0.0.1", listen=False):
            with pytest.raises(NotProfiled, match=r"expected a .* above 0 and up to"):
                await profile(**options)  # type: ignore[arg-type]

    asyncio.run(main())


@given(PROFILES)
def test_a_profile_travels_and_its_numbers_add_up(taken: Profile) -> None:
    assert from_row(taken.row) == taken
    root = tree(taken)
    assert root.total == taken.busy == sum(int(line.rpartition(" ")[2]) for line in taken.folded().splitlines())
    for block in root.walk():
        assert block.total == block.own + sum(child.total for child in block.children)


@given(PROFILES, st.integers(1, 200))
def test_no_bar_of_a_flame_graph_is_wider_than_the_one_above_or_lies_on_another(taken: Profile, width: int) -> None:
    laid = {bar.path: bar for bar in bars(tree(taken), width)}
    for path, bar in laid.items():
        assert bar.left >= 0
        assert bar.left + bar.width <= width
        if path:
            above = laid[path[:-1]]
            assert above.left <= bar.left
            assert bar.left + bar.width <= above.left + above.width
    for row in {bar.row for bar in laid.values()}:
        columns = [
            column for bar in laid.values() if bar.row == row for column in range(bar.left, bar.left + bar.width)
        ]
        assert len(columns) == len(set(columns))


@given(PROFILES)
def test_every_form_can_be_read_by_others(taken: Profile) -> None:
    ElementTree.fromstring(svg(taken))
    told = json.loads(taken.speedscope())
    count = len(told["shared"]["frames"])
    assert all(place < count for each in told["profiles"] for stack in each["samples"] for place in stack)
    assert all(len(each["samples"]) == len(each["weights"]) for each in told["profiles"])
    assert all(len(row) <= 60 for row in text_rows(tree(taken), 60))
