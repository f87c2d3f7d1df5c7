"""A node with a child, in another interpreter: for the tests of what lies between two nodes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import beamlike as bl
import nodes

NEAR = "near@127.0.0.1"


def with_child_node(test: Callable[[nodes.Child], Awaitable[None]]) -> Callable[[], None]:
    """Runs an async test on a node that has a child node."""

    async def main() -> None:
        async with bl.Node(NEAR, secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local())
            try:
                await test(child)
            finally:
                await child.stop(grace=0.1)

    # No functools.wraps: pytest would take the child for a fixture.
    def run() -> None:
        asyncio.run(main())

    run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
    return run
