"""The bytes of a connection over ways that break: all come, once, and in order, wherever a way is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nodes.tunnels.flow import HEADER, BadFlow, Flow, Kind, split


class Side:
    def __init__(self) -> None:
        self.flow = Flow()
        self.got = b""
        self.said = b""

    def put(self, data: bytes) -> None:
        if not self.flow.is_ended:
            self.said += data
        self.flow.put(data)

    def hear(self, frames: bytes) -> None:
        """What has come by the way, of which the last frame may be cut short."""
        while len(frames) >= HEADER.size:
            kind, size = HEADER.unpack_from(frames)
            content = frames[HEADER.size : HEADER.size + size]
            if len(content) < size:
                return
            self.got += self.flow.hear(kind, content)
            frames = frames[HEADER.size + size :]


def meet(here: Side, there: Side) -> None:
    """On a new way."""
    received = there.flow.received
    there.flow.resume(here.flow.received)
    here.flow.resume(received)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.booleans(), st.binary(max_size=40)),
        st.tuples(st.just("carry"), st.booleans(), st.none()),
        st.tuples(st.just("cut"), st.booleans(), st.integers(0, 60)),
        st.tuples(st.just("ping"), st.booleans(), st.none()),
    ),
    max_size=40,
)


@given(steps)
def test_all_bytes_come_once_and_in_order_wherever_a_way_is_cut(steps: list[tuple[str, bool, object]]) -> None:
    a, b = Side(), Side()
    meet(a, b)
    for step, forth, argument in steps:
        here, there = (a, b) if forth else (b, a)
        match step, argument:
            case "put", bytes() as data:
                here.put(data)
            case "carry", _:
                there.hear(here.flow.frames())
            case "ping", _:
                here.flow.ping()
            case "cut", int() as size:  # so many bytes still get through
                there.hear(here.flow.frames()[:size])
                meet(a, b)
    meet(a, b)
    while a.flow.has_news or b.flow.has_news:
        b.hear(a.flow.frames())
        a.hear(b.flow.frames())
    assert (b.got, a.got) == (a.said, b.said)
    assert a.flow._kept_size == b.flow._kept_size == 0


@given(st.binary(max_size=100), st.integers(0, 120))
def test_an_end_comes_after_all_that_was_said_though_its_way_was_cut(data: bytes, size: int) -> None:
    a, b = Side(), Side()
    a.put(data)
    a.flow.end()
    b.hear(a.flow.frames()[:size])
    assert not b.flow.is_over or b.got == data
    meet(a, b)
    b.hear(a.flow.frames())
    assert b.flow.is_over
    assert b.got == data
    a.hear(b.flow.frames())
    assert a.flow.is_over


@pytest.mark.parametrize("theirs", [1, 6, 2**63])
def test_more_than_was_sent_cannot_have_come(theirs: int) -> None:
    flow = Flow()
    flow.put(b"hello")
    flow.frames()
    flow.resume(5)
    with pytest.raises(BadFlow, match="expected 5 to 5 bytes"):
        flow.resume(theirs)


def test_what_is_no_frame_is_refused() -> None:
    for kind, content in ((9, b""), (Kind.ACK, b"short")):
        with pytest.raises(BadFlow, match="expected a frame"):
            Flow().hear(kind, content)


def test_who_sends_too_much_has_to_wait_until_it_has_come() -> None:
    here, there = Flow(), Flow()
    while here.has_room:
        here.put(bytes(1 << 16))
    for kind, content in split(here.frames()):
        there.hear(kind, content)
    for kind, content in split(there.frames()):
        here.hear(kind, content)
    assert here.has_room
