"""`.py` in the percent format both ways."""

from __future__ import annotations

import json
from dataclasses import replace

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.format.ipynb import read_ipynb, write_ipynb
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.percent import read_percent, write_percent
from notebook_tui.format.percent_header import HEADER, Header, parsed, rendered
from notebook_tui.format.stills import outputs_dropped
from tests.support.notebooks import json_values, markdown, notebooks, texts

PYTHON = [
    *["# %%", "#%%", "# %% [markdown]", "# %% [raw]", "# %%% Part", '# %% a="b" c', "# %%time", '# %% [md] tags=["x"]'],
    *[
        "",
        "",
        "x = 1",
        "'''",
        '"""',
        "'# %%'",
        "# text",
        "# # Title",
        "# ## Part",
        "#",
        "#!/bin/sh",
        "'a\\",
        "  ",
        "%ls",
    ],
    *["# ---", "# jupyter:", "# beamlike: {}", "# beamlike: {broken}", '# %% beamlike={"inner":2}', "# %% beamlike=1"],
    '# beamlike: {"metadata":{"k":1}}',
    '# %% [raw] beamlike={"language":"elixir","source":"a","theirs":{"metadata":3}}',
    '# %% beamlike={"role":"setup"}',
]
python = st.lists(st.sampled_from(PYTHON) | texts, max_size=14).map("\n".join)
NAMES = st.sampled_from(["tags", "title", "cell_depth", "beamlike", "a b", "é", ""])


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(notebooks())
@example(
    Notebook(sections=(Section("section-1", "S", (Cell("cell-1", "code", "'''"), Cell("cell-2", "code", "'''"))),))
)
def test_a_notebook_comes_back_from_python_as_it_was_but_for_its_outputs(notebook: Notebook) -> None:
    notebook = replace(outputs_dropped(notebook), stamp=None)
    text = write_percent(notebook)
    text.encode()
    assert read_percent(text)[0] == notebook


@pytest.mark.soak
@pytest.mark.timeout(1200)
@given(python | markdown | st.text())
@example("'''\n# %%\n'''\n# %%\n1")
def test_any_text_opens_and_loses_nothing_once_it_has_been_saved(text: str) -> None:
    notebook, _ = read_percent(text)
    saved = write_percent(notebook)
    assert read_percent(saved)[0] == notebook
    assert write_percent(notebook) == saved


@given(python)
def test_a_python_file_comes_back_from_livemd_as_it_was(text: str) -> None:
    notebook, _ = read_percent(text)
    assert read(write(notebook))[0] == notebook


@given(st.sampled_from(["code", "markdown", "raw"]), st.dictionaries(NAMES, json_values | markdown, max_size=3))
def test_a_header_reads_back(kind: str, keys: dict[str, object]) -> None:
    keys = {key: value for key, value in keys.items() if key.isidentifier() and key.isascii()}
    header = Header(kind, keys)  # type: ignore[arg-type]
    found = HEADER.fullmatch(rendered(header))
    assert found is not None
    assert parsed(found) == header


WRITTEN = """\
# %% [markdown]
# # Cats
#
# They purr.

# %% tags=["slow"]
def purr():
    return "rrr"

# %% [markdown]
# ## More

# %% [raw] beamlike={"language": "elixir"}
# IO.puts("purr")
"""


def test_title_sections_tags_and_languages_stand_in_the_file_and_come_back() -> None:
    notebook, warnings = read_percent(WRITTEN)
    assert (notebook.title, warnings) == ("Cats", ())
    assert [section.name for section in notebook.sections] == ["Section", "More"]
    assert [cell.source for cell in notebook.sections[0].cells] == [
        "They purr.",
        'def purr():\n    return "rrr"',
    ]
    (elixir,) = notebook.sections[1].cells
    assert (elixir.language, elixir.runnable, elixir.source) == ("elixir", False, 'IO.puts("purr")')
    assert write_percent(notebook) == WRITTEN


def test_a_notebook_with_nothing_special_is_a_plain_python_file() -> None:
    notebook = Notebook("T", sections=(Section("section-1", "S", (Cell("cell-1", "code", "x = 1"),)),))
    assert write_percent(notebook) == "# %% [markdown]\n# # T\n\n# %% [markdown]\n# ## S\n\n# %%\nx = 1\n"


@pytest.mark.parametrize("text", ["#!/usr/bin/env python\nimport os\n", "import os\n\n\nprint(os)\n\n# %%\n1\n"])
def test_a_script_is_a_notebook_and_stays_a_script(text: str) -> None:
    assert write_percent(read_percent(text)[0]) == text


def test_the_top_of_a_file_of_jupytext_stays() -> None:
    text = "# ---\n# jupyter:\n#   jupytext:\n#     x: 1\n# ---\n\n# %% [markdown]\n# # T\n"
    notebook, _ = read_percent(text)
    assert notebook.title == "T"
    assert write_percent(notebook) == text


def test_a_string_that_looks_like_a_header_begins_no_cell() -> None:
    notebook, _ = read_percent('x = """\n# %%\n"""\n# %%\ny\n')
    assert [cell.source for cell in notebook.sections[0].cells] == ['x = """\n# %%\n"""', "y"]


def test_a_string_that_is_never_closed_hides_no_cell() -> None:
    notebook, _ = read_percent('x = """\n# %%\ny\n')
    assert [cell.source for cell in notebook.sections[0].cells] == ['x = """', "y"]


def test_markdown_may_stand_in_a_string_and_code_below_it_is_code() -> None:
    text = '# %% [markdown]\nr"""\n## A\nb\n"""\n# %% [md]\n# c\nx = 1\n'
    notebook, _ = read_percent(text)
    assert notebook.sections[0].name == "A"
    assert [(cell.kind, cell.source) for cell in notebook.sections[0].cells] == [
        ("markdown", "b"),
        ("markdown", "c"),
        ("code", "x = 1"),
    ]


def test_what_only_jupyter_knows_of_a_cell_stays_but_for_what_it_numbers() -> None:
    cell = {"cell_type": "code", "id": "a", "metadata": {"tags": ["x"]}, "source": "1", "execution_count": 3}
    file = {"cells": [{**cell, "outputs": []}], "metadata": {"k": 1}, "nbformat": 4, "nbformat_minor": 5}
    text = write_percent(read_ipynb(json.dumps(file))[0])
    assert text == '# %% tags=["x"]\n1\n\n# beamlike: {"theirs":{"metadata":{"k":1}}}\n'
    again = json.loads(write_ipynb(read_percent(text)[0]))
    assert (again["metadata"], again["cells"][0]["metadata"]) == ({"k": 1}, {"tags": ["x"]})


def test_a_python_file_becomes_one_that_jupyter_opens_and_comes_back_from_there() -> None:
    text = "#!/bin/sh\nimport os\n\n# %% A title [markdown]\n# text\n"
    file = write_ipynb(read_percent(text)[0])
    nbformat.validate(json.loads(file))
    assert write_percent(read_ipynb(file)[0]) == text
