"""Makes one title stand on top, as a notebook needs it, of whatever headings a Markdown file has."""

from __future__ import annotations

from collections.abc import Sequence

from notebook_tui.format.blocks import Block, Comment, Heading, Metadata, blank, heading_line
from notebook_tui.format.elements import unforced
from notebook_tui.format.scan import scan


def with_one_title(text: str, blocks: list[Block]) -> tuple[str, list[Block], list[str]]:
    """The text with at most one heading 1 and that on top, its blocks, and words on what had to change."""
    changes: list[str] = []
    # A second round only where moving a heading joined what it had kept apart, and so made another heading.
    while (changed := _repaired(text, blocks)) is not None:
        text, change = changed
        changes.append(change)
        blocks = scan(text)
    return text, blocks, changes


def _repaired(text: str, blocks: Sequence[Block]) -> tuple[str, str] | None:
    headings = [block for block in unforced(text.split("\n"), blocks) if isinstance(block, Heading)]
    titles = [heading for heading in headings if heading.level == 1]
    if len(titles) > 1:
        return _demoted(text, headings), f"there are {len(titles)} headings 1, so each heading went down a level"
    if titles and not _on_top(text, blocks, titles[0]):
        return _moved_up(text, blocks, titles[0]), "the heading 1 moved to the top of the notebook"
    return None


def _demoted(text: str, headings: Sequence[Heading]) -> str:
    lines = text.split("\n")
    lower: list[str] = []
    at = 0
    for heading in headings:
        lower += [*lines[at : heading.start], _one_lower(heading)]
        at = heading.end
    return "\n".join(lower + lines[at:])


def _one_lower(heading: Heading) -> str:
    if heading.level == 6:
        return f"**{heading.text}**"
    return heading_line(heading.level + 1, heading.text)


def _on_top(text: str, blocks: Sequence[Block], title: Heading) -> bool:
    return blank(text.split("\n")[: _first_comment(text, blocks, title)])


def _first_comment(text: str, blocks: Sequence[Block], title: Heading) -> int:
    """The line of the first of the comments that stand directly above the title; its own if there are none."""
    lines = text.split("\n")
    first = title.start
    for block in reversed(blocks[: blocks.index(title)]):
        if not isinstance(block, Comment | Metadata) or not blank(lines[block.end : first]):
            break
        first = block.start
    return first


def _moved_up(text: str, blocks: Sequence[Block], title: Heading) -> str:
    lines = text.split("\n")
    first = _first_comment(text, blocks, title)
    top = "\n".join(lines[first : title.end])
    before = "\n".join(lines[:first]).strip("\n")
    after = "\n".join(lines[title.end :]).strip("\n")
    return "\n\n".join(part for part in (top, before, after) if part) + "\n"
