"""How a request finds a replica, and what becomes of it."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.distribution.process_groups import pg
from beamlike.kernel import functions as kernel
from beamlike.kernel.call_errors import CallFailed, CallTimeout
from beamlike.kernel.current import current_node
from beamlike.kernel.errors import BeamlikeError
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.terms import Down, Pid, Ref
from beamlike.serving.errors import NoServing, Overloaded, ServingLost, ServingTimeout
from beamlike.serving.messages import Answer, Ask, AskStatistics, AskStream, Done, Drain, Outcome, Swap, Withdraw, Wrong
from beamlike.serving.server import GROUP
from beamlike.serving.statistics import Statistics

if TYPE_CHECKING:
    from beamlike.serving.serving import Serving

_under_way: Final = Counter[Pid]()
"""How many requests of this program each serving has."""


def replicas(name: str) -> list[Pid]:
    return pg.seen_members((GROUP, name))


async def look_for(serving: Pid | str) -> None:
    """On a child node that has not met the servings of that name: from now on it knows of them."""
    if isinstance(serving, str) and current_node().introducer is not None:
        await pg.find_members((GROUP, serving))


async def ask(serving: Pid | str, values: Sequence[Any], timeout: float | None, retry: bool) -> tuple[Outcome, ...]:
    """One outcome for each value, from a replica that takes them all."""
    until = math.inf if timeout is None else time.monotonic() + timeout
    tried: set[Pid] = set()
    refused = ""
    await look_for(serving)
    while (pid := _next(serving, tried)) is not None:
        tried.add(pid)
        try:
            answer = await _ask(pid, values, _left(until))
        except CallFailed as failed:
            if failed.reason == "noproc" or (retry and _next(serving, tried) is not None):
                continue
            raise ServingLost(f"{serving} gave no output: {failed}") from failed.__cause__
        except CallTimeout:
            raise ServingTimeout(f"{serving} gave no output within {timeout:g} s") from None
        if not answer.refused:
            return answer.outcomes
        refused = answer.refused
    raise _nobody_took_it(serving, refused)


async def _ask(pid: Pid, values: Sequence[Any], seconds: float | None) -> Answer:
    ref = kernel.make_ref()
    _under_way[pid] += 1
    try:
        answer: Answer = await GenServer.call(pid, Ask(tuple(values), seconds, ref), timeout=seconds)
    except (asyncio.CancelledError, CallTimeout):
        GenServer.cast(pid, Withdraw(ref))
        raise
    finally:
        _is_over(pid)
    return answer


async def stream(serving: Pid | str, value: Any, timeout: float | None) -> AsyncGenerator[Any, None]:
    until = math.inf if timeout is None else time.monotonic() + timeout
    tried: set[Pid] = set()
    refused = ""
    await look_for(serving)
    while (pid := _next(serving, tried)) is not None:
        tried.add(pid)
        ref = kernel.monitor(pid)
        _under_way[pid] += 1
        over = False
        try:
            GenServer.cast(pid, AskStream(value, _left(until), ref, kernel.alias(ref)))
            while not over:
                match await _news(serving, ref, until, timeout):
                    case (_, "chunk", chunk):
                        yield chunk
                    case (_, "refused", words):
                        over, refused = True, words
                    case Down(reason="noproc"):
                        over = True
                    case last:
                        over = True
                        _check_end(last, serving)
                        return
        finally:
            await _leave(pid, ref, over)
    raise _nobody_took_it(serving, refused)


async def _leave(pid: Pid, ref: Ref, over: bool) -> None:
    """Hears no more of a stream, and has it evaluated no more unless it is over."""
    kernel.demonitor(ref, flush=True)
    if not over:
        GenServer.cast(pid, Withdraw(ref))
    with suppress(TimeoutError):
        while True:
            await kernel.receive(ref=ref, timeout=0)
    _is_over(pid)


async def _news(serving: Pid | str, ref: Ref, until: float, timeout: float | None) -> Any:
    try:
        return await kernel.receive(ref=ref, timeout=_left(until))
    except TimeoutError:
        raise ServingTimeout(f"the stream of {serving} was not over within {timeout:g} s") from None


def _check_end(last: Any, serving: Pid | str) -> None:
    """Raise what a stream ended with, if that was not its end."""
    match last:
        case (_, "end"):
            return
        case (_, "failed", why):
            raise reraisable(why)
        case Down(reason=reason):
            raise ServingLost(f"{serving} ended before its stream did: {reason}")


async def swap(serving: Pid | str, new: Serving, timeout: float | None) -> list[int]:
    answers = [GenServer.call(pid, Swap(new), timeout=timeout) for pid in await _all(serving)]
    return [unwrapped(each) for each in await asyncio.gather(*answers)]


async def drain(serving: Pid | str, timeout: float | None) -> None:
    await asyncio.gather(*[GenServer.call(pid, Drain(), timeout=timeout) for pid in await _all(serving)])


async def statistics(serving: Pid | str, timeout: float | None) -> list[Statistics]:
    return [await GenServer.call(pid, AskStatistics(), timeout=timeout) for pid in await _all(serving)]


def unwrapped(outcome: Outcome) -> Any:
    """The output; raises what came in its place."""
    if isinstance(outcome, Wrong):
        raise reraisable(outcome.why)
    return outcome.value


def output_or_exception(outcome: Outcome) -> Any:
    return outcome.value if isinstance(outcome, Done) else reraisable(outcome.why)


def _next(serving: Pid | str, tried: set[Pid]) -> Pid | None:
    """Of two replicas at random the one with fewer requests of ours."""
    if isinstance(serving, Pid):
        return None if serving in tried else serving
    left = [pid for pid in replicas(serving) if pid not in tried]
    if not left:
        return None
    node = current_node()
    if node.introducer is not None:  # it may have lost one of which no news has come yet
        left = [pid for pid in left if node.why_unconnected(pid.node) is None] or left
    return min(random.sample(left, min(2, len(left))), key=_under_way.__getitem__)


async def _all(serving: Pid | str) -> list[Pid]:
    await look_for(serving)
    found = [serving] if isinstance(serving, Pid) else replicas(serving)
    if not found:
        raise _none(serving)
    return found


def _nobody_took_it(serving: Pid | str, refused: str) -> BeamlikeError:
    """`refused` is what the last one said that did."""
    if not refused:
        return _none(serving)
    return Overloaded(f"{serving} takes no more for now: {refused}. Try again later, or start another replica")


def _none(serving: Pid | str) -> NoServing:
    if isinstance(serving, Pid):
        return NoServing(f"expected {serving} to be a serving, found no process of that pid")
    known = sorted(group[1] for group in pg.which_groups() if isinstance(group, tuple) and group[0] == GROUP)
    others = f"; there are {', '.join(known)}" if known else "; there is none of another name either"
    return NoServing(f"expected a serving {serving!r} on this node or one that is connected, found none{others}")


def _left(until: float) -> float | None:
    return None if until == math.inf else max(0.0, until - time.monotonic())


def _is_over(pid: Pid) -> None:
    _under_way[pid] -= 1
    if _under_way[pid] <= 0:
        del _under_way[pid]
