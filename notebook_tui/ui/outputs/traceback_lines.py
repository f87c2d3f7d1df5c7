"""The lines of a traceback, told apart: frames of cells and of the user's files, frames of libraries, and the rest.

A traceback is text, from this node or another; of its frames those of cells are known by the names that tracebacks give
to cells, and which cell such a name means by the places that the error knows of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.outputs import Error

Kind: TypeAlias = Literal["cell", "own", "library", "code", "caret", "header", "raised", "remote", "words"]

# A group draws bars to the left of its parts.
_MARGIN: Final = r"(?P<margin>[ |+]*)"
_CELL: Final = re.compile(
    _MARGIN + r'(?P<at>(?:File ")?(?P<name>cell [^",]+)"?, line (?P<line>\d+))(?:, in (?P<within>.+))?$'
)
_FILE: Final = re.compile(_MARGIN + r'File "(?P<path>.+)", line (?P<line>\d+)(?:, in (?P<within>.+))?$')
_HEADER: Final = re.compile(
    r"[ |+]*(?:(?:Exception Group )?Traceback \(most recent call last\):|[+-]+(?: \d+ |-)?-*|"
    r"The above exception was the direct cause of .*|During handling of the above exception, .*|"
    r"\[Previous line repeated \d+ more times?\])$"
)
_RAISED: Final = re.compile(r"[ |]*(?:[^\W\d]\w*\.)*[^\W\d]\w*(?::( .*)?)?$")
_INSTALLED: Final = re.compile(r"[/\\](?:site|dist)-packages[/\\]+([^/\\]+)")
_STANDARD: Final = re.compile(r"[/\\]lib[/\\]python[\d.]+t?[/\\]|^<frozen |[/\\]Lib[/\\]")
_REMOTE: Final = "beamlike.kernel.errors.RemoteTraceback:"
"""What follows between quotes is the traceback of another node."""
_FEWEST_HIDDEN: Final = 2


@frozen
class Line:
    text: str
    kind: Kind
    own: bool = True
    """Whether it belongs to a frame of the user's."""
    package: str = ""
    """Of a library's frame: whose it is."""
    start: int = 0
    end: int = 0
    """Where the name of a cell stands and its line, in characters."""
    target: tuple[str, int] | None = None
    """The cell, and its line."""


@frozen
class Hidden:
    """So many frames of these packages are left out."""

    frames: int
    packages: tuple[str, ...]


def told_apart(error: Error, cell_id: str = "") -> list[Line]:
    """The lines of an error's traceback; it is shown below the cell of that id.

    >>> error = Error("KeyError", "'a'", "  cell 2, line 1\\n    d['a']\\n", 1, places=(("c", 1),))
    >>> [(line.kind, line.target) for line in told_apart(error)]
    [('cell', ('c', 1)), ('code', None)]
    """
    lines = frames_of(error)
    return list(_classified(lines, cell_ids(error, lines, cell_id)))


def headline(error: Error) -> str:
    return f"{error.type}: {error.message}" if error.message else error.type


def frames_of(error: Error) -> list[str]:
    """The traceback without its last line where that says once more what the headline says."""
    frames = error.traceback.rstrip().removesuffix(headline(error)).rstrip()
    return frames.split("\n") if frames else []


def folded(lines: Sequence[Line]) -> Iterator[Line | Hidden]:
    """The lines without the frames of libraries, where several stand together.

    >>> frame = Line('  File "/x/site-packages/torch/nn.py", line 1, in f', "library", False, "torch")
    >>> list(folded([frame, Line("    x", "code", False)] * 3))
    [Hidden(frames=3, packages=('torch',))]
    """
    waiting: list[Line] = []
    for line in (*lines, None):
        if line is not None and not line.own:
            waiting.append(line)
            continue
        frames = [each for each in waiting if each.kind == "library"]
        if len(frames) >= _FEWEST_HIDDEN:
            yield Hidden(len(frames), tuple(dict.fromkeys(frame.package for frame in frames)))
        else:
            yield from waiting
        waiting.clear()
        if line is not None:
            yield line


def cell_ids(error: Error, lines: Sequence[str], cell_id: str) -> Mapping[str, str]:
    """Which cell each name in the traceback means, as far as that is known.

    The error knows the places of its own frames in their order, and those are the last in the text that stand in no
    part of a group; whoever has no place is this very cell: its text did not compile, or it ran on another node.
    """
    frames = [found for found in map(_CELL.match, _last_part(lines)) if found]
    ids: dict[str, str] = {}
    rest = iter(frames)
    for place_id, line in error.places:
        if found := next((each for each in rest if int(each["line"]) == line), None):
            ids.setdefault(found["name"], place_id)
    everywhere = [found for found in map(_CELL.match, lines) if found]
    strangers = dict.fromkeys(found["name"] for found in everywhere if found["name"] not in ids)
    if cell_id and len(strangers) == 1 and cell_id not in ids.values():
        ids[next(iter(strangers))] = cell_id
    return ids


def _last_part(lines: Sequence[str]) -> Sequence[str]:
    """The frames of the exception itself: behind the last exception that led to it, and before the parts of a group."""
    start = 0
    for number, line in enumerate(lines):
        if line.startswith(("The above exception was", "During handling of the above")):
            start = number
    end = next((number for number, line in enumerate(lines) if number > start and "+-+--" in line), len(lines))
    return lines[start:end]


def _classified(lines: Sequence[str], ids: Mapping[str, str]) -> Iterator[Line]:
    own, indent = True, -1
    for text in lines:
        if found := _CELL.match(text):
            own, indent = True, found.end("margin")
            cell = ids.get(found["name"])
            target = None if cell is None else (cell, int(found["line"]))
            yield Line(text, "cell", start=found.start("at"), end=found.end("at"), target=target)
        elif found := _FILE.match(text):
            package = _package(found["path"])
            own, indent = not package, found.end("margin")
            yield Line(text, "own" if own else "library", own, package)
        elif indent >= 0 and len(text) - len(text.lstrip(" |")) > indent:
            yield Line(text, "code" if text.strip(" |^~") else "caret", own)
        elif indent >= 0 and not own and _HEADER.match(text) and "Previous line" in text:
            yield Line(text, "words", own)
        elif text.strip(" |") == '"""':
            continue
        elif text.strip(" |") == _REMOTE:
            own, indent = True, -1
            yield Line(text, "remote")
        else:
            own, indent = True, -1
            kind: Kind = "header" if _HEADER.match(text) else "raised" if _RAISED.match(text) else "words"
            yield Line(text, kind)


def _package(path: str) -> str:
    """Whose file that is; empty for one of the user's."""
    if found := _INSTALLED.search(path):
        return PurePath(found[1]).stem
    return "Python" if _STANDARD.search(path) else ""
