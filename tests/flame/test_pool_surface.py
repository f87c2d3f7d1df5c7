"""What the public functions take, and how they refuse the rest."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import pickle
from typing import Any

import pytest

import beamlike as bl
import flame
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


@pytest.mark.parametrize("use", [NOWHERE.call, NOWHERE.cast, NOWHERE.map])
def test_a_keyword_of_the_function_is_refused_with_the_way_to_pass_it(use: Any) -> None:
    async def main() -> None:
        result = use(print, [1], sep="")
        if inspect.isawaitable(result):
            await result

    with pytest.raises(TypeError, match=r"has no keyword 'sep'; .* go through functools\.partial"):
        asyncio.run(main())


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match=r"expected a function to run on the pool, got 3"):
        NOWHERE.cast(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("timeout", ["5", -1, float("nan"), True])
def test_what_is_no_time_is_refused_before_the_pool_hears_of_it(timeout: Any) -> None:
    with pytest.raises(TypeError, match=r"expected a timeout in seconds, 0 or more, or None for no limit, got"):
        NOWHERE.map(abs, [1], timeout=timeout)


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
        flame.ExecTimeout,
        flame.BootFailed,
        flame.RunnerLost,
        flame.WorkEnded,
        flame.PoolStopped,
    ],
)
def test_errors_travel(kind: type[flame.FlameError]) -> None:
    error = pickle.loads(pickle.dumps(kind("what was expected")))
    assert type(error) is kind
    assert str(error) == "what was expected"


def test_both_timeouts_are_timeout_errors() -> None:
    assert issubclass(flame.QueueTimeout, TimeoutError)
    assert issubclass(flame.ExecTimeout, TimeoutError)
