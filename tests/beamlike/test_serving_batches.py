"""Batches: nothing is lost, nobody shares one who should not, and each is handed out as soon as it is due."""

from __future__ import annotations

import math

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
