"""How Python text is indented and commented while it is written. Lines in, lines out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

INDENT: Final = "    "
_LEAVES_BLOCK: Final = re.compile(r"\s*(return|pass|break|continue|raise)\b")
_OPENS_BLOCK: Final = re.compile(r".*[:\[({]\s*(#.*)?$")


def indent_after(line: str) -> str:
    """The white space with which the line after `line` begins.

    >>> indent_after("    if x:"), indent_after("    return x"), indent_after("    f(")
    ('        ', '', '        ')
    """
    indent = line[: len(line) - len(line.lstrip())]
    if _OPENS_BLOCK.match(line):
        return indent + INDENT
    return indent[: -len(INDENT)] if _LEAVES_BLOCK.match(line) else indent


def indented(lines: Iterable[str]) -> list[str]:
    return [INDENT + line if line.strip() else line for line in lines]


def dedented(lines: Iterable[str]) -> list[str]:
    """One level less, as far as there is one.

    >>> dedented(["      a", "  b", "c"])
    ['  a', 'b', 'c']
    """
    return [line[len(line[: len(INDENT)]) - len(line[: len(INDENT)].lstrip()) :] for line in lines]


def commented(lines: Sequence[str]) -> list[str]:
    """Lines made comments at their common indent, or, if all are comments, made code again.

    >>> commented(["  a", "    b", ""])
    ['  # a', '  #   b', '']
    >>> commented(["  # a", "  #   b", ""])
    ['  a', '    b', '']
    """
    written = [line for line in lines if line.strip()]
    if written and all(line.lstrip().startswith("#") for line in written):
        return [re.sub(r"^(\s*)# ?", r"\1", line) for line in lines]
    indent = min((len(line) - len(line.lstrip()) for line in written), default=0)
    return [f"{line[:indent]}# {line[indent:]}" if line.strip() else line for line in lines]
