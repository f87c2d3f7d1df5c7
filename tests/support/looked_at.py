"""Two nodes of one loop, of which one looks at the other, each test in a loop of its own."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable

import beamlike as bl
from beamlike.kernel import current

SECRET = b"a secret of the test"
THERE = "there@127.0.0.1"
HERE = "here@127.0.0.1"


def looked_at(test: Callable[[bl.Node], Awaitable[None]]) -> Callable[[], None]:
    """Gives the test the node that is looked at; the current node is the one that looks."""

    @functools.wraps(test, assigned=("__module__", "__name__", "__qualname__", "__doc__"), updated=())
    def run() -> None:
        asyncio.run(_run(test))

    del run.__wrapped__  # type: ignore[attr-defined]  # or pytest would look for a fixture
    return run


async def _run(test: Callable[[bl.Node], Awaitable[None]]) -> None:
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: failures.append(context))
    async with bl.Node(THERE, secret=SECRET) as there, bl.Node(HERE, secret=SECRET) as here:
        with current.at(here):
            await test(there)
    assert not failures
