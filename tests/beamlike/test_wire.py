import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beamlike.distribution.errors import ProtocolError, UndecodableTerm, UnencodableTerm
from beamlike.distribution.packing import batch
from beamlike.distribution.terms_codec import LARGE, Buffer, Encoded, PickleCodec
from beamlike.distribution.wire import SignalCodec, Undelivered
from beamlike.kernel import signals
from beamlike.kernel.call_errors import CallFailed
from beamlike.kernel.question import Call
from beamlike.kernel.signals import Signal
from beamlike.kernel.terms import Alias, Pid, Ref, Reply, is_quiet
from tests.support.codecs import UntouchedCodec
from tests.support.terms import any_signal, same, terms, texts

HERE = Pid("a@127.0.0.1", 1)
THERE = Pid("b@127.0.0.1", 2)
REF = Ref("a@127.0.0.1", 3)


class Elsewhere(PickleCodec):
    """A codec of a node that lacks whatever the other side names."""

    def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
        raise ModuleNotFoundError("No module named 'there'")


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no words")

    def __reduce__(self) -> Any:
        raise TypeError("stays here")


def transfer(signal: Signal, decoder: PickleCodec | None = None) -> Any:
    packed = SignalCodec(PickleCodec(), HERE.node, THERE.node).encode(signal)
    return SignalCodec(decoder or PickleCodec(), THERE.node, HERE.node).decode(packed.data, packed.buffers)


@given(any_signal)
def test_every_signal_arrives_as_it_was_sent(signal: Signal) -> None:
    assert same(transfer(signal), signal)


def test_a_plain_message_needs_no_codec() -> None:
    here, there = (
        SignalCodec(UntouchedCodec(), *nodes) for nodes in ((HERE.node, THERE.node), (THERE.node, HERE.node))
    )
    signal = signals.Send(HERE, THERE, ("hello", HERE, [1, None], {"a": b"b"}))
    assert there.decode(here.encode(signal).data) == signal


def test_the_sender_of_what_cannot_travel_is_told_what_it_is_and_why() -> None:
    with pytest.raises(UnencodableTerm, match=r"got \('lock', <unlocked _thread.lock .*cannot pickle '_thread.lock'"):
        transfer(signals.Send(HERE, THERE, ("lock", threading.Lock())))


def test_a_function_that_cannot_travel_is_an_error_of_spawn() -> None:
    with pytest.raises(UnencodableTerm, match="lambda"):
        transfer(signals.Spawn(HERE, THERE, lambda: 1, (), False, None, None))


def test_a_huge_message_that_cannot_travel_is_described_in_short() -> None:
    with pytest.raises(UnencodableTerm) as caught:
        transfer(signals.Send(HERE, THERE, [threading.Lock(), "x" * 100_000]))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("reason", [threading.Lock(), Unspeakable()], ids=["lock", "unspeakable"])
def test_a_reason_that_cannot_travel_arrives_in_words(reason: object) -> None:
    exit = transfer(signals.Exit(HERE, THERE, reason, linked=True))
    assert exit == signals.Exit(HERE, THERE, exit.reason, linked=True)
    assert type(reason).__name__ in exit.reason


def test_a_shutdown_whose_detail_cannot_travel_is_still_a_shutdown() -> None:
    down = transfer(signals.Down(HERE, THERE, REF, ("shutdown", threading.Lock())))
    assert is_quiet(down.reason)
    assert "_thread.lock" in down.reason[1]


def test_a_message_that_cannot_be_decoded_is_told_with_its_addresses() -> None:
    lost = transfer(signals.Send(HERE, THERE, {1, 2}), Elsewhere())
    assert isinstance(lost, Undelivered)
    assert (lost.source, lost.target) == (HERE, THERE)
    assert "No module named 'there'" in str(lost.error)


@pytest.mark.parametrize("source", [HERE, None])
def test_who_waits_for_a_reply_that_cannot_be_decoded_gets_a_down_that_says_so(source: Pid | None) -> None:
    asker = Alias(THERE, REF.id)
    arrived = transfer(signals.Send(source, asker, Reply(REF, {1, 2})), Elsewhere())
    assert (arrived.source, arrived.target, arrived.message.ref) == (source, asker, REF)
    assert arrived.message.pid == (source or THERE)
    assert "No module named 'there'" in arrived.message.reason


def test_a_reply_whose_value_cannot_travel_is_the_replying_sides_error() -> None:
    with pytest.raises(UnencodableTerm, match="cannot pickle"):
        transfer(signals.Send(HERE, THERE, Reply(REF, threading.Lock())))


def test_a_reason_that_cannot_be_decoded_does_not_keep_the_exit_from_arriving() -> None:
    exit = transfer(signals.Exit(HERE, THERE, {1, 2}, linked=True), Elsewhere())
    assert isinstance(exit, signals.Exit)
    assert "No module named 'there'" in exit.reason


def test_a_function_that_cannot_be_decoded_becomes_one_that_says_so() -> None:
    spawn = transfer(signals.Spawn(HERE, THERE, print, (1,), True, REF, HERE), Elsewhere())
    assert (spawn.source, spawn.pid, spawn.link, spawn.monitor, spawn.group_leader) == (HERE, THERE, True, REF, HERE)
    with pytest.raises(UndecodableTerm, match="No module named 'there'"):
        asyncio.run(spawn.function(*spawn.args))


class Box:
    def __init__(self) -> None:
        self.things: list[object] = []

    def holds(self, thing: object) -> bool:
        return thing in self.things


def apply(function: Callable[..., Any], *args: object) -> signals.Apply:
    return signals.Apply(HERE, THERE, function, args, False, REF, None)


def test_what_a_call_shares_with_its_function_is_shared_over_there() -> None:
    box = Box()
    arrived = transfer(apply(box.holds, box, 1))
    assert arrived.function.__self__ is arrived.args[0]
    called = transfer(apply(partial(Box.holds, box), box.things))
    assert called.function.args[0].things is called.args[0]


@pytest.mark.parametrize("size", [1, LARGE])
def test_of_a_call_with_small_arguments_the_codec_sees_the_function_alone(size: int) -> None:
    seen: list[object] = []

    class Sees(PickleCodec):
        def draft(self, term: object, *, alone: bool) -> Encoded:
            seen.append(term)
            return super().draft(term, alone=alone)

    sent = apply(print, None, True, 2**80, 1.5, "text", bytes(size), HERE, THERE, REF)
    packed = SignalCodec(Sees(), HERE.node, THERE.node).encode(sent)
    assert seen == [print]
    assert same(SignalCodec(PickleCodec(), THERE.node, HERE.node).decode(packed.data), sent)


def test_a_call_of_what_cannot_be_decoded_raises_why_at_its_caller() -> None:
    for called in (apply(print), apply(print, [1])):
        arrived = transfer(called, Elsewhere())
        assert type(arrived) is signals.Apply
        assert (arrived.source, arrived.pid, arrived.link, arrived.monitor) == (HERE, THERE, False, REF)
        with pytest.raises(ModuleNotFoundError, match="No module named 'there'"):
            asyncio.run(arrived.function(*arrived.args))


def test_a_call_that_cannot_travel_is_its_callers_error() -> None:
    for called in (apply(lambda: 1), apply(print, threading.Lock())):
        with pytest.raises(UnencodableTerm, match="expected something that can be copied to another node"):
            transfer(called)


@given(st.binary(max_size=60))
@example(b"")
@example(b"\x01")
@example(b"\x91\x63")
@example(b"\x91\xc7\x00\x63")
def test_nothing_but_a_protocol_error_comes_of_bytes_that_are_no_signal(payload: bytes) -> None:
    with suppress(ProtocolError):  # a few random bytes may happen to be a signal
        SignalCodec(PickleCodec(), THERE.node, HERE.node).decode(payload)


@given(any_signal, st.data())
def test_a_signal_that_is_cut_short_is_a_protocol_error(signal: Signal, data: st.DataObject) -> None:
    payload = SignalCodec(PickleCodec(), HERE.node, THERE.node).encode(signal).data
    cut = data.draw(st.integers(0, len(payload) - 1))
    with pytest.raises(ProtocolError):
        SignalCodec(PickleCodec(), THERE.node, HERE.node).decode(payload[:cut])


simple = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary(max_size=9)


@given(st.lists(st.one_of(simple, st.lists(simple).map(tuple), st.dictionaries(simple, simple), terms), max_size=5))
def test_the_short_way_of_a_message_says_the_same_as_the_long_one(messages: list[object]) -> None:
    here, there = (SignalCodec(PickleCodec(), *nodes) for nodes in ((HERE.node, THERE.node), (THERE.node, HERE.node)))
    short = [here.encode_post(HERE.id, THERE.id, message) for message in messages]
    items = there.items(batch([data for data in short if data is not None]))
    sent = [signals.Send(HERE, THERE, it) for it, data in zip(messages, short, strict=True) if data is not None]
    assert same([there.signal(item) for item in items], sent)


@pytest.mark.parametrize("request_", [{1}, {"a": {1}}], ids=repr)
def test_who_asks_what_cannot_be_decoded_gets_a_down_that_says_so(request_: object) -> None:
    lost = transfer(signals.Ask(HERE, THERE, Call(HERE, REF.id, request_)), Elsewhere())
    assert lost.answer == signals.Down(THERE, HERE, REF, lost.answer.reason)
    failed = CallFailed(THERE, request_, lost.answer.reason)
    where = f"a term cannot be decoded on {THERE.node}: ModuleNotFoundError: No module named 'there'"
    assert str(failed) == f"{THERE} did not answer {request_}: {where}"


def test_an_answer_that_cannot_be_decoded_is_a_down_that_says_so() -> None:
    ref = Ref(THERE.node, 3)
    down = transfer(signals.Answer(HERE, Alias(THERE, 3), {1}), Elsewhere())
    assert down == signals.Down(HERE, THERE, ref, down.reason)
    assert "No module named 'there'" in down.reason
