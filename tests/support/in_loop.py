"""Async tests in a loop of their own, without a node: they start those that they want."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import ParamSpec

P = ParamSpec("P")


def in_loop(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """Makes an async test an ordinary one."""

    @functools.wraps(test)
    def run(*args: P.args, **keywords: P.kwargs) -> None:
        asyncio.run(_awaited(functools.partial(test, *args, **keywords)))

    return run


async def _awaited(test: Callable[[], Awaitable[None]]) -> None:
    await test()
