"""The caller's side of one call: a slot from the pool, the work on that node, the slot given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import beamlike as bl
from beamlike.kernel.exceptions import reraisable
from beamlike.kernel.functions import spawn_tied
from beamlike.kernel.terms import NOCONNECTION, NOPROC, ExceptionInfo
from flame.errors import ExecTimeout, FlameError, PoolStopped, RunnerLost, WorkEnded
from flame.outcome import Ended, Outcome, Raised, Returned
from flame.pool_server import Abandon, CheckIn, Checkout, Fate, Lease, Timeout, Working
from flame.worker import perform

FATE_SECONDS = 5.0


async def call(
    name: str, pool: bl.Pid, function: Callable[..., Any], args: tuple[Any, ...], timeout: float | Timeout | None
) -> Any:
    """Has `function(*args)` performed by the pool and returns its value; see Pool.call.

    From another node it is called on the pool's: children are connected to their parent, and not to each other.
    """
    if pool.node != bl.self().node:
        return await bl.rpc.call(pool.node, call, name, pool, function, args, timeout)
    lease = await _check_out(name, pool, timeout)
    try:
        answer = await _perform(name, pool, lease, function, args)
    except BaseException:
        bl.GenServer.cast(pool, Abandon(lease.call))
        raise
    lost = isinstance(answer, bl.Down) and answer.reason == NOCONNECTION
    bl.GenServer.cast(pool, CheckIn(lease.call, lease.runner if lost else None))
    return await _value(name, pool, lease, function, answer)


async def _check_out(name: str, pool: bl.Pid, timeout: float | Timeout | None) -> Lease:
    call = bl.make_ref()
    try:
        answer = await ask(name, pool, Checkout(call, timeout))
    except BaseException:
        bl.GenServer.cast(pool, Abandon(call))
        raise
    if isinstance(answer, FlameError):
        raise answer
    assert isinstance(answer, Lease)
    return answer


async def _perform(
    name: str, pool: bl.Pid, lease: Lease, function: Callable[..., Any], args: tuple[Any, ...]
) -> bl.Reply | bl.Down:
    ref = bl.make_ref()
    answer_to = bl.alias(ref, once=True)
    try:
        worker = spawn_tied(perform, (answer_to, function, args), lease.node, monitor=ref)
        bl.GenServer.cast(pool, Working(lease.call, worker))
        answer: bl.Reply | bl.Down = await bl.receive(ref=ref, timeout=lease.seconds)
    except TimeoutError:
        raise ExecTimeout(
            f"{_name(function)} did not end in time on {lease.node}, a runner of pool {name!r}: it had the last "
            f"{max(0.0, lease.seconds or 0):.1f} s of its time, and is being stopped. Raise the call's timeout, which "
            "covers the wait for a slot"
        ) from None
    finally:
        bl.demonitor(ref, flush=True)
    return answer


async def _value(
    name: str, pool: bl.Pid, lease: Lease, function: Callable[..., Any], answer: bl.Reply | bl.Down
) -> Any:
    outcome: Outcome = answer.value if isinstance(answer, bl.Reply) else Ended(answer.reason)
    match outcome:
        case Returned(value):
            return value
        case Raised(info):
            raise reraisable(info)
        case Ended(ExceptionInfo() as info):
            raise reraisable(info)
        case Ended(reason) if reason == NOCONNECTION:
            raise RunnerLost(
                f"{lease.node}, a runner of pool {name!r}, was lost while it ran {_name(function)}: "
                f"{await _fate(name, pool, lease)}"
            )
        case Ended(reason):
            raise WorkEnded(f"{_name(function)} on {lease.node} was ended before it had a result: {reason}")


async def _fate(name: str, pool: bl.Pid, lease: Lease) -> str:
    try:
        fate: str = await ask(name, pool, Fate(lease.runner), timeout=FATE_SECONDS)
    except (PoolStopped, bl.CallTimeout):
        return "it is not known why"
    return fate


async def ask(name: str, pool: bl.Pid, request: object, *, timeout: float | None = None) -> Any:
    """The pool's answer; PoolStopped if there is no pool any more."""
    try:
        return await bl.GenServer.call(pool, request, timeout=timeout)
    except bl.CallFailed as error:
        if error.reason in (NOPROC, NOCONNECTION, "normal", "shutdown", "killed"):
            raise PoolStopped(f"pool {name!r} has stopped ({error.reason}): start it again") from None
        raise


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or repr(function)
