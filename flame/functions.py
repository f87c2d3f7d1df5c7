"""The methods of a pool as functions, which take it by itself or by its name on the current node."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from typing import Any

import beamlike as bl
from flame.errors import PoolStopped
from flame.pool import Pool


def named(pool: Pool | str) -> Pool:
    """The pool of that name on the current node; PoolStopped if there is none."""
    if isinstance(pool, Pool):
        return pool
    if not isinstance(pool, str):
        raise TypeError(f"expected a pool or the name of one, got {pool!r}")
    pid = bl.whereis(pool)
    if pid is None:
        raise PoolStopped(f"no pool is named {pool!r} here: start it with flame.Pool.start(name={pool!r}, ...)")
    return Pool(pool, pid)


async def call(pool: Pool | str, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
    """Runs `function(*args)` on a runner of the pool and returns its value; the options are those of Pool.call."""
    return await named(pool).call(function, *args, **options)


def cast(pool: Pool | str, function: Callable[..., Any], /, *args: Any, **options: Any) -> None:
    """As `call`, without waiting; the options are those of Pool.cast."""
    named(pool).cast(function, *args, **options)


def map(
    pool: Pool | str, function: Callable[[Any], Any], items: Iterable[Any] | AsyncIterable[Any], /, **options: Any
) -> AsyncGenerator[Any, None]:
    """Calls `function(item)` for each item and yields the values; the options are those of Pool.map."""
    return named(pool).map(function, items, **options)


def stream(pool: Pool | str, function: Callable[..., Any], /, *args: Any, **options: Any) -> AsyncGenerator[Any, None]:
    """The items of a generator function that runs on a runner, while it runs; the options are those of Pool.stream."""
    return named(pool).stream(function, *args, **options)


async def place_child(pool: Pool | str, spec: bl.ChildSpec | Callable[[], Any], /, **options: Any) -> bl.Pid | None:
    """Starts a long-lived process on a runner and returns its pid; the options are those of Pool.place_child."""
    return await named(pool).place_child(spec, **options)
