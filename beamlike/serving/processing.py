"""What is done to an input before it is evaluated, and to its output after: in a process beside the serving's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beamlike.kernel import functions as kernel
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Pid
from beamlike.serving.answering import answer
from beamlike.serving.evaluating import streams, value_of, wrong
from beamlike.serving.messages import Answer, Done, Outcome, Prepared, Raw, Wrong

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving


async def prepare(serving: Serving, values: tuple[Any, ...], owner: Pid) -> None:
    """Each input as its function has it, beside the loop."""
    kernel.send(owner, Prepared(kernel.self(), tuple([await _prepared(serving, value) for value in values])))


def prepares_alike(one: Serving, other: Serving) -> bool:
    """Whether what was prepared for the one may be evaluated by the other."""
    return one is other or _preparation(one) == _preparation(other)


def _preparation(serving: Serving) -> tuple[Any, ...]:
    return serving.preprocess, serving.key, streams(serving.run)


async def _prepared(serving: Serving, value: Any) -> tuple[Any, Any] | Wrong:
    try:
        ready = value if serving.preprocess is None else await value_of(serving.preprocess, value)
        key = None if serving.key is None else await value_of(serving.key, ready)
        hash(key)
    except Exception as error:
        return wrong(error)
    return ready, key


async def finish(raw: Answer, client: Client) -> None:
    answer(client, Answer(tuple([await _finished(outcome) for outcome in raw.outcomes])))


async def _finished(outcome: Outcome) -> Outcome:
    if not isinstance(outcome, Raw):
        return outcome
    try:
        return Done(await value_of(outcome.postprocess, outcome.value))
    except Exception as error:
        return wrong(error)
