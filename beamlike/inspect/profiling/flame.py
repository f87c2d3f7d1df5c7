"""A flame graph laid out: which function takes which columns of which row. Pure; whoever draws chooses the ink.

The root stands on top and what it calls below, the widest first, so that the eye begins where it reads. A function
narrower than a column is left out, and a row is never wider than what stands above it.
"""

from __future__ import annotations

from collections.abc import Iterator

from beamlike.inspect.profiling.profile import Block
from beamlike.kernel.record import frozen


@frozen
class Bar:
    """`path` are the places among the children, from the root on; `share` is that of all samples."""

    block: Block
    row: int
    left: int
    width: int
    path: tuple[int, ...]
    share: float


def at(root: Block, path: tuple[int, ...]) -> Block:
    """The block that a path leads to.

    >>> from beamlike.inspect.profiling.profile import Frame
    >>> at(Block(Frame("a", "", 0), 2, 1, (Block(Frame("b", "", 0), 1, 1),)), (0,)).frame.name
    'b'
    """
    for place in path:
        root = root.children[place]
    return root


def bars(root: Block, width: int, zoom: tuple[int, ...] = ()) -> list[Bar]:
    """With a `zoom` that block is as wide as the drawing, below those that led to it.

    >>> from beamlike.inspect.profiling.profile import Frame
    >>> leaf = lambda name, total: Block(Frame(name, "", 0), total, total)
    >>> root = Block(Frame("all", "", 0), 4, 0, (leaf("f", 3), leaf("g", 1)))
    >>> [(bar.block.frame.name, bar.row, bar.left, bar.width) for bar in bars(root, 40)]
    [('all', 0, 0, 40), ('f', 1, 0, 30), ('g', 1, 30, 10)]
    >>> [(bar.block.frame.name, bar.row, bar.left, bar.width) for bar in bars(root, 40, zoom=(1,))]
    [('all', 0, 0, 40), ('g', 1, 0, 40)]
    """
    everything = max(1, root.total)
    found = [
        Bar(block, row, 0, width, zoom[:row], block.total / everything)
        for row, block in enumerate(at(root, zoom[:row]) for row in range(len(zoom)))
    ]
    top = at(root, zoom)
    found.extend(_laid(top, len(zoom), 0.0, width / max(1, top.total), zoom, everything))
    return found


def _laid(block: Block, row: int, left: float, scale: float, path: tuple[int, ...], everything: int) -> Iterator[Bar]:
    begin, end = round(left), round(left + block.total * scale)
    if end <= begin:
        return
    yield Bar(block, row, begin, end - begin, path, block.total / everything)
    for place, child in enumerate(block.children):
        yield from _laid(child, row + 1, left, scale, (*path, place), everything)
        left += child.total * scale


def text_rows(root: Block, width: int, zoom: tuple[int, ...] = ()) -> list[str]:
    """The graph in letters alone, each function in its own brackets where there is room.

    >>> from beamlike.inspect.profiling.profile import Frame
    >>> for row in text_rows(Block(Frame("all", "", 0), 2, 1, (Block(Frame("work", "/a.py", 1), 1, 1),)), 24):
    ...     print(row)
    [all 100%              ]
    [work 50%  ]
    """
    laid = bars(root, width, zoom)
    rows = [[" "] * width for _ in range(max((bar.row for bar in laid), default=-1) + 1)]
    for bar in laid:
        rows[bar.row][bar.left : bar.left + bar.width] = _bracketed(bar)
    return ["".join(row).rstrip() for row in rows]


def _bracketed(bar: Bar) -> str:
    if bar.width < 3:
        return "|" * bar.width
    label = f"{bar.block.frame.name} {bar.share:.0%}"
    return f"[{label[: bar.width - 2]:<{bar.width - 2}}]"
