"""The output of one call, as its leader gets it."""

from __future__ import annotations

import asyncio
import gc
import logging
import pickle
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

import beamlike as bl
from beamlike.kernel import current, group_leader
from beamlike.kernel.group_leader import Output, Router
from beamlike.kernel.logged import Logged
from flame import output_sender
from flame.output import CallOutput, Limits, Progress, Sink, hear_rest, sink_for_caller
from flame.output_logging import CallHandler
from flame.progress import progress
from tests.support.local_nodes import PATIENCE, in_node, settled, waiting_messages

OUT, ERR = Router(sys.stdout, "stdout"), Router(sys.stderr, "stderr")


def sink(*, takes_records: bool = False, progress: bl.Alias | None = None) -> Sink:
    return Sink(bl.self(), takes_records, progress)


async def said(function: Callable[[], object], to: Sink | None = None, **options: Any) -> list[Any]:
    """What the leader got by the time at which the call of `function` has ended."""
    output = CallOutput(to or sink(), call=7, **{"tag": "cpu-1", **options})

    async def call() -> None:
        output.enter()
        try:
            await asyncio.to_thread(function)
        finally:
            output.end()
            bl.send(home, "the result")

    home = bl.self()
    await asyncio.create_task(call())
    messages = []
    while not messages or messages[-1] != "the result":
        messages.append(await bl.receive(timeout=PATIENCE))
    await settled()
    assert waiting_messages() == []
    return messages[:-1]


def text(messages: list[Any], stream: str | None = None) -> str:
    return "".join(each.text for each in messages if isinstance(each, Output) and stream in (None, each.stream))


@in_node
async def test_a_call_that_says_nothing_sends_nothing_and_makes_no_process() -> None:
    assert await said(lambda: None) == []
    assert len(current.current_node().processes()) == 1


@in_node
async def test_what_is_printed_is_there_before_the_result_with_a_tag_on_each_line() -> None:
    def function() -> None:
        print("one\n\ntwo", file=OUT)
        print("three", file=ERR)
        print("four", end="", file=OUT)

    messages = await said(function)
    assert text(messages, "stdout") == "[cpu-1] one\n[cpu-1] \n[cpu-1] two\n[cpu-1] four\n"
    assert text(messages, "stderr") == "[cpu-1] three\n"


@in_node
async def test_without_a_tag_text_is_as_it_was_printed() -> None:
    assert text(await said(lambda: OUT.write("a\nb"), tag=None)) == "a\nb"


@in_node
async def test_an_incomplete_line_is_there_while_the_call_goes_on() -> None:
    go_on = threading.Event()

    def function(flushes: bool) -> None:
        print("Name? ", end="", file=OUT, flush=flushes)
        assert go_on.wait(PATIENCE)
        print("Ada", file=OUT)

    for flushes in (False, True):
        go_on.clear()
        calling = asyncio.create_task(said(lambda flushes=flushes: function(flushes), sink()))
        assert await bl.receive(timeout=PATIENCE) == Output("stdout", "[cpu-1] Name? ")
        go_on.set()
        assert text(await calling) == "Ada\n"


@in_node
async def test_of_a_flood_whole_lines_are_left_out_in_words() -> None:
    def function() -> None:
        for number in range(20_000):
            print(f"line {number}", file=OUT)
        for _ in range(5):
            OUT.write("at once\n" * 100_000)

    messages = await said(function, limits=Limits(in_all=None, a_second=10_000))
    *lines, notice = text(messages).splitlines()
    assert lines[:2] == ["[cpu-1] line 0", "[cpu-1] line 1"]
    assert all(line.startswith(("[cpu-1] line ", "[cpu-1] at once", "[cpu-1] ... ")) for line in lines)
    assert notice.startswith("[cpu-1] ... ")
    assert notice.endswith(" MB) left out")
    assert len("".join(lines)) < 10_000 * 60


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Has so many seconds pass, in which the sender does not look by itself what it may send."""
    now = 0.0
    monkeypatch.setattr(output_sender, "time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    monkeypatch.setattr(output_sender, "LOOK_SECONDS", 3600.0)

    def pass_(seconds: float) -> None:
        nonlocal now
        now += seconds

    return pass_


FLOODED = Limits(in_all=None, a_second=40)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@in_node
async def test_a_line_whose_start_was_left_out_is_left_out_whole(passes: Callable[[float], None], end: str) -> None:
    def function() -> None:
        OUT.write("many\n" * 100)
        OUT.write("of which there is no more ")
        passes(60)
        OUT.write(f"room{end}whole\n")

    lines = text(await said(function, limits=FLOODED)).splitlines()
    assert lines[0] == "[cpu-1] many"
    (notice,) = [line for line in lines if "left out" in line]
    assert notice.startswith("[cpu-1] ... ")
    assert lines[lines.index(notice) + 1 :] == ["[cpu-1] whole"]


@pytest.mark.parametrize("end", [["\n"], ["\r\n"], ["\r", "\n"]])
@pytest.mark.parametrize("told", [False, True])
@in_node
async def test_the_end_alone_of_a_line_that_was_left_out_makes_no_line(
    passes: Callable[[float], None], told: bool, end: list[str]
) -> None:
    def function() -> None:
        OUT.write("many\n" * 100)
        OUT.write("no room")
        passes(60)
        if told:
            OUT.flush()
        for part in end:
            OUT.write(part)
        print("whole", file=OUT)
        print(file=OUT)

    lines = text(await said(function, limits=FLOODED)).splitlines()
    (notice,) = [line for line in lines if "left out" in line]
    assert lines[lines.index(notice) + 1 :] == ["[cpu-1] whole", "[cpu-1] "]


@in_node
async def test_who_writes_no_line_ends_is_heard_again_once_it_was_told_what_is_missing(
    passes: Callable[[float], None],
) -> None:
    def function() -> None:
        OUT.write("x" * 9000)  # longer than is held back, and than may go
        passes(60)
        OUT.flush()
        for _ in range(5):
            OUT.write(".")
            OUT.flush()

    lines = text(await said(function, limits=FLOODED)).splitlines()
    assert lines == ["[cpu-1] ... 1 line (9.0 kB) left out", "[cpu-1] ....."]


@in_node
async def test_a_line_that_is_cut_off_ends_before_the_words_that_say_so() -> None:
    def function() -> None:
        OUT.write("x" * 9000)  # longer than is held back
        OUT.write("y" * 9000)
        OUT.write("\nz\n")

    messages = await said(function, limits=Limits(in_all=10_000, a_second=10_000))
    *lines, notice = text(messages).splitlines()
    assert [line[:9] for line in lines] == ["[cpu-1] x"]
    assert notice.startswith("[cpu-1] ... 2 lines (9.0 kB) left out")


@in_node
async def test_tasks_processes_and_worker_threads_speak_for_the_call() -> None:
    output = CallOutput(sink(), tag="cpu-1", call=7)

    async def call() -> None:
        output.enter()
        await asyncio.create_task(speak("task"))
        _, ref = bl.spawn_monitor(speak, "process")
        await bl.receive(ref=ref)
        await asyncio.to_thread(print, "thread", file=OUT)
        output.end()

    async def speak(word: str) -> None:
        print(word, file=OUT)

    await asyncio.create_task(call())
    await settled()
    assert text(waiting_messages()).split() == ["[cpu-1]", "task", "[cpu-1]", "process", "[cpu-1]", "thread"]


def in_threads_of_its_own() -> None:
    thread = threading.Thread(target=print, args=("thread",), kwargs={"file": OUT})
    thread.start()
    thread.join()
    with ThreadPoolExecutor(1) as executor:
        executor.submit(print, "executor", file=OUT).result()


@in_node
async def test_threads_without_a_context_speak_for_the_only_call() -> None:
    assert text(await said(in_threads_of_its_own)) == "[cpu-1] thread\n[cpu-1] executor\n"


@in_node
async def test_threads_without_a_context_speak_for_no_call_in_particular_while_several_run_or_none() -> None:
    other = CallOutput(sink(), tag="cpu-1", call=8)
    leader = bl.spawn(told_outputs, bl.self())
    hear_rest(CallOutput(Sink(leader, False), tag="cpu-1", call=None))
    try:
        in_threads_of_its_own()
        await asyncio.create_task(entered(other))
        try:
            assert await said(in_threads_of_its_own) == []
            assert await said(lambda: in_thread(progress, 1, 2)) == []
        finally:
            other.end()
    finally:
        hear_rest(None)
    bl.send(leader, "the end")
    assert await bl.receive(timeout=PATIENCE) == "[cpu-1] thread\n[cpu-1] executor\n" * 2
    assert group_leader.fallback_way() is None


async def told_outputs(home: bl.Pid) -> None:
    """Tells `home` what it got as a leader, once that is over."""
    told = ""
    while isinstance(message := await bl.receive(), Output):
        told += message.text
    bl.send(home, told)


def in_thread(function: Callable[..., object], *args: object) -> None:
    thread = threading.Thread(target=function, args=args)
    thread.start()
    thread.join()


async def entered(output: CallOutput) -> None:
    output.enter()


@in_node
async def test_a_finalizer_that_prints_in_the_midst_of_a_write_stops_nothing() -> None:
    class Talkative:
        def __del__(self) -> None:
            print("finalized", file=OUT)

    def function() -> None:
        for _ in range(200):
            cycle: list[Any] = [Talkative()]
            cycle.append(cycle)
            OUT.write("written\n")
        gc.collect()

    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        lines = text(await said(function)).splitlines()
    finally:
        gc.set_threshold(*before)
    assert set(lines) == {"[cpu-1] written", "[cpu-1] finalized"}
    assert lines.count("[cpu-1] written") == 200


# Log records


def log_something() -> None:
    handler = CallHandler()
    log = logging.Logger("lib")
    log.addHandler(handler)
    try:
        raise KeyError("key")
    except KeyError:
        log.exception("failed at %d", 3)


@in_node
async def test_a_record_goes_as_such_to_a_leader_that_takes_it() -> None:
    [record] = await said(log_something, sink(takes_records=True))
    assert isinstance(record, Logged)
    there = record.record()
    assert (there.name, there.getMessage(), there.__dict__["flame_call"]) == ("lib", "failed at 3", 7)
    assert there.__dict__["flame_node"] == "test@127.0.0.1"


@in_node
async def test_a_record_is_text_for_any_other_leader() -> None:
    def function() -> None:
        print("half a line", end="", file=ERR)
        log_something()
        print("and the other", file=ERR)

    half, first, *traceback, end, other = text(await said(function)).splitlines()
    assert (half, first) == ("[cpu-1] half a line", "[cpu-1] ERROR:lib:failed at 3")
    assert all(line.startswith("[cpu-1] ") for line in traceback)
    assert (end, other) == ("[cpu-1] KeyError: 'key'", "[cpu-1] and the other")


@in_node
async def test_a_flood_of_text_does_not_cost_the_log() -> None:
    def function() -> None:
        OUT.write("x\n" * 100_000)
        log_something()

    assert "[cpu-1] ERROR:lib:failed at 3\n" in text(await said(function))


@pytest.mark.usefixtures("passes")  # or the last record may be one that may go again
@pytest.mark.parametrize("takes_records", [True, False])
@in_node
async def test_a_flood_of_records_is_bounded_and_told_of(takes_records: bool) -> None:
    def function() -> None:
        for _ in range(1000):
            log_something()

    messages = await said(function, sink(takes_records=takes_records), limits=Limits(in_all=None, a_second=5000))
    assert len(messages) < 500
    assert messages[-1].text.endswith("of its log left out\n")


def test_a_record_outside_of_any_call_stays_in_the_log_of_the_child(capfd: pytest.CaptureFixture[str]) -> None:
    log_something()
    assert "ERROR:lib:failed at 3" in capfd.readouterr().err


# Progress


def come_far() -> None:
    for done in range(1000):
        progress(done + 1, 1000, "files")


@in_node
async def test_progress_comes_to_the_callback_address_seldom_and_the_last_one_surely() -> None:
    alias = bl.alias()
    messages = await said(come_far, sink(progress=alias))
    assert all(isinstance(each, bl.Reply) and each.ref == alias.ref for each in messages)
    told = [each.value for each in messages]
    assert (told[0].done, told[-1].done) == (1, 1000)
    assert len(told) < 200
    assert told[-1] == Progress("test@127.0.0.1", 7, 1000, 1000, "files", told[-1].at)


@in_node
async def test_progress_is_else_a_line_that_is_written_over() -> None:
    shown = text(await said(come_far))
    assert shown.startswith("\r[cpu-1] 1/1000 (0 %) files")
    assert shown.endswith("\r[cpu-1] 1000/1000 (100 %) files\n")


@in_node
async def test_what_is_printed_after_progress_is_on_a_line_of_its_own() -> None:
    def function() -> None:
        progress(1)
        print("between", file=OUT)
        progress(2)

    assert text(await said(function)) == "\r[cpu-1] 1\r[cpu-1] 1\n[cpu-1] between\n\r[cpu-1] 2\r[cpu-1] 2\n"


def test_progress_is_nothing_outside_of_a_call() -> None:
    progress(1, 2, "note")
    assert list(progress.track(iter("ab"))) == ["a", "b"]


def test_progress_travels_by_name() -> None:
    assert pickle.loads(pickle.dumps(progress)) is progress


# The caller's side


@in_node
async def test_a_caller_without_a_leader_has_the_user_of_its_node_who_takes_records() -> None:
    first, second = sink_for_caller(), sink_for_caller()
    assert first == second
    assert first.takes_records
    assert first.leader == current.current_node().user


@in_node
async def test_the_leader_of_a_caller_gets_its_output_as_text() -> None:
    group_leader.set_leader(bl.self())
    assert sink_for_caller() == Sink(bl.self(), False)


@in_node
async def test_a_leader_on_another_node_is_reached_through_this_one() -> None:
    sent: list[Any] = []
    node = current.current_node()
    node.peer_up("far@127.0.0.1", sent.append, hidden=False)
    far = bl.Pid("far@127.0.0.1", 7)
    group_leader.set_leader(far)
    relay = sink_for_caller().leader
    assert relay.node == node.name
    assert sink_for_caller().leader == relay
    bl.send(relay, Output("stdout", "hello"))
    await settled()
    assert [signal.message for signal in sent if getattr(signal, "target", None) == far and hasattr(signal, "message")]
    ended = bl.monitor(relay)
    node.peer_down("far@127.0.0.1", "lost")
    await bl.receive(ref=ended, timeout=PATIENCE)
    assert sink_for_caller().leader != relay
