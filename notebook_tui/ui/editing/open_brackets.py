"""The brackets of Python that are open behind a text; brackets in strings and comments do not count."""

from __future__ import annotations

import re
from typing import Final

TOKEN: Final = re.compile(
    r"'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'''|\"\"\"|"
    r"'(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|#[^\n]*|[()\[\]{}]",
    re.DOTALL,
)
_LOOKED_AT: Final = 20_000
"""Characters: a text of a megabyte is not read for every key."""


def open_call(text: str, caret: int) -> int | None:
    """Where the round bracket stands that is open at the caret, with a name before it; None if there is none.

    >>> open_call("f(a, g(1), ", 11), open_call("f(a)", 4), open_call("f('(', ", 7)
    (1, None, 1)
    """
    start = max(0, caret - _LOOKED_AT)
    opened: list[int] = []
    for token in TOKEN.finditer(text, start, caret):
        kind = token[0]
        if kind in "([{":
            opened.append(token.start())
        elif kind in ")]}" and opened:
            opened.pop()
    for place in reversed(opened):
        if text[place] == "(" and place and (text[place - 1].isalnum() or text[place - 1] in "_)]"):
            return place
    return None
