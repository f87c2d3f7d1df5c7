"""What a sampling profile found, as values: which stacks of calls were seen, and how often. Pure.

A profile travels as plain tuples and dicts. It is written as folded stacks (a line for each, for any flame graph
program), or as a file of speedscope; `flame` lays it out to be drawn.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from beamlike.kernel.record import frozen


@frozen
class Frame:
    """A function; `line` is where it begins.

    >>> str(Frame("Shop.total", "/srv/shop.py", 12))
    'Shop.total (shop.py:12)'
    """

    name: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.name} ({self.file.rpartition('/')[2]}:{self.line})" if self.file else self.name


@frozen
class Profile:
    """`samples` looks at every thread within `seconds`, at intervals of `interval`. `stacks` are places in `frames`,
    outermost first, with the number of times that each was seen; a stack begins with the name of its thread. `idle` is
    how often a thread was seen to wait, which is in no stack, and `left_out` how often a stack was one too many."""

    node: str
    at: float
    seconds: float
    interval: float
    samples: int
    idle: int
    frames: tuple[Frame, ...]
    stacks: tuple[tuple[tuple[int, ...], int], ...]
    left_out: int = 0

    @property
    def busy(self) -> int:
        """How often some thread was seen at work."""
        return sum(count for _, count in self.stacks)

    def folded(self) -> str:
        """A line for each stack, its functions joined by semicolons, and the number at its end.

        >>> frames = (Frame("main", "", 0), Frame("f", "/a.py", 3))
        >>> profile = Profile("a@h", 0.0, 1.0, 0.01, 100, 0, frames, (((0, 1), 7),))
        >>> profile.folded()
        'main;f (a.py:3) 7\\n'
        """
        lines = [
            f"{';'.join(str(self.frames[place]).replace(';', ',') for place in stack)} {count}"
            for stack, count in sorted(self.stacks)
        ]
        return "".join(f"{line}\n" for line in lines)

    def speedscope(self) -> str:
        """A JSON file that https://www.speedscope.app shows: a profile for each thread."""
        threads: dict[int, list[tuple[tuple[int, ...], int]]] = {}
        for stack, count in self.stacks:
            threads.setdefault(stack[0], []).append((stack[1:], count))
        return json.dumps(
            {
                "$schema": "https://www.speedscope.app/file-format-schema.json",
                "exporter": "beamlike",
                "name": f"{self.node}, {self.seconds:g} s",
                "activeProfileIndex": 0,
                "shared": {
                    "frames": [{"name": each.name, "file": each.file, "line": each.line} for each in self.frames]
                },
                "profiles": [self._of_thread(thread, stacks) for thread, stacks in sorted(threads.items())],
            }
        )

    def _of_thread(self, thread: int, stacks: list[tuple[tuple[int, ...], int]]) -> dict[str, Any]:
        weights = [count * self.interval for _, count in stacks]
        return {
            "type": "sampled",
            "name": self.frames[thread].name,
            "unit": "seconds",
            "startValue": 0,
            "endValue": sum(weights),
            "samples": [list(stack) for stack, _ in stacks],
            "weights": weights,
        }

    @property
    def row(self) -> tuple[Any, ...]:
        """As it travels: a stack as one text, since there may be many."""
        return (
            (self.node, self.at, self.seconds, self.interval, self.samples, self.idle, self.left_out),
            tuple((each.name, each.file, each.line) for each in self.frames),
            tuple(" ".join(map(str, stack)) for stack, _ in self.stacks),
            tuple(count for _, count in self.stacks),
        )


def from_row(row: Any) -> Profile:
    """ValueError for what is no profile.

    >>> profile = Profile("a@h", 0.0, 1.0, 0.01, 100, 0, (Frame("main", "", 0),), (((0,), 7),))
    >>> from_row(profile.row) == profile
    True
    """
    try:
        (node, at, seconds, interval, samples, idle, left_out), places, stacks, counts = row
        frames = tuple(Frame(str(name), str(file), int(line)) for name, file, line in places)
        found = tuple(
            (tuple(int(place) for place in stack.split()), int(count))
            for stack, count in zip(stacks, counts, strict=True)
        )
        if any(not 0 <= place < len(frames) for stack, _ in found for place in stack):
            raise ValueError("a stack of functions that are not there")
        return Profile(
            str(node), float(at), float(seconds), float(interval), int(samples), int(idle), frames, found, int(left_out)
        )
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"expected a profile, got something else: {error}") from error


@frozen
class Block:
    """A function within a stack: `total` samples of it and of what it called, `own` of itself alone."""

    frame: Frame
    total: int
    own: int
    children: tuple[Block, ...] = ()

    def walk(self) -> Iterator[Block]:
        yield self
        for child in self.children:
            yield from child.walk()


class _Growing:
    __slots__ = ("children", "own", "total")

    def __init__(self) -> None:
        self.total = self.own = 0
        self.children: dict[int, _Growing] = {}


def tree(profile: Profile) -> Block:
    """All stacks as one tree: its root stands for the node, below it are the threads; the largest children come first.

    >>> frames = (Frame("main", "", 0), Frame("f", "/a.py", 3), Frame("g", "/a.py", 9))
    >>> root = tree(Profile("a@h", 0.0, 1.0, 0.01, 100, 0, frames, (((0, 1), 2), ((0, 1, 2), 5), ((0,), 1))))
    >>> [(block.frame.name, block.total, block.own) for block in root.walk()]
    [('a@h', 8, 0), ('main', 8, 1), ('f', 7, 2), ('g', 5, 5)]
    """
    root = _Growing()
    for stack, count in profile.stacks:
        here = root
        here.total += count
        for place in stack:
            here = here.children.setdefault(place, _Growing())
            here.total += count
        here.own += count
    return _block(Frame(profile.node, "", 0), root, profile.frames)


def _block(frame: Frame, grown: _Growing, frames: tuple[Frame, ...]) -> Block:
    children = sorted(grown.children.items(), key=lambda item: (-item[1].total, item[0]))
    return Block(
        frame, grown.total, grown.own, tuple(_block(frames[place], child, frames) for place, child in children)
    )
