"""The window of restarts: any history of times agrees with counting them all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.supervision.restart_intensity import REMEMBERED, PastRestart, RestartIntensity, Restarts

PID = bl.Pid("n@here", 1)


def restart(number: int = 0, reason: object = "boom") -> PastRestart:
    return PastRestart(number, PID, reason, float(number))


@given(
    steps=st.lists(st.floats(min_value=0, max_value=3), max_size=40),
    intensity=st.integers(min_value=0, max_value=4),
    period=st.sampled_from([0.5, 1.0, 5.0]),
)
def test_any_history_agrees_with_counting_all_that_happened(steps: list[float], intensity: int, period: float) -> None:
    restarts, now, times = Restarts(RestartIntensity(intensity, period)), 0.0, []
    for step in steps:
        now += step
        times.append(now)
        within = [time for time in times if time >= now - period]
        assert restarts.admit(now, restart()) == (len(within) <= intensity)


@pytest.mark.parametrize(("intensity", "period"), [(-1, 5.0), (1.5, 5.0), ("3", 5.0), (1, 0), (1, -1.0), (1, "5")])
def test_a_limit_that_can_never_be_right_is_refused(intensity: int, period: float) -> None:
    with pytest.raises(ValueError, match=r"expected (intensity|period)"):
        RestartIntensity(intensity, period)


def test_the_history_holds_the_latest_and_no_exceptions() -> None:
    restarts = Restarts(RestartIntensity(1, 5.0))
    info = bl.ExceptionInfo("ValueError", "no", "traceback", "n@here", PID, ValueError("no"))
    for number in range(REMEMBERED + 5):
        restarts.admit(float(number), restart(number, info))
    history = restarts.history()
    assert [one.id for one in history] == list(range(5, REMEMBERED + 5))
    assert all(one.reason == info and one.reason.exception is None for one in history)
