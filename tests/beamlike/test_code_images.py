"""A constant function travels once; whatever a function does, a call over there is what it would be here."""

from __future__ import annotations

import contextlib
import gc
import pickle
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.code.codec import CodeCodec
from beamlike.code.constants import Constant
from beamlike.code.images import IMAGES, Images
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.uses import Image, Uses
from beamlike.distribution.terms_codec import Encoded, NotYet
from tests.support.cells import run_cell
from tests.support.codecs import in_one, out_of_one
from tests.support.second_interpreter import SecondInterpreter, heard_of_another


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("images")) as module:
        yield module


class Wire:
    """Two codecs, and what went over between them."""

    def __init__(self) -> None:
        self.here, self.there = CodeCodec("a@h"), CodeCodec("b@h")
        self.encoded: list[Encoded] = []

    def carry(self, term: object) -> Any:
        farewell = self.here.farewell()
        if farewell is not None:
            self.there.hear(farewell)
        self.encoded.append(self.here.encode(term))
        return out_of_one(self.there, in_one(self.encoded[-1]))

    @property
    def sizes(self) -> list[int]:
        return [len(encoded.data) + len(encoded.ahead or b"") for encoded in self.encoded]


def test_from_the_third_time_on_a_constant_function_is_a_number(notebook: NotebookModule) -> None:
    double = run_cell(notebook, "factor = 2\ndef double(n): return factor * n")["double"]
    wire = Wire()
    assert [wire.carry(double)(21) for _ in range(4)] == [42] * 4
    assert wire.sizes[2] == wire.sizes[3] < 100
    assert wire.carry(double) is wire.carry(double)


@pytest.mark.parametrize(
    "cell",
    [
        "total = 0\ndef f():\n    global total\n    total += 1\n    return total",
        "seen = []\ndef f():\n    seen.append(1)\n    return len(seen)",
        "def make():\n    n = 0\n    def f():\n        nonlocal n; n += 1\n        return n\n    return f\nf = make()",
        "def f(seen=[]):\n    seen.append(1)\n    return len(seen)",
        "n = 0\ndef f():\n    globals()['n'] = n + 1\n    return n",
        "def f(): return f.n\nf.n = 1",
        "n = 0\ndef count():\n    global n\n    n += 1\n    return n\ndef f(): return count()",
    ],
    ids=["global", "list", "nonlocal", "default", "globals()", "attribute", "in a helper"],
)
def test_a_function_with_state_is_fresh_in_each_message(notebook: NotebookModule, cell: str) -> None:
    f = run_cell(notebook, cell)["f"]
    wire = Wire()
    assert [wire.carry(f)() for _ in range(4)] == [1] * 4


def test_functions_of_one_message_share_what_one_of_them_rebinds(notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        total = 0
        def count():
            global total
            total += 1
        def counted(): return total
        class Counted:
            def get(self): return total
        """,
    )
    wire = Wire()
    for _ in range(4):
        counted, count, kind = wire.carry((names["counted"], names["count"], names["Counted"]))
        count()
        assert counted() == 1
    assert kind is names["Counted"]


values = st.integers(0, 2) | st.sampled_from([b"x" * 100_000, b"y" * 100_000, "t" * 100_000, (1, "a"), None])
changes = (
    st.tuples(st.sampled_from(["global", "cell", "default", "keyword", "helper"]), values)
    | st.tuples(st.just("mutable"), st.integers())
    | st.tuples(st.just("table"), st.integers(0, 255))
    | st.tuples(st.sampled_from(["code", "collect"]))
)
steps = st.lists(st.tuples(st.integers(0, 3), changes), max_size=25)

CELL = """
captured, log, table = 0, [], bytearray(100_000)
def make(cell):
    def f(default=0, *, keyword=0): return captured, cell, default, keyword, helper()
    def set_cell(value):
        nonlocal cell
        cell = value
    return f, set_cell
def helper(): return helped
helped = 0
f, set_cell = make(0)
def varied(): return captured, len(log), table[0]
"""


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_call_there_gives_what_a_call_here_would_whatever_was_changed(steps: list[Any]) -> None:
    with contextlib.closing(NotebookModule("history")) as notebook:
        scope = run_cell(notebook, CELL)
        space, wire, f, varied = notebook.namespace, Wire(), scope["f"], scope["varied"]
        del scope
        for sends, step in [(2, None), *steps]:
            match step:
                case ("global", value):
                    space["captured"] = value
                case ("cell", value):
                    space["set_cell"](value)  # type: ignore[operator]
                case ("default", value):
                    f.__defaults__ = (value,)
                case ("keyword", value):
                    f.__kwdefaults__ = {"keyword": value}
                case ("mutable", value):
                    space["log"].append(value)  # type: ignore[attr-defined]
                case ("table", value):
                    space["table"][0] = value  # type: ignore[index]
                case ("helper", value):
                    space["helped"] = value
                case ("code",):
                    space["helper"] = run_cell(notebook, "def helper(): return 'new', helped")["helper"]
                case ("collect",):
                    gc.collect()
            for _ in range(sends):
                assert wire.carry(f)() == f()
                assert wire.carry(varied)() == varied()


def test_what_a_waiting_term_needs_is_not_forgotten_meanwhile(notebook: NotebookModule) -> None:
    wire = Wire()
    cell = run_cell(notebook, "def f(): return 1")
    for _ in range(2):
        wire.carry(cell["f"])
    early = wire.here.encode((bl.share("late"), cell["f"]))
    wire.there.hear(early.ahead or b"")
    with pytest.raises(NotYet):
        wire.there.decode(early.data, early.buffers)
    del notebook.namespace["f"], cell
    gc.collect()
    wire.carry({1})
    wire.there.take_in(early.contents[0])
    _, f = wire.there.decode(early.data, early.buffers)  # type: ignore[misc]
    assert f() == 1
    assert len(wire.there._images) == 0


def test_what_has_ended_here_is_forgotten_there(notebook: NotebookModule) -> None:
    wire = Wire()
    for _ in range(5):
        cell = run_cell(notebook, "def f(): return 1")
        for _ in range(3):
            assert wire.carry(cell["f"])() == 1
    del cell
    del notebook.namespace["f"]
    gc.collect()
    wire.carry(len)
    assert len(wire.there._images) == 0


def test_a_class_that_is_patched_is_patched_there(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(
        notebook, "class Sum:\n    by = 2\n    def of(self, n): return self.by * n\ndef use(sum, n): return sum.of(n)"
    )
    for by in (2, 3, 3, 3, 2):
        names["Sum"].by = by
        assert there.call(names["use"], names["Sum"](), 10) == 10 * by
    names["Sum"].of = lambda self, n: -n
    assert there.call(names["use"], names["Sum"](), 10) == -10


def test_an_instance_and_its_class_come_back_as_they_are(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(
        notebook,
        """
        import dataclasses
        @dataclasses.dataclass
        class Point:
            x: int
            def moved(self): return dataclasses.replace(self, x=self.x + 1)
        def moved(point): return point.moved()
        """,
    )
    for _ in range(4):
        back = there.call(names["moved"], names["Point"](1))
        assert back == names["Point"](2)
        assert type(back) is names["Point"]
    assert there.sent[-1] < there.sent[-4] / 4


PATCHED = """
class Kind:
    def state(self): return 1
def state(kind): return kind().state()
"""


def test_an_older_state_of_a_class_that_comes_late_does_not_replace_a_newer_one(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(notebook, PATCHED)
    older = in_one(there.codec.encode((names["state"], (names["Kind"],))))
    names["Kind"].state = lambda self: 2
    newer = in_one(there.codec.encode((names["state"], (names["Kind"],))))
    assert without_news(there, older, newer) == (2, 2)
    assert there.call(names["state"], names["Kind"]) == 2


def without_news(there: SecondInterpreter, older: bytes, newer: bytes) -> tuple[Any, Any]:
    """What both calls give, the newer one first; the news of both come before, as they do."""
    (older_news, *older_term), (newer_news, *newer_term) = pickle.loads(older), pickle.loads(newer)
    news = pickle.dumps(pickle.loads(older_news) + pickle.loads(newer_news))
    first = there.exchange(pickle.dumps((news, *newer_term))).value
    return there.exchange(pickle.dumps((None, *older_term))).value, first


def test_a_state_that_another_node_passes_on_is_replaced_when_the_newest_comes_again(notebook: NotebookModule) -> None:
    names = run_cell(notebook, PATCHED)
    with SecondInterpreter() as other:
        passes_on = CodeCodec("c@h")
        assert other.call(names["state"], names["Kind"]) == 1
        old = in_one(passes_on.encode((names["state"], (names["Kind"],))))
        names["Kind"].state = lambda self: 2
        assert other.call(names["state"], names["Kind"]) == 2
        assert other.call(heard_of_another, old) == 1
        assert other.call(names["state"], names["Kind"]) == 2


def sent_again_and_again(there: SecondInterpreter, function: Callable[..., Any], *args: Any) -> list[int]:
    for _ in range(4):
        there.call(function, *args)
    return there.sent[-4:]


def test_each_class_is_asked_once_in_each_question_however_many_others_refer_to_it(
    notebook: NotebookModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = run_cell(
        notebook,
        """
        data = bytes(100_000)
        class K: pass
        class K0:
            def size(self): return len(data)
        kinds = [K0]
        for number in range(1, 16):
            kinds.append(type(f"K{number}", (K,), {f"k{n}": kind for n, kind in enumerate(kinds)}))
        """,
    )
    wire, last = Wire(), cell["kinds"][-1]
    there = [wire.carry(last()) for _ in range(2)][-1]
    assert there.k0().size() == 100_000
    asked: Counter[int] = Counter()
    holds = Constant.holds

    def counted(constant: Constant) -> bool:
        asked[id(constant)] += 1
        return holds(constant)

    monkeypatch.setattr(Constant, "holds", counted)
    wire.carry(last())
    assert asked
    assert max(asked.values()) <= 2
    image = IMAGES.get(last)
    assert image is not None
    assert len(image.large) == 1


def test_images_that_two_threads_made_at_once_do_not_refer_to_each_other_for_good() -> None:
    images = Images()

    class Sub: ...

    class Helper: ...

    def image(kind: type, *used: Image) -> Image:
        return Image(ref(kind), b"", Uses(images=list(used)))

    before = images.see(Sub, lambda: image(Sub), set())
    assert before is not None
    Sub.changed = True  # type: ignore[attr-defined]
    assert images.get(Sub) is None

    def made_meanwhile() -> Image:
        of_helper = images.see(Helper, lambda: image(Helper, before), set())  # by a thread that had begun before
        assert of_helper is not None
        return image(Sub, of_helper)

    images.see(Sub, made_meanwhile, set())
    assert images.get(Helper) is None
    assert images.get(Sub) is None
    made_anew = images.see(Sub, lambda: image(Sub), set())
    assert images.get(Sub) is made_anew is not None


def test_what_was_deleted_and_set_to_none_has_changed(notebook: NotebookModule, there: SecondInterpreter) -> None:
    scope = run_cell(notebook, "from tabnanny import format_witnesses\ndef f(): return format_witnesses")
    for _ in range(3):
        assert there.call(scope["f"]) is scope["format_witnesses"]
    del sys.modules["tabnanny"]
    scope["format_witnesses"] = None
    gc.collect()
    assert there.call(scope["f"]) is None


def test_a_large_captured_value_is_sent_once(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(
        notebook,
        """
        table = bytearray(b"x" * 1_000_000)
        rows = list(range(100_000))
        text = b"y" * 1_000_000
        def first(): return table[0], len(text), rows[-1]
        """,
    )
    assert there.call(names["first"]) == (ord("x"), 1_000_000, 99_999)
    first, *later = sent_again_and_again(there, names["first"])
    assert max(first, *later) < 2000
    notebook.namespace["table"][0] = 0  # type: ignore[index]
    assert there.call(names["first"]) == (0, 1_000_000, 99_999)
    assert 1_000_000 < there.sent[-1] < 1_100_000


def test_each_message_has_a_large_value_of_its_own(notebook: NotebookModule, there: SecondInterpreter) -> None:
    names = run_cell(
        notebook,
        """
        table = bytearray(100_000)
        def count():
            table[0] += 1
            return table[0]
        def both(): return count(), count()
        """,
    )
    assert [there.call(names["both"]) for _ in range(3)] == [(1, 2)] * 3


def test_a_large_value_that_leads_back_to_the_function_still_works(
    notebook: NotebookModule, there: SecondInterpreter
) -> None:
    names = run_cell(
        notebook,
        """
        handlers = {number: len for number in range(10_000)}
        def f(n): return handlers["f"](n - 1) if n else "done"
        handlers["f"] = f
        """,
    )
    assert there.call(names["f"], 3) == "done"


def test_a_long_row_of_functions_that_call_each_other_is_known_from_the_third_time_on(notebook: NotebookModule) -> None:
    row = [f"def f{n}(x): return f{n + 1}(x + 1)" for n in range(100)]
    scope = run_cell(notebook, "\n".join([*row, "def f100(x): return x"]))
    wire = Wire()
    assert [wire.carry(scope["f0"])(1) for _ in range(4)] == [101] * 4
    assert wire.sizes[-1] < 100


def test_classes_of_one_term_are_asked_once_though_each_refers_to_those_before(
    notebook: NotebookModule, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["class K0: ...", *(f"class K{n}:\n    before = K{n - 1}" for n in range(1, 30))]
    scope = run_cell(notebook, "\n".join([*texts, f"one_of_each = [{', '.join(f'K{n}()' for n in range(30))}]"]))
    wire = Wire()
    for _ in range(3):
        wire.carry(scope["one_of_each"])
    asked = 0
    holds = Constant.holds

    def counted(constant: Constant) -> bool:
        nonlocal asked
        asked += 1
        return holds(constant)

    monkeypatch.setattr(Constant, "holds", counted)
    wire.here.encode(scope["one_of_each"])
    assert 30 <= asked <= 60
