"""What a notebook file consists of: headings, code, outputs, metadata, and the prose between them.

`<!-- livebook:{"force_markdown":true} -->` makes the block after it prose, whatever that is. Between two elements
stands one blank line, which belongs to neither; all other blank lines are the prose's own, so none gets lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.format.blocks import Block, Comment, Fence, Heading, Metadata, blank

LANGUAGES = ("python", "elixir", "erlang", "pyproject.toml")
"""A fence with one of these info strings is a code cell, as in Livebook; any other is prose."""
FORCE = {"force_markdown": True}
BREAK = {"break_markdown": True}
OUTPUT = {"output": True}
UNCLOSED = "unclosed"
"""Says of a Markdown cell that its last line was added by the writer, to end a fence or comment that never ends."""


@frozen
class Output:
    """An output comment and the fence below it, right after code or another output."""

    start: int
    end: int
    info: str
    text: str


@frozen
class Prose:
    text: str


@frozen
class _Force:
    start: int
    end: int


Element: TypeAlias = Heading | Fence | Metadata | Output | Prose
_Mark: TypeAlias = Heading | Fence | Metadata | Output | _Force


def elements(text: str, blocks: Sequence[Block]) -> Iterator[Element]:
    """The elements of the file, whose blocks are given, in order; prose may be blank."""
    lines = text.removesuffix("\n").split("\n")
    prose: list[str] = []
    at = 0
    above = False
    for mark in _marks(lines, blocks):
        prose += lines[at : mark.start]
        at = mark.end
        if isinstance(mark, _Force):
            continue
        yield Prose(_without_border(prose, above=above, below=True))
        yield mark
        prose, above = [], True
    yield Prose(_without_border(prose + lines[at:], above=above, below=False))


def needs_force(block: Block) -> bool:
    """Whether the block, inside a Markdown cell, would be taken for something else."""
    match block:
        case Heading():
            return block.level <= 2
        case Fence():
            return block.info in LANGUAGES
        case Metadata():
            return True
        case _:
            return False


def unforced(lines: Sequence[str], blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks without those that a marker right above them makes prose."""
    marker: Block | None = None
    for block in blocks:
        if marker is not None and blank(lines[marker.end : block.start]):
            continue
        yield block
        marker = block if _forces(block) else None


def _forces(block: Block) -> bool:
    return isinstance(block, Metadata) and block.keys == FORCE


def _marks(lines: Sequence[str], blocks: Sequence[Block]) -> Iterator[_Mark]:
    rest = deque(unforced(lines, blocks))
    last: _Mark | None = None
    while rest:
        block = rest.popleft()
        mark: _Mark | None = _output(lines, last, block, rest[0] if rest else None)
        if mark is not None:
            rest.popleft()
        elif isinstance(block, Metadata) and _forces(block):
            mark = _Force(block.start, _end_with_blank(block, lines))
        elif not isinstance(block, Comment) and needs_force(block) and not _announces_output(block):
            mark = block
        last = mark
        if mark is not None:
            yield mark


def _output(lines: Sequence[str], last: _Mark | None, block: Block, below: Block | None) -> Output | None:
    """The output that `block` announces and `below` is, if they are and it follows code."""
    if not (_announces_output(block) and isinstance(last, Fence | Output) and isinstance(below, Fence)):
        return None
    if not (blank(lines[last.end : block.start]) and blank(lines[block.end : below.start])):
        return None
    # A tilde fence may have backticks in its info string; ours could not be written with them.
    return None if "`" in below.info else Output(block.start, below.end, below.info, below.text)


def _announces_output(block: Block) -> bool:
    return isinstance(block, Metadata) and block.keys == OUTPUT


def _end_with_blank(marker: Metadata, lines: Sequence[str]) -> int:
    return marker.end + blank(lines[marker.end : marker.end + 1])


def _without_border(prose: Sequence[str], *, above: bool, below: bool) -> str:
    if above and prose and blank(prose[:1]):
        prose = prose[1:]
    if below and prose and blank(prose[-1:]):
        prose = prose[:-1]
    return "\n".join(prose)
