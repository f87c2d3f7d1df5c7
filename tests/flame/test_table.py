"""The table of a pool: what a person sees at a glance, in any width, and how it keeps itself up to date."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

import flame
from flame import table
from flame.errors import PoolStopped
from flame.stats import Stats
from tests.support.watched_pools import WatchedPool


def some_pool() -> WatchedPool:
    pool = WatchedPool(max=4, max_concurrency=10, idle_shutdown_after=None)
    pool.call()
    pool.up(1)
    for _ in range(13):
        pool.call()
    pool.step(2, "created")
    pool.clock.advance(0.25)
    return pool


def test_the_table_shows_runners_phases_slots_queue_age_and_cost() -> None:
    pool = some_pool()
    pool.end_work(1)
    assert table.text(pool.stats()).split("\n") == [
        "cpu: 2 of 4 runners, 10/10 slots, 3 calls wait, the first for 250ms",
        "wanted: 2, 3 calls wait and 10 fit a runner: 1 runner beyond the 1 that is up",
        "cost: 0.5 runner-seconds",
        "",
        "RUNNER  PHASE      FOR  SLOTS  SERVED    AGE  COST  NOTE",
        "cpu-1   busy     250ms  10/10      11  250ms   0 s  machine 1",
        "cpu-2   created  250ms      -       -  250ms   0 s",
        "",
        "calls: 1 returned",
        "p50/p95: boot 0ms/0ms, queue 0ms/0ms, run 250ms/250ms",
    ]


def test_money_shows_where_the_price_is_known() -> None:
    stats = some_pool().stats()
    first, second = stats.runners
    priced = replace(stats, usd=1.5, usd_per_hour=0.72, runners=(replace(first, usd=1.0), replace(second, usd=0.5)))
    text = table.text(priced)
    assert "cost: $1.50 for 0.5 runner-seconds, $0.7200 an hour now" in text
    assert "$1.00" in text


def test_why_a_pool_has_no_runner_shows() -> None:
    pool = WatchedPool()
    pool.call()
    pool.down(1, "quota exceeded\nand a long log")
    pool.clock.advance(0.25)
    text = table.text(pool.stats())
    assert "1 boot failed; the next is tried in 750ms: quota exceeded\n" in f"{text}\n"
    assert "long log" not in text


@given(width=st.integers(0, 300), runners=st.integers(0, 200))
def test_no_line_is_wider_than_asked_for_and_the_table_is_bounded(width: int, runners: int) -> None:
    stats = some_pool().stats()
    many = replace(stats, runners=stats.runners[:1] * runners)
    lines = table.text(many, width).split("\n")
    assert all(len(line) <= max(width, table.LEAST_WIDTH) for line in lines)
    assert len(lines) <= table.SHOWN + 12


def test_of_many_runners_the_idle_ones_are_left_out_first() -> None:
    stats = some_pool().stats()
    up = stats.runners[0]
    many = [replace(up, id=id, phase="ready" if id % 2 else "busy") for id in range(2 * table.SHOWN)]
    shown = table.rows(replace(stats, runners=tuple(many)))
    assert {row[1] for row in shown} == {"busy"}
    assert f"and {table.SHOWN} runners more" in table.text(replace(stats, runners=tuple(many)))


class Moments:
    """A pool that stands as told, one look after the other, and has stopped then."""

    def __init__(self, *moments: Stats) -> None:
        self._moments: Iterator[Stats] = iter(moments)

    async def stats(self) -> Stats:
        try:
            return next(self._moments)
        except StopIteration:
            raise PoolStopped("over") from None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def watched(out: io.StringIO, *moments: Stats) -> str:
    async def main() -> None:
        await flame.watch(Moments(*moments), every=0.001, out=out, width=80)

    asyncio.run(main())
    return out.getvalue()


def screen_of(text: str) -> list[str]:
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(text.replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display]


def test_in_a_terminal_the_table_is_drawn_over_itself() -> None:
    pool = some_pool()
    first = pool.stats()
    pool.up(2)
    last = replace(pool.stats(), runners=())
    shown = screen_of(watched(Terminal(), first, first, last))
    assert [line for line in shown if line] == [line for line in table.text(last, 79).split("\n") if line]
    assert shown[0].startswith("cpu: ")


def test_in_a_cell_the_table_is_printed_again_only_when_it_has_changed() -> None:
    pool = some_pool()
    first = pool.stats()
    pool.clock.advance(1.0)
    later = pool.stats()
    pool.up(2)
    text = watched(io.StringIO(), first, later, pool.stats())
    assert text.count("RUNNER") == 2
    assert "\x1b" not in text
    shown = [line for line in screen_of(text) if line.startswith("cpu: ")]
    assert len(shown) == 2, "a line that says the pool in short was left between the tables"


def test_a_watch_gives_the_numbers_as_an_iterator() -> None:
    async def main() -> list[Stats]:
        return [stats async for stats in flame.watch(Moments(first, first), every=0.001)]

    first = some_pool().stats()
    assert asyncio.run(main()) == [first, first]


@pytest.mark.parametrize("every", [0, -1, "1"])
def test_a_watch_that_never_rests_is_refused(every: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        flame.watch(Moments(), every=every)
