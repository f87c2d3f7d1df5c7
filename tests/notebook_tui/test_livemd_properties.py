from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Notebook
from notebook_tui.format.blocks import Heading, heading_line
from notebook_tui.format.decode import decode
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.scan import scan
from tests.support.notebooks import markdown, names, notebooks

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

FORCE = '<!-- livebook:{"force_markdown":true} -->'
BREAK = '<!-- livebook:{"break_markdown":true} -->'
UNCLOSED = '<!-- livebook:{"unclosed":true} -->'
UNKNOWN = '<!-- livebook:{"a":1} -->'


@given(notebooks())
def test_AC01_a_notebook_written_and_read_is_the_same_notebook(notebook: Notebook) -> None:
    again, _ = read(write(notebook, outputs=True))
    assert again == notebook


@given(notebooks())
def test_AC01_a_written_file_read_and_written_is_the_same_file(notebook: Notebook) -> None:
    text = write(notebook, outputs=True)
    assert write(read(text)[0], outputs=True) == text


@given(notebooks())
def test_what_is_written_is_a_file_that_opens(notebook: Notebook) -> None:
    text = write(notebook, outputs=True)
    assert decode(text.encode()) == text


@given(markdown)
@example("\n".join(2 * ['<!-- livebook:{"offset":9,"stamp":{"token":"t","version":1}} -->']))
@example(f"{FORCE}\n\n{UNKNOWN}\n\n# T")
@example(f"- item\n{FORCE}\n\t\n  {UNKNOWN}\n  {UNKNOWN}")
@example("\n\t\n<!-- c -->\n# T")
@example(f"{BREAK}\n\n{BREAK}\n\n# T")
@example(f"{UNCLOSED}\n<!-- c -->\n# T\n\n## S\n\n{UNCLOSED}\n<pre>")
@example('<!-- c -->\n\n<!-- livebook:{"a":1} -->\n\ntext\n\n# T\n\n# U')
@example("+ x\n\n      ```python\n# moved\n  ```python\n\n> quote\n# T")
def test_AC04_any_text_opens_and_loses_nothing_more_once_it_has_been_saved(text: str) -> None:
    notebook, _ = read(text)
    saved = write(notebook, outputs=True)
    again, _ = read(saved)
    assert again == notebook
    assert write(again, outputs=True) == saved


@given(st.text())
def test_AC04_no_string_of_characters_makes_the_reader_raise(text: str) -> None:
    notebook, _ = read(text)
    write(notebook).encode()


@given(st.integers(1, 6), names)
def test_a_heading_reads_back_whatever_its_name_ends_in(level: int, name: str) -> None:
    assert scan(heading_line(level, name)) == [Heading(0, 1, level, name)]
