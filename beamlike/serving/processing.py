"""What is done to an input before it is evaluated, and to its output after: in a process beside the serving's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beamlike.kernel import functions as kernel
from beamlike.kernel.question import Client
from beamlike.kernel.terms import Pid
from beamlike.serving.answering import answer
from beamlike.serving.evaluating import value_of, wrong
from beamlike.serving.messages import Answer, Done, Outcome, Prepared, Wrong

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving


async def prepare(serving: Serving, values: tuple[Any, ...], owner: Pid) -> None:
    """Each input as its function has it, beside the loop."""
    kernel.send(owner, Prepared(kernel.self(), tuple([await _prepared(serving, value) for value in values])))


async def _prepared(serving: Serving, value: Any) -> tuple[Any, Any] | Wrong:
    try:
        ready = value if serving.preprocess is None else await value_of(serving.preprocess, value)
        key = None if serving.key is None else await value_of(serving.key, ready)
        hash(key)
    except Exception as error:
        return wrong(error)
    return ready, key


async def finish(serving: Serving, raw: Answer, client: Client) -> None:
    finished = [await _finished(serving, outcome) for outcome in raw.outcomes]
    answer(client, Answer(tuple(finished)))


async def _finished(serving: Serving, outcome: Outcome) -> Outcome:
    if isinstance(outcome, Wrong) or serving.postprocess is None:
        return outcome
    try:
        return Done(await value_of(serving.postprocess, outcome.value))
    except Exception as error:
        return wrong(error)
