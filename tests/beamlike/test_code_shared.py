"""`bl.share`: a value that is sent to each node once, is one object there, and is forgotten with its handle."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import pytest

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.untravelable import CannotTravel
from beamlike.distribution.terms_codec import NotYet
from tests.beamlike.test_code_images import Wire
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("shares")) as module:
        yield module


def test_a_shared_value_is_sent_once_and_one_object_there(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(notebook, "def same(first, second): return first is second, first.value[:1], len(first.value)")
    rows = bl.share([b"x" * 1_000_000, {"a": 1}])
    assert there.call(names["same"], rows, rows) == (True, [b"x" * 1_000_000], 2)
    assert there.call(names["same"], rows, rows) == (True, [b"x" * 1_000_000], 2)
    assert there.sent[-2] > 1_000_000 > 10_000 > there.sent[-1]


def test_a_shared_value_that_comes_back_is_the_very_one(notebook: NotebookModule, there: SecondInterpreter) -> None:
    back = run_cell(notebook, "def back(shared): return shared")["back"]
    rows = bl.share(["rows"])
    assert there.call(back, rows) is rows


def test_a_small_value_may_be_shared_as_well(there: SecondInterpreter) -> None:
    assert there.call(str, bl.share("small")) == "Shared(str)"


def test_what_is_changed_of_its_class_is_changed_of_a_shared_value(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(notebook, "class C:\n    def m(self): return 1\ndef m(shared): return shared.value.m()")
    shared = bl.share(names["C"]())
    assert [there.call(names["m"], shared) for _ in range(3)] == [1] * 3
    names["C"].m = lambda self: 2
    assert [there.call(names["m"], shared) for _ in range(3)] == [2] * 3


def test_shared_values_may_hold_shared_values_and_functions_with_large_ones(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(
        notebook,
        """
        table = bytearray(1_000_000)
        def size(): return len(table)
        def sizes(outer): return [len(inner.value) for inner in outer.value[:2]], outer.value[2].value()
        """,
    )
    outer = bl.share([bl.share(bytearray(500_000)), bl.share("ab"), bl.share(names["size"])])
    assert [there.call(names["sizes"], outer) for _ in range(2)] == [([500_000, 2], 1_000_000)] * 2


def test_a_shared_value_that_holds_its_own_handle_is_refused_in_words() -> None:
    rows: list[object] = []
    shared = bl.share(rows)
    rows.append(shared)
    with pytest.raises(CannotTravel, match="a shared value, got one that holds its own handle"):
        Wire().here.encode(shared)


def test_what_is_shared_is_forgotten_there_with_its_handle_here() -> None:
    wire = Wire()
    for number in range(3):
        wire.carry(bl.share([number] * 100_000))
        gc.collect()
    wire.carry({0})
    wire.carry({1})
    assert len(wire.there._contents) == 0


def test_a_shared_value_may_hold_what_a_cell_defines(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(
        notebook,
        """
        import beamlike as bl
        class Model:
            def __init__(self, weights): self.weights, self.calls = weights, 0
            def predict(self):
                self.calls += 1
                return self.calls, len(self.weights)
        model = bl.share(Model(bytearray(1_000_000)))
        def predict(): return model.value.predict()
        def predict_by(model): return model.value.predict()
        """,
    )
    assert [there.call(names["predict"]) for _ in range(3)] == [(n, 1_000_000) for n in (1, 2, 3)]
    assert there.call(names["predict_by"], notebook.namespace["model"]) == (4, 1_000_000)
    assert there.sent[-4] > 1_000_000 > 10_000 > max(there.sent[-3:])


def test_a_shared_value_is_not_shared_again() -> None:
    with pytest.raises(TypeError, match="one that is shared already"):
        bl.share(bl.share(1))


def test_a_term_whose_shared_value_is_under_way_is_not_decoded_yet() -> None:
    wire = Wire()
    encoded = wire.here.encode(bl.share(b"x" * 100))  # whose handle is gone by now: nobody has it here
    wire.there.hear(encoded.ahead or b"")
    with pytest.raises(NotYet) as not_yet:
        wire.there.decode(encoded.data, encoded.buffers)
    ready = not_yet.value.ready
    assert not ready.done()
    for content in encoded.contents:
        wire.there.take_in(content)
    assert ready.done()
    assert wire.there.decode(encoded.data, encoded.buffers).value == b"x" * 100  # type: ignore[attr-defined]
