"""Supervisors, as OTP and Elixir have them."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.supervision.child_errors import (
    BadChild,
    ChildAlreadyPresent,
    ChildAlreadyStarted,
    ChildRunning,
    MaxChildren,
    NoChild,
    StartFailed,
)
from beamlike.behaviours.supervision.dynamic_supervisor import DynamicSupervisor
from beamlike.behaviours.supervision.partition_supervisor import PartitionSupervisor
from beamlike.behaviours.supervision.supervising import Supervising
from beamlike.kernel.functions import spawn_tied
from tests.scenarios.trace import Trace, dies
from tests.scenarios.twin import twin
from tests.support.local_nodes import eventually, settled

start = bl.Supervisor.start_link

# Children that log their start and end.


async def start_logged(log: bl.Pid, id: str, trap: bool, slow: float, fails: Any) -> bl.Pid:
    """Returns when the child has started, or raises what it ends with before that."""
    ref = bl.make_ref()
    pid = spawn_tied(logged, (bl.alias(ref, once=True), log, id, trap, slow, fails), link=True, monitor=ref)
    news = await bl.receive(ref=ref)
    bl.demonitor(ref, flush=True)
    if isinstance(news, bl.Down):
        raise bl.ProcessExit(news.reason)
    return pid


async def logged(starter: bl.Alias, log: bl.Pid, id: str, trap: bool, slow: float, fails: Any) -> None:
    bl.trap_exit(trap)
    if fails is not None:
        bl.send(log, ("init_fails", id))
        raise bl.ProcessExit(fails)
    with contextlib.suppress(bl.NameTaken):
        bl.register(id, bl.self())
    bl.send(log, ("started", id))
    bl.send(starter, (starter.ref, "started"))
    match await bl.receive():
        case bl.Exit(_, reason):
            await asyncio.sleep(slow)
            bl.send(log, ("ended", id, reason))
            raise bl.ProcessExit(reason)
        case ("die", reason):
            bl.send(log, ("dies", id, reason))
            raise bl.ProcessExit(reason)


def c(id: str, *, trap: bool = True, slow: float = 0.0, fails: Any = None, **options: Any) -> bl.ChildSpec:
    """A child that logs to the current process."""
    return bl.ChildSpec(id, functools.partial(start_logged, bl.self(), id, trap, slow, fails), **options)


def die(id: str, reason: Any = "boom") -> None:
    bl.send(id, ("die", reason))


async def logs(trace: Trace, count: int) -> None:
    for _ in range(count):
        await trace.recv("log")


async def kids(supervisor: bl.Pid) -> list[tuple[Any, str, str]]:
    children = await Supervising.which_children(supervisor)
    return [(child.id, STATES[child.state], child.type) for child in children]


STATES = {"running": "running", "stopped": "undefined", "restarting": "restarting"}


async def count(supervisor: bl.Pid) -> list[tuple[str, int]]:
    counts = await Supervising.count_children(supervisor)
    return [(field, getattr(counts, field)) for field in ("active", "specs", "supervisors", "workers")]


async def answer(asked: Awaitable[Any]) -> Any:
    """What OTP answers where we return or raise."""
    try:
        await asked
    except ChildAlreadyStarted as error:
        return ("error", ("already_started", error.pid))
    except StartFailed as error:
        return ("error", error.reason)
    except tuple(WORDS) as error:
        return ("error", WORDS[type(error)])
    return "ok"


WORDS: dict[type[Exception], str] = {
    ChildAlreadyPresent: "already_present",
    ChildRunning: "running",
    NoChild: "not_found",
    MaxChildren: "max_children",
}


@twin
async def test_s061_one_for_one_restarts_only_the_child_that_failed(trace: Trace) -> None:
    supervisor = await start([c(id) for id in "abc"])
    await logs(trace, 3)
    before = [bl.whereis(id) for id in "abc"]
    die("b")
    await logs(trace, 2)
    same = [bl.whereis(id) == pid for id, pid in zip("abc", before, strict=True)]
    trace("main", "same_a_c", (same[0], same[2]))
    trace("main", "new_b", not same[1])
    trace("main", "kids", await kids(supervisor))
    trace("main", "count", await count(supervisor))


@twin
async def test_s062_one_for_all_ends_the_others_in_reverse_and_starts_all(trace: Trace) -> None:
    await start([c(id) for id in "abcd"], strategy="one_for_all")
    await logs(trace, 4)
    die("b")
    await logs(trace, 8)
    await trace.nothing("main", 0.03)


@twin
async def test_s064_a_supervisor_gives_up_when_restarts_exceed_the_intensity(trace: Trace) -> None:
    bl.trap_exit(True)
    trace.label(await start([c(id) for id in "ab"], intensity=2, period=5.0), "sup")
    await logs(trace, 2)
    for _ in range(3):
        die("a")
        await logs(trace, 2)
    await trace.recv("main")
    trace("main", "a_b", tuple(bl.whereis(id) or "undefined" for id in "ab"))


@twin
async def test_s065_slow_failures_never_exceed_the_sliding_window(trace: Trace) -> None:
    bl.trap_exit(True)
    supervisor = await start([c("a")], intensity=1, period=0.02)
    await logs(trace, 1)
    for _ in range(3):
        die("a")
        await logs(trace, 2)
        await asyncio.sleep(0.05)
    trace("main", "sup_alive", bl.is_alive(supervisor))


@twin(jumps=True)
async def test_s067_children_end_in_reverse_within_their_time(trace: Trace) -> None:
    bl.trap_exit(True)
    specs = [
        c("fast", shutdown=1.0),
        c("slow", slow=60.0, shutdown=0.1),
        c("brutal", shutdown=0),
        c("inf", slow=0.15, shutdown=None),
    ]
    supervisor = trace.label(await start(specs), "sup")
    await logs(trace, 4)
    for spec in specs:
        pid = bl.whereis(str(spec.id))
        assert pid is not None
        trace.label(bl.monitor(pid), str(spec.id))
    now = asyncio.get_running_loop().time
    began = now()
    bl.exit(supervisor, "shutdown")
    for _ in range(7):
        match await bl.receive():
            case bl.Down(ref, _, reason):
                trace("main", "recv", ("down", ref, reason))
            case message:
                trace("main", "recv", message)
    # The upper bound tells that nobody waited for the slow one, and leaves room for a busy machine.
    trace("main", "took_250_to_900ms", 0.249 <= now() - began < 40.0)


@twin
async def test_s068_children_are_administered_at_run_time(trace: Trace) -> None:
    supervisor = await start([])

    async def ask(function: Callable[..., Awaitable[Any]], argument: Any) -> Any:
        return await answer(function(supervisor, argument))

    start_child, terminate = bl.Supervisor.start_child, bl.Supervisor.terminate_child
    restart, delete, spec_of = bl.Supervisor.restart_child, bl.Supervisor.delete_child, bl.Supervisor.get_childspec
    spec = c("a")
    await ask(start_child, spec)
    first = bl.whereis("a")
    trace.label(first, "a1")
    await logs(trace, 1)
    trace("main", "dup_running", await ask(start_child, spec))
    trace("main", "delete_running", await ask(delete, "a"))
    trace("main", "restart_running", await ask(restart, "a"))
    trace("main", "terminate", await ask(terminate, "a"))
    await logs(trace, 1)
    trace("main", "kids", await kids(supervisor))
    trace("main", "terminate_again", await ask(terminate, "a"))
    trace("main", "dup_stopped", await ask(start_child, spec))
    await ask(restart, "a")
    await logs(trace, 1)
    trace("main", "new_pid", bl.whereis("a") != first)
    await ask(terminate, "a")
    await logs(trace, 1)
    trace("main", "delete", await ask(delete, "a"))
    trace("main", "delete_again", await ask(delete, "a"))
    unknown = (await ask(terminate, "zz"), await ask(restart, "zz"), await ask(spec_of, "zz"))
    trace("main", "unknown", unknown)
    trace("main", "bad_spec", _made_without_start())
    await ask(start_child, c("t", restart="temporary"))
    await logs(trace, 1)
    trace("main", "terminate_temporary", await ask(terminate, "t"))
    await logs(trace, 1)
    trace("main", "kids", await kids(supervisor))
    ignored = await bl.Supervisor.start_child(supervisor, bl.ChildSpec("ig", lambda: None))
    trace("main", "child_ignores", ("ok", ignored or "undefined"))
    trace("main", "kids", await kids(supervisor))
    trace("main", "child_fails", await ask(start_child, c("fa", fails="nope")))
    await logs(trace, 1)
    trace("main", "kids", await kids(supervisor))


def _made_without_start() -> Any:
    try:
        return bl.ChildSpec("q")  # type: ignore[call-arg]
    except TypeError:
        return ("error", "missing_start")


@twin
async def test_s070_the_end_of_significant_children_shuts_the_supervisor_down(trace: Trace) -> None:
    bl.trap_exit(True)
    significant = functools.partial(c, significant=True)
    supervisor = await start([c("x"), significant("w", restart="transient")], auto_shutdown="any_significant")
    trace.label(supervisor, "sup")
    await logs(trace, 2)
    die("w")
    await logs(trace, 2)
    trace("main", "alive_after_crash", bl.is_alive(supervisor))
    die("w", "normal")
    await logs(trace, 2)
    await trace.recv("main")
    second = [c("x"), significant("w1", restart="transient"), significant("w2", restart="temporary")]
    supervisor = trace.label(await start(second, auto_shutdown="all_significant"), "sup2")
    await logs(trace, 3)
    die("w1", "normal")
    await logs(trace, 1)
    await settled()
    trace("main", "alive_after_first", bl.is_alive(supervisor))
    die("w2")
    await logs(trace, 2)
    await trace.recv("main")
    trace("main", "permanent_significant_refused", _permanent_and_significant())
    trace("main", "significant_without_auto_refused", await _significant_without_auto_shutdown())


def _permanent_and_significant() -> Any:
    try:
        return c("y", significant=True)
    except ValueError:
        return ("error", ("start_spec", ("bad_combination", [("restart", "permanent"), ("significant", True)])))


async def _significant_without_auto_shutdown() -> Any:
    try:
        return await start([c("y", significant=True, restart="transient")])
    except BadChild:
        return ("error", ("start_spec", ("bad_combination", [("auto_shutdown", "never"), ("significant", True)])))


@twin(differs=True)
async def test_s071_many_children_without_ids_come_and_go(trace: Trace) -> None:
    bl.trap_exit(True)
    supervisor = trace.label(await DynamicSupervisor.start_link(), "sup")
    for id in ("k1", "k2", "k3"):
        await DynamicSupervisor.start_child(supervisor, c(id))
    await logs(trace, 3)
    die("k2")
    await logs(trace, 2)
    trace("main", "terminate_by_id", await _terminated_by_id(supervisor, "k1"))
    first = bl.whereis("k1")
    assert first is not None
    trace("main", "terminate_by_pid", await answer(DynamicSupervisor.terminate_child(supervisor, first)))
    await logs(trace, 1)
    trace("main", "count", await count(supervisor))
    bl.exit(supervisor, "shutdown")
    await trace.recv_sorted("log", 3)


async def _terminated_by_id(supervisor: bl.Pid, id: Any) -> Any:
    try:
        return await answer(DynamicSupervisor.terminate_child(supervisor, id))
    except TypeError:
        return ("error", "simple_one_for_one")


@twin
async def test_s073_a_killed_supervisor_takes_its_children_along(trace: Trace) -> None:
    supervisor = await start([c("t"), c("n", trap=False)])
    bl.unlink(supervisor)
    await logs(trace, 2)
    n = bl.whereis("n")
    assert n is not None
    trace.label(n, "n")
    trace.label(bl.monitor(n), "mn")
    bl.exit(supervisor, "kill")
    await trace.recv_sorted("main", 2)


class SlowToStartAgain(bl.GenServer):
    """Its second start waits for `gate`."""

    starts = 0

    async def init(self, gate: asyncio.Event) -> None:
        type(self).starts += 1
        self.value = 0
        if type(self).starts > 1:
            await gate.wait()

    def handle_call(self, request: Any, client: Any) -> Any:
        match request:
            case ("set", value):
                self.value = value
                return "ok"
        return self.value


@twin
async def test_s074_callers_meet_nobody_while_a_named_server_restarts(trace: Trace) -> None:
    gate = asyncio.Event()
    server = type("Server", (SlowToStartAgain,), {})
    await start([child_spec_of(server, gate, name="srv")])
    trace("main", "set", ("returned", await bl.GenServer.call("srv", ("set", 5))))
    first = bl.whereis("srv")
    assert first is not None
    await dies(first, functools.partial(bl.exit, first, "kill"))
    trace("main", "whereis_new_but_initialising", bl.whereis("srv") != first)
    trace("main", "call_in_gap", await _called_in_the_gap())
    gate.set()
    await settled()
    trace("main", "call_later", ("returned", await bl.GenServer.call("srv", "get")))


async def _called_in_the_gap() -> Any:
    try:
        return await bl.GenServer.call("srv", "get", timeout=0.02)
    except bl.CallTimeout:
        return "noproc_or_timeout"
    except bl.CallFailed as failure:
        return "noproc_or_timeout" if failure.reason == "noproc" else failure.reason


class Agent(bl.GenServer):
    """Holds what a function gave, and answers by functions of itself."""

    def init(self, function: Any) -> None:
        self.value = function()

    def handle_call(self, function: Any, client: Any) -> Any:
        return function(self)


@twin
async def test_s098_a_dynamic_supervisor_has_a_limit_and_survives_failing_starts(trace: Trace) -> None:
    supervisor = await DynamicSupervisor.start_link(max_children=2)

    async def started(function: Any) -> Any:
        return await answer(DynamicSupervisor.start_child(supervisor, child_spec_of(Agent, function)))

    await started(lambda: 1)
    await started(lambda: 2)
    first = (await Supervising.which_children(supervisor))[0].pid
    assert first is not None
    trace("main", "third", await started(lambda: 3))
    trace("main", "count", dict(await count(supervisor)))
    trace("main", "children", [id or "undefined" for id, _, _ in await kids(supervisor)])
    trace("main", "terminate", await answer(DynamicSupervisor.terminate_child(supervisor, first)))
    trace("main", "again", await answer(DynamicSupervisor.terminate_child(supervisor, first)))
    trace("main", "fail", await started(_exits))
    await started(lambda: 3)
    third = (await Supervising.which_children(supervisor))[-1].pid
    assert third is not None
    await dies(third, functools.partial(bl.exit, third, "kill"))
    await settled()
    trace("main", "restarted", (await Supervising.count_children(supervisor)).active == 2)
    trace("main", "sup_alive", bl.is_alive(supervisor))


def _exits() -> None:
    raise bl.ProcessExit("nope")


@twin
async def test_s100_a_key_always_belongs_to_the_same_copy(trace: Trace) -> None:
    await PartitionSupervisor.start_link(child_spec_of(Agent, int), partitions=4, name="ps")
    via = functools.partial(PartitionSupervisor.via, "ps")
    trace("main", "distinct", len({via(key) for key in range(4)}))
    trace("main", "mod", via(5) == via(1))
    trace("main", "stable", len({via("some key") for _ in range(20)}))
    for key in range(4):
        await bl.GenServer.call(via(key), functools.partial(_set, key + 10))
    second = via(2)
    await dies(second, functools.partial(bl.exit, second, "kill"))
    await eventually(lambda: via(2) != second)
    states = [await bl.GenServer.call(via(key), lambda agent: agent.value) for key in range(4)]
    trace("main", "states", states)
    trace("main", "partitions", PartitionSupervisor.partitions("ps"))


def _set(value: int, agent: Agent) -> None:
    agent.value = value


class Counter(bl.GenServer):
    def init(self) -> None:
        self.value = 0

    def handle_call(self, request: Any, client: Any) -> int:
        self.value += 1
        return self.value


@twin
async def test_s163_a_supervised_name_is_usable_again_soon_after_a_crash(trace: Trace) -> None:
    await start([child_spec_of(Counter, name="C")], intensity=10)
    for _ in range(5):
        bl.spawn_link(_client, bl.self())
    for _ in range(3):
        await asyncio.sleep(0.015)
        if (pid := bl.whereis("C")) is not None:
            bl.exit(pid, "kill")
    trace("main", "clients", [await bl.receive() for _ in range(5)])
    trace("main", "bounded", await bl.GenServer.call("C", "inc") <= 201)
    trace("main", "alive", bl.whereis("C") is not None)


async def _client(main: bl.Pid) -> None:
    for _ in range(40):
        await _increment()
        await asyncio.sleep(0.001)
    bl.send(main, "done")


async def _increment() -> None:
    try:
        await bl.GenServer.call("C", "inc")
    except bl.CallFailed:
        await asyncio.sleep(0.005)
        await _increment()
