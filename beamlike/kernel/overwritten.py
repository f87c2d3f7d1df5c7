"""Text that writes over itself, as progress bars do, without what can no longer be seen."""

from __future__ import annotations

import re

_COLOR = re.compile(r"\x1b\[[\d;]*m")
_ERASE = re.compile(r"\x1b\[[02]?K")


def without_overwritten(text: str) -> str:
    """`text` without what a later carriage return has overwritten in full; a terminal shows the same in the end.

    >>> without_overwritten("\\r 10%\\r 20%\\r100%\\r\\nnext")
    '\\r100%\\r\\nnext'
    """
    if "\r" not in text:
        return text
    return "\n".join(_last_states(line) for line in text.split("\n"))


def _last_states(line: str) -> str:
    # What stands before the first return may continue a line whose start has left already: it stays.
    first, *rewritings = line.split("\r")
    shown: list[str] = []
    for rewriting in rewritings:
        while shown and _covers(rewriting, shown[-1]):
            shown.pop()
        shown.append(rewriting)
    return "\r".join([first, *shown])


def _covers(new: str, old: str) -> bool:
    """Whether nothing of `old` is to be seen once `new` is written over it, nor any effect of it.

    Never for an `old` that moves the cursor or leaves a colour on.
    """
    plain = _COLOR.sub("", old)
    colors = _COLOR.findall(old)
    if not plain.isprintable() or (colors and colors[-1] not in ("\x1b[0m", "\x1b[m")):
        return False
    written = _COLOR.sub("", new)
    if _ERASE.search(new):  # of this line, unless it has gone to another first
        return _ERASE.sub("", written).isprintable()
    return written.isprintable() and len(written) >= len(plain)
