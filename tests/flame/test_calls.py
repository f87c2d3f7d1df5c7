"""A call from its request to its outcome, and who waits for that."""

from __future__ import annotations

import asyncio
import functools
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.exceptions import describe_exception
from flame.calls import LONGEST_NAME, Call, Request, name_of, settled
from flame.errors import Cancelled, RunnerLost, WorkEnded
from flame.outcome import Ended, Outcome, Raised, Returned
from tests.support.local_nodes import in_node
from tests.support.local_nodes import settled as all_settled


def ended(outcome: Outcome | Exception) -> Call:
    call = Call(Request(print, ()))
    call.then = lambda _call: None
    call.settle(outcome)
    return call


class Taking:
    """A pool that answers at once, or when the test says so."""

    def __init__(self, outcome: Outcome | Exception | None = None) -> None:
        self.outcome = outcome
        self.submitted: list[Call] = []
        self.abandoned: list[Call] = []

    def submit(self, call: Call) -> None:
        self.submitted.append(call)
        if self.outcome is not None:
            call.settle(self.outcome)

    def abandon(self, call: Call) -> None:
        self.abandoned.append(call)
        call.forget()


def test_a_value_is_returned() -> None:
    assert ended(Returned(3)).value() == 3


@in_node
async def test_an_exception_is_raised_as_its_own_type() -> None:
    info = describe_exception(KeyError("k"), bl.self())
    for outcome in (Raised(info), Ended(info)):
        with pytest.raises(KeyError, match="k"):
            ended(outcome).value()


def test_why_there_is_no_outcome_is_raised() -> None:
    with pytest.raises(RunnerLost, match="gone"):
        ended(RunnerLost("gone")).value()


@pytest.mark.parametrize(
    ("reason", "error"),
    [("called off", Cancelled), ("interrupted", Cancelled), ("cancelled", Cancelled), ("killed", WorkEnded)],
)
def test_work_that_was_ended_over_there_says_how(reason: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="print"):
        ended(Ended(reason)).value()


def test_a_call_is_settled_once_and_holds_its_value_no_longer_than_it_is_asked_for() -> None:
    told: list[Call] = []
    call = Call(Request(print, ()))
    call.then = told.append
    call.settle(Returned(1))
    call.settle(Returned(2))
    assert told == [call]
    assert call.value() == 1
    assert call.outcome != Returned(1)


def test_a_call_that_was_forgotten_tells_nobody() -> None:
    call = Call(Request(print, ()))
    call.then = pytest.fail
    call.forget()
    call.settle(Returned(1))


def test_who_waits_gets_the_value_also_of_a_call_that_is_settled_at_once() -> None:
    assert asyncio.run(settled(Call(Request(print, ())), Taking(Returned(3)))) == 3
    with pytest.raises(RunnerLost):
        asyncio.run(settled(Call(Request(print, ())), Taking(RunnerLost("gone"))))


def test_who_is_cancelled_abandons_the_call_once_and_a_late_outcome_harms_nobody() -> None:
    async def main() -> None:
        pool, call = Taking(), Call(Request(print, ()))
        waiting = asyncio.create_task(settled(call, pool))
        await all_settled()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert pool.abandoned == [call]
        call.settle(Returned(3))

    asyncio.run(main())


def test_who_is_cancelled_as_the_outcome_comes_loses_nothing_but_the_outcome() -> None:
    async def main() -> None:
        pool, call = Taking(), Call(Request(print, ()))
        waiting = asyncio.create_task(settled(call, pool))
        await all_settled()
        waiting.cancel()
        call.settle(Returned(3))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert pool.abandoned == [call]

    asyncio.run(main())


def test_only_calls_with_an_init_are_given_a_keyed_value() -> None:
    assert Request(print, (), key="k").keyed is None
    keyed = Request(print, (), key="k", init=len).keyed
    assert keyed is not None
    assert (keyed.key, keyed.init) == ("k", len)


class Odd:
    def __call__(self) -> None: ...

    def __repr__(self) -> str:
        raise OSError("no words")


class Long:
    def __call__(self) -> None: ...

    def __repr__(self) -> str:
        return "x" * 10_000


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (print, "print"),
        (functools.partial(functools.partial(print, 1), 2), "print"),
        (test_a_value_is_returned, "test_a_value_is_returned"),
        (Odd(), "Odd"),
    ],
)
def test_a_function_has_a_name_however_it_behaves(function: Any, name: str) -> None:
    assert name_of(function) == name


def test_the_name_of_a_function_is_not_long() -> None:
    assert len(name_of(Long())) == LONGEST_NAME + 1
