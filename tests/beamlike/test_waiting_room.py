"""Who must go when the room is full, and when time is over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from beamlike.distribution.waiting_room import WaitingRoom

PATIENCE = 10.0


def room(capacity: int = 3) -> WaitingRoom[str]:
    return WaitingRoom(capacity, PATIENCE)


def test_whoever_says_nothing_goes_before_whoever_speaks() -> None:
    crowd = room()
    for at, guest in enumerate(("speaker", "first", "second")):
        crowd.enter(guest, now=float(at))
    crowd.advance("speaker")
    assert crowd.enter("third", now=3.0) == ["first"]
    assert crowd.enter("fourth", now=4.0) == ["second"]
    assert set(crowd.guests()) == {"speaker", "third", "fourth"}


def test_among_speakers_the_oldest_goes() -> None:
    crowd = room()
    for guest in ("one", "two", "three"):
        crowd.enter(guest, now=0.0)
        crowd.advance(guest)
    assert crowd.enter("four", now=1.0) == ["one"]


def test_to_speak_wins_no_time() -> None:
    crowd = room()
    crowd.enter("slow", now=0.0)
    crowd.advance("slow")
    assert crowd.overdue(now=PATIENCE - 0.1) == []
    assert crowd.overdue(now=PATIENCE) == ["slow"]
    assert crowd.next_deadline() is None


def test_who_was_dropped_may_still_leave_and_speak() -> None:
    crowd = room(capacity=1)
    crowd.enter("one", now=0.0)
    assert crowd.enter("two", now=0.0) == ["one"]
    crowd.advance("one")
    crowd.leave("one")
    assert crowd.guests() == ["two"]


Step = tuple[str, int]
STEPS = st.lists(st.tuples(st.sampled_from(["enter", "advance", "leave", "wait"]), st.integers(0, 20)), max_size=60)


@given(STEPS, st.integers(1, 5))
def test_whatever_happens_the_newest_is_in_and_nobody_too_many_or_too_long(steps: list[Step], capacity: int) -> None:
    crowd: WaitingRoom[int] = WaitingRoom(capacity, PATIENCE)
    now, came, entered = 0.0, 0, {}
    gone: set[int] = set()
    for kind, number in steps:
        match kind:
            case "enter":
                came += 1
                entered[came] = now
                gone |= set(crowd.enter(came, now))
                assert came in crowd.guests()
            case "advance":
                crowd.advance(number)
            case "leave" if number <= came:
                crowd.leave(number)
                gone.add(number)
            case "wait":
                now += number
                gone |= set(crowd.overdue(now))
        assert len(crowd) <= capacity
        assert gone.isdisjoint(crowd.guests())
        assert all(now < entered[guest] + PATIENCE for guest in crowd.guests())
        assert crowd.next_deadline() == min((entered[guest] + PATIENCE for guest in crowd.guests()), default=None)
