"""A second Python that calls what it is sent: what travels must work there, where none of it was ever defined.

One frame is a length and a term, written by `beamlike.code`. To it goes (function, args), back comes an `Outcome`.
"""

from __future__ import annotations

import asyncio
import inspect
import os
import struct
import subprocess
import sys
import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from beamlike.code.codec import CodeCodec
from tests.support.codecs import in_one, out_of_one

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Outcome:
    value: Any = None
    error: BaseException | None = None
    traceback: str = ""


class SecondInterpreter:
    """`with SecondInterpreter() as there: there.call(function, *args)`, which ends it on leaving.

    Another `python` gets to see this one's packages; those that we need there are written in Python or can do without
    their compiled part.
    """

    def __init__(self, python: str = sys.executable) -> None:
        self.codec = CodeCodec()
        self.sent: list[int] = []
        """The size of each call."""
        command = [python, "-m", "tests.support.second_interpreter"]
        environment = {**os.environ, "PYTHONPATH": sysconfig.get_path("purelib")}
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def __enter__(self) -> SecondInterpreter:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        with self._process:
            self._process.kill()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """What the function returns there; an async function is awaited. Raises what it raises."""
        outcome = self.outcome(function, *args)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def outcome(self, function: Callable[..., Any], *args: Any) -> Outcome:
        frame = in_one(self.codec.encode((function, args)))
        self.sent.append(len(frame))
        return self.exchange(frame)

    def exchange(self, frame: bytes) -> Outcome:
        """The answer to a frame that was made elsewhere."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        _write(self._process.stdin, frame)
        outcome = out_of_one(self.codec, _read(self._process.stdout))
        assert isinstance(outcome, Outcome)
        return outcome


def _serve() -> None:
    inbox = sys.stdin.buffer
    # What is called may print; the frames keep the pipe for themselves.
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    codec = CodeCodec()
    while frame := _read(inbox):
        _write(outbox, _answer(frame, codec))


def _answer(frame: bytes, codec: CodeCodec) -> bytes:
    try:
        function, args = out_of_one(codec, frame)
        value = function(*args)
        return in_one(codec.encode(Outcome(asyncio.run(_result(value)) if inspect.isawaitable(value) else value)))
    except Exception as error:
        return in_one(codec.encode(Outcome(error=error, traceback=traceback.format_exc())))


def heard_of_another(term: bytes) -> Any:
    """What a call gives that has come by another connection, as `in_one` writes it."""
    function, args = out_of_one(CodeCodec("another@h"), term)
    return function(*args)


async def _result(awaitable: Any) -> Any:
    return await awaitable


def _write(pipe: BinaryIO | Any, frame: bytes) -> None:
    pipe.write(struct.pack(">Q", len(frame)) + frame)
    pipe.flush()


def _read(pipe: BinaryIO | Any) -> bytes:
    """The next frame, or nothing at the end of the pipe."""
    head = pipe.read(8)
    return pipe.read(struct.unpack(">Q", head)[0]) if head else b""


if __name__ == "__main__":
    # Under its own name, so that an Outcome made here is of the class that is known there.
    from tests.support.second_interpreter import _serve as serve

    serve()
