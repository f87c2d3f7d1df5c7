"""What the log says of a server that ends in no peace: last message, state, reason; and when `terminate` runs."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

import beamlike as bl
from beamlike.behaviours.servers import system
from beamlike.behaviours.servers.outcomes import Continue
from beamlike.kernel.question import Client
from tests.support.captured_log import captured_log
from tests.support.local_nodes import down_reason, forever, in_node, no_message, received, settled


class Fragile(bl.GenServer):
    def init(self, witness: bl.Pid | None = None) -> None:
        self.witness = witness
        self.value = 7

    async def handle_call(self, request: Any, client: Client) -> Any:
        if request == "cancelled":
            await cancelled()
        return self._do(request)

    def handle_cast(self, request: Any) -> Any:
        return self._do(request)

    def handle_continue(self, value: Any) -> Any:
        return self._do(value)

    def terminate(self, reason: Any) -> None:
        if self.witness is not None:
            bl.send(self.witness, ("terminate", reason))

    def _do(self, request: Any) -> Any:
        match request:
            case Exception():
                raise request
            case ("continue", value):
                return Continue(value)
            case other:
                return other


async def cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def reports_of(server: bl.Pid, request: Any) -> list[logging.LogRecord]:
    """What the log says of a server whose end is the cast `request`."""
    with captured_log("beamlike.gen_server") as records:
        ref = bl.monitor(server)
        bl.GenServer.cast(server, request)
        await down_reason(ref)
    return records


@in_node
async def test_a_crash_is_reported_with_last_message_state_and_reason() -> None:
    server = await Fragile.start(name="srv")
    [record] = await reports_of(server, ValueError("boom"))
    report: Any = record.__dict__["report"]
    assert (report.pid, report.name, report.behaviour) == (server, "srv", "Fragile")
    assert (report.reason.message, report.state) == ("boom", "{'value': 7, 'witness': None}")
    assert record.levelno == logging.ERROR
    assert record.getMessage() == (
        f"srv {server} terminates: ValueError: boom\n"
        "  last message: cast ValueError('boom')\n"
        "  state: {'value': 7, 'witness': None}"
    )


@in_node
async def test_the_crash_of_a_linked_server_names_its_parent() -> None:
    bl.trap_exit(True)
    [record] = await reports_of(await Fragile.start_link(), ValueError("boom"))
    assert record.__dict__["report"].parent == bl.self()
    assert f"terminates: ValueError: boom\n  started by {bl.self()}\n  last message: " in record.getMessage()


@in_node
async def test_a_crash_in_a_call_names_the_client() -> None:
    server = await Fragile.start()
    with captured_log("beamlike.gen_server") as records, pytest.raises(bl.CallFailed):
        await bl.GenServer.call(server, ValueError("boom"))
    assert f"last message: call ValueError('boom') from {bl.self()}" in records[0].getMessage()


@in_node
async def test_a_server_is_reported_and_then_its_process_as_any_that_crashes() -> None:
    server = await Fragile.start()
    with captured_log("beamlike") as records:
        ref = bl.monitor(server)
        bl.GenServer.cast(server, ValueError("boom"))
        await down_reason(ref)
    assert [record.name for record in records] == ["beamlike.gen_server", "beamlike.process"]


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", "idle")])
@in_node
async def test_a_quiet_stop_is_not_reported(reason: Any) -> None:
    for end in (bl.Stop(reason), bl.ProcessExit(reason)):
        assert await reports_of(await Fragile.start(), end) == []


@in_node
async def test_a_stop_for_another_reason_is_reported() -> None:
    [record] = await reports_of(await Fragile.start(), bl.Stop("out of order"))
    assert "terminates: out of order" in record.getMessage()


@in_node
async def test_a_large_state_is_cut_and_one_that_cannot_be_shown_does_no_harm() -> None:
    class Large(Fragile):
        def init(self, witness: bl.Pid | None = None) -> None:
            self.witness = witness
            self.rows = ["x" * 10_000] * 10_000

    class Broken(Fragile):
        def system_get_state(self) -> Any:
            raise LookupError("lost")

    [record] = await reports_of(await Large.start(), ValueError("boom"))
    assert len(record.getMessage()) < 10_000
    assert "..." in record.getMessage()
    [record] = await reports_of(await Broken.start(), ValueError("boom"))
    assert "state: <no state: LookupError: lost>" in record.getMessage()


@in_node
async def test_the_events_before_a_crash_are_reported_if_they_are_logged() -> None:
    server = await Fragile.start()
    await system.log(server)
    await bl.GenServer.call(server, "hello")
    [record] = await reports_of(server, ValueError("boom"))
    before = [line.strip() for line in record.getMessage().splitlines() if "before:" in line]
    assert before == [
        f"before: got call 'hello' from {bl.self()}",
        f"before: sent 'hello' to {bl.self()}",
        "before: got cast ValueError('boom')",
    ]
    assert "last message: cast ValueError('boom')" in record.getMessage()


@in_node
async def test_terminate_runs_once_for_each_way_in_which_a_server_ends_itself() -> None:
    for end in (bl.Stop("enough"), bl.ProcessExit("enough"), ("continue", bl.Stop("enough"))):
        server = await Fragile.start(bl.self())
        await reports_of(server, end)
        assert await received(1) == [("terminate", "enough")]
    await no_message()


@in_node
async def test_a_server_that_was_watched_is_reported_with_what_it_did_last() -> None:
    server = await Fragile.start()
    await system.log(server)
    await bl.GenServer.call(server, "watched")
    await system.log(server, 0)
    [record] = await reports_of(server, ValueError("boom"))
    assert "last message: cast ValueError('boom')" in record.getMessage()
    assert "before:" not in record.getMessage()


@in_node
async def test_terminate_may_be_async_and_is_waited_for() -> None:
    class Slow(bl.GenServer):
        def init(self, done: list[str]) -> None:
            self.done = done

        async def terminate(self, reason: Any) -> None:
            await asyncio.sleep(0.001)
            self.done.append(reason)

    done: list[str] = []
    await bl.GenServer.stop(await Slow.start(done), "shutdown")
    assert done == ["shutdown"]


@pytest.mark.parametrize("signal", ["kill", "boom"])
@in_node
async def test_terminate_does_not_run_in_a_server_that_an_exit_signal_ended(signal: str) -> None:
    class Notes(bl.GenServer):
        def init(self, terminated: list[Any]) -> None:
            self.terminated = terminated

        async def handle_cast(self, request: Any) -> None:
            await forever()

        def terminate(self, reason: Any) -> None:
            self.terminated.append(reason)

    terminated: list[Any] = []
    idle, busy = await Notes.start(terminated), await Notes.start(terminated)
    bl.GenServer.cast(busy, "wait in the callback")
    await settled()
    for server in (idle, busy):
        bl.exit(server, signal)
    await settled()
    assert (terminated, bl.processes()) == ([], [bl.self()])


@in_node
async def test_terminate_runs_when_what_a_callback_awaits_is_cancelled() -> None:
    server = await Fragile.start(bl.self())
    with pytest.raises(bl.CallFailed, match="it ended: cancelled"):
        await bl.GenServer.call(server, "cancelled")
    assert await received(1) == [("terminate", "cancelled")]


@in_node
async def test_an_answer_that_cannot_be_sent_is_told_as_that() -> None:
    error = bl.CallFailed("server", "question", "a lock", server_lives=True)
    assert str(error) == "server did not answer 'question': its answer failed: a lock"
