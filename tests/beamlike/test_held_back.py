"""Terms that cannot be decoded yet hold back what their sender sends, and nobody else's."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Future
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.distribution import held_back
from beamlike.distribution.connection import TICKS, Closed, Connection, Event, Items
from beamlike.kernel.question import Call
from beamlike.kernel.signals import Answer, Ask, Down, Exit, Link, Send, Signal, Spawn
from beamlike.kernel.terms import Alias, Pid, Ref, Reply
from tests.support.codecs import LateCodec
from tests.support.connections import Pair
from tests.support.handshakes import A, B

ANN, BOB, SAM = Pid(A.name, 1), Pid(A.name, 2), Pid(A.name, 3)
EVA, IVY, CHILD = Pid(B.name, 1), Pid(B.name, 2), Pid(B.name, 3)
SIZE = 100_000


class LatePair(Pair):
    """`b` decodes the set of one late key only when that is made ready."""

    def __init__(self) -> None:
        super().__init__(LateCodec)
        self.connected()
        self.late: dict[Any, Future[None]] = self.b.signals._codec.late  # type: ignore[attr-defined]
        self.b.can_go_on = self._go_on

    def _go_on(self) -> None:
        self.b_events += of(self.b, self.b.go_on())

    def will_be_late(self, *keys: Any) -> None:
        for key in keys:
            self.late[key] = Future()

    def make_ready(self, key: Any) -> None:
        self.late[key].set_result(None)

    def send(self, *signals: Signal) -> None:
        for signal in signals:
            self.a.send(signal)
        self.carry()


def of(connection: Connection, events: list[Event]) -> list[Event]:
    """Events as `Connection.receive_data` gives them."""
    return [signal for event in events for signal in map(connection.signal, event.items)]  # type: ignore[union-attr]


@pytest.fixture
def pair() -> LatePair:
    return LatePair()


def test_what_one_sends_waits_behind_its_late_term_and_what_others_send_does_not(pair: LatePair) -> None:
    pair.will_be_late("slow")
    late, next_one, other = Send(ANN, EVA, {"slow"}), Send(ANN, EVA, "next"), Send(BOB, EVA, "other")
    pair.send(late, next_one, other)
    assert pair.b_events == [other]
    pair.make_ready("slow")
    assert pair.b_events == [other, late, next_one]
    pair.send(late)
    assert pair.b_events[3:] == [late]


@pytest.mark.parametrize(
    "late",
    [
        Send(ANN, EVA, {"slow"}),
        Send(ANN, ("shop", B.name), {"slow"}),
        Send(ANN, EVA, Reply(Ref(A.name, 5), {"slow"})),
        Ask(ANN, EVA, Call(ANN, 7, {"slow"})),
        Answer(ANN, Alias(EVA, 7), {"slow"}),
        Exit(ANN, EVA, {"slow"}, linked=False),
        Down(ANN, EVA, Ref(B.name, 4), {"slow"}),
    ],
    ids=lambda signal: type(signal).__name__,
)
def test_a_late_term_may_stand_in_any_signal(pair: LatePair, late: Signal) -> None:
    pair.will_be_late("slow")
    pair.send(late, Link(ANN, IVY))
    assert pair.b_events == []
    pair.make_ready("slow")
    assert pair.b_events == [late, Link(ANN, IVY)]


def test_nobodys_signals_to_a_child_come_before_its_spawn(pair: LatePair) -> None:
    pair.will_be_late("slow")
    spawn = Spawn(ANN, CHILD, print, ({"slow"},), False, None, None)
    pair.send(spawn, Send(BOB, CHILD, "hello"), Send(BOB, EVA, "meanwhile"))
    assert pair.b_events == [Send(BOB, EVA, "meanwhile")]
    pair.make_ready("slow")
    assert pair.b_events == [Send(BOB, EVA, "meanwhile"), spawn, Send(BOB, CHILD, "hello")]
    pair.send(Send(BOB, CHILD, "again"))
    assert pair.b_events[3:] == [Send(BOB, CHILD, "again")]


def test_two_late_terms_of_one_sender_wait_for_both(pair: LatePair) -> None:
    pair.will_be_late("first", "second")
    signals = [Send(ANN, EVA, {"first"}), Send(ANN, EVA, {"second"}), Send(ANN, EVA, "third")]
    pair.send(*signals)
    pair.make_ready("second")
    assert pair.b_events == []
    pair.make_ready("first")
    assert pair.b_events == signals


def test_a_late_parcel_waits_like_any_item(pair: LatePair) -> None:
    pair.will_be_late("x" * SIZE)
    large = Send(ANN, EVA, {"x" * SIZE})
    pair.will_be_late("slow")
    pair.send(Send(BOB, IVY, {"slow"}))  # what is said of parcels has no sender
    pair.send(large, Send(ANN, EVA, "small"))
    assert pair.b_events == []
    pair.make_ready("x" * SIZE)
    assert pair.b_events == [large, Send(ANN, EVA, "small")]


def test_what_is_held_back_when_the_connection_ends_is_lost_with_it(pair: LatePair) -> None:
    pair.will_be_late("slow")
    pair.send(Send(ANN, EVA, {"slow"}))
    pair.b_events += pair.b.receive_eof()
    pair.make_ready("slow")
    assert [type(event) for event in pair.b_events] == [Closed]


def test_much_that_waits_for_something_from_elsewhere_stops_the_reading(
    pair: LatePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_back, "BOUND", 10_000)
    pair.b.lane_is_open = True
    pair.will_be_late("elsewhere", "here")
    pair.send(Send(ANN, EVA, {"elsewhere"}))
    assert not pair.b.holds_much
    pair.send(*[Send(ANN, EVA, "x" * 1000)] * 10)
    assert pair.b.holds_much
    assert [pair.b.tick() for _ in range(2 * TICKS)] == [[]] * 2 * TICKS  # whose silence that is, is known
    pair.send(Send(BOB, EVA, {"here"}))
    assert not pair.b.holds_much  # for what is awaited comes by this way
    pair.make_ready("here")
    assert pair.b.holds_much
    pair.make_ready("elsewhere")
    assert not pair.b.holds_much
    assert len(pair.b_events) == 12


def test_without_a_lane_by_which_its_end_is_seen_a_peer_is_read_on_and_down_when_it_is_silent(
    pair: LatePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held_back, "BOUND", 10_000)
    pair.will_be_late("elsewhere")
    pair.send(Send(ANN, EVA, {"elsewhere"}), *[Send(ANN, EVA, "x" * 1000)] * 10)
    assert not pair.b.holds_much
    events = [event for _ in range(2 * TICKS) for event in pair.b.tick()]
    assert [event.reason for event in events if isinstance(event, Closed)] == ["net_tick_timeout"]


def test_only_what_is_held_back_now_counts_as_held_back(pair: LatePair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_back, "BOUND", 10_000)
    pair.b.lane_is_open = True
    pair.will_be_late("elsewhere", *range(20))
    others = [Send(BOB, EVA, "y" * 1000)] * 20
    pair.send(Send(SAM, IVY, {"elsewhere"}), *others)
    for number in range(20):
        pair.send(Send(ANN, EVA, {number}), Send(ANN, EVA, "x" * 9000), *others)
        pair.make_ready(number)
        assert not pair.b.holds_much
    pair.send(Send(SAM, IVY, "z" * 9500), Send(SAM, IVY, "z" * 500))
    assert pair.b.holds_much


@pytest.mark.parametrize("says_so", [True, False], ids=["with a word", "without"])
def test_what_is_ready_when_the_connection_ends_is_delivered_before_its_end_is_told(
    pair: LatePair, says_so: bool
) -> None:
    pair.will_be_late("slow", "never")
    woken: list[None] = []
    pair.b.can_go_on = lambda: woken.append(None)  # the loop has not come to it when the end does
    signals = [Send(ANN, EVA, {"slow"}), Send(ANN, EVA, "after")]
    pair.send(*signals, Send(BOB, EVA, {"never"}))
    pair.make_ready("slow")
    assert (woken, pair.b_events) == ([None], [])
    if says_so:
        pair.a.close("disconnect", "going home")
        pair.carry()
    else:
        pair.b_events += pair.b.receive_eof()
    *delivered, end = [
        it for event in pair.b_events for it in (of(pair.b, [event]) if isinstance(event, Items) else [event])
    ]
    assert delivered == signals
    assert isinstance(end, Closed)
    assert pair.b.go_on() == []


def test_who_makes_something_ready_after_the_connection_is_over_reaches_nothing_of_it(pair: LatePair) -> None:
    pair.will_be_late("slow")
    woken: list[None] = []
    pair.b.can_go_on = lambda: woken.append(None)
    pair.send(Send(ANN, EVA, {"slow"}))
    held = ref(pair.b._held)
    pair.b_events += pair.b.receive_eof()
    assert held() is None
    pair.make_ready("slow")
    assert woken == []


def test_who_waits_is_told_of_each_thing_that_is_ready_once(pair: LatePair) -> None:
    pair.will_be_late("slow", *range(5))
    pair.send(Send(ANN, EVA, {"slow"}), *(Send(Pid(A.name, 10 + number), EVA, {number}) for number in range(5)))
    for number in range(5):
        pair.make_ready(number)
    woken: list[None] = []
    pair.b.can_go_on = lambda: woken.append(None)
    pair.make_ready("slow")
    assert woken == [None]


senders, receivers, keys = st.sampled_from([ANN, BOB]), st.sampled_from([EVA, IVY]), st.integers(0, 3)
steps = st.lists(
    st.tuples(st.just("send"), senders, receivers, st.none() | keys)
    | st.tuples(st.just("spawn"), senders, st.integers(10, 14), keys)
    | st.tuples(st.just("ready"), keys),
    max_size=30,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_all_arrives_once_and_each_pair_in_order_whatever_is_late(steps: list[Any]) -> None:
    pair = LatePair()
    pair.will_be_late(*range(4))
    sent: list[Signal] = []
    for number, step in enumerate(steps):
        match step:
            case ("send", source, target, key):
                sent.append(Send(source, target, f"{number}" if key is None else {key}))
            case ("spawn", source, child, key):
                sent.append(Spawn(source, Pid(B.name, child * 100 + number), max, ({key},), False, None, None))
            case ("ready", key):
                if not pair.late[key].done():
                    pair.make_ready(key)
                continue
        pair.send(sent[-1])
    for ready in pair.late.values():
        if not ready.done():
            ready.set_result(None)
    assert in_pairs(pair.b_events) == in_pairs(sent)


def in_pairs(signals: list[Any]) -> dict[Any, list[Any]]:
    pairs: dict[Any, list[Any]] = defaultdict(list)
    for signal in signals:
        pairs[signal.source].append(signal)  # each sender's in order is more than each pair's
    return pairs
