"""An orders service with three faults in it, for `docs/introspection.md`: python docs/examples/orders.py

Customers place orders. Each order is written into the ledger, its customer gets a mail, and it is confirmed once the
bank has said that it is paid. Every two seconds the accountant makes a report.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
from typing import Any

import beamlike as bl

logger = logging.getLogger("orders")

numbers = itertools.count(1)
paid: dict[int, asyncio.Event] = {}
confirming: set[asyncio.Task[None]] = set()


class Ledger(bl.GenServer):
    """What was sold."""

    def init(self) -> None:
        self.cents: list[int] = []

    def handle_call(self, request: Any, client: bl.Client) -> Any:
        return sum(self.cents)

    def handle_cast(self, cents: int) -> None:
        self.cents.append(cents)


class Mailer(bl.GenServer):
    """Sends a mail for each order, over a line that takes one at a time."""

    async def handle_cast(self, number: int) -> None:
        await asyncio.sleep(0.5)


async def place_order(cents: int) -> int:
    number = next(numbers)
    paid[number] = asyncio.Event()
    bl.GenServer.cast("ledger", cents)
    bl.GenServer.cast("mailer", number)
    task = asyncio.create_task(confirm_order(number), name=f"confirm {number}")
    confirming.add(task)  # which asyncio itself does not keep
    task.add_done_callback(confirming.discard)
    return number


async def confirm_order(number: int) -> None:
    await paid[number].wait()
    logger.info("order %d is paid", number)
    del paid[number]


async def bank() -> None:
    """Says which orders are paid."""
    for number in itertools.count(1, 2):
        await asyncio.sleep(0.1)
        if number in paid:
            paid[number].set()


async def accountant() -> None:
    while True:
        await asyncio.sleep(2)
        logger.info("sold for %d, checked: %d", await bl.GenServer.call("ledger", "total"), check_sums())


def check_sums() -> int:
    return sum(number * number % 97 for number in range(4_000_000))


async def customers(every: float) -> None:
    while True:
        await place_order(1999)
        await asyncio.sleep(every)


async def serve(name: str, every: float) -> None:
    async with bl.lifespan(name) as node:
        await bl.Supervisor.start_link([Ledger.child_spec(name="ledger"), Mailer.child_spec(name="mailer")])
        print(f"{node.name} sells", flush=True)
        await asyncio.gather(customers(every), bank(), accountant())


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="sells things that are not there")
    options.add_argument("--name", default="orders", help="the node's name")
    options.add_argument("--every", type=float, default=0.05, help="seconds between two orders")
    told = options.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(serve(told.name, told.every))
