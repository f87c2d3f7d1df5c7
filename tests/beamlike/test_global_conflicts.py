"""Two nodes register the same names while they are apart, and meet: what each kind of resolver makes of it.

They meet once, for all tests: each name has another resolver, and one process on either side.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

import beamlike as bl
from tests.support.far_names import fails, greater, register_mailbox, seen_by
from tests.support.peers import Peer, main_node, peers

RESOLVERS: dict[str, Any] = {
    "random_exit": bl.global_.random_exit_name,
    "random_notify": bl.global_.random_notify_name,
    "notify_all": bl.global_.notify_all_name,
    "none": None,
    "of a user": greater,
    "failing": fails,
}


@dataclass(frozen=True, slots=True)
class Side:
    """A process that had the name: who has it now, as its node sees it, and what the process got; None if it died."""

    pid: bl.Pid
    holder: bl.Pid | None
    seen: list[Any] | None


@cache
def meeting() -> dict[str, tuple[Side, Side]]:
    return asyncio.run(_meeting())


async def _meeting() -> dict[str, tuple[Side, Side]]:
    async with peers() as started, main_node():
        peer = await started.start("n1")
        far = {name: await peer.call(register_mailbox, name, resolve) for name, resolve in RESOLVERS.items()}
        near = {name: await register_mailbox(name, resolve) for name, resolve in RESOLVERS.items()}
        await bl.connect(peer.node)
        await bl.global_.sync()
        await peer.call(bl.global_.sync)
        return {name: (await _near(near[name], name), await _far(peer, far[name], name)) for name in RESOLVERS}


async def _near(pid: bl.Pid, name: str) -> Side:
    return Side(pid, bl.global_.whereis_name(name), await seen_by(pid) if bl.is_alive(pid) else None)


async def _far(peer: Peer, pid: bl.Pid, name: str) -> Side:
    holder = await peer.call(bl.global_.whereis_name, name)
    return Side(pid, holder, await seen_by(pid) if await peer.call(bl.is_alive, pid) else None)


@pytest.mark.parametrize("name", RESOLVERS)
def test_both_sides_agree(name: str) -> None:
    near, far = meeting()[name]
    assert near.holder == far.holder
    assert near.holder in (near.pid, far.pid, None)


@pytest.mark.parametrize("name", ["random_exit", "random_notify"])
def test_of_two_at_random_one_keeps_the_name(name: str) -> None:
    near, far = meeting()[name]
    assert near.holder in (near.pid, far.pid)
    winner, loser = (near, far) if near.holder == near.pid else (far, near)
    assert winner.seen == []
    assert loser.seen == (None if name == "random_exit" else [("global_name_conflict", name)])


def test_notify_all_tells_both_and_frees_the_name() -> None:
    near, far = meeting()["notify_all"]
    assert near.holder is None
    assert near.seen == [("global_name_conflict", "notify_all", far.pid)]
    assert far.seen == [("global_name_conflict", "notify_all", near.pid)]


@pytest.mark.parametrize("name", ["none", "failing"])
def test_without_a_resolver_that_says_who_the_name_is_free_and_nobody_is_told(name: str) -> None:
    near, far = meeting()[name]
    assert (near.holder, near.seen, far.seen) == (None, [], [])


def test_a_resolver_of_the_user_decides_for_both_sides() -> None:
    near, far = meeting()["of a user"]
    assert near.holder == greater("", near.pid, far.pid) == far.pid
    assert (near.seen, far.seen) == ([], [])
