"""A crash ends its process and nobody else, whatever is raised and wherever: the neighbours lose neither a turn nor a
message, links and monitors fire with the true reason, and the scheduler goes on.

One file, since each place where code may raise is crossed with the same exceptions and the same neighbours.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

import beamlike as bl
from beamlike.kernel.current import current_node
from tests.support.captured_log import captured_log
from tests.support.crashes import CANCELLED, CRASHES, TURNED, Unprintable, overflow, raising
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    forever,
    in_node,
    process_of,
    received,
    run_in_node,
    settled,
)
from tests.support.shared_by_message import SharedByMessage
from tests.support.supervised import pid_of


def task_of(pid: bl.Pid) -> Any:
    """The process as others see it that take it for a task."""
    return process_of(pid)


EVERY = {**{name: (crash, name) for name, crash in CRASHES.items()}, **TURNED}


@pytest.fixture(autouse=True)
def quiet_log() -> Iterator[None]:
    """Reports of crashes with huge messages help nobody here."""
    logger = logging.getLogger("beamlike")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    yield
    logger.setLevel(level)


# The neighbours.


async def counts(numbers: list[int]) -> None:
    while True:
        numbers.append(await bl.receive())


async def turns(numbers: list[int]) -> None:
    """Needs a turn of the loop for each of its steps."""
    for number in range(5):
        await asyncio.sleep(0)
        numbers.append(number)
    await forever()


async def late(numbers: list[int]) -> None:
    for number in range(5):
        with pytest.raises(TimeoutError):
            await bl.receive(timeout=0.001)
        numbers.append(number)
    await forever()


@asynccontextmanager
async def neighbours() -> AsyncIterator[None]:
    """Processes of all kinds before and behind those that the block starts; at its end each has done all it should."""
    kinds: list[Callable[..., Any]] = [counts, turns, late]
    done: list[tuple[bl.Pid, list[int]]] = []

    def send_to_counters(number: int) -> None:
        for pid, _ in done[:: len(kinds)]:
            bl.send(pid, number)

    def start() -> None:
        for kind in kinds:
            numbers: list[int] = []
            done.append((bl.spawn(kind, numbers), numbers))

    start()
    await settled()
    start()
    for number in range(3):
        send_to_counters(number)
    yield
    for number in range(3, 5):
        send_to_counters(number)
    await eventually(lambda: all(numbers == [*range(5)] for _, numbers in done))
    for pid, _ in done:
        bl.exit(pid, "kill")


async def reason_of(function: Callable[..., Any], *args: Any, prompt: Any = None) -> Any:
    """Why a process ends that runs it among neighbours; its links and its monitors hear the same."""
    before = bl.trap_exit(True)
    async with neighbours():
        pid = bl.spawn_link(function, *args)
        ref = bl.monitor(pid)
        name = "the one that crashes"
        bl.register(name, pid)
        if prompt is not None:
            bl.send(pid, prompt)
        reason = await down_reason(ref)
        told = await bl.receive(lambda message: isinstance(message, bl.Exit) and message.pid == pid, timeout=PATIENCE)
        assert told.reason is reason
        assert bl.whereis(name) is None
    bl.trap_exit(before)
    return reason


# Where code crashes.


def plain(crash: Callable[[], Any]) -> None:
    crash()


async def at_once(crash: Callable[[], Any]) -> None:
    crash()


async def after_a_turn(crash: Callable[[], Any]) -> None:
    await asyncio.sleep(0)
    crash()


async def after_a_future(crash: Callable[[], Any]) -> None:
    await asyncio.sleep(0.001)
    crash()


async def after_a_timeout(crash: Callable[[], Any]) -> None:
    try:
        await bl.receive(lambda message: message is crash, timeout=0.001)
    except TimeoutError:
        crash()


async def after_a_message(crash: Callable[[], Any]) -> None:
    await bl.receive()
    crash()


async def in_a_guard(crash: Callable[[], Any]) -> None:
    await asyncio.sleep(0.001)
    await bl.receive(lambda message: crash())


async def in_a_guard_that_waits(crash: Callable[[], Any]) -> None:
    await bl.receive(lambda message: crash())


async def in_a_block(crash: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        await bl.receive()
        crash()


PLACES: list[Callable[..., Any]] = [
    plain,
    at_once,
    after_a_turn,
    after_a_future,
    after_a_timeout,
    after_a_message,
    in_a_guard,
    in_a_guard_that_waits,
    in_a_block,
]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", EVERY)
@in_node
async def test_whatever_code_raises_wherever_ends_its_process_and_nobody_else(
    name: str, place: Callable[..., Any]
) -> None:
    crash, type_name = EVERY[name]
    reason = await reason_of(place, crash, prompt="go on")
    assert isinstance(reason, bl.ExceptionInfo)
    assert reason.type.rpartition(".")[2] == type_name


@pytest.mark.parametrize("place", [plain, after_a_turn, after_a_message, in_a_guard])
@in_node
async def test_code_that_raises_cancelled_error_by_itself_ends_as_cancelled(place: Callable[..., Any]) -> None:
    assert await reason_of(place, CANCELLED, prompt="go on") == "cancelled"


@pytest.mark.parametrize("name", CRASHES)
def test_on_uvloop_as_well(name: str) -> None:
    async def main() -> None:
        reason = await reason_of(after_a_message, CRASHES[name], prompt="go on")
        assert reason.type.rpartition(".")[2] == name

    run_in_node(main, uvloop.new_event_loop)


# Servers.


class Fragile(bl.GenServer):
    def init(self, place: str, crash: Callable[[], Any]) -> Any:
        bl.trap_exit(True)
        self.place, self.crash = place, crash
        self.reach("init")
        return bl.Continue(None) if place == "continue" else None

    def reach(self, place: str) -> None:
        if self.place == place:
            self.crash()

    def handle_call(self, request: Any, client: Any) -> Any:
        self.reach("call")

    async def handle_cast(self, request: Any) -> None:
        await asyncio.sleep(0)
        self.reach("cast")
        if self.place == "terminate":
            raise bl.Stop("shutdown")

    def handle_info(self, message: Any) -> None:
        self.reach("info")

    def handle_continue(self, value: Any) -> Any:
        self.reach("continue")

    def terminate(self, reason: Any) -> None:
        self.reach("terminate")


async def provoke(server: bl.Pid) -> None:
    bl.GenServer.cast(server, "anything")
    bl.send(server, "anything")
    with pytest.raises(bl.CallFailed):
        await bl.GenServer.call(server, "anything")


@pytest.mark.parametrize("place", ["call", "cast", "info", "continue", "terminate"])
@pytest.mark.parametrize("name", CRASHES)
@in_node
async def test_a_callback_that_crashes_ends_its_server_and_its_callers_hear_of_it(name: str, place: str) -> None:
    bl.trap_exit(True)
    async with neighbours():
        server = await Fragile.start_link(place, CRASHES[name])
        await provoke(server)
        [told] = await received(1)
        assert (told.pid, told.reason.type.rpartition(".")[2]) == (server, name)


@pytest.mark.parametrize("name", CRASHES)
@in_node
async def test_a_supervisor_outlives_whatever_its_children_raise(name: str) -> None:
    async with neighbours():
        spec = Fragile.child_spec("info", CRASHES[name], restart="permanent")
        supervisor = await bl.Supervisor.start_link([spec], 10)
        for _ in range(3):
            pid = await pid_of(supervisor, "Fragile")
            ref = bl.monitor(pid)
            bl.send(pid, "crash")
            await down_reason(ref)
        with pytest.raises(bl.ChildError):
            await bl.Supervisor.start_child(
                supervisor, bl.ChildSpec("init", functools.partial(Fragile.start_link, "init", CRASHES[name]))
            )
        await bl.GenServer.stop(supervisor)


# Tasks and callbacks of asyncio's.


@in_node
async def test_the_exception_of_a_child_task_that_nobody_awaits_is_reported_by_asyncio() -> None:
    told: list[Any] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append((context["message"], type(context["exception"]))))

    async def parent() -> None:
        asyncio.create_task(after_a_turn(raising(ValueError)))  # noqa: RUF006 - nobody is to hold it
        await asyncio.sleep(0.001)

    _, ref = bl.spawn_monitor(parent)
    assert await down_reason(ref) == "normal"
    gc.collect()
    loop.set_exception_handler(handler)
    assert told == [("Task exception was never retrieved", ValueError)]


@pytest.mark.parametrize("name", [name for name in CRASHES if name not in ("SystemExit", "KeyboardInterrupt")])
@in_node
async def test_the_exception_of_a_child_task_that_is_awaited_ends_the_process(name: str) -> None:
    async def parent() -> None:
        await asyncio.create_task(after_a_turn(CRASHES[name]))

    assert (await reason_of(parent)).type.rpartition(".")[2] == name


@in_node
async def test_a_done_callback_of_a_process_that_raises_is_told_to_the_loop_and_the_others_are_called() -> None:
    told: list[Any] = []
    called: list[Any] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(type(context["exception"])))
    process = task_of(bl.spawn(forever))

    def fails(_: Any) -> None:
        raise Unprintable

    process.add_done_callback(fails)
    process.add_done_callback(called.append)
    bl.exit(process.pid, "boom")
    await eventually(lambda: called == [process])
    loop.set_exception_handler(handler)
    assert told == [Unprintable]


# The end itself.


@pytest.mark.parametrize("name", EVERY)
@in_node
async def test_what_a_finally_raises_while_it_is_unwound_harms_nobody_and_is_logged(name: str) -> None:
    crash, _ = EVERY[name]

    async def victim() -> None:
        try:
            await forever()
        finally:
            crash()

    logging.getLogger("beamlike").setLevel(logging.NOTSET)
    with captured_log("beamlike.process") as records:
        async with neighbours():
            pid, ref = bl.spawn_monitor(victim)
            await settled()
            bl.exit(pid, "boom")
            assert await down_reason(ref) == "boom"
        [record] = records
    assert record.getMessage().startswith(f"{pid} had ended (boom) when its code raised: ")


class Unreadable:
    """A reason that can be neither shown nor compared."""

    def __repr__(self) -> str:
        raise KeyboardInterrupt

    def __eq__(self, other: object) -> bool:
        raise KeyboardInterrupt

    __hash__ = object.__hash__


@pytest.mark.parametrize(
    "reason", [Unreadable(), (Unreadable(), 1), ("shutdown", Unreadable())], ids=["bare", "in a pair", "shutdown"]
)
@in_node
async def test_a_reason_that_can_be_neither_shown_nor_compared_unwinds_all_that_are_linked(reason: Any) -> None:
    unwound: list[str] = []

    async def waits(name: str, wait: Callable[[], Awaitable[None]]) -> None:
        try:
            await wait()
        finally:
            unwound.append(name)

    async def root() -> None:
        bl.spawn_link(waits, "for a message", forever)
        bl.spawn_link(waits, "for a future", functools.partial(asyncio.sleep, PATIENCE))
        await settled()
        raise bl.ProcessExit(reason)

    assert await reason_of(root) is reason
    await eventually(lambda: sorted(unwound) == ["for a future", "for a message"])


@in_node
async def test_a_supervisor_outlives_a_child_whose_reason_can_be_neither_shown_nor_compared() -> None:
    async def ends() -> None:
        await bl.receive()
        raise bl.ProcessExit((Unreadable(), 1))

    def start() -> bl.Pid:
        return bl.spawn_link(ends)

    supervisor = await bl.Supervisor.start_link([bl.ChildSpec("odd", start, restart="transient")])
    pid = await pid_of(supervisor, "odd")
    bl.send(pid, "end")
    await settled()
    assert await pid_of(supervisor, "odd") != pid
    await bl.GenServer.stop(supervisor)


@in_node
async def test_a_log_handler_that_raises_keeps_nobody_from_hearing_of_a_crash() -> None:
    class Broken(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            raise ValueError("broken filter")

    told: list[Any] = []
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _, context: told.append(str(context["exception"])))
    logging.getLogger("beamlike").setLevel(logging.NOTSET)
    logger, broken = logging.getLogger("beamlike.process"), Broken()
    logger.addFilter(broken)
    try:
        assert (await reason_of(plain, raising(ValueError))).type == "ValueError"
    finally:
        logger.removeFilter(broken)
        loop.set_exception_handler(handler)
    assert told == ["broken filter"]


@in_node
async def test_a_message_whose_del_raises_or_sends_harms_nobody() -> None:
    told: list[Any] = []
    hook, sys.unraisablehook = sys.unraisablehook, lambda news: told.append(news.exc_type)
    me = bl.self()

    class Bomb(SharedByMessage):
        def __del__(self) -> None:
            bl.send(me, "from __del__")
            raise SystemExit

    async def victim() -> None:
        await bl.receive(lambda message: message == "wanted")

    try:
        async with neighbours():
            pid, ref = bl.spawn_monitor(victim)
            for _ in range(3):
                bl.send(pid, Bomb())
            await settled()
            bl.exit(pid, "kill")
            assert await down_reason(ref) == "killed"
            await settled()
            gc.collect()
            assert told == [SystemExit] * 3
    finally:
        sys.unraisablehook = hook
    assert await received(3) == ["from __del__"] * 3


# What only looks like an awaitable, a time, a signal.


class Shapeless:
    """Looks like a future until somebody asks."""

    _asyncio_future_blocking = True

    def get_loop(self) -> Any:
        raise KeyboardInterrupt

    def __await__(self) -> Iterator[Any]:
        yield self


class Nameless:
    def __repr__(self) -> str:
        raise SystemExit

    def __await__(self) -> Iterator[Any]:
        yield self


@pytest.mark.parametrize(("kind", "error"), [(Shapeless, "KeyboardInterrupt"), (Nameless, "SystemExit")])
@in_node
async def test_to_await_what_only_looks_like_an_awaitable_is_the_end_of_who_did(kind: type[Any], error: str) -> None:
    async def awaits() -> None:
        await kind()

    assert (await reason_of(awaits)).type == error


@pytest.mark.parametrize(("limit", "error"), [("5", TypeError), ([5], TypeError), (float("nan"), ValueError)])
@in_node
async def test_what_is_no_time_limit_of_a_call_is_the_error_of_the_caller(limit: Any, error: type[Exception]) -> None:
    async def calls(server: bl.Pid) -> None:
        with pytest.raises(error):
            await bl.GenServer.call(server, "anything", timeout=limit)
        raise bl.ProcessExit("told")

    server = bl.spawn(forever)
    await settled()
    assert await reason_of(calls, server) == "told"


@in_node
async def test_a_future_that_cannot_be_cancelled_keeps_no_signal_from_others() -> None:
    class Stubborn(asyncio.Future[None]):
        def cancel(self, msg: Any = None) -> bool:
            raise ValueError("not now")

    async def waits() -> None:
        closed.append(bl.self())
        try:
            await Stubborn()
        finally:
            closed.clear()

    async def root() -> None:
        pids.extend(bl.spawn_link(function) for function in (forever, waits, forever))
        await settled()
        raise bl.ProcessExit("boom")

    current_node().unwind_seconds = 0.02
    pids: list[bl.Pid] = []
    closed: list[bl.Pid] = []
    assert await reason_of(root) == "boom"
    assert not any(map(bl.is_alive, pids))
    await eventually(lambda: closed == [])


@in_node
async def test_plain_recursion_without_end_ends_its_process() -> None:
    assert (await reason_of(plain, overflow)).type == "RecursionError"


# At the end of the stack.


def with_frames_left(frames: int, act: Callable[[], Any]) -> None:
    """Calls `act` where so many more frames fit on the stack."""

    def descend(further: int) -> None:
        if further:
            descend(further - 1)
        else:
            act()

    frame, used = sys._getframe(), 1
    while frame.f_back is not None:
        frame, used = frame.f_back, used + 1
    descend(sys.getrecursionlimit() - used - frames)


async def by_any_message(got: list[Any]) -> None:
    while True:
        got.append(await bl.receive())


async def by_a_guard(got: list[Any]) -> None:
    while True:
        got.append(await bl.receive(lambda message: message is not None))


@pytest.mark.parametrize("waits", [by_any_message, by_a_guard])
@in_node
async def test_a_send_with_too_little_stack_is_sent_or_not_sent_and_its_target_waits_on(waits: Any) -> None:
    for frames in range(1, 30):
        got: list[Any] = []
        pid = bl.spawn(waits, got)
        await settled()
        expected = ["sent after"]
        try:
            with_frames_left(frames, functools.partial(bl.send, pid, "sent"))
            expected.insert(0, "sent")
        except RecursionError:
            await settled()
        bl.send(pid, "sent after")
        await settled()
        assert got == expected
        bl.exit(pid, "kill")


@pytest.mark.parametrize("waits", [by_any_message, by_a_guard, lambda got: asyncio.sleep(PATIENCE)])
@in_node
async def test_an_exit_signal_with_too_little_stack_ends_its_target_and_all_that_are_linked_or_nobody(
    waits: Any,
) -> None:
    async def linked_to(pid: bl.Pid) -> None:
        bl.link(pid)
        await forever()

    for frames in range(1, 70):
        pid = bl.spawn(waits, [])
        linked, ref = bl.spawn(linked_to, pid), bl.monitor(pid)
        await settled()
        process = task_of(pid)
        with contextlib.suppress(RecursionError):
            with_frames_left(frames, functools.partial(bl.exit, pid, "boom"))
        await settled()
        assert bl.is_alive(linked) == bl.is_alive(pid) == (not process.done())
        if bl.is_alive(pid):
            bl.exit(pid, "boom")
        assert await down_reason(ref) == "boom"
