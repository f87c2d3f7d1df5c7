"""The view of a node in a terminal, before a node that is only played: its facts are what the test says they are."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace

from textual import events
from textual.pilot import Pilot

import beamlike as bl
from beamlike.inspect.facts import (
    FileFacts,
    GcFacts,
    LagHistogram,
    LinkFacts,
    LogLine,
    LoopFacts,
    MemoryFacts,
    ModuleFacts,
    NodeFacts,
    ProcessFacts,
    Snapshot,
    StallFacts,
    SupervisorTree,
    TaskFacts,
    ThreadFacts,
    TypeFacts,
)
from beamlike.inspect.profiling.profile import Frame, Profile
from beamlike.inspect.tracing.events import Traced
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place
from notebook_tui.ui.settings.preferences import Preferences
from notebook_tui.ui.top.app import TopApp
from notebook_tui.ui.top.source import Look, Wanted
from tests.support.screen import NOW, PATIENCE, Clock, settle

NODE = "shop@127.0.0.1"
HERE = Place("/srv/shop/till.py", 12, "Till.pay", "await self.book(order)")
DEEP = Place("/srv/shop/book.py", 80, "book", "return await reply")


def pid(number: int) -> Pid:
    return Pid(NODE, (1 << 32) + number)


def process(number: int, **told: object) -> ProcessFacts:
    facts = ProcessFacts(
        pid(number), "process", None, None, "waiting", "a message", "shop.serve", HERE, 0, 1700, thread="MainThread"
    )
    return replace(facts, **told)  # type: ignore[arg-type]


def node_facts(**told: object) -> NodeFacts:
    facts = NodeFacts(
        *(NODE, "0.1.0", "3.11.7", "Linux", 4711, "shop.py", NOW - 3725.0, 12.0, 0.25, 84_000_000),
        *(4, 3, 2, 5, 1, 30, "asyncio", 0.002),
    )
    return replace(facts, **told)  # type: ignore[arg-type]


class PlayedNode:
    """What is asked stands in `looks`, in order. A test changes `facts`, `processes` and `lost` as it likes."""

    def __init__(self) -> None:
        self.node = NODE
        self.facts = node_facts()
        self.processes = [
            process(1, name="till", queue=3, messages_per_s=120.0),
            process(2, name="mailer", queue=20_000, state="suspended"),
            process(3, label="buyer", queue=0),
        ]
        self.lost: Exception | None = None
        self.looks: list[Look] = []
        self.ended: list[tuple[Pid, str]] = []
        self.refusal: Exception | None = None
        self.wanted: list[Wanted] = []
        self.events: asyncio.Queue[Traced] = asyncio.Queue()
        self.lines: asyncio.Queue[LogLine] = asyncio.Queue()
        self.trace_ends = 0
        self.known = [NODE, "other@127.0.0.1"]

    async def snapshot(self, look: Look) -> Snapshot:
        if self.lost is not None:
            raise self.lost
        self.looks.append(look)
        loop = LoopFacts(
            *("MainThread", "asyncio", False, 12.0, LagHistogram((0.001, 0.01), (98, 1, 1), 0.5, 0.4)),
            worst=(StallFacts(NOW, 0.4, "reports", HERE, (HERE,)),),
        )
        parts: dict[str, object] = {
            "processes": self._processes(look),
            "tasks": (TaskFacts(7, "reports", "write_reports", "waiting", "a timer", HERE, (HERE, DEEP)),),
            "threads": (ThreadFacts(1, 4711, "MainThread", False, True, 1.5, HERE, (HERE,)),),
            "loops": (loop,),
            "gc": GcFacts(True, (700, 10, 10), (1, 2, 3), (4, 5, 6), (7, 8, 9), 0, 0),
            "memory": MemoryFacts(84_000_000, 90_000_000, 1000, False, (TypeFacts("dict", 400, 90_000),)),
            "links": (
                LinkFacts(
                    "other@127.0.0.1", "up", False, "127.0.0.1:7000", True, True, 900, 800, 0, 100, True, 5.0, 6.0
                ),
            ),
            "files": (FileFacts(5, "socket", "tcp", "127.0.0.1:80", "", "listening"),),
            "modules": (ModuleFacts("msgpack", "1.1.0", "/lib/msgpack", 4),),
            "trees": (
                SupervisorTree(
                    *("shop", pid(9), "shop", "supervisor", "", "running"),
                    children=(SupervisorTree("till", pid(1), "till", "worker", "permanent", "running"),),
                ),
            ),
        }
        return Snapshot(NOW, self.facts, **{part: parts[part] for part in look.parts})  # type: ignore[arg-type]

    def _processes(self, look: Look) -> tuple[ProcessFacts, ...]:
        if look.pids:
            found = [each for each in self.processes if each.pid in look.pids]
            return tuple(replace(each, stack=(HERE, DEEP)) for each in found)
        found = [each for each in self.processes if look.only in f"{each.name} {each.label} {each.initial_call}"]
        keys: dict[str, Callable[[ProcessFacts], object]] = {
            "queue": lambda fact: -fact.queue,
            "name": lambda fact: fact.name or "",
        }
        found.sort(key=keys.get(look.sort, lambda fact: fact.pid.id))  # type: ignore[arg-type]
        return tuple(found[: look.limit])

    async def logs(self) -> AsyncIterator[LogLine]:
        while True:
            yield await self.lines.get()

    async def trace(self, wanted: Wanted) -> AsyncIterator[Traced]:
        self.wanted.append(wanted)
        if self.refusal is not None:
            raise self.refusal
        try:
            while True:
                event = await self.events.get()
                yield event
                if event.kind == "ended":
                    return
        finally:
            self.trace_ends += 1

    async def profile(self, seconds: float) -> Profile:
        frames = (Frame("MainThread", "", 0), Frame("serve", "/srv/shop.py", 3), Frame("price", "/srv/till.py", 9))
        return Profile(NODE, NOW, 1.0, 0.01, 100, 4, frames, (((0, 1), 20), ((0, 1, 2), 60), ((0,), 20)))

    async def messages(self, pid: Pid) -> tuple[str, ...]:
        return ("('mail', 1)", "('mail', 2)")

    async def end(self, pid: Pid, reason: str) -> str:
        if self.refusal is not None:
            raise self.refusal
        self.ended.append((pid, reason))
        self.processes = [each for each in self.processes if each.pid != pid]
        return f"ended: '{reason}'"

    async def others(self) -> list[str]:
        return self.known

    async def turn_to(self, node: str) -> None:
        if node not in self.known:
            raise bl.NotConnected(f"{node} cannot be reached")
        self.node, self.facts = node, replace(self.facts, node=node)

    async def reconnect(self) -> None:
        if self.lost is not None:
            raise self.lost

    async def close(self) -> None:
        pass


class TopTerminal:
    def __init__(self, app: TopApp, node: PlayedNode, pilot: Pilot[None]) -> None:
        self.app = app
        self.node = node
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        width, height = self.app.size
        strips = self.app.screen._compositor.render_strips()
        return [strip.crop(0, width).text.rstrip() for strip in strips][:height]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def marked(self) -> str:
        return next(line for line in self.lines[4:-2] if line.startswith("▌"))

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(events.Key(*(("space", " ") if key == "space" else _key(key))))
            await settle(self.app)

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        end = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"{what} did not come within {PATIENCE} s; the screen:\n{self.text}")
            await asyncio.sleep(0.01)
            await settle(self.app)
        await settle(self.app)
        assert not self.app.crashes, self.app.crashes

    async def shows(self, *texts: str) -> None:
        await self.until(lambda: all(text in self.text for text in texts), f"{texts}")

    async def hides(self, text: str) -> None:
        await self.until(lambda: text not in self.text, f"the end of {text!r}")

    async def says(self, words: str) -> None:
        await self.until(lambda: any(words in each.message for each in self.app._notifications), f"a toast: {words}")


_NAMES = {"?": "question_mark", "/": "slash", "+": "plus", "-": "minus"}


def _key(key: str) -> tuple[str, str | None]:
    return _NAMES.get(key, key), key if len(key) == 1 else None


def in_top(size: tuple[int, int] = (100, 30)) -> Callable[..., Callable[[], None]]:
    """Makes a coroutine function a test that runs before a played node."""

    def as_test(body: Callable[[TopTerminal], Coroutine[None, None, None]]) -> Callable[[], None]:
        def test() -> None:
            asyncio.run(_main(body, size))

        test.__name__, test.__doc__, test.__module__ = body.__name__, body.__doc__, body.__module__
        return test

    return as_test


async def _main(body: Callable[[TopTerminal], Coroutine[None, None, None]], size: tuple[int, int]) -> None:
    async with top(size) as shown:
        await body(shown)


@asynccontextmanager
async def top(size: tuple[int, int] = (100, 30), preferences: Preferences | None = None) -> AsyncIterator[TopTerminal]:
    node = PlayedNode()
    app = TopApp(node, interval=0.2, clock=Clock(), preferences=preferences)
    async with app.run_test(size=size, notifications=True) as pilot:
        shown = TopTerminal(app, node, pilot)
        await shown.shows("● live")
        yield shown
    assert not app.crashes, app.crashes
