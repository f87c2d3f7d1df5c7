"""Output goes to the group leader of the code that writes, and to the real streams where there is none."""

from __future__ import annotations

import asyncio
import copy
import functools
import io
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import Context, copy_context

import pytest

import beamlike as bl
from beamlike.kernel import current, group_leader
from beamlike.kernel.group_leader import Output, Router
from beamlike.kernel.node import LocalNode
from beamlike.kernel.user import leader_elsewhere
from tests.support.local_nodes import eventually, forever, in_node, local_node, received, settled, waiting_messages


def routed(test: Callable[[], None]) -> Callable[[], None]:
    """Runs the test with a router in place, over streams that stand for the interpreter's own."""

    @functools.wraps(test)
    def run() -> None:
        before = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        group_leader.install_router()
        try:
            test()
        finally:
            group_leader.set_fallback_leader(None)
            sys.stdout, sys.stderr = before

    return run


def real(stream: object) -> str:
    """What was written to the stream under a router."""
    assert isinstance(stream, Router)
    assert isinstance(stream.real, io.StringIO)
    return stream.real.getvalue()


def lead() -> bl.Pid:
    """Makes the current process the leader of its own output."""
    group_leader.set_leader(bl.self())
    return bl.self()


async def output() -> list[Output]:
    await settled()
    messages = waiting_messages()
    await received(len(messages))
    return messages


@routed
def test_installing_the_router_twice_is_installing_it_once() -> None:
    once = sys.stdout
    group_leader.install_router()
    assert sys.stdout is once


@routed
def test_without_a_leader_output_goes_to_the_real_streams() -> None:
    print("to stdout")
    print("to stderr", file=sys.stderr)
    assert (real(sys.stdout), real(sys.stderr)) == ("to stdout\n", "to stderr\n")


@routed
@in_node
async def test_what_the_leader_gets_the_real_streams_do_not() -> None:
    lead()
    print("hello")
    assert await output() == [Output("stdout", "hello\n")]
    assert real(sys.stdout) == ""


@routed
@in_node
async def test_what_is_written_within_a_turn_is_one_message_per_run_of_a_stream_in_order() -> None:
    lead()
    print("one")
    print("two")
    print("three", file=sys.stderr)
    print("four")
    assert await output() == [Output("stdout", "one\ntwo\n"), Output("stderr", "three\n"), Output("stdout", "four\n")]
    print("next turn")
    assert await output() == [Output("stdout", "next turn\n")]


@routed
@in_node
async def test_flush_brings_output_ahead_of_what_is_sent_after_it() -> None:
    me = lead()
    print("output")
    group_leader.flush()
    bl.send(me, "result")
    assert await received(2) == [Output("stdout", "output\n"), "result"]
    assert await output() == []


@routed
@in_node
async def test_a_hundred_thousand_writes_within_a_turn_are_one_message() -> None:
    lead()
    for _ in range(100_000):
        sys.stdout.write("x")
    [message] = await output()
    assert message.text == "x" * 100_000


@routed
@in_node
async def test_child_tasks_worker_threads_and_spawned_processes_inherit_the_leader() -> None:
    lead()

    async def prints(word: str) -> None:
        print(word)

    await asyncio.create_task(prints("task"))
    await asyncio.to_thread(print, "thread")
    bl.spawn(prints, "process")
    written = "".join([message.text for message in await output()])
    assert sorted(written.split()) == ["process", "task", "thread"]


@routed
@in_node
async def test_a_plain_thread_has_no_leader() -> None:
    lead()
    thread = threading.Thread(target=print, args=("from a plain thread",))
    thread.start()
    thread.join()
    assert await output() == []
    assert real(sys.stdout) == "from a plain thread\n"


@routed
@in_node
async def test_a_plain_thread_writes_to_the_fallback_leader_where_there_is_one() -> None:
    group_leader.set_fallback_leader(bl.self())
    thread = threading.Thread(target=print, args=("from a plain thread",))
    thread.start()
    thread.join()
    assert await output() == [Output("stdout", "from a plain thread\n")]
    assert real(sys.stdout) == ""
    assert not sys.stdout.isatty()


@routed
@in_node
async def test_code_with_a_leader_does_not_write_to_the_fallback_leader() -> None:
    lead()
    group_leader.set_fallback_leader(bl.spawn(forever))
    print("to my leader")
    assert await output() == [Output("stdout", "to my leader\n")]


@routed
@in_node
async def test_threads_that_write_at_once_lose_nothing_and_keep_their_own_order() -> None:
    lead()

    def writes(name: int) -> None:
        for number in range(200):
            sys.stdout.write(f"{name}:{number}\n")

    await asyncio.gather(*(asyncio.to_thread(writes, name) for name in range(4)))
    words = "".join([message.text for message in await output()]).replace(":", " ").split()
    pairs = list(zip(map(int, words[::2]), map(int, words[1::2]), strict=True))
    assert all([number for name, number in pairs if name == mine] == list(range(200)) for mine in range(4))


@routed
@in_node
async def test_each_process_has_the_leader_it_was_given() -> None:
    me = bl.self()
    asked = bl.spawn(prints_to, me, "for you")
    await received(1)
    assert bl.is_alive(asked) is False
    assert group_leader.leader() is None


async def prints_to(leader: bl.Pid, text: str) -> None:
    group_leader.set_leader(leader)
    print(text)


@routed
@in_node
async def test_the_report_of_a_crash_goes_to_the_leader_of_the_process_that_crashed() -> None:
    handler = logging.StreamHandler(sys.stderr)
    logger = logging.getLogger("beamlike.process")
    logger.addHandler(handler)
    try:
        bl.spawn(crashes_under, bl.self())
        [message] = await output()
    finally:
        logger.removeHandler(handler)
    assert message.stream == "stderr"
    assert "ended: ValueError: on purpose" in message.text
    assert real(sys.stderr) == ""


def crashes_under(leader: bl.Pid) -> None:
    group_leader.set_leader(leader)
    raise ValueError("on purpose")


@routed
@in_node
async def test_a_leader_that_is_gone_swallows_output_and_raises_nothing() -> None:
    leader = bl.spawn(forever)
    group_leader.set_leader(leader)
    bl.exit(leader, "kill")
    print("to nobody")
    await settled()
    assert real(sys.stdout) == ""


@routed
def test_code_that_outlives_its_node_writes_to_the_real_streams() -> None:
    async def main() -> None:
        async with local_node():
            lead()
        print("after the node")
        group_leader.flush()

    asyncio.run(main())
    assert real(sys.stdout) == "after the node\n"


FORKING = """
import asyncio, os
import beamlike as bl
from beamlike.kernel import group_leader

async def main():
    async with bl.Node("test@127.0.0.1", listen=False):
        group_leader.install_router()
        group_leader.set_leader(bl.self())
        child = os.fork()
        if child == 0:
            print("forked", flush=True)
            os._exit(0)
        os.waitpid(child, 0)

asyncio.run(main())
"""


def test_a_forked_process_has_no_loop_to_send_from_and_writes_to_the_real_streams() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=50, check=True)
    assert (done.stdout, done.stderr) == ("forked\n", "")


@routed
def test_code_that_outlives_the_loop_writes_to_the_real_streams() -> None:
    left: list[LocalNode] = []

    async def main() -> Context:
        node = LocalNode("left@127.0.0.1")
        left.append(node)
        current.started(node)
        lead()
        return copy_context()

    context = asyncio.run(main())
    context.run(print, "after the loop")
    current.stopped(left[0])
    assert real(sys.stdout) == "after the loop\n"


@routed
@in_node
async def test_only_text_is_written() -> None:
    lead()
    with pytest.raises(TypeError, match="expected a str to write to stdout, got bytes"):
        sys.stdout.write(b"bytes")  # type: ignore[arg-type]
    assert await output() == []


@routed
@in_node
async def test_a_stream_with_a_leader_is_no_terminal() -> None:
    lead()
    assert not sys.stdout.isatty()
    assert sys.stdout.writable()
    print("", end="", flush=True)
    assert await output() == []


def test_the_router_shows_encoding_errors_and_bytes_of_the_real_stream() -> None:
    raw = io.BytesIO()
    router = Router(io.TextIOWrapper(raw, encoding="latin-1", errors="replace"), "stdout")
    router.buffer.write(b"bytes")
    router.write("text")
    router.flush()
    assert (router.encoding, router.errors, raw.getvalue()) == ("latin-1", "replace", b"bytestext")


@routed
def test_a_routed_stream_can_be_copied() -> None:
    assert copy.copy(sys.stdout).encoding == sys.stdout.encoding


@pytest.mark.parametrize("gone", ["none", "closed"])
@in_node
async def test_what_others_print_is_dropped_where_nobody_can_read_it(
    gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = current.current_node()
    leader = leader_elsewhere(node)
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", None if gone == "none" else closed)
    bl.send(leader, Output("stdout", "dropped"))
    read = io.StringIO()
    monkeypatch.setattr(sys, "stderr", read)
    bl.send(leader, Output("stderr", "read"))
    await eventually(lambda: read.getvalue() == "read")
    assert leader_elsewhere(node) == leader


@in_node
async def test_what_the_stream_cannot_encode_is_printed_as_escapes(monkeypatch: pytest.MonkeyPatch) -> None:
    node = current.current_node()
    printed = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(printed, encoding="ascii"))
    bl.send(leader_elsewhere(node), Output("stdout", "café"))
    await eventually(lambda: printed.getvalue() == b"caf\\xe9")


@routed
@in_node
async def test_the_leader_may_live_on_another_node_and_is_sent_signals_there() -> None:
    node = current.current_node()
    sent: list[object] = []
    node.peer_up("far@127.0.0.1", sent.append, hidden=False)
    leader = bl.Pid("far@127.0.0.1", 7)
    group_leader.set_leader(leader)
    print("far away")
    await eventually(lambda: bool(sent))
    assert [(signal.target, signal.message) for signal in sent] == [(leader, Output("stdout", "far away\n"))]  # type: ignore[attr-defined]


@routed
@in_node
async def test_what_another_thread_has_flushed_is_not_overtaken_by_what_is_written_after_it() -> None:
    leader = lead()

    def write() -> None:
        group_leader.set_leader(leader)
        print("first", end="")
        group_leader.flush()

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    # In the same turn of the loop, which has yet to deliver what the thread sent.
    print(" second", end="")
    assert "".join(message.text for message in await received(2)) == "first second"
