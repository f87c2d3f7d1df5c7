"""A process is an asyncio task of our own: what asyncio and its ecosystem do with tasks works in it, on both loops."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import asyncssh
import httpx
import pytest
import uvloop

import beamlike as bl
from tests.support.local_nodes import PATIENCE, eventually, forever, process_of, received, run_in_node

ROOT = Path(__file__).parents[2]


def in_a_process(test: Callable[[], Awaitable[None]]) -> Any:
    """Runs the test as the code of a process, once on each kind of loop."""

    async def main() -> None:
        process: Any = process_of(bl.spawn(test))
        await process

    @pytest.mark.parametrize("new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
    def run(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        run_in_node(main, new_loop)

    run.__doc__, run.__name__ = test.__doc__, test.__name__
    return run


# Time limits.


@in_a_process
async def test_a_timeout_ends_a_wait_for_a_message() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await bl.receive()
    assert current_process().cancelling() == 0


@in_a_process
async def test_a_timeout_ends_a_wait_for_a_future() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.get_running_loop().create_future()
    await asyncio.sleep(0.001)


@in_a_process
async def test_of_two_nested_timeouts_the_one_that_passes_raises() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), asyncio.timeout(PATIENCE):
            await bl.receive()
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await bl.receive()
        await asyncio.sleep(0.001)


@in_a_process
async def test_wait_for_gives_the_message_that_comes_in_time() -> None:
    bl.send(bl.self(), "here")
    assert await asyncio.wait_for(bl.receive(), PATIENCE) == "here"
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(bl.receive(), 0.01)
    bl.send(bl.self(), "still here")
    assert await bl.receive(timeout=0) == "still here"


# Groups of tasks.


@in_a_process
async def test_a_task_group_waits_for_its_tasks_and_they_share_the_identity() -> None:
    me = bl.self()

    async def child() -> bool:
        return bl.self() == me

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(child()) for _ in range(3)]
    assert all(task.result() for task in tasks)


@in_a_process
async def test_the_failure_of_a_child_task_interrupts_the_body_of_its_group() -> None:
    async def fails() -> None:
        raise ValueError("in a child")

    async def body() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(fails())
            await bl.receive()

    with pytest.raises(ExceptionGroup) as caught:
        await body()
    assert caught.group_contains(ValueError, match="in a child")
    await asyncio.sleep(0)


@in_a_process
async def test_gather_receives_in_child_tasks() -> None:
    pids = [bl.spawn(answers, bl.self()) for _ in range(3)]
    for number, pid in enumerate(pids):
        bl.send(pid, number)
    assert sorted(await asyncio.gather(bl.receive(), bl.receive(), bl.receive())) == [0, 1, 2]


async def answers(to: bl.Pid) -> None:
    bl.send(to, await bl.receive())


@in_a_process
async def test_a_process_that_gathers_is_cancelled_with_what_it_gathers() -> None:
    inner = asyncio.ensure_future(asyncio.sleep(PATIENCE))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.gather(inner, bl.receive())
    assert inner.cancelled()


@in_a_process
async def test_shield_keeps_what_is_inside_going() -> None:
    inner = asyncio.ensure_future(asyncio.sleep(0.02, "done"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.shield(inner)
    assert await inner == "done"


@in_a_process
async def test_an_asynchronous_generator_can_receive() -> None:
    async def messages(count: int) -> Any:
        for _ in range(count):
            yield await bl.receive()

    for number in range(3):
        bl.send(bl.self(), number)
    assert [message async for message in messages(3)] == [0, 1, 2]


# Taking turns.


@in_a_process
async def test_sleep_zero_lets_the_others_run() -> None:
    turns: list[str] = []

    async def takes_turns(name: str) -> None:
        for _ in range(3):
            turns.append(name)
            await asyncio.sleep(0)

    a, b = process_of(bl.spawn(takes_turns, "a")), process_of(bl.spawn(takes_turns, "b"))
    await asyncio.gather(a, b)  # type: ignore[call-overload]
    assert turns == ["a", "b"] * 3


@in_a_process
async def test_processes_that_never_wait_long_do_not_starve_timers_and_sockets() -> None:
    loop = asyncio.get_running_loop()
    passed = loop.create_future()
    spinners = [bl.spawn_link(spins) for _ in range(3)]
    loop.call_later(0.01, passed.set_result, None)
    async with asyncio.timeout(PATIENCE):
        await passed
    for pid in spinners:
        bl.unlink(pid)
        bl.exit(pid, "kill")


async def spins() -> None:
    while True:  # noqa: ASYNC110 - a process that is always ready is the point
        await asyncio.sleep(0)


@in_a_process
async def test_a_worker_thread_returns_to_its_process() -> None:
    me = bl.self()
    assert await asyncio.to_thread(lambda: bl.self() == me)
    with pytest.raises(ZeroDivisionError):
        await asyncio.to_thread(lambda: 1 / 0)


@in_a_process
async def test_locks_events_and_queues_work_between_processes_and_tasks() -> None:
    queue, lock, ready = asyncio.Queue[int](1), asyncio.Lock(), asyncio.Event()

    async def fills() -> None:
        await ready.wait()
        for number in range(10):
            async with lock:
                await queue.put(number)

    bl.spawn_link(fills)
    ready.set()
    assert [await queue.get() for _ in range(10)] == list(range(10))


# Cancelling.


@in_a_process
async def test_cancel_is_seen_at_the_next_wait_with_its_message_and_can_be_taken_back() -> None:
    process = current_process()
    process.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await bl.receive()
    assert process.cancelling() == 1
    assert process.uncancel() == 0
    process.cancel("of the future")
    with pytest.raises(asyncio.CancelledError, match="of the future"):
        await asyncio.sleep(PATIENCE)
    process.uncancel()
    await asyncio.sleep(0)


@in_a_process
async def test_a_cancel_that_was_taken_back_before_the_next_wait_is_not_seen() -> None:
    process = current_process()
    process.cancel()
    process.uncancel()
    await asyncio.sleep(0)


@in_a_process
async def test_cancelling_what_a_process_waits_for_cancels_that() -> None:
    pid = bl.spawn(waits_for_long, bl.self())
    assert await received(1) == ["waiting"]
    other = process_of(pid)
    ref = bl.monitor(pid)
    assert other.cancel("stop") is True  # type: ignore[attr-defined]
    assert await received(2) == ["cleaned up after: stop", bl.Down(ref, pid, "cancelled")]
    assert other.cancelled() is True  # type: ignore[attr-defined]
    assert other.cancel() is False  # type: ignore[attr-defined]


async def waits_for_long(asker: bl.Pid) -> None:
    bl.send(asker, "waiting")
    try:
        await asyncio.sleep(PATIENCE)
    except asyncio.CancelledError as error:
        bl.send(asker, f"cleaned up after: {error}")
        raise


@in_a_process
async def test_a_process_that_is_cancelled_before_it_first_runs_never_runs() -> None:
    ran: list[bool] = []
    pid, ref = bl.spawn_monitor(functools.partial(ran.append, True))
    process_of(pid).cancel()  # type: ignore[attr-defined]
    assert await received(1) == [bl.Down(ref, pid, "cancelled")]
    assert ran == []


# What asyncio knows of it.


def current_process() -> Any:
    return asyncio.current_task()


@in_a_process
async def test_the_current_task_is_the_process_and_no_instance_of_asyncio_task() -> None:
    assert current_process() is process_of(bl.self())
    assert not isinstance(current_process(), asyncio.Task)
    assert asyncio.isfuture(current_process())


@in_a_process
async def test_all_tasks_lists_a_process_from_its_first_wait_for_something_of_asyncio() -> None:
    idle, sleeping = bl.spawn(forever), bl.spawn(asyncio.sleep, PATIENCE)
    processes = [process_of(idle), process_of(sleeping)]
    await asyncio.sleep(0.001)
    listed = asyncio.all_tasks()
    assert [process in listed for process in (*processes, current_process())] == [False, True, True]


@in_a_process
async def test_a_process_can_be_awaited_and_asked_for_its_outcome() -> None:
    async def value() -> str:
        await asyncio.sleep(0)
        return "value"

    def fails() -> None:
        raise ValueError("failed")

    good, bad = process_of(bl.spawn(value)), process_of(bl.spawn(fails))
    with pytest.raises(asyncio.InvalidStateError, match="has not ended yet"):
        good.result()  # type: ignore[attr-defined]
    assert await good == "value"  # type: ignore[misc]
    with pytest.raises(ValueError, match="failed"):
        await bad  # type: ignore[misc]
    assert (good.done(), good.result(), bad.exception().args) == (True, "value", ("failed",))  # type: ignore[attr-defined]


@in_a_process
async def test_callbacks_are_told_of_the_end_unless_they_were_removed() -> None:
    told: list[str] = []
    process: Any = process_of(bl.spawn(asyncio.sleep, 0))

    def kept(ended: Any) -> None:
        told.append(f"kept {ended is process}")

    def removed(_: Any) -> None:
        told.append("removed")

    process.add_done_callback(kept)
    process.add_done_callback(removed)
    assert process.remove_done_callback(removed) == 1
    await process
    process.add_done_callback(kept)
    await eventually(lambda: len(told) == 2)
    assert told == ["kept True"] * 2


@in_a_process
async def test_the_stack_of_a_waiting_process_shows_where_it_waits() -> None:
    async def inner() -> None:
        await forever()

    process: Any = process_of(bl.spawn(inner))
    await asyncio.sleep(0.001)
    names = [frame.f_code.co_name for frame in process.get_stack()]
    assert names[:3] == ["inner", "forever", "receive"]
    assert process.get_name() == str(process.pid)
    with pytest.raises(TypeError, match=r"use bl.register"):
        process.set_name("other")


@in_a_process
async def test_awaiting_what_is_no_awaitable_of_this_loop_is_an_error_in_the_code_that_did() -> None:
    class Odd:
        def __await__(self) -> Any:
            yield "odd"

    with pytest.raises(RuntimeError, match="awaited 'odd', which is no asyncio awaitable"):
        await Odd()
    other_loop = asyncio.new_event_loop()
    with pytest.raises(RuntimeError, match="belongs to another event loop"):
        await other_loop.create_future()
    other_loop.close()
    with pytest.raises(RuntimeError, match="awaited itself"):
        await current_process()


# The ecosystem.


@in_a_process
async def test_anyio_scopes_and_task_groups() -> None:
    with anyio.move_on_after(0.01) as scope:
        await bl.receive()
    assert scope.cancelled_caught
    with pytest.raises(TimeoutError), anyio.fail_after(0.01):
        await anyio.sleep(PATIENCE)
    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, PATIENCE)
        await anyio.sleep(0.001)
        group.cancel_scope.cancel()
    assert current_process().cancelling() == 0


@in_a_process
async def test_anyio_shields_streams_and_threads() -> None:
    send, receive = anyio.create_memory_object_stream[int]()
    async with anyio.create_task_group() as group, send, receive:
        group.start_soon(send.send, 5)
        with anyio.move_on_after(0), anyio.CancelScope(shield=True):
            assert await receive.receive() == 5
    assert await anyio.to_thread.run_sync(lambda: "from a thread") == "from a thread"


@in_a_process
async def test_httpx_talks_to_a_server_of_asyncio_and_times_out() -> None:
    served = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        served.append(asyncio.current_task())
        request = await reader.readuntil(b"\r\n\r\n")
        if b"GET /never" in request:
            await reader.read()
        else:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        pages = await asyncio.gather(*(client.get(url) for _ in range(3)))
        assert [page.text for page in pages] == ["hello"] * 3
        with pytest.raises(httpx.ReadTimeout):
            await client.get(f"{url}/never", timeout=httpx.Timeout(PATIENCE, read=0.05))
    await asyncio.wait(served)  # type: ignore[type-var]


@in_a_process
async def test_asyncssh_connects_and_runs_a_command() -> None:
    async def answer(process: asyncssh.SSHServerProcess[str]) -> None:
        process.stdout.write(f"you asked for {process.command}")
        process.exit(0)

    key = asyncssh.generate_private_key("ssh-ed25519")
    trusted = asyncssh.import_authorized_keys(key.export_public_key().decode())
    server = await asyncssh.listen(
        "127.0.0.1", 0, server_host_keys=[key], authorized_client_keys=trusted, process_factory=answer
    )
    async with (
        server,
        asyncssh.connect(
            "127.0.0.1", server.get_port(), known_hosts=None, client_keys=[key], config=None, agent_path=None
        ) as connection,
    ):
        result = await connection.run("time", check=True)
    assert result.stdout == "you asked for time"


# The end of the loop.


@pytest.mark.parametrize("runner", ["asyncio", "uvloop"])
def test_asyncio_run_cancels_live_processes_that_wait_for_something_of_asyncio(runner: str) -> None:
    told = run_script(
        f"""
        import asyncio, uvloop
        import beamlike as bl
        from beamlike.kernel import current
        from beamlike.kernel.node import LocalNode

        async def sleeps():
            try:
                await asyncio.sleep(3600)
            finally:
                print("sleeper cleaned up")

        async def main():
            current.started(LocalNode("left@127.0.0.1"))
            for function in (sleeps, bl.receive):
                bl.spawn(function)
            await asyncio.sleep(0.01)
            print("main ends")

        {runner}.run(main())
        print("loop closed")
        """
    )
    assert told.stdout.splitlines() == ["main ends", "sleeper cleaned up", "loop closed"]
    assert "Traceback" not in told.stderr
    assert "never awaited" not in told.stderr


def test_a_pid_of_a_closed_loop_takes_signals_without_complaint() -> None:
    told = run_script(
        """
        import asyncio, logging
        import beamlike as bl
        from beamlike.kernel import current
        from beamlike.kernel.node import LocalNode

        logging.getLogger("asyncio").setLevel(logging.ERROR)  # in debug mode it tells of each step that took long

        async def first():
            current.started(LocalNode("first@127.0.0.1"))
            pid = bl.spawn(bl.receive)
            await asyncio.sleep(0)
            return pid

        async def second(left_behind):
            current.started(LocalNode("second@127.0.0.1"))
            bl.send(left_behind, "hello")
            bl.exit(left_behind, "boom")
            await asyncio.to_thread(bl.send, left_behind, "hello")
            return bl.self().node

        print(asyncio.run(second(asyncio.run(first()))))
        """
    )
    assert told.stdout == "second@127.0.0.1\n"
    assert told.stderr == ""


def run_script(text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-c", textwrap.dedent(text)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
