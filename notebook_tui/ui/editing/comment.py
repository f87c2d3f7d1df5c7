"""Lines made comments, and code again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_MARKS: Final = {"sql": "--", "lua": "--", "haskell": "--", "erlang": "%", "latex": "%", "tex": "%"}
_SLASHES: Final = ("javascript", "typescript", "java", "c", "cpp", "rust", "go", "swift", "kotlin", "zig", "css")
_HTML: Final = re.compile(r"^(\s*)<!-- ?(.*?) ?-->\s*$")


def commented(lines: Sequence[str], language: str = "python") -> list[str]:
    """Lines made comments at their common indent, or, if all are comments, made code again.

    >>> commented(["  a", "    b", ""])
    ['  # a', '  #   b', '']
    >>> commented(["  # a", "  #   b", ""])
    ['  a', '    b', '']
    >>> commented(["*now*"], "markdown")
    ['<!-- *now* -->']
    """
    if language in ("markdown", "html", "xml"):
        return _in_html(lines)
    mark = _MARKS.get(language, "//" if language in _SLASHES else "#")
    written = [line for line in lines if line.strip()]
    if written and all(line.lstrip().startswith(mark) for line in written):
        return [re.sub(rf"^(\s*){re.escape(mark)} ?", r"\1", line) for line in lines]
    indent = min((len(line) - len(line.lstrip()) for line in written), default=0)
    return [f"{line[:indent]}{mark} {line[indent:]}" if line.strip() else line for line in lines]


def _in_html(lines: Sequence[str]) -> list[str]:
    written = [line for line in lines if line.strip()]
    if written and all(_HTML.match(line) for line in written):
        return [_HTML.sub(r"\1\2", line) for line in lines]
    return [re.sub(r"^(\s*)(.*?)\s*$", r"\1<!-- \2 -->", line) if line.strip() else line for line in lines]
