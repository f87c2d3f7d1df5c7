"""Many calls and streams at once, of which some are cancelled, late, failing or lose their caller at any moment: each
has the outcome it should have, and nothing is left on either node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
import nodes
from beamlike.kernel import current
from tests.support.child_node import NEAR
from tests.support.far_work import nothing_is_left
from tests.support.local_nodes import PATIENCE, eventually, forever


@dataclass(frozen=True, slots=True)
class Plan:
    """What one of them is to do, and after how many turns of the loop it is broken off, if it is."""

    work: str
    turns: int | None
    killed: bool


plans = st.lists(
    st.builds(
        Plan,
        st.sampled_from(["value", "error", "forever", "stream", "stream in part", "failing stream"]),
        st.none() | st.integers(0, 60),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


async def value(number: int) -> int:
    await asyncio.sleep(0)
    return number


async def error(number: int) -> None:
    await asyncio.sleep(0)
    raise LookupError(number)


async def items(number: int, fails: bool = False) -> AsyncIterator[int]:
    for item in range(number):
        yield item
    if fails:
        raise LookupError(number)


async def outcome(node: str, plan: Plan, number: int) -> Any:
    match plan.work:
        case "value":
            return await bl.rpc.call(node, value, number, timeout=PATIENCE)
        case "error":
            return await bl.rpc.call(node, error, number, timeout=PATIENCE)
        case "forever":
            return await bl.rpc.call(node, forever, timeout=0.05)
        case "stream" | "failing stream":
            fails = plan.work == "failing stream"
            return [item async for item in bl.rpc.stream(node, items, number, fails, window=1 + number % 5)]
        case "stream in part":
            async with aclosing(bl.rpc.stream(node, items, 1000, window=3)) as stream:
                return [await anext(stream) for _ in range(number)]


EXPECTED: dict[str, Callable[[int], Any]] = {
    "value": lambda number: number,
    "stream": lambda number: list(range(number)),
    "stream in part": lambda number: list(range(number)),
}
ERRORS = {"error": LookupError, "failing stream": LookupError, "forever": bl.rpc.CallTimedOut}


async def carry_out(node: str, plan: Plan, number: int) -> None:
    """Runs it in a process, breaks it off as planned, and checks what it came to."""
    seen: list[Any] = []

    async def works() -> None:
        try:
            seen.append(await outcome(node, plan, number))
        except Exception as raised:
            seen.append(raised)

    worker = bl.spawn(works)
    ended = bl.monitor(worker)
    if plan.turns is not None:
        for _ in range(plan.turns):
            await asyncio.sleep(0)
        if plan.killed:
            bl.exit(worker, "kill")
        else:
            current_task_of(worker).cancel()
    await bl.receive(ref=ended, timeout=2 * PATIENCE)
    if not seen:
        assert plan.turns is not None
    elif plan.work in ERRORS:
        assert type(seen[0]) is ERRORS[plan.work]
    else:
        assert seen == [EXPECTED[plan.work](number)]


def current_task_of(pid: bl.Pid) -> Any:
    """The process as asyncio's tasks see it; one that has ended takes no harm."""
    process = current.current_node().process(pid)
    return process if process is not None else asyncio.get_running_loop().create_future()


async def history(node: str, plans: list[Plan]) -> None:
    before = {bl.self(), *bl.processes()}
    await asyncio.gather(*(carry_out(node, plan, number) for number, plan in enumerate(plans)))
    await nothing_is_left(node)
    await eventually(lambda: before.issuperset(bl.processes()))


def test_any_history_of_calls_leaves_nothing_behind() -> None:
    with asyncio.Runner() as runner:
        near = runner.run(bl.start(NEAR, secret=b"a secret of the test"))
        try:
            child = runner.run(nodes.boot(nodes.Local()))
            try:
                runner.run(near.call(child.node, int))  # the node's `user` is there from its first call on
                any_history(runner, child.node)
            finally:
                runner.run(child.stop(grace=0.1))
        finally:
            runner.run(near.stop())


def any_history(runner: asyncio.Runner, node: str) -> None:
    @settings(max_examples=40, deadline=None)
    @given(plans)
    def leaves_nothing_behind(plans: list[Plan]) -> None:
        runner.run(history(node, plans))

    leaves_nothing_behind()
