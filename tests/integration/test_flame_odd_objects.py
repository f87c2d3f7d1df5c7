"""Objects of users that misbehave where a pool looks at them cost the call that has them, and no other."""

from __future__ import annotations

import asyncio
import functools
import os
import time
from collections.abc import Iterator
from contextlib import aclosing
from typing import Any

import pytest

import beamlike as bl
import flame
import nodes
from tests.support.pools import SECONDS, PoolsNode, on_pools_node


class Shy:
    def __repr__(self) -> str:
        raise RuntimeError("it does not show itself")


class Array:
    """Compares as arrays do."""

    def __eq__(self, other: object) -> Any:
        return self

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> bool:
        raise ValueError("the truth of an array is ambiguous")


class Proxy:
    """Of nothing: it cannot be asked what it is."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__class__":
            raise RuntimeError("it stands for nothing")
        return object.__getattribute__(self, name)


class Once:
    """Can travel once."""

    def __reduce__(self) -> Any:
        return Arrived, ()


class Arrived:
    def __reduce__(self) -> Any:
        raise RuntimeError("it goes no further")


class Key:
    """Cannot be compared with another one."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __hash__(self) -> int:
        return 7

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Key) and self.number == other.number:
            return True
        raise RuntimeError("there is no other key")


def end_with(value: Any) -> None:
    raise SystemExit(value)


def next_of_none() -> Any:
    return next(iter(()))


@on_pools_node
async def test_an_exit_whose_argument_cannot_be_shown_frees_its_slot(ground: PoolsNode) -> None:
    cpu = await ground.start()
    with pytest.raises(flame.WorkEnded, match=r"SystemExit\(<Shy>\)"):
        await cpu.call(end_with, Shy(), timeout=SECONDS)
    assert await cpu.call(abs, -1) == 1


@on_pools_node
async def test_a_value_that_cannot_be_asked_what_it_is_frees_its_slot_and_costs_nobody_else_his_own(
    ground: PoolsNode,
) -> None:
    cpu = await ground.start(max_concurrency=2)
    calls = [cpu.call(function, timeout=SECONDS) for function in (Proxy, own_node, Proxy, own_node)]
    first, *others = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(first, bl.UnencodableTerm)
    assert isinstance(others[0], str)


@pytest.mark.parametrize("link", [True, False])
@on_pools_node
async def test_who_raises_stop_iteration_gets_an_error_and_the_runner_stays(ground: PoolsNode, link: bool) -> None:
    cpu = await ground.start()
    node = await cpu.call(own_node)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await cpu.call(next_of_none, link=link)
    assert await cpu.call(own_node) == node


def own_node() -> str:
    return bl.self().node


@on_pools_node
async def test_what_makes_a_keyed_value_may_hold_what_cannot_be_compared(ground: PoolsNode) -> None:
    cpu = await ground.start()
    init = functools.partial(lambda array, key: f"made for {key}", Array())
    assert [await cpu.call(str, key="a", init=init) for _ in range(2)] == ["made for a"] * 2


@on_pools_node
async def test_a_result_that_cannot_go_on_to_the_caller_on_another_node_is_told_to_him(ground: PoolsNode) -> None:
    cpu = await ground.start()
    child = await nodes.boot(nodes.Local())
    try:
        assert "Arrived" in await bl.rpc.call(child.node, error_of_once, cpu, timeout=SECONDS)
    finally:
        await child.stop()


async def error_of_once(pool: flame.Pool) -> str:
    try:
        await pool.call(Once, timeout=SECONDS)
    except bl.UnencodableTerm as error:
        return str(error)
    return "no error"


def one_and_a_timeout() -> Iterator[int]:
    yield 1
    raise TimeoutError("the generator's own")


@on_pools_node
async def test_a_time_limit_that_a_generator_has_itself_is_not_taken_for_the_streams(ground: PoolsNode) -> None:
    cpu = await ground.start()
    async with aclosing(cpu.stream(one_and_a_timeout)) as items:
        assert await anext(items) == 1
        with pytest.raises(TimeoutError, match="the generator's own"):
            await anext(items)


@on_pools_node
async def test_a_key_that_cannot_be_compared_fails_its_own_call(ground: PoolsNode) -> None:
    cpu = await ground.start()
    calls = [cpu.call(time.sleep, 0.1, key=Key(number), timeout=SECONDS) for number in (1, 2, 1)]
    first, second, third = await asyncio.gather(*calls, return_exceptions=True)
    assert (first, third) == (None, None)
    assert isinstance(second, RuntimeError)


class KeyThere(Key):
    """Cannot be compared on a runner."""

    __hash__ = Key.__hash__

    def __eq__(self, other: object) -> bool:
        if os.getpid() != self.number:
            raise RuntimeError("not there")
        return self is other


@on_pools_node
async def test_a_key_that_cannot_be_compared_on_the_runner_fails_its_own_call(ground: PoolsNode) -> None:
    cpu = await ground.start(max_concurrency=4)
    await cpu.warm(1)
    keys = [KeyThere(os.getpid()) for _ in range(2)]
    calls = [cpu.call(str, key=key, init=type, timeout=SECONDS) for key in keys]
    first, second, other = await asyncio.gather(*calls, cpu.call(abs, -1), return_exceptions=True)
    assert first == f"{KeyThere}"
    assert other == 1
    assert isinstance(second, RuntimeError)


class Unreadable:
    """Travels, and cannot be made again where it arrives."""

    def __getstate__(self) -> dict[str, int]:
        return {"a": 1}

    def __setstate__(self, state: object) -> None:
        raise RuntimeError("it cannot be made again")

    def __call__(self, _number: int) -> None:
        pass


def unreadable() -> Unreadable:
    return Unreadable()


@on_pools_node
async def test_what_a_runner_cannot_read_fails_its_own_call_and_says_why(ground: PoolsNode) -> None:
    cpu = await ground.start(max_concurrency=4, timeout=None)
    await cpu.call(abs, -1)
    function, argument, other = await asyncio.gather(
        cpu.call(Unreadable(), 1), cpu.call(str, Unreadable()), cpu.call(abs, -3), return_exceptions=True
    )
    assert other == 3
    for error in (function, argument):
        assert isinstance(error, bl.UndecodableTerm)
        assert "cannot be read on its runner" in str(error)
        assert "RuntimeError: it cannot be made again" in str(error)


@on_pools_node
async def test_a_result_that_cannot_be_read_here_fails_its_call_and_says_why(ground: PoolsNode) -> None:
    cpu = await ground.start(timeout=None)
    with pytest.raises(bl.UndecodableTerm, match=r"its result cannot be read here: .*it cannot be made again"):
        await cpu.call(unreadable)
    assert await cpu.call(abs, -1) == 1


class Odd:
    """A policy that is no use."""

    def wanted(self, demand: object) -> Any:
        raise ValueError("it is not decided")

    def next_change(self, demand: object) -> float | None:
        return None


@on_pools_node
async def test_a_policy_that_fails_leaves_the_pool_as_it_is_and_is_told(ground: PoolsNode) -> None:
    cpu = await ground.start(min=1, policy=Odd())
    assert await cpu.call(abs, -1) == 1
    assert "the policy failed: ValueError: it is not decided" in await cpu.explain()
