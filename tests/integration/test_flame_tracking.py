"""References between a node and its real children: what they are there, what they hold, and what frees them."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import pickle
import signal
import threading
import time
import weakref
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import pytest

import beamlike as bl
import flame
import nodes
from flame.tracking import tracked
from flame.tracking.keeper import keeper_here
from tests.support.child_node import with_child_node
from tests.support.local_nodes import eventually

SECONDS = 20.0


class Model:
    """Cannot travel, for the lock in it, and can be seen to be freed."""

    made: ClassVar[weakref.WeakSet[Model]] = weakref.WeakSet()

    def __init__(self, weights: bytes = b"") -> None:
        self.weights = weights
        self.lock = threading.Lock()
        Model.made.add(self)

    def pid(self) -> int:
        return os.getpid()

    async def pid_later(self) -> int:
        await asyncio.sleep(0)
        return os.getpid()

    def itself(self) -> Model:
        return self

    def size(self, other: Model) -> int:
        return len(self.weights) + len(other.weights)

    def fail(self) -> None:
        raise ZeroDivisionError("as told")

    def block(self) -> None:
        while True:
            time.sleep(0.01)  # an interrupt comes in between


def make(weights: bytes = b"") -> flame.RemoteRef:
    return flame.keep(Model(weights))


def living() -> int:
    gc.collect()
    return len(Model.made)


def known_references() -> int:
    gc.collect()
    return len(keeper_here()._holdings)


def under_way() -> int:
    """References that have left, and that nobody has claimed yet: these are held for as long as that may take."""
    gc.collect()
    return sum(len(holding.pins) for holding in keeper_here()._holdings.values())


async def there(node: str, function: Callable[..., Any], *args: Any) -> Any:
    return await bl.rpc.call(node, function, *args, timeout=SECONDS)


async def until(node: str, function: Callable[[], int], expected: int) -> float:
    """Returns, when it is so on that node, after how many seconds."""
    began = time.monotonic()
    while (found := await there(node, function)) != expected:
        gc.collect()
        assert time.monotonic() < began + SECONDS, f"expected {expected} on {node}, found {found}"
        await asyncio.sleep(0.01)
    return time.monotonic() - began


async def until_nothing_is_left(*names: str) -> None:
    for name in names:
        await until(name, living, 0)
        await until(name, known_references, 0)
    await until(bl.self().node, known_references, 0)


def with_two_children(test: Callable[[nodes.Child, nodes.Child], Awaitable[None]]) -> Callable[[], None]:
    def run() -> None:
        async def main() -> None:
            async with bl.Node("near@127.0.0.1", secret=b"a secret of the test"):
                first, second = await asyncio.gather(nodes.boot(nodes.Local()), nodes.boot(nodes.Local()))
                try:
                    await test(first, second)
                finally:
                    await asyncio.gather(first.stop(grace=0.1), second.stop(grace=0.1))

        asyncio.run(main())

    return run


# What a reference is.


@with_child_node
async def test_a_value_that_cannot_travel_is_asked_where_it_is(child: nodes.Child) -> None:
    ref = await there(child.node, make)
    assert (ref.node, ref.type) == (child.node, f"{__name__}.Model")
    there_pid = await there(child.node, os.getpid)
    assert await ref.call("pid") == await ref.call("pid_later", timeout=SECONDS) == there_pid
    assert await ref.get("weights") == b""
    del ref
    await until_nothing_is_left(child.node)


@with_child_node
async def test_a_reference_is_the_value_itself_on_its_own_node(child: nodes.Child) -> None:
    ref = await there(child.node, make)
    assert await there(child.node, lambda model: type(model).__name__, ref) == "Model"
    assert await there(child.node, lambda one, other: one is other, ref, [ref][0])
    assert await there(child.node, lambda models: [model.weights for model in models], [ref, ref]) == [b"", b""]
    del ref
    await until_nothing_is_left(child.node)


@with_child_node
async def test_what_a_method_returns_is_a_reference_again_if_it_cannot_travel(child: nodes.Child) -> None:
    ref = await there(child.node, make, b"abc")
    again = await ref.call("itself")
    assert isinstance(again, flame.RemoteRef)
    assert isinstance(await ref.get("lock"), flame.RemoteRef)
    assert await ref.call("size", again) == 6
    del ref
    assert await there(child.node, living) == 1
    del again
    await until_nothing_is_left(child.node)


@with_child_node
async def test_a_methods_exception_is_raised_as_its_own_type(child: nodes.Child) -> None:
    ref = await there(child.node, make)
    with pytest.raises(ZeroDivisionError, match="as told"):
        await ref.call("fail")
    with pytest.raises(AttributeError, match="no_such"):
        await ref.call("no_such")
    with pytest.raises(flame.RefTimeout, match=r"block\(\) of the .*Model on .* gave no result within 0.2 s"):
        await ref.call("block", timeout=0.2)


@with_child_node
async def test_a_copy_is_fetched_if_the_value_can_travel(child: nodes.Child) -> None:
    ref = await there(child.node, lambda: flame.keep({"a": [1, 2], "b": b"x" * 1000}))
    assert await ref.fetch(timeout=SECONDS, max_result=10_000) == {"a": [1, 2], "b": b"x" * 1000}
    with pytest.raises(flame.CannotFetch, match=r"at most 500 bytes, the dict on .* has about 10"):
        await ref.fetch(max_result=500)
    with pytest.raises(flame.CannotFetch, match=r"Model on .* cannot travel: .*lock.* use ref.call"):
        await (await there(child.node, make)).fetch()


@with_child_node
async def test_a_large_value_of_unknown_size_is_not_fetched(child: nodes.Child) -> None:
    ref = await there(child.node, lambda: flame.keep(functools.partial(print, b"x" * 100_000)))
    assert ref.size is None
    with pytest.raises(flame.CannotFetch, match="has more"):
        await ref.fetch(max_result=50_000)


def test_on_its_own_node_a_reference_gives_the_value_itself() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret=b"s"):
            model = Model(b"ab")
            ref = flame.keep(model)
            assert ref.is_here
            assert await ref.fetch() is model
            assert await ref.call("itself") is model
            assert pickle.loads(pickle.dumps(ref)) is model
            with pytest.raises(flame.RefTimeout):
                await ref.call("block", timeout=0.05)
            with pytest.raises(TypeError, match="a reference to one"):
                flame.keep(ref)
            del ref, model
            await eventually(lambda: living() == 0)

    asyncio.run(main())


# What it holds.


def drops() -> list[list[int]]:
    return [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]


HELD: dict[int, flame.RemoteRef] = {}


def hold(place: int, ref: flame.RemoteRef) -> None:
    HELD[place] = ref


def let_go(place: int) -> None:
    del HELD[place]


@with_two_children
async def test_whoever_drops_it_last_frees_it(home: nodes.Child, other: nodes.Child) -> None:
    for order in drops():
        ref = await there(home.node, make)
        await there(other.node, hold, 1, ref)
        await there(other.node, hold, 2, ref)
        held: dict[int, Callable[[], Awaitable[None]]] = {
            1: functools.partial(there, other.node, let_go, 1),
            2: functools.partial(there, other.node, let_go, 2),
        }
        for number, place in enumerate(order):
            assert await there(home.node, living) == 1
            if place == 0:
                del ref
            else:
                await held[place]()
            if number < 2:
                await asyncio.sleep(0.05)  # whoever frees it too early does so soon
        assert await until(home.node, living, 0) < SECONDS / 2
        await until_nothing_is_left(home.node, other.node)


@with_two_children
async def test_another_child_reaches_the_value_through_the_parent(home: nodes.Child, other: nodes.Child) -> None:
    async def use(ref: flame.RemoteRef) -> tuple[int, bool, Any]:
        return await ref.call("pid"), isinstance(await ref.call("itself"), flame.RemoteRef), await ref.get("weights")

    ref = await there(home.node, make, b"abc")
    assert await there(other.node, use, ref) == (await there(home.node, os.getpid), True, b"abc")
    del ref
    await until_nothing_is_left(home.node, other.node)


@with_two_children
async def test_a_reference_that_goes_round_is_freed_all_the_same(home: nodes.Child, other: nodes.Child) -> None:
    ref = await there(home.node, make)
    for _ in range(3):
        ref = await there(other.node, lambda ref: ref, ref)
    assert await there(home.node, lambda model: model.weights, ref) == b""
    del ref
    await until_nothing_is_left(home.node, other.node)


@with_child_node
async def test_a_reference_that_is_only_on_its_way_holds_the_value(child: nodes.Child) -> None:
    data = await there(child.node, lambda: pickle.dumps(make()))
    assert await there(child.node, living) == 1
    ref = pickle.loads(data)
    assert pickle.loads(data) == ref  # while it is held the same bytes are good again
    assert await ref.get("weights") == b""
    del ref
    await until_nothing_is_left(child.node)
    with pytest.raises(flame.RefLost, match="released"):
        await asyncio.wait_for(_asked_until_lost(pickle.loads(data)), SECONDS)


async def _asked_until_lost(ref: flame.RemoteRef) -> None:
    while True:
        await ref.get("weights")


@with_child_node
async def test_a_term_that_is_pickled_twice_before_it_leaves_pins_nothing_for_long(child: nodes.Child) -> None:
    """A function of this file makes the first, plain pickler give up, after it has pickled the reference."""

    def local() -> None: ...

    model = Model()
    await there(child.node, hold, 0, (flame.keep(model), {"also": local}))
    await there(child.node, let_go, 0)
    await until_nothing_is_left(child.node)


@with_child_node
async def test_references_are_used_by_many_threads_at_once(child: nodes.Child) -> None:
    ref = await there(child.node, make)

    def churn(ref: flame.RemoteRef) -> None:
        for _ in range(200):
            copies = [pickle.loads(pickle.dumps(ref)) for _ in range(5)]
            del copies

    await asyncio.gather(*(asyncio.to_thread(churn, ref) for _ in range(4)))
    assert await ref.get("weights") == b""
    del ref
    await until_nothing_is_left(child.node)


@with_child_node
async def test_a_copy_that_is_released_is_of_no_use_and_holds_nothing(child: nodes.Child) -> None:
    ref = await there(child.node, make)
    ref.release()
    await until(child.node, living, 0)
    with pytest.raises(flame.RefLost, match="this copy of the reference was released"):
        await ref.get("weights")


# What loses it.


async def loss_of(ref: flame.RemoteRef) -> tuple[str, str]:
    try:
        while True:
            await ref.get("weights")
    except flame.RefLost as error:
        return error.node, error.type


async def loss_of_held(place: int) -> tuple[str, str]:
    return await loss_of(HELD[place])


@with_two_children
async def test_a_reference_is_lost_with_its_node_and_says_so(home: nodes.Child, other: nodes.Child) -> None:
    ref = await there(home.node, make)
    await there(other.node, hold, 0, ref)
    bl.rpc.cast(home.node, os.kill, await there(home.node, os.getpid), signal.SIGKILL)
    assert await loss_of(ref) == (home.node, ref.type)
    with pytest.raises(flame.RefLost, match=r"Model on .* is gone: .* was lost"):
        await ref.fetch()
    assert await there(other.node, loss_of_held, 0) == (home.node, ref.type)
    del ref
    await there(other.node, let_go, 0)
    await until(other.node, known_references, 0)
    await until(bl.self().node, known_references, 0)


@with_two_children
async def test_a_holder_that_dies_holds_nothing(home: nodes.Child, other: nodes.Child) -> None:
    await there(other.node, hold, 0, await there(home.node, make))
    for node in (bl.self().node, home.node):
        await until(node, under_way, 0)
    assert await there(home.node, living) == 1
    bl.rpc.cast(other.node, os.kill, await there(other.node, os.getpid), signal.SIGKILL)
    await until_nothing_is_left(home.node)


def test_a_holder_that_is_frozen_for_longer_than_its_node_may_be_silent_holds_nothing() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local(), lease=5.0)  # longer than a busy machine is silent
            pid = await there(child.node, os.getpid)
            await there(child.node, hold, 0, make())
            await eventually(lambda: under_way() == 0)
            assert living() == 1
            os.kill(pid, signal.SIGSTOP)
            try:
                await eventually(lambda: living() == 0)
            finally:
                os.kill(pid, signal.SIGCONT)
                await child.stop(grace=0.1)

    asyncio.run(main())


# Results.


def releases() -> list[int]:
    return RELEASES


def count_releases(value: Any, limit: int = 10_000) -> tuple[Any, int]:
    result = tracked(value, limit)
    result.released.then(functools.partial(RELEASES.append, len(result.refs)))
    return result.value, len(result.refs)


RELEASES: list[int] = []


@with_child_node
async def test_a_result_frees_its_slot_once_when_all_that_stays_of_it_is_freed(child: nodes.Child) -> None:
    def call() -> tuple[Any, int]:
        return count_releases({"model": Model(), "data": [b"x" * 20_000, 1], "own": make(), "loss": 0.5})

    result, count = await there(child.node, call)
    assert count == 3
    assert result["loss"] == 0.5
    assert result["data"][1] == 1
    assert await result["model"].get("weights") == b""
    assert await result["data"][0].fetch() == b"x" * 20_000
    own = result["own"]
    del result
    await until(child.node, living, 1)
    assert await there(child.node, releases) == []
    del own
    await until_nothing_is_left(child.node)
    assert await there(child.node, releases) == [3]


@with_child_node
async def test_the_wait_for_a_release_ends_with_the_last_reference(child: nodes.Child) -> None:
    async def wait(home: bl.Pid) -> None:
        result = tracked(Model())
        bl.send(home, result.value)
        released = result.released
        del result
        await released.wait()

    waiting = asyncio.create_task(there(child.node, wait, bl.self()))
    ref = await bl.receive(timeout=SECONDS)
    await asyncio.sleep(0.05)
    assert not waiting.done()
    del ref
    gc.collect()
    await waiting


def test_nothing_is_waited_for_where_nothing_stays() -> None:
    async def main() -> None:
        async with bl.Node("near@127.0.0.1", secret=b"s"):
            result = tracked([1, "two", {"three": b"3"}])
            assert result.refs == ()
            await result.released.wait()

    asyncio.run(main())
