"""The mailbox against a list that is searched anew each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from beamlike.kernel.mailbox import NOTHING, Mailbox, carried_ref
from beamlike.kernel.terms import Down, Pid, Ref, Reply
from tests.support.soak import count

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

REFS = [Ref("n@h", number) for number in range(3)]
PID = Pid("n@h", 99)


class Broken(Exception):
    """What a guard raises that is no mismatch."""


def guard_for(number: int) -> Callable[[Any], bool]:
    """Accepts tuples whose last element is `number`; other shapes make it raise a mismatch."""
    return lambda message: message[-1] == number


def explode_at(number: int) -> Callable[[Any], bool]:
    def guard(message: Any) -> bool:
        if message[-1] == number:
            raise Broken
        return False

    return guard


MESSAGES = st.one_of(
    st.integers(0, 3),
    st.tuples(st.integers(0, 3)),
    st.tuples(st.sampled_from(REFS), st.integers(0, 3)),
    st.builds(Reply, st.sampled_from(REFS), st.integers(0, 3)),
    st.builds(Down, st.sampled_from(REFS), st.just(PID), st.just("normal")),
)


class MailboxAgainstList(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.box = Mailbox()
        self.naive: list[Any] = []
        self.recent: list[Any] = [0]
        self.waiting: Callable[[Any], bool] | None = None
        self.reserved: list[Ref] = []

    def naive_take(self, accepts: Callable[[Any], bool], *, also_reserved: bool = False) -> Any:
        for position, message in enumerate(self.naive):
            if (also_reserved or carried_ref(message) not in self.reserved) and accepts(message):
                return self.naive.pop(position)
        return NOTHING

    @rule(message=MESSAGES)
    def put(self, message: Any) -> None:
        self.box.put(message)
        self.naive.append(message)
        self.recent.append(message)

    @rule(data=st.data())
    def put_the_same_object_again(self, data: st.DataObject) -> None:
        self.put(data.draw(st.sampled_from(self.recent[-4:])))

    @precondition(lambda self: self.naive and carried_ref(self.naive[0]) not in self.reserved)
    @rule()
    def put_back_the_oldest(self) -> None:
        message = self.box.take()
        self.box.put_back(message)
        self.waiting = None

    @rule()
    def take_oldest(self) -> None:
        assert self.box.take() is self.naive_take(lambda _: True)
        self.waiting = None

    @rule(number=st.integers(0, 4))
    def take_guarded(self, number: int) -> None:
        guard = guard_for(number)
        self.waiting = guard
        assert self.box.select(guard) is self.naive_take(lambda message: matches(guard, message))

    @precondition(lambda self: self.waiting is not None)
    @rule()
    def resume(self) -> None:
        guard = self.waiting
        assert guard is not None
        assert self.box.resume(guard) is self.naive_take(lambda message: matches(guard, message))

    @rule(ref=st.sampled_from(REFS))
    def take_by_ref(self, ref: Ref) -> None:
        assert self.box.take_ref(ref) is self.naive_take(
            lambda message: carried_ref(message) == ref, also_reserved=True
        )

    @rule(ref=st.sampled_from(REFS))
    def reserve(self, ref: Ref) -> None:
        self.box.reserve(ref)
        self.reserved.append(ref)

    @precondition(lambda self: self.reserved)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        ref = data.draw(st.sampled_from(self.reserved))
        self.box.release(ref)
        self.reserved.remove(ref)

    @rule(number=st.integers(0, 4))
    def take_with_a_broken_guard(self, number: int) -> None:
        guard = explode_at(number)
        hit = any(
            matches(guard_for(number), message) for message in self.naive if carried_ref(message) not in self.reserved
        )
        if hit:
            with pytest.raises(Broken):
                self.box.select(guard)
        else:
            assert self.box.select(guard) is NOTHING

    @invariant()
    def holds_the_same_messages_in_the_same_order(self) -> None:
        held = list(self.box)
        assert len(self.box) == len(held) == len(self.naive)
        assert all(ours is theirs for ours, theirs in zip(held, self.naive, strict=True))


def matches(guard: Callable[[Any], bool], message: Any) -> bool:
    try:
        return guard(message)
    except TypeError:
        return False


MailboxAgainstList.TestCase.settings = settings(max_examples=count(100, 3000), stateful_step_count=30, deadline=None)
test_any_history_agrees_with_a_naive_list = MailboxAgainstList.TestCase


def places(box: Mailbox) -> int:
    """How many places of the queues are in use, by messages or by what was taken already."""
    return len(box.fresh or ()) + len(box.seen or ())


class CountingGuard:
    def __init__(self, wanted: object) -> None:
        self.wanted = wanted
        self.calls = 0

    def __call__(self, message: object) -> bool:
        self.calls += 1
        return message == self.wanted


def test_a_receive_that_waits_meets_each_message_once() -> None:
    box, guard = Mailbox(), CountingGuard("wanted")
    assert box.select(guard) is NOTHING
    for number in range(1000):
        box.put(number)
        assert box.resume(guard) is NOTHING
    box.put("wanted")
    assert box.resume(guard) == "wanted"
    assert guard.calls == 1001


def test_a_receive_by_reference_calls_no_guard_and_passes_over_a_full_mailbox() -> None:
    box = Mailbox()
    for number in range(100_000):
        box.put(number)
    box.take_ref(REFS[0])
    for number in range(1000):
        box.put(Reply(REFS[0], number))
        assert box.take_ref(REFS[0]).value == number
    assert len(box) == 100_000


def test_a_stream_of_messages_with_one_reference_is_taken_in_linear_time() -> None:
    box = Mailbox()
    box.take_ref(REFS[0])
    for number in range(100_000):
        box.put((REFS[0], number))
    assert [box.take()[1] for _ in range(100_000)] == list(range(100_000))


def test_what_was_taken_by_reference_leaves_nothing_behind() -> None:
    box = Mailbox()
    box.put("older")
    for number in range(5000):
        box.put(Reply(REFS[0], number))
        box.put(Reply(REFS[1], number))
        assert box.take_ref(REFS[0]).value == number
        assert box.take_ref(REFS[1]).value == number
    assert len(box) == 1
    assert places(box) < 10


def test_old_messages_do_not_keep_what_was_taken_between_them() -> None:
    box = Mailbox()
    box.take_ref(REFS[0])
    for number in range(100):
        for _ in range(100):
            box.put(Reply(REFS[0], number))
        box.put("stays")
        for _ in range(100):
            assert box.take_ref(REFS[0]).value == number
    assert list(box) == ["stays"] * 100
    assert places(box) < 400


def test_a_guard_that_does_not_fit_the_message_is_no_match_and_is_counted() -> None:
    box = Mailbox()
    shapes: list[Any] = [5, (), {}, None]
    for message in shapes:
        box.put(message)
    assert box.select(lambda message: message[0]["key"].attribute) is NOTHING
    assert box.failed_guards == 4
    assert len(box) == 4


def test_after_a_broken_guard_the_message_is_still_there_for_the_next_receive() -> None:
    box = Mailbox()
    box.put((1,))
    box.put((2,))
    with pytest.raises(Broken):
        box.select(explode_at(2))
    assert [box.take(), box.take()] == [(1,), (2,)]


def test_messages_that_cannot_be_compared_are_told_apart_by_identity() -> None:
    class Incomparable:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        __hash__ = object.__hash__

    box = Mailbox()
    payloads = [Incomparable(), Incomparable()]
    for payload in payloads:
        box.put((REFS[0], payload))
    assert box.take_ref(REFS[0])[1] is payloads[0]
    assert box.take()[1] is payloads[1]
