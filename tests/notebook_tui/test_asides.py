"""What runs beside a view: of each kind the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from notebook_tui.ui.editing.asides import Asides
from tests.support.in_loop import in_loop
from tests.support.local_nodes import eventually


class Beside:
    def __init__(self) -> None:
        self.failures: list[tuple[str, str]] = []
        self.asides = Asides(lambda kind, error: self.failures.append((kind, str(error))))
        self.go_on = asyncio.Event()
        self.done: list[str] = []
        self.ended: list[str] = []

    def work(self, name: str, fails: str = "") -> Callable[[], Coroutine[None, None, None]]:
        async def work() -> None:
            try:
                await self.go_on.wait()
                if fails:
                    raise ValueError(fails)
                self.done.append(name)
            finally:
                self.ended.append(name)

        return work

    async def all_ended(self, count: int) -> None:
        await eventually(lambda: len(self.ended) >= count)


@in_loop
async def test_the_last_of_a_kind_ends_the_one_before_it_and_no_other() -> None:
    beside = Beside()
    beside.asides.begin("completion", beside.work("first"))
    beside.asides.begin("signature", beside.work("other"))
    await asyncio.sleep(0)
    beside.asides.begin("completion", beside.work("second"))
    await beside.all_ended(1)
    assert beside.ended == ["first"]
    beside.go_on.set()
    await beside.all_ended(3)
    assert sorted(beside.done) == ["other", "second"]
    assert beside.failures == []


@in_loop
async def test_one_that_fails_is_told_of_and_the_next_runs() -> None:
    beside = Beside()
    beside.go_on.set()
    beside.asides.begin("completion", beside.work("first", fails="no answer"))
    await beside.all_ended(1)
    beside.asides.begin("completion", beside.work("second"))
    await beside.all_ended(2)
    assert beside.failures == [("completion", "no answer")]
    assert beside.done == ["second"]


@in_loop
async def test_all_end_with_the_view() -> None:
    beside = Beside()
    for kind in ("completion", "signature"):
        beside.asides.begin(kind, beside.work(kind))
    await asyncio.sleep(0)
    beside.asides.end()
    await beside.all_ended(2)
    assert beside.done == []
    assert beside.failures == []
