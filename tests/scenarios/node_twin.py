"""`@node_twin`: a twin of a scenario on several nodes, each in an operating-system process of its own.

    @node_twin
    async def test_s110_connecting_is_seen_on_both_sides(trace: Trace, peers: Peers) -> None:
        n1 = await named_peer(trace, peers, "n1")

The body runs as the process `main` of main@127.0.0.1, which is connected to nobody; what it starts is ended after it.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, overload

from tests.scenarios.trace import Trace
from tests.scenarios.twin import Played, play_main, replay
from tests.support.peers import Peer, Peers, main_node, peers

NodeBody: TypeAlias = Callable[[Trace, Peers], Awaitable[None]]


@overload
def node_twin(body: NodeBody, /) -> Callable[[], None]: ...
@overload
def node_twin(
    *, differs: bool = False, without: tuple[str, ...] = (), **options: Any
) -> Callable[[NodeBody], Callable[[], None]]: ...
def node_twin(
    body: NodeBody | None = None, /, *, differs: bool = False, without: tuple[str, ...] = (), **options: Any
) -> Callable[[], None] | Callable[[NodeBody], Callable[[], None]]:
    """Makes a test of `body`, as `twin` does; further options are those of the main node."""
    if body is None:
        return functools.partial(_test, differs=differs, without=without, options=options)
    return _test(body, differs=differs, without=without, options=options)


def _test(body: NodeBody, *, differs: bool, without: tuple[str, ...], options: dict[str, Any]) -> Callable[[], None]:
    async def play() -> Played:
        async with peers() as started, main_node(**options) as node:

            async def main(trace: Trace) -> None:
                trace.label(node.name, "main")
                await body(trace, started)

            return await play_main(main)

    return replay(lambda: asyncio.run(play()), body, differs=differs, without=without)


async def named_peer(trace: Trace, peers: Peers, name: str, **options: Any) -> Peer:
    """Starts a peer, and has its node written as `@name`."""
    peer = await peers.start(name, **options)
    trace.label(peer.node, name)
    return peer
