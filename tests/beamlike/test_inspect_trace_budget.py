"""How much a trace may take, whatever happens: no history of events gets past a limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.inspect.tracing.budget import Budget, Limits, Verdict

LIMITS = st.builds(Limits, st.integers(1, 30), st.integers(1, 4), st.floats(0.5, 5.0))
PAUSES = st.lists(st.sampled_from([0.0, 0.01, 0.3, 0.5, 0.9, 0.99, 1.0]) | st.floats(-0.5, 1.5), max_size=80)


@given(LIMITS, PAUSES)
def test_no_history_takes_more_than_the_limit_the_rate_or_the_time(limits: Limits, pauses: list[float]) -> None:
    budget, at, taken = Budget(limits, began=100.0), 100.0, []
    for pause in pauses:
        at += pause
        if budget.take(at) is Verdict.TAKE:
            taken.append(budget._last)
    assert len(taken) == budget.taken <= limits.limit
    assert all(each < 100.0 + limits.seconds for each in taken)
    assert all(sum(start <= each < start + 1.0 for each in taken) <= limits.rate for start in taken), (
        "more than the rate within one second"
    )


@given(LIMITS, PAUSES)
def test_what_is_over_stays_over(limits: Limits, pauses: list[float]) -> None:
    budget, at, over = Budget(limits, began=0.0), 0.0, False
    for pause in pauses:
        at += pause
        verdict = budget.take(at)
        assert not over or verdict is Verdict.OVER
        over = over or verdict is Verdict.OVER


@given(LIMITS)
def test_at_the_time_it_says_it_opens(limits: Limits) -> None:
    budget = Budget(limits, began=0.0)
    while (verdict := budget.take(0.0)) is Verdict.TAKE:
        pass
    if verdict is Verdict.LATER and budget.opens_at < budget.ends_at:
        assert budget.take(budget.opens_at) is Verdict.TAKE


@pytest.mark.parametrize(
    "options", [{"limit": 0}, {"limit": 10_001}, {"rate": 1001}, {"rate": 2.5}, {"seconds": 0}, {"seconds": 601.0}]
)
def test_nobody_is_given_more_than_a_node_gives(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"expected a .* from .* to trace, got"):
        Limits(**options)
