"""What a runtime that crashed leaves behind, in the words of any other failure: its cells' frames, by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator

_DUMP = re.compile(
    r"^Fatal Python error: (?P<error>.*)\n(?:.*\n)*?"
    r".*\(most recent call first\):\n(?P<frames>(?:  .*(?:\n|\Z))+)"
    r"(?:\n.*\(most recent call first\):\n(?:  .*(?:\n|\Z))+)*(?:\n*Extension modules: .*\n?)?",
    re.MULTILINE,
)
_PRINTED = "; it printed:\n"
_FRAME = re.compile(r'  File "(?P<file>.*)", line (?P<line>.+) in (?P<function>.+)')
_CELL = re.compile(r"<notebook .*, (?P<cell>cell [^,]+) #[0-9a-f]+>")


def readable(fate: str) -> str:
    """The same, but first what Python's faulthandler wrote there, made short. Without that it is as it was.

    >>> print(readable('''process 7 was killed by SIGSEGV; it printed:
    ... Fatal Python error: Segmentation fault
    ...
    ... Stack (most recent call first):
    ...   File "/usr/lib/python3.11/ctypes/__init__.py", line 519 in string_at
    ...   File "<notebook cats, cell 1 #9f387b4d>", line 5 in look
    ...   File "<notebook cats, cell 2 #6db62706>", line 1 in <module>
    ...   File "/usr/lib/python3.11/asyncio/runners.py", line 118 in run
    ...
    ... Extension modules: msgpack._cmsgpack (total: 1)'''))
    process 7 was killed by SIGSEGV: Segmentation fault
      cell 2, line 1
      cell 1, line 5, in look
      File "/usr/lib/python3.11/ctypes/__init__.py", line 519, in string_at
    """
    end, _, log = fate.partition(_PRINTED)
    dump = _DUMP.search(log)
    if dump is None:
        return fate
    rest = (log[: dump.start()] + log[dump.end() :]).strip()
    places = _outermost_first(dump["frames"].splitlines())
    return "\n".join([f"{end}: {dump['error']}", *places]) + (f"\nbefore that it printed:\n{rest}" if rest else "")


def _outermost_first(frames: list[str]) -> list[str]:
    """From the outermost frame of a cell on; all of a thread that is of no cell."""
    found = list(filter(None, map(_FRAME.fullmatch, frames)))
    last = max((at for at, frame in enumerate(found) if _CELL.fullmatch(frame["file"])), default=len(found))
    return list(_told(reversed(found[: last + 1])))


def _told(frames: Iterator[re.Match[str]]) -> Iterator[str]:
    for frame in frames:
        cell = _CELL.fullmatch(frame["file"])
        where = cell["cell"] if cell is not None else f'File "{frame["file"]}"'
        within = "" if frame["function"] == "<module>" else f", in {frame['function']}"
        yield f"  {where}, line {frame['line']}{within}"
