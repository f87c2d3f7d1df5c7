"""Facts travel as plain terms, whatever is in them; and what is none is refused in words."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beamlike.inspect import facts
from beamlike.inspect.envelope import PIECE, unwrap, wrap
from beamlike.inspect.facts import NameFacts, Snapshot
from beamlike.inspect.looking.lag_histogram import Lags
from beamlike.inspect.plain import from_plain, to_plain
from beamlike.kernel.terms import Pid
from beamlike.kernel.threads.thread_stack import Place

RECORDS = [it for name, it in vars(facts).items() if name.endswith(("Facts", "Histogram", "Tree", "Line"))]
SMALL = {
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    str: st.text(max_size=20),
    bool: st.booleans(),
    NoneType: st.none(),
    Pid: st.builds(Pid, st.text(max_size=5), st.integers(0, 2**60)),
}


def values(hint: Any, depth: int = 2) -> st.SearchStrategy[Any]:
    if hint in SMALL:
        return SMALL[hint]
    if get_origin(hint) is UnionType:
        return st.one_of([values(each, depth) for each in get_args(hint)])
    if get_origin(hint) is tuple:
        inner = get_args(hint)[0]
        return st.lists(values(inner, depth - 1), max_size=2).map(tuple) if depth else st.just(())
    return records(hint, depth)


def records(kind: Any, depth: int = 2) -> st.SearchStrategy[Any]:
    hints = get_type_hints(kind)
    fields = {it: values(hint, depth) for it, hint in hints.items() if it in kind.__dataclass_fields__}
    return st.builds(kind, **fields)


@pytest.mark.parametrize("kind", [Place, *RECORDS], ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_any_record_comes_out_of_its_envelope_as_it_went_in(kind: Any, data: st.DataObject) -> None:
    record = data.draw(records(kind))
    assert from_plain(kind, unwrap(b"".join(wrap(to_plain(record))))) == record


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), st.lists, max_leaves=8))
def test_what_is_no_record_is_refused_with_a_value_error(nonsense: Any) -> None:
    with pytest.raises(ValueError, match="expected"):
        from_plain(Snapshot, {"at": nonsense, "node": nonsense})


@given(st.binary())
def test_what_is_no_answer_is_refused_with_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="expected an answer of an inspector"):
        unwrap(data)


def test_a_bomb_is_not_unpacked() -> None:
    import zlib

    with pytest.raises(ValueError, match="expected an answer of an inspector"):
        unwrap(zlib.compress(msgpack.packb(b"\0" * (40 << 20))))


def test_a_large_answer_leaves_in_pieces_that_fit_into_a_small_message() -> None:
    import random

    drawn = random.Random(7)
    noise = [drawn.getrandbits(63) for _ in range(50_000)]
    pieces = wrap(noise)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= PIECE
    assert unwrap(b"".join(pieces)) == noise


def test_a_newer_node_may_tell_more_and_an_older_one_less() -> None:
    pid = Pid("a@h", 7)
    plain = to_plain(NameFacts("clock", pid, "node"))
    assert from_plain(NameFacts, plain | {"colour": "blue"}) == NameFacts("clock", pid, "node")
    del plain["scope"]
    with pytest.raises(ValueError, match="expected scope in a NameFacts, got none"):
        from_plain(NameFacts, plain)


@given(st.lists(st.floats(0, 100), min_size=1))
def test_a_quantile_bounds_its_share_of_the_lags_from_above(seconds: list[float]) -> None:
    lags = Lags()
    for each in seconds:
        lags.add(each)
    found = lags.facts
    assert found.count == len(seconds)
    for share in (0.5, 0.9, 1.0):
        bound = found.quantile(share)
        assert sum(each <= bound for each in seconds) >= share * len(seconds) - 1e-6
        assert bound <= max(seconds)
