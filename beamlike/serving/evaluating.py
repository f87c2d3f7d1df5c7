"""A batch through the function: one outcome for each input, whatever the function does.

A batch that fails is evaluated again by halves, so that only the inputs that are to blame fail. A function may also
return an exception in the place of one output. A stream cannot be begun anew: there, what fails after the first chunks
fails for all of the batch whose streams are not over.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import Any, Final, TypeAlias

from beamlike.kernel import functions as kernel
from beamlike.kernel.callers import calls_users
from beamlike.kernel.exceptions import describe_exception
from beamlike.kernel.record import frozen
from beamlike.kernel.terms import Ref
from beamlike.kernel.threads.blocking import blocking
from beamlike.kernel.threads.own_thread import InThread
from beamlike.serving.errors import BadOutput, wrong_length
from beamlike.serving.messages import Done, Forget, Listener, Outcome, Wrong

UNPADDED: Final = "unpadded"
"""Batches have as many inputs as they have."""
_END: Final = object()

Evaluate: TypeAlias = Callable[[list[Any]], Any]
Pad: TypeAlias = Callable[[list[Any]], list[Any]]
"""Makes a batch as large as it is to be."""


def wrong(error: BaseException) -> Wrong:
    return Wrong(describe_exception(error, kernel.self()))


def outcome(output: Any) -> Outcome:
    return wrong(output) if isinstance(output, Exception) else Done(output)


def evaluated(function: Evaluate, values: Sequence[Any], pad: Pad) -> list[Outcome]:
    """One for each value, in order; `function` is plain, and runs here."""
    return _driven(_attempts(name_of(function), values, pad), partial(_called, function))


@calls_users
async def outcomes(function: Evaluate, values: Sequence[Any], pad: Pad) -> list[Outcome]:
    """As `evaluated`, of an async function."""
    attempts = _attempts(name_of(function), values, pad)
    try:
        batch = next(attempts)
        while True:
            try:
                outputs = await function(batch)
            except Exception as error:
                outputs = _Raised(error)
            batch = attempts.send(outputs)
    except StopIteration as end:
        found: list[Outcome] = end.value
        return found


Attempts: TypeAlias = Generator[list[Any], Any, list[Outcome]]
"""Batches to be evaluated; what came of each is sent in, outputs or what was _Raised, and at the end the outcomes are
returned."""


@frozen
class _Raised:
    error: Exception


def _attempts(name: str, values: Sequence[Any], pad: Pad) -> Attempts:
    if not values:
        return []
    batch = pad(list(values))
    came = yield batch
    outputs = came if isinstance(came, _Raised) else _one_each(name, batch, came)
    if not isinstance(outputs, _Raised):
        return [outcome(output) for output in outputs[: len(values)]]
    if len(values) == 1 or not may_be_of_one(outputs.error):
        return [wrong(outputs.error)] * len(values)
    half = len(values) // 2
    return [*(yield from _attempts(name, values[:half], pad)), *(yield from _attempts(name, values[half:], pad))]


def _one_each(name: str, batch: list[Any], outputs: Any) -> list[Any] | _Raised:
    """One output for each input. They may be of any class, which may raise when they are counted, or looked at."""
    try:
        count = len(outputs)
    except Exception:
        count = -1
    if count != len(batch):
        return _Raised(wrong_length(name, batch, outputs))
    try:
        found = list(outputs)
    except Exception as error:
        return _Raised(error)
    return found if len(found) == count else _Raised(wrong_length(name, batch, outputs))


def _driven(attempts: Attempts, call: Callable[[list[Any]], Any]) -> list[Outcome]:
    try:
        batch = next(attempts)
        while True:
            batch = attempts.send(call(batch))
    except StopIteration as end:
        found: list[Outcome] = end.value
        return found


@calls_users
def _called(function: Evaluate, batch: list[Any]) -> Any:
    """What came of it: a StopIteration, too, is an exception as any other here."""
    try:
        outputs = function(batch)
        if inspect.iscoroutine(outputs):
            outputs.close()
            raise TypeError(f"expected {name_of(function)} to return outputs, or to be async, got a coroutine of it")
    except Exception as error:
        return _Raised(error)
    return outputs


def may_be_of_one(error: Exception) -> bool:
    """Whether one input may be to blame, rather than the function whatever it gets."""
    return not isinstance(error, BadOutput)


async def chunks(
    function: Evaluate,
    values: Sequence[Any],
    listeners: Sequence[Listener | None],
    pad: Pad,
    in_thread: InThread,
    gone: set[Ref] | None = None,
) -> list[Outcome]:
    """Sends each chunk to who listens as it comes. The outcome of an input is the list of its chunks where nobody does,
    else an empty one. Who is `gone` does not listen any more; nothing is evaluated, or goes on, for those alone."""
    gone = set() if gone is None else gone
    batch = pad(list(values))
    collected: list[Outcome] = [Done([]) for _ in values]
    begun = False
    if await _are_gone(listeners, gone):
        return collected
    try:
        async with aclosing(steps_of(function, batch, in_thread)) as steps:
            async for step in steps:
                begun = True
                if await _are_gone(listeners, gone):
                    break
                new = _one_each(name_of(function), batch, step)
                if isinstance(new, _Raised):
                    raise new.error
                for place, chunk in enumerate(new[: len(values)]):
                    collected[place] = _with_chunk(collected[place], chunk, listeners[place], gone)
    except Exception as error:
        if not begun and len(values) > 1:
            half = len(values) // 2
            first = await chunks(function, values[:half], listeners[:half], pad, in_thread, gone)
            return [*first, *await chunks(function, values[half:], listeners[half:], pad, in_thread, gone)]
        return [wrong(error) if isinstance(each, Done) else each for each in collected]
    return collected


async def _are_gone(listeners: Sequence[Listener | None], gone: set[Ref]) -> bool:
    """Whether nobody waits for any of these, by what has been told meanwhile."""
    with suppress(TimeoutError):
        while True:
            gone.add((await kernel.receive(lambda message: isinstance(message, Forget), timeout=0)).ref)
    return all(listener is not None and listener[1] in gone for listener in listeners)


def _with_chunk(so_far: Outcome, chunk: Any, listener: Listener | None, gone: set[Ref]) -> Outcome:
    """None is no chunk: this input has nothing new, or is over."""
    if chunk is None or isinstance(so_far, Wrong):
        return so_far
    if isinstance(chunk, Exception):
        return wrong(chunk)
    if listener is None:
        so_far.value.append(chunk)
    else:
        to, ref = listener
        try:
            kernel.send(to, (ref, "chunk", chunk))
        except Exception as error:  # it cannot travel, and its stream ends here
            gone.add(ref)
            failed = wrong(error)
            with suppress(Exception):
                kernel.send(to, (ref, "failed", failed.why))
            return failed
    return so_far


@calls_users
async def value_of(function: Callable[..., Any], *args: Any, in_thread: InThread = blocking) -> Any:
    """Async functions are awaited, plain ones run in a thread."""
    if is_async(function):
        return await function(*args)
    value = await in_thread(function, *args)
    return await value if isinstance(value, Awaitable) else value


@calls_users
async def steps_of(function: Evaluate, batch: list[Any], in_thread: InThread) -> AsyncGenerator[Any, None]:
    """What a generator function yields; of a plain one, each step runs in a thread."""
    if inspect.isasyncgenfunction(_bare(function)):
        async with aclosing(function(batch)) as steps:
            async for step in steps:
                yield step
        return
    generator = function(batch)
    try:
        while (step := await in_thread(_next, generator)) is not _END:
            yield step
    finally:
        await in_thread(generator.close)


def streams(function: Callable[..., Any]) -> bool:
    """Whether it is a generator function.

    >>> streams(lambda batch: (yield batch)), streams(len)
    (True, False)
    """
    bare = _bare(function)
    return inspect.isgeneratorfunction(bare) or inspect.isasyncgenfunction(bare)


def is_async(function: Callable[..., Any]) -> bool:
    return inspect.iscoroutinefunction(_bare(function))


def name_of(function: Callable[..., Any]) -> str:
    bare = _bare(function)
    return getattr(bare, "__qualname__", None) or type(bare).__qualname__


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    """Without arguments that were put in before; of an object that can be called, its method."""
    while isinstance(function, partial):
        function = function.func
    if inspect.isroutine(function) or isinstance(function, type):
        return function
    instance: Any = function
    method: Callable[..., Any] = instance.__call__
    return method


@calls_users
def _next(generator: Iterator[Any]) -> Any:
    return next(generator, _END)
