"""Which names a cell sees: those of the cells above it, by their last runs."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beamlike.code.notebook_module import NotebookModule
from beamlike.code.sources import SOURCES
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.outcome import CellLine
from tests.support.chains import Chains


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    notebook = NotebookModule("names")
    yield notebook
    notebook.close()


@pytest.fixture
def cells(notebook: NotebookModule) -> Chains:
    return Chains(notebook)


NOT_DEFINED = "NameError: name 'x' is not defined"


def test_ac30_a_cell_sees_the_chain_that_it_names(cells: Chains) -> None:
    cells.result("r1", "x = 1")
    cells.result("r2", "x = 2")
    cells.result("r3", "y = 3")
    assert cells.raised("reader", "x") == NOT_DEFINED
    assert cells.result("reader", "x", "r1") == "1"
    assert cells.result("reader", "x", "r1", "r2") == "2"
    assert cells.result("reader", "x", "r2", "r1") == "1"
    assert cells.raised("reader", "x", "unknown") == NOT_DEFINED
    assert cells.raised("reader", "x", "r3") == NOT_DEFINED


def test_ac30_a_run_in_another_container_sees_cells_of_the_first_by_reference(cells: Chains) -> None:
    branched = NotebookModule("names")
    branch = cells.branch(branched, "branch")
    try:
        cells.result("r1", "x = [1]")
        assert branch.result("b1", "x.append(2); x = x + [3]; x", "r1") == "[1, 2, 3]"
        assert branch.result("b2", "x", "r1", "b1") == "[1, 2, 3]"
        assert cells.result("reader", "x", "r1") == "[1, 2]"
        assert branch.raised("b3", "x") == NOT_DEFINED
    finally:
        branched.close()


def test_ac30_what_a_forgotten_run_bound_is_not_there_any_more(cells: Chains) -> None:
    cells.result("r1", "x = 1")
    cells.evaluator.forget("r1")
    assert "x" not in cells.notebook.namespace
    assert cells.raised("reader", "x", "r1") == NOT_DEFINED


def test_ac30_mutable_objects_are_shared_and_not_copied(cells: Chains) -> None:
    cells.result("r1", "x = []")
    cells.result("r2", "x.append(1)", "r1")
    assert cells.result("above-r2", "x", "r1") == "[1]"


def test_ac34_an_error_in_a_branch_names_the_cells_of_the_main_flow(cells: Chains) -> None:
    branched = NotebookModule("names")
    branch = cells.branch(branched, "b")
    cells.result("r1", "def f():\n    return 1 / 0")
    failure = branch.run("b1", "f()", "r1").failure
    branched.close()
    assert failure is not None
    assert failure.places == (CellLine("b1", 1), CellLine("r1", 2))
    assert "  cell r1, line 2, in f\n" in failure.traceback


def test_ac31_a_failed_run_changes_nothing_below(cells: Chains) -> None:
    cells.result("r1", "import math\nx = 2")
    assert cells.raised("r2", "x = 9; y = 9; del math; import json; 1 / 0", "r1").startswith("ZeroDivisionError")
    assert cells.result("r3", "x, math.floor(2.5)", "r1", "r2") == "(2, 2)"
    assert cells.raised("r3", "y", "r1", "r2") == "NameError: name 'y' is not defined"
    assert cells.raised("r3", "json", "r1", "r2").startswith("NameError")


def test_ac31_a_failed_run_leaves_no_future_import_behind(cells: Chains) -> None:
    flags = "(lambda: 0).__code__.co_flags & __import__('__future__').annotations.compiler_flag != 0"
    cells.raised("r1", "from __future__ import annotations\n1 / 0")
    assert cells.result("r2", flags, "r1") == "False"
    cells.result("r1", "from __future__ import annotations")
    assert cells.result("r2", flags, "r1") == "True"
    assert cells.result("r3", flags) == "False"


@pytest.mark.parametrize("after", ["pass", "class M: pass\n1 / 0", "class M: pass\n= 1"])
def test_ac32_a_definition_lives_as_long_as_its_run(cells: Chains, after: str) -> None:
    module = cells.notebook.module
    cells.result("r1", "class M: pass")
    assert module.M.__module__ == module.__name__
    cells.run("r1", after)
    assert not hasattr(module, "M")
    assert cells.raised("r2", "M", "r1") == "NameError: name 'M' is not defined"


def test_ac32_a_deleted_cells_code_is_gone_and_no_node_is_lent_it(cells: Chains) -> None:
    cells.result("r1", "class M:\n    def method(self): return 'of r1'")
    assert held(cells.notebook) == ["class M:\n    def method(self): return 'of r1'"]
    cells.evaluator.forget("r1")
    assert held(cells.notebook) == []


def test_ac32_closing_the_notebook_takes_its_modules_away() -> None:
    notebook = NotebookModule("names")
    name = notebook.module.__name__
    Chains(notebook).result("r1", "class M: pass")
    notebook.close()
    assert name not in sys.modules
    assert held(notebook) == []


def held(notebook: NotebookModule) -> list[str]:
    gc.collect()
    return [known.source.text for known in SOURCES if known.source.name.startswith(f"notebook {notebook.name}, ")]


def test_ac33_of_two_definitions_each_cell_sees_the_one_that_stands_last_above_it(cells: Chains) -> None:
    cells.result("c1", "class M: by = 'c1'")
    cells.result("c2", "class M: by = 'c2'", "c1")
    assert cells.result("between", "M.by", "c1") == "'c1'"
    assert cells.result("below", "M.by", "c1", "between", "c2") == "'c2'"
    cells.result("c1", "class M: by = 'c1 again'")
    assert cells.result("below", "M.by", "c1", "between", "c2") == "'c2'"
    cells.evaluator.forget("c2")
    assert cells.notebook.module.M.by == "c1 again"
    assert cells.result("below", "M.by", "c1", "between") == "'c1 again'"


def test_two_cells_that_import_the_same_module_both_bind_it(cells: Chains) -> None:
    cells.result("c1", "import math, json as data; x = 1")
    cells.result("c2", "import math; x = 1\ntry:\n    import json as data\nexcept ImportError: pass", "c1")
    cells.evaluator.forget("c1")
    assert cells.result("c3", "math.floor(1.5), data.dumps(x)", "c2") == "(1, '1')"


def test_a_binding_under_a_condition_that_was_not_met_is_none(cells: Chains) -> None:
    cells.result("c1", "x = 1")
    cells.result("c2", "if False:\n    x = 1", "c1")
    cells.result("c1", "x = 5")
    assert cells.result("c3", "x", "c1", "c2") == "5"


def test_a_name_that_a_cell_took_away_is_gone_below_it_alone(cells: Chains) -> None:
    cells.result("c1", "x = 1")
    cells.result("c2", "del x", "c1")
    assert cells.raised("c3", "x", "c1", "c2") == NOT_DEFINED
    assert cells.result("between", "x", "c1") == "1"


def test_a_builtin_or_a_name_of_the_module_comes_back_when_no_cell_hides_it(cells: Chains) -> None:
    cells.notebook.namespace["given"] = "from outside"
    cells.result("c1", "len = given = __name__ = 5")
    assert cells.result("below", "len, given, __name__", "c1") == "(5, 5, 5)"
    assert cells.result("above", "len([]), given, __name__") == repr(
        (0, "from outside", cells.notebook.module.__name__)
    )


def test_a_name_that_a_function_binds_belongs_to_the_cell_that_called_it(cells: Chains) -> None:
    cells.result("c1", "count = 0\ndef bump():\n    global count\n    count += 1")
    for _ in range(2):
        cells.result("c2", "bump()", "c1")
        assert cells.result("c3", "count", "c1", "c2") == "1"


def test_star_imports_bind_names_too(cells: Chains) -> None:
    cells.result("c1", "from math import *")
    assert cells.result("c2", "floor(1.5)", "c1") == "1"
    assert cells.raised("c2", "floor(1.5)") == "NameError: name 'floor' is not defined"


def test_a_cell_that_asks_for_all_names_gets_those_of_the_cells_above(cells: Chains) -> None:
    cells.result("below", "x = 1")
    assert cells.result("c1", "'x' in globals(), 'x' in dir(), eval('[1]')") == "(False, False, [1])"
    assert cells.notebook.namespace["x"] == 1


def test_a_task_of_a_cell_below_goes_on_while_a_cell_above_is_run_again(notebook: NotebookModule) -> None:
    task = """
        import asyncio
        seen, wanted = [], 0
        async def watch():
            global wanted
            while True:
                wanted += 1
                seen.append(wanted)
                await asyncio.sleep(0)
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
    """

    async def main() -> tuple[int, bool, str | None]:
        evaluator = Evaluator(notebook)
        outcome = await evaluator.evaluate("below", dedent(task), above=())
        assert outcome.failure is None, outcome.failure
        before = len(notebook.namespace["seen"])  # type: ignore[arg-type]
        again = await evaluator.evaluate("c1", "import asyncio\nfor _ in range(9): await asyncio.sleep(0)", above=())
        assert again.failure is None, again.failure
        watching: asyncio.Task[None] = notebook.namespace["watching"]  # type: ignore[assignment]
        after = await evaluator.evaluate("c2", "wanted == len(seen)", above=("c1", "below"))
        return len(notebook.namespace["seen"]) - before, watching.done(), after.result  # type: ignore[arg-type]

    ran, done, result = asyncio.run(main())
    assert ran >= 9
    assert not done
    assert result == "True"


def test_what_a_task_binds_later_belongs_to_its_cell(notebook: NotebookModule) -> None:
    later = "import asyncio\nasync def later():\n    global found\n    found = 7\ntask = asyncio.create_task(later())"

    async def main() -> list[str | None]:
        evaluator = Evaluator(notebook)
        await evaluator.evaluate("c1", later, above=())
        await notebook.namespace["task"]  # type: ignore[misc]
        below = await evaluator.evaluate("c2", "found", above=("c1",))
        without = await evaluator.evaluate("c3", "'found' in globals()", above=())
        evaluator.forget("c1")
        gone = await evaluator.evaluate("c4", "'found' in globals()", above=("c2",))
        return [below.result, without.result, gone.result]

    assert asyncio.run(main()) == ["7", "False", "False"]


# Against a model: the cells above, one after the other, in a dict of their own.


@dataclass(frozen=True)
class Step:
    cell: int
    text: str
    forget: bool = False


TEXTS = [
    "a = 1",
    "a = 2",
    "b = a",
    "del a",
    "a = 3; 1 / 0",
    "def f(): return a",
    "b = f()",
    "if b: a = b",
    "c = 1; a += c",
]
steps = st.lists(
    st.one_of(
        st.builds(Step, st.integers(0, 4), st.sampled_from(TEXTS)),
        st.builds(Step, st.integers(0, 4), st.just(""), st.just(True)),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_notebook_run_afresh_from_the_top_sees_what_a_new_module_would(history: list[Step]) -> None:
    """Whatever ran before, in whatever order, if then all of it runs from top to bottom."""
    notebook = NotebookModule("names")
    cells = Chains(notebook)
    texts: dict[int, str] = {}
    try:
        for step in history:
            above = [str(cell) for cell in sorted(texts) if cell < step.cell]
            if step.forget:
                cells.evaluator.forget(str(step.cell))
                texts.pop(step.cell, None)
            else:
                texts[step.cell] = step.text
                cells.run(str(step.cell), step.text, *above)
        model: dict[str, object] = {}
        for cell in sorted(texts):
            before = dict(model)
            outcome = cells.run(str(cell), texts[cell], *(str(other) for other in sorted(texts) if other < cell))
            raised = None
            try:
                exec(texts[cell], model)
            except (NameError, ZeroDivisionError) as error:
                raised = str(error)
                model.clear()
                model.update(before)
            assert (outcome.failure.message if outcome.failure is not None else None) == raised
        for name in ("a", "b", "c"):
            seen = cells.run("seen", name, *(str(cell) for cell in sorted(texts)))
            assert (seen.result if seen.status == "ok" else "missing") == str(model.get(name, "missing"))
    finally:
        notebook.close()
