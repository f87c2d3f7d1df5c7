"""Code that takes too long."""

from __future__ import annotations

import asyncio
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import count

import pytest

from notebook_tui.runtime import time_limit
from notebook_tui.runtime.time_limit import Overdue, let_main_thread_be_woken, within


@pytest.fixture
def woken() -> Iterator[None]:
    before = signal.getsignal(signal.SIGURG)
    let_main_thread_be_woken()
    yield
    signal.signal(signal.SIGURG, before)


def spin() -> None:
    while True:
        pass


def wait_for_ever() -> None:
    while True:
        with suppress(queue.Empty):
            queue.Queue[int]().get(timeout=0.01)


@pytest.mark.usefixtures("woken")
@pytest.mark.parametrize("slow", [spin, wait_for_ever, lambda: time.sleep(600), lambda: threading.Event().wait()])
def test_it_is_ended_in_the_main_thread_also_where_it_sleeps(slow: Callable[[], None]) -> None:
    with pytest.raises(Overdue):
        within(0.02, slow)


@pytest.mark.usefixtures("woken")
def test_it_is_woken_again_if_it_was_only_about_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    wake, calls = time_limit._wake, count()

    def wakes_from_the_third_on(thread: threading.Thread) -> None:
        if next(calls) >= 2:
            wake(thread)

    monkeypatch.setattr(time_limit, "_wake", wakes_from_the_third_on)
    with pytest.raises(Overdue):
        within(0.02, time.sleep, 600)


@pytest.mark.parametrize("slow", [spin, wait_for_ever])
def test_it_is_ended_in_another_thread(slow: Callable[[], None]) -> None:
    async def main() -> None:
        with pytest.raises(Overdue):
            await asyncio.to_thread(within, 0.02, slow)

    asyncio.run(main())


def test_what_it_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, divmod, 1, 0)


@pytest.mark.usefixtures("woken")
def test_nothing_strikes_what_comes_after() -> None:
    """The limit is reached about when the code ends, and either it ends in time or it is overdue."""
    for _ in range(200):
        with suppress(Overdue):
            within(0.0005, time.sleep, 0.0005)
    time.sleep(0.01)  # a strike that comes late would come here
