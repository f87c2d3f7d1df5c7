"""Makes the pictures of docs/top.md from the real program, looking at a real service in a process of its own.

python docs/images/top_pictures.py DIRECTORY      (any SVG renderer makes the PNGs of it)
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import secrets
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import beamlike as bl
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.settings.values import Settings
from notebook_tui.ui.top.app import TopApp
from notebook_tui.ui.top.source import LiveSource

NODE = "shop@127.0.0.1"
log = logging.getLogger("shop.orders")


class Till(bl.GenServer):
    """Takes money, and has each sale booked."""

    async def init(self) -> None:
        self.total = 0

    async def handle_call(self, request: Any, client: bl.Client) -> int:
        self.total += request[1]
        bl.send("ledger", ("booked", request[1], {"total": self.total}))
        return self.total


class Ledger(bl.GenServer):
    async def handle_info(self, message: Any) -> None:
        interest(message[1])


def interest(amount: int) -> float:
    return sum(amount / (year * year) for year in range(1, 60_000))


async def buyer(number: int) -> None:
    await asyncio.sleep(random.random())
    while True:
        amount = random.randrange(1, 90)
        await call_till(amount)
        log.info("order of %d", amount)
        await asyncio.sleep(0.3 + random.random())


async def call_till(amount: int) -> int:
    from beamlike.kernel.call import call

    total: int = await call("till", ("pay", amount), timeout=5)
    return total


async def newsletter() -> None:
    """Sends more than anybody takes."""
    bl.register("mailer", bl.spawn(asyncio.sleep, 3600))
    for number in range(400):
        bl.send("mailer", ("mail", f"reader-{number}@example.org"))
    while True:
        bl.send("mailer", ("mail", f"reader-{random.randrange(10_000)}@example.org"))
        await asyncio.sleep(0.05)


async def reports() -> None:
    while True:
        await asyncio.sleep(1.5)
        write_report()


def write_report() -> None:
    time.sleep(0.08)


async def serve() -> None:
    async with bl.Node(NODE, stall_threshold=None):
        children = [
            bl.ChildSpec("till", partial(Till.start_link, name="till")),
            bl.ChildSpec("ledger", partial(Ledger.start_link, name="ledger")),
        ]
        await bl.Supervisor.start_link(children, name="shop")
        for number in range(12):
            bl.spawn(buyer, number)
        tasks = [asyncio.create_task(newsletter()), asyncio.create_task(reports(), name="reports")]
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        del tasks


PICTURES: dict[str, tuple[tuple[int, int], str, Sequence[str]]] = {
    "top-120x40": ((120, 40), "night", ("wait:8",)),
    "top-day-80x24": ((80, 24), "day", ("wait:4",)),
    "top-inside-160x40": ((160, 40), "night", ("wait:4", "j", "wait:2")),
    "top-trace-120x40": ((120, 40), "night", ("t", "a", "wait:4", "space")),
    "top-flame-120x40": ((120, 40), "night", ("p", "wait:6", "down")),
}


async def svg_of(size: tuple[int, int], theme: str, keys: Sequence[str]) -> str:
    source = LiveSource(NODE)
    await source.open()
    app = TopApp(source, interval=0.5, preferences=Preferences(Settings(theme=theme)))
    async with app.run_test(size=size) as pilot:
        await pilot.pause(1.5)
        for key in keys:
            if key.startswith("wait:"):
                await pilot.pause(float(key.removeprefix("wait:")))
            else:
                await pilot.press(key)
                await pilot.pause(0.3)
        svg = app.export_screenshot(title=f"beamlike top {NODE}")
    await source.close()
    return svg


async def main(target: Path, names: Sequence[str]) -> None:
    pipe = asyncio.subprocess.PIPE
    service = await asyncio.create_subprocess_exec(sys.executable, __file__, "serve", stdin=pipe, stdout=pipe)
    assert service.stdin is not None
    assert service.stdout is not None
    await service.stdout.readline()
    for name, (size, theme, keys) in PICTURES.items():
        if not names or name in names:
            (target / f"{name}.svg").write_text(await svg_of(size, theme, keys), encoding="utf-8")
            print(name, flush=True)
    service.stdin.close()
    await service.wait()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, filename=os.devnull)
    os.environ.setdefault("BEAMLIKE_SECRET", secrets.token_hex(16))
    asyncio.run(serve() if sys.argv[1] == "serve" else main(Path(sys.argv[1]), sys.argv[2:]))
