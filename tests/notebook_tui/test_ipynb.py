"""`.ipynb` both ways: nothing is lost from there to a notebook or its file and back, nor from a notebook to there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Display, Error, Result, Text
from notebook_tui.format.decode import NotANotebook
from notebook_tui.format.ipynb import read_ipynb, write_ipynb
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from tests.support.jupyter import files
from tests.support.notebooks import json_values, notebooks

Json = dict[str, Any]


def whole(file: Json) -> Json:
    """The file with each text in one piece."""
    return json.loads(json.dumps(file), object_hook=_joined)  # type: ignore[no-any-return]


def _joined(keys: Json) -> Json:
    return {
        key: "".join(value) if key == "source" and isinstance(value, list) else value for key, value in keys.items()
    }


def back(file: Json) -> Json:
    notebook, _ = read_ipynb(json.dumps(file))
    return whole(json.loads(write_ipynb(notebook)))


def through_livemd(file: Json) -> Json:
    notebook, _ = read_ipynb(json.dumps(file))
    again, _ = read(write(notebook))
    if not notebook.persists_outputs:
        again, _ = read(write(notebook, outputs=True))
    return whole(json.loads(write_ipynb(again)))


def of(*cells: Json, **keys: Any) -> Json:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **keys}


def code(source: str = "", id: str = "c", outputs: list[Json] | None = None, **keys: Any) -> Json:
    cell = {"cell_type": "code", "id": id, "metadata": {}, "source": source, "execution_count": None}
    return {**cell, "outputs": outputs or [], **keys}


def markdown(source: str, id: str = "m", **keys: Any) -> Json:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": source, **keys}


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(files())
@example(of(markdown("## A"), code(outputs=[{"output_type": "display_data", "data": {}, "metadata": {}}])))
def test_a_file_of_jupyter_comes_back_as_it_was(file: Json) -> None:
    assert back(file) == file


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(files())
def test_a_file_of_jupyter_comes_back_from_livemd_as_it_was(file: Json) -> None:
    assert through_livemd(file) == file


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(notebooks())
def test_a_notebook_comes_back_from_jupyter_as_it_was(notebook: Notebook) -> None:
    notebook = replace(notebook, stamp=None)
    text = write_ipynb(notebook)
    text.encode()
    again, _ = read_ipynb(text)
    assert again == notebook


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(notebooks())
def test_what_is_written_is_valid_to_jupyter(notebook: Notebook) -> None:
    nbformat.validate(json.loads(write_ipynb(notebook)))


def words_on(text: str) -> str:
    try:
        _, warnings = read_ipynb(text)
    except NotANotebook as refusal:
        return str(refusal)
    return " ".join(warnings)


@given(st.text() | json_values.map(json.dumps) | json_values.map(lambda said: json.dumps({"nbformat": said})))
def test_any_other_file_is_refused_in_words(text: str) -> None:
    assert words_on(text).startswith(("expected ", "this is no .ipynb as it should be, at "))


@given(st.dictionaries(st.sampled_from(["cell_type", "source", "metadata", "outputs", "id"]), json_values))
def test_a_broken_cell_is_named_and_read_as_far_as_it_goes(cell: Json) -> None:
    _, warnings = read_ipynb(json.dumps(of(cell)))
    assert warnings[0].startswith("this is no .ipynb as it should be, at ")


OUTPUT_KEYS = ["output_type", "name", "text", "data", "ename", "evalue", "traceback"]


@example({"output_type": "stream", "name": "stdout", "text": ["a", 1]})
@given(st.dictionaries(st.sampled_from(OUTPUT_KEYS), json_values | st.lists(json_values)))
def test_a_broken_output_is_named_and_kept(output: Json) -> None:
    _, warnings = read_ipynb(json.dumps(of(code(outputs=[output]))))
    assert warnings[0].startswith("this is no .ipynb as it should be, at ")
    once = back(of(code(outputs=[output])))
    assert once["cells"][0]["outputs"][0].keys() == output.keys()
    assert back(once) == once


@pytest.mark.parametrize("minor", [-1, True, 10**30, "5", None])
def test_a_minor_version_that_there_is_not_hinders_nobody(minor: object) -> None:
    notebook, _ = read_ipynb(json.dumps(of(code("1"), nbformat_minor=minor)))
    assert [cell.source for cell in notebook.sections[0].cells] == ["1"]


OUTPUTS: list[tuple[Json, object]] = [
    ({"output_type": "stream", "name": "stdout", "text": "a\n"}, Text("stdout", "a\n")),
    (
        {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}, "execution_count": 1},
        Result("2"),
    ),
    (
        {"output_type": "display_data", "data": {"image/png": "iVBORw==", "text/plain": "<Figure>"}, "metadata": {}},
        Display((("image/png", b"\x89PNG"), ("text/plain", "<Figure>"))),
    ),
    (
        {"output_type": "error", "ename": "E", "evalue": "bad", "traceback": ["  line 1", "E: bad"]},
        Error("E", "bad", "  line 1\n", None),
    ),
]


@pytest.mark.parametrize(("theirs", "ours"), OUTPUTS)
def test_each_kind_of_output_has_its_natural_counterpart(theirs: Json, ours: object) -> None:
    file = of(code("x", outputs=[theirs], execution_count=1))
    notebook, warnings = read_ipynb(json.dumps(file))
    (cell,) = notebook.sections[0].cells
    assert (cell.outputs, warnings) == ((ours,), ())
    assert "outputs" not in cell.metadata["jupyter"]["cell"]
    assert back(file) == file


def test_the_order_of_forms_comes_back_and_the_forms_stand_there_once() -> None:
    forms = Display((("text/plain", "t"), ("image/png", bytes(3000)), ("text/html", "<b>")))
    cell = Cell("cell-1", "code", "1", outputs=(forms,))
    notebook = Notebook("T", sections=(Section("section-1", "S", (cell,)),))
    text = write_ipynb(notebook)
    assert read_ipynb(text)[0] == notebook
    assert len(text) < 6000


def test_headings_become_the_title_and_sections_and_what_stands_below_them_cells() -> None:
    file = of(markdown("# Cats\n\nThey purr.", "a"), code("1", "b"), markdown("## More", "c"), markdown("### x", "d"))
    notebook, _ = read_ipynb(json.dumps(file))
    assert notebook.title == "Cats"
    assert [(section.name, [cell.source for cell in section.cells]) for section in notebook.sections] == [
        ("Section", ["They purr.", "1"]),
        ("More", ["### x"]),
    ]
    assert back(file) == file


def test_what_was_added_or_moved_in_the_notebook_is_there_in_jupyter() -> None:
    notebook, _ = read_ipynb(json.dumps(of(markdown("# T\n\ntext", "a"), code("1", "b"))))
    (section,) = notebook.sections
    first, second = section.cells
    moved = replace(section, cells=(second, first, Cell("cell-9", "code", "2")))
    cells = json.loads(write_ipynb(replace(notebook, sections=(moved,))))["cells"]
    assert [("".join(cell["source"]), cell["id"]) for cell in cells] == [
        ("# T", "a"),
        ("1", "b"),
        ("text", "cell-1"),
        ("2", "cell-9"),
    ]


def test_a_file_that_was_made_here_says_nothing_of_jupyter_when_it_comes_back() -> None:
    notebook = Notebook("T", sections=(Section("section-1", "S", (Cell("cell-1", "code", "1"),)),))
    assert "jupyter" not in write(read_ipynb(write_ipynb(notebook))[0])


def test_cells_of_other_languages_are_raw_cells_that_jupyter_does_not_run() -> None:
    notebook, _ = read("# T\n\n```elixir\nMix.install([])\n```\n\n## S\n\n```erlang\nX.\n```\n")
    cells = json.loads(write_ipynb(notebook))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "raw", "markdown", "raw"]
    assert read_ipynb(write_ipynb(notebook))[0] == notebook


def test_a_raw_cell_of_jupyter_is_shown_verbatim() -> None:
    file = of({"cell_type": "raw", "id": "r", "metadata": {"format": "text/latex"}, "source": "\\begin{x}\n```"})
    notebook, _ = read_ipynb(json.dumps(file))
    assert notebook.sections[0].cells[0].source == "````raw\n\\begin{x}\n```\n````"
    assert back(file) == file


def test_a_cell_of_a_kind_that_nobody_knows_stays_one() -> None:
    file = of({"cell_type": "future", "id": "f", "metadata": {}, "source": "x", "more": [1]})
    assert back(file) == file


def test_an_old_file_is_brought_up_to_version_4() -> None:
    cell = {"cell_type": "code", "collapsed": False, "input": ["1 +\n", "1"], "language": "python", "outputs": []}
    old = {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": [cell]}]}
    notebook, _ = read_ipynb(json.dumps(old))
    assert notebook.sections[0].cells[0].source == "1 +\n1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "expected the JSON of an .ipynb: "),
        ("[]", "a JSON object with nbformat and cells"),
        (json.dumps(of() | {"nbformat": 5}), "got version 5"),
        (json.dumps({"nbformat": 3, "worksheets": 7}), "got a broken one"),
        (json.dumps({"nbformat": 4}), "with a list of cells"),
        (json.dumps(of(metadata={"kernelspec": {"language": "R"}})), "expected an .ipynb of Python, got one of R"),
        ("[" * 100_000, "expected the JSON"),
        ("[" * 900 + "]" * 900, "lists in lists more than 200 deep"),
    ],
)
def test_what_is_no_notebook_of_python_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(NotANotebook, match=words):
        read_ipynb(text)


def test_numbers_that_json_has_not_are_read_as_null_and_that_is_said() -> None:
    text = json.dumps(of(code(metadata={"a": float("nan")})))
    assert read_ipynb(text)[1] == ("NaN is read as null",)
