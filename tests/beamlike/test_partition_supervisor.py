"""PartitionSupervisor: copies of one child, and the one in charge of a key."""

from __future__ import annotations

import os
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
from beamlike.behaviours.child_spec import child_spec_of
from beamlike.behaviours.supervision.child_errors import BadChild, NoChild, StartFailed
from beamlike.behaviours.supervision.partition_supervisor import PartitionSupervisor, partition_of
from tests.support.local_nodes import eventually, in_node, settled
from tests.support.supervised import pids_of, plain

via = PartitionSupervisor.via


class Copy(bl.GenServer):
    """Keeps what it is told."""

    def init(self, number: int | None = None) -> None:
        self.number, self.kept = number, 0

    def handle_call(self, request: Any, client: Any) -> Any:
        return (self.number, self.kept)

    def handle_cast(self, request: Any) -> None:
        self.kept = request


@in_node
async def test_an_integer_belongs_to_the_copy_of_that_number() -> None:
    supervisor = await PartitionSupervisor.start_link(child_spec_of(Copy), partitions=4, name="copies")
    copies = [via("copies", number) for number in range(4)]
    assert len(set(copies)) == 4
    assert list((await pids_of(supervisor)).values()) == copies
    assert (via("copies", 5), via(supervisor, 6), via("copies", -1)) == (copies[1], copies[2], copies[3])
    assert PartitionSupervisor.partitions("copies") == 4


@in_node
async def test_any_other_key_belongs_to_the_same_copy_every_time() -> None:
    await PartitionSupervisor.start_link(child_spec_of(Copy), partitions=8, name="copies")
    for key in ("some key", ("user", 7), b"bytes", bl.self()):
        assert len({via("copies", key) for _ in range(20)}) == 1
    assert len({via("copies", f"user {number}") for number in range(200)}) == 8


@given(
    key=st.one_of(st.integers(), st.text(), st.binary(), st.tuples(st.text(), st.integers())), count=st.integers(1, 9)
)
def test_every_key_has_a_partition(key: Any, count: int) -> None:
    assert partition_of(key, count) in range(count)


def test_text_and_numbers_have_the_same_partition_in_every_run() -> None:
    assert [partition_of(key, 16) for key in ("a", "some key", "schlüssel", 17)] == [3, 10, 6, 1]


@in_node
async def test_only_the_copy_that_ended_starts_anew() -> None:
    await PartitionSupervisor.start_link(child_spec_of(Copy), partitions=3, name="copies")
    for number in range(3):
        bl.GenServer.cast(via("copies", number), number + 10)
    before = via("copies", 1)
    bl.exit(before, "kill")
    await eventually(lambda: via("copies", 1) != before)
    assert [await bl.GenServer.call(via("copies", number), "kept") for number in range(3)] == [
        (None, 10),
        (None, 0),
        (None, 12),
    ]


@in_node
async def test_each_copy_may_be_specified_by_its_number() -> None:
    def copy(number: int) -> bl.ChildSpec:
        return child_spec_of(Copy, number, name=f"copy {number}")

    await PartitionSupervisor.start_link(copy, partitions=2, name="copies")
    assert await bl.GenServer.call(via("copies", 1), "number") == (1, 0)
    assert bl.whereis("copy 1") == via("copies", 1)


@in_node
async def test_copies_that_would_share_a_name_fail_the_start() -> None:
    with pytest.raises(
        StartFailed, match=r"worker 1, registered as 'same' .* did not start: .* the name 'same' belongs to"
    ):
        await PartitionSupervisor.start_link(child_spec_of(Copy, name="same"), partitions=2)
    assert bl.processes() == [bl.self()]


@in_node
async def test_there_are_as_many_copies_as_processors_unless_told() -> None:
    supervisor = await PartitionSupervisor.start_link(plain("copy"))
    assert PartitionSupervisor.partitions(supervisor) == os.cpu_count()
    for count in (0, -1, 1.5):
        with pytest.raises(ValueError, match=f"expected partitions as a number, 1 or more, got {count}"):
            await PartitionSupervisor.start_link(plain("copy"), partitions=count)  # type: ignore[arg-type]


@in_node
async def test_what_is_no_partition_supervisor_or_has_ended_has_no_copies() -> None:
    supervisor = await PartitionSupervisor.start(plain("copy"), partitions=2, name="copies")
    bl.exit(supervisor, "kill")
    await settled()
    for other in ("copies", supervisor, bl.self(), "nobody"):
        with pytest.raises(bl.NoProcess, match=r"no PartitionSupervisor .* runs on this node"):
            via(other, 1)


@in_node
async def test_a_copy_that_does_not_run_is_told() -> None:
    await PartitionSupervisor.start_link(only_even, partitions=4, name="copies")
    assert bl.is_alive(via("copies", 2))
    with pytest.raises(NoChild, match=r"expected a child of this supervisor, got 1; known: \[0, 2\]"):
        via("copies", 1)


def only_even(number: int) -> bl.ChildSpec:
    return plain("even") if number % 2 == 0 else bl.ChildSpec("odd", lambda: None)


@in_node
async def test_copies_neither_come_nor_go_but_can_be_stopped_and_started() -> None:
    supervisor = await PartitionSupervisor.start_link(plain("copy"), partitions=2)
    with pytest.raises(BadChild, match="child 'third' cannot come or go: the number of partitions is fixed"):
        await PartitionSupervisor.start_child(supervisor, plain("third"))
    await PartitionSupervisor.terminate_child(supervisor, 1)
    with pytest.raises(BadChild, match="child 1 cannot come or go"):
        await PartitionSupervisor.delete_child(supervisor, 1)
    with pytest.raises(NoChild):
        via(supervisor, 1)
    assert await PartitionSupervisor.restart_child(supervisor, 1) == via(supervisor, 1)


@in_node
async def test_the_copy_is_found_from_any_thread_of_the_node() -> None:
    supervisor = await PartitionSupervisor.start_link(plain("copy"), partitions=2)
    found: list[bl.Pid] = []
    thread = threading.Thread(target=lambda: found.append(via(supervisor, 1)))
    thread.start()
    await eventually(lambda: not thread.is_alive())
    assert found == [via(supervisor, 1)]
