"""The file format by cases: AC01 to AC06 and AC08, each test named for the one it covers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Display, Error, Exported, Result, Text
from notebook_tui.format.decode import NotANotebook, decode
from notebook_tui.format.kept_outputs import Keeper
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write

FULL = """\
<!-- vim: set textwidth=80: -->

<!-- livebook:{"autosave_interval_s":null,"file_entries":[{"name":"cat.jpg","type":"attachment"}],"zoö":1} -->

# Cats

```elixir
Mix.install([:kino])
```

```pyproject.toml
[project]
dependencies = []
```

## Prose

* a list

$x_{i}$

<!-- livebook:{"continue_on_error":true,"output_size":"wide","reevaluate_automatically":true} -->

```python
sum(range(10))
```

## Base

```erlang
lists:seq(1, 10).
```

<!-- livebook:{"branch_parent_index":1} -->

## Branch

<!-- livebook:{"attrs":"e30","chunks":[[0,5],[7,5]],"kind":"multi","livebook_object":"smart_cell"} -->

```elixir
x = 1

x * x
```
"""
STAMP = f'<!-- livebook:{{"offset":{len(FULL.encode())},"stamp":{{"token":"t","version":1}}}} -->'
STAMPED = f"{FULL}\n{STAMP}\n"

OUTPUT = '<!-- livebook:{"output":true} -->'
FORCE = '<!-- livebook:{"force_markdown":true} -->'


def in_section(*cells: Cell) -> Notebook:
    return Notebook("T", sections=(Section("section-1", "S", cells),))


def body(*cells: Cell, outputs: bool = False) -> str:
    """The text of a notebook with these cells, without its headings."""
    return write(in_section(*cells), outputs=outputs).removeprefix("# T\n\n## S\n\n")


def cells_of(text: str) -> tuple[Cell, ...]:
    notebook, warnings = read(f"# T\n\n## S\n\n{text}")
    assert warnings == ()
    return notebook.sections[0].cells


def test_AC01_a_full_document_is_written_back_byte_for_byte() -> None:
    notebook, warnings = read(STAMPED)
    assert warnings == ()
    assert write(notebook) == STAMPED


def test_AC01_every_element_of_a_full_document_finds_its_place() -> None:
    notebook, _ = read(STAMPED)
    prose, base, branch = notebook.sections
    assert notebook.leading == "<!-- vim: set textwidth=80: -->"
    assert (notebook.title, notebook.metadata["zoö"]) == ("Cats", 1)
    assert (notebook.setup.id, notebook.setup.language) == ("setup", "elixir")
    assert notebook.pyproject is not None
    assert notebook.pyproject.source == "[project]\ndependencies = []"
    assert [(cell.id, cell.kind) for cell in prose.cells] == [("cell-1", "markdown"), ("cell-2", "code")]
    assert prose.cells[1].metadata["output_size"] == "wide"
    assert branch.parent == base.id
    assert branch.cells[0].metadata["kind"] == "multi"
    assert notebook.stamp is not None
    assert (notebook.stamp.comment, notebook.trailing) == (STAMP, "")


def test_AC01_a_notebook_of_defaults_has_no_metadata_comment() -> None:
    assert body(Cell("c", "markdown", "text"), Cell("d", "code", "1")) == "text\n\n```python\n1\n```\n"


def test_AC01_metadata_keys_are_sorted_and_cannot_end_their_comment() -> None:
    cell = Cell("cell-1", "code", "1", metadata={"z": "-->", "a": {"y": 1, "b": [True]}})
    text = body(cell)
    assert text.startswith('<!-- livebook:{"a":{"b":[true],"y":1},"z":"--\\u003e"} -->\n\n```python')
    assert cells_of(text) == (cell,)


@pytest.mark.parametrize(("source", "fence"), [("`", "```"), ("a```b", "````"), ("```\n````\n", "`````")])
def test_AC02_a_fence_is_one_longer_than_the_longest_run_inside(source: str, fence: str) -> None:
    text = body(Cell("cell-1", "code", source))
    assert text == f"{fence}python\n{source}\n{fence}\n"
    assert cells_of(text)[0].source == source


def test_AC02_empty_code_and_code_of_blank_lines_stay_what_they_are() -> None:
    for source in ("", "\n", "\n\nx  \n"):
        assert cells_of(body(Cell("c", "code", source)))[0].source == source


def test_AC03_code_inside_prose_stays_prose_behind_a_marker() -> None:
    source = "Run\n\n```python\n1\n```\n\nand\n\n```shell\nls\n```"
    text = body(Cell("cell-1", "markdown", source))
    assert text.count('<!-- livebook:{"force_markdown":true} -->\n\n```python') == text.count("livebook:") == 1
    assert cells_of(text)[0].source == source


def test_AC03_a_break_keeps_adjacent_prose_apart_and_an_empty_cell_alive() -> None:
    text = body(Cell("a", "markdown", "one"), Cell("b", "markdown", ""), Cell("c", "markdown", "two"))
    assert text.split("\n\n")[:2] == ["one", '<!-- livebook:{"break_markdown":true} -->']
    assert [cell.source for cell in cells_of(text)] == ["one", "", "two"]


@pytest.mark.parametrize("heading", ["# One", "## Two", "One\n===", "Two\n---"])
def test_a_heading_that_livebook_would_drop_stays_in_its_markdown_cell(heading: str) -> None:
    source = f"above\n\n{heading}\n\nbelow"
    assert [cell.source for cell in cells_of(body(Cell("c", "markdown", source)))] == [source]


@pytest.mark.parametrize(
    "source",
    ["```\nls", "~~~~ sh\nls\n", "<!-- to do", "<pre>\n\n# x", "<![CDATA[\n## y", "<?x", "<!X", "```\n    ```"],
)
def test_what_a_markdown_cell_leaves_open_swallows_no_other_cell(source: str) -> None:
    cells = Cell("cell-1", "markdown", source), Cell("cell-2", "code", "1")
    assert cells_of(body(*cells)) == cells


@pytest.mark.parametrize(
    "prose",
    [
        "- item\n\n  ```python\n  x\n  ```",
        "    # indented code\n\n    ```python",
        "<!--\n\n## In a comment\n\n```python\n1\n```\n-->",
        "<pre>\n\n## Raw\n\n</pre>",
        "````\n```python\n````",
        "> ## quoted\n>\n> ```python\n> ```",
        "```python title=x\n1\n```",
        "a | b\n--- | ---\n",
        "two\n\n\n\nblank lines  \n\n\n",
    ],
)
def test_prose_that_only_looks_like_structure_is_one_cell_with_its_own_bytes(prose: str) -> None:
    text = f"# T\n\n## S\n\n{prose}\n\n```python\n1\n```\n"
    assert [cell.kind for cell in read(text)[0].cells()][1:] == ["markdown", "code"]
    assert write(read(text)[0]) == text


def test_AC04_without_a_title_the_notebook_is_untitled() -> None:
    notebook, warnings = read("## Only\n\ntext\n")
    assert (notebook.title, notebook.sections[0].name, warnings) == ("Untitled notebook", "Only", ())


def test_AC04_several_headings_1_send_every_heading_down_a_level() -> None:
    text = "One\n===\n\nprose\n\n## Two\n\n# Three\n\n###### Six\n\n- # not one\n\n    # nor this\n"
    notebook, warnings = read(text)
    assert [section.name for section in notebook.sections] == ["One", "Three"]
    assert notebook.sections[0].cells[0].source == "prose\n\n### Two"
    assert notebook.sections[1].cells[0].source == "**Six**\n\n- # not one\n\n    # nor this"
    assert warnings == ("there are 2 headings 1, so each heading went down a level",)


def test_AC04_a_late_title_moves_up_with_the_comments_above_it() -> None:
    text = 'Cool.\n\n<!-- mine -->\n\n<!-- livebook:{"author":"S"} -->\n\n# T\n\nMore.\n'
    notebook, warnings = read(text)
    assert (notebook.title, notebook.leading, notebook.metadata) == ("T", "<!-- mine -->", {"author": "S"})
    assert notebook.sections[0].cells[0].source == "Cool.\n\nMore."
    assert warnings == ("the heading 1 moved to the top of the notebook",)


def test_AC04_prose_above_the_first_section_gets_a_section_of_its_own() -> None:
    notebook, warnings = read("# T\n\nHello.\n\n```python\n1\n```\n\n## Next\n")
    assert [section.name for section in notebook.sections] == ["Section", "Next"]
    assert [cell.kind for cell in notebook.sections[0].cells] == ["markdown", "code"]
    assert warnings == ()


def test_AC04_broken_metadata_is_kept_as_text_and_named_by_line() -> None:
    text = "# T\n\n## S\n\n<!-- livebook:{oops} -->\n\n```python\n1\n```\n"
    notebook, (warning,) = read(text)
    assert warning.startswith("line 5: this livebook comment is kept as text: Expecting property name")
    assert notebook.sections[0].cells[0].source == "<!-- livebook:{oops} -->"
    assert write(notebook) == text


@pytest.mark.parametrize(
    "json", ["[1]", "NaN", '{"a":NaN}', '{"a":1e999}', "[" * 100_000, '{"a":' * 60 + "1" + "}" * 60]
)
def test_AC08_metadata_that_could_not_be_written_is_text(json: str) -> None:
    notebook, (warning,) = read(f"# T\n\n## S\n\n<!-- livebook:{json} -->\n")
    assert "kept as text" in warning
    assert notebook.sections[0].cells[0].kind == "markdown"


def test_AC04_a_fence_that_is_never_closed_is_named_by_line() -> None:
    notebook, warnings = read("# T\n\n## S\n\n```python\nx = 1\n")
    assert notebook.sections[0].cells[0].source == "x = 1"
    assert warnings == ("line 5: this code fence is never closed",)


def test_AC04_windows_line_ends_are_read_and_said_to_go() -> None:
    notebook, (warning,) = read("# T\r\n\r\n## S\r\n\r\n```python\r\nx\r\ny\r\n```\r\n")
    assert notebook.sections[0].cells[0].source == "x\ny"
    assert "Windows" in warning


@pytest.mark.parametrize(
    ("above", "index", "why"),
    [
        ("", 1, "it comes later in the notebook"),
        ("", 0, "it comes later in the notebook"),
        ('## A\n\n<!-- livebook:{"branch_parent_index":0} -->\n\n## B\n\n', 1, "it is itself a branching section"),
        ("## A\n\n", '"A"', "'A' is not the place of a section"),
        ("## A\n\n", "-1", "-1 is not the place of a section"),
        ("## A\n\n", "true", "True is not the place of a section"),
    ],
)
def test_AC05_an_invalid_parent_is_ignored_with_a_reason(above: str, index: object, why: str) -> None:
    text = f'# T\n\n{above}<!-- livebook:{{"branch_parent_index":{index}}} -->\n\n## Me\n\n## Later\n'
    notebook, warnings = read(text)
    assert warnings == (f'ignoring the parent section of "Me", because {why}',)
    assert next(section for section in notebook.sections if section.name == "Me").parent is None


SHOWN = (
    Text("stdout", "\x1b[31mred\x1b[0m\n"),
    Result("42"),
    Error("ValueError", "bad", "  line 1, in <cell>\n", 1),
    Exported("vega-lite", "{}"),
    Display((("image/png", b"\x89PNG"), ("text/plain", "<Figure>"))),
)


def test_AC06_outputs_are_shown_as_plain_text_and_only_if_wanted() -> None:
    notebook = in_section(Cell("c", "code", "1", outputs=SHOWN))
    texts = ["\nred\n", "\n42\n", "\n  line 1, in <cell>\nValueError: bad\n", "vega-lite\n{}\n", "\n<Figure>\n"]
    outputs = "".join(f'\n<!-- livebook:{{"output":true}} -->\n\n```{text}```\n' for text in texts)
    assert write(notebook, outputs=True).endswith(f"```python\n1\n```\n{outputs}")
    assert write(notebook) == "# T\n\n## S\n\n```python\n1\n```\n"


def test_AC06_what_the_text_does_not_say_is_kept_where_livebook_does_not_look() -> None:
    said = [
        {"stdout": "\x1b[31mred\x1b[0m\n"},
        "result",
        {"error": ["ValueError", "bad", "  line 1, in <cell>\n", 1]},
        None,
        {"display": [["image/png", {"base64": "iVBORw=="}], ["text/plain", None]]},
    ]
    cell = Cell("cell-1", "code", "1", outputs=SHOWN, metadata={"k": 1})
    text = body(cell, outputs=True)
    comment, _ = text.split("\n", 1)
    assert json.loads(comment.removeprefix("<!-- livebook:").removesuffix(" -->")) == {"k": 1, "outputs": said}
    assert cells_of(text) == (cell,)


def test_AC06_what_was_only_printed_needs_no_word_but_its_text() -> None:
    cell = Cell("cell-1", "code", "1", outputs=(Text("stdout", "a\nb\n"),))
    assert body(cell, outputs=True) == f"```python\n1\n```\n\n{OUTPUT}\n\n```\na\nb\n```\n"
    assert cells_of(body(cell, outputs=True)) == (cell,)


@pytest.mark.parametrize(
    "said",
    ['["result"]', '["result",null,null]', '[{"result":"43"},null]', '[{"error":["a"]},null]', "[7,null]"]
    + [f'[{{"display":{forms}}},null]' for forms in ("[]", '[["image/png",{"base64":"!"}]]', '[["a",7]]', '"x"')],
)
def test_AC06_outputs_that_were_changed_by_hand_are_what_their_text_says(said: str) -> None:
    fences = f"{OUTPUT}\n\n```\n42\n```\n\n{OUTPUT}\n\n```\nhi\n```\n"
    text = f'# T\n\n## S\n\n<!-- livebook:{{"k":1,"outputs":{said}}} -->\n\n```python\n1\n```\n\n{fences}'
    notebook, (warning,) = read(text)
    (cell,) = notebook.sections[0].cells
    assert (cell.outputs, cell.metadata) == ((Text("stdout", "42\n"), Text("stdout", "hi\n")), {"k": 1})
    assert warning.startswith("line 7: the outputs are read as plain text, as they were changed outside of a notebook")


def test_AC06_pictures_that_find_no_room_leave_their_text() -> None:
    picture = Display((("image/png", bytes(30)), ("text/plain", "<Figure>")))
    kept = Keeper(room=50)
    assert [bool(kept.kept([picture])) for _ in range(2)] == [True, False]


def test_many_outputs_of_one_cell_are_read_within_the_deadline() -> None:
    fence = f"{OUTPUT}\n\n```\nx\n```\n\n"
    assert len(cells_of("```python\n1\n```\n\n" + fence * 40_000)[0].outputs) == 40_000


def test_AC06_the_notebook_wants_its_outputs_kept_but_the_callers_wish_wins() -> None:
    cell = Cell("c", "code", "1", outputs=(Text("stdout", "hi\n"),))
    notebook = replace(in_section(cell), metadata={"persist_outputs": True})
    assert "hi" in write(notebook)
    assert "hi" not in write(notebook, outputs=False)


def test_AC06_outputs_of_the_setup_cell_are_never_written() -> None:
    setup = Cell("setup", "code", "import math", outputs=(Text("stdout", "hi"),))
    assert write(Notebook("T", setup), outputs=True) == "# T\n\n```python\nimport math\n```\n"


def test_a_setup_cell_has_no_outputs_in_a_file_and_none_alone_are_no_setup() -> None:
    text = '# T\n\n```python\nimport math\n```\n\n<!-- livebook:{"output":true} -->\n\n```\nhi\n```\n'
    assert read(text)[0].setup.outputs == ()
    assert write(Notebook("T", Cell("setup", "code", outputs=(Text("stdout", "hi"),))), outputs=True) == "# T\n"


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n1\n```\n\nprose\n\n{OUTPUT}\n\n```\nx\n```\n",
        f"```python\n1\n```\n\n{OUTPUT}\n\nprose\n\n```\nx\n```\n",
        f"prose\n\n{OUTPUT}\n\n```\nx\n```\n",
        f"```python\n1\n```\n\n{OUTPUT}\n",
        f"```python\n1\n```\n\n{OUTPUT}\n\n~~~ a`b\nx\n~~~\n",
    ],
)
def test_what_only_looks_like_an_output_is_prose(text: str) -> None:
    cells = cells_of(text)
    assert all(cell.outputs == () for cell in cells)
    assert "".join(cell.source for cell in cells if cell.kind == "markdown").count(OUTPUT) == 1
    assert cells_of(body(*cells)) == cells


def test_a_marker_forces_the_block_right_below_it_and_no_other() -> None:
    cells = cells_of(f"{FORCE}\n\nprose\n\n```python\n1\n```\n\n{FORCE}\n\n```python\n2\n```\n\n```python\n3\n```\n")
    assert [cell.source for cell in cells] == ["prose", "1", "```python\n2\n```", "3"]


def test_a_cell_that_closes_what_it_opens_loses_no_line_to_a_marker_that_lies() -> None:
    assert cells_of('<!-- livebook:{"unclosed":true} -->\n\none\ntwo\n')[0].source == "one\ntwo"


def test_a_comment_with_text_behind_it_is_prose() -> None:
    notebook, warnings = read("<!-- a --> text -->\n\n# T\n")
    assert warnings == ("the heading 1 moved to the top of the notebook",)
    assert notebook.sections[0].cells[0].source == "<!-- a --> text -->"


def test_metadata_of_a_markdown_cell_keeps_it_apart_without_a_break() -> None:
    text = 'one\n\n<!-- livebook:{"k":1} -->\n\ntwo\n'
    assert body(*cells_of(text)) == text


def test_several_comments_after_the_last_cell_stay_there() -> None:
    text = '# T\n\n## S\n\n<!-- livebook:{"a":1} -->\n\n<!-- livebook:{"stamp":2} -->\n'
    assert write(read(text)[0]) == text


def test_control_characters_in_an_output_stay_out_of_the_file() -> None:
    cell = Cell("c", "code", "1", outputs=(Text("stdout", "a\0b\ud800c\x1b]0;title\x07d\r"),))
    text = body(cell, outputs=True)
    assert text.endswith("```\nabcd\n```\n")
    assert not set(text) & set("\0\ud800\x1b\x07\r")


def test_outputs_are_read_back_as_what_was_printed() -> None:
    text = '```python\n1\n```\n\n<!-- livebook:{"output":true} -->\n\n```\nhi\n```\n'
    assert cells_of(text)[0].outputs == (Text("stdout", "hi\n"),)


@pytest.mark.parametrize(
    ("fences", "setup", "sections"),
    [
        (["python"], "python", 0),
        (["elixir"], "elixir", 0),
        (["python", "pyproject.toml"], "python", 0),
        (["pyproject.toml"], "", 0),
        (["erlang"], "", 1),
        (["python", "python"], "", 1),
        (["pyproject.toml", "python"], "", 1),
    ],
)
def test_fences_right_below_the_title_are_the_setup_or_a_section(fences: list[str], setup: str, sections: int) -> None:
    blocks = "\n\n".join(f"```{fence}\n{fence}\n```" for fence in fences)
    notebook, _ = read(f"# T\n\n{blocks}\n")
    assert (notebook.setup.source, len(notebook.sections)) == (setup, sections)
    assert (notebook.pyproject is not None) == (sections == 0 and "pyproject.toml" in fences)


def test_code_without_a_title_is_no_setup() -> None:
    notebook, _ = read("```python\n1\n```\n")
    assert [section.name for section in notebook.sections] == ["Section"]


def test_AC08_only_files_with_plain_names_survive() -> None:
    bad = ['"../secret.txt"', '"a/b.png"', '".."', '""', '"document"', "7", '".hidden"', '"a.jpg\\n"']
    entries = ",".join(f'{{"name":{name},"type":"attachment"}}' for name in [*bad, '"image.jpg"'])
    notebook, warnings = read(f'<!-- livebook:{{"file_entries":[{entries},"x"],"zoo":1}} -->\n\n# T\n')
    assert notebook.metadata == {"file_entries": [{"name": "image.jpg", "type": "attachment"}], "zoo": 1}
    assert len(warnings) == len(bad) + 1
    assert warnings[0].startswith("discarding the file entry '../secret.txt'")


def test_AC08_file_entries_that_are_no_list_are_dropped() -> None:
    notebook, warnings = read('<!-- livebook:{"file_entries":{"name":"../x.txt"}} -->\n\n# T\n')
    assert (notebook.metadata, len(warnings)) == ({}, 1)


def test_a_lone_surrogate_in_metadata_is_written_as_its_escape() -> None:
    text = '# T\n\n<!-- livebook:{"a":"\\ud800"} -->\n\n## S\n'
    assert write(read(text)[0]).encode().decode() == text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"# T\n\xff\xfe", "found byte 0xff at offset 4"),
        (b"PK\x03\x04\x00", "a NUL byte at offset 4"),
    ],
)
def test_a_file_that_is_no_text_is_refused_in_words(data: bytes, words: str) -> None:
    with pytest.raises(NotANotebook, match=words):
        decode(data)


def test_a_byte_order_mark_is_no_part_of_the_title() -> None:
    assert read(decode(b"\xef\xbb\xbf# T\n"))[0].title == "T"


@pytest.mark.parametrize("path", sorted(Path("docs").rglob("*.livemd")), ids=str)
def test_our_own_notebooks_are_as_a_save_would_write_them(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    notebook, warnings = read(text)
    assert (write(notebook), warnings) == (text, ())


@pytest.mark.parametrize("line", ["# x", "```python", "- - a", "<!-- a", "[a]: b", "> > q", "```\n```", "<pre>"])
def test_a_file_of_one_line_repeated_many_times_opens_within_the_deadline(line: str) -> None:
    read(f"{line}\n" * 20_000)
