"""A node in a process of its own that is told over a pipe what to do: what is done to its connections, or to itself,
does not touch the pipe. `tests.support.peers` starts it; it ends with the pipe.

Frames go both ways: four bytes of length, then a pickle. In: a function and its arguments, performed by a process of
the node. Out: (True, value) or (False, exception).
"""

from __future__ import annotations

import asyncio
import inspect
import os
import pickle
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

import cloudpickle

import beamlike as bl

LENGTH = 4
READY = "ready"


def framed(term: object) -> bytes:
    data: bytes = cloudpickle.dumps(term)
    return len(data).to_bytes(LENGTH, "big") + data


async def next_term(reader: asyncio.StreamReader) -> Any:
    """IncompleteReadError at the end of the stream."""
    size = int.from_bytes(await reader.readexactly(LENGTH), "big")
    return pickle.loads(await reader.readexactly(size))


async def main(answers: BinaryIO) -> None:
    reader = asyncio.StreamReader(limit=1 << 30)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    name, options = await next_term(reader)

    def answer(succeeded: bool, outcome: object) -> None:
        answers.write(framed((succeeded, outcome)))
        answers.flush()

    node = bl.Node(name, **options)
    try:
        await node.start()
    except Exception as error:
        answer(False, error)
        return
    answer(True, READY)
    with suppress(asyncio.IncompleteReadError):
        while True:
            function, args = await next_term(reader)
            bl.spawn(perform, answer, function, args)
    await node.stop()


async def perform(answer: Callable[[bool, object], None], function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        value = function(*args)
        if inspect.isawaitable(value):
            value = await value
    except Exception as error:
        answer(False, error)
    else:
        answer(True, value)


if __name__ == "__main__":
    pipe = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what is printed is not an answer
    asyncio.run(main(pipe))
