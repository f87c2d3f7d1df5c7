"""Cost must not grow with what is not involved: the same work beside few and beside many bystanders, and their ratio.

A ratio (unit "x") near 1 is what is promised. Bystanders are: processes that wait; messages in the asker's mailbox;
and, for deaths, the other deaths, so that there the cost of each is compared.

Both sides of a ratio come from one interpreter that nobody else has a part in, so they are CPU time, and each is the
least of some repetitions: what others do on the machine, and when the collector comes by, is left out. What the latter
costs stands in `full_collection_beside_1M_idle`: as often as Python finds a quarter more objects than before.
"""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable

import beamlike as bl
from tests.bench.kernel.idle import idle_processes
from tests.bench.kernel.sizes import Sizes
from tests.bench.kernel.stopwatch import Stopwatch
from tests.bench.kernel.w2_ping_pong import pings, pongs
from tests.bench.kernel.w5_call import Echo, calls
from tests.bench.kernel.w10_deaths import downs
from tests.bench.lines import Figure

REPEATS = 5
Work = Callable[[int], Awaitable[None]]


async def beside_idle_processes(figure: Figure, sizes: Sizes) -> None:
    """Ping-pong and calls; then what one full collection of garbage costs beside them."""
    pong, server = bl.spawn(pongs), await Echo.start()
    works: dict[str, Work] = {
        "pingpong": lambda count: pings(pong, count),
        "call": lambda count: calls(server, count),
    }
    with_few, with_many = await beside(works, sizes, lambda count: idle_processes(count))
    tell_each(figure, "beside", "idle", sizes, with_few, with_many)
    with Stopwatch() as watch:
        gc.collect()
    figure("growth", "full_collection_beside_1M_idle", "ms", watch.cpu_seconds * 1e3, idle=sizes.many)


async def behind_a_backlog(figure: Figure, sizes: Sizes) -> None:
    """A fresh reply to one whose mailbox is full of what nobody has asked for."""
    server = await Echo.start()
    works: dict[str, Work] = {"reply": replies, "call": lambda count: calls(server, count)}
    with_few, with_many = await beside(works, sizes, fill_mailbox)
    tell_each(figure, "behind", "messages", sizes, with_few, with_many)


async def of_many_deaths(figure: Figure, sizes: Sizes) -> None:
    each = {count: min([(await downs(count)).cpu_seconds for _ in range(REPEATS)]) / count for count in sizes.watched}
    for count, label in zip(sizes.watched, ("1k", "10k", "100k"), strict=True):
        figure("growth", f"down_of_{label}_each", "us", each[count] * 1e6, n=count)
    figure("growth", "down_of_100k_to_1k", "x", each[sizes.watched[-1]] / each[sizes.watched[0]])


async def replies(count: int) -> None:
    me = bl.self()
    for _ in range(count):
        ref = bl.make_ref()
        bl.send(me, bl.Reply(ref, None))
        await bl.receive(ref=ref)


async def fill_mailbox(count: int) -> None:
    me = bl.self()
    for number in range(count):
        bl.send(me, ("noise", number))


async def beside(
    works: dict[str, Work], sizes: Sizes, add: Callable[[int], Awaitable[object]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of one of each, beside few and beside many; `bystanders` are held, lest they be garbage."""
    bystanders = [await add(sizes.few)]
    for work in works.values():
        await work(min(1000, sizes.asked_beside))
    few = {name: await seconds_each(work, sizes.asked_beside) for name, work in works.items()}
    bystanders.append(await add(sizes.many - sizes.few))
    many = {name: await seconds_each(work, sizes.asked_beside) for name, work in works.items()}
    return few, many


async def seconds_each(work: Work, count: int) -> float:
    found = []
    for _ in range(REPEATS):
        with Stopwatch() as watch:
            await work(count)
        found.append(watch.cpu_seconds)
    return min(found) / count


def tell_each(
    figure: Figure, where: str, what: str, sizes: Sizes, few: dict[str, float], many: dict[str, float]
) -> None:
    for name in few:
        figure("growth", f"{name}_{where}_10_{what}", "us", few[name] * 1e6, bystanders=sizes.few)
        figure("growth", f"{name}_{where}_1M_{what}", "us", many[name] * 1e6, bystanders=sizes.many)
        figure("growth", f"{name}_{where}_1M_to_10_{what}", "x", many[name] / few[name])
