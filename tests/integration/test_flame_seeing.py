"""What real pools tell, on real children: to functions, loops, other nodes, cells, and traces."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from flame.events import BOOTING, ENDS, CallFinished, Event, RunnerPhase
from flame.here import stats_of, tables_of
from flame.pool import start
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually
from tests.support.open_notebook import opened
from tests.support.pools import SECONDS, fates_are_waited_for, pool
from tests.support.processes import child_nodes
from tests.support.watched_pools import assert_paths_of_the_diagram, phases


async def a_pool(name: str = "test", **options: Any) -> flame.Pool:
    return await flame.Pool.start(name=name, **options)


def on_a_node(main: Any) -> None:
    """Runs the test on a node of its own; it stops its pools itself."""

    async def run() -> None:
        async with asyncio.timeout(3 * SECONDS), bl.Node("seeing@127.0.0.1", secret=b"a secret of the test"):
            await main()
            assert child_nodes() == []

    with fates_are_waited_for():
        asyncio.run(run())


def test_the_life_of_each_runner_is_told_and_stop_returns_when_all_is() -> None:
    async def main() -> None:
        heard: list[Event] = []
        cpu = await a_pool(max=3, on_event=heard.append)
        assert sorted([value async for value in cpu.map(abs, range(-6, 0))]) == list(range(1, 7))
        await cpu.stop()
        assert_paths_of_the_diagram(heard)
        lives = phases(heard)
        assert lives
        assert all(life[-1] == "gone" for life in lives.values())
        served = [life for life in lives.values() if "busy" in life]
        assert served
        for life in served:
            boot = life[: life.index("ready")]
            assert set(boot) | {"started"} == set(BOOTING), "only a quick start may go unseen"
        finished = [event for event in heard if isinstance(event, CallFinished)]
        assert [event.status for event in finished] == ["returned"] * 6
        assert sorted(event.call for event in finished) == list(range(1, 7))

    on_a_node(main)


def test_a_runner_that_was_killed_has_failed_and_its_call_was_lost() -> None:
    async def main() -> None:
        heard: list[Event] = []
        cpu = await a_pool(on_event=heard.append)
        with pytest.raises(flame.RunnerLost):
            await cpu.call(lambda: os.kill(os.getpid(), 9))
        await cpu.stop()
        assert_paths_of_the_diagram(heard)
        last = [event for event in heard if isinstance(event, RunnerPhase) and event.phase in ENDS]
        assert [event.phase for event in last if event.runner == 1] == ["failed"]
        assert "SIGKILL" in last[0].detail
        assert [event.status for event in heard if isinstance(event, CallFinished)] == ["lost"]

    on_a_node(main)


def test_a_boot_that_fails_is_told_with_what_the_child_printed(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho the disk is full >&2\nexit 3\n")
    broken.chmod(0o755)

    async def main() -> None:
        heard: list[Event] = []
        cpu = await start(
            flame.PoolOptions(name="test", timeout=SECONDS), nodes.Local(python=str(broken)), clock(), heard.append
        )
        with pytest.raises(flame.FlameError):
            await cpu.call(abs, -1)
        await cpu.stop()
        failed = next(event for event in heard if isinstance(event, RunnerPhase) and event.phase == "failed")
        assert "exit code 3" in failed.detail
        assert "the disk is full" in failed.last_lines

    def clock() -> Any:
        from flame.clock import LoopClock

        return LoopClock()

    on_a_node(main)


def test_how_calls_ended_is_counted() -> None:
    async def main() -> None:
        cpu = await a_pool(max=1, max_concurrency=2)
        with pytest.raises(ZeroDivisionError):
            await cpu.call(divmod, 1, 0)
        with pytest.raises(TimeoutError):
            await cpu.call(asyncio.sleep, 60, timeout=0.1)
        calling = asyncio.create_task(cpu.call(asyncio.sleep, 60))
        await asyncio.sleep(0.1)
        calling.cancel()
        with suppress(asyncio.CancelledError):
            await calling
        assert [item async for item in cpu.stream(range, 3)] == [0, 1, 2]
        stats = await cpu.stats()
        assert stats.finished == {"raised": 1, "exec_timeout": 1, "cancelled": 1, "released": 1}
        assert stats.runners[0].served == 4
        assert stats.runners[0].where.startswith("process ")
        assert stats.usd == 0.0
        await cpu.stop()

    on_a_node(main)


def test_a_function_that_raises_is_logged_once_and_hears_on() -> None:
    async def main() -> None:
        heard = 0

        def raises(_event: Event) -> None:
            nonlocal heard
            heard += 1
            raise RuntimeError("a mistake")

        with captured_log("flame") as records:
            cpu = await a_pool(on_event=raises)
            assert await cpu.call(abs, -1) == 1
            await cpu.stop()
        assert heard > 5
        assert len(records) == 1
        assert "a mistake" in str(records[0].exc_info)

    on_a_node(main)


def test_nobody_waits_for_who_listens() -> None:
    async def main() -> None:
        heard: list[Event] = []

        async def slow(event: Event) -> None:
            heard.append(event)
            await asyncio.sleep(60)

        cpu = await a_pool(on_event=slow)
        began = time.monotonic()
        assert await cpu.call(abs, -1, timeout=SECONDS) == 1
        await cpu.stop()
        assert time.monotonic() - began < 30
        assert len(heard) == 1

    on_a_node(main)


async def first_events(pool: flame.Pool, count: int) -> list[Event]:
    found: list[Event] = []
    async for event in pool.events():
        found.append(event)
        if len(found) == count:
            break
    return found


def test_another_node_hears_the_events_and_sees_the_numbers() -> None:
    async def main() -> None:
        cpu = await a_pool(max_concurrency=2)
        here = bl.self().node
        listening = asyncio.create_task(cpu.call(first_events, cpu, 3))
        while not listening.done():
            await cpu.call(abs, -1)
        assert all(event.pool == "test" for event in await listening)
        [stats] = await cpu.call(stats_of, here)
        assert stats.runners[0].phase == "busy"
        assert (await cpu.call(tables_of, here)).startswith("test: 1 of 1 runner, 1/2 slots, no call waits")
        runner = stats.runners[0].node
        assert await tables_of(runner) == f"{runner} has no pool"
        await cpu.stop()

    on_a_node(main)


def test_a_loop_over_events_ends_with_the_pool_and_none_is_lost() -> None:
    async def main() -> None:
        cpu = await a_pool(min=1)

        events = cpu.events()
        assert await cpu.call(abs, -1) == 1
        await cpu.stop()
        heard = [event async for event in events]
        assert phases(heard) == {1: ["busy", "ready", "stopping", "gone"]}
        with pytest.raises(flame.PoolStopped):
            await first_events(cpu, 1)

    on_a_node(main)


def test_a_pool_that_was_killed_tells_that_its_runners_are_gone_and_ends_the_loops_over_its_events() -> None:
    async def main() -> None:
        heard: list[Event] = []
        cpu = await a_pool(on_event=heard.append)
        assert await cpu.call(abs, -1) == 1
        events = cpu.events()
        listening = asyncio.create_task(anext(events))
        await asyncio.sleep(0)
        calling = asyncio.create_task(cpu.call(asyncio.sleep, 60))
        assert await listening is not None
        bl.exit(cpu.pid, "kill")
        with pytest.raises(flame.PoolStopped):
            await cpu.stats()
        with pytest.raises(flame.FlameError):
            await calling
        rest = [event async for event in events]
        assert [event.status for event in rest if isinstance(event, CallFinished)] == ["lost"]
        last = [(event.phase, event.detail) for event in rest if isinstance(event, RunnerPhase)][-2:]
        assert last[0] == ("stopping", "pool 'test' has ended (killed)")
        assert last[1][0] == "gone"
        assert child_nodes() == []
        await eventually(lambda: heard[-1] == rest[-1])
        assert_paths_of_the_diagram(heard)

    on_a_node(main)


def test_the_pools_of_a_node_are_listed_by_name() -> None:
    async def main() -> None:
        made = [await a_pool(name) for name in ("b", "a")]
        assert [one.name for one in flame.pools()] == ["a", "b"]
        for one in made:
            await one.stop()
        assert flame.pools() == []

    on_a_node(main)


def test_an_object_whose_names_and_repr_raise_hurts_no_pool_that_is_watched() -> None:
    class Nasty:
        def __repr__(self) -> str:
            raise RuntimeError("no words")

        def __call__(self) -> int:
            return 7

    async def main() -> None:
        heard: list[Event] = []
        cpu = await a_pool(on_event=heard.append)
        assert await cpu.call(Nasty()) == 7
        await cpu.stop()
        assert [event.function for event in heard if isinstance(event, CallFinished)] == ["Nasty"]

    on_a_node(main)


WATCHING_CELL = """\
import asyncio
import flame
pool = await flame.Pool.start(name="cpu", min=1)
watching = asyncio.ensure_future(flame.watch(pool, every=0.05).__aiter__().__anext__())
print((await watching).pool, "is watched")
async def stop():
    await asyncio.sleep(0.5)
    await pool.stop()
stopping = asyncio.ensure_future(stop())
await flame.watch(pool, every=0.05)
await stopping
"""


def test_a_cell_that_watches_shows_the_table_until_the_pool_has_stopped(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, WATCHING_CELL) as notebook:
            await notebook.run(1)
            assert notebook.error(1) is None, notebook.error(1)
            shown = notebook.printed(1)
            assert shown.startswith("cpu is watched\ncpu: 1 of 1 runner")
            assert "cpu-1   ready" in shown
            assert shown.count("RUNNER") < 5, "printed again though nothing had changed"

    asyncio.run(main())


TRACED = """\
import asyncio
import functools
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
import beamlike as bl, flame
from flame.traced import current_span

trace.set_tracer_provider(TracerProvider())

def plain(*args):
    return current_span()

async def async_one():
    return current_span()

async def nested(pool):
    return await pool.call(plain)

def generator():
    yield current_span()

async def placed(home):
    bl.send(home, ("span", current_span()))

def start(home):
    return bl.spawn(placed, home)

async def main():
    async with bl.Node("traced@127.0.0.1"):
        pool = await flame.Pool.start(name="cpu", max_concurrency=2)
        with trace.get_tracer("test").start_as_current_span("caller") as span:
            spans = [await pool.call(plain), await pool.call(async_one), await pool.call(nested, pool)]
            spans += [await pool.call(plain, key="k", init=str)]
            spans += [span async for span in pool.stream(generator)]
            await pool.place_child(functools.partial(start, bl.self()), link=False)
            spans += [(await bl.receive(lambda it: it[0] == "span"))[1]]
        await pool.stop()
        traces = {text.split("-")[1] for text in spans}
        print(traces == {format(span.get_span_context().trace_id, "032x")}, len(set(spans)))

asyncio.run(main())
"""


@pytest.mark.skipif(
    find_spec("opentelemetry") is None or find_spec("opentelemetry.sdk") is None,
    reason="the OpenTelemetry SDK is not installed",
)
def test_a_trace_goes_on_in_the_function_of_a_call_of_a_stream_and_of_a_start_also_over_another_node(
    tmp_path: Path,
) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(TRACED))
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "True 6\n", done.stderr


def test_a_pool_that_nobody_watches_has_no_timer_for_it() -> None:
    """`tests.support.pools.pool` looks for timers that outlive a pool whose time stands still."""
    from tests.support.virtual_clock import VirtualClock

    async def main() -> None:
        async with pool(clock=VirtualClock(), min=1, idle_shutdown_after=None) as cpu:
            assert (await cpu.stats()).runners[0].phase == "ready"

    asyncio.run(main())
