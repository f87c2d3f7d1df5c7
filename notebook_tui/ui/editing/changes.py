"""Commands on the text of a cell by the names that the table of keys gives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from notebook_tui.ui.editing import lines
from notebook_tui.ui.editing.comment import commented
from notebook_tui.ui.editing.indent import dedented, indented
from notebook_tui.ui.editing.passage import Passage

Change: TypeAlias = Callable[[Passage, str], Passage | None]
"""From a text, and the language that it is in, to the next one; None where it does not apply."""


def _any(change: Callable[[Passage], Passage | None]) -> Change:
    return lambda passage, language: change(passage)


CHANGES: Final[Mapping[str, Change]] = {
    "indent": _any(lambda passage: lines.rewritten(passage, indented)),
    "dedent": _any(lambda passage: lines.rewritten(passage, dedented)),
    "toggle_comment": lambda passage, language: lines.rewritten(passage, lambda old: commented(old, language)),
    "move_lines_down": _any(lines.moved_down),
    "move_lines_up": _any(lines.moved_up),
    "duplicate_lines": _any(lines.duplicated),
    "delete_lines": _any(lines.without_lines),
    "join_lines": _any(lines.joined),
    "select_line": _any(lines.line_selected),
    "select_word": _any(lines.word_selected),
}
