"""A serving under whatever mixture of requests: good and bad, patient and withdrawn, while models change."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from tests.support.local_nodes import PATIENCE
from tests.support.peers import main_node

KINDS = st.sampled_from(["good", "good", "good", "bad", "withdrawn", "swap", "pause"])


class Model:
    """Doubles; of a batch with something bad in it nothing comes."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.seen: Counter[int] = Counter()
        self.harmed: set[int] = set()
        """Inputs that shared a batch with a bad one, and so may be seen again."""
        self.most_at_once = self.at_once = 0

    def __call__(self, model: Any, batch: list[int]) -> list[int]:
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            self.seen.update(batch)
            bad = any(number < 0 for number in batch)
            if bad:
                self.harmed.update(batch)
        try:
            if bad:
                raise ValueError("a bad one is in it")
            return [2 * number for number in batch]
        finally:
            with self.lock:
                self.at_once -= 1


@settings(max_examples=30, deadline=None)
@given(st.lists(KINDS, min_size=1, max_size=40), st.integers(1, 4), st.integers(1, 3), st.booleans())
def test_each_input_is_evaluated_once_and_gets_its_own_outcome_and_all_are_counted(
    kinds: list[str], size: int, partitions: int, prepares: bool
) -> None:
    asyncio.run(history(kinds, size, partitions, prepares))


async def history(kinds: list[str], size: int, partitions: int, prepares: bool) -> None:
    model = Model()

    def serving() -> bl.Serving:
        return bl.Serving(
            model,
            load=str,
            batch_size=size,
            batch_timeout=0.001,
            partitions=range(partitions),
            max_waiting=10_000,
            preprocess=(lambda it: it) if prepares else None,  # of each model another, so what waits is prepared anew
        )

    async with main_node():
        pid = await serving().start()
        asked: dict[int, asyncio.Task[Any]] = {}
        withdrawn: set[int] = set()
        swaps = 0
        for number, kind in enumerate(kinds, 1):
            if kind == "swap":
                swaps += 1
                assert await bl.Serving.swap(pid, serving(), timeout=PATIENCE) == [1 + swaps]
            elif kind == "pause":
                await asyncio.sleep(0.0005)
            else:
                value = -number if kind == "bad" else number
                asked[value] = asyncio.create_task(bl.Serving.call(pid, value, timeout=PATIENCE))
                await asyncio.sleep(0)
                if kind == "withdrawn":
                    withdrawn.add(value)
                    asked[value].cancel()
        outcomes = dict(zip(asked, await asyncio.gather(*asked.values(), return_exceptions=True), strict=True))
        [told] = await bl.Serving.statistics(pid, timeout=PATIENCE)
        bl.exit(pid, "kill")
    for value, outcome in outcomes.items():
        if value in withdrawn:
            assert isinstance(outcome, asyncio.CancelledError)
        elif value < 0:
            assert isinstance(outcome, ValueError)
        else:
            assert outcome == 2 * value
            assert model.seen[value] == 1 or value in model.harmed
    assert model.most_at_once <= partitions * (1 + swaps), "each model evaluates one batch after the other"
    assert told.waiting <= (len(withdrawn) if prepares else 0), (
        "what is withdrawn while it is prepared counts until then"
    )
    assert told.refused == told.late == 0
    assert told.served + told.failed + told.withdrawn >= len(asked) - len(withdrawn)
    assert told.generation == 1 + swaps
