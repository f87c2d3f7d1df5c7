"""What a desk tells the pool about the calls that it gets, on one node: no wire, no other interpreter."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import sys
import threading
import time
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.group_leader import Output, Router
from flame import desk
from flame.chunk_job import ChunkJob
from flame.desk import Desk, _attend
from flame.outcome import Outcome
from flame.output_sink import Sink
from flame.work import (
    DONE,
    ENDED,
    LEFT_OVER,
    NOT_BEGUN,
    RAISED,
    RETURNED,
    SOME,
    WORKS,
    Answer,
    AskIdle,
    Cancel,
    Evict,
    Idle,
    Keyed,
)
from tests.support.local_nodes import PATIENCE, down_reason, eventually, forever, in_node, no_message, settled
from tests.support.soak import count

OUT = Router(sys.stdout, "stdout")


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


# Outcomes


@in_node
async def test_a_plain_function_runs_in_a_thread_and_an_async_one_in_a_process_of_its_own() -> None:
    pool = Pool()
    kind, where = await pool.call(threading.get_ident)
    assert kind == RETURNED
    assert where != threading.get_ident()
    assert await pool.call(thread_id) == (RETURNED, threading.get_ident())
    kind, pid = await pool.call(own_pid)
    assert pid not in (pool.desk, bl.self())


async def own_pid() -> bl.Pid:
    return bl.self()


@in_node
async def test_what_a_plain_function_returns_is_awaited_in_the_loop() -> None:
    assert await Pool().call(lambda: thread_id()) == (RETURNED, threading.get_ident())


@in_node
@pytest.mark.parametrize("value", [None, 3, "text", [1, (2, "x")], {"a": 1}, "x" * 100_000, list(range(1000))])
async def test_values_small_and_large_come_as_they_are(value: object) -> None:
    assert await Pool().call(lambda: value) == (RETURNED, value)


@in_node
async def test_a_value_that_contains_itself_comes_too() -> None:
    def endless() -> list[Any]:
        value: list[Any] = []
        value.append(value)
        return value

    kind, value = await Pool().call(endless)
    assert kind == RETURNED
    assert value[0] is value


@in_node
async def test_an_exception_is_told_with_the_users_frames_only() -> None:
    def plain() -> None:
        raise KeyError("plain")

    async def in_loop() -> None:
        raise KeyError("in loop")

    pool = Pool()
    for function in (plain, in_loop):
        kind, info = await pool.call(function)
        assert kind == RAISED
        assert isinstance(info.exception, KeyError)
        assert info.traceback.count("  File ") == 1
        assert f"in {function.__name__}" in info.traceback


@in_node
async def test_a_function_that_wants_to_exit_ends_nothing_but_itself() -> None:
    def leave() -> None:
        raise SystemExit(3)

    async def leave_too() -> None:
        raise SystemExit(3)

    pool = Pool()
    assert await pool.call(leave) == (ENDED, "SystemExit(3)")
    assert await pool.call(leave_too) == (ENDED, "SystemExit(3)")
    assert await pool.call(abs, -3) == (RETURNED, 3)


@in_node
async def test_a_stop_iteration_is_an_exception_like_any_other() -> None:
    kind, info = await Pool().call(lambda: next(iter(())))
    assert (kind, info.type) == (RAISED, "StopIteration")


@in_node
async def test_calls_that_came_together_are_answered_together_and_each_once() -> None:
    pool = Pool(slots=100)
    asked = [(number, (number,)) for number in range(1, 51)]
    bl.send(pool.desk, (WORKS, abs, None, asked, None))
    assert [await pool.answer(number) for number, _ in asked] == [(RETURNED, number) for number, _ in asked]
    await no_message()


@in_node
async def test_a_function_that_kills_its_own_process_harms_no_other_call() -> None:
    def kill() -> None:
        bl.exit(bl.self(), "kill")

    async def kill_too() -> None:
        bl.exit(bl.self(), "kill")
        await bl.receive()

    pool = Pool()
    await pool.call(kill)
    assert await pool.call(kill_too) == (ENDED, "killed")
    kind, pid = await pool.call(bl.self)
    assert (kind, pid) == (RETURNED, pid)


# Slots


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Desks that give nothing back."""
    monkeypatch.setattr(desk, "HELD_UP_SECONDS", 10 * PATIENCE)


@pytest.mark.usefixtures("patient")
@in_node
async def test_what_was_sent_ahead_of_the_slots_begins_as_they_fall_free() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second)]
    await first.has_begun()
    await no_message()
    assert not second.begun.is_set()
    first.set()
    await second.has_begun()
    second.set()
    assert [await pool.answer(number) for number in numbers] == [(RETURNED, ()), (RETURNED, ())]


@pytest.mark.usefixtures("patient")
@in_node
async def test_a_call_that_is_cancelled_while_it_waits_for_a_slot_never_begins() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second)]
    await first.has_begun()
    pool.cancels(numbers[1])
    assert (await pool.answer(numbers[1]))[0] == ENDED
    first.set()
    assert await pool.answer(numbers[0]) == (RETURNED, ())
    assert not second.begun.is_set()


@in_node
async def test_what_was_sent_ahead_and_is_held_up_is_given_back_and_never_begins() -> None:
    pool, first, second = Pool(slots=1), At(), At()
    numbers = [pool.asks(first), pool.asks(second), pool.asks(own_pid), pool.asks_many(second, 1, 2)]
    assert [await pool.answer(number) for number in numbers[1:]] == [(NOT_BEGUN, None)] * 3
    first.set()
    assert await pool.answer(numbers[0]) == (RETURNED, ())
    assert not second.begun.is_set()


# Chunks


@in_node
async def test_a_chunk_goes_through_one_thread_one_item_after_the_other() -> None:
    pool = Pool()
    threads, seen = set(), []

    def double(item: int) -> int:
        threads.add(threading.get_ident())
        seen.append(item)
        return item * 2

    assert await pool.chunk(pool.asks_many(double, *range(50))) == ([*range(0, 98, 2)], 0, RETURNED, 98)
    assert seen == [*range(50)]
    assert len(threads) == 1


@in_node
async def test_a_chunk_takes_one_slot() -> None:
    pool, running, most = Pool(slots=2), [0], [0]

    def counted(_item: int) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.0001)  # two that ran at once would meet here
        running[0] -= 1

    for number in [pool.asks_many(counted, *range(20)) for _ in range(8)]:
        assert await pool.chunk(number) == ([None] * 19, 0, RETURNED, None)
    assert most[0] <= 2


@in_node
@pytest.mark.parametrize("value", ["x" * 5000, object(), {"a": 1}])
async def test_what_is_not_small_is_the_end_of_a_chunk_and_the_rest_is_given_back(value: object) -> None:
    pool, seen = Pool(), []

    def third(item: int) -> object:
        seen.append(item)
        return value if item == 2 else item

    values, left, kind, end = await pool.chunk(pool.asks_many(third, *range(6)))
    assert (values, left, kind) == ([0, 1], 3, RETURNED)
    assert end is value
    assert seen == [0, 1, 2]


@in_node
async def test_what_a_chunk_returns_is_awaited_in_the_loop() -> None:
    pool = Pool()
    end = await pool.chunk(pool.asks_many(lambda _item: thread_id(), 1, 2))
    assert end == ([], 1, RETURNED, threading.get_ident())


@in_node
async def test_an_exception_is_the_end_of_a_chunk_also_one_that_ends_loops() -> None:
    pool = Pool()
    for error in (KeyError, IndexError, StopIteration):

        def fails(item: int) -> int:
            if item == 2:
                raise error(item)  # noqa: B023
            return item

        values, left, kind, info = await pool.chunk(pool.asks_many(fails, *range(6)))
        assert (values, left, kind) == ([0, 1], 3, RAISED)
        assert type(info.exception) is error
        assert info.traceback.count("  File ") == 1


@in_node
async def test_a_long_item_gives_back_those_behind_it_and_has_those_before_it_told() -> None:
    pool, gate, seen = Pool(), At(), []

    def waits(item: int) -> int:
        seen.append(item)
        if item == 2:
            gate()
        return item

    number = pool.asks_many(waits, *range(6))
    while number not in pool.given_back or number not in pool.values:
        await pool.call(abs, -1)
    assert pool.values[number] == [0, 1]
    gate.set()
    assert await pool.chunk(number) == ([0, 1], 3, RETURNED, 2)
    assert seen == [0, 1, 2]


@in_node
async def test_a_chunk_that_is_cancelled_begins_no_further_item() -> None:
    pool, gate, seen = Pool(), At(), []

    def waits(item: int) -> None:
        seen.append(item)
        gate()

    number = pool.asks_many(waits, *range(6))
    await gate.has_begun()
    pool.cancels(number)
    await pool.call(abs, -1)  # it has been heard of then
    gate.set()
    assert (await pool.chunk(number))[2:] == (ENDED, "called off")
    assert seen == [0]


@in_node
async def test_a_variable_that_an_item_sets_is_not_set_for_the_next() -> None:
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable", default=-1)

    def sets(item: int) -> int:
        found = variable.get()
        variable.set(item)
        return found

    pool = Pool()
    assert await pool.chunk(pool.asks_many(sets, *range(5))) == ([-1] * 4, 0, RETURNED, -1)


@pytest.mark.soak
@in_node
async def test_whenever_a_chunk_gives_back_each_item_runs_once_or_not_at_all() -> None:
    """The thread takes from one end of the line while the loop takes from the other."""
    chance = Random(1)
    for _ in range(count(200, 3000)):
        ran: list[int] = []

        def take(item: int) -> int:
            ran.append(item)  # noqa: B023
            return item

        ended: list[Outcome] = []
        job = ChunkJob(take, list(range(200)), contextvars.copy_context(), None, bl.self(), ended.append)
        thread = threading.Thread(target=job.run)
        thread.start()
        await asyncio.sleep(chance.random() * 100e-6)
        values, left = [], job.give_back()
        values += job.taken()
        thread.join()
        job.ended()
        values += job.taken()
        assert ran == [*range(200 - left)]
        assert [*values, ended[0].value] == ran  # type: ignore[union-attr]


# Cancelling


@in_node
async def test_a_cancelled_async_function_is_cancelled_and_its_end_is_told_when_it_has_cleaned_up() -> None:
    home = bl.self()
    cleaned = asyncio.Event()

    async def tidy() -> None:
        try:
            bl.send(home, "begun")
            await bl.receive()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)
            cleaned.set()

    pool = Pool()
    number = pool.asks(tidy)
    assert await bl.receive(timeout=PATIENCE) == "begun"
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED
    assert cleaned.is_set()


@in_node
async def test_a_cancelled_thread_that_spins_is_interrupted() -> None:
    turns = [0]

    def spin() -> None:
        while True:
            turns[0] += 1

    pool = Pool()
    number = pool.asks(spin)
    await eventually(lambda: turns[0] > 0)
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED


@in_node
async def test_a_cancelled_thread_that_cannot_be_interrupted_is_told_when_it_ends_and_not_before() -> None:
    pool, work = Pool(), At()
    number = pool.asks(work)
    await work.has_begun()
    pool.cancels(number)
    pool.cancels(number)
    await no_message()
    work.set()
    assert (await pool.answer(number))[0] == ENDED


@in_node
async def test_a_call_that_is_cancelled_with_its_arrival_ends_as_well() -> None:
    pool, work = Pool(), At()
    numbers = [pool.asks(asyncio.sleep, 600), pool.asks(work)]
    for number in numbers:
        pool.cancels(number)
    await settled()
    work.set()  # nothing ends a thread from outside
    assert [(await pool.answer(number))[0] for number in numbers] == [ENDED, ENDED]


@in_node
async def test_a_cancelled_call_that_returned_a_coroutine_leaves_none_that_nobody_awaits() -> None:
    """Else Python would warn of it, and a warning is an error here."""
    pool, work = Pool(), At()

    def late() -> Any:
        work()
        return thread_id()

    number = pool.asks(late)
    await work.has_begun()
    pool.cancels(number)
    await settled()
    work.set()
    assert (await pool.answer(number))[0] == ENDED
    gc.collect()


@in_node
async def test_a_cancel_that_crosses_the_end_of_its_call_changes_nothing() -> None:
    pool = Pool()
    number = pool.asks(abs, -1)
    assert await pool.answer(number) == (RETURNED, 1)
    pool.cancels(number)
    assert await pool.call(abs, -2) == (RETURNED, 2)
    await no_message()


# Keyed values


class Making:
    """An init that counts, and may be held up or fail."""

    def __init__(self, fails: int = 0) -> None:
        self.made: list[object] = []
        self.fails = fails

    def __call__(self, key: object) -> object:
        self.made.append(key)
        if len(self.made) <= self.fails:
            raise OSError("no such model")
        return key, len(self.made)


def both(value: object, *args: object) -> object:
    return value, args


@in_node
async def test_init_is_called_once_for_each_key_however_many_calls_come_together() -> None:
    pool, init = Pool(), Making()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(4)]
    assert [await pool.answer(number) for number in numbers] == [(RETURNED, (("a", 1), (n,))) for n in range(4)]
    assert await pool.call(both, keyed=Keyed("b", init)) == (RETURNED, (("b", 2), ()))
    assert init.made == ["a", "b"]


@in_node
async def test_an_init_may_be_async_in_both_ways() -> None:
    async def init(key: str) -> str:
        return key + "!"

    pool = Pool()
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, ("a!", ()))
    assert await pool.call(both, keyed=Keyed("b", lambda key: init(key))) == (RETURNED, ("b!", ()))


@in_node
async def test_an_init_that_fails_fails_its_calls_and_is_called_again_for_the_next() -> None:
    pool, init = Pool(), Making(fails=1)
    numbers = [pool.asks(both, keyed=Keyed("a", init)) for _ in range(2)]
    for number in numbers:
        kind, info = await pool.answer(number)
        assert (kind, info.type) == (RAISED, "OSError")
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, (("a", 2), ()))


@in_node
async def test_a_value_that_is_evicted_is_made_anew_and_one_that_is_not_stays() -> None:
    pool, init = Pool(), Making()
    for key in "ab":
        await pool.call(both, keyed=Keyed(key, init))
    bl.send(pool.desk, Evict("a"))
    bl.send(pool.desk, Evict("unknown"))
    assert await pool.call(both, keyed=Keyed("b", init)) == (RETURNED, (("b", 2), ()))
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, (("a", 3), ()))


@in_node
async def test_an_init_that_was_edited_makes_the_value_anew() -> None:
    def first(key: str) -> str:
        return "first"

    def second(key: str) -> str:
        return "second"

    pool = Pool()
    assert await pool.call(both, keyed=Keyed("a", first)) == (RETURNED, ("first", ()))
    assert await pool.call(both, keyed=Keyed("a", second)) == (RETURNED, ("second", ()))
    again = functools.partial(both, "a partial")
    assert await pool.call(both, keyed=Keyed("a", again)) == (RETURNED, (("a partial", ("a",)), ()))


@in_node
async def test_a_call_that_is_cancelled_while_its_value_is_made_ends_and_the_others_get_the_value() -> None:
    pool, init = Pool(), At()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(2)]
    await init.has_begun()
    pool.cancels(numbers[0])
    init.set()
    assert (await pool.answer(numbers[0]))[0] == ENDED
    assert await pool.answer(numbers[1]) == (RETURNED, (("a",), (1,)))


@in_node
async def test_a_call_that_is_cancelled_while_its_value_is_made_ends_at_once_if_others_wait_for_it() -> None:
    pool, init = Pool(), At()
    numbers = [pool.asks(both, number, keyed=Keyed("a", init)) for number in range(2)]
    await init.has_begun()
    pool.cancels(numbers[0])
    assert (await pool.answer(numbers[0]))[0] == ENDED
    init.set()
    assert await pool.answer(numbers[1]) == (RETURNED, (("a",), (1,)))


@in_node
@pytest.mark.parametrize("is_async", [False, True])
async def test_what_is_made_for_a_call_that_is_cancelled_is_called_off_and_made_anew_for_the_next(
    is_async: bool,
) -> None:
    begun: list[int] = []
    may_end = threading.Event()

    def spin(key: str) -> str:
        begun.append(1)
        while not may_end.is_set():
            pass
        return key

    async def wait(key: str) -> str:
        begun.append(1)
        if len(begun) == 1:
            await forever()
        return key

    pool, init = Pool(), wait if is_async else spin
    number = pool.asks(both, keyed=Keyed("a", init))
    await eventually(lambda: bool(begun))
    pool.cancels(number)
    assert (await pool.answer(number))[0] == ENDED
    may_end.set()
    assert await pool.call(both, keyed=Keyed("a", init)) == (RETURNED, ("a", ()))
    assert len(begun) == 2


@in_node
async def test_what_was_used_longest_ago_is_forgotten_when_there_are_too_many_values() -> None:
    pool, init = Pool(most_values=2), Making()
    for key in "abaca":
        await pool.call(both, keyed=Keyed(key, init))
    assert init.made == ["a", "b", "c"]
    await pool.call(both, keyed=Keyed("b", init))
    assert init.made == ["a", "b", "c", "b"]


# Checks


@in_node
@pytest.mark.parametrize(("check", "idle"), [(lambda: True, True), (lambda: 0, False), (lambda: thread_id(), True)])
async def test_the_idle_check_is_answered(check: Callable[[], Any], idle: bool) -> None:
    pool = Pool()
    bl.send(pool.desk, AskIdle(check))
    assert await bl.receive(timeout=PATIENCE) == Idle(idle, "")


@in_node
@pytest.mark.parametrize("is_async", [False, True])
async def test_a_check_does_not_wait_for_calls_nor_calls_for_a_check(is_async: bool) -> None:
    pool, work, checked = Pool(slots=1), At(), At()

    async def check() -> object:
        return await asyncio.to_thread(checked)

    number = pool.asks(work)
    await work.has_begun()
    bl.send(pool.desk, AskIdle(check if is_async else checked))
    await checked.has_begun()
    work.set()
    await pool.answer(number)
    assert await pool.call(abs, -1) == (RETURNED, 1)
    checked.set()
    assert isinstance(await bl.receive(timeout=PATIENCE), Idle)


@in_node
async def test_calls_of_many_keys_on_one_slot_are_performed_one_after_the_other() -> None:
    pool, init = Pool(slots=1), Making()
    numbers = [pool.asks(both, keyed=Keyed(key, init)) for key in "abcab"]
    assert [(await pool.answer(number))[0] for number in numbers] == [RETURNED] * 5
    assert init.made == ["a", "b", "c"]


@in_node
async def test_a_check_that_fails_counts_as_busy_and_says_why() -> None:
    def fail() -> bool:
        raise OSError("no such gpu")

    pool = Pool()
    bl.send(pool.desk, AskIdle(fail))
    answer = await bl.receive(timeout=PATIENCE)
    assert not answer.runner_is_idle
    assert "no such gpu" in answer.problem


# Output


@in_node
async def test_what_a_function_prints_is_there_before_its_outcome() -> None:
    async def talk() -> None:
        OUT.write("in a process\n")

    pool, sink = Pool(), Sink(bl.self(), False)
    for number, function in enumerate([lambda: OUT.write("in a thread\n"), talk], start=1):
        pool.asks(function, sink=sink)
        said = await bl.receive(timeout=PATIENCE)
        assert isinstance(said, Output)
        assert said.text.endswith("in a thread\n" if number == 1 else "in a process\n")
        assert opened(await bl.receive(timeout=PATIENCE))[0] == DONE


# The end


@in_node
async def test_the_desk_ends_with_its_home_and_so_does_all_that_it_has_at_work() -> None:
    began, ended = [0], [0]

    async def work(*args: object) -> None:
        began[0] += 1
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended[0] += 1

    def spin() -> None:
        began[0] += 1
        try:
            while True:
                pass
        finally:
            ended[0] += 1

    home = bl.spawn(forever)
    pool = Pool(home=home)
    ref = bl.monitor(pool.desk)
    pool.asks(work), pool.asks(spin), pool.asks(both, keyed=Keyed("a", work))
    bl.send(pool.desk, AskIdle(work))
    await eventually(lambda: began[0] == 4)
    bl.exit(home, "kill")
    assert await down_reason(ref) == "normal"
    await eventually(lambda: ended[0] == 4)
    await eventually(lambda: not any(t.name == f"call of {home}" for t in threading.enumerate()))
    await eventually(lambda: len(current.current_node().processes()) == 1)


@in_node
async def test_a_thousand_calls_and_cancels_leave_nothing_at_the_desk() -> None:
    desk = Desk(bl.self(), slots=16)
    number = 0

    def hear(message: object) -> None:
        desk.hear(message)

    async def next_answers() -> int:
        message = opened(await bl.receive(timeout=PATIENCE))
        if isinstance(message, bl.Down):
            hear(message)
            return 0
        assert message[0] == DONE
        return len(message[1])

    over = 0
    for _ in range(250):
        for function, args, keyed in (
            (abs, (-1,), None),
            (asyncio.sleep, (600,), None),
            (own_pid, (), None),
            (both, (), Keyed("a", len_of)),
        ):
            number += 1
            hear((WORKS, function, None, [(number, args)], keyed))
            if number % 4 == 2 or number % 3 == 0:
                hear(Cancel(number))
        while over < number - 8:
            over += await next_answers()
        hear(Cancel(over))
    while over < number:
        over += await next_answers()
    await settled()
    for left in (desk._at_work, desk._line, desk._called_off, desk._errands, desk._beside):
        assert not left
    assert [key.value for key in desk._keyed._values] == ["a"]
    desk.close()


def len_of(key: str) -> int:
    return len(key)
