"""A node in a service that runs already, for as long as the service does: two lines.

    app = FastAPI(lifespan=bl.lifespan("orders@10.0.0.5"))              Starlette, FastAPI, Litestar
    app.cleanup_ctx.append(bl.lifespan("orders@10.0.0.5"))              aiohttp
    async with bl.lifespan("orders@10.0.0.5") as node: ...              a worker, a bot, any asyncio program

The node lives on the service's own event loop, asyncio's or uvloop's. It starts one thread for the heartbeat and one
that watches for stalls, and changes neither the loop nor logging, signals, streams or exception hooks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from types import TracebackType
from typing import Any, Final, TypeAlias

from beamlike.distribution.errors import NodeNameTaken
from beamlike.kernel.errors import BeamlikeError
from beamlike.node import Node

Inner: TypeAlias = Callable[[Any], AbstractAsyncContextManager[Any]]

MOST_ALIKE: Final = 1000
"""Nodes of one host whose names differ in their number alone."""
HERE: Final = "127.0.0.1"


class Lifespan:
    """Holds a node for as long as it is entered; each entry makes a new one."""

    def __init__(self, name: str, inner: Inner | None, options: dict[str, Any]) -> None:
        self._name = name if "@" in name else f"{name}@{HERE}"
        self._inner = inner
        self._options = options
        self.node: Node | None = None
        """The node, while it runs."""

    def __repr__(self) -> str:
        return f"<lifespan of {self.node.name if self.node is not None else self._name}>"

    async def __aenter__(self) -> Node:
        if self.node is not None:
            raise BeamlikeError(f"{self.node.name} runs already: one lifespan holds one node at a time")
        self.node = node = await start_unique(self._name, **self._options)
        return node

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        node, self.node = self.node, None
        if node is not None:
            await node.stop()

    def __call__(self, app: Any) -> Any:
        """What a framework enters: Starlette as a context manager, aiohttp as an iterator of one step."""
        return _Entered(self, app)

    @asynccontextmanager
    async def around(self, app: Any) -> AsyncIterator[Any]:
        async with self:
            if self._inner is None:
                yield None
            else:
                async with self._inner(app) as state:
                    yield state


class _Entered:
    def __init__(self, lifespan: Lifespan, app: Any) -> None:
        self._held = lifespan.around(app)

    async def __aenter__(self) -> Any:
        return await self._held.__aenter__()

    async def __aexit__(self, *outcome: Any) -> bool | None:
        return await self._held.__aexit__(*outcome)

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._steps()

    async def _steps(self) -> AsyncIterator[Any]:
        async with self._held as state:
            yield state


def lifespan(name: str, *, inner: Inner | None = None, **options: Any) -> Lifespan:
    """A node named `name`, "word" or "word@host", for the lifetime of a service; `options` as for Node.

    Without a host it is 127.0.0.1: the node is reached from this machine. Where a node of that name runs already, as in
    another worker of the same service, this one is called "word-2@host", and so on: `beamlike nodes` shows them all.
    `inner` is the lifespan that the application has itself, entered while the node runs.

    >>> import asyncio, beamlike as bl
    >>> async def main():
    ...     async with bl.lifespan("doc") as one, bl.lifespan("doc") as two:
    ...         return one.name, two.name
    >>> asyncio.run(main())
    ('doc@127.0.0.1', 'doc-2@127.0.0.1')
    """
    return Lifespan(name, inner, options)


async def start_unique(name: str, **options: Any) -> Node:
    """Starts a node by the first of "word@host", "word-2@host", "word-3@host", ... that no other node of this host
    has."""
    word, _, host = name.rpartition("@")
    try:
        for number in range(1, MOST_ALIKE):
            try:
                return await Node(name if number == 1 else f"{word}-{number}@{host}", **options).start()
            except NodeNameTaken:
                continue
        raise NodeNameTaken(f"expected fewer than {MOST_ALIKE} nodes like {name} on this host; process {os.getpid()}")
    finally:
        options.clear()  # the secret in them is for no traceback
