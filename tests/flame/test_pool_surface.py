"""What the public functions take, and how they refuse the rest."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import functools
import inspect
import pickle
from typing import Any

import pytest

import beamlike as bl
import flame
from flame.call_options import checked_init
from flame.options import PoolOptions

NOWHERE = flame.Pool("cpu", bl.Pid("nowhere@127.0.0.1", 1))


def test_start_takes_every_option_with_its_default() -> None:
    parameters = dict(inspect.signature(flame.Pool.start).parameters)
    parameters.pop("backend")
    parameters.pop("on_event")
    defaults = {
        field.name: inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default
        for field in dataclasses.fields(PoolOptions)
    }
    assert {name: parameter.default for name, parameter in parameters.items()} == defaults


USES = [NOWHERE.call, NOWHERE.cast, NOWHERE.map, NOWHERE.stream, NOWHERE.place_child]


async def used(result: Any) -> None:
    if inspect.isawaitable(result):
        await result
    elif inspect.isasyncgen(result):
        await anext(result)


@pytest.mark.parametrize("use", USES)
def test_a_keyword_of_the_function_is_refused_with_the_way_to_pass_it(use: Any) -> None:
    async def main() -> None:
        await used(use(print, *([[1]] if use == NOWHERE.map else []), sep=""))

    with pytest.raises(TypeError, match=r"has no keyword 'sep'; .* go through functools\.partial"):
        asyncio.run(main())


@pytest.mark.parametrize("use", USES)
def test_a_function_of_a_name_here_is_looked_up_when_it_is_used_and_a_pool_that_is_gone_says_so(use: Any) -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            gone = flame.Pool("cpu", bl.spawn(asyncio.sleep, 0))
            await bl.receive(ref=bl.monitor(gone.pid))
            way = getattr(gone, use.__name__)
            await used(way(print, *([[1]] if use == NOWHERE.map else [])))

    if use == NOWHERE.cast:
        asyncio.run(main())
        return
    with pytest.raises(flame.PoolStopped, match=r"pool 'cpu' has stopped .*start it again"):
        asyncio.run(main())


def test_a_stopped_pool_may_be_stopped_again() -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            pool = await flame.Pool.start(name="cpu")
            await pool.stop()
            await pool.stop()

    asyncio.run(main())


def test_a_pool_of_a_name_that_is_taken_is_refused() -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            pool = await flame.Pool.start(name="cpu")
            try:
                await flame.Pool.start(name="cpu")
            finally:
                await pool.stop()

    with pytest.raises(bl.NameTaken):
        asyncio.run(main())


@pytest.mark.parametrize("window", [0, -1, 1.5, True])
def test_what_is_no_window_is_refused(window: Any) -> None:
    for use in (functools.partial(NOWHERE.map, abs, [1]), functools.partial(NOWHERE.stream, range, 3)):
        with pytest.raises((TypeError, ValueError), match="window must be a whole number, 1 or more"):
            use(window=window)


@pytest.mark.parametrize(
    ("retry", "error"), [(-1, ValueError), (1.5, ValueError), (True, ValueError), ("2", ValueError)]
)
def test_what_is_no_number_of_retries_is_refused(retry: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="expected a number of retries"):
        NOWHERE.map(abs, [1], retry=retry)


def test_what_cannot_be_retried_after_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a tuple of exceptions to retry after"):
        flame.Retry(1, on=OSError)  # type: ignore[arg-type]


def test_an_init_without_a_key_and_a_key_that_is_none_are_refused() -> None:
    with pytest.raises(TypeError, match="expected a key for what"):
        NOWHERE.cast(print, init=str)
    with pytest.raises(TypeError, match="expected a function that makes what the calls of a key share"):
        NOWHERE.cast(print, key="k", init=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        NOWHERE.cast(print, key=[])  # type: ignore[arg-type]


def test_a_runner_that_the_pool_has_not_is_named_with_those_it_has() -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            pool = await flame.Pool.start(name="cpu")
            try:
                await pool.drain("cpu-9@127.0.0.1")
            finally:
                await pool.stop()

    with pytest.raises(
        LookupError, match=r"expected the node of a runner of pool 'cpu', got 'cpu-9@127\.0\.0\.1'; it has none"
    ):
        asyncio.run(main())


def test_a_pool_that_is_resized_is_checked_as_a_new_one() -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            pool = await flame.Pool.start(name="cpu", max=3)
            try:
                await pool.resize(max=2)
                await pool.resize(min=3)
            finally:
                await pool.stop()

    with pytest.raises(ValueError, match="min must not exceed max, got min=3 and max=2"):
        asyncio.run(main())


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a function to run on the pool, got 3"):
        NOWHERE.cast(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["5", -1, float("nan"), True])
def test_what_is_no_time_is_refused_before_the_pool_hears_of_it(timeout: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a timeout in seconds, 0 or more, or None for no limit, got"):
        NOWHERE.map(abs, [1], timeout=timeout)
    with pytest.raises(TypeError, match=r"expected the time for what runs in seconds, 0 or more, or None"):
        asyncio.run(NOWHERE.drain("cpu-1@127.0.0.1", within=timeout))


@pytest.mark.parametrize(
    ("runners", "error"), [("2", TypeError), (1.5, TypeError), (True, TypeError), (-1, ValueError)]
)
def test_what_is_no_number_of_runners_to_warm_is_refused_before_the_pool_hears_of_it(
    runners: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"warm\(runners\): runners must be a whole number, 0 or more, got"):
        asyncio.run(NOWHERE.warm(runners))


def test_what_is_no_pool_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a pool or the name of one, got None"):
        flame.cast(None, print)  # type: ignore[arg-type]


def test_a_name_that_no_pool_has_is_refused_in_words() -> None:
    async def main() -> None:
        async with bl.Node("alone@127.0.0.1", secret=b"s", listen=False):
            await flame.call("gpu", print)

    with pytest.raises(flame.PoolStopped, match=r"no pool is named 'gpu' here"):
        asyncio.run(main())


@pytest.mark.parametrize(
    "kind",
    [
        flame.QueueTimeout,
        flame.BootTimeout,
        flame.ExecTimeout,
        flame.BootFailed,
        flame.Cancelled,
        flame.NestedPool,
        flame.RunnerLost,
        flame.WorkEnded,
        flame.PoolStopped,
    ],
)
def test_errors_travel(kind: type[flame.FlameError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what was expected")))
    assert type(error) is kind
    assert str(error) == "what was expected"


def test_a_lost_runner_travels_with_what_is_known_of_it() -> None:
    error = flame.RunnerLost("gone", node="n1", reason="killed", exit_code=137, out_of_memory=True, evicted=False)
    there = pickle.loads(pickle.dumps(error))
    assert (there.node, there.reason) == ("n1", "killed")
    assert (there.exit_code, there.out_of_memory, there.evicted) == (137, True, False)


def test_errors_are_what_those_who_know_no_pool_expect() -> None:
    for kind in (flame.QueueTimeout, flame.BootTimeout, flame.ExecTimeout):
        assert issubclass(kind, TimeoutError)
    assert issubclass(flame.RunnerLost, ConnectionError)
    assert issubclass(flame.PoolStopped, LookupError)


class Same:
    """Equals only itself."""


class Named(enum.Enum):
    GERMAN = 1


@pytest.mark.parametrize(
    ("key", "init", "error", "words"),
    [
        (float("nan"), None, ValueError, "expected a key that equals itself, got nan"),
        (float("nan"), str, ValueError, "expected a key that equals itself, got nan"),
        ([1], None, TypeError, "unhashable"),
        (Same(), str, TypeError, "expected a key that equals its copy on the runner, got .*Same object"),
        (None, str, TypeError, "expected a key for what"),
        ("a", "b", TypeError, "expected a function that makes what the calls of a key share"),
    ],
)
def test_keys_that_cannot_work_are_refused(key: Any, init: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        NOWHERE.cast(abs, -1, key=key, init=init)


@pytest.mark.parametrize("key", ["a", 1, ("a", 1), Named.GERMAN, Same, len, enum, frozenset("a"), 1.5])
def test_keys_that_are_the_same_on_a_runner_are_taken(key: Any) -> None:
    assert checked_init(key, str) is str
    assert checked_init(key, None) is checked_init(Same(), None) is None
