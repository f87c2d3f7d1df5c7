"""A call may be told to stop, though its function is one of the standard library."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel.threads.interruptible import may_be_struck
from flame.chunk_job import ChunkJob
from flame.listening import listening
from flame.outcome import Outcome, Returned
from flame.placing import start_there
from flame.thread_job import ThreadJob
from flame.tracking.performing import Call, performed

PID = bl.Pid("a@127.0.0.1", 1)
answers: list[tuple[str, bool]] = []


def ask(_: object) -> str:
    frame = sys._getframe().f_back
    assert frame is not None
    answers.append((frame.f_globals["__name__"], may_be_struck(frame)))
    return "asked"


dumps = partial(json.dumps, default=ask)
"""A function of the standard library, in whose frames it is asked."""


async def a_call() -> None:
    run_job(partial(ThreadJob, dumps, (object(),)))


async def a_chunk_of_calls() -> None:
    run_job(partial(ChunkJob, dumps, [object(), object()]))
    assert len(answers) == 2


def run_job(make: Callable[..., ThreadJob]) -> None:
    outcomes: list[Outcome] = []
    job = make(copy_context(), None, PID, outcomes.append)
    job.run()
    job.ended()
    assert outcomes == [Returned('"asked"')]


async def a_method_of_a_tracked_value() -> None:
    encoder = json.JSONEncoder(default=ask)
    assert await performed(encoder, Call("encode", (object(),), {})) == '"asked"'


async def a_listener_to_progress() -> None:
    async with listening(dumps) as address:
        bl.send(address, bl.Reply(address.ref, object()))


async def the_start_of_a_placed_process() -> None:
    with pytest.raises(TypeError, match="to return the pid"):
        await start_there(partial(dumps, object()), None, bl.self(), False, "", None)


WAYS: list[Callable[[], Awaitable[Any]]] = [
    a_call,
    a_chunk_of_calls,
    a_method_of_a_tracked_value,
    a_listener_to_progress,
    the_start_of_a_placed_process,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_what_is_run_for_a_user_may_be_struck_though_it_is_the_standard_librarys(
    way: Callable[[], Awaitable[Any]],
) -> None:
    answers.clear()

    async def main() -> None:
        async with bl.Node("strikes@127.0.0.1", secret=b"of the test", listen=False):
            await way()

    asyncio.run(main())
    assert set(answers) == {("json.encoder", True)}
