"""A serving on one node: batches, failures, streams, other models, and what happens when there is too much.

It is one room because each promise is held with the same few functions and callers; what needs threads, other nodes or
histories has files of its own.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

import beamlike as bl
from beamlike.serving.errors import BadOutput
from tests.support.local_nodes import PATIENCE, eventually, process_of
from tests.support.peers import main_node

BATCHES: list[list[Any]] = []


def on_node(test: Callable[[], Awaitable[None]]) -> Callable[[], None]:
    """Runs an async test on a node of its own."""

    @functools.wraps(test)
    def run() -> None:
        async def main() -> None:
            async with main_node():
                await test()

        asyncio.run(main())

    return run


@pytest.fixture(autouse=True)
def no_batches_yet() -> None:
    BATCHES.clear()


def double(batch: list[int]) -> list[int]:
    BATCHES.append(batch)
    return [2 * number for number in batch]


@on_node
async def test_requests_of_many_share_batches_and_each_gets_its_own_output() -> None:
    await bl.Serving(double, batch_size=8, batch_timeout=PATIENCE).start_link(name="double")
    outputs = await asyncio.gather(*(bl.Serving.call("double", number) for number in range(16)))
    assert outputs == [2 * number for number in range(16)]
    assert sorted(map(len, BATCHES)) == [8, 8]


@on_node
async def test_a_request_larger_than_a_batch_is_cut_and_put_together_again() -> None:
    pid = await bl.Serving(double, batch_size=3, batch_timeout=0).start_link()
    assert await bl.Serving.call_many(pid, range(8)) == list(range(0, 16, 2))
    assert [len(batch) for batch in BATCHES] == [3, 3, 2]
    assert await bl.Serving.call_many(pid, []) == []


@on_node
async def test_padding_makes_each_batch_full_and_is_not_seen_in_the_outputs() -> None:
    pid = await bl.Serving(double, batch_size=4, batch_timeout=0, pad=0).start_link()
    assert await bl.Serving.call_many(pid, [1, 2]) == [2, 4]
    assert BATCHES == [[1, 2, 0, 0]]


def fails_for_negative(batch: list[int]) -> list[int]:
    BATCHES.append(batch)
    if min(batch) < 0:
        raise ValueError(f"{min(batch)} is negative")
    return batch


@on_node
async def test_one_bad_request_fails_alone() -> None:
    pid = await bl.Serving(fails_for_negative, batch_size=8, batch_timeout=0.05).start_link()
    values = [1, 2, -3, 4, 5, 6, -7, 8]
    outputs = await bl.Serving.call_many(pid, values, return_exceptions=True)
    assert [it if isinstance(it, int) else str(it) for it in outputs] == [
        1, 2, "-3 is negative", 4, 5, 6, "-7 is negative", 8
    ]  # fmt: skip
    with pytest.raises(ValueError, match="-3 is negative") as caught:
        await bl.Serving.call(pid, -3)
    assert "fails_for_negative" in str(caught.value.__cause__), "the traceback from where it was raised"


@on_node
async def test_an_exception_in_place_of_an_output_is_that_of_its_input_and_nothing_runs_twice() -> None:
    def some(batch: list[int]) -> list[object]:
        BATCHES.append(batch)
        return [KeyError(it) if it == 2 else it for it in batch]

    pid = await bl.Serving(some, batch_timeout=0).start_link()
    outputs = await bl.Serving.call_many(pid, [1, 2, 3], return_exceptions=True)
    assert outputs[0::2] == [1, 3]
    assert isinstance(outputs[1], KeyError)
    assert len(BATCHES) == 1


@on_node
async def test_a_function_that_gives_too_few_outputs_is_told_in_words() -> None:
    pid = await bl.Serving(lambda batch: batch[1:], batch_timeout=0).start_link()
    with pytest.raises(BadOutput, match="to give a list of 3 outputs, one for each input, got 2"):
        await bl.Serving.call_many(pid, [1, 2, 3])
    assert bl.is_alive(pid)


class Lazy(Sequence[int]):
    """Says that it has `length` outputs; those come when they are looked at, and a negative one never does."""

    def __init__(self, length: int, outputs: list[int]) -> None:
        self.length = length
        self.outputs = outputs

    def __len__(self) -> int:
        if self.length < 0:
            raise TypeError("len() of a 0-d tensor")
        return self.length

    def __getitem__(self, place: Any) -> Any:
        if self.outputs[place] < 0:
            raise ValueError(f"{self.outputs[place]} is negative")
        return self.outputs[place]


@pytest.mark.parametrize("outputs", [Lazy(-1, []), Lazy(2, [5]), 3.5])
@pytest.mark.parametrize("kind", ["plain", "async", "stream"])
def test_outputs_that_cannot_be_counted_are_told_in_words_and_the_model_stays(outputs: object, kind: str) -> None:
    def plain(_model: None, batch: list[int]) -> object:
        return outputs if batch == [0, 0] else batch

    async def awaited(model: None, batch: list[int]) -> object:
        return plain(model, batch)

    def stream(model: None, batch: list[int]) -> Iterator[object]:
        yield plain(model, batch)

    @on_node
    async def test() -> None:
        run: Any = {"plain": plain, "async": awaited, "stream": stream}[kind]
        pid = await bl.Serving(run, load=BATCHES.append, batch_timeout=0).start_link()
        with pytest.raises(BadOutput, match=f"a list of 2 outputs, one for each input, got a {type(outputs).__name__}"):
            await bl.Serving.call_many(pid, [0, 0])
        assert await bl.Serving.call(pid, 1) == ([1] if kind == "stream" else 1)
        assert len(BATCHES) == 1, "it was loaded once"

    test()


@on_node
async def test_outputs_that_raise_when_they_are_looked_at_fail_as_if_the_function_had() -> None:
    pid = await bl.Serving(lambda batch: Lazy(len(batch), batch), batch_timeout=0).start_link()
    outputs = await bl.Serving.call_many(pid, [1, -2, 3], return_exceptions=True)
    assert [it if isinstance(it, int) else str(it) for it in outputs] == [1, "-2 is negative", 3]


@on_node
async def test_what_comes_before_and_after_is_done_for_each_input_and_fails_for_it_alone() -> None:
    serving = bl.Serving(double, batch_timeout=0, preprocess=int, postprocess=lambda it: f"<{1 // (it - 8) and it}>")
    pid = await serving.start_link()
    outputs = await bl.Serving.call_many(pid, ["1", "x", "4", "5"], return_exceptions=True)
    assert [type(it).__name__ for it in outputs] == ["str", "ValueError", "ZeroDivisionError", "str"]
    assert outputs[0] == "<2>"
    assert BATCHES == [[1, 4, 5]]


def ends_for_x(value: str) -> str:
    if value == "x":
        raise SystemExit
    return value


async def is_cancelled_for_x(value: str) -> str:
    if value == "x":
        raise asyncio.CancelledError
    return value


@pytest.mark.parametrize("function", [ends_for_x, is_cancelled_for_x])
@pytest.mark.parametrize("option", ["preprocess", "key", "postprocess"])
def test_who_asks_is_told_when_what_comes_before_or_after_ends_its_process(function: Any, option: str) -> None:
    @on_node
    async def test() -> None:
        serving = bl.Serving(list, batch_timeout=0, max_waiting=1, **{option: function})
        pid = await serving.start_link()
        for _ in range(2):
            with pytest.raises(bl.ServingLost, match=f"called .*{option}.* for this ended"):
                await bl.Serving.call(pid, "x")
        assert await bl.Serving.call(pid, "y") == "y", "nothing is left that would count as waiting"
        await bl.Serving.drain(pid)

    test()


@on_node
async def test_inputs_of_different_keys_never_share_a_batch() -> None:
    pid = await bl.Serving(double, batch_size=8, batch_timeout=0, key=lambda number: number % 2).start_link()
    assert await bl.Serving.call_many(pid, range(6)) == [0, 2, 4, 6, 8, 10]
    assert sorted(BATCHES) == [[0, 2, 4], [1, 3, 5]]


@on_node
async def test_partitions_have_a_model_each_and_work_at_the_same_time() -> None:
    both = threading.Barrier(2)

    def run(model: str, batch: list[int]) -> list[str]:
        both.wait(PATIENCE)
        return [f"{model}:{number}" for number in batch]

    serving = bl.Serving(run, load=lambda device: f"model on {device}", batch_size=1, partitions=["gpu0", "gpu1"])
    outputs = await bl.Serving.call_many(await serving.start_link(), [1, 2])
    assert sorted(output.split(":")[0] for output in outputs) == ["model on gpu0", "model on gpu1"]


@on_node
async def test_a_serving_whose_model_cannot_be_loaded_does_not_start_and_says_why() -> None:
    def load(device: object) -> None:
        raise FileNotFoundError("weights.bin")

    with pytest.raises(FileNotFoundError, match=r"weights\.bin"):
        await bl.Serving(double, load=load).start()


def held(gate: threading.Event) -> Any:
    def run(batch: list[Any]) -> list[Any]:
        BATCHES.append(batch)
        assert gate.wait(PATIENCE)
        return batch

    return run


async def wait(serving: bl.Pid, count: int) -> None:
    """Returns when so many inputs wait there."""
    async with asyncio.timeout(PATIENCE):
        while (await bl.Serving.statistics(serving))[0].waiting != count:  # noqa: ASYNC110 - a serving tells no event
            await asyncio.sleep(0)


@on_node
async def test_when_too_many_inputs_wait_more_are_refused_at_once_and_the_others_come_through() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0, max_waiting=2).start_link(name="slow")
    waiting = [asyncio.create_task(bl.Serving.call("slow", 0))]
    await eventually(lambda: BATCHES)
    waiting += [asyncio.create_task(bl.Serving.call("slow", number)) for number in (1, 2)]
    await wait(pid, 2)
    with pytest.raises(bl.Overloaded, match="2 inputs wait already, of 2 that may"):
        await bl.Serving.call("slow", 3)
    gate.set()
    assert await asyncio.gather(*waiting) == [0, 1, 2]
    [seen] = await bl.Serving.statistics("slow")
    assert (seen.served, seen.refused, seen.waiting, seen.busy) == (3, 1, 0, 0)


@on_node
async def test_a_request_of_more_inputs_than_may_wait_is_taken_while_none_waits() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0, max_waiting=2).start_link()
    large = asyncio.create_task(bl.Serving.call_many(pid, range(5)))
    await eventually(lambda: BATCHES)
    with pytest.raises(bl.Overloaded, match="4 inputs wait already, of 2 that may"):
        await bl.Serving.call(pid, 5)
    with pytest.raises(bl.Overloaded, match="and a request of 3 is taken while none waits"):
        await bl.Serving.call_many(pid, range(3))
    gate.set()
    assert await large == [0, 1, 2, 3, 4]
    assert await bl.Serving.call_many(pid, range(3)) == [0, 1, 2]


@on_node
async def test_an_input_whose_time_is_up_before_it_begins_is_not_evaluated() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0).start_link()
    first = asyncio.create_task(bl.Serving.call(pid, "first"))
    await eventually(lambda: BATCHES)
    with pytest.raises(bl.ServingTimeout):
        await bl.Serving.call(pid, "late", timeout=0.01)
    await wait(pid, 0)
    gate.set()
    assert await first == "first"
    assert await bl.Serving.call(pid, "next") == "next"
    assert BATCHES == [["first"], ["next"]]


@on_node
async def test_who_is_cancelled_takes_the_input_back() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0).start_link()
    first = asyncio.create_task(bl.Serving.call(pid, "first"))
    await eventually(lambda: BATCHES)
    second = asyncio.create_task(bl.Serving.call(pid, "second"))
    await wait(pid, 1)
    second.cancel()
    await wait(pid, 0)
    gate.set()
    assert await first == "first"
    assert await bl.Serving.call(pid, "third") == "third"
    assert BATCHES == [["first"], ["third"]]


@on_node
async def test_what_a_killed_caller_asked_is_not_evaluated_and_nobody_is_watched_who_has_an_answer() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0).start_link()
    first = asyncio.create_task(bl.Serving.call(pid, "first", timeout=PATIENCE))
    await eventually(lambda: BATCHES)
    killed = bl.spawn(functools.partial(bl.Serving.call, pid, "second", timeout=None))
    await wait(pid, 1)
    bl.exit(killed, "kill")
    await wait(pid, 0)
    gate.set()
    assert await first == "first"
    assert await bl.Serving.call(pid, "third") == "third"
    assert BATCHES == [["first"], ["third"]]
    await bl.Serving.statistics(pid)
    assert process_of(pid).monitors == ()


@on_node
async def test_when_what_lay_ready_is_taken_back_the_next_lies_ready_in_its_place() -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def run(batch: list[str]) -> list[str]:
        BATCHES.append(batch)
        begun.release()
        assert go_on.wait(PATIENCE)
        return batch

    pid = await bl.Serving(run, batch_size=1, batch_timeout=0).start_link()
    first = asyncio.create_task(bl.Serving.call(pid, "first"))
    await eventually(lambda: BATCHES)
    second, *others = [asyncio.create_task(bl.Serving.call(pid, value)) for value in ("second", "third", "fourth")]
    await wait(pid, 3)
    second.cancel()
    await wait(pid, 2)
    await bl.Serving.statistics(pid)  # by then it has done what it still had to do about that
    assert begun.acquire(timeout=PATIENCE)
    go_on.set()
    assert begun.acquire(timeout=PATIENCE), "it begins while the loop, on which the serving itself lives, stands still"
    assert await asyncio.gather(first, *others) == ["first", "third", "fourth"]
    assert BATCHES == [["first"], ["third"], ["fourth"]]


def counts(batch: list[int]) -> Iterator[list[int | None]]:
    BATCHES.append(batch)
    for step in range(max(batch)):
        yield [step if step < most else None for most in batch]


async def counts_async(batch: list[int]) -> AsyncIterator[list[int | None]]:
    for step in counts(batch):
        yield step


@pytest.mark.parametrize("run", [counts, counts_async])
def test_streams_of_one_batch_come_chunk_by_chunk_to_each_its_own(run: Any) -> None:
    @on_node
    async def test() -> None:
        pid = await bl.Serving(run, batch_size=3, batch_timeout=PATIENCE).start_link()

        async def stream(most: int) -> list[int]:
            return [chunk async for chunk in bl.Serving.stream(pid, most)]

        assert await asyncio.gather(*map(stream, (3, 1, 2))) == [[0, 1, 2], [0], [0, 1]]
        assert len(BATCHES) == 1

    test()


@on_node
async def test_a_call_of_what_streams_gets_all_chunks_at_the_end() -> None:
    pid = await bl.Serving(counts, batch_timeout=0).start_link()
    assert await bl.Serving.call_many(pid, [2, 1]) == [[0, 1], [0]]


@on_node
async def test_a_stream_that_nobody_reads_any_more_is_not_evaluated_on() -> None:
    steps: list[int] = []
    closed = threading.Event()

    def without_end(batch: list[Any]) -> Iterator[list[Any]]:
        try:
            while True:
                steps.append(1)
                yield batch
        finally:
            closed.set()

    pid = await bl.Serving(without_end, batch_timeout=0).start_link()
    stream = bl.Serving.stream(pid, "token")
    assert await anext(stream) == "token"
    await stream.aclose()
    await eventually(closed.is_set)
    assert not [it async for it in _messages()]


@on_node
async def test_a_reader_that_leaves_while_others_of_a_failed_batch_are_evaluated_again_is_not_evaluated() -> None:
    goes_on = threading.Event()

    def fails_for_bad(batch: list[str]) -> Iterator[list[str]]:
        BATCHES.append(batch)
        if "bad" in batch:
            raise ValueError("bad at once")
        yield batch
        goes_on.wait(PATIENCE)

    pid = await bl.Serving(fails_for_bad, batch_size=3, batch_timeout=PATIENCE).start_link()
    first = bl.Serving.stream(pid, "first", timeout=PATIENCE)
    bad, leaves = (bl.Serving.stream(pid, value, timeout=PATIENCE) for value in ("bad", "leaves"))
    chunk, raised, left = (asyncio.create_task(anext(each)) for each in (first, bad, leaves))
    assert await chunk == "first"
    left.cancel()
    with suppress(asyncio.CancelledError):
        await left
    await bl.Serving.statistics(pid)  # so that it has heard of that
    goes_on.set()
    with pytest.raises(ValueError, match="bad at once"):
        await raised
    assert [it async for it in first] == []
    assert BATCHES == [["first", "bad", "leaves"], ["first"], ["bad", "leaves"], ["bad"]]


@on_node
async def test_of_streams_that_are_over_no_reader_is_watched_any_more() -> None:
    pid = await bl.Serving(counts, batch_timeout=0).start_link()
    assert [chunk async for chunk in bl.Serving.stream(pid, 2)] == [0, 1]
    given_up = bl.Serving.stream(pid, 1_000_000)
    assert await anext(given_up) == 0
    await given_up.aclose()
    with pytest.raises(bl.ServingTimeout):
        await anext(bl.Serving.stream(pid, 1, timeout=0))
    await bl.Serving.statistics(pid)
    assert process_of(pid).monitors == ()


async def _messages() -> AsyncIterator[Any]:
    while True:
        try:
            yield await bl.receive(timeout=0)
        except TimeoutError:
            return


@on_node
async def test_a_stream_that_one_replica_does_not_take_is_taken_by_another() -> None:
    async def without_end(batch: list[str]) -> AsyncIterator[list[str]]:
        yield batch
        await asyncio.Event().wait()

    full = await bl.Serving(without_end, batch_size=1, batch_timeout=0, max_waiting=1).start_link(name="words")
    running = bl.Serving.stream(full, "runs", timeout=None)
    assert await anext(running) == "runs"
    waiting = asyncio.ensure_future(anext(bl.Serving.stream(full, "waits", timeout=None)))
    await wait(full, 1)
    with pytest.raises(bl.Overloaded, match="1 inputs wait already, of 1 that may"):
        await anext(bl.Serving.stream("words", "refused"))
    free = bl.Serving(without_end, batch_size=1, batch_timeout=0, partitions=range(4))
    pid = await free.start_link(name="words")
    its = [bl.Serving.stream(pid, "runs", timeout=None) for _ in range(3)]  # so that the other is asked first
    assert [await anext(stream) for stream in its] == ["runs"] * 3
    taken = bl.Serving.stream("words", "taken")
    assert await anext(taken) == "taken"
    waiting.cancel()
    for stream in (running, taken, *its):
        await stream.aclose()


@on_node
async def test_a_stream_that_fails_raises_after_its_chunks_and_what_does_not_stream_says_so() -> None:
    def fails(batch: list[int]) -> Iterator[list[int]]:
        yield batch
        raise RuntimeError("out of tokens")

    pid = await bl.Serving(fails, batch_timeout=0).start_link()
    stream = bl.Serving.stream(pid, 7)
    assert await anext(stream) == 7
    with pytest.raises(RuntimeError, match="out of tokens"):
        await anext(stream)
    plain = await bl.Serving(double).start_link()
    with pytest.raises(TypeError, match="expected a serving whose function is a generator"):
        await anext(bl.Serving.stream(plain, 1))


@on_node
async def test_another_model_takes_over_what_waits_while_what_runs_ends_on_the_old_one() -> None:
    gate = threading.Event()
    old = held(gate)
    pid = await bl.Serving(old, batch_size=1, batch_timeout=0).start_link(name="model")
    running = asyncio.create_task(bl.Serving.call("model", "old"))
    await eventually(lambda: BATCHES)
    waiting = asyncio.create_task(bl.Serving.call("model", "new"))
    assert await bl.Serving.swap("model", bl.Serving(lambda batch: [f"<{it}>" for it in batch])) == [2]
    assert await waiting == "<new>"
    gate.set()
    assert await running == "old"
    [seen] = await bl.Serving.statistics(pid)
    assert (seen.generation, seen.partitions) == (2, 1)


def marked(mark: str, run: Any, **options: Any) -> bl.Serving:
    """One that leaves its mark before and after."""
    return bl.Serving(run, preprocess=lambda it: f"{it}>{mark}", postprocess=lambda it: f"{it}>{mark}", **options)


@on_node
async def test_what_comes_before_and_after_an_input_is_that_of_the_model_which_evaluates_it() -> None:
    gate = threading.Event()
    pid = await marked("old", held(gate), batch_size=1, batch_timeout=0).start_link()
    both = asyncio.create_task(bl.Serving.call_many(pid, ["a", "b"]))
    await eventually(lambda: BATCHES)
    await bl.Serving.swap(pid, marked("new", list))
    gate.set()
    assert await both == ["a>old>old", "b>new>new"]


@on_node
async def test_what_is_still_prepared_when_another_model_takes_over_is_prepared_again() -> None:
    begun, gate = threading.Event(), threading.Event()

    def slow(value: str) -> str:
        begun.set()
        assert gate.wait(PATIENCE)
        return f"{value}>old"

    pid = await bl.Serving(list, preprocess=slow).start_link()
    asked = asyncio.create_task(bl.Serving.call(pid, "a"))
    await eventually(begun.is_set)
    await bl.Serving.swap(pid, marked("new", list))
    gate.set()
    assert await asked == "a>new>new"


@on_node
async def test_what_waits_when_another_model_takes_over_is_kept_apart_by_its_key() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0).start_link()
    asked = asyncio.create_task(bl.Serving.call_many(pid, [0, 1, 2, 3, 4]))
    await eventually(lambda: BATCHES)
    await bl.Serving.swap(pid, bl.Serving(double, key=lambda number: number % 2, batch_timeout=0))
    gate.set()
    assert await asked == [0, 2, 4, 6, 8]
    assert sorted(BATCHES) == [[0], [1, 3], [2, 4]]


@on_node
async def test_a_stream_that_waits_when_a_model_takes_over_that_gives_none_is_told_so() -> None:
    gate = threading.Event()

    def twice(batch: list[str]) -> Iterator[list[str]]:
        BATCHES.append(batch)
        yield batch
        assert gate.wait(PATIENCE)
        yield batch

    async def chunks(value: str) -> list[str]:
        return [chunk async for chunk in bl.Serving.stream(pid, value)]

    pid = await bl.Serving(twice, batch_size=1, batch_timeout=0).start_link()
    running = asyncio.create_task(chunks("runs"))
    await eventually(lambda: BATCHES)
    waiting = asyncio.create_task(chunks("waits"))
    await wait(pid, 1)
    await bl.Serving.swap(pid, bl.Serving(list))
    with pytest.raises(TypeError, match="expected a serving whose function is a generator"):
        await waiting
    gate.set()
    assert await running == ["runs", "runs"]


@on_node
async def test_a_model_that_cannot_be_loaded_leaves_the_old_one_in_place() -> None:
    def load(device: object) -> None:
        raise OSError("no such model")

    pid = await bl.Serving(double, batch_timeout=0).start_link()
    with pytest.raises(OSError, match="no such model"):
        await bl.Serving.swap(pid, bl.Serving(double, load=load))
    assert await bl.Serving.call(pid, 4) == 8
    assert (await bl.Serving.statistics(pid))[0].generation == 1


@on_node
async def test_a_partition_that_ends_fails_its_batch_and_is_replaced() -> None:
    async def ends(batch: list[str]) -> list[str]:
        if "end" in batch:
            raise SystemExit
        return batch

    pid = await bl.Serving(ends, batch_timeout=0).start_link()
    with pytest.raises(bl.ServingLost, match="a partition of the serving ended while it evaluated this"):
        await bl.Serving.call(pid, "end")
    assert await bl.Serving.call(pid, "again") == "again"


@on_node
async def test_one_whose_load_ends_the_process_of_a_new_partition_ends_for_its_supervisor_to_decide() -> None:
    loads: list[object] = []

    def load(device: object) -> None:
        loads.append(device)
        if len(loads) > 1:
            raise SystemExit("no such device")

    def run(_model: None, batch: list[str]) -> list[str]:
        raise SystemExit

    pid = await bl.Serving(run, load=load, batch_timeout=0).start()
    ended = bl.monitor(pid)
    with pytest.raises(bl.ServingLost):
        await bl.Serving.call(pid, "end")
    assert "no such device" in str((await bl.receive(ref=ended, timeout=PATIENCE)).reason)
    assert len(loads) == 2


@on_node
async def test_a_killed_partition_whose_thread_goes_on_takes_no_more_batches_with_it() -> None:
    begun, goes_on, looked = threading.Event(), threading.Event(), threading.Event()
    loads: list[int] = []

    def load(_device: object) -> None:
        loads.append(1)
        assert len(loads) == 1 or looked.wait(PATIENCE)

    def run(_model: None, batch: list[int]) -> list[int]:
        if batch == [1]:
            begun.set()
            while not goes_on.is_set():
                with suppress(BaseException):  # as code does that is in C, or swallows what stops it
                    goes_on.wait(PATIENCE)
        return batch

    pid = await bl.Serving(run, load=load, batch_size=1).start()
    state = await bl.sys.get_state(pid)
    (partition,), shelf = state["_partitions"], state["_shelf"]
    take = shelf.take

    def watched_take(who: bl.Pid) -> object:
        work = take(who)
        looked.set()
        return work

    shelf.take = watched_take
    first = asyncio.create_task(bl.Serving.call(pid, 1, timeout=PATIENCE))
    await eventually(begun.is_set)
    second = asyncio.create_task(bl.Serving.call(pid, 2, timeout=PATIENCE))
    await eventually(lambda: len(shelf) == 1)
    bl.exit(partition, "kill")
    with pytest.raises(bl.ServingLost):
        await first
    goes_on.set()
    assert await asyncio.wait_for(second, PATIENCE) == 2


@on_node
async def test_who_asks_for_a_name_that_nobody_has_hears_which_there_are() -> None:
    await bl.Serving(double).start_link(name="double")
    with pytest.raises(bl.NoServing, match=r"expected a serving 'triple' .* there are double"):
        await bl.Serving.call("triple", 1)


@on_node
async def test_a_supervisor_starts_it_again_under_its_name() -> None:
    await bl.Supervisor.start_link([bl.Serving(double, batch_timeout=0).child_spec(name="double")])
    [before] = bl.Serving.replicas("double")
    bl.exit(before, "kill")
    await eventually(lambda: bl.Serving.replicas("double") not in ([], [before]))
    assert await bl.Serving.call("double", 2) == 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"run": 3}, "expected run as a function, got 3"),
        ({"run": double, "batch_size": 0}, "expected batch_size as a number, 1 or more, got 0"),
        ({"run": double, "batch_timeout": -1}, "expected batch_timeout in seconds, 0 or more, got -1"),
        ({"run": double, "partitions": ()}, "expected partitions as a list of one device or more"),
    ],
)
def test_what_cannot_be_right_is_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises((TypeError, ValueError), match=words):
        bl.Serving(**options)


@on_node
async def test_one_that_is_drained_answers_what_it_has_refuses_more_and_ends() -> None:
    gate = threading.Event()
    pid = await bl.Serving(held(gate), batch_size=1, batch_timeout=0).start(name="leaving")
    ended = bl.monitor(pid)
    asked = [asyncio.create_task(bl.Serving.call("leaving", number)) for number in range(3)]
    await eventually(lambda: BATCHES)
    drained = asyncio.create_task(bl.Serving.drain("leaving"))
    await eventually(lambda: bl.Serving.replicas("leaving") == [])
    with pytest.raises(bl.Overloaded, match="it is about to end"):
        await bl.Serving.call(pid, 3)
    with pytest.raises(bl.NoServing):
        await bl.Serving.call("leaving", 3)
    assert not drained.done()
    gate.set()
    assert await asyncio.gather(*asked) == [0, 1, 2]
    await drained
    assert (await bl.receive(ref=ended, timeout=PATIENCE)).reason == "normal"
    await bl.Serving.drain(await bl.Serving(double).start())


@on_node
async def test_an_output_that_nobody_waits_for_any_more_holds_up_no_drain() -> None:
    begun = asyncio.Event()

    async def hang(output: object) -> object:
        begun.set()
        await asyncio.Event().wait()
        return output

    pid = await bl.Serving(list, batch_timeout=0, postprocess=hang).start()
    asking = asyncio.create_task(bl.Serving.call(pid, 1, timeout=None))
    await begun.wait()
    asking.cancel()
    await bl.Serving.drain(pid, timeout=PATIENCE)
