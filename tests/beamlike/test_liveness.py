"""A node that is busy, stuck, stopped, gone or cut off, seen from another one. The nodes are programs of their own.

The tick time is scaled down; where a test waits for several of them, it waits for something not to happen.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

import pytest

import beamlike as bl
from beamlike.distribution.doorway import LANE
from beamlike.kernel import current
from tests.support.dropped_packets import CANNOT
from tests.support.local_nodes import PATIENCE, down_reason, waiting_messages
from tests.support.peers import Peer, main_node, peers
from tests.support.proxy import proxy_to

TICK = 0.8
DOWN = 4 * TICK
"""Seconds of silence after which a node is down."""
HEARD = ("up", "stalled")
"""A busy machine may stall a healthy loop."""


def keep_busy(flag: str) -> None:
    while not Path(flag).exists():
        pass


def end(flag: str) -> None:
    Path(flag).touch()


def hold_the_lock(pipe: str) -> None:
    """Until something is written to the pipe."""
    ctypes.PyDLL(None).read(os.open(pipe, os.O_RDWR), ctypes.create_string_buffer(1), 1)


async def until(condition: Any) -> Any:
    """The first value of an async condition that is true."""
    async with asyncio.timeout(PATIENCE):
        while not (value := await condition()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.02)
        return value


async def its_loop_turns(node: str) -> bool:
    return await bl.who_is_blocking(node, timeout=PATIENCE) is None


async def stall_of(pid: bl.Pid, asked: Any) -> Any:
    """What `asked` tells of it, once it does: on a busy machine the loop stands still for other things, too."""

    async def told() -> Any:
        stall = await asked(pid.node)
        return stall if stall is not None and stall.pid == pid else None

    return await until(told)


def loaded() -> None:
    """After a call of it, a node has this module, and its loop is not held up by its import."""


async def has_blocked_for(node: str, seconds: float) -> bool:
    stall = await bl.who_is_blocking(node, timeout=PATIENCE)
    return stall is not None and stall.seconds > seconds


async def until_state(node: str, state: str) -> None:
    async def is_so() -> bool:
        return bl.node_state(node) == state

    await until(is_so)


async def is_heard(node: str) -> bool:
    return bl.node_state(node) in HEARD


def news_of(node: str) -> list[Any]:
    """What came of the node's end, so far."""
    return [news for news in waiting_messages() if isinstance(news, bl.NodeDown) and news.node == node]


async def connected(peer: Peer) -> None:
    """The current process hears of the end of it."""
    await bl.connect(peer.node)
    bl.monitor_node(peer.node)


def test_a_loop_that_is_kept_busy_for_long_is_named_with_its_stack_and_never_taken_for_dead(tmp_path: Path) -> None:
    flag = str(tmp_path / "end")

    async def main() -> None:
        async with peers() as started, main_node(tick_time=TICK):
            peer = await started.start("busy", tick_time=TICK)
            await connected(peer)
            await until(lambda: its_loop_turns(peer.node))
            pid = bl.spawn(keep_busy, flag, node=peer.node)
            stall = await stall_of(pid, bl.who_is_blocking)
            assert stall.place.function == "keep_busy"
            assert [place.source for place in stall.stack if place.function == "keep_busy"] == [
                "while not Path(flag).exists():"
            ]
            await until_state(peer.node, "stalled")
            await asyncio.sleep(1.5 * DOWN)
            await until(lambda: has_blocked_for(peer.node, DOWN))  # of the peer's own time, less on a busy machine
            assert news_of(peer.node) == []
            end(flag)
            await until_state(peer.node, "up")
            assert await bl.rpc.call(peer.node, abs, -7, timeout=PATIENCE) == 7
            await until(lambda: its_loop_turns(peer.node))

    asyncio.run(main())


def test_c_code_that_holds_the_interpreter_lock_makes_a_node_unresponsive_and_not_down(tmp_path: Path) -> None:
    pipe = str(tmp_path / "end")
    os.mkfifo(pipe)

    async def main() -> None:
        async with peers() as started, main_node(tick_time=2 * TICK):
            peer = await started.start("stuck", tick_time=2 * TICK)
            await connected(peer)
            bl.spawn(hold_the_lock, pipe, node=peer.node)
            await until_state(peer.node, "unresponsive")
            with pytest.raises(TimeoutError, match="holds the interpreter lock"):
                await bl.who_is_blocking(peer.node, timeout=0.1)
            write(pipe, "x")
            await until_state(peer.node, "up")
            assert news_of(peer.node) == []

    asyncio.run(main())


def test_the_monitors_of_a_killed_node_hear_of_it_by_its_closed_connection() -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            peer = await started.start("killed")
            await connected(peer)
            _, ref = bl.spawn_monitor(time.sleep, 1000, node=peer.node)
            await until(lambda: bl.who_is_blocking(peer.node))
            peer.kill()
            assert await down_reason(ref) == "noconnection"
            assert await bl.receive(timeout=PATIENCE) == bl.NodeDown(peer.node, "connection_closed")
            assert bl.node_state(peer.node) == "down"

    asyncio.run(main())


def test_a_node_of_which_nothing_comes_any_more_is_unresponsive_and_then_down() -> None:
    async def main() -> None:
        async with peers() as started, main_node(tick_time=TICK):
            peer = await started.start("vanished", tick_time=TICK)
            async with proxy_to(await peer.call(address)) as proxy:
                await bl.connect(peer.node, proxy.address)
                bl.monitor_node(peer.node)
                proxy.hold()
                await until_state(peer.node, "unresponsive")
                assert await bl.receive(timeout=PATIENCE) == bl.NodeDown(peer.node, "net_tick_timeout")

    asyncio.run(main())


def test_a_node_whose_packets_are_dropped_is_unresponsive_and_then_down() -> None:
    namespace = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*namespace, "true"], check=False).returncode:
        pytest.skip("the system permits no network namespace here")
    program = [*namespace, sys.executable, "-m", "tests.support.dropped_packets", str(TICK)]
    result = subprocess.run(program, capture_output=True, text=True, timeout=50, check=False)
    if result.returncode == CANNOT:
        pytest.skip(result.stdout.strip())  # the program has said what this system does not permit
    assert result.stdout.split() == ["up", "unresponsive", "net_tick_timeout"], result.stderr


def test_who_loses_only_the_lane_stays_up_and_gets_another_lane() -> None:
    async def main() -> None:
        async with peers() as started, main_node(tick_time=TICK):
            peer = await started.start("other", tick_time=TICK)
            async with proxy_to(await peer.call(address)) as proxy:
                await bl.connect(peer.node, proxy.address)
                bl.monitor_node(peer.node)
                await proxy.until_opened(LANE, 1)
                proxy.cut(LANE)
                await proxy.until_opened(LANE, 2)
                await until(lambda: its_loop_turns(peer.node))
                proxy.hold(LANE)
                await asyncio.sleep(1.5 * DOWN)
                await proxy.until_opened(LANE, 3)  # a silent lane is given up
                await until(lambda: is_heard(peer.node))
                proxy.resume()
                await until(lambda: its_loop_turns(peer.node))
                assert news_of(peer.node) == []

    asyncio.run(main())


def test_two_nodes_that_were_stopped_for_long_find_each_other_up(tmp_path: Path) -> None:
    """As on a machine that was suspended: for both, far more than four tick times pass at once."""

    async def main() -> None:
        async with peers() as started, main_node(tick_time=1000.0):
            one = await started.start("one", tick_time=TICK)
            two = await started.start("two", tick_time=TICK)
            await one.call(bl.connect, two.node)
            await one.call(watch, two.node, str(tmp_path / "one"))
            await two.call(watch, one.node, str(tmp_path / "two"))
            one.freeze()
            two.freeze()
            await asyncio.sleep(1.5 * DOWN)
            one.thaw()
            two.thaw()
            await asyncio.sleep(TICK)
            await one.until(is_heard, two.node)
            await two.until(is_heard, one.node)
            assert nothing_in(tmp_path)

    asyncio.run(main())


def watch(node: str, told: str) -> None:
    bl.spawn(tell_of, node, told)


async def tell_of(node: str, told: str) -> NoReturn:
    bl.monitor_node(node)
    while True:
        write(told, str(await bl.receive()))


def write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")


def nothing_in(folder: Path) -> bool:
    return not list(folder.iterdir())


def address() -> tuple[str, int]:
    node = current.current_node()
    assert isinstance(node, bl.Node)
    assert node.address is not None
    return node.address


def test_a_node_that_was_stopped_for_a_while_is_unresponsive_meanwhile() -> None:
    async def main() -> None:
        async with peers() as started, main_node(tick_time=2 * TICK):
            peer = await started.start("frozen", tick_time=2 * TICK)
            await connected(peer)
            peer.freeze()
            await until_state(peer.node, "unresponsive")
            peer.thaw()
            await until_state(peer.node, "up")
            assert news_of(peer.node) == []

    asyncio.run(main())


def test_what_keeps_a_loop_busy_is_interrupted_from_another_node_and_nobody_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            peer = await started.start("busy")
            await connected(peer)
            await bl.rpc.call(peer.node, loaded, timeout=PATIENCE)
            bystander = bl.spawn(wait_for_ever, node=peer.node)
            await until(lambda: its_loop_turns(peer.node))
            assert await bl.interrupt(peer.node) is None
            pid, ref = bl.spawn_monitor(keep_busy, str(tmp_path / "never"), node=peer.node)
            await stall_of(pid, bl.interrupt)
            reason = await down_reason(ref)
            assert reason.type.endswith("Interrupted")
            assert await bl.rpc.call(peer.node, bl.is_alive, bystander, timeout=PATIENCE)

    asyncio.run(main())


async def wait_for_ever() -> None:
    await bl.receive()


def test_a_standalone_runtime_with_a_handler_gets_the_signal_which_wakes_code_that_sleeps() -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            peer = await started.start("runtime", own_thread=True)
            await connected(peer)
            await peer.call(handle_interrupts)
            await bl.rpc.call(peer.node, loaded, timeout=PATIENCE)
            pid, ref = bl.spawn_monitor(sleep_long, node=peer.node)
            stall = await stall_of(pid, bl.interrupt)
            assert stall.thread == "MainThread"
            assert (await down_reason(ref)).type.endswith("KeyboardInterrupt")
            assert await bl.rpc.call(peer.node, abs, -7, timeout=PATIENCE) == 7

    asyncio.run(main())


def sleep_long() -> None:
    time.sleep(1000)  # until the test interrupts it: the stall is what it is about


def handle_interrupts() -> None:
    def on_signal(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, on_signal)
