"""W1-W5 and W10 on one node: spawn, ping-pong, ring, fan-in, call, deaths: `python -m tests.bench.kernel [rounds]`.

Each round measures the system and its limit, bare asyncio tasks that hand over by futures, one after the other on both
loops, so that a ratio within a round means something on a machine that others use as well.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import uvloop

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.node import LocalNode
from beamlike.kernel.terms import Pid
from tests.bench.lines import emit, percentile

ROUNDS = 3
ROOT = Path(__file__).parents[2]
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
Measure = Callable[[], Coroutine[Any, Any, None]]


def on_loop(loop: str, system: str, measure: Callable[[str], Awaitable[None]]) -> None:
    """Runs `measure` with the system's name, which says the loop, too."""
    gc.collect()
    name = f"{system}:{loop}" if system == "limit" else f"{system}@{loop}"
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(_with_node(lambda: measure(name)))


async def _with_node(main: Callable[[], Awaitable[None]]) -> None:
    node = LocalNode("bench@127.0.0.1")
    current.started(node)
    try:
        await main()
    finally:
        node.halt()
        await asyncio.sleep(0)
        current.stopped(node)


class Stopwatch:
    def __enter__(self) -> Stopwatch:
        self.began = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self.began


class Box:
    """The cheapest mailbox on a future: the limit for anything that waits as an asyncio task."""

    __slots__ = ("queue", "waiter")

    def __init__(self) -> None:
        self.queue: deque[Any] = deque()
        self.waiter: asyncio.Future[None] | None = None

    def put(self, item: Any) -> None:
        self.queue.append(item)
        if self.waiter is not None:
            self.waiter.set_result(None)
            self.waiter = None

    async def get(self) -> Any:
        if not self.queue:
            self.waiter = asyncio.get_running_loop().create_future()
            await self.waiter
        return self.queue.popleft()


class Countdown:
    """Done when it has been counted down to zero."""

    def __init__(self, count: int) -> None:
        self.left = count
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def count(self) -> None:
        self.left -= 1
        if not self.left:
            self.done.set_result(None)


# W1: how many can be started, and what one that waits costs.

SPAWNS = 50_000
CHURN = 1000


async def counts(countdown: Countdown) -> None:
    countdown.count()


async def spawn(system: str) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    bl.spawn(spawns, system, bl.spawn, done)
    await done


async def spawn_limit(system: str) -> None:
    create_task = asyncio.get_running_loop().create_task
    await spawns(system, lambda function, countdown: create_task(function(countdown)))


async def spawns(system: str, start: Callable[..., object], done: asyncio.Future[None] | None = None) -> None:
    """All alive at once, and never more than CHURN."""
    with Stopwatch() as watch:
        countdown = Countdown(SPAWNS)
        for _ in range(SPAWNS):
            start(counts, countdown)
        await countdown.done
    emit(system, "W1", "spawn", "proc/s", SPAWNS / watch.seconds, n=SPAWNS)
    with Stopwatch() as watch:
        for _ in range(SPAWNS // CHURN):
            countdown = Countdown(CHURN)
            for _ in range(CHURN):
                start(counts, countdown)
            await countdown.done
    emit(system, "W1", "spawn_churn", "proc/s", SPAWNS / watch.seconds, n=SPAWNS, alive=CHURN)
    if done is not None:
        done.set_result(None)


IDLE = 100_000


async def waits_for_message() -> None:
    await bl.receive()


async def waits_for_future() -> None:
    await asyncio.get_running_loop().create_future()


async def idle(system: str) -> None:
    loop = asyncio.get_running_loop()
    gc.collect()
    before = resident_bytes()
    kept = [
        bl.spawn(waits_for_message) if system.startswith("beamlike") else loop.create_task(waits_for_future())
        for _ in range(IDLE)
    ]
    for _ in range(10 + IDLE // 500):
        await asyncio.sleep(0)
    emit(system, "W1", "idle_bytes_100k", "B", (resident_bytes() - before) / IDLE, n=len(kept))


def resident_bytes() -> int:
    return psutil.Process().memory_info().rss


def idle_in_fresh_interpreters() -> None:
    """Memory that was used and freed before would hide what is used now."""
    for system in ("limit", "beamlike"):
        for loop in LOOPS:
            subprocess.run([sys.executable, "-m", "tests.bench.kernel", "idle", system, loop], cwd=ROOT, check=True)


# W2: two that answer each other.

ROUND_TRIPS = 100_000


async def pings(to: bl.Pid, done: asyncio.Future[None]) -> None:
    me = bl.self()
    for _ in range(ROUND_TRIPS):
        bl.send(to, me)
        await bl.receive()
    done.set_result(None)


async def pongs() -> None:
    while True:
        bl.send(await bl.receive(), "pong")


async def ping_pong(system: str) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with Stopwatch() as watch:
        bl.spawn(pings, bl.spawn(pongs), done)
        await done
    emit(system, "W2", "pingpong", "msg/s", 2 * ROUND_TRIPS / watch.seconds, round_trips=ROUND_TRIPS)


async def ping_pong_limit(system: str) -> None:
    new = asyncio.get_running_loop().create_future
    to_pong, to_ping = new(), new()

    async def ping() -> None:
        nonlocal to_ping
        for _ in range(ROUND_TRIPS):
            to_ping = new()
            to_pong.set_result("ping")
            await to_ping

    async def pong() -> None:
        nonlocal to_pong
        while True:
            await to_pong
            to_pong = new()
            to_ping.set_result("pong")

    answering = asyncio.create_task(pong())
    with Stopwatch() as watch:
        await asyncio.create_task(ping())
    answering.cancel()
    emit(system, "W2", "pingpong", "msg/s", 2 * ROUND_TRIPS / watch.seconds, round_trips=ROUND_TRIPS)


# W3: tokens that go round a ring of a thousand.

RING = 1000
TOKENS_AND_LAPS = ((1, 100), (100, 10))


async def ring(system: str) -> None:
    for tokens, laps in TOKENS_AND_LAPS:
        countdown = Countdown(tokens)
        first = bl.spawn(hands_on_and_counts, countdown)
        following = first
        members = [first]
        for _ in range(RING - 1):
            following = bl.spawn(hands_on, following)
            members.append(following)
        bl.send(first, following)
        await asyncio.sleep(0.05)
        with Stopwatch() as watch:
            for _ in range(tokens):
                bl.send(following, laps)
            await countdown.done
        rate = RING * laps * tokens / watch.seconds
        emit(system, "W3", f"ring_{tokens}_tokens", "msg/s", rate, procs=RING, laps=laps, tokens=tokens)
        for pid in members:
            bl.exit(pid, "kill")


async def hands_on(following: bl.Pid) -> None:
    while True:
        bl.send(following, await bl.receive())


async def hands_on_and_counts(countdown: Countdown) -> None:
    following = await bl.receive()
    while True:
        laps = await bl.receive()
        if laps == 1:
            countdown.count()
        else:
            bl.send(following, laps - 1)


async def ring_limit(system: str) -> None:
    for tokens, laps in TOKENS_AND_LAPS:
        boxes, countdown = [Box() for _ in range(RING)], Countdown(tokens)

        async def member(mine: Box, following: Box) -> None:
            while True:
                following.put(await mine.get())

        async def first(mine: Box, following: Box, countdown: Countdown = countdown) -> None:
            while True:
                laps = await mine.get()
                if laps == 1:
                    countdown.count()
                else:
                    following.put(laps - 1)

        tasks = [asyncio.create_task(first(boxes[0], boxes[1]))]
        tasks += [asyncio.create_task(member(boxes[i], boxes[(i + 1) % RING])) for i in range(1, RING)]
        await asyncio.sleep(0.05)
        with Stopwatch() as watch:
            for _ in range(tokens):
                boxes[1].put(laps)
            await countdown.done
        rate = RING * laps * tokens / watch.seconds
        emit(system, "W3", f"ring_{tokens}_tokens", "msg/s", rate, procs=RING, laps=laps, tokens=tokens)
        for task in tasks:
            task.cancel()
        await asyncio.sleep(0)


# W4: many senders, one receiver; and a message that stands behind many others.

SENDERS, EACH = 1000, 300
QUEUED = 300_000


async def fan_in(system: str) -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    with Stopwatch() as watch:
        consumer = bl.spawn(consumes, SENDERS * EACH, done)
        for _ in range(SENDERS):
            bl.spawn(produces, consumer)
        await done
    emit(system, "W4", "fan_in", "msg/s", SENDERS * EACH / watch.seconds, senders=SENDERS, each=EACH)
    found = asyncio.get_running_loop().create_future()
    bl.spawn(finds_the_last, found)
    seconds, again = await found
    emit(system, "W4", "selective_last_of_1M", "ms", seconds * 1e3 * 1_000_000 / QUEUED, n=QUEUED, scaled=True)
    emit(system, "W4", "reply_behind_a_backlog", "us", again * 1e6, backlog=QUEUED)


async def produces(consumer: bl.Pid) -> None:
    for number in range(EACH):
        bl.send(consumer, ("msg", number))


async def consumes(count: int, done: asyncio.Future[None]) -> None:
    for _ in range(count):
        await bl.receive()
    done.set_result(None)


async def finds_the_last(found: asyncio.Future[tuple[float, float]]) -> None:
    for number in range(QUEUED):
        bl.send(bl.self(), ("noise", number))
    bl.send(bl.self(), ("tagged", 0))
    with Stopwatch() as watch:
        await bl.receive(lambda message: message[0] == "tagged")
    ref = bl.make_ref()
    bl.send(bl.self(), bl.Reply(ref, 0))
    await bl.receive(ref=ref)
    with Stopwatch() as again:
        for _ in range(1000):
            ref = bl.make_ref()
            bl.send(bl.self(), bl.Reply(ref, 0))
            await bl.receive(ref=ref)
    found.set_result((watch.seconds, again.seconds / 1000))


async def fan_in_limit(system: str) -> None:
    box = Box()

    async def producer() -> None:
        for number in range(EACH):
            box.put(("msg", number))

    async def consumer() -> None:
        for _ in range(SENDERS * EACH):
            await box.get()

    with Stopwatch() as watch:
        consuming = asyncio.create_task(consumer())
        producing = [asyncio.create_task(producer()) for _ in range(SENDERS)]
        await consuming
    await asyncio.gather(*producing)
    emit(system, "W4", "fan_in", "msg/s", SENDERS * EACH / watch.seconds, senders=SENDERS, each=EACH)
    queue = deque([("noise", number) for number in range(QUEUED)])
    queue.append(("tagged", 0))
    tagged: Callable[[tuple[str, int]], bool] = lambda message: message[0] == "tagged"  # noqa: E731 - as a user writes it
    with Stopwatch() as watch:
        del queue[next(place for place, message in enumerate(queue) if tagged(message))]
    emit(system, "W4", "selective_last_of_1M", "ms", watch.seconds * 1e3 * 1_000_000 / QUEUED, n=QUEUED, scaled=True)


# W5: a request and its reply.

CALLS = 50_000


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> Any:
        return request


async def calls(server: Pid, done: asyncio.Future[tuple[float, list[float]]]) -> None:
    with Stopwatch() as watch:
        for number in range(CALLS):
            await bl.GenServer.call(server, number)
    samples, clock = [], time.perf_counter
    for number in range(CALLS):
        began = clock()
        await bl.GenServer.call(server, number)
        samples.append(clock() - began)
    done.set_result((watch.seconds, samples))


async def call(system: str) -> None:
    done: asyncio.Future[tuple[float, list[float]]] = asyncio.get_running_loop().create_future()
    bl.spawn(calls, await Echo.start(), done)
    emit_calls(system, *await done)


async def call_limit(system: str) -> None:
    new = asyncio.get_running_loop().create_future
    wake = new()

    async def server() -> None:
        nonlocal wake
        while True:
            reply, number = await wake
            wake = new()
            reply.set_result(number)

    serving = asyncio.create_task(server())
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for number in range(CALLS):
            reply = new()
            wake.set_result((reply, number))
            await reply
    samples, clock = [], time.perf_counter
    for number in range(CALLS):
        began = clock()
        reply = new()
        wake.set_result((reply, number))
        await reply
        samples.append(clock() - began)
    serving.cancel()
    emit_calls(system, watch.seconds, samples)


def emit_calls(system: str, seconds: float, samples: list[float]) -> None:
    emit(system, "W5", "call", "call/s", CALLS / seconds, n=CALLS)
    for q in (50, 99):
        emit(system, "W5", f"latency_p{q}", "us", percentile(samples, q) * 1e6, n=len(samples))


# W10: many that are watched die at once.

WATCHED = 10_000


async def deaths(system: str) -> None:
    done: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    bl.spawn(watches, done)
    emit(system, "W10", "down_10k", "ms", await done * 1e3, n=WATCHED)
    done = asyncio.get_running_loop().create_future()
    bl.spawn(watches_a_hub, done)
    emit(system, "W10", "link_exit_10k", "ms", await done * 1e3, n=WATCHED)


async def watches(done: asyncio.Future[float]) -> None:
    """Kills them one after the other, as a failing subsystem would."""
    pids = [bl.spawn(waits_for_message) for _ in range(WATCHED)]
    refs = [bl.monitor(pid) for pid in pids]
    await asyncio.sleep(0.1)
    with Stopwatch() as watch:
        for pid in pids:
            bl.exit(pid, "kill")
        for ref in refs:
            await bl.receive(ref=ref)
    done.set_result(watch.seconds)


async def watches_a_hub(done: asyncio.Future[float]) -> None:
    """One dies, and all that are linked to it."""
    hub = bl.spawn(links_to_many, bl.self())
    refs = [bl.monitor(pid) for pid in await bl.receive()]
    await asyncio.sleep(0.1)
    with Stopwatch() as watch:
        bl.exit(hub, "boom")
        for ref in refs:
            await bl.receive(ref=ref)
    done.set_result(watch.seconds)


async def links_to_many(asker: bl.Pid) -> None:
    bl.send(asker, [bl.spawn_link(waits_for_message) for _ in range(WATCHED)])
    await bl.receive()


async def deaths_limit(system: str) -> None:
    countdown = Countdown(WATCHED)
    tasks = [asyncio.create_task(waits_for_future()) for _ in range(WATCHED)]
    for task in tasks:
        task.add_done_callback(lambda _: countdown.count())
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for task in tasks:
            task.cancel()
        await countdown.done
    emit(system, "W10", "down_10k", "ms", watch.seconds * 1e3, n=WATCHED)


CASES: tuple[tuple[Callable[[str], Awaitable[None]], Callable[[str], Awaitable[None]]], ...] = (
    (spawn, spawn_limit),
    (ping_pong, ping_pong_limit),
    (ring, ring_limit),
    (fan_in, fan_in_limit),
    (call, call_limit),
    (deaths, deaths_limit),
)


def main(rounds: int = ROUNDS) -> None:
    idle_in_fresh_interpreters()
    for _ in range(rounds):
        for ours, limit in CASES:
            for loop in LOOPS:
                on_loop(loop, "limit", limit)
                on_loop(loop, "beamlike", ours)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["idle", system, loop]:
            on_loop(loop, system, idle)
        case [rounds]:
            main(int(rounds))
        case _:
            main()
