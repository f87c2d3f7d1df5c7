"""The lane's protocol, under a virtual clock: the proof, beats, questions, and whose silence is whose."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.errors import ProtocolError
from beamlike.distribution.heartbeat.lane import (
    BEATS,
    LOST_AFTER,
    Answered,
    Asked,
    Beat,
    LaneQuestion,
    Proved,
)
from beamlike.distribution.heartbeat.lane_frames import (
    ACCEPT,
    ASK,
    CHALLENGE,
    HELLO,
    LONGEST_ANSWER,
    PART,
    PART_SIZE,
    PROOF,
    encode_answer,
    encode_ask,
    encode_beat,
    encode_parts,
    lane_frame,
)
from beamlike.distribution.heartbeat.stall_terms import stall_from_plain, stall_to_plain
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.stall import Stall
from beamlike.kernel.threads.thread_stack import Place
from tests.support.lane_pair import A, B, LanePair, diallers, listeners, outcome

# The proof.


def test_who_hold_the_key_of_their_link_are_joined() -> None:
    pair = LanePair()
    pair.carry()
    assert (pair.a.events, pair.b.events) == ([Proved(B)], [Proved(A)])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (diallers(key=b"x" * 32), listeners()),
        (diallers(), listeners(key=b"x" * 32)),
        (diallers(), listeners(key=None)),
        (diallers(channel=b"seen"), listeners(channel=b"another")),
    ],
    ids=["another key", "another incarnation", "no link", "somebody in between"],
)
def test_nobody_else_is(a: object, b: object) -> None:
    assert outcome(a, b).startswith("expected a ")  # type: ignore[arg-type]
    assert not b.proved  # type: ignore[attr-defined]


PROOF_SIZE = 32


def test_a_proof_cannot_be_sent_back_to_where_it_came_from() -> None:
    lane = diallers()
    lane.take()
    lane.receive(lane_frame(CHALLENGE, b"l" * 32))
    proof = lane.take()
    with pytest.raises(ProtocolError, match="expected a proof"):
        lane.receive(lane_frame(ACCEPT, proof[-PROOF_SIZE:]))


@pytest.mark.parametrize(
    "said",
    [
        lane_frame(PROOF, b"p" * 32),
        lane_frame(HELLO, b"short"),
        lane_frame(ASK, b"\0\0\0\1\1"),
        lane_frame(HELLO, b"n" * 32 + b"a") * 2,
        b"\xff\xff" + bytes(100),
    ],
    ids=["a proof of nothing", "no name", "a question", "two introductions", "much"],
)
def test_before_the_proof_nothing_else_is_taken(said: bytes) -> None:
    lane = listeners()
    with pytest.raises(ProtocolError, match="expected"):
        lane.receive(said)
    assert not lane.proved


@given(st.binary(max_size=200), st.integers(1, 7))
def test_whatever_a_stranger_says_is_refused_or_waits_and_proves_nothing(said: bytes, step: int) -> None:
    for lane in (listeners(), diallers()):
        with suppress(ProtocolError):
            for at in range(0, len(said), step):
                assert lane.receive(said[at : at + step]) == []
        assert not lane.proved


@given(st.binary(max_size=300))
def test_whatever_a_peer_says_is_an_event_or_ends_the_lane(said: bytes) -> None:
    pair = LanePair().connected()
    with suppress(ProtocolError):
        pair.a.lane.receive(said)


# Beats.


def test_each_side_beats_each_quarter_and_says_how_its_loop_is() -> None:
    pair = LanePair().connected()
    pair.b._stalled = lambda: 2.5
    pair.wait(3)
    assert pair.a.events == [Beat(2.5)] * 3
    assert pair.b.events == [Beat(0.0)] * 3


def test_a_lane_of_which_nothing_comes_is_lost_after_two_tick_times() -> None:
    pair = LanePair().connected()
    pair.cut_off = True
    pair.wait(LOST_AFTER - 1)
    assert not pair.a.lane.lost
    pair.wait(1)
    assert pair.a.lane.lost
    assert pair.b.lane.lost
    assert LOST_AFTER == 2 * BEATS


def test_a_lane_whose_proof_never_comes_is_lost_as_well() -> None:
    pair = LanePair()
    pair.cut_off = True
    pair.wait(LOST_AFTER)
    assert pair.a.lane.lost


def test_who_was_stopped_for_long_finds_nobody_silent() -> None:
    pair = LanePair().connected()
    pair.a.stopped = True
    pair.wait(LOST_AFTER - 1)
    pair.clock.advance(1_000_000.0)
    pair.a.go_on()
    assert not pair.a.lane.lost


@given(st.lists(st.tuples(st.sampled_from(["a stops", "b stops", "cut off"]), st.integers(0, 30)), max_size=8))
def test_whatever_happens_a_lane_is_lost_only_if_the_other_was_silent(history: list[tuple[str, int]]) -> None:
    """Silent for as long as this side itself was there to hear it: its own stops do not count."""
    pair = LanePair().connected()
    for kind, quarters in history:
        pair.a.stopped, pair.b.stopped = kind == "a stops", kind == "b stops"
        pair.cut_off = kind == "cut off"
        pair.wait(quarters)
        silent = quarters if kind in ("b stops", "cut off") else 0
        if kind == "a stops":
            pair.a.go_on()
        assert pair.a.lane.lost == (silent >= LOST_AFTER)
        pair.cut_off = False
        pair.a.go_on()
        pair.b.go_on()
        pair.wait(1)
        assert not pair.a.lane.lost
        assert not pair.b.lane.lost


# Questions.


def test_a_question_gets_its_answer_by_its_number() -> None:
    pair = LanePair().connected()
    pair.a.lane.ask(7, LaneQuestion.WHO_IS_BLOCKING)
    pair.a.lane.ask(8, LaneQuestion.INTERRUPT)
    pair.carry()
    assert pair.b.events == [Asked(7, 1), Asked(8, 2)]
    pair.b.lane.answer(8, ["late", 1.5, None])
    pair.b.lane.answer(7, None)
    pair.carry()
    assert pair.a.events == [Answered(8, ["late", 1.5, None]), Answered(7, None)]


def test_a_question_about_code_brings_bytes_and_gets_bytes() -> None:
    pair = LanePair().connected()
    pair.a.lane.ask(7, LaneQuestion.CODE, b"helper?")
    pair.carry()
    assert pair.b.events == [Asked(7, LaneQuestion.CODE, b"helper?")]
    pair.b.lane.answer(7, b"x = 1")
    pair.carry()
    assert pair.a.events == [Answered(7, b"x = 1")]


@given(st.lists(st.integers(0, 3 * PART_SIZE), min_size=1, max_size=3), st.integers(1, 3 * PART_SIZE))
def test_an_answer_of_any_length_arrives_whole(sizes: list[int], step: int) -> None:
    pair = LanePair().connected()
    answers = [bytes([number]) * size for number, size in enumerate(sizes)]
    for number, answer in enumerate(answers):
        pair.b.lane.answer(number, answer)
    sent = b""
    while data := pair.b.lane.take():
        sent += data
    events = [event for at in range(0, len(sent), step) for event in pair.a.lane.receive(sent[at : at + step])]
    assert events == [Answered(number, answer) for number, answer in enumerate(answers)]


def test_beats_go_between_the_pieces_of_a_long_answer() -> None:
    pair = LanePair().connected()
    pair.b.lane.answer(1, bytes(5 * PART_SIZE))
    seen: list[object] = []
    while pair.b.lane.has_pieces:
        pair.b.lane.beat(0.0)
        seen += pair.a.lane.receive(pair.b.lane.take())
    assert seen == [*[Beat(0.0)] * 5, Answered(1, bytes(5 * PART_SIZE))]


def test_a_piece_waits_for_room_and_a_beat_does_not() -> None:
    pair = LanePair().connected()
    pair.b.lane.answer(1, b"much")
    pair.b.lane.beat(0.0)
    assert pair.b.lane.take(piece=False) == encode_beat(0.0)
    assert pair.b.lane.has_pieces


@given(
    st.sampled_from([encode_beat(1.5), encode_ask(7, 1, b"code"), encode_answer(7, ["x"]), *encode_parts(7, b"bytes")]),
    st.data(),
    st.integers(1, 255),
)
def test_a_damaged_byte_is_found_out_by_the_end_of_its_frame(frame: bytes, data: st.DataObject, change: int) -> None:
    damaged = bytearray(frame)
    damaged[data.draw(st.integers(0, len(frame) - 1))] ^= change
    pair = LanePair().connected()
    assert pair.a.lane.receive(encode_beat(0.5)) == [Beat(0.5)]
    with pytest.raises(ProtocolError, match="damaged on the way"):
        pair.a.lane.receive(bytes(damaged))


def test_an_answer_without_end_is_refused() -> None:
    pair = LanePair().connected()
    parts = lane_frame(PART, bytes(4 + PART_SIZE)) * (LONGEST_ANSWER // PART_SIZE + 1)
    with pytest.raises(ProtocolError, match="expected answers of at most"):
        pair.a.lane.receive(parts)


PLACES = st.builds(Place, st.text(), st.integers(0, 1 << 30), st.text(), st.text())
STALLS = st.builds(
    Stall,
    number=st.integers(0, 1 << 40),
    thread=st.text(),
    seconds=st.floats(0, 1e9),
    over=st.booleans(),
    pid=st.none() | st.builds(Pid, st.text(), st.integers(0, (1 << 63) - 1)),
    name=st.none() | st.text(),
    place=st.none() | PLACES,
    stack=st.lists(PLACES, max_size=8).map(tuple),
    function=st.none() | st.text(),
    alone=st.booleans(),
    lock_held=st.booleans(),
)


@given(STALLS)
def test_any_stall_travels(stall: Stall) -> None:
    pair = LanePair().connected()
    pair.b.lane.answer(1, stall_to_plain(stall))
    pair.carry()
    [event] = pair.a.events
    assert isinstance(event, Answered)
    assert stall_from_plain(event.answer) == stall


def test_a_stall_that_is_too_long_for_a_frame_is_cut() -> None:
    place = Place("f" * 100_000, 1, "g" * 100_000, "ü" * 100_000)
    stall = Stall(1, "t", 1.0, False, None, "n" * 100_000, place, (place,) * 100, None, True, False)
    pair = LanePair().connected()
    pair.b.lane.answer(1, stall_to_plain(stall))
    pair.carry()
    [event] = pair.a.events
    assert isinstance(event, Answered)
    assert stall_from_plain(event.answer) is not None


@given(
    st.none() | st.integers() | st.text() | st.lists(st.integers() | st.text() | st.lists(st.integers()), max_size=11)
)
def test_what_is_no_stall_is_refused(plain: object) -> None:
    with suppress(ProtocolError):
        assert stall_from_plain(plain) is None
