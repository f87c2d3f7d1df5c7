import asyncio
import ctypes
import enum
import pickle
import sys
import traceback
import weakref
from collections import namedtuple
from collections.abc import Iterable
from typing import Any

import msgpack
import pytest
from hypothesis import example, given

from beamlike.distribution.packing import (
    HEARD,
    MOST_COMPOUNDS,
    Draft,
    Packing,
    Undecodable,
    batch,
    is_plain,
    pack_ahead,
)
from beamlike.distribution.terms_codec import LARGE, Buffer, Encoded, PickleCodec, TermCodec
from beamlike.kernel.terms import ExceptionInfo, Pid, Ref, Reply
from tests.support.codecs import RememberingCodec, UntouchedCodec
from tests.support.terms import plain_terms, same

PID = Pid("a@127.0.0.1", 7)
REF = Ref("a@127.0.0.1", 8)

Point = namedtuple("Point", "x y")


class Text(str):
    __slots__ = ()


class Number(int):
    pass


class Color(enum.IntEnum):
    RED = 1


class Record(dict[str, int]):
    pass


class Grumpy(Exception):
    """Pickles, and cannot be unpickled: its __init__ needs more than its args."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)


HERE, THERE = "a@127.0.0.1", "b@127.0.0.1"


def round_trip(term: object, codec: TermCodec | None = None) -> Any:
    """What the other side gets of a term."""
    codec = codec or UntouchedCodec()
    packing, there = Packing(codec, HERE, THERE), Packing(codec, THERE, HERE)
    draft = Draft()
    data = packing.pack([packing.term(term, draft)])
    return there.unpack(data, draft.buffers)[0]


@given(plain_terms)
@example(["a file name \udcff"])
@example({-0.0: 2**64, 2**63: -(2**63), -(2**63) - 1: float("nan")})
def test_plain_terms_come_out_as_they_went_in_and_no_codec_is_asked(term: object) -> None:
    assert is_plain(term)
    assert same(round_trip(term), term)


@pytest.mark.parametrize(
    "term",
    [
        Text("a"),
        Number(1),
        Color.RED,
        Point(1, 2),
        Record(a=1),
        bytearray(b"a"),
        memoryview(b"a"),
        {1},
        frozenset({1}),
        1j,
        msgpack.ExtType(1, b""),
        msgpack.Timestamp(1),
        object(),
        print,
        Color,
    ],
    ids=lambda term: f"{type(term).__name__} {term}".partition(" at 0x")[0],
)
def test_whatever_msgpack_would_change_is_not_plain_however_deep_it_hides(term: object) -> None:
    assert not is_plain(term)
    assert not is_plain(([{"a": (term,)}], 1))
    assert not is_plain(Reply(REF, (1, [term])))


def test_dicts_may_have_any_plain_key() -> None:
    term = {None: 1, (1, ("a", PID)): 2, REF: 3, 1.5: 4, b"b": 5, True: 6}
    assert same(round_trip(term), term)


def test_a_key_that_is_not_plain_makes_its_dict_not_plain() -> None:
    assert not is_plain({frozenset({1}): 1})


def test_terms_of_very_many_parts_are_left_to_the_codec() -> None:
    assert is_plain([[]] * (MOST_COMPOUNDS - 1))
    assert not is_plain([[]] * MOST_COMPOUNDS)
    assert is_plain(list(range(10_000)))


def test_a_term_that_contains_itself_is_not_plain() -> None:
    knot: list[object] = []
    knot.append(knot)
    assert not is_plain(knot)


def test_shared_parts_do_not_multiply_the_work() -> None:
    term: list[object] = []
    for _ in range(100):
        term = [term, term]
    assert not is_plain(term)


def test_exceptions_travel_with_their_info() -> None:
    info = ExceptionInfo("ValueError", "no", "Traceback ...", "a@127.0.0.1", PID, ValueError("no"))
    arrived = round_trip(Reply(REF, info), PickleCodec())
    assert arrived == Reply(REF, info)
    assert arrived.value.exception.args == ("no",)


@pytest.mark.parametrize("exception", [ValueError(lambda: 1), Grumpy(1, "no")], ids=["unpicklable", "unloadable"])
def test_an_exception_that_cannot_travel_stays_behind_and_its_info_arrives(exception: Exception) -> None:
    info = ExceptionInfo("E", "no", "Traceback ...", "a@127.0.0.1", PID, exception)
    arrived = round_trip(("crashed", info), PickleCodec())
    assert arrived == ("crashed", info)
    assert arrived[1].exception is None


class Wordless(Exception):
    def __str__(self) -> str:
        sys.exit(3)


RAISED = [ModuleNotFoundError, SystemExit, KeyboardInterrupt, asyncio.CancelledError, GeneratorExit, Wordless]


@pytest.mark.parametrize("error", RAISED)
def test_a_coded_term_that_cannot_be_decoded_leaves_the_rest_readable(error: type[BaseException]) -> None:
    class Picky(PickleCodec):
        def decode(self, data: Buffer, buffers: Iterable[Buffer]) -> object:
            raise error("No module named 'there'")

    packing = Packing(Picky(), HERE, HERE)
    before, term, after = packing.unpack(packing.pack([PID, packing.code({1}, Draft()), REF]), ())
    assert (before, after) == (PID, REF)
    assert isinstance(term, Undecodable)
    said = "str() of it raised SystemExit" if error is Wordless else "No module named 'there'"
    assert said in str(term.error)


def fail(array: object) -> None:
    try:
        raise ValueError("no use for an array")
    except ValueError as error:
        raise TypeError("nor for this one") from error


def test_what_cannot_be_decoded_is_not_kept_by_the_error_that_says_so() -> None:
    class Unreadable:
        def __reduce__(self) -> tuple[object, ...]:
            return fail, (pickle.PickleBuffer(bytearray(LARGE + 1)),)

    packing, draft = Packing(PickleCodec(), HERE, HERE), Draft()
    packed = packing.pack([packing.code(Unreadable(), draft)])
    array = (ctypes.c_char * (LARGE + 1))()
    buffers, there = [memoryview(array)], weakref.ref(array)
    [term] = packing.unpack(packed, buffers)
    del array
    buffers.clear()
    assert there() is None
    lines = "".join(traceback.format_exception(term.error))
    assert "in fail" in lines
    assert "no use for an array" in lines


def test_a_finalizer_may_pack_while_another_term_is_being_packed() -> None:
    class Nesting(PickleCodec):
        def draft(self, term: object, *, alone: bool) -> Encoded:
            assert round_trip((2, (3, PID))) == (2, (3, PID))
            return super().draft(term, alone=alone)

    info = ExceptionInfo("E", "no", "Traceback ...", "a@127.0.0.1", PID, ValueError("no"))
    assert round_trip(("before", info, "after"), Nesting()) == ("before", info, "after")


@pytest.mark.parametrize("node", [HERE, THERE, "c@127.0.0.1"])
def test_addresses_of_either_node_and_of_others_arrive(node: str) -> None:
    term = (Pid(node, 2**60), Ref(node, 3))
    assert round_trip(term) == term


def test_large_bytes_go_beside_the_packed_term_wherever_they_stand() -> None:
    large = b"x" * (LARGE + 1)
    packing, draft = Packing(UntouchedCodec(), HERE, THERE), Draft()
    term = {"frames": [(1, large), b"small"], "reply": Reply(REF, large)}
    data = packing.pack([packing.term(term, draft)])
    assert len(data) < 200
    assert [buffer is large for buffer in draft.buffers] == [True, True]
    assert same(Packing(UntouchedCodec(), THERE, HERE).unpack(data, draft.buffers)[0], term)


def test_large_arrays_go_beside_the_pickle_uncopied() -> None:
    array = bytearray(LARGE + 1)
    packing, draft = Packing(PickleCodec(), HERE, THERE), Draft()
    data = packing.pack([packing.term({1: pickle.PickleBuffer(array)}, draft)])
    assert len(data) < 200
    [buffer] = draft.buffers
    assert isinstance(buffer, memoryview)
    assert buffer.obj is array


def test_a_batch_that_is_cut_short_or_too_long_is_an_error() -> None:
    packing = Packing(UntouchedCodec(), HERE, THERE)
    items = batch([packing.pack([1]), packing.pack([2, 3])])
    assert packing.unpack(items) == [[1], [2, 3]]
    for wrong in (items[:-1], items + b"\x01"):
        with pytest.raises(ValueError, match=r"incomplete|extra"):
            packing.unpack(wrong)


def test_what_goes_ahead_is_heard_before_what_is_packed_behind_it() -> None:
    codec = RememberingCodec()
    packing, draft = Packing(codec, HERE, THERE), Draft()
    item = packing.pack([packing.term({1}, draft)])
    [ahead] = draft.ahead
    there = Packing(codec, THERE, HERE)
    assert there.unpack(batch([pack_ahead(ahead), item])) == [[HEARD], [{1}]]
