"""The steps by which a runtime is connected, each with its time, are part of what is known of it."""

from __future__ import annotations

from notebook_tui.document.connection import MOST_STEPS
from notebook_tui.document.operations import Connect, RuntimeConnected, RuntimeConnecting, RuntimeDown
from notebook_tui.document.state import ConnectStep, State
from tests.support.documents import after

BEGUN = after(State(), Connect(), RuntimeConnecting("asking", 1.0), RuntimeConnecting("waiting", 2.5))
STEPS = (ConnectStep("asking", 1.0), ConnectStep("waiting", 2.5))


def test_steps_are_kept_in_order_and_the_last_one_is_the_text() -> None:
    assert (BEGUN.runtime.steps, BEGUN.runtime.text) == (STEPS, "waiting")


def test_a_runtime_that_is_connected_knows_since_when_and_how_it_came() -> None:
    runtime = after(BEGUN, RuntimeConnected("here", 4.0)).runtime
    assert (runtime.since, runtime.steps) == (4.0, STEPS)


def test_how_far_it_came_is_told_of_one_that_could_not_be_had_and_of_no_other() -> None:
    assert after(BEGUN, RuntimeDown("no room")).runtime.steps == STEPS
    assert after(BEGUN, RuntimeDown("")).runtime.steps == ()
    assert after(BEGUN, RuntimeConnected("here"), RuntimeDown("killed")).runtime.steps == ()


def test_another_try_begins_anew_and_steps_without_end_are_bounded() -> None:
    assert after(BEGUN, RuntimeDown("no room"), Connect()).runtime.steps == ()
    many = after(BEGUN, *(RuntimeConnecting(str(number)) for number in range(2 * MOST_STEPS)))
    assert len(many.runtime.steps) == MOST_STEPS
    assert many.runtime.steps[-1].text == str(2 * MOST_STEPS - 1)
