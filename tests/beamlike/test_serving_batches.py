"""Batches: nothing is lost, nobody shares one who should not, and each is handed out as soon as it is due."""

from __future__ import annotations

import math
import pickle
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.serving.batches import Batches, Entry

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("ab"), st.sampled_from([0.5, 3.0, math.inf])),
        st.tuples(st.just("take")),
        st.tuples(st.just("shelve")),
        st.tuples(st.just("retract")),
        st.tuples(st.just("drop"), st.integers(1, 30)),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 2.5])),
    ),
    max_size=60,
)


@given(STEPS, st.integers(1, 4), st.sampled_from([0.0, 1.0, 2.0]))
def test_each_entry_leaves_once_in_a_batch_that_is_due_of_its_key_or_is_dropped_or_late(
    steps: list[tuple[object, ...]], size: int, wait: float
) -> None:
    batches, now, number = Batches(size, wait), 0.0, 0
    waiting: dict[int, Entry] = {}
    shelved: list[list[Entry]] = []
    for step in steps:
        match step:
            case ("add", str() as key, float() as patience):
                number += 1
                waiting[number] = Entry(number, number, key, now, now + patience)
                batches.add(waiting[number])
            case ("drop", int() as id):
                batches.drop([id])
                waiting.pop(id, None)
            case ("wait", float() as seconds):
                now += seconds
                late = batches.late(now)
                assert {entry.id for entry in late} == {id for id, it in waiting.items() if it.deadline <= now}
                for entry in late:
                    del waiting[entry.id]
            case ("shelve",):
                has_full, batch = batches.has_full, batches.take_full()
                assert len(batch) == (size if has_full else 0)
                check(batch, waiting, size, math.inf, now)
                shelved += [batch] if batch else []
                for entry in batch:
                    del waiting[entry.id]
            case ("retract",):
                for batch in reversed(shelved):
                    batches.put_back(batch)
                    waiting |= {entry.id: entry for entry in batch}
                waiting = dict(sorted(waiting.items()))
                shelved.clear()
            case ("take",) if not shelved:  # or what is on the shelf comes before
                due = batches.due_at(now)
                batch = batches.take(now)
                assert bool(batch) == (due is not None and due <= now)
                check(batch, waiting, size, wait, now)
                for entry in batch:
                    del waiting[entry.id]
        assert len(batches) == len(waiting)
        deadlines = [it.deadline for it in waiting.values() if it.deadline < math.inf]
        assert batches.next_deadline() == min(deadlines, default=None)


def check(batch: list[Entry], waiting: dict[int, Entry], size: int, wait: float, now: float) -> None:
    if not batch:
        return
    key = batch[0].key
    same = [it for it in waiting.values() if it.key == key]
    assert batch == same[:size], "the oldest of one key, in order"
    assert len(same) >= size or same[0].since + wait <= now, "it is full, or its oldest has waited"
    for other in {it.key for it in waiting.values()} - {key}:
        theirs = [it for it in waiting.values() if it.key == other]
        is_due = len(theirs) >= size or theirs[0].since + wait <= now
        assert not is_due or theirs[0].since >= batch[0].since, "who has waited longest comes first"


class Plain:
    """The same by looking at everything: queues in the order in which their keys came."""

    def __init__(self, size: int, wait: float) -> None:
        self.size, self.wait = size, wait
        self.queues: dict[str, list[Entry]] = {}

    def add(self, entry: Entry) -> None:
        self.queues.setdefault(str(entry.key), []).append(entry)

    def put_back(self, entries: Sequence[Entry]) -> None:
        key = str(entries[0].key)
        self.queues[key] = [*entries, *self.queues.pop(key, [])]

    def drop(self, ids: Sequence[int]) -> None:
        left = {key: [it for it in queue if it.id not in ids] for key, queue in self.queues.items()}
        self.queues = {key: queue for key, queue in left.items() if queue}

    def late(self, now: float) -> list[Entry]:
        late = [it for queue in self.queues.values() for it in queue if it.deadline <= now]
        self.drop([it.id for it in late])
        return sorted(late, key=lambda it: (it.deadline, it.id))

    def due_at(self, now: float) -> float | None:
        return min((self.due(queue, now) for queue in self.queues.values()), default=None)

    def due(self, queue: list[Entry], now: float) -> float:
        return now if len(queue) >= self.size else queue[0].since + self.wait

    def take(self, now: float) -> list[Entry]:
        return self.first([queue for queue in self.queues.values() if self.due(queue, now) <= now])

    def take_full(self) -> list[Entry]:
        return self.first([queue for queue in self.queues.values() if len(queue) >= self.size])

    @property
    def has_full(self) -> bool:
        return any(len(queue) >= self.size for queue in self.queues.values())

    def first(self, queues: list[list[Entry]]) -> list[Entry]:
        batch = min(queues, key=lambda queue: queue[0].since, default=[])[: self.size]
        self.drop([it.id for it in batch])
        return batch


@given(
    st.lists(
        st.one_of(
            st.tuples(
                st.just("add"),
                st.sampled_from("abcde"),
                st.sampled_from([0.5, 3.0, math.inf]),
                st.sampled_from([0.0, 0.0, 0.5, 2.0]),
            ),
            st.tuples(st.sampled_from(["take", "shelve", "retract", "late"])),
            st.tuples(st.just("drop"), st.lists(st.integers(1, 30), max_size=4)),
            st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 2.5])),
            st.tuples(st.just("another model"), st.integers(1, 4), st.sampled_from([0.0, 1.0])),
        ),
        max_size=80,
    ),
    st.integers(1, 4),
    st.sampled_from([0.0, 1.0, 2.0]),
)
def test_what_is_due_and_what_is_taken_are_as_if_all_that_waits_were_looked_at(
    steps: list[tuple[object, ...]], size: int, wait: float
) -> None:
    batches, plain, now, number = Batches(size, wait), Plain(size, wait), 0.0, 0
    shelved: list[list[Entry]] = []
    for step in steps:
        match step:
            case ("add", str() as key, float() as patience, float() as ago):
                number += 1
                entry = Entry(number, number, key, now - ago, now + patience)
                batches.add(entry)
                plain.add(entry)
            case ("take",):
                assert batches.take(now) == plain.take(now)
            case ("shelve",):
                batch = batches.take_full()
                assert batch == plain.take_full()
                shelved += [batch] if batch else []
            case ("retract",):
                while shelved:
                    batches.put_back(shelved[-1])
                    plain.put_back(shelved.pop())
            case ("late",):
                assert batches.late(now) == plain.late(now)
            case ("drop", list() as ids):
                batches.drop(ids)
                plain.drop(ids)
            case ("wait", float() as seconds):
                now += seconds
            case ("another model", int() as larger, float() as longer):
                batches.size = plain.size = larger
                batches.wait = plain.wait = longer
        assert batches.due_at(now) == plain.due_at(now)
        assert batches.has_full == plain.has_full
        assert len(batches) == sum(map(len, plain.queues.values()))


class Watched(Entry):
    """Counts how often anybody asks since when it has waited, as is done to compare it with others."""

    looks = 0

    def __getattribute__(self, name: str) -> Any:
        Watched.looks += name == "since"
        return super().__getattribute__(name)


@pytest.mark.parametrize("size", [1, 2])
def test_however_many_keys_there_are_few_are_looked_at_to_find_what_is_due(size: int) -> None:
    many = 1_000
    batches = Batches(size, wait=1.0)
    for number in range(many):
        batches.add(Watched(number, number, key=number, since=0.001 * number))
    Watched.looks = 0
    taken = 0
    while (due := batches.due_at(now=10.0)) is not None and due <= 10.0:
        batch = batches.take_full() if batches.has_full else batches.take(10.0)
        taken += len(batch)
    assert taken == many
    assert Watched.looks < 5 * many


def test_keys_that_come_and_go_while_an_old_one_waits_leave_nothing_behind() -> None:
    batches = Batches(2, wait=1_000.0)
    batches.add(Entry(0, "waits", "old", since=0.0))
    for number in range(1, 1_001):
        batches.add(Entry(number, "goes", number, since=float(number)))
        batches.drop([number])
    assert len(pickle.dumps(batches)) < 5_000, "as much as a few would take"
