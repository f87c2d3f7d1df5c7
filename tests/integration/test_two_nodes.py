"""Processes on two real nodes, the second one a child process: near and far must be alike."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

import beamlike as bl
import nodes
from beamlike.kernel.group_leader import Output, set_leader

SECONDS = 40.0


def with_child(test: Callable[[str], Awaitable[Any]]) -> Any:
    """Runs `test(child's node name)` on a node with one child."""

    async def main() -> Any:
        async with bl.Node("near@127.0.0.1", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local())
            try:
                return await test(child.node)
            finally:
                await child.stop(grace=0.1)

    return asyncio.run(main())


async def echo() -> None:
    while True:
        sender, message = await bl.receive()
        bl.send(sender, message)


async def end_with(reason: Any) -> None:
    raise bl.ProcessExit(reason)


async def sleep_for_ever() -> None:
    await bl.receive()


def test_messages_come_back_in_the_order_sent() -> None:
    async def test(far: str) -> list[int]:
        pid = bl.spawn(echo, node=far)
        for number in range(500):
            bl.send(pid, (bl.self(), number))
        return [await bl.receive(timeout=SECONDS) for _ in range(500)]

    assert with_child(test) == list(range(500))


def test_spawn_returns_the_pid_by_which_the_far_process_knows_itself() -> None:
    async def test(far: str) -> None:
        pid = bl.spawn(lambda home: bl.send(home, bl.self()), bl.self(), node=far)
        assert pid.node == far
        assert await bl.receive(timeout=SECONDS) == pid

    with_child(test)


def test_a_name_on_the_other_node_is_an_address() -> None:
    async def named() -> None:
        bl.register("echo", bl.self())
        await echo()

    async def test(far: str) -> str:
        bl.spawn(named, node=far)
        while await bl.rpc.call(far, bl.whereis, "echo", timeout=SECONDS) is None:
            pass
        bl.send(("echo", far), (bl.self(), "by name"))
        answer: str = await bl.receive(timeout=SECONDS)
        return answer

    assert with_child(test) == "by name"


@pytest.mark.parametrize("reason", ["normal", "shutdown", ("shutdown", 1), "boom", {"any": "term"}])
def test_a_far_process_tells_its_monitor_the_true_reason(reason: Any) -> None:
    async def test(far: str) -> None:
        pid, ref = bl.spawn_monitor(end_with, reason, node=far)
        assert await bl.receive(ref=ref, timeout=SECONDS) == bl.Down(ref, pid, reason)

    with_child(test)


def test_a_far_crash_arrives_with_its_source_line() -> None:
    async def divide() -> float:
        return 1 / 0

    async def test(far: str) -> bl.ExceptionInfo:
        _, ref = bl.spawn_monitor(divide, node=far)
        info: bl.ExceptionInfo = (await bl.receive(ref=ref, timeout=SECONDS)).reason
        assert info.node == far
        return info

    info = with_child(test)
    assert isinstance(info.exception, ZeroDivisionError)
    assert "return 1 / 0" in info.traceback


def test_a_link_carries_an_exit_both_ways() -> None:
    async def test(far: str) -> None:
        bl.trap_exit(True)
        pid = bl.spawn_link(end_with, "boom", node=far)
        assert await bl.receive(timeout=SECONDS) == bl.Exit(pid, "boom")

        far_pid = bl.spawn(sleep_for_ever, node=far)
        ref = bl.monitor(far_pid)

        async def link_and_crash() -> None:
            bl.link(far_pid)
            raise bl.ProcessExit("near crash")

        bl.spawn(link_and_crash)
        assert (await bl.receive(ref=ref, timeout=SECONDS)).reason == "near crash"

    with_child(test)


def test_an_unlinked_exit_never_arrives() -> None:
    async def test(far: str) -> None:
        for _ in range(50):
            pid = bl.spawn_link(end_with, "boom", node=far)
            bl.unlink(pid)
        _, ref = bl.spawn_monitor(end_with, "last", node=far)
        assert (await bl.receive(timeout=SECONDS)).ref == ref

    with_child(test)


def test_kill_cannot_be_trapped_over_there() -> None:
    async def stubborn() -> None:
        bl.trap_exit(True)
        await bl.receive(lambda message: message == "never")

    async def test(far: str) -> None:
        pid, ref = bl.spawn_monitor(stubborn, node=far)
        bl.exit(pid, "kill")
        assert (await bl.receive(ref=ref, timeout=SECONDS)).reason == "killed"

    with_child(test)


def test_monitoring_and_linking_what_is_not_there_is_noproc() -> None:
    async def test(far: str) -> None:
        pid, ref = bl.spawn_monitor(end_with, "normal", node=far)
        await bl.receive(ref=ref, timeout=SECONDS)
        assert (await bl.receive(ref=bl.monitor(pid), timeout=SECONDS)).reason == "noproc"
        assert (await bl.receive(ref=bl.monitor(("nobody", far)), timeout=SECONDS)).reason == "noproc"
        bl.trap_exit(True)
        bl.link(pid)
        assert await bl.receive(timeout=SECONDS) == bl.Exit(pid, "noproc")

    with_child(test)


def test_the_loss_of_a_node_is_noconnection_for_every_tie() -> None:
    async def test(far: str) -> None:
        bl.trap_exit(True)
        linked = bl.spawn_link(sleep_for_ever, node=far)
        pid, ref = bl.spawn_monitor(sleep_for_ever, node=far)
        os_pid = await bl.rpc.call(far, os.getpid, timeout=SECONDS)
        bl.monitor_node(far)
        os.kill(os_pid, signal.SIGKILL)
        news = [await bl.receive(timeout=SECONDS) for _ in range(3)]
        assert bl.Exit(linked, "noconnection") in news
        assert bl.Down(ref, pid, "noconnection") in news
        assert any(isinstance(message, bl.NodeDown) and message.node == far for message in news)
        assert far not in bl.nodes(hidden=True)

    with_child(test)


def test_an_unknown_node_is_noconnection_and_never_an_exception() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret=b"s"):
            bl.send(("anybody", "nowhere@127.0.0.1"), "lost")
            _, ref = bl.spawn_monitor(echo, node="nowhere@127.0.0.1")
            assert (await bl.receive(ref=ref, timeout=SECONDS)).reason == "noconnection"
            with pytest.raises(bl.NotConnected, match=r"nowhere@127\.0\.0\.1 cannot be reached"):
                await bl.rpc.call("nowhere@127.0.0.1", os.getpid)

    asyncio.run(main())


class Unpaid(Exception):
    def __init__(self, who: str, amount: int) -> None:
        super().__init__(f"{who} owes {amount}")
        self.who = who
        self.amount = amount


def test_rpc_raises_the_remote_exception_as_its_own_type() -> None:
    def bill() -> None:
        raise Unpaid("Ada", 3)

    async def test(far: str) -> Unpaid:
        with pytest.raises(Unpaid) as caught:
            await bl.rpc.call(far, bill, timeout=SECONDS)
        return caught.value

    error = with_child(test)
    assert (error.who, error.amount, str(error)) == ("Ada", 3, "Ada owes 3")
    assert 'raise Unpaid("Ada", 3)' in str(error.__cause__)


def test_rpc_time_out_ends_the_work_over_there() -> None:
    async def wait_named() -> None:
        bl.register("waiting", bl.self())
        await asyncio.sleep(600)

    async def test(far: str) -> None:
        with pytest.raises(TimeoutError, match=r"within 0\.2 s"):
            await bl.rpc.call(far, wait_named, timeout=0.2)
        while await bl.rpc.call(far, bl.whereis, "waiting", timeout=SECONDS) is not None:
            pass

    with_child(test)


def test_a_result_that_cannot_travel_is_an_error_of_the_call() -> None:
    import threading

    async def test(far: str) -> None:
        with pytest.raises(Exception, match="lock"):
            await bl.rpc.call(far, threading.Lock, timeout=SECONDS)
        assert await bl.rpc.call(far, sum, [1, 2], timeout=SECONDS) == 3

    with_child(test)


def test_a_function_that_cannot_travel_is_an_error_of_spawn_and_leaves_no_tie() -> None:
    import threading

    async def test(far: str) -> None:
        bl.trap_exit(True)
        lock = threading.Lock()
        with pytest.raises(Exception, match="lock"):
            bl.spawn_link(lambda: lock, node=far)
        os.kill(await bl.rpc.call(far, os.getpid, timeout=SECONDS), signal.SIGKILL)
        with pytest.raises(TimeoutError):
            await bl.receive(timeout=0.5)

    with_child(test)


def test_a_node_that_is_lost_during_a_call_is_an_error_of_the_call() -> None:
    async def test(far: str) -> None:
        with pytest.raises(bl.NotConnected, match="was lost"):
            await bl.rpc.call(far, os.kill, 0, signal.SIGKILL, timeout=SECONDS)

    with_child(test)


def test_what_is_printed_over_there_comes_to_the_group_leader_before_the_result() -> None:
    def talk() -> str:
        print("far away")
        return "done"

    async def test(far: str) -> None:
        set_leader(bl.self())
        assert await bl.rpc.call(far, talk, timeout=SECONDS) == "done"
        assert await bl.receive(timeout=0) == Output("stdout", "far away\n")

    with_child(test)


def test_a_gen_server_answers_from_another_node() -> None:
    class Counter(bl.GenServer):
        def init(self) -> None:
            self.value = 0

        def handle_call(self, request: Any, client: Any) -> int:
            self.value += request
            return self.value

    async def start() -> bl.Pid:
        return await Counter.start()

    async def test(far: str) -> None:
        counter = await bl.rpc.call(far, start, timeout=SECONDS)
        assert await bl.GenServer.call(counter, 2) == 2
        assert await bl.GenServer.call(counter, 3) == 5
        bl.exit(counter, "kill")
        with pytest.raises(bl.CallFailed, match=r"no such process|it ended: killed"):
            await bl.GenServer.call(counter, 1)

    with_child(test)


def test_what_prints_while_it_is_pickled_does_not_stop_a_node() -> None:
    """Printing waits for no link, although a link that pickles may print."""

    class Talks:
        def __getstate__(self) -> dict[str, int]:
            print("being pickled")
            return {"a": 1}

    def send_from_a_thread(sink: bl.Pid) -> None:
        for _ in range(2000):
            bl.send(sink, Talks())
            print("x")

    async def print_meanwhile(sink: bl.Pid) -> str:
        sending = asyncio.create_task(asyncio.to_thread(send_from_a_thread, sink))
        while not sending.done():
            print("y")
            await asyncio.sleep(0)
        return "done"

    async def drain() -> None:
        while True:
            await bl.receive()

    async def test(far: str) -> None:
        sink = bl.spawn(drain)
        set_leader(sink)
        assert await bl.rpc.call(far, print_meanwhile, sink, timeout=30) == "done"

    with_child(test)


def test_a_call_whose_request_cannot_travel_leaves_nothing_behind() -> None:
    import threading

    async def test(far: str) -> None:
        server = bl.spawn(sleep_for_ever, node=far)
        with pytest.raises(Exception, match="lock"):
            await bl.GenServer.call(server, threading.Lock(), timeout=SECONDS)
        bl.exit(server, "kill")
        with pytest.raises(TimeoutError):
            await bl.receive(timeout=0.5)

    with_child(test)


def test_an_answer_that_cannot_travel_is_the_error_of_its_call_and_the_server_lives() -> None:
    class Locksmith(bl.GenServer):
        def handle_call(self, request: Any, client: Any) -> Any:
            import threading

            return threading.Lock() if request == "lock" else "fine"

    async def start() -> bl.Pid:
        return await Locksmith.start()

    async def test(far: str) -> None:
        server = await bl.rpc.call(far, start, timeout=SECONDS)
        with pytest.raises(bl.CallFailed, match="lock"):
            await bl.GenServer.call(server, "lock", timeout=SECONDS)
        assert await bl.GenServer.call(server, "other", timeout=SECONDS) == "fine"

    with_child(test)


def test_a_monitor_of_an_address_is_refused_and_leaves_nothing() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret="s"):

            async def mistaken() -> None:
                with pytest.raises(ValueError, match="connect"):
                    bl.monitor(("x", "n@127.0.0.1:4000"))

            _, ref = bl.spawn_monitor(mistaken)
            assert (await bl.receive(ref=ref, timeout=SECONDS)).reason == "normal"

    asyncio.run(main())


def test_who_watches_all_nodes_hears_nothing_of_those_that_never_were_up() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret="s"):
            bl.monitor_nodes()
            bl.send(("x", "never@127.0.0.1"), 1)
            bl.monitor_node("never@127.0.0.1")
            assert await bl.receive(timeout=SECONDS) == bl.NodeDown("never@127.0.0.1", "noconnection")
            with pytest.raises(TimeoutError):
                await bl.receive(timeout=0.3)

    asyncio.run(main())
