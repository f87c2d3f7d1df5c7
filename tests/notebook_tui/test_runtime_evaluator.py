"""Cells one after the other in the namespace of a notebook."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from textwrap import dedent

import pytest

import beamlike as bl
from beamlike.code.notebook_module import NotebookModule
from beamlike.code.sources import SOURCES
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.outcome import Outcome


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    notebook = NotebookModule("test")
    yield notebook
    notebook.close()


def run(notebook: NotebookModule, *cells: str) -> list[Outcome]:
    """The outcomes of these cells, whose names are 1, 2, ..."""

    async def main() -> list[Outcome]:
        evaluator = Evaluator(notebook)
        return [await evaluator.evaluate(str(number), dedent(cell)) for number, cell in enumerate(cells, 1)]

    return asyncio.run(main())


def last(notebook: NotebookModule, *cells: str) -> Outcome:
    return run(notebook, *cells)[-1]


def results(notebook: NotebookModule, *cells: str) -> list[str | None]:
    outcomes = run(notebook, *cells)
    assert [outcome.failure for outcome in outcomes] == [None] * len(cells)
    return [outcome.result for outcome in outcomes]


@pytest.mark.parametrize(
    ("cell", "result"),
    [
        ("1 + 1", "2"),
        ("x = 1", None),
        ("None", None),
        ("", None),
        ("# nothing", None),
        ("x = 2\nx", "2"),
        ("x = 2; x", "2"),
        ("1 + 1;", None),
        ("(1 + 1)  ;  # a comment", None),
        ("'semicolon;'  # and; here", "'semicolon;'"),
        ("'é;' \\\n  'ü' ;", None),
        ("'only text is a result, no docstring'", "'only text is a result, no docstring'"),
        ("'ü';", None),
        ("if True:\n    5", None),
        ("[i async for i in ticks()]", "[0, 1]"),
    ],
)
def test_the_last_expression_is_the_result(notebook: NotebookModule, cell: str, result: str | None) -> None:
    ticks = "async def ticks():\n    yield 0\n    yield 1"
    assert results(notebook, ticks, cell)[-1] == result


def test_underscore_holds_the_last_value_also_a_hidden_one(notebook: NotebookModule) -> None:
    assert results(notebook, "1", "_ + 1", "None", "_ + 1;", "_ + 1", "x = 0", "_") == [
        "1",
        "2",
        None,
        None,
        "4",
        None,
        "4",
    ]


def test_await_and_its_kin_stand_at_the_top_level(notebook: NotebookModule) -> None:
    cell = """
        import asyncio
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        found = []
        async for value in stream():
            found.append(value)
        found, await asyncio.sleep(0, "slept")
    """
    assert results(notebook, "async def stream():\n    yield 7", cell)[-1] == "([7], 'slept')"


def test_what_a_cell_defines_belongs_to_the_notebooks_module(notebook: NotebookModule) -> None:
    cells = ["class A: pass\ndef f(): pass", "A.__module__, f.__module__, __name__", "__name__ == '__main__'"]
    name = notebook.module.__name__
    assert results(notebook, *cells)[1:] == [repr((name, name, name)), "False"]


def test_all_code_of_a_cell_can_travel_also_that_of_its_last_expression(notebook: NotebookModule) -> None:
    cell = """
        class A:
            def method(self): return [lambda: i for i in range(3)]
        def outer():
            def inner(): return 1
            return inner
        functions = A.method, outer(), lambda: 2
        (*functions, lambda: 3, lambda: 4, lambda: 4)
    """
    run(notebook, cell)
    for function in notebook.namespace["_"]:  # type: ignore[attr-defined]
        found = SOURCES.find(function.__code__)
        assert found is not None
        source, place = found
        assert source.code_at(place) == function.__code__


def test_versions_of_a_cell_go_when_nothing_of_them_is_alive(notebook: NotebookModule) -> None:
    """Whatever was compiled of them in pieces."""
    evaluator = Evaluator(notebook)
    run_with(evaluator, "def f(): return 0\nf()", "cell f")
    run_with(evaluator, "kept = f", "keeper")
    for version in range(20):
        run_with(evaluator, f"def f(): return {version}\nlambda: f()", "edited")
    run_with(evaluator, "None", "edited")
    run_with(evaluator, "def f(): return 1\nf()", "cell f")
    gc.collect()
    texts = [known.source.text for known in SOURCES if known.source.name.startswith(f"notebook {notebook.name}, ")]
    assert texts == ["def f(): return 0\nf()", "kept = f", "None", "def f(): return 1\nf()"]
    assert evaluator.is_cell(notebook.namespace["kept"].__code__.co_filename)  # type: ignore[attr-defined]
    assert len(evaluator.files.ids) <= 5


def run_with(evaluator: Evaluator, source: str, cell: str) -> None:
    assert asyncio.run(evaluator.evaluate(cell, source)).status == "ok"


def test_a_future_import_holds_in_the_last_expression_too(notebook: NotebookModule) -> None:
    cell = "from __future__ import annotations\n(lambda: 0).__code__.co_flags & annotations.compiler_flag != 0"
    assert results(notebook, cell) == ["True"]


def test_warnings_of_the_compiler_come_once(notebook: NotebookModule) -> None:
    with pytest.warns(SyntaxWarning) as caught:
        assert results(notebook, "x = 1\nx is 1") == ["True"]
    assert len(caught) == 1


def test_names_bound_before_a_failure_are_bound_no_more(notebook: NotebookModule) -> None:
    outcomes = run(notebook, "x = 1", "x = 2; y = 3; 1 / 0; z = 4", "x, 'y' in globals(), 'z' in globals()")
    assert [outcome.status for outcome in outcomes] == ["ok", "error", "ok"]
    assert outcomes[-1].result == "(1, False, False)"


def test_a_cell_sees_its_functions_new_definition(notebook: NotebookModule) -> None:
    assert results(notebook, "def f(): return 1", "def g(): return f()", "def f(): return 2", "g()")[-1] == "2"


def test_ac37_a_value_whose_repr_raises_is_bound_and_the_cell_finished(notebook: NotebookModule) -> None:
    cell = "class A:\n    def __repr__(self): 1 / 0\na = A()\na"
    assert results(notebook, cell, "a is _") == ["<A: its repr raised ZeroDivisionError: division by zero>", "True"]


def test_exit_is_an_error_that_says_so_and_ends_nothing(notebook: NotebookModule) -> None:
    _, first, second = run(notebook, "import sys\nx = 1", "# the\n# end\nsys.exit(3)", "x")
    assert first.status == "error"
    assert first.failure is not None
    assert (first.failure.type, first.failure.line) == ("SystemExit", 3)
    assert first.failure.message == "3: a cell does not end its runtime; to start afresh, reconnect it"
    assert first.failure.traceback.endswith(
        "SystemExit: 3\na cell does not end its runtime; to start afresh, reconnect it\n"
    )
    assert second.result == "1"


def test_an_exit_without_a_status_has_no_empty_place_for_one(notebook: NotebookModule) -> None:
    (only,) = run(notebook, "raise SystemExit")
    assert only.failure is not None
    assert only.failure.message == "a cell does not end its runtime; to start afresh, reconnect it"


@pytest.mark.parametrize(
    ("cell", "error"),
    [("x = '\0'", "SyntaxError"), ("x = '\ud800'", "UnicodeEncodeError"), ("-" * 100_000 + "1", "MemoryError")],
)
def test_a_text_that_cannot_be_compiled_at_all_is_an_error(notebook: NotebookModule, cell: str, error: str) -> None:
    outcome = last(notebook, cell)
    assert outcome.failure is not None
    assert (outcome.status, outcome.failure.type, outcome.failure.line) == ("error", error, None)


def test_an_interrupt_raised_in_the_cell_keeps_what_was_bound(notebook: NotebookModule) -> None:
    first, second = run(notebook, "x = 1\nraise KeyboardInterrupt", "x")
    assert first.failure is not None
    assert (first.status, first.failure.line, second.result) == ("interrupted", 2, "1")


def test_awaiting_something_cancelled_is_an_error_and_no_interrupt(notebook: NotebookModule) -> None:
    cell = "import asyncio\ntask = asyncio.create_task(asyncio.sleep(60))\ntask.cancel()\nawait task"
    assert last(notebook, cell).status == "error"


WAIT = "x = 1\nreached.set_result(None)\nawait hang()"


def cancel(evaluator: Evaluator) -> None:
    assert evaluator.running is not None
    evaluator.running.request()


async def cancelled(notebook: NotebookModule, cell: str, *more: str) -> list[Outcome]:
    """The outcomes of `cell`, cancelled where it has set `reached`, and of those after it."""
    evaluator = Evaluator(notebook)
    reached = asyncio.get_running_loop().create_future()
    notebook.namespace.update(reached=reached, asyncio=asyncio, hang=lambda: asyncio.sleep(600))
    running = asyncio.create_task(evaluator.evaluate("1", dedent(cell)))
    await asyncio.wait_for(reached, 20)
    cancel(evaluator)
    outcomes = [await asyncio.wait_for(running, 20)]
    return outcomes + [await evaluator.evaluate("2", dedent(other)) for other in more]


def test_a_cell_that_awaits_is_cancelled_and_the_next_runs(notebook: NotebookModule) -> None:
    first, second = asyncio.run(cancelled(notebook, WAIT, "await asyncio.sleep(0)\nx"))
    assert first.failure is not None
    assert (first.status, first.failure.line, second.result) == ("interrupted", 3, "1")


def test_a_cell_that_swallows_the_cancel_goes_on_and_nothing_is_left_of_it(notebook: NotebookModule) -> None:
    cell = """
        reached.set_result(None)
        try:
            await hang()
        except asyncio.CancelledError:
            pass
        async with asyncio.timeout(60):
            await asyncio.sleep(0)
        "went on"
    """
    first, second = asyncio.run(cancelled(notebook, cell, "asyncio.current_task().cancelling()"))
    assert (first.status, first.result, second.result) == ("ok", "'went on'", "0")


def test_no_evaluation_is_running_before_and_after(notebook: NotebookModule) -> None:
    async def main() -> list[object]:
        evaluator = Evaluator(notebook)
        notebook.namespace["evaluator"] = evaluator
        before = evaluator.running
        outcome = await evaluator.evaluate("1", "evaluator.running is not None")
        return [before, outcome.result, evaluator.running]

    assert asyncio.run(main()) == [None, "True", None]


def test_a_cancel_that_comes_when_the_cell_has_ended_hits_nobody(notebook: NotebookModule) -> None:
    async def main() -> Outcome:
        evaluator = Evaluator(notebook)
        notebook.namespace["cancel"] = lambda: cancel(evaluator)
        assert (await evaluator.evaluate("1", "cancel()\n'ended'")).result == "'ended'"
        return await evaluator.evaluate("2", "import asyncio\nawait asyncio.sleep(0.01)\n'untouched'")

    assert asyncio.run(main()).result == "'untouched'"


def test_a_failed_task_group_leaves_no_request_to_cancel_to_the_next_cell(notebook: NotebookModule) -> None:
    fail = "async def fail(): raise ValueError\nimport asyncio"
    group = "async with asyncio.TaskGroup() as group:\n    group.create_task(fail())"
    outcomes = run(notebook, fail, group, "asyncio.current_task().cancelling()")
    assert [outcome.status for outcome in outcomes] == ["ok", "error", "ok"]
    assert outcomes[2].result == "0"


def test_an_interrupt_after_a_failed_task_group_is_an_interrupt(notebook: NotebookModule) -> None:
    cell = """
        async def fail(): raise ValueError
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fail())
        except* ValueError:
            pass
        reached.set_result(None)
        await hang()
    """
    (outcome,) = asyncio.run(cancelled(notebook, cell))
    assert outcome.status == "interrupted"


def test_whoever_cancels_the_task_itself_is_not_held_up(notebook: NotebookModule) -> None:
    async def main() -> None:
        reached = asyncio.get_running_loop().create_future()
        notebook.namespace.update(reached=reached, hang=lambda: asyncio.sleep(600))
        running = asyncio.create_task(Evaluator(notebook).evaluate("1", WAIT))
        await asyncio.wait_for(reached, 20)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(running, 20)

    asyncio.run(main())


def test_in_a_process_a_cell_is_interrupted_and_an_exit_signal_ends_it(notebook: NotebookModule) -> None:
    async def main() -> None:
        evaluator = Evaluator(notebook)
        reached: asyncio.Queue[None] = asyncio.Queue()
        notebook.namespace.update(reached=reached, receive=bl.receive, me=bl.self)
        cell = "reached.put_nowait(None)\nawait receive()"

        async def evaluate_two(parent: bl.Pid) -> None:
            bl.send(parent, await evaluator.evaluate("1", cell))
            bl.send(parent, await evaluator.evaluate("2", cell))

        async with bl.Node("test@127.0.0.1", listen=False) as node:
            pid = node.spawn(evaluate_two, bl.self())
            ref = bl.monitor(pid)
            await asyncio.wait_for(reached.get(), 20)
            cancel(evaluator)
            assert (await bl.receive(timeout=20)).status == "interrupted"
            await asyncio.wait_for(reached.get(), 20)
            bl.exit(pid, "shutdown")
            assert await bl.receive(timeout=20) == bl.Down(ref, pid, "shutdown")

    asyncio.run(main())


def test_an_exit_signal_ends_a_cell_that_swallowed_an_interrupt(notebook: NotebookModule) -> None:
    cell = """
        try:
            reached.put_nowait("waits")
            await receive()
        except asyncio.CancelledError:
            reached.put_nowait("swallowed")
        try:
            await receive()
        finally:
            reached.put_nowait("unwound")
    """

    async def main() -> None:
        evaluator = Evaluator(notebook)
        reached: asyncio.Queue[str] = asyncio.Queue()
        notebook.namespace.update(reached=reached, receive=bl.receive, asyncio=asyncio)

        async def evaluate() -> None:
            await evaluator.evaluate("1", dedent(cell))
            reached.put_nowait("went on")

        async with bl.Node("test@127.0.0.1", listen=False) as node:
            pid = node.spawn(evaluate)
            assert await asyncio.wait_for(reached.get(), 20) == "waits"
            cancel(evaluator)
            assert await asyncio.wait_for(reached.get(), 20) == "swallowed"
            bl.exit(pid, "shutdown")
            assert await asyncio.wait_for(reached.get(), 20) == "unwound"
            for _ in range(10):
                await asyncio.sleep(0)
            assert reached.empty()

    asyncio.run(main())
