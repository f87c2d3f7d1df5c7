"""Where the cells of a percent file are.

A line `# %%` inside a string of three quotes begins no cell: it is the string's. A cell that has such lines outside of
one, or leaves a string open, counts them in its header, under `beamlike`: so many of the lines below begin no cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notebook_tui.format.percent_header import HEADER, Header, parsed

OURS = "beamlike"
INNER = "inner"
_STRINGS_AND_COMMENTS = re.compile(
    r"""
      \#[^\n]*+
    | (?P<long>\"{3}|'{3})(?:[^\\"']++|\\.|(?!(?P=long))["'])*+(?:(?P<closed>(?P=long))|\\?\Z)
    | "(?:[^"\\\n]++|\\.)*+"?
    | '(?:[^'\\\n]++|\\.)*+'?
    """,
    re.VERBOSE | re.DOTALL,
)


def cut(text: str) -> Iterator[tuple[Header | None, str]]:
    """The cells: each one's header and what stands below it. The first has none if the text begins without.

    >>> [body for _, body in cut("import os\\n# %%\\n1\\n")]
    ['import os', '1\\n']
    """
    header, start, skipped, lexed = None, 0, 0, 0
    for found in HEADER.finditer(text):
        if skipped:
            skipped -= 1
            continue
        if header is None or _count_in(header) is None:
            lexed = _lexed(text, max(start, lexed), found.start())
            if lexed > found.start():
                continue
        if found.start() > 0:
            yield header, text[start : max(found.start() - 1, start)]
        header, start = parsed(found), found.end() + 1
        skipped = _count_in(header) or 0
    yield header, text[start:]


def _lexed(text: str, at: int, until: int) -> int:
    """Where the strings and comments that begin before `until` end."""
    end = at
    for token in _STRINGS_AND_COMMENTS.finditer(text, at):
        if token.start() >= until:
            break
        # One that is never closed is taken for a slip, not for a string to the end of the file.
        if token["long"] is None or token["closed"]:
            end = token.end()
    return end


def _count_in(header: Header) -> int | None:
    ours = header.keys.get(OURS)
    count = ours.get(INNER) if isinstance(ours, dict) else None
    return count if isinstance(count, int) else None


def inner(body: str) -> int | None:
    """How many of the body's lines look like headers; None if it need not be said.

    >>> inner("1 + 1"), inner("# %%"), inner("x = '''"), inner("x = '''\\n# %%\\n'''")
    (None, 1, 0, None)
    """
    tokens = list(_STRINGS_AND_COMMENTS.finditer(body))
    places = [found.start() for found in HEADER.finditer(body)]
    is_open = any(token["long"] and not token["closed"] for token in tokens)
    comments = {token.start() for token in tokens if body[token.start()] == "#"}
    return len(places) if is_open or any(place in comments for place in places) else None
