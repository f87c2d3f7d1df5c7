"""What tests of global names have their peers do: functions to be called over there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Hashable
from typing import Any

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually, forever


def spawn_idle() -> bl.Pid:
    return bl.spawn(forever)


def is_at(name: Hashable, pid: bl.Pid | None) -> bool:
    return bl.global_.whereis_name(name) == pid


def has_no_names() -> bool:
    return bl.global_.registered_names() == []


def sees(*names: str) -> bool:
    return set(bl.nodes()) == set(names)


async def register_idle(*names: Hashable) -> list[bl.Pid]:
    """A process for each name."""
    pids = [bl.spawn(forever) for _ in names]
    for name, pid in zip(names, pids, strict=True):
        assert await bl.global_.register_name(name, pid)
    return pids


async def register_one(name: Hashable) -> bool:
    return await bl.global_.register_name(name, bl.spawn(forever))


async def counts_gaps(name: str, moves: int) -> int:
    """How often nobody has the name, until it has moved so often or a second has passed."""
    gaps, seen, last = 0, 0, None
    deadline = asyncio.get_running_loop().time() + 1
    while seen < moves and asyncio.get_running_loop().time() < deadline:
        pid = bl.global_.whereis_name(name)
        gaps += pid is None
        seen += pid != last
        last = pid
        await asyncio.sleep(0)
    return gaps


# Conflicts.


async def register_mailbox(name: str, resolve: Any) -> bl.Pid:
    """For a process that keeps what it gets."""
    pid = bl.spawn(keeps)
    assert await bl.global_.register_name(name, pid, resolve)
    return pid


async def keeps() -> None:
    seen: list[Any] = []
    while True:
        match await bl.receive():
            case ("seen?", asker):
                bl.send(asker, (bl.self(), seen))
            case message:
                seen.append(message)


async def seen_by(pid: bl.Pid) -> Any:
    bl.send(pid, ("seen?", bl.self()))
    return (await bl.receive(lambda message: message[0] == pid, timeout=PATIENCE))[1]


def greater(_name: Hashable, one: bl.Pid, other: bl.Pid) -> bl.Pid:
    """A resolver of a user: the process of the greater node keeps the name."""
    return max(one, other, key=lambda pid: pid.node)


def fails(_name: Hashable, _one: bl.Pid, _other: bl.Pid) -> bl.Pid:
    raise RuntimeError("who am I to judge?")


# Servers and locks.


async def kill_name_server() -> None:
    """Returns when the next one runs."""
    server = bl.whereis("global_name_server")
    assert server is not None
    bl.exit(server, "kill")
    await eventually(lambda: bl.whereis("global_name_server") not in (None, server))


def blocks_until_named(name: str, to: bl.Pid) -> bool:
    """Keeps the thread busy until the name can be looked up here; whether it ever could."""
    bl.send(to, "blocked")
    deadline = time.monotonic() + PATIENCE
    while bl.global_.whereis_name(name) is None and time.monotonic() < deadline:
        time.sleep(0.001)  # the loop is to be blocked, and other threads are to get the interpreter lock
    return bl.global_.whereis_name(name) is not None


async def take_for_ever(resource: str) -> bool:
    """By a process that lives on."""

    async def take(to: bl.Pid) -> None:
        bl.send(to, await bl.global_.set_lock(resource))
        await forever()

    bl.spawn(take, bl.self())
    taken: bool = await bl.receive(timeout=PATIENCE)
    return taken


async def wait_for_lock(resource: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await bl.global_.set_lock(resource)
