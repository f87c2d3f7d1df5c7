"""`bl.share`: a value that is sent to each node once, is one object there, and is forgotten with its handle."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

import pytest

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from beamlike.distribution.terms_codec import NotYet
from tests.beamlike.test_code_images import Wire
from tests.support.cells import run_cell
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture(scope="module")
def there() -> Iterator[SecondInterpreter]:
    with SecondInterpreter() as interpreter:
        yield interpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("shares")) as module:
        yield module


def test_a_shared_value_is_sent_once_and_one_object_there() -> None:
    wire, rows = Wire(), bl.share([b"x" * 1_000_000, {"a": 1}])
    first, second = wire.carry(("use", rows))[1], wire.carry({rows: 1})
    assert [first.value] == [rows.value]
    assert [*second] == [first]
    assert [len(encoded.contents) for encoded in wire.encoded] == [1, 0]


def test_a_small_value_may_be_shared_as_well() -> None:
    wire = Wire()
    assert wire.carry(bl.share("small")).value == "small"


def test_what_is_shared_is_forgotten_there_with_its_handle_here() -> None:
    wire = Wire()
    for number in range(3):
        wire.carry(bl.share([number] * 100_000))
        gc.collect()
    wire.carry({0})
    wire.carry({1})
    assert len(wire.there._contents) == 0


def test_what_was_shared_may_be_passed_on() -> None:
    first, second = Wire(), Wire()
    rows = bl.share(["rows"])
    on_the_way = first.carry(rows)
    arrived = second.carry(on_the_way)
    assert (arrived.value, arrived.key) == (["rows"], rows.key)


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
    encoded = wire.here.encode(bl.share(b"x" * 100))
    with pytest.raises(NotYet) as not_yet:
        wire.there.decode(encoded.data, encoded.buffers)
    ready = not_yet.value.ready
    assert not ready.done()
    for content in encoded.contents:
        wire.there.take_in(content)
    assert ready.done()
    assert wire.there.decode(encoded.data, encoded.buffers).value == b"x" * 100  # type: ignore[attr-defined]
