"""GenServer: calls, casts, other messages; how a server starts, ends, and fails; what a caller hears of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current
from beamlike.kernel.question import Client
from tests.support.local_nodes import (
    PATIENCE,
    down_reason,
    eventually,
    forever,
    in_node,
    no_message,
    process_of,
    received,
    settled,
)

call = bl.GenServer.call


class Recorder(bl.GenServer):
    """Keeps what it handled, tells `witness` of its end, and does what a request says."""

    def init(self, witness: bl.Pid | None = None) -> None:
        self.witness = witness
        self.handled: list[Any] = []
        self.waiting: list[Client] = []

    async def handle_call(self, request: Any, client: Client) -> Any:
        match request:
            case "handled":
                return self.handled
            case "trap":
                return bl.trap_exit(True)
            case "raise":
                raise ValueError("in a call")
            case "stop":
                raise bl.Stop("asked", reply="stopping")
            case "stop without reply":
                raise bl.Stop("asked")
            case "later":
                self.waiting.append(client)
                return bl.NO_REPLY
            case ("wait for", other):
                return await call(other, "handled")
            case ("nap", seconds):
                await asyncio.sleep(seconds)
        self.handled.append(("call", request))
        return f"answer to {request}"

    def handle_cast(self, request: Any) -> None:
        if request == "answer all":
            for client in self.waiting:
                bl.GenServer.reply(client, "late answer")
        self.handled.append(("cast", request))

    async def handle_info(self, message: Any) -> None:
        self.handled.append(("info", message))

    def terminate(self, reason: Any) -> None:
        if self.witness is not None:
            bl.send(self.witness, ("terminate", reason))


# Calls and casts.


@in_node
async def test_a_call_returns_what_the_callback_returns() -> None:
    server = await Recorder.start_link()
    assert await call(server, "question") == "answer to question"
    await no_message()


@in_node
async def test_a_server_is_called_by_pid_by_name_and_by_name_and_node() -> None:
    server = await Recorder.start_link(name="server")
    for address in (server, "server", ("server", "test@127.0.0.1")):
        assert await call(address, "question") == "answer to question"


@in_node
async def test_calls_casts_and_plain_messages_of_one_client_are_handled_in_order() -> None:
    server = await Recorder.start_link()
    bl.GenServer.cast(server, 1)
    bl.send(server, 2)
    await call(server, 3)
    bl.GenServer.cast(server, 4)
    assert await call(server, "handled") == [("cast", 1), ("info", 2), ("call", 3), ("cast", 4)]


@in_node
async def test_while_a_callback_waits_messages_queue() -> None:
    server = await Recorder.start_link()
    slow = asyncio.create_task(call(server, ("nap", 0.01)))
    await asyncio.sleep(0)
    bl.GenServer.cast(server, "after")
    await slow
    assert await call(server, "handled") == [("call", ("nap", 0.01)), ("cast", "after")]


@in_node
async def test_a_reply_may_come_later_and_others_are_served_meanwhile() -> None:
    server = await Recorder.start_link()
    waiting = [asyncio.create_task(call(server, "later")) for _ in range(2)]
    await settled()
    assert await call(server, "question") == "answer to question"
    bl.GenServer.cast(server, "answer all")
    assert await asyncio.gather(*waiting) == ["late answer", "late answer"]


@in_node
async def test_a_reply_may_come_from_another_process() -> None:
    class Delegates(bl.GenServer):
        def handle_call(self, request: Any, client: Client) -> Any:
            bl.spawn(bl.GenServer.reply, client, request.upper())
            return bl.NO_REPLY

    assert await call(await Delegates.start_link(), "delegated") == "DELEGATED"


@in_node
async def test_a_second_reply_vanishes() -> None:
    class Repeats(bl.GenServer):
        def handle_call(self, request: Any, client: Client) -> Any:
            bl.GenServer.reply(client, "first")
            return "second"

    assert await call(await Repeats.start_link(), "question") == "first"
    await no_message()


@in_node
async def test_a_thousand_callers_get_each_their_own_answer() -> None:
    server = await Recorder.start_link()
    answers = await asyncio.gather(*(call(server, number) for number in range(1000)))
    assert answers == [f"answer to {number}" for number in range(1000)]
    assert process_of(bl.self()).monitors == ()
    await no_message()


# What a caller hears when there is no answer.


@in_node
async def test_a_call_that_takes_too_long_fails_and_its_late_reply_vanishes() -> None:
    server = await Recorder.start_link()
    with pytest.raises(bl.CallTimeout, match=r"did not answer 'later' within 0.01 s") as caught:
        await call(server, "later", timeout=0.01)
    assert (caught.value.server, caught.value.request, caught.value.timeout) == (server, "later", 0.01)
    bl.GenServer.cast(server, "answer all")
    assert ("cast", "answer all") in await call(server, "handled")
    await no_message()


@in_node
async def test_a_call_that_timed_out_is_done_all_the_same() -> None:
    server = await Recorder.start_link()
    with pytest.raises(TimeoutError):
        await call(server, ("nap", 0.02), timeout=0.001)
    assert await call(server, "handled") == [("call", ("nap", 0.02))]


@in_node
async def test_a_call_to_nobody_fails_at_once() -> None:
    ended, ref = bl.spawn_monitor(lambda: None)
    await down_reason(ref)
    for nobody in (ended, "nobody", ("nobody", "test@127.0.0.1")):
        with pytest.raises(bl.CallFailed, match=r"did not answer 'question': no such process \(noproc\)"):
            await call(nobody, "question")
    bl.GenServer.cast("nobody", "no error")


@in_node
async def test_a_call_to_a_node_that_cannot_be_reached_fails_at_once() -> None:
    with pytest.raises(bl.CallFailed, match=r"cannot be reached, or was lost \(noconnection\)") as caught:
        await call(("server", "far@127.0.0.1"), "question")
    assert caught.value.reason == "noconnection"


@pytest.mark.parametrize(
    ("signal", "reason"), [("kill", "killed"), ("boom", "boom"), (("shutdown", "idle"), ("shutdown", "idle"))]
)
@in_node
async def test_a_caller_hears_why_the_server_ended_meanwhile(signal: Any, reason: Any) -> None:
    server = await Recorder.start()
    waiting = asyncio.create_task(call(server, "later"))
    await settled()
    bl.exit(server, signal)
    with pytest.raises(bl.CallFailed) as caught:
        await waiting
    error = caught.value
    assert (error.server, error.request, error.reason) == (server, "later", reason)
    await no_message()


@in_node
async def test_an_exception_of_the_callback_is_the_cause_of_the_callers_failure() -> None:
    server = await Recorder.start()
    with pytest.raises(bl.CallFailed, match="it ended: ValueError: in a call") as caught:
        await call(server, "raise")
    assert isinstance(caught.value.__cause__, ValueError)
    assert 'raise ValueError("in a call")' in str(caught.value.__cause__.__cause__)


@in_node
async def test_a_long_request_is_shortened_in_the_message() -> None:
    with pytest.raises(bl.CallFailed, match=r"did not answer 'x{76}\.\.\.: no such"):
        await call("nobody", "x" * 1000)


@in_node
async def test_a_server_that_calls_itself_is_told_at_once() -> None:
    server = await Recorder.start()
    with pytest.raises(bl.CallFailed, match="calling_self"):
        await call(server, ("wait for", server))
    for address in ("named", ("named", "test@127.0.0.1")):
        named = await Recorder.start(name="named")
        with pytest.raises(bl.CallFailed, match="use cast, call the method, or raise Stop"):
            await call(named, ("wait for", address))


@in_node
async def test_a_child_task_of_a_server_may_call_it() -> None:
    class Asks(bl.GenServer):
        def init(self, witness: bl.Pid) -> None:
            self.witness = witness
            self.task = asyncio.create_task(self.ask(bl.self()))

        async def ask(self, me: bl.Pid) -> None:
            bl.send(self.witness, await call(me, "question"))

        def handle_call(self, request: Any, client: Client) -> Any:
            return f"answer to {request}"

    await Asks.start_link(bl.self())
    assert await received(1) == ["answer to question"]


@in_node
async def test_two_servers_that_call_each_other_both_end() -> None:
    class Calls(bl.GenServer):
        async def handle_call(self, request: Any, client: Client) -> Any:
            return await call(request, bl.self(), timeout=0.02)

    one, other = await Calls.start(), await Calls.start()
    with pytest.raises(bl.CallFailed):
        await call(one, other)
    await eventually(lambda: not bl.is_alive(one) and not bl.is_alive(other))


# The start.


@in_node
async def test_start_returns_when_init_is_done_and_waits_for_an_async_one() -> None:
    class Slow(bl.GenServer):
        async def init(self, log: list[str]) -> None:
            await asyncio.sleep(0.001)
            log.append("ready")

    log: list[str] = []
    await Slow.start_link(log)
    assert log == ["ready"]
    await no_message()


@in_node
async def test_what_init_raises_is_raised_by_start_and_costs_the_starter_nothing_else() -> None:
    class Fails(bl.GenServer):
        def init(self) -> None:
            raise ValueError("no database")

    for start in (Fails.start, Fails.start_link):
        with pytest.raises(ValueError, match="no database"):
            await start()
    assert bl.processes() == [bl.self()]
    await no_message()


@in_node
async def test_init_may_stop_with_a_reason() -> None:
    class Declines(bl.GenServer):
        def init(self) -> None:
            raise bl.Stop("not today")

    with pytest.raises(bl.CallFailed, match="Declines did not answer 'init': it ended: not today"):
        await Declines.start_link()


@in_node
async def test_a_server_that_is_killed_in_init_fails_the_start_even_of_one_who_traps_exits() -> None:
    class Sleeps(bl.GenServer):
        async def init(self) -> None:
            await asyncio.sleep(PATIENCE)

    bl.trap_exit(True)
    for start in (Sleeps.start, Sleeps.start_link):
        starting = asyncio.create_task(start())
        await settled()
        [pid] = [pid for pid in bl.processes() if pid != bl.self()]
        bl.exit(pid, "kill")
        with pytest.raises(bl.CallFailed, match="it ended: killed"):
            await starting
    assert await received(1) == [bl.Exit(pid, "killed")]


@in_node
async def test_a_start_that_takes_too_long_kills_the_server() -> None:
    class Hangs(bl.GenServer):
        async def init(self) -> None:
            await forever()

    with pytest.raises(bl.CallTimeout, match=r"did not answer Hangs.init\(\) within 0.01 s"):
        await Hangs.start_link(timeout=0.01)
    assert bl.processes() == [bl.self()]
    await no_message()


@in_node
async def test_a_name_that_is_taken_fails_the_start_and_names_the_holder() -> None:
    holder = await Recorder.start(name="server")
    with pytest.raises(bl.NameTaken, match=f"the name 'server' belongs to {holder}"):
        await Recorder.start_link(name="server")
    assert bl.whereis("server") == holder


@in_node
async def test_of_two_starts_at_once_under_one_name_one_fails() -> None:
    outcomes = await asyncio.gather(*(Recorder.start(name="server") for _ in range(2)), return_exceptions=True)
    [pid] = [outcome for outcome in outcomes if isinstance(outcome, bl.Pid)]
    assert bl.whereis("server") == pid
    assert sum(isinstance(outcome, bl.NameTaken) for outcome in outcomes) == 1


@in_node
async def test_arguments_that_no_init_takes_are_told() -> None:
    class Plain(bl.GenServer):
        pass

    with pytest.raises(TypeError, match=r"Plain takes no arguments, got \(1, 2\): override init"):
        await Plain.start_link(1, 2)


# The end.


@in_node
async def test_stop_terminates_with_the_reason_and_waits() -> None:
    server = await Recorder.start(bl.self())
    await bl.GenServer.stop(server, "done")
    assert not bl.is_alive(server)
    assert await received(1) == [("terminate", "done")]
    await no_message()


@in_node
async def test_stop_of_nobody_or_of_one_who_is_busy_fails() -> None:
    with pytest.raises(bl.CallFailed, match="noproc"):
        await bl.GenServer.stop("nobody")

    class Busy(bl.GenServer):
        async def handle_call(self, request: Any, client: Client) -> Any:
            await go_on.wait()

    go_on = asyncio.Event()
    server = await Busy.start()
    asking = asyncio.create_task(call(server, "wait"))
    await settled()
    with pytest.raises(bl.CallTimeout, match=r"did not answer 'stop' within 0.001 s"):
        await bl.GenServer.stop(server, timeout=0.001)
    go_on.set()
    await asking
    await eventually(lambda: not bl.is_alive(server))


@in_node
async def test_a_server_that_stops_itself_by_a_call_is_told_at_once() -> None:
    class Stops(bl.GenServer):
        async def handle_call(self, request: Any, client: Client) -> Any:
            await bl.GenServer.stop(bl.self())

    with pytest.raises(bl.CallFailed, match=r"calling_self.* or raise Stop"):
        await call(await Stops.start(), "stop yourself")


@in_node
async def test_stop_tells_when_the_server_ended_for_another_reason() -> None:
    class FailsAtTheEnd(bl.GenServer):
        def terminate(self, reason: Any) -> None:
            raise ValueError("cannot clean up")

    with pytest.raises(bl.CallFailed, match="cannot clean up"):
        await bl.GenServer.stop(await FailsAtTheEnd.start())


@in_node
async def test_stop_in_a_callback_answers_the_call_in_progress_first() -> None:
    server = await Recorder.start(bl.self())
    ref = bl.monitor(server)
    assert await call(server, "stop") == "stopping"
    assert await received(2) == [("terminate", "asked"), bl.Down(ref, server, "asked")]
    await no_message()


@in_node
async def test_stop_without_a_reply_is_what_the_caller_hears() -> None:
    with pytest.raises(bl.CallFailed, match="it ended: asked"):
        await call(await Recorder.start(), "stop without reply")


@in_node
async def test_terminate_runs_after_an_exception_of_a_callback() -> None:
    server = await Recorder.start(bl.self())
    with pytest.raises(bl.CallFailed):
        await call(server, "raise")
    [(_, reason)] = await received(1)
    assert (reason.type, reason.message) == ("ValueError", "in a call")


@in_node
async def test_terminate_does_not_run_on_an_exit_signal_that_is_not_trapped_nor_on_kill() -> None:
    for signal in ("boom", "kill"):
        bl.exit(await Recorder.start(bl.self()), signal)
    trapping_server = await Recorder.start(bl.self())
    await call(trapping_server, "trap")
    bl.exit(trapping_server, "kill")
    await no_message()


@in_node
async def test_the_exit_of_the_parent_ends_a_server_that_traps_exits_after_terminate() -> None:
    me = bl.self()
    parent = bl.spawn(starts_a_server, me)
    [server] = await received(1)
    await call(server, "trap")
    ref = bl.monitor(server)
    bl.exit(parent, "boom")
    assert await received(2) == [("terminate", "boom"), bl.Down(ref, server, "boom")]


async def starts_a_server(witness: bl.Pid) -> None:
    bl.send(witness, await Recorder.start_link(witness))
    await forever()


@in_node
async def test_the_exit_of_anybody_else_is_a_message_to_a_server_that_traps_exits() -> None:
    server = await Recorder.start_link()
    await call(server, "trap")
    stranger = bl.spawn(bl.exit, server, "boom")
    await settled()
    assert await call(server, "handled") == [("info", bl.Exit(stranger, "boom"))]


@in_node
async def test_a_request_that_no_callback_takes_ends_the_server_and_says_so() -> None:
    class Plain(bl.GenServer):
        pass

    with pytest.raises(bl.CallFailed, match="Plain got the call 'question' and has no handle_call"):
        await call(await Plain.start(), "question")
    server = await Plain.start()
    ref = bl.monitor(server)
    bl.send(server, "any other message is dropped")
    bl.GenServer.cast(server, "fact")
    assert (await down_reason(ref)).message == "Plain got the cast 'fact' and has no handle_cast"


@in_node
async def test_the_node_is_left_without_aliases_monitors_and_timers() -> None:
    server = await Recorder.start_link()
    for number in range(100):
        await call(server, number)
    process: Any = process_of(bl.self())
    assert (process.monitors, process.aliases, process_of(server).monitored_by) == ((), frozenset(), ())
    assert current.current_node().processes() == [bl.self(), server]
