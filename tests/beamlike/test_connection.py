import threading
from collections.abc import Sequence
from contextlib import closing

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.code.codec import CodeCodec
from beamlike.code.notebook_module import NotebookModule
from beamlike.distribution.batches import BATCH, CLOSE, FRAGMENT, FRAGMENT_SIZE, TICK, block
from beamlike.distribution.connection import TICKS, Closed, Connection, Established
from beamlike.distribution.errors import UnencodableTerm
from beamlike.distribution.frames import ACCEPT, HELLO, REFUSE, frame
from beamlike.distribution.handshake_frames import encode_refusal
from beamlike.distribution.packing import Packed, batch
from beamlike.distribution.refusal import Refused, Status
from beamlike.distribution.secret import Secret
from beamlike.distribution.shared_memory import SharedMemory
from beamlike.distribution.terms_codec import Buffer, PickleCodec
from beamlike.distribution.wire import SignalCodec, SignalDraft
from beamlike.kernel.signals import Link, Send, Signal
from beamlike.kernel.terms import Pid
from tests.support.cells import run_cell
from tests.support.codecs import RememberingCodec, UntouchedCodec
from tests.support.connections import Cut, Pair, byte_by_byte, whole, with_a_tail
from tests.support.handshakes import A, B, dialler, listener
from tests.support.terms import any_signal, same, signals_between

HERE = Pid("a@127.0.0.1", 1)
THERE = Pid("b@127.0.0.1", 2)


CODED_SIGNAL = b"".join(
    block(BATCH, batch([SignalCodec(PickleCodec(), HERE.node, THERE.node).encode(Send(HERE, THERE, {"a set"})).data]))
)
"""One that its receiver has to decode with the codec."""


def messages(*contents: object) -> list[Send]:
    return [Send(HERE, THERE, content) for content in contents]


def closed(pair: Pair) -> tuple[list[str], list[str]]:
    return (
        [event.reason for event in pair.a_events if isinstance(event, Closed)],
        [event.reason for event in pair.b_events if isinstance(event, Closed)],
    )


@pytest.mark.parametrize("cut", [whole, byte_by_byte, with_a_tail])
def test_handshake_and_signals_arrive_however_the_stream_is_cut(cut: Cut) -> None:
    pair = Pair(cut=cut)
    for message in messages("one", {2}, ("three",)):
        pair.a.send(message)
    pair.carry()
    assert pair.b_events == [Established(A), *messages("one", {2}, ("three",))]
    assert pair.a_events == [Established(B)]


@pytest.mark.parametrize("content", ["x" * 100_000, [{1}] * 10_000], ids=["plain", "coded"])
def test_messages_may_be_much_larger_than_greetings(content: object) -> None:
    pair = Pair(cut=with_a_tail).connected()
    pair.b.send(messages(content)[0])
    pair.carry()
    assert pair.a_events == messages(content)


@settings(max_examples=50)
@given(st.lists(any_signal, max_size=5), st.lists(signals_between(B.name, A.name), max_size=5))
def test_both_directions_keep_the_order_of_sending(to_b: list[Signal], to_a: list[Signal]) -> None:
    pair = Pair(RememberingCodec).connected()
    for signal in to_b:
        pair.a.send(signal)
    for signal in to_a:
        pair.b.send(signal)
    pair.carry()
    assert same(pair.b_events, to_b)
    assert same(pair.a_events, to_a)


def test_what_is_sent_before_the_handshake_waits_for_it() -> None:
    connection = Connection(dialler(), PickleCodec())
    connection.send(messages("early")[0])
    assert b"early" not in connection.data_to_send()
    connection.close("disconnect", "never mind")
    assert connection.data_to_send() == b""


def test_what_comes_right_behind_the_handshake_is_decoded_once_the_connection_is_known() -> None:
    """A term may need more of its node, which can be asked only from then on."""
    decoded: list[object] = []

    class NotingCodec(PickleCodec):
        def decode(self, data: Buffer, buffers: Sequence[Buffer]) -> object:
            decoded.append(super().decode(data, buffers))
            return decoded[-1]

    a, b = Connection(dialler(), NotingCodec()), Connection(listener(), PickleCodec())
    b.receive_data(a.data_to_send())
    a.receive_data(b.data_to_send())
    b.receive_data(a.data_to_send())
    b.send(Send(THERE, HERE, {"a set"}))
    data = b.data_to_send()
    a.buffers()[0][: len(data)] = data
    events = iter(a.received(len(data)))
    assert (next(events), decoded) == (Established(B), [])
    assert len(list(events)) == 1
    assert decoded == [{"a set"}]


def test_an_error_in_encoding_is_the_senders_and_the_connection_lives_on() -> None:
    pair = Pair().connected()
    with pytest.raises(UnencodableTerm):
        pair.a.send(messages(lambda: 1)[0])
    pair.a.send(messages("fine")[0])
    pair.carry()
    assert pair.b_events == messages("fine")


def test_a_message_is_copied_when_it_is_sent() -> None:
    pair = Pair().connected()
    content = ["as sent"]
    pair.a.send(messages(content)[0])
    content[0] = "changed afterwards"
    pair.carry()
    assert pair.b_events == messages(["as sent"])


# Before the secret is proved.


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 2, 3, 4, 5, BATCH, FRAGMENT, TICK, CLOSE, 40]), st.binary(max_size=80)),
        max_size=6,
    )
)
def test_nothing_is_decoded_for_a_stranger(stream: list[tuple[int, bytes]]) -> None:
    for handshake in (dialler(), listener()):
        connection = Connection(handshake, UntouchedCodec())
        events = [event for kind, payload in stream for event in connection.receive_data(frame(kind, payload))]
        assert all(isinstance(event, Refused) for event in events)
        assert len(events) <= 1


@given(st.binary(max_size=300))
def test_garbage_is_refused_or_waited_out(garbage: bytes) -> None:
    for handshake in (dialler(), listener()):
        events = Connection(handshake, UntouchedCodec()).receive_data(garbage)
        assert all(isinstance(event, Refused) for event in events)


def test_a_signal_behind_a_wrong_proof_is_not_looked_at() -> None:
    stranger = Connection(dialler(secret=Secret(b"hunter2")), PickleCodec())
    us = Connection(listener(), UntouchedCodec())
    us.receive_data(stranger.data_to_send())
    stranger.receive_data(us.data_to_send())
    [event] = us.receive_data(stranger.data_to_send() + CODED_SIGNAL)
    assert isinstance(event, Refused)
    assert event.status is Status.WRONG_SECRET


@pytest.mark.parametrize("greetings", [0, 1])
def test_a_signal_in_place_of_a_greeting_is_not_looked_at(greetings: int) -> None:
    peer, us = Connection(dialler(), PickleCodec()), Connection(listener(), UntouchedCodec())
    for _ in range(greetings):
        us.receive_data(peer.data_to_send())
    [event] = us.receive_data(CODED_SIGNAL)
    assert isinstance(event, Refused)
    assert "expected a frame of at most" in event.message or "got" in event.message


def test_another_protocol_is_told_apart_by_its_first_bytes() -> None:
    us = Connection(listener(), UntouchedCodec())
    [event] = us.receive_data(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert isinstance(event, Refused)
    assert "is it a beamlike node?" in event.message
    assert us.data_to_send() == b""


def test_a_large_frame_of_a_stranger_is_refused_by_its_header() -> None:
    us = Connection(listener(), UntouchedCodec())
    [event] = us.receive_data(frame(HELLO, bytes(1025))[:5])
    assert isinstance(event, Refused)
    assert "at most 1024 bytes" in event.message


def test_a_connection_that_ends_in_the_handshake_is_refused() -> None:
    [event] = Connection(dialler(), PickleCodec()).receive_eof()
    assert isinstance(event, Refused)
    assert (event.peer, "closed the connection" in event.message) == (B.name, True)


# The end.


def test_closing_lets_out_what_was_sent_and_says_why() -> None:
    pair = Pair().connected()
    pair.a.send(messages("last words")[0])
    pair.a_events += pair.a.close("disconnect", "going home")
    pair.carry()
    assert pair.a_events == [Closed("disconnect", "going home")]
    assert pair.b_events[0] == messages("last words")[0]
    assert pair.b_events[1] == Closed("connection_closed", "the other side closed the connection: 'going home'")


def test_a_connection_that_breaks_is_closed_without_a_word() -> None:
    pair = Pair().connected()
    [event] = pair.a.receive_eof()
    assert isinstance(event, Closed)
    assert event.reason == "connection_closed"


def test_after_the_end_nothing_more_happens() -> None:
    pair = Pair().connected()
    pair.a.close("disconnect", "going home")
    pair.a.data_to_send()
    pair.a.send(messages("too late")[0])
    assert pair.a.data_to_send() == b""
    assert pair.a.receive_data(CODED_SIGNAL) == []
    assert pair.a.receive_eof() == []
    assert pair.a.close("disconnect", "again") == []
    assert pair.a.tick() == []


@pytest.mark.parametrize("kind", [HELLO, ACCEPT, 0, 40])
def test_a_block_of_an_unknown_kind_closes_the_connection(kind: int) -> None:
    pair = Pair().connected()
    [event] = pair.a.receive_data(b"".join(block(kind)))
    assert isinstance(event, Closed)
    assert event.reason == "protocol_error"
    assert f"got 0 of kind {kind}" in event.message


def test_what_came_before_an_error_still_counts() -> None:
    pair = Pair().connected()
    pair.b.send(messages("good")[0])
    events = pair.a.receive_data(pair.b.data_to_send() + b"".join(block(BATCH, b"garbage") + block(TICK)))
    assert events[0] == messages("good")[0]
    assert [type(event) for event in events] == [Send, Closed]


# Signs of life.


def test_what_comes_behind_a_signal_that_says_nothing_is_not_heard() -> None:
    pair = Pair().connected()
    nothing = b"".join(block(BATCH, batch([msgpack.packb([99, "nothing"])])))
    [event] = pair.b.receive_data(nothing + CODED_SIGNAL + nothing)
    assert isinstance(event, Closed)
    assert event.reason == "protocol_error"


def test_an_idle_connection_stays_up_by_ticks() -> None:
    pair = Pair().connected()
    for _ in range(3 * TICKS):
        pair.a_events += pair.a.tick()
        pair.b_events += pair.b.tick()
        pair.carry()
    assert closed(pair) == ([], [])


def test_a_silent_peer_is_down_after_four_tick_times() -> None:
    pair = Pair().connected()
    events = [event for _ in range(TICKS) for event in pair.a.tick()]
    assert events == []
    [event] = pair.a.tick()
    assert isinstance(event, Closed)
    assert event.reason == "net_tick_timeout"


@pytest.mark.parametrize(("stalled", "ends"), [(0.0, True), (0.3, False)])
def test_silence_is_excused_by_a_stalled_loop_and_not_by_one_that_turns(stalled: float, ends: bool) -> None:
    pair = Pair().connected()
    for _ in range(2 * TICKS):
        pair.a.heard_elsewhere(stalled)
        pair.a_events += pair.a.tick()
    assert closed(pair) == (["net_tick_timeout"] if ends else [], [])


def test_any_traffic_is_a_sign_of_life_and_makes_a_tick_needless() -> None:
    pair = Pair().connected()
    for _ in range(3 * TICKS):
        pair.a.send(Link(HERE, THERE))
        pair.b.send(Link(THERE, HERE))
        pair.carry()
        assert pair.a.tick() + pair.b.tick() == []
        assert pair.a.data_to_send() + pair.b.data_to_send() == b""


def test_a_damaged_size_ends_the_connection_at_once() -> None:
    pair = Pair().connected()
    pair.b.send(Link(THERE, HERE))
    data = bytearray(pair.b.data_to_send())
    data[1] ^= 0x10  # as if a megabyte were to come
    assert pair.a.receive_data(bytes(data)) == [Closed("protocol_error", "the size of a block was damaged on the way")]


def test_bytes_that_make_no_block_are_no_signs_of_life() -> None:
    pair = Pair().connected()
    stream = b"".join(block(BATCH, bytes(1 << 20)))
    events = []
    for place in range(2 * TICKS):
        events += pair.a.receive_data(stream[place : place + 1]) + pair.a.tick()
    assert [event.reason for event in events if isinstance(event, Closed)] == ["net_tick_timeout"]


def test_each_fragment_of_something_large_is_a_sign_of_life() -> None:
    pair = Pair().connected()
    content = bytes(4 * TICKS * FRAGMENT_SIZE)
    pair.b.send(Send(THERE, HERE, content))
    events = []
    while parts := pair.b.parts_to_send():
        events += pair.a.receive_data(b"".join(parts)) + pair.a.tick()
    assert events == [Send(THERE, HERE, content)]


def test_a_stall_of_our_own_kills_nobody() -> None:
    """However long this program stood still, only ticks count, and one tick without news is no death."""
    pair = Pair().connected()
    assert pair.a.tick() == []
    pair.b.tick()
    pair.carry()
    assert pair.a.tick() == []


# Two links that become one.


def test_a_connection_adopts_what_waits_in_another_with_its_codec() -> None:
    pair = Pair(RememberingCodec)
    refused = Connection(dialler(us=B, expected=A.name), RememberingCodec())
    for message in messages({1}, {2}):
        refused.send(message)
    pair.b.adopt(refused)
    pair.b.send(messages({3})[0])
    pair.carry()
    assert pair.a_events == [Established(B), *messages({1}, {2}, {3})]


def test_a_refused_connection_keeps_what_waits_for_adoption_or_the_end() -> None:
    pair, refused = Pair(), Connection(dialler(us=B, expected=A.name), PickleCodec())
    refused.send(messages("before")[0])
    refused.receive_data(frame(REFUSE, encode_refusal(Status.SIMULTANEOUS)))
    refused.receive_eof()
    refused.send(messages("after")[0])
    assert b"before" not in refused.data_to_send()
    pair.b.adopt(refused)
    pair.carry()
    assert pair.a_events == [Established(B), *messages("before", "after")]


def test_what_is_sent_through_the_adopted_connection_is_dropped() -> None:
    pair = Pair()
    refused = Connection(dialler(us=B, expected=A.name), PickleCodec())
    pair.b.adopt(refused)
    refused.send(messages("nowhere")[0])
    pair.carry()
    assert pair.a_events == [Established(B)]


# What a peer that holds the secret does wrongly.


@pytest.mark.parametrize(
    "content",
    [1, [1], [[]], [["x"]], [[64, 1, [[]]]], [[64, 1, [{}]]], [[64, {}, [1]]], [[64, 1, [-(2**40)]]], [[200]], {}],
    ids=repr,
)
def test_items_of_no_shape_that_this_side_makes_end_the_connection_in_words(content: object) -> None:
    pair = Pair().connected()
    events = pair.a.receive_data(b"".join(block(BATCH, msgpack.packb(content))))
    assert [event.reason for event in events if isinstance(event, Closed)] == ["protocol_error"]
    pair.b.send(messages("too late")[0])
    assert pair.a.receive_data(pair.b.data_to_send()) == []


def test_a_handshake_ends_where_no_memory_can_be_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SharedMemory, "offer", lambda self: None)
    a, b = Connection(dialler(), PickleCodec()), Connection(listener(), PickleCodec())
    b.receive_data(a.data_to_send())
    a.receive_data(b.data_to_send())
    b.receive_data(a.data_to_send())
    assert b.has_more
    assert a.receive_data(b.data_to_send()) == [Established(B)]
    assert not b.has_more


def test_of_a_batch_what_stands_before_an_item_of_no_shape_still_counts_and_nothing_behind_it() -> None:
    pair = Pair().connected()
    signals = [SignalCodec(PickleCodec(), B.name, A.name).encode(Send(THERE, HERE, it)).data for it in "12"]
    stream = b"".join(block(BATCH, batch([signals[0], msgpack.packb([200]), signals[1]])))
    events = pair.a.receive_data(stream)
    assert events[0] == Send(THERE, HERE, "1")
    assert [type(event) for event in events] == [Send, Closed]


def test_who_sends_may_wait_for_a_lock_that_another_sender_holds() -> None:
    """Code of the user's runs while a term is written: nobody who sends is kept waiting meanwhile."""
    pair, lock, sent = Pair().connected(), threading.Lock(), threading.Event()

    class Guarded:
        def __reduce__(self) -> tuple[type, tuple[str]]:
            sent.set()
            with lock:
                return str, ("guarded",)

    writing = threading.Thread(target=pair.a.send, args=(messages(Guarded())[0],))
    with lock:
        writing.start()
        sent.wait()
        pair.a.send(messages({"meanwhile"})[0])
    writing.join()
    pair.carry()
    assert pair.b_events == messages({"meanwhile"}, "guarded")


def test_what_a_finalizer_sends_in_the_midst_of_an_encoding_relies_on_nothing() -> None:
    pair = Pair(CodeCodec).connected()
    finish, pair.a.signals.finish = pair.a.signals.finish, lambda drafted: finalized(drafted)  # type: ignore[method-assign]

    def finalized(draft: SignalDraft) -> Packed:
        pair.a.signals.finish = finish  # type: ignore[method-assign]
        packed = finish(draft)
        pair.a.send(messages(sample)[0])  # as a finalizer may, when the news of what was finished are not out yet
        return packed

    with closing(NotebookModule("finalized")) as notebook:
        sample = run_cell(notebook, "def sample(): return 1")["sample"]
        pair.a.send(messages(sample)[0])
        pair.carry()
    first, second = pair.b_events
    assert isinstance(first, Send)
    assert isinstance(second, Send)
    assert (first.message(), second.message()) == (1, 1)


def test_ticks_in_which_something_came_are_counted_and_no_others() -> None:
    pair = Pair().connected()
    pair.a.tick()
    before = pair.a.heard_ticks
    pair.a.tick()
    assert pair.a.heard_ticks == before
    for _ in range(3):
        pair.b.send(Link(THERE, HERE))
        pair.carry()
        pair.a.tick()
    assert pair.a.heard_ticks == before + 3
