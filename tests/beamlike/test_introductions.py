"""Nodes with secrets of their own that come together because a third, which knows both, introduces them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

import beamlike as bl
from beamlike.distribution.introductions import Introduction
from tests.support.local_nodes import PATIENCE, eventually

PARENT = "parent@127.0.0.1"


@asynccontextmanager
async def family(*words: str, introduced: bool = True) -> AsyncIterator[list[bl.Node]]:
    """The parent and its children, each of which is connected to it alone."""
    async with AsyncExitStack() as stack:
        parent = await stack.enter_async_context(bl.Node(PARENT, secret=b"the parent's"))
        children = []
        for word in words:
            name = f"{word}@127.0.0.1"
            child = await stack.enter_async_context(
                bl.Node(name, secret=f"{word}'s own", listen=False, hidden=True, observers=False)
            )
            if introduced:
                await child.introduced_by(PARENT)
            await child.connect(PARENT, await parent.listen(), secret=parent.invite(name))
            await eventually(lambda name=name: name in parent.nodes(hidden=True))
            children.append(child)
        yield [parent, *children]


def in_family(*words: str, introduced: bool = True) -> Callable[[Callable[..., Awaitable[None]]], Callable[[], None]]:
    def wrap(test: Callable[..., Awaitable[None]]) -> Callable[[], None]:
        async def main() -> None:
            async with family(*words, introduced=introduced) as members:
                await test(*members)

        def run() -> None:
            asyncio.run(main())

        run.__name__, run.__doc__, run.__module__ = test.__name__, test.__doc__, test.__module__
        return run

    return wrap


@in_family("x", "y")
async def test_who_uses_the_name_of_a_sibling_is_connected_to_it_and_again_after_a_loss(
    parent: bl.Node, x: bl.Node, y: bl.Node
) -> None:
    assert y.address is None
    for _ in range(3):
        assert await x.call(y.name, len, "four", timeout=PATIENCE) == 4
        assert x.nodes() == [PARENT]
        assert y.nodes(hidden=True) == [PARENT, x.name]
        assert await x.disconnect(y.name)
        await eventually(lambda: y.nodes(hidden=True) == [PARENT])


@in_family("x", "y")
async def test_both_may_dial_at_once_and_lose_nothing(parent: bl.Node, x: bl.Node, y: bl.Node) -> None:
    for _ in range(10):
        said = await asyncio.gather(
            *(node.call(other.name, len, "four", timeout=PATIENCE) for node, other in [(x, y), (y, x)] * 3)
        )
        assert said == [4] * 6
        await x.disconnect(y.name)
        await eventually(lambda: [it.nodes(hidden=True) for it in (x, y)] == [[PARENT], [PARENT]])


@in_family("x", "y")
async def test_an_introduction_opens_a_node_once_and_to_nobody_else(parent: bl.Node, x: bl.Node, y: bl.Node) -> None:
    introduction = await y.expect(x.name, 30)
    await x.connect(y.name, introduction.address, secret=introduction.token)
    await x.disconnect(y.name)
    await eventually(lambda: y.nodes(hidden=True) == [PARENT])
    with pytest.raises(bl.HandshakeRefused, match="was used, revoked, or has expired"):
        await x.connect(y.name, introduction.address, secret=introduction.token)
    async with bl.Node("z@127.0.0.1", secret=b"another") as z:
        with pytest.raises(bl.HandshakeRefused, match="secret"):
            await z.connect(y.name, introduction.address, secret=introduction.token)
    assert "token" not in repr(introduction)


@in_family("x")
async def test_whom_the_parent_does_not_know_is_told_in_words(parent: bl.Node, x: bl.Node) -> None:
    with pytest.raises(bl.NotConnected, match=f"{PARENT} is not connected to nobody@127.0.0.1"):
        await x.connect("nobody@127.0.0.1")
    with pytest.raises(bl.rpc.NodeLost, match=f"{PARENT} is not connected to nobody@127.0.0.1"):
        await x.call("nobody@127.0.0.1", len, "", timeout=PATIENCE)


@in_family("x", "y")
async def test_a_sibling_that_is_not_reached_at_its_address_is_told_with_that(
    parent: bl.Node, x: bl.Node, y: bl.Node
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async def expect(name: str, seconds: float) -> Introduction:
        return Introduction(("127.0.0.1", port), y.invite(name, seconds), False)

    y.expect = expect  # type: ignore[method-assign]
    with pytest.raises(bl.NotConnected, match=f"nobody listens at .*; it listens at 127.0.0.1:{port}, which is not"):
        await x.connect(y.name)


@in_family("x", "y")
async def test_without_a_parent_there_are_no_introductions(parent: bl.Node, x: bl.Node, y: bl.Node) -> None:
    await x.disconnect(PARENT)
    with pytest.raises(bl.NotConnected, match=r"that could not be asked: .* x@127.0.0.1 disconnects"):
        await x.connect(y.name)
    with pytest.raises(bl.NotConnected, match="is not made anew"):
        await x.connect(PARENT)


@in_family("x", "y")
async def test_a_member_of_the_parents_cluster_is_reached_as_well(parent: bl.Node, x: bl.Node, y: bl.Node) -> None:
    async with bl.Node("member@127.0.0.1", secret=b"the parent's") as member:
        await member.connect(PARENT)
        assert await x.call(member.name, len, "four", timeout=PATIENCE) == 4
        assert member.nodes() == [PARENT]


@in_family("x", "y")
async def test_groups_are_found_across_children_and_news_of_them_comes_by_itself(
    parent: bl.Node, x: bl.Node, y: bl.Node
) -> None:
    found, pids = asyncio.Queue[list[bl.Pid]](), asyncio.Queue[bl.Pid]()

    async def joins() -> None:
        await bl.pg.join("workers")
        await pids.put(bl.self())
        await bl.receive()

    async def looks(until: int) -> None:
        while len(members := await bl.pg.find_members("workers")) != until:  # noqa: ASYNC110 - that nobody is there is no news
            await asyncio.sleep(0.005)
        await found.put(members)

    async def seen(count: int) -> list[bl.Pid]:
        x.spawn(looks, count)
        async with asyncio.timeout(PATIENCE):
            return await found.get()

    assert await seen(0) == []
    y.spawn(joins)
    first = await pids.get()
    assert await seen(1) == [first]
    assert y.name not in x.nodes(hidden=True)
    y.spawn(joins)
    second = await pids.get()
    assert set(await seen(2)) == {first, second}
    x.send(first, "go")
    assert await seen(1) == [second]
    await y.disconnect(PARENT)
    await y.disconnect(x.name)
    assert await seen(0) == []
