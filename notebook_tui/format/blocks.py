"""The top-level blocks of a Markdown text that may matter to a notebook: headings, fences, comments.

CommonMark's own parser finds them (see `scan`), so that fences in lists, indented code, setext headings and comments
that span lines are what Markdown says they are. What stands between the blocks is prose, and nobody looks into it.
A block covers the lines `start` to `end`, the latter excluded, of the text split at `\\n`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from markdown_it import MarkdownIt
from markdown_it.token import Token

from beamlike.kernel.record import frozen
from notebook_tui.format import metadata

_BLOCKS_ONLY = MarkdownIt("commonmark").disable(["inline", "text_join"])
_ENDS_IN_HASHES = re.compile(r"(^|[ \t])#+$")


@frozen
class Heading:
    start: int
    end: int
    level: int
    text: str


@frozen
class Fence:
    start: int
    end: int
    info: str
    text: str
    missing: str
    """The line that would close it; empty if it is closed."""


@frozen
class Metadata:
    """A `livebook:` comment."""

    start: int
    end: int
    keys: Mapping[str, Any]


@frozen
class Comment:
    """Any other; `fault` says what is wrong with it if it was meant as metadata."""

    start: int
    end: int
    fault: str = ""


Block: TypeAlias = Heading | Fence | Metadata | Comment


def parsed(text: str, at: int = 0) -> list[Block]:
    """The blocks of `text`, whose first line is line `at` of the file, as CommonMark's own parser finds them."""
    lines = text.split("\n")
    tokens = _BLOCKS_ONLY.parse(text)
    blocks = (_block(tokens, place, lines, at) for place, token in enumerate(tokens) if token.level == 0)
    return [block for block in blocks if block is not None]


def _block(tokens: Sequence[Token], place: int, lines: Sequence[str], at: int) -> Block | None:
    token = tokens[place]
    start, end = token.map or (0, 0)
    if token.type == "heading_open":
        text = tokens[place + 1].content
        return Heading(at + start, at + end, int(token.tag[1]), " ".join(text.split("\n")))
    if token.type == "fence":
        missing = "" if end - start > 1 and _closes(lines[end - 1], token.markup) else token.markup
        return Fence(at + start, at + end, token.info.strip(), token.content.removesuffix("\n"), missing)
    if token.type == "html_block" and _is_comment(html := token.content.strip()):
        return _comment(at + start, at + end, html)
    return None


def _closes(line: str, markup: str) -> bool:
    fence = line.lstrip(" ")
    return len(line) - len(fence) <= 3 and fence.startswith(markup) and not fence.rstrip(" \t").strip(markup[0])


def _is_comment(html: str) -> bool:
    return html.startswith("<!--") and len(html) >= 7 and html.find("-->", 4) == len(html) - 3


def _comment(start: int, end: int, html: str) -> Metadata | Comment:
    if not metadata.is_metadata(html):
        return Comment(start, end)
    try:
        keys = metadata.parse(html)
    except ValueError as fault:
        return Comment(start, end, str(fault))
    if keys.get("livebook_object") == "cell_input":
        return Comment(start, end, "it is an input of an old Livebook, and inputs are made by code now")
    return Metadata(start, end, keys)


def heading_line(level: int, text: str) -> str:
    """The line that reads back as that heading.

    >>> heading_line(2, "Why C #")
    '## Why C # #'
    """
    closing = " #" if _ENDS_IN_HASHES.search(text) else ""
    return f"{'#' * level} {text}{closing}"


def blank(lines: Sequence[str]) -> bool:
    return not any(line.strip(" \t") for line in lines)
