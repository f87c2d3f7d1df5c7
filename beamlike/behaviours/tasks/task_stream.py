"""A stream of tasks: a function over many items, a bounded number at once, as an async iterator of outcomes.

Who iterates is the owner. It takes an item only when a task may start and somebody waits for a result, so a consumer
that is slow, or stops, has at most `max_concurrency` tasks waiting for it; a keeper process runs them (`task_keeper`).
However the iteration ends, every task of it has ended before `aclose` returns; after `break` the event loop closes the
generator as soon as nobody holds it (`contextlib.aclosing` says when).
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Literal, TypedDict, TypeVar, Unpack, overload

from beamlike.behaviours.deadline import check_seconds
from beamlike.behaviours.handed_function import checked
from beamlike.behaviours.tasks.task_keeper import Begin, Close, Ended, Rules, keep
from beamlike.behaviours.tasks.task_outcome import TIMEOUT, Exited, Outcome, TaskFailed, TaskTimeout, name_of
from beamlike.behaviours.tasks.task_source import Arrived, AsyncItems, SourceEnded, begun, source_of
from beamlike.behaviours.tasks.task_window import Window
from beamlike.behaviours.unknown_keywords import refuse_unknown
from beamlike.kernel import functions as kernel
from beamlike.kernel.errors import NoNode
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Down, Exit, Pid, Reply

Item = TypeVar("Item")
T = TypeVar("T")

OnTimeout = Literal["exit", "kill_task"]
STREAM_TIMEOUT = 5.0


class StreamKeywords(TypedDict, total=False):
    """The options of a stream, for type checkers; `StreamOptions` holds what they mean."""

    max_concurrency: int | None
    ordered: bool
    timeout: float | None
    on_timeout: OnTimeout
    node: str | Sequence[str] | None


@frozen
class StreamOptions:
    max_concurrency: int | None = None
    ordered: bool = True
    timeout: float | None = STREAM_TIMEOUT
    on_timeout: OnTimeout = "exit"
    node: str | Sequence[str] | None = None

    def __post_init__(self) -> None:
        check_seconds(self.timeout)
        if self.on_timeout not in ("exit", "kill_task"):
            raise ValueError(f"expected on_timeout 'exit' or 'kill_task', got {self.on_timeout!r}")
        if self.max_concurrency is not None and self.max_concurrency < 1:
            raise ValueError(f"expected a max_concurrency of 1 or more, got {self.max_concurrency}")
        if self.node is not None and not self.node:
            raise ValueError("expected the name of a node, or several, to run tasks on, got none")

    @property
    def limit(self) -> int:
        return self.max_concurrency or os.cpu_count() or 1

    def nodes(self) -> Iterator[str | None]:
        """On which node each task is to run."""
        return itertools.cycle([self.node] if self.node is None or isinstance(self.node, str) else self.node)


class StreamTasks:
    """The two streams, as static methods of `Task`."""

    __slots__ = ()

    @overload
    @staticmethod
    def async_stream(
        items: Iterable[Item] | AsyncIterable[Item],
        function: Callable[[Item], Awaitable[T]],
        **options: Unpack[StreamKeywords],
    ) -> AsyncGenerator[Outcome[T], None]: ...
    @overload
    @staticmethod
    def async_stream(
        items: Iterable[Item] | AsyncIterable[Item],
        function: Callable[[Item], T],
        **options: Unpack[StreamKeywords],
    ) -> AsyncGenerator[Outcome[T], None]: ...
    @staticmethod
    def async_stream(
        items: Iterable[Any] | AsyncIterable[Any], function: Callable[[Any], Any], **options: Unpack[StreamKeywords]
    ) -> AsyncGenerator[Outcome[Any], None]:
        """Runs `function(item)`, plain or async, in a task for each item, and gives Ok(value) for each.

        At most `max_concurrency` tasks run at once (the number of CPUs). Results come in the order of the items or,
        unless `ordered`, as they end. A task that takes longer than `timeout` seconds is killed and makes the iteration
        raise TaskTimeout; with on_timeout="kill_task" its outcome is Exited("timeout") instead. A task that crashes
        ends the owner, as a linked task does, or raises TaskFailed if the owner traps exits. `node` names a node to run
        the tasks on, or several, which take turns.

        >>> import asyncio, beamlike as bl
        >>> from beamlike.behaviours.tasks.task import Task
        >>> async def main():
        ...     async with bl.Node("doc@127.0.0.1"):
        ...         return [outcome.result() async for outcome in Task.async_stream([1, 2, 3], lambda n: n * n)]
        >>> asyncio.run(main())
        [1, 4, 9]
        """
        return _stream(begun(items), checked(function), _options(options), linked=True)

    @overload
    @staticmethod
    def async_stream_nolink(
        items: Iterable[Item] | AsyncIterable[Item],
        function: Callable[[Item], Awaitable[T]],
        **options: Unpack[StreamKeywords],
    ) -> AsyncGenerator[Outcome[T], None]: ...
    @overload
    @staticmethod
    def async_stream_nolink(
        items: Iterable[Item] | AsyncIterable[Item],
        function: Callable[[Item], T],
        **options: Unpack[StreamKeywords],
    ) -> AsyncGenerator[Outcome[T], None]: ...
    @staticmethod
    def async_stream_nolink(
        items: Iterable[Any] | AsyncIterable[Any], function: Callable[[Any], Any], **options: Unpack[StreamKeywords]
    ) -> AsyncGenerator[Outcome[Any], None]:
        """As `async_stream`; a task that crashes gives Exited(reason) and ends nobody else."""
        return _stream(begun(items), checked(function), _options(options), linked=False)


def _options(options: StreamKeywords) -> StreamOptions:
    known = StreamKeywords.__annotations__
    refuse_unknown("a stream of tasks", [name for name in options if name not in known], known, {})
    return StreamOptions(**options)


async def _stream(
    items: Iterator[Any] | AsyncIterable[Any], function: Callable[[Any], Any], options: StreamOptions, *, linked: bool
) -> AsyncGenerator[Outcome[Any], None]:
    stream = _Stream(items, function, options, linked)
    try:
        while (ready := await stream.next()) is not None:
            for outcome in ready:
                yield outcome
    finally:
        await stream.close()


class _Stream:
    def __init__(
        self,
        items: Iterator[Any] | AsyncIterable[Any],
        function: Callable[[Any], Any],
        options: StreamOptions,
        linked: bool,
    ) -> None:
        self._function = function
        self._options = options
        self._nodes = options.nodes()
        self._window = Window(options.limit, options.ordered)
        self._owner = kernel.self()
        ref = kernel.make_ref()
        self._answers = kernel.alias(ref)
        self._source = source_of(items, self._answers)
        rules = Rules(self._owner, self._answers, options.timeout, linked)
        self._keeper = kernel.spawn_tied(keep, (rules,), link=True, monitor=ref)
        self._keeper_ended = False

    async def next(self) -> list[Outcome[Any]] | None:
        """The outcomes that may be given out next, perhaps none of them yet; None when all items are done."""
        if kernel.self() != self._owner:
            raise ValueError(f"expected the owner {self._owner} to go on with its stream, got {kernel.self()}")
        for item in self._source.take(self._window.room()):
            self._begin(item)
        if self._window.idle and self._source.exhausted:
            return None
        answer = await kernel.receive(ref=self._answers.ref)
        match answer:
            case Reply(_, Ended(position, outcome)):
                return self._window.finish(position, self._judged(outcome))
            case Reply(_, Arrived() | SourceEnded() as news) if isinstance(self._source, AsyncItems):
                self._source.arrived(news)
                return []
        self._keeper_ended = True
        raise TaskFailed(name_of(self._function), answer.reason)

    def _begin(self, item: Any) -> None:
        kernel.send(self._keeper, Begin(self._window.start(), self._function, (item,), next(self._nodes)))

    def _judged(self, outcome: Outcome[Any] | None) -> Outcome[Any]:
        if outcome is not None:
            return outcome
        if self._options.on_timeout == "exit":
            raise TaskTimeout(name_of(self._function), self._options.timeout or 0)
        return Exited(TIMEOUT, name_of(self._function))

    async def close(self) -> None:
        """Ends all tasks, and returns when they have ended; leaves nothing in the owner's mailbox."""
        with suppress(NoNode):  # it has stopped, and every process of it
            try:
                await self._source.close()
            finally:
                kernel.send(self._keeper, Close())
            if _is_current(self._owner):
                await self._forget_keeper()

    async def _forget_keeper(self) -> None:
        kernel.unlink(self._keeper)
        while not self._keeper_ended:
            self._keeper_ended = isinstance(await kernel.receive(ref=self._answers.ref), Down)
        with suppress(TimeoutError):
            await kernel.receive(lambda message: isinstance(message, Exit) and message.pid == self._keeper, timeout=0)


def _is_current(owner: Pid) -> bool:
    """Not so for code that is unwound because its process is dead: its mailbox gets nothing any more."""
    return kernel.is_alive(owner) and kernel.self() == owner
