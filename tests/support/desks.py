"""A desk, and what a pool would know of it: for tests of what it tells about its calls."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import beamlike as bl
from flame.desk import _attend
from flame.output_sink import Sink
from flame.work import (
    DONE,
    LEFT_OVER,
    SOME,
    WORKS,
    Answer,
    Cancel,
    Keyed,
)
from tests.support.local_nodes import PATIENCE, eventually


def opened(message: Any) -> Any:
    """What is in a letter, or what came without one."""
    return message.value if isinstance(message, bl.Reply) else message


class Pool:
    """What the tests know of a pool: the desk that it has, and what that has told."""

    def __init__(self, slots: int = 8, home: bl.Pid | None = None, most_values: int = 256) -> None:
        self.desk = bl.spawn(_attend, home or bl.self(), slots, None, None, most_values)
        self.sent = 0
        self.answers: dict[int, Answer] = {}
        self.values: dict[int, list[Any]] = {}
        """What chunks have told before their ends."""
        self.given_back: dict[int, int] = {}

    def asks(
        self, function: Callable[..., Any], *args: Any, keyed: Keyed | None = None, sink: Sink | None = None
    ) -> int:
        self.sent += 1
        bl.send(self.desk, (WORKS, function, sink, [(self.sent, args)], keyed))
        return self.sent

    def asks_many(self, function: Callable[..., Any], *items: Any, sink: Sink | None = None) -> int:
        """As a chunk."""
        number = self.sent + 1
        self.sent += len(items)
        bl.send(self.desk, (WORKS, function, sink, [(number, list(items))], None))
        return number

    def cancels(self, number: int) -> None:
        bl.send(self.desk, Cancel(number))

    async def answer(self, number: int) -> tuple[int, Any]:
        """What its end is, and its value."""
        while number not in self.answers:
            message = opened(await bl.receive(lambda it: opened(it)[0] == DONE, timeout=PATIENCE))
            for answer in message[1]:
                self._hear(answer)
        return self.answers[number][1:]

    def _hear(self, answer: Answer) -> None:
        number, kind, value = answer
        assert number not in self.answers, "answered twice"
        if kind == SOME:
            self.values.setdefault(number, []).extend(value)
        elif kind == LEFT_OVER:
            self.given_back[number] = self.given_back.get(number, 0) + value
        else:
            self.answers[number] = answer

    async def chunk(self, number: int) -> tuple[list[Any], int, int, Any]:
        """What it told before its end, how many items it gave back, what its end is, and its value."""
        kind, value = await self.answer(number)
        return self.values.get(number, []), self.given_back.get(number, 0), kind, value

    async def call(self, function: Callable[..., Any], *args: Any, **options: Any) -> tuple[int, Any]:
        return await self.answer(self.asks(function, *args, **options))


class At(threading.Event):
    """Work in a thread that says that it has begun, and goes on when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def __call__(self, *args: Any) -> Any:
        self.begun.set()
        assert self.wait(PATIENCE)
        return args

    async def has_begun(self) -> None:
        await eventually(self.begun.is_set)


async def thread_id() -> int:
    return threading.get_ident()


def both(value: object, *args: object) -> object:
    return value, args
