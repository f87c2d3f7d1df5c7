"""W4: many senders and one receiver; and a selective receive of the last of a million messages.

The limit of the latter is a walk along a deque that asks a predicate about each message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import beamlike as bl
from tests.bench.kernel.bare_tasks import Box
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.lines import Figure

Message = tuple[str, int]
is_tagged: Callable[[Message], bool] = lambda message: message[0] == "tagged"  # noqa: E731 - as a user writes it


async def ours(figure: Figure, sizes: Sizes) -> None:
    await fan_in(min(100, sizes.producers), min(100, sizes.each))
    with Stopwatch() as watch:
        await fan_in(sizes.producers, sizes.each)
    tell(figure, sizes, watch.seconds)
    await selective(figure, sizes.queued)


async def fan_in(producers: int, each: int) -> None:
    consumer = bl.spawn(consumes, producers * each, bl.self())
    for _ in range(producers):
        bl.spawn(produces, consumer, each)
    await bl.receive()


async def produces(consumer: bl.Pid, count: int) -> None:
    for number in range(count):
        bl.send(consumer, ("msg", number))


async def consumes(count: int, owner: bl.Pid) -> None:
    for _ in range(count):
        await bl.receive()
    bl.send(owner, "done")


async def selective(figure: Figure, queued: int) -> None:
    finder = bl.spawn(finds_the_tagged, bl.self())
    with Stopwatch() as watch:
        for number in range(queued):
            bl.send(finder, ("noise", number))
        bl.send(finder, ("tagged", queued))
    bl.send(finder, "go")
    seconds = await bl.receive()
    figure("W4", "selective_last_of_1M", "ms", seconds * 1e3, n=queued)
    figure("W4", "enqueue_to_busy", "msg/s", queued / watch.seconds, n=queued)


async def finds_the_tagged(owner: bl.Pid) -> None:
    await bl.receive(lambda message: message == "go")
    with Stopwatch() as watch:
        await bl.receive(is_tagged)
    bl.send(owner, watch.seconds)


async def limit(figure: Figure, sizes: Sizes) -> None:
    box: Box[Message] = Box()

    async def producer() -> None:
        for number in range(sizes.each):
            box.put(("msg", number))

    async def consumer() -> None:
        for _ in range(sizes.producers * sizes.each):
            await box.get()

    with Stopwatch() as watch:
        consuming = asyncio.create_task(consumer())
        producing = [asyncio.create_task(producer()) for _ in range(sizes.producers)]
        await consuming
    await asyncio.gather(*producing)
    tell(figure, sizes, watch.seconds)
    scan(figure, sizes.queued)


def scan(figure: Figure, queued: int) -> None:
    queue = deque(("noise", number) for number in range(queued))
    queue.append(("tagged", queued))
    with Stopwatch() as watch:
        del queue[next(place for place, message in enumerate(queue) if is_tagged(message))]
    figure("W4", "selective_last_of_1M", "ms", watch.seconds * 1e3, n=queued)


def tell(figure: Figure, sizes: Sizes, seconds: float) -> None:
    count = sizes.producers * sizes.each
    figure("W4", "fan_in", "msg/s", count / seconds, producers=sizes.producers, each=sizes.each)
