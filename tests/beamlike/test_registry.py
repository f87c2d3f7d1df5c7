"""Registries: who has which key, who hears of a collision, and what an end leaves behind."""

from __future__ import annotations

import asyncio
import functools
import gc
import pickle
from collections.abc import Callable, Hashable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours import registry as registries
from beamlike.behaviours.registry import AlreadyRegistered, Entry, Registry, Via, resolve
from beamlike.behaviours.registry_tables import DuplicateTable, UniqueTable
from beamlike.behaviours.servers.system import get_state
from tests.support.local_nodes import down_reason, eventually, forever, in_node, no_message, received, settled
from tests.support.second_scheduler import second_scheduler, spawn_at

R = Registry("registry")


def with_keys(keys: Any) -> Callable[[Callable[[], Any]], Callable[[], None]]:
    """Runs a test in a node with the registry R."""

    def decorate(test: Callable[[], Any]) -> Callable[[], None]:
        @functools.wraps(test)
        async def run() -> None:
            await Registry.start_link(R.name, keys=keys)
            await test()

        return in_node(run)

    return decorate


async def registered(key: Hashable, value: Any = None, *more: Hashable) -> bl.Pid:
    """A process that has the key, and more of them."""

    async def holds(ready: bl.Pid) -> None:
        for each in (key, *more):
            R.register(each, value)
        bl.send(ready, ("ready", bl.self()))
        await forever()

    pid = bl.spawn(holds, bl.self())
    await bl.receive(lambda message: message == ("ready", pid), timeout=5)
    return pid


# The tables, against a list.


Step = tuple[str, int, str]
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "drop"]), st.integers(1, 3), st.sampled_from("abc")))


@given(STEPS, st.booleans())
def test_any_history_of_a_table_agrees_with_a_naive_list(steps: list[Step], unique: bool) -> None:
    table = UniqueTable() if unique else DuplicateTable()
    naive: list[tuple[str, Entry]] = []
    for number, (what, process, key) in enumerate(steps):
        pid = bl.Pid("app@127.0.0.1", process)
        if what == "add":
            table.add(key, Entry(pid, number))
            naive = [(k, e) for k, e in naive if not unique or k != key] + [(key, Entry(pid, number))]
        elif what == "remove":
            table.remove(key, pid)
            naive = [(k, e) for k, e in naive if (k, e.pid) != (key, pid)]
        elif what == "drop":
            table.drop(pid)
            naive = [(k, e) for k, e in naive if e.pid != pid]
        for key in "abc":
            assert table.at(key) == tuple(e for k, e in naive if k == key)
        for process in (1, 2, 3):
            pid = bl.Pid("app@127.0.0.1", process)
            assert table.has(pid) == bool(table.keys(pid))
            assert sorted(map(str, table.keys(pid))) == sorted(k for k, e in naive if e.pid == pid)
        assert sorted(table.entries(), key=str) == sorted((e for _, e in naive), key=str)
    for process in (1, 2, 3):
        table.drop(bl.Pid("app@127.0.0.1", process))
    assert (table._entries, table._keys) == ({}, {})


# Unique keys.


@with_keys("unique")
async def test_any_hashable_term_is_a_key_and_a_process_may_have_many() -> None:
    keys: list[Hashable] = ["name", 7, ("floor", 2), None, bl.self()]
    for key in keys:
        R.register(key, value=f"value of {key}")
    assert all(R.whereis(key) == bl.self() for key in keys)
    assert R.lookup(7) == [Entry(bl.self(), "value of 7")]
    assert (R.keys(), R.count()) == (keys, 5)


@with_keys("unique")
async def test_a_key_has_one_process_and_the_error_says_which() -> None:
    holder = await registered("key")
    with pytest.raises(
        AlreadyRegistered, match=f"the key 'key' of registry 'registry' belongs to {holder} already"
    ) as e:
        R.register("key")
    assert (e.value.pid, e.value.key, isinstance(e.value, bl.NameTaken)) == (holder, "key", True)
    R.register("own")
    with pytest.raises(AlreadyRegistered):
        R.register("own")


@with_keys("unique")
async def test_of_many_processes_that_race_for_a_key_one_gets_it() -> None:
    async def races(to: bl.Pid) -> None:
        try:
            R.register("key")
        except AlreadyRegistered:
            bl.send(to, "lost")
        else:
            bl.send(to, "won")
        await forever()

    async with second_scheduler() as second:
        for number in range(50):
            spawn_at(second, races, bl.self()) if number % 2 else bl.spawn(races, bl.self())
        assert sorted(await received(50)) == ["lost"] * 49 + ["won"]
        await Registry.start_link("another")  # the block ends all processes, so the node lives on


@with_keys("unique")
async def test_what_an_ended_process_had_is_seen_by_nobody_and_free_at_once() -> None:
    holder = await registered("key", "value", "more")
    bl.exit(holder, "kill")
    assert (R.whereis("key"), R.lookup("key"), R.keys(holder), R.count()) == (None, [], [], 0)
    R.register("key")
    await settled()
    assert R.whereis("key") == bl.self()
    assert (R.keys(), R.count()) == (["key"], 1)


@with_keys("unique")
async def test_what_an_ended_process_had_is_removed_from_the_table() -> None:
    holder = await registered("key", None, "more")
    ref = bl.monitor(holder)
    table = R._table()
    bl.exit(holder, "boom")
    assert await down_reason(ref) == "boom"
    await eventually(lambda: not table.entries())
    assert not table.keys(holder)
    assert (await get_state(R.name))["_watched"] == set()


@with_keys("unique")
async def test_a_key_that_is_given_back_is_free_and_other_processes_keep_theirs() -> None:
    holder = await registered("theirs")
    R.register("mine")
    for key in ("mine", "theirs", "nobody's"):
        R.unregister(key)
    assert (R.whereis("mine"), R.whereis("theirs")) == (None, holder)


@with_keys("unique")
async def test_a_process_changes_the_value_of_a_key_that_it_has() -> None:
    R.register("first", 1)
    R.register("second", 2)
    assert R.update_value("first", lambda value: value + 10) == (11, 1)
    assert R.lookup("first") == [Entry(bl.self(), 11)]
    assert R.keys() == ["first", "second"]
    await registered("theirs")
    with pytest.raises(LookupError, match=r"expected a key of 'registry' that .* has, got 'theirs'; it has"):
        R.update_value("theirs", lambda value: value)


@with_keys("unique")
async def test_a_process_that_registers_anew_after_it_gave_all_back_is_still_watched() -> None:
    async def registers_twice() -> None:
        R.register("key")
        R.unregister("key")
        R.register("key")
        await asyncio.sleep(0)

    _, ref = bl.spawn_monitor(registers_twice)
    assert await down_reason(ref) == "normal"
    await eventually(lambda: not R._table().entries())


# Duplicate keys.


@with_keys("duplicate")
async def test_a_key_may_have_many_processes_and_one_of_them_several_times() -> None:
    first = await registered("topic", 1)
    R.register("topic", 2)
    R.register("topic", 3)
    assert R.lookup("topic") == [(first, 1), (bl.self(), 2), (bl.self(), 3)]
    assert (R.keys(), R.count()) == (["topic", "topic"], 3)
    R.unregister("topic")
    assert R.lookup("topic") == [(first, 1)]


@with_keys("duplicate")
async def test_dispatch_hands_over_all_entries_here_and_calls_nothing_for_none() -> None:
    seen: list[Any] = []
    R.dispatch("topic", seen.append)
    pids = [await registered("topic", number) for number in range(3)]
    R.dispatch("topic", seen.append)
    bl.exit(pids[0], "kill")
    R.dispatch("topic", lambda entries: [bl.send(bl.self(), value) for _, value in entries])
    assert seen == [[(pid, number) for number, pid in enumerate(pids)]]
    assert await received(2) == [1, 2]


@with_keys("duplicate")
async def test_questions_that_only_unique_keys_answer_are_refused() -> None:
    questions: list[Callable[[], Any]] = [
        lambda: R.whereis("key"),
        lambda: R.update_value("key", str),
        Via("registry", "key").whereis,
    ]
    for asks in questions:
        with pytest.raises(ValueError, match="the keys of registry 'registry' are duplicate"):
            asks()


# The registry itself.


@in_node
async def test_a_registry_that_does_not_run_is_an_error_that_says_how_to_start_it() -> None:
    bl.register("registry", bl.self())
    for registry in (Registry("nobody"), R):
        with pytest.raises(bl.NoProcess, match=f"no registry '{registry.name}' runs on this node; start it: "):
            registry.lookup("key")
    with pytest.raises(bl.NameTaken):
        await Registry.start("registry")
    with pytest.raises(ValueError, match="expected keys 'unique' or 'duplicate', got 'many'"):
        await Registry.start("other", keys="many")  # type: ignore[arg-type]


@in_node
async def test_a_registry_that_is_restarted_is_empty_and_the_handle_finds_it() -> None:
    spec = bl.ChildSpec("registry", functools.partial(Registry.start_link, R.name))
    await bl.Supervisor.start_link([spec])
    R.register("key")
    server = bl.whereis(R.name)
    assert server is not None
    bl.exit(server, "kill")
    await eventually(lambda: bl.whereis(R.name) is not None)
    await settled()
    assert R.whereis("key") is None
    R.register("key")
    assert R.whereis("key") == bl.self()


@in_node
async def test_the_table_of_a_registry_that_ended_is_freed() -> None:
    server = await Registry.start(R.name)
    R.register("key")
    bl.exit(server, "kill")
    await settled()
    gc.collect()
    assert server not in registries._tables
    with pytest.raises(bl.NoProcess):
        R.register("key")


@with_keys("unique")
async def test_a_handle_may_be_pickled_and_means_the_registry_of_that_name() -> None:
    R.register("key")
    assert pickle.loads(pickle.dumps(R)).whereis("key") == bl.self()


@with_keys("unique")
async def test_what_its_process_does_not_know_ends_it_with_words_that_say_so() -> None:
    server = await Registry.start("other")
    ref = bl.monitor(server)
    bl.GenServer.cast(server, "register me")
    assert "a registry does not know the cast 'register me'" in (await down_reason(ref)).message


# Addresses.


@with_keys("unique")
async def test_a_via_registers_and_finds_its_process() -> None:
    address = Via("registry", "key", value=7)
    assert address.whereis() is None
    address.register()
    assert (address.whereis(), R.lookup("key")) == (bl.self(), [Entry(bl.self(), 7)])
    assert pickle.loads(pickle.dumps(address)) == address == Via("registry", "key")
    with pytest.raises(bl.NameTaken):
        address.register()


@with_keys("unique")
async def test_an_address_of_any_kind_is_resolved_to_its_process() -> None:
    R.register("key")
    bl.register("me", bl.self())
    addresses: list[Any] = [bl.self(), "me", ("me", "test@127.0.0.1"), Via("registry", "key")]
    assert [resolve(address) for address in addresses] == [bl.self()] * 4
    assert [resolve(address) for address in ("nobody", Via("registry", "nobody"))] == [None, None]
    with pytest.raises(ValueError, match=r"other@127\.0\.0\.1 knows who has it"):
        resolve(("me", "other@127.0.0.1"))
    with pytest.raises(TypeError, match="expected a pid, a name"):
        resolve(7)  # type: ignore[arg-type]


class Echo(bl.GenServer):
    def handle_call(self, request: Any, client: Any) -> Any:
        return request


@with_keys("unique")
async def test_a_server_is_started_called_and_stopped_under_a_key() -> None:
    address = Via("registry", ("room", 7), value="kitchen")
    server = await Echo.start_link(name=address)
    assert R.lookup(("room", 7)) == [Entry(server, "kitchen")]
    assert await bl.GenServer.call(address, "hello") == "hello"
    with pytest.raises(bl.NameTaken, match=f"belongs to {server} already"):
        await Echo.start_link(name=address)
    await bl.GenServer.stop(address)
    with pytest.raises(bl.CallFailed, match="no such process"):
        await bl.GenServer.call(address, "hello")
    await no_message()
