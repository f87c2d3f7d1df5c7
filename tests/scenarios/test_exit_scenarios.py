"""How processes end and what exit signals do, as on the BEAM."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import beamlike as bl
from tests.scenarios.actors import Do, done, idle, watcher
from tests.scenarios.trace import Error, Throw, Trace, dies, quiet, reason_of
from tests.scenarios.twin import twin
from tests.support.local_nodes import PATIENCE, forever


@twin
async def test_s008_spawning_something_that_cannot_run_still_gives_a_pid(trace: Trace) -> None:
    """As on the BEAM a function of that many arguments is undefined."""
    trace.means(TypeError, "undef")
    pid, ref = bl.spawn_monitor(ends_with, "boom", "one argument too many")
    trace.label(pid, "p")
    trace.label(ref, "m")
    trace("main", "is_pid", isinstance(pid, bl.Pid))
    await trace.recv("main")


def ends_with(reason: Any) -> None:
    raise bl.ProcessExit(reason)


def fails(error: Exception) -> None:
    raise error


@twin(differs=True)
async def test_s010_the_way_a_process_ends_makes_its_reason(trace: Trace) -> None:
    """For what Python has no word for, the reason is the exception that Python has instead."""
    trace.words = {ZeroDivisionError: "badarith", TypeError: "TypeError", ValueError: "ValueError"}
    ways: list[tuple[str, Callable[[], Any]]] = [
        ("return", lambda: "some_value"),
        ("exit", partial(ends_with, "boom")),
        ("error", partial(fails, Error("boom"))),
        ("throw", partial(fails, Throw("boom"))),
        ("exit_normal", partial(ends_with, "normal")),
        ("arith", lambda: 1 // 0),
        ("badmatch", two_of_one),
        ("shutdown", partial(ends_with, ("shutdown", "x"))),
        ("case_clause", partial(only_four, 3)),
        ("function_clause", partial(calls, no_arguments, 2)),
        ("badfun", partial(calls, "notafun")),
    ]
    for name, way in ways:
        trace("main", name, await reason_of(way))


def two_of_one() -> None:
    given: tuple[str, ...] = ("b",)
    _first, _second = given


def only_four(number: int) -> None:
    match number:
        case 4:
            return
        case other:
            raise ValueError(other)


def no_arguments() -> None: ...


def calls(function: Any, *args: Any) -> None:
    function(*args)


@twin
async def test_s014_exit_normal_is_ignored_by_others_a_message_for_trappers(trace: Trace) -> None:
    p = idle(trace, "p")
    bl.exit(p, "normal")
    await quiet()
    trace("main", "p_alive", bl.is_alive(p))
    q = await watcher(trace, "q")
    bl.exit(q, "normal")
    await trace.recv("main")
    trace("main", "q_alive", bl.is_alive(q))
    trace("main", "self_normal", await reason_of(exits_normally_by_a_signal, bl.self()))
    await trace.nothing("main")


async def exits_normally_by_a_signal(to: bl.Pid) -> None:
    bl.exit(bl.self(), "normal")
    bl.send(to, "survived")
    await forever()


@twin
async def test_s025_message_and_exit_signal_of_one_sender_keep_their_order(trace: Trace) -> None:
    reasons = {await early_signal_late() for _ in range(200)}
    trace("main", "reasons", sorted(reasons))


async def early_signal_late() -> Any:
    pid = bl.spawn(hates_to_be_late)
    ref = bl.monitor(pid)
    for _ in range(3):
        bl.send(pid, "early")
    bl.exit(pid, "good")
    for _ in range(3):
        bl.send(pid, "late")
    return (await bl.receive(ref=ref, timeout=PATIENCE)).reason


async def hates_to_be_late() -> None:
    while True:
        if await bl.receive() == "late":
            raise bl.ProcessExit("bad")


@twin
async def test_s026_the_first_exit_signal_decides(trace: Trace) -> None:
    reasons = {await first_then_second() for _ in range(200)}
    trace("main", "reasons", sorted(reasons))


async def first_then_second() -> Any:
    pid = idle()
    ref = bl.monitor(pid)
    bl.exit(pid, "first")
    bl.exit(pid, "second")
    return (await bl.receive(ref=ref, timeout=PATIENCE)).reason


@twin
async def test_s029_all_that_a_process_sent_comes_before_the_news_of_its_death(trace: Trace) -> None:
    bl.trap_exit(True)
    seen = [await messages_and_news() for _ in range(100)]
    trace("main", "seen", [one for index, one in enumerate(seen) if one not in seen[:index]])


async def messages_and_news() -> tuple[list[int], list[tuple[str, Any]]]:
    pid = bl.spawn_link(counts_and_ends, bl.self())
    ref = bl.monitor(pid)
    bl.send(pid, "go")
    messages = [await bl.receive(timeout=PATIENCE) for _ in range(5)]
    news = []
    for message in messages[3:]:
        match message:
            case bl.Exit(sender, reason) if sender == pid:
                news.append(("exit", reason))
            case bl.Down(watch, sender, reason) if (watch, sender) == (ref, pid):
                news.append(("down", reason))
    return messages[:3], sorted(news)


async def counts_and_ends(to: bl.Pid) -> None:
    await bl.receive(lambda message: message == "go")
    for number in (1, 2, 3):
        bl.send(to, number)
    raise bl.ProcessExit("boom")


@twin(without=("main: uncaught_in_old_catch",))
async def test_s169_a_process_may_catch_its_own_errors_and_sees_their_stack(trace: Trace) -> None:
    """Python has no catch that turns an error into a term; the reason of a process is one, see S010."""
    try:
        a(1)
    except Error as error:
        trace("main", "caught", ("error", error.term, functions_of(error)))
    try:
        wraps_and_cleans_up(bl.self())
    except bl.ProcessExit as wrapped:
        trace("main", "re_raise", ("exit", wrapped.reason))
    await trace.recv("main", 0)
    trace.attempt("main", "class_throw", fails, Throw("x"))
    trace.attempt("main", "class_exit", ends_with, "x")


def a(x: int) -> tuple[int]:
    return (b(x),)


def b(x: int) -> int:
    return c(x) + 0


def c(x: int) -> int:
    if x == 1:
        raise Error("deep")
    return x


def functions_of(error: Exception) -> list[str]:
    """The functions of its stack below the one that caught it, innermost first."""
    names, frames = [], error.__traceback__
    while frames is not None:
        names.append(frames.tb_frame.f_code.co_name)
        frames = frames.tb_next
    return names[:0:-1]


def wraps_and_cleans_up(to: bl.Pid) -> None:
    try:
        a(1)
    except Error as error:
        raise bl.ProcessExit(("wrapped", error.term)) from error
    finally:
        bl.send(to, "cleanup")


@twin
async def test_s172_a_trapping_process_gets_its_own_exit_normal_as_a_message(trace: Trace) -> None:
    p = await watcher(trace, "p")
    bl.send(p, Do(lambda: done(bl.exit, bl.self(), "normal")))
    await trace.recv_sorted("main", 2)
    trace("main", "alive", bl.is_alive(p))
    trace("main", "ends", await dies(p, partial(bl.send, p, "stop")))
