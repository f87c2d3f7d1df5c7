"""Time limits, most of which are taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flame.deadlines import MANY_LENGTHS, Deadlines
from tests.support.virtual_clock import VirtualClock


class Watched:
    """Deadlines in a time moved by hand, and what expired when."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.expired: list[tuple[str, float]] = []
        self.deadlines: Deadlines[str] = Deadlines(self.clock, lambda thing: self.expired.append((thing, self.now)))
        self.began = self.clock.now()

    @property
    def now(self) -> float:
        return self.clock.now() - self.began


def test_what_is_not_taken_back_expires_once_at_its_time() -> None:
    watched = Watched()
    watched.deadlines.add("a", 5.0)
    watched.clock.advance(4.9)
    assert watched.expired == []
    watched.clock.advance(60.0)
    assert watched.expired == [("a", 5.0)]


def test_what_was_taken_back_does_not_expire() -> None:
    watched = Watched()
    watched.deadlines.add("a", 5.0)
    watched.deadlines.add("b", 5.0)
    watched.deadlines.discard("a", 5.0)
    watched.deadlines.discard("a", 5.0)
    watched.clock.advance(60.0)
    assert watched.expired == [("b", 5.0)]


def test_limits_of_one_length_cost_one_timer_between_them() -> None:
    watched = Watched()
    timers = 0
    for number in range(100):
        watched.deadlines.add(str(number), 5.0)
        timers += watched.clock.next_at() is not None
        watched.deadlines.discard(str(number), 5.0)
    assert len(watched.clock._timers) == 1
    assert timers == 100


def test_limits_that_were_taken_back_leave_no_timer_once_theirs_has_passed() -> None:
    watched = Watched()
    for seconds in (1.0, 2.0, 3.0):
        watched.deadlines.add("a", seconds)
        watched.deadlines.discard("a", seconds)
    watched.clock.advance(3.0)
    assert watched.clock.next_at() is None
    assert watched.deadlines._lanes == {}


def test_limits_of_a_thousand_lengths_that_were_taken_back_do_not_wait_for_their_time() -> None:
    watched = Watched()
    for number in range(1000):
        watched.deadlines.add("a", 3600.0 + number)
        watched.deadlines.discard("a", 3600.0 + number)
    assert len(watched.deadlines._lanes) <= MANY_LENGTHS


def test_closing_takes_all_back() -> None:
    watched = Watched()
    watched.deadlines.add("a", 5.0)
    watched.deadlines.close()
    assert watched.clock.next_at() is None


steps = st.lists(
    st.tuples(st.sampled_from(["add", "add", "discard", "wait"]), st.integers(0, 8), st.sampled_from([0.0, 1.0, 2.5])),
    max_size=60,
)


@given(steps=steps)
def test_they_agree_with_a_list(steps: list[tuple[str, int, float]]) -> None:
    watched = Watched()
    model: dict[str, tuple[float, float]] = {}
    expected: list[tuple[str, float]] = []
    for number, (step, which, seconds) in enumerate(steps):
        if step == "add":
            model[f"{number}"] = watched.now + seconds, seconds
            watched.deadlines.add(f"{number}", seconds)
        elif step == "discard" and model:
            thing = list(model)[which % len(model)]
            watched.deadlines.discard(thing, model.pop(thing)[1])
        else:
            until = watched.now + seconds
            over = sorted((end, thing) for thing, (end, _) in model.items() if end <= until)
            expected += [(thing, end) for end, thing in over]
            for _, thing in over:
                del model[thing]
            watched.clock.advance(seconds)
        assert sorted(watched.expired) == sorted(expected)
    watched.clock.advance(10.0)
    assert {thing for thing, _ in watched.expired} == {thing for thing, _ in expected} | set(model)
    assert watched.clock.next_at() is None
