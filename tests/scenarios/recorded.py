"""The recorded traces, and how a trace of ours is held against one.

`traces/Snnn.expected` was recorded on the BEAM (OTP 25.2.3, Elixir 1.14.0). Where we differ on purpose, our own trace
stands in `ours/Snnn.expected`, and docs/beam.md gives the reason.
"""

from __future__ import annotations

import difflib
from pathlib import Path

HERE = Path(__file__).parent


def recorded(number: str) -> list[str]:
    """The trace of the BEAM."""
    return (HERE / "traces" / f"{number}.expected").read_text().splitlines()


def ours(number: str) -> list[str]:
    """Our own trace, where it is another on purpose."""
    return (HERE / "ours" / f"{number}.expected").read_text().splitlines()


def in_one_order(lines: list[str]) -> list[str]:
    """The lines with each group of `recv*` sorted: within one, no order was promised.

    >>> in_one_order(["a: x", "a: recv* 2", "a: recv* 1", "a: y"])
    ['a: x', 'a: recv* 1', 'a: recv* 2', 'a: y']
    """
    ordered: list[str] = []
    group: list[str] = []
    for line in lines:
        if ": recv* " in line:
            group.append(line)
        else:
            ordered += [*sorted(group), line]
            group = []
    return ordered + sorted(group)


def difference(expected: list[str], actual: list[str]) -> str:
    """What tells two traces apart, line by line; empty if nothing does."""
    expected, actual = in_one_order(expected), in_one_order(actual)
    if expected == actual:
        return ""
    lines = difflib.ndiff(expected, actual)
    return "\n".join(["- expected, + this run", *(line for line in lines if not line.startswith("?"))])
