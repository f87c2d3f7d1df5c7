"""Tasks, agents, registries and timers, as Elixir and OTP have them.

Where Elixir exits the caller, `(exit, reason, (Module, function))`, we raise an exception that carries the reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import beamlike as bl
from beamlike.behaviours.agent import Agent
from beamlike.behaviours.registry import Registry
from beamlike.behaviours.tasks.task import Exited, Ok, Outcome, Task, TaskFailed, TaskTimeout
from beamlike.kernel.timers import send_after
from tests.scenarios.trace import Trace, dies, reason_of
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE, eventually, forever


def ends(reason: Any) -> None:
    raise bl.ProcessExit(reason)


async def takes(milliseconds: float, value: Any = None) -> Any:
    await asyncio.sleep(milliseconds / 1000)
    return value


async def either(awaitable: Awaitable[Any], function: tuple[str, str]) -> Any:
    """The value, or the exit that Elixir's caller would get in this function."""
    try:
        return await awaitable
    except (TaskTimeout, bl.CallTimeout):
        return "exit", "timeout", function
    except (TaskFailed, bl.CallFailed) as error:
        return "exit", elixir_reason(error.reason), function


def elixir_reason(reason: Any) -> Any:
    if isinstance(reason, bl.ExceptionInfo):
        return f'%{reason.type}{{"{reason.message}"}}'
    return reason


def elixir_outcome(outcome: Outcome[Any] | None) -> Any:
    match outcome:
        case Ok(value):
            return "ok", value
        case Exited(reason):
            return "exit", reason
        case None:
            return None


AWAIT = ("Task", "await")


@twin
async def test_s091_await_gives_the_result_and_a_crash_takes_the_linked_caller_along(trace: Trace) -> None:
    trace("main", "await", await Task.async_(lambda: 40 + 2))
    trace("main", "caller_dies", await reason_of(awaits_a_crash))
    await reason_of(awaits_a_crash_while_trapping, bl.self())
    await trace.recv("main")
    await trace.recv("main")
    task = Task.async_(lambda: 1)
    bl.spawn(awaits_the_task_of_another, task, bl.self())
    await trace.recv_sorted("main", 3)


async def awaits_a_crash() -> None:
    await Task.async_(ends, "boom")


async def awaits_a_crash_while_trapping(to: bl.Pid) -> None:
    bl.trap_exit(True)
    task = Task.async_(ends, "boom")
    bl.send(to, ("await", await either(task, AWAIT)))
    exit = await bl.receive(timeout=PATIENCE)
    bl.send(to, ("exit_msg", exit.pid == task.pid, exit.reason))


async def awaits_the_task_of_another(task: Task[int], to: bl.Pid) -> None:
    try:
        await task
    except ValueError:
        bl.send(to, ("not_owner", "raised"))


@twin(jumps=True)
async def test_s092_await_in_vain_ends_the_caller_and_yield_and_shutdown_do_not(trace: Trace) -> None:
    reason = await reason_of(awaits_too_short, bl.self())
    assert isinstance(reason.exception, TaskTimeout)
    trace("main", "await", ("timeout", "await"))
    task: Task[Any] = await bl.receive(timeout=PATIENCE)
    await eventually(lambda: not bl.is_alive(task.pid))
    trace("main", "task_alive", bl.is_alive(task.pid))
    late = Task.async_(takes, 300, "late")
    trace("main", "yield", elixir_outcome(await late.yield_(0.05)))
    trace("main", "shutdown", elixir_outcome(await late.shutdown("brutal_kill")))
    trace("main", "alive", bl.is_alive(late.pid))
    quick = Task.async_(lambda: "quick")
    await eventually(lambda: not bl.is_alive(quick.pid))
    trace("main", "shutdown_after_reply", elixir_outcome(await quick.shutdown()))
    third = Task.async_(takes, 60, "ok3")
    trace("main", "yield_10", elixir_outcome(await third.yield_(0.01)))
    trace("main", "yield_500", elixir_outcome(await third.yield_(PATIENCE)))
    await trace.nothing("main", 0.05)


async def awaits_too_short(to: bl.Pid) -> None:
    task = Task.async_(takes, 300, "late")
    bl.send(to, task)
    await task.result(timeout=0.05)


@twin(jumps=True)
async def test_s094_a_stream_has_bounded_concurrency_order_time_limits_and_crashes(trace: Trace) -> None:
    gauge = await Agent.start_link(lambda: (0, 0))
    squares = Task.async_stream(range(1, 9), partial(measured, gauge), max_concurrency=3)
    trace("main", "ordered", [outcome.result() async for outcome in squares])
    trace("main", "max_parallel", await Agent.get(gauge, lambda state: state[1]))
    unordered = Task.async_stream([80, 5, 40], takes_its_item, ordered=False, max_concurrency=3)
    trace("main", "unordered", [outcome.result() async for outcome in unordered])
    limited = Task.async_stream([1, 500, 2], takes_its_item, timeout=0.1, on_timeout="kill_task")
    trace("main", "kill_task", [elixir_outcome(outcome) async for outcome in limited])
    crashing = Task.async_stream_nolink([1, 2, 3], boom_at_2)
    trace("main", "crash", [elixir_outcome(outcome) async for outcome in crashing])
    trace(
        "main", "lazy_take", await first_three(Task.async_stream(range(1, 1001), lambda item: item, max_concurrency=2))
    )
    too_long = Task.async_stream([500], takes_its_item, timeout=0.03)
    trace("main", "timeout_exit", await either(anext(too_long), ("Task.Supervised", "stream")))


async def measured(gauge: bl.Pid, item: int) -> int:
    await Agent.update(gauge, lambda state: (state[0] + 1, max(state[1], state[0] + 1)))
    await asyncio.sleep(0.02)
    await Agent.update(gauge, lambda state: (state[0] - 1, state[1]))
    return item * item


async def takes_its_item(milliseconds: float) -> float:
    await asyncio.sleep(milliseconds / 1000)
    return milliseconds


def boom_at_2(item: int) -> int:
    if item == 2:
        ends("boom")
    return item


async def first_three(stream: Any) -> list[Any]:
    taken = [elixir_outcome(await anext(stream)) for _ in range(3)]
    await stream.aclose()
    return taken


CALL = ("GenServer", "call")


@twin(jumps=True)
async def test_s095_an_agent_holds_a_state_and_functions_run_inside_it(trace: Trace) -> None:
    agent = await Agent.start(lambda: 0)
    await Task.await_many([Task.async_(ten_updates, agent) for _ in range(10)])
    trace("main", "count", await Agent.get(agent, same))
    trace("main", "get_and_update", await Agent.get_and_update(agent, lambda state: (state, "new")))
    trace("main", "state", await Agent.get(agent, same))
    Agent.cast(agent, lambda _: 5)
    trace("main", "cast", "ok")
    trace("main", "state", await Agent.get(agent, same))
    trace("main", "runs_inside", await Agent.get(agent, lambda _: bl.self()) == agent)
    trace("main", "timeout", await either(Agent.get(agent, lambda _: takes(100), timeout=0.02), CALL))
    ref = bl.monitor(agent)
    trace("main", "raise", await either(Agent.get(agent, raises_oops), CALL))
    await bl.receive(ref=ref, timeout=PATIENCE)
    trace("main", "alive", bl.is_alive(agent))


async def ten_updates(agent: bl.Pid) -> None:
    for _ in range(10):
        await Agent.update(agent, lambda state: state + 1)


def same(state: Any) -> Any:
    return state


def raises_oops(state: Any) -> None:
    raise RuntimeError("oops")


@twin
async def test_s097_duplicate_keys_are_local_publish_and_subscribe(trace: Trace) -> None:
    await Registry.start_link("r", keys="duplicate")
    registry = Registry("r")
    subscribers = [bl.spawn(subscribes, number, bl.self()) for number in (1, 2, 3)]
    for _ in subscribers:
        await bl.receive(lambda message: message == "up", timeout=PATIENCE)
    trace("main", "dispatch", await published(registry))
    await dies(subscribers[0], lambda: bl.exit(subscribers[0], "kill"))
    trace("main", "dispatch", await published(registry))
    trace("main", "match", len([value for _, value in registry.lookup("t") if value == 2]))
    registry.dispatch("none", lambda _: bl.send(bl.self(), "never"))
    trace("main", "no_topic", "ok")
    await trace.nothing("main", 0.02)


async def subscribes(number: int, to: bl.Pid) -> None:
    registry = Registry("r")
    registry.register("t", number)
    if number == 1:
        registry.register("t", "again")
    bl.send(to, "up")
    await forever()


async def published(registry: Registry) -> list[Any]:
    """What came of a publication, in Erlang's order of terms: numbers before atoms."""
    registry.dispatch("t", lambda entries: [bl.send(bl.self(), ("to", value)) for _, value in entries])
    came = [await bl.receive(timeout=0) for _ in registry.lookup("t")]
    return sorted(came, key=lambda message: (isinstance(message[1], str), str(message[1])))


@twin(jumps=True)
async def test_s101_await_many_is_all_or_nothing(trace: Trace) -> None:
    bl.trap_exit(True)
    for event, delays, timeout in (("ok", [30, 1, 10], 1.0), ("timeout", [1, 400], 0.06), ("crash", [1, -1], 1.0)):
        tasks = [Task.async_(takes_or_crashes, milliseconds) for milliseconds in delays]
        trace("main", event, await either(Task.await_many(tasks, timeout), ("Task", "await_many")))
    for _ in range(7):
        assert isinstance(await bl.receive(timeout=PATIENCE), bl.Exit)


async def takes_or_crashes(milliseconds: float) -> float:
    if milliseconds < 0:
        ends("boom")
    return await takes_its_item(milliseconds)


@twin
async def test_s109_timers_fire_in_the_order_of_their_deadlines(trace: Trace) -> None:
    clock: Callable[[], float] = asyncio.get_running_loop().time
    start = clock()
    for number in range(1, 1001):
        send_after(bl.self(), number * 37 % 200, number * 37 % 200 / 1000)
    # Each deadline counts from when its timer was set; the BEAM sets all within 5 ms, a busy machine of ours may not.
    slack = max(5.0, (clock() - start) * 1000)
    delays = [await bl.receive(timeout=PATIENCE) for _ in range(1000)]
    trace("main", "count", len(delays))
    trace("main", "ordered", all(delay >= max(delays[:at], default=0) - slack for at, delay in enumerate(delays)))


@twin
async def test_s170_a_name_is_looked_up_when_its_timer_fires(trace: Trace) -> None:
    p, q = (bl.spawn(passes_on, tag, bl.self()) for tag in ("p", "q"))
    bl.register("n", p)
    send_after("n", "tick", 0.06)
    bl.unregister("n")
    bl.register("n", q)
    await trace.recv("main")
    send_after("nobody", "tick", 0.01)
    await trace.nothing("main", 0.06)


async def passes_on(tag: str, to: bl.Pid) -> None:
    bl.send(to, (tag, await bl.receive()))
