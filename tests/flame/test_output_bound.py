"""How much may go, and what is told of the rest."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from flame.output_bound import Bound, Limits

TEXTS = st.lists(st.tuples(st.sampled_from(["", "x\n", "ab\ncde\n", "no end", "long " * 9 + "\n"]), st.floats(0, 3)))
LIMITS = st.builds(Limits, st.integers(0, 60) | st.none(), st.integers(1, 40))


def left_out(notice: str) -> int:
    found = re.search(r"\((\d+) character", notice)
    return int(found[1]) if found else 0


@given(LIMITS, TEXTS)
def test_what_goes_and_what_is_told_of_is_all_there_was(limits: Limits, texts: list[tuple[str, float]]) -> None:
    bound, now, gone, told = Bound(limits, 0.0), 0.0, 0, 0
    for text, pause in texts:
        now += pause
        told += left_out(bound.notice(now))
        gone += len(bound.admit(text, now))
    assert gone + told + left_out(bound.notice(now, at_end=True)) == sum(len(text) for text, _ in texts)


@given(LIMITS, TEXTS)
def test_no_more_goes_than_may(limits: Limits, texts: list[tuple[str, float]]) -> None:
    bound, now, gone = Bound(limits, 0.0), 0.0, 0
    for text, pause in texts:
        now += pause
        gone += len(bound.admit(text, now))
        assert gone <= limits.a_second * (1 + now) + 1e-6
        assert limits.in_all is None or gone <= limits.in_all


@given(LIMITS, TEXTS)
def test_notices_do_not_come_more_often_than_every_half_second(limits: Limits, texts: list[tuple[str, float]]) -> None:
    bound, now = Bound(limits, 0.0), 0.0
    times = []
    for text, pause in texts:
        now += pause
        bound.admit(text, now)
        if bound.notice(now):
            times.append(now)
    # The last one may come at once: that nothing more will go.
    assert all(later - sooner >= 0.5 - 1e-6 for sooner, later in pairwise(times[:-1]))


@given(LIMITS, TEXTS)
def test_lines_go_whole_or_not_at_all(limits: Limits, texts: list[tuple[str, float]]) -> None:
    bound, now = Bound(limits, 0.0), 0.0
    for text, pause in texts:
        now += pause
        admitted = bound.admit(text, now)
        assert admitted == text or admitted[-1:] in ("", "\n")


def test_that_a_call_has_used_up_all_it_may_print_is_told_at_once_and_the_number_at_the_end() -> None:
    bound = Bound(Limits(in_all=10, a_second=1000), 0.0)
    assert bound.admit("123456789\nx\n", 0.0) == "123456789\n"
    told = "... 1 line (2 characters) left out: 10 characters is all there may be, and the rest will be, too"
    assert bound.notice(0.0) == told
    assert bound.admit("more\n" * 2000, 500.0) == ""
    assert bound.notice(500.0) == ""
    assert not bound.has_left_out  # nobody need look again before the end
    assert bound.notice(500.0, at_end=True) == "... 2,000 lines (10.0 kB) left out"
