"""What came by value is found in its module by name, and what its annotations name as text with it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
import typing
import weakref
from collections.abc import Callable, Iterator
from pickle import PicklingError
from types import ModuleType
from typing import Any

import pytest

from beamlike.code import far_module
from beamlike.code.code_pickler import CodePickler
from beamlike.code.codec import CodeCodec
from beamlike.code.far_module import belongs, function_belongs, names_of, stand_for_main
from beamlike.code.hints import STAYING
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.peer import Peer
from beamlike.code.shared import share
from tests.support.cells import run_cell
from tests.support.codecs import in_one
from tests.support.local_nodes import eventually, in_node
from tests.support.second_interpreter import SecondInterpreter


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("belongs")) as module:
        yield module


ORDERS = """
    from __future__ import annotations
    import datetime as dt, pickle, sys, threading, typing
    from dataclasses import dataclass, field

    Amount = typing.Annotated[int, "in cents"]

    class Locked:
        lock = threading.Lock()

    @dataclass
    class Order:
        lines: list[Line] = field(default_factory=list)
        before: Order | None = None
        at: dt.datetime | None = None

        def add(self, line: Line) -> Order: ...

    @dataclass
    class Line:
        order: Order
        amount: Amount

    def priced(order: Order) -> Amount: ...
    def guarded(by: Locked, at: Nowhere) -> str: return "runs"

    def hints(thing):
        return typing.get_type_hints(thing, include_extras=True)
"""


def test_the_hints_that_are_texts_are_found_as_at_home(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, ORDERS)
    for thing in (names["Order"], names["Line"], names["priced"], names["Order"].add):
        assert there.call(names["hints"], thing) == typing.get_type_hints(thing, include_extras=True)


def test_forward_references_within_hints_are_found(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(
        notebook,
        """
        import typing
        class Pair(typing.NamedTuple):
            left: "Leaf"
            rest: list["Pair"]
        class Table(typing.TypedDict):
            rows: typing.Optional["Pair"]
        class Leaf: ...
        def hints(kind): return typing.get_type_hints(kind)
        """,
    )
    for kind in (names["Pair"], names["Table"]):
        assert there.call(names["hints"], kind) == typing.get_type_hints(kind)


def test_what_annotations_name_and_cannot_travel_stays(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, ORDERS)
    shared = share(names["guarded"])
    assert there.call(run_cell(notebook, "def called(it): return it.value(None, None)")["called"], shared) == "runs"
    assert [there.call(names["guarded"], None, None) for _ in range(3)] == ["runs"] * 3
    assert there.sent[-1] < 100  # by a number, all the same
    with pytest.raises(NameError, match="Locked"):
        there.call(names["hints"], names["guarded"])


def test_classes_that_name_each_other_are_sent_once(notebook: NotebookModule) -> None:
    names = run_cell(notebook, ORDERS)
    codec = CodeCodec()
    sizes = [len(in_one(codec.encode((names["priced"], names["Order"], names["Line"])))) for _ in range(4)]
    assert sizes[-1] < 150 < sizes[0]


@pytest.mark.parametrize("frames", range(0, 120, 30))
@pytest.mark.parametrize("hint", ["'Row{}'", "Row{}"], ids=["as text", "as classes"])
def test_a_long_row_of_classes_each_of_which_names_the_next_has_all_its_hints(
    there: SecondInterpreter, notebook: NotebookModule, hint: str, frames: int
) -> None:
    numbers = range(100)
    texts = [f"class Row{n}:" + (f"\n    next: {hint.format(n + 1)}" if n + 1 in numbers else " ...") for n in numbers]
    names = run_cell(notebook, "\n".join(texts if "'" in hint else reversed(texts)))
    hints = run_cell(notebook, "import typing\ndef hints(it): return typing.get_type_hints(it)")["hints"]
    for n in numbers[:-1]:
        assert deeper(frames, lambda n=n: there.call(hints, names[f"Row{n}"])) == {"next": names[f"Row{n + 1}"]}


def deeper(frames: int, call: Callable[[], Any]) -> Any:
    """From further down the stack, of which there is so much less."""
    return deeper(frames - 1, call) if frames else call()


def test_a_class_that_goes_with_another_is_seen_to_change(there: SecondInterpreter, notebook: NotebookModule) -> None:
    names = run_cell(notebook, ORDERS)
    tax = run_cell(notebook, "def tax(order): return hints(type(order))['lines'].__args__[0].rate")["tax"]
    for rate in (1, 2):
        names["Line"].rate = rate
        assert there.call(tax, names["Order"]()) == rate


@pytest.fixture
def later() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("later")) as module:
        yield module


def test_what_an_annotation_names_is_there_once_it_is_here(there: SecondInterpreter, later: NotebookModule) -> None:
    names = run_cell(
        later,
        """
        import typing
        class Order:
            lines: "Line"
        def price(line: "Line"): ...
        def hints(thing): return typing.get_type_hints(thing)
        """,
    )
    for thing in (names["Order"], names["price"]):
        for _ in range(3):
            with pytest.raises(NameError, match="Line"):
                there.call(names["hints"], thing)
    run_cell(later, "class Line: ...", "cell 2")
    for thing in (names["Order"], names["price"]):
        assert names["Line"] in there.call(names["hints"], thing).values()


def test_the_module_stands_there_and_pickle_finds_classes_and_functions(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    names = run_cell(
        notebook,
        ORDERS
        + """
    def again(thing):
        copy = pickle.loads(pickle.dumps(thing))
        return copy == thing, type(copy) is type(thing), sys.modules[again.__module__].again is again
    """,
    )
    for thing in (names["Order"](at=None), names["Line"], names["again"]):
        assert there.call(names["again"], thing) == (True, True, True)
    module = run_cell(notebook, "def module(): return sys.modules[__name__]")["module"]
    assert there.call(module) is notebook.module


def test_a_class_that_was_defined_anew_takes_the_name(there: SecondInterpreter, notebook: NotebookModule) -> None:
    text = "import sys\nclass Item: ...\ndef found(item): return sys.modules[__name__].Item is type(item)"
    names = run_cell(notebook, text)
    old = names["Item"]()
    assert there.call(names["found"], old)
    run_cell(notebook, text + "\n")
    new = names["Item"]()
    assert there.call(names["found"], new)
    assert not there.call(names["found"], old)
    assert there.call(names["found"], new)


@pytest.mark.parametrize("other", ["Item = int", "class Other: ...\nItem = Other"])
def test_a_name_that_stands_for_something_else_by_now_does_so_there(
    there: SecondInterpreter, notebook: NotebookModule, other: str
) -> None:
    names = run_cell(notebook, 'class Item: ...\nclass Holder:\n    item: "Item"\nkept = []')
    names |= run_cell(notebook, "import typing\ndef hints(kind): return typing.get_type_hints(kind)['item']")
    former = names["Item"]
    assert there.call(names["hints"], names["Holder"]) is former
    there.call(run_cell(notebook, "def keep(kind): sys.item = kind\nimport sys")["keep"], former)
    run_cell(notebook, other)
    for _ in range(3):
        assert there.call(names["hints"], names["Holder"]) is names["Item"]
        assert there.call(run_cell(notebook, "def kept(): return sys.item")["kept"]) is former


def test_what_an_older_class_calls_by_its_own_name_is_the_newer_one_there(
    there: SecondInterpreter, notebook: NotebookModule
) -> None:
    text = 'import typing\nclass Node:\n    next: "Node"\ndef hints(kind): return typing.get_type_hints(kind)["next"]'
    older = run_cell(notebook, text)["Node"]
    names = run_cell(notebook, text + "\n")
    for _ in range(3):
        assert there.call(names["hints"], older) is names["Node"] is not older


def test_who_passes_a_class_on_passes_on_what_it_came_with() -> None:
    def order(maker: str) -> type:
        line = type("Line", (), {"__module__": "two_programs", "maker": maker})
        order = type("Order", (), {"__module__": "two_programs", "__annotations__": {"lines": "list[Line]"}})
        belongs(line, {"Line": line})
        belongs(order, {"Order": order, "Line": line})
        return order

    first, second = order("first"), order("second")
    assert names_of(first)["Line"].maker == "first"
    assert names_of(second)["Line"].maker == "second"


@in_node
async def test_the_module_leaves_with_the_last_that_lives_of_it() -> None:
    def come(name: str) -> type:
        kind = type(name, (), {"__module__": "notebook_leaves"})
        belongs(kind, {name: kind})
        return kind

    for _ in range(2):
        first, last = come("First"), come("Last")
        del first
        gc.collect()
        await asyncio.sleep(0)
        assert sys.modules["notebook_leaves"].Last is last
        del last
        gc.collect()
        await eventually(lambda: "notebook_leaves" not in sys.modules)
        assert "notebook_leaves" not in far_module._far


def test_it_does_not_leave_in_the_midst_of_code_that_looks_through_the_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9000):  # beside so many the collector comes by in the midst of it, until Python 3.12
        monkeypatch.setitem(sys.modules, f"filler_{number}", None)
    thresholds = gc.get_threshold()
    gc.collect()
    kind = type("Item", (), {"__module__": "notebook_looked_at"})
    belongs(kind, {"Item": kind})
    gone = weakref.ref(kind)
    del kind
    gc.set_threshold(1000, 1000, 1000)
    try:
        items = list(sys.modules.items())
    finally:
        gc.set_threshold(*thresholds)
    assert len(items) > 9000
    gc.collect()
    assert gone() is None
    function_belongs(_no_matter_which)
    assert "notebook_looked_at" not in sys.modules


def _no_matter_which() -> None: ...


@pytest.mark.parametrize("name", ["occupied_here", "antigravity"])
def test_a_module_that_is_here_or_installed_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "antigravity" not in sys.modules, "it opens a browser"
    own = ModuleType("occupied_here")
    monkeypatch.setitem(sys.modules, "occupied_here", own)
    kind = type("Item", (), {"__module__": name})
    belongs(kind, {"Item": kind})
    assert sys.modules.get(name) is (own if name == "occupied_here" else None)
    assert not hasattr(own, "Item")


def test_main_is_given_up_by_a_program_that_says_so_only(there: SecondInterpreter) -> None:
    def in_main() -> bool:
        kind = type("Item", (), {"__module__": "__main__"})
        belongs(kind, {"Item": kind})
        return getattr(sys.modules["__main__"], "Item", None) is kind

    def giving_up() -> bool:
        stand_for_main()
        return in_main()

    assert not there.call(in_main)
    assert there.call(giving_up)


def test_from_near_the_end_of_the_stack_no_class_is_taken_for_one_that_cannot_travel(notebook: NotebookModule) -> None:
    rows = [f"class Row{n}:\n    next: 'Row{n + 1}'\n    def f(self): return Row{n + 1}" for n in range(6)]
    names = run_cell(notebook, "\n".join([*rows, "class Row6: ..."]))
    failed = 0
    for frames in range(sys.getrecursionlimit(), sys.getrecursionlimit() - 300, -1):
        try:
            deeper(frames, lambda: CodePickler.pickled(names["Row0"], Peer()))
        except (PicklingError, RecursionError):
            failed += 1
    assert failed
    assert not STAYING.intersection(it for it in names.values() if isinstance(it, type))
