"""The module that cells run in."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import sys
import traceback
from collections.abc import Iterator

import pytest

from beamlike.code.notebook_module import NotebookModule
from tests.support.cells import run_cell


@pytest.fixture
def notebook() -> Iterator[NotebookModule]:
    with contextlib.closing(NotebookModule("my notes.livemd")) as module:
        yield module


def test_it_is_a_module_under_a_name_that_hides_no_other(notebook: NotebookModule) -> None:
    assert sys.modules["notebook_my_notes_livemd"] is notebook.module
    with contextlib.closing(NotebookModule("my notes.livemd")) as second:
        assert second.module.__name__ == "notebook_my_notes_livemd_2"
    assert "notebook_my_notes_livemd_2" not in sys.modules


def test_a_cell_may_await_at_its_top_level(notebook: NotebookModule) -> None:
    code = notebook.compile_cell("import asyncio\nanswer = await asyncio.sleep(0, 42)", "cell 1")
    assert code.co_flags & inspect.CO_COROUTINE

    async def main() -> None:
        await eval(code, notebook.namespace)

    asyncio.run(main())
    assert notebook.namespace["answer"] == 42


def test_a_future_import_holds_for_the_cells_after_it(notebook: NotebookModule) -> None:
    run_cell(notebook, "def before(n: Unknown2 if False else int): ...")
    run_cell(notebook, "from __future__ import annotations", "cell 2")
    names = run_cell(notebook, "def after(n: Unknown): ...", "cell 3")
    assert names["after"].__annotations__ == {"n": "Unknown"}
    assert names["before"].__annotations__ == {"n": int}


def test_the_same_cell_run_again_is_the_same_code(notebook: NotebookModule) -> None:
    assert notebook.compile_cell("x = 1", "cell 1") is notebook.compile_cell("x = 1", "cell 1")
    versions = {
        notebook.compile_cell(text, cell).co_filename for text in ("x = 1", "x = 2") for cell in ("cell 1", "cell 2")
    }
    assert len(versions) == 4


def test_a_syntax_error_shows_the_cells_line(notebook: NotebookModule) -> None:
    with pytest.raises(SyntaxError) as caught:
        notebook.compile_cell("x = 1\ny = = 2\n", "cell 7")
    text = "".join(traceback.format_exception_only(caught.value))
    assert "<notebook my notes.livemd, cell 7 #" in text
    assert "y = = 2" in text


def test_a_line_with_a_form_feed_does_not_shift_the_text(notebook: NotebookModule) -> None:
    names = run_cell(notebook, "word = 'a\x0cb\x1cc'\ndef fail():\n    raise KeyError(word)")
    with pytest.raises(KeyError) as caught:
        names["fail"]()
    assert "    raise KeyError(word)\n" in traceback.format_tb(caught.value.__traceback__)[-1]
