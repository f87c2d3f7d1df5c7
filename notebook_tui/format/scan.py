"""Finds the blocks of a text of any size fast, by asking CommonMark's parser only about what needs it.

Most of a notebook is code, which is skipped from fence to fence, and plain paragraphs, in which there is nothing to
find. What is left goes to the parser piece by piece. A piece ends above an *anchor*: a line that follows a blank one
and starts, not indented, with a letter, a `#` or a fence. Such a line ends every list, quote and paragraph, but
neither an open fence nor an open comment; whether it does is asked of the parser, by a heading put in its place.
Where that heading is swallowed the piece grows to twice its length, so that the whole takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notebook_tui.format.blocks import Block, Fence, Heading, parsed

_PARAGRAPHS = re.compile(r"(?:[ \t]*+\n)*+(?:(?:[^\W\d_][^\n]*+\n)++(?:[ \t]*+\n)++)*+")
_ANCHOR = re.compile(r"\n[ \t]*\n(?=[^\W\d_]|#|```|~~~)")
_OPENING = re.compile(r"(?P<fence>(?P<mark>`)`{2,}|(?P<tilde>~)~{2,})(?P<info>(?(mark)[^`\n]*|[^\n]*))\n")


def scan(text: str) -> list[Block]:
    """The blocks of `text` in order, in time linear in its length.

    >>> [block.start for block in scan("# A\\n\\nprose\\n\\n```python\\n# B\\n```\\n")]
    [0, 4]
    """
    return list(_blocks(text.replace("\0", "\ufffd")))


def _blocks(text: str) -> Iterator[Block]:
    at, line = 0, 0
    while at < len(text):
        start = at
        if (paragraphs := _PARAGRAPHS.match(text, at)) and paragraphs.end() > at:
            at = paragraphs.end()
        elif (fence := _fence(text, at, line)) is not None:
            block, at = fence
            yield block
        else:
            blocks, at = _piece(text, at, line)
            yield from blocks
        line += text.count("\n", start, at)


def _fence(text: str, at: int, line: int) -> tuple[Fence, int] | None:
    """The fence that opens here, not indented, and where the text goes on; None if there is none, or no end of it."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    fence = opening["fence"]
    closing = _closing(fence).search(text, opening.end() - 1)
    if closing is None:
        return None
    inside = text[opening.end() : closing.start()]
    end = line + text.count("\n", at, closing.start()) + 2
    return Fence(line, end, opening["info"].strip(), inside, ""), closing.end()


def _closing(fence: str) -> re.Pattern[str]:
    return re.compile(rf"\n {{0,3}}{fence[0]}{{{len(fence)},}}[ \t]*(?:\n|\Z)")


def _piece(text: str, at: int, line: int) -> tuple[list[Block], int]:
    """The blocks from here to an anchor at which nothing is open, and where that is."""
    wanted = at
    while (anchor := _ANCHOR.search(text, wanted)) is not None:
        piece = text[at : anchor.end()]
        blocks = parsed(f"{piece}# Next", line)
        place = line + piece.count("\n")
        if blocks[-1:] == [Heading(place, place + 1, 1, "Next")]:
            return blocks[:-1], anchor.end()
        wanted = at + 2 * len(piece)
    return parsed(text[at:], line), len(text)
