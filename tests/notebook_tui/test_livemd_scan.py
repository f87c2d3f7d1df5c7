"""The fast way to the blocks of a text finds what CommonMark's own parser finds, and in linear time."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notebook_tui.format.blocks import parsed
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.scan import scan
from tests.support.notebooks import FRAGMENTS, markdown

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1200)]

paragraphs = st.lists(st.lists(st.sampled_from([*FRAGMENTS, "text", "Words"]), max_size=4).map("\n".join), max_size=6)


@given(markdown | paragraphs.map("\n\n".join))
@example("<!--\n\ntext\n\n-->\n\n# T")
@example("- item\n\n  ```\n\ntext\n\n# T")
@example("```\n\ntext\n\n```\n# T")
@example("text\n---\n\ntext")
@example("~~~ a`b\n```\n~~~\n~~~~\n~~~\n")
@example("<pre>\n\ntext\n\n```\n</pre>\n\n```\n\n# A")
@example("```\nx\n    ```\n\t```\n``` x\n   ``` \t\n# T")
def test_the_fast_way_finds_the_blocks_that_commonmark_finds(text: str) -> None:
    assert scan(text) == parsed(text)


SIZE = 400_000
HOSTILE = {
    "one line of backticks": "`" * SIZE,
    "one line of letters": "a" * SIZE,
    "one line of openings of comments": "<!--" * (SIZE // 4),
    "lines that open comments": "<!--\n" * (SIZE // 5),
    "an open comment above many fences": "<!--\n\n" + "```python\nx\n```\n\n" * (SIZE // 18),
    "fences that are never closed": "``` a`b\n\n```x\n\n~~~\n\n" * (SIZE // 20),
    "blanks inside a comment": f"<!-- livebook:{{{' ' * SIZE}x -->",
    "brackets inside metadata": f"<!-- livebook:{'[' * SIZE} -->",
    "quotes in quotes": ">" * SIZE,
    "blank lines": "\n" * SIZE,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_opens_and_is_saved_within_the_deadline(text: str) -> None:
    notebook, _ = read(text)
    saved = write(notebook)
    assert read(saved)[0] == notebook
