"""How calls leave for a desk: many small ones as one message, a large one by itself, and none is lost on the way."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.signals import Send
from flame.calls import Call, Request
from flame.errors import Cancelled
from flame.outbox import Outbox
from flame.work import SINK, WORKS, Asked, Cancel, Evict, Keyed
from tests.support.local_nodes import PATIENCE, in_node, no_message, received, settled, waiting_messages

LARGE = "x" * 100_000


class Sending:
    """An outbox whose desk is the test itself, and what could not be sent."""

    def __init__(self) -> None:
        self.failed: list[tuple[Call, Exception]] = []
        self.outbox = Outbox(bl.self(), lambda call, error: self.failed.append((call, error)))
        self.sent = 0

    def put(self, function: Any = abs, *args: Any, **options: Any) -> Call:
        call = Call(Request(function, args, **options))
        self.sent += 1
        call.number = self.sent
        self.outbox.put(call)
        return call


def works(*asked: Asked, function: Any = abs, keyed: Keyed | None = None) -> tuple[Any, ...]:
    return WORKS, function, list(asked), keyed


async def messages() -> list[Any]:
    """What the desk has got by now, without the sink, which is none here."""
    await settled()
    got = [await bl.receive() for _ in waiting_messages()]
    read = map(opened, got)
    return [(it[0], it[1], it[3], it[4]) if isinstance(it, tuple) and it[0] == WORKS else it for it in read]


def opened(message: Any) -> Any:
    """What is in a letter, or what came without one."""
    return message.value if isinstance(message, bl.Reply) else message


@in_node
async def test_calls_of_one_turn_that_go_together_are_one_message() -> None:
    sending = Sending()
    sending.put(abs, 0)  # in a turn with others before it
    await settled()
    for number in range(1, 4):
        sending.put(abs, number)
    got = await messages()
    assert got[0] == works((1, (0,)))
    assert len(got) <= 3
    assert [asked for it in got for asked in it[2]] == [(number + 1, (number,)) for number in range(4)]


@in_node
async def test_a_thousand_calls_of_one_turn_are_two_messages() -> None:
    sending = Sending()
    for number in range(1000):
        sending.put(abs, number)
    assert len(await messages()) <= 2


@in_node
async def test_calls_of_different_functions_or_keys_go_apart_and_in_order() -> None:
    sending, init = Sending(), str
    sending.put(abs, 0)
    await messages()
    sending.put(abs, 1)
    sending.put(len, "a")
    sending.put(len, "b")
    sending.put(len, "c", key="k", init=init)
    sending.put(len, "d", key="l", init=init)
    sending.put(len, "e", key="l", init=init)
    got = await messages()
    if got[0] == works((2, (1,))):
        assert got[1:] == [
            works((3, ("a",)), (4, ("b",)), function=len),
            works((5, ("c",)), function=len, keyed=Keyed("k", init)),
            works((6, ("d",)), (7, ("e",)), function=len, keyed=Keyed("l", init)),
        ]
    assert [number for it in got for number, _ in it[2]] == [2, 3, 4, 5, 6, 7]


@in_node
async def test_who_gets_the_output_is_said_before_the_calls_and_again_only_when_it_changes() -> None:
    sending = Sending()
    for leader in ("a", "a", "b", None):
        sending.put(abs, 1, sink=leader)
        await settled()
    got = [it[1] if it[0] == SINK else it[0] for it in map(opened, await received(7))]
    assert got == ["a", WORKS, WORKS, "b", WORKS, None, WORKS]
    await no_message()


@in_node
async def test_a_large_call_goes_by_itself_and_says_whom_its_output_is_for() -> None:
    sending = Sending()
    sending.put(len, LARGE, sink="somebody")
    assert opened(await bl.receive(timeout=PATIENCE)) == (WORKS, len, "somebody", [(1, (LARGE,))], None)


@in_node
async def test_a_cancel_comes_after_the_call_in_the_same_turn() -> None:
    sending = Sending()
    for number in range(3):
        sending.put(abs, number)
    call = sending.put(abs, 3)
    sending.outbox.cancel(call)
    got = await messages()
    assert got[-1] == Cancel(call.number)
    assert [number for it in got[:-1] for number, _ in it[2]] == [1, 2, 3, 4]


@in_node
async def test_a_large_call_that_is_cancelled_before_it_left_does_not_leave_and_is_told() -> None:
    sending = Sending()
    call = sending.put(len, LARGE)
    call.abandoned = True
    sending.outbox.cancel(call)
    assert await messages() == []
    [(failed, error)] = sending.failed
    assert failed is call
    assert isinstance(error, Cancelled)
    assert not sending.outbox._large


@in_node
async def test_a_large_call_that_is_cancelled_after_it_left_is_cancelled_in_the_name_in_which_it_left() -> None:
    """So that the one cannot overtake the other."""
    sending = Sending()
    call = sending.put(len, LARGE)
    assert await messages() == [works((1, (LARGE,)), function=len)]
    wire = Wire(sending.outbox)
    sending.outbox.cancel(call)
    assert wire.signals == [Send(call.sender, bl.self(), Cancel(1))]
    assert call.sender is not None


@in_node
async def test_other_words_to_the_desk_go_at_once() -> None:
    sending = Sending()
    sending.outbox.send(Evict("k"))
    assert waiting_messages() == [Evict("k")]
    assert await messages() == [Evict("k")]


class Wire:
    """In the place of the node: a way to another one, on which only what can be encoded travels."""

    name = "test@127.0.0.1"

    def __init__(self, outbox: Outbox) -> None:
        self.signals: list[Send] = []
        outbox._node = self  # type: ignore[assignment]

    def route(self, signal: Send) -> None:
        try:
            pickle.dumps(signal)
        except Exception as error:
            raise bl.UnencodableTerm(str(error)) from error
        self.signals.append(signal)

    def numbers(self) -> list[int]:
        messages = [opened(it.message) for it in self.signals]
        return [number for it in messages if it[0] == WORKS for number, _ in it[3]]


class Untravelled:
    def __reduce__(self) -> Any:
        raise TypeError("it stays")


@in_node
async def test_one_call_of_many_that_cannot_travel_fails_alone() -> None:
    sending = Sending()
    wire = Wire(sending.outbox)
    calls = [sending.put(abs, number) for number in range(2)]
    calls.append(sending.put(abs, key="k", init=Untravelled().__reduce__))
    calls += [sending.put(abs, number) for number in range(2)]
    await settled()
    assert wire.numbers() == [1, 2, 4, 5]
    [(failed, error)] = sending.failed
    assert failed is calls[2]
    assert isinstance(error, bl.UnencodableTerm)


@in_node
async def test_of_calls_that_go_together_and_cannot_travel_each_fails_once() -> None:
    sending = Sending()
    wire = Wire(sending.outbox)
    stays = Untravelled().__reduce__
    calls = [sending.put(abs, 0), *(sending.put(stays, number) for number in range(3)), sending.put(abs, 4)]
    await settled()
    assert wire.numbers() == [1, 5]
    assert [call for call, _ in sending.failed] == calls[1:4]


@in_node
async def test_what_is_put_by_a_process_that_ends_at_once_leaves_all_the_same() -> None:
    sending = Sending()

    async def ask() -> None:
        sending.put(abs, 1)
        sending.put(abs, 2)
        sending.put(len, LARGE)

    await bl.receive(ref=bl.spawn_monitor(ask)[1], timeout=PATIENCE)
    got = await messages()
    assert sorted(number for it in got for number, _ in it[2]) == [1, 2, 3]


@in_node
@pytest.mark.parametrize("args", [((),), ("a" * 2000,), (list(range(100)),), ([[[[1]]]],)])
async def test_what_is_not_seen_at_once_to_be_small_counts_as_large(args: tuple[Any, ...]) -> None:
    sending = Sending()
    sending.put(print, *args)
    assert bool(sending.outbox._large) is (args != ((),))
    await asyncio.sleep(0)
    assert len(await messages()) == 1
