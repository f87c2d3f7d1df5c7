"""Cells that a form of Livebook wrote: shown as code, and kept byte for byte if nobody edits them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write

FORM = '"attrs":"eyJhIjoiLS0-In0","chunks":[[0,5],[7,5]],"kind":"Elixir.KinoDB.SQLCell","livebook_object":"smart_cell"'
TEXT = f'# T\n\n## S\n\n<!-- livebook:{{{FORM},"mine":1}} -->\n\n```elixir\nx = 1\n\nx * x\n```\n'
OLD = TEXT.replace('"eyJhIjoiLS0-In0"', '{"a":"b"}')


def smart(text: str) -> Cell:
    return read(text)[0].sections[0].cells[0]


def edited(text: str, source: str) -> Notebook:
    notebook, _ = read(text)
    (section,) = notebook.sections
    (cell,) = section.cells
    return replace(notebook, sections=(replace(section, cells=(replace(cell, source=source),)),))


@pytest.mark.parametrize("text", [TEXT, OLD])
def test_a_smart_cell_that_nobody_edits_is_written_as_it_was_read(text: str) -> None:
    assert write(read(text)[0]) == text
    assert write(edited(text, smart(text).source)) == text


def test_a_smart_cell_is_shown_as_its_code_and_not_runnable_here() -> None:
    cell = smart(TEXT)
    assert (cell.kind, cell.language, cell.source, cell.runnable) == ("code", "elixir", "x = 1\n\nx * x", False)
    assert cell.metadata["kind"] == "Elixir.KinoDB.SQLCell"


def test_a_smart_cell_whose_code_was_edited_is_code_as_its_form_would_undo_the_edit() -> None:
    assert write(edited(TEXT, "2")) == '# T\n\n## S\n\n<!-- livebook:{"mine":1} -->\n\n```elixir\n2\n```\n'


def test_an_edit_that_is_undone_leaves_a_smart_cell() -> None:
    notebook = edited(TEXT, "2")
    (section,) = notebook.sections
    undone = replace(section.cells[0], source="x = 1\n\nx * x")
    assert write(replace(notebook, sections=(replace(section, cells=(undone,)),))) == TEXT


@pytest.mark.parametrize("language", ["elixir", "erlang"])
def test_cells_of_livebooks_other_languages_are_kept_and_do_not_run(language: str) -> None:
    text = f"# T\n\n```elixir\nMix.install([])\n```\n\n## S\n\n```{language}\nx = 1\n```\n"
    notebook, _ = read(text)
    assert [cell.runnable for cell in notebook.cells()] == [False, False]
    assert write(notebook) == text


def test_an_input_of_an_old_livebook_is_kept_where_it_stands_and_named() -> None:
    comment = '<!-- livebook:{"livebook_object":"cell_input","name":"n","type":"text","value":"a"} -->'
    text = f'# T\n\n## S\n\n{comment}\n\n<!-- livebook:{{"reevaluate_automatically":true}} -->\n\n```python\n1\n```\n'
    notebook, (warning,) = read(text)
    assert [cell.metadata for cell in notebook.sections[0].cells] == [{}, {"reevaluate_automatically": True}]
    assert "line 5: this livebook comment is kept as text: it is an input of an old Livebook" in warning
    assert write(notebook) == text
