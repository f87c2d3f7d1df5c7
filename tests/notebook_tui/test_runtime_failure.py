"""An exception as the notebook shows it."""

from __future__ import annotations

import asyncio
import re
from textwrap import dedent
from typing import Any

import pytest

import notebook_tui.runtime.failure as limits
from beamlike.code.notebook_module import NotebookModule
from beamlike.kernel.errors import RemoteTraceback
from notebook_tui.runtime.evaluator import Evaluator
from notebook_tui.runtime.outcome import CellLine, Failure


def failed(*cells: str, **names: object) -> Failure:
    """How the last of these cells failed; their names are 1, 2, ..."""

    async def main() -> Failure | None:
        evaluator = Evaluator(notebook)
        for number, cell in enumerate(cells, 1):
            outcome = await evaluator.evaluate(str(number), dedent(cell).strip())
        assert outcome.status == "error"
        return outcome.failure

    notebook = NotebookModule("test")
    try:
        notebook.namespace.update(names)
        failure = asyncio.run(main())
    finally:
        notebook.close()
    assert failure is not None
    return failure


def frames(traceback: str) -> list[str]:
    return re.findall(r"^[ |]*(cell .*|File .*)$", traceback, re.MULTILINE)


def test_ac34_a_syntax_error_shows_its_line_and_a_caret_and_no_traceback() -> None:
    failure = failed("x = 1\ny = = 2")
    assert (failure.type, failure.message, failure.line) == ("SyntaxError", "invalid syntax", 2)
    assert failure.traceback == "  cell 1, line 2\n    y = = 2\n        ^\nSyntaxError: invalid syntax\n"


@pytest.mark.parametrize("line", ["%matplotlib inline", "!ls", "    %time x", "pip install six", "%%bash"])
def test_a_line_for_ipython_is_told_what_to_write_instead(line: str) -> None:
    failure = failed(f"if True:\n    x = 1\n{line}")
    assert failure.traceback.startswith("  cell 1, line 3\n")
    assert failure.traceback.endswith(f"\nSyntaxError: invalid syntax\n{limits.NO_MAGIC}\n")


def test_ac34_what_the_compiler_refuses_shows_its_line_too() -> None:
    failure = failed("x = 1\nreturn x")
    assert failure.line == 2
    assert failure.traceback == "  cell 1, line 2\n    return x\n    ^^^^^^^^\nSyntaxError: 'return' outside function\n"


def test_ac34_an_undefined_name_is_marked_on_its_line() -> None:
    failure = failed("x = 1\n\nx + why")
    assert (failure.type, failure.message, failure.line) == ("NameError", "name 'why' is not defined", 3)


def test_ac34_functions_of_earlier_cells_are_shown_with_cell_and_line() -> None:
    failure = failed("def f(x):\n    return 1 / x", "def g(x):\n    return f(x)", "x = 0\ng(x)")
    assert failure.line == 2
    # Python versions differ in which lines get carets at all.
    lines = [line for line in failure.traceback.splitlines() if line.strip(" ^~")]
    assert lines == [
        "Traceback (most recent call last):",
        "  cell 3, line 2",
        "    g(x)",
        "  cell 2, line 2, in g",
        "    return f(x)",
        "  cell 1, line 2, in f",
        "    return 1 / x",
        "ZeroDivisionError: division by zero",
    ]


def test_ac34_the_frames_of_cells_are_places_to_go_to() -> None:
    failure = failed(
        "def f(g):\n    return g()", "def h():\n    return 1 / 0", "import functools\nf(functools.partial(h))"
    )
    assert failure.places == (CellLine("3", 2), CellLine("1", 2), CellLine("2", 2))
    assert failed("x = 1\n\nx + why").places == (CellLine("1", 3),)
    assert failed("eval('1 / 0')").places == (CellLine("1", 1),)
    assert failed("y = = 2").places == ()


def test_of_many_places_the_first_and_the_last_are_kept() -> None:
    failure = failed("def f(n):\n    if n == 0: 1 / 0\n    f(n - 1)", "f(100)")
    assert len(failure.places) == limits.PLACES
    assert (failure.places[0], failure.places[-1]) == (CellLine("2", 1), CellLine("1", 2))


def test_carets_stand_below_what_failed_also_on_the_last_line() -> None:
    lines = failed("x = 0\nresult = 1 / x + 1").traceback.splitlines()
    assert lines[-3:-1] == ["    result = 1 / x + 1", "             ~~^~~"]


@pytest.mark.parametrize("nested", ["eval('1 +')", "exec('1 / 0')", "import ast\nast.parse('1 +')"])
def test_ac34_an_error_within_a_string_of_code_marks_no_line(nested: str) -> None:
    failure = failed(nested)
    assert failure.line is None
    assert "cell 1, line" in failure.traceback


def test_ac34_a_failed_import_is_marked_on_its_line() -> None:
    failure = failed("x = 1\nimport no_such_module")
    assert (failure.message, failure.line) == ("No module named 'no_such_module'", 2)


def test_a_function_of_an_earlier_version_of_the_cell_shows_the_text_it_had_and_marks_no_line() -> None:
    async def main() -> Failure | None:
        evaluator = Evaluator(notebook)
        await evaluator.evaluate("1", "def old():\n    raise ValueError('then')")
        notebook.namespace["kept"] = notebook.namespace["old"]
        outcome = await evaluator.evaluate("1", "x = 1\nx = 2\nx = 3\nkept()")
        return outcome.failure

    notebook = NotebookModule("test")
    failure = asyncio.run(main())
    notebook.close()
    assert failure is not None
    assert failure.line == 4
    assert "raise ValueError('then')" in failure.traceback


def test_library_frames_below_the_cell_stay() -> None:
    shown = frames(failed("import json\njson.loads('{')").traceback)
    assert shown[0] == "cell 1, line 2"
    assert "json" in shown[1]


def test_what_runs_the_cell_is_left_out_of_every_part_of_a_chain() -> None:
    failure = failed(
        """
        try:
            {}["a"]
        except KeyError as error:
            error.add_note("a note")
            raise ValueError("no such thing") from error
        """
    )
    assert frames(failure.traceback) == ["cell 1, line 2", "cell 1, line 5"]
    assert "KeyError: 'a'\na note\n\nThe above exception was the direct cause" in failure.traceback


def test_what_runs_the_cell_is_left_out_of_every_part_of_a_group() -> None:
    failure = failed(
        """
        import asyncio
        async def fail(text): raise ValueError(text)
        async with asyncio.TaskGroup() as group:
            group.create_task(fail("one"))
            group.create_task(fail("two"))
        """
    )
    cells = [frame for frame in frames(failure.traceback) if frame.startswith("cell")]
    assert cells == ["cell 1, line 3", "cell 1, line 2, in fail", "cell 1, line 2, in fail"]
    assert "evaluator" not in failure.traceback
    assert "ValueError: one" in failure.traceback
    assert "ValueError: two" in failure.traceback


def test_a_traceback_from_another_node_stays() -> None:
    def call() -> None:
        raise ValueError("over there") from RemoteTraceback("Traceback of there\n  line 7\nValueError: over there")

    failure = failed("call()", call=call)
    assert "Traceback of there\n  line 7\n" in failure.traceback
    assert failure.traceback.endswith("ValueError: over there\n")


def code_of(module: str, text: str) -> dict[str, Any]:
    """The names that `text` defines as if it stood in that module."""
    names: dict[str, Any] = {"__name__": module, "RemoteTraceback": RemoteTraceback}
    exec(compile(dedent(text), f"{module}.py", "exec"), names)
    return names


def test_the_frames_that_brought_a_traceback_from_another_node_here_are_left_out() -> None:
    flame = code_of("flame.call", "def call(): raise ValueError from RemoteTraceback('there')")
    library = code_of("some_library", "def call(function): function()")
    failure = failed("lib(call)", lib=library["call"], call=flame["call"])
    assert frames(failure.traceback) == ["cell 1, line 1", 'File "some_library.py", line 1, in call']


def test_frames_of_beamlike_stay_where_no_other_traceback_tells_what_failed() -> None:
    beamlike = code_of("beamlike.rpc", "def call(): raise ValueError('no such node')")
    assert frames(failed("call()", call=beamlike["call"]).traceback)[1:] == ['File "beamlike.rpc.py", line 1, in call']


def test_the_frames_of_this_library_in_which_an_interrupted_cell_waited_are_left_out() -> None:
    rpc = code_of("beamlike.rpc", "def call(): raise KeyboardInterrupt")

    async def main() -> Failure | None:
        return (await Evaluator(notebook).evaluate("1", "def waits():\n    call()\nwaits()")).failure

    notebook = NotebookModule("test")
    try:
        notebook.namespace.update(call=rpc["call"])
        failure = asyncio.run(main())
    finally:
        notebook.close()
    assert failure is not None
    assert frames(failure.traceback) == ["cell 1, line 3", "cell 1, line 2, in waits"]


def test_the_runtimes_own_frames_at_the_end_are_left_out_in_a_context_too() -> None:
    handler = code_of("notebook_tui.runtime.interrupt", "def on_signal(): raise TimeoutError")
    cell = "try:\n    on_signal()\nfinally:\n    1 / 0"
    shown = frames(failed(cell, on_signal=handler["on_signal"]).traceback)
    assert shown == ["cell 1, line 2", "cell 1, line 4"]


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize("call", ["asyncio.run(main())", "asyncio.get_running_loop().run_until_complete(main())"])
def test_a_second_event_loop_in_a_cell_fails_with_what_to_write_instead(call: str) -> None:
    failure = failed(f"import asyncio\nasync def main(): pass\n{call}")
    assert failure.traceback.endswith(f"\n{limits.AWAIT_IT}\n")


def test_endless_recursion_is_shown_in_short() -> None:
    failure = failed("def f():\n    f()\nf()")
    assert failure.line == 2
    assert len(failure.traceback) < 1_000


def test_an_exception_is_named_with_its_module_unless_it_is_built_in() -> None:
    assert failed("import json\njson.loads('')").type == "json.decoder.JSONDecodeError"
    assert failed("class E(Exception): pass\nraise E").type == "notebook_test.E"


def test_an_exception_that_cannot_be_shown_is_told_all_the_same() -> None:
    failure = failed("class E(Exception):\n    def __str__(self): 1 / 0\nraise E")
    assert failure.message == "notebook_test.E (it cannot be shown: rendering it raised ZeroDivisionError)"
    assert frames(failure.traceback) == ["cell 1, line 3"]


def test_an_exception_that_breaks_even_traceback_is_told_all_the_same() -> None:
    class Broken(Exception):
        @property
        def __notes__(self) -> list[str]:
            raise KeyboardInterrupt

    failure = failed("raise Broken", Broken=Broken)
    assert "it cannot be shown: rendering it raised KeyboardInterrupt" in failure.traceback


def test_a_giant_message_is_cut_in_the_middle() -> None:
    failure = failed("raise ValueError('begin' + 'x' * 10_000_000 + 'end')")
    assert len(failure.message) < limits.MESSAGE_LIMIT + 100
    assert len(failure.traceback) < limits.TRACEBACK_LIMIT + 100
    assert failure.message.startswith("begin")
    assert failure.traceback.endswith("end\n")
