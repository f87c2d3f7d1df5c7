"""What a user is asked before the first run of code that somebody else may have written, in words."""

from __future__ import annotations

from typing import Final

from notebook_tui.document.state import State
from notebook_tui.document.trust import Code, code_of
from notebook_tui.session.packages_wanted import packages_wanted

_MOST_PACKAGES: Final = 12


def trust_question(state: State) -> str:
    """What there is, and what it would do."""
    return question(code_of(state.notebook), packages_wanted(state.notebook), state.path or "")


def question(code: Code, packages: tuple[str, ...], path: str) -> str:
    """
    >>> print(question(Code(3, 1, 0), ("numpy", "rich"), "/tmp/theirs.livemd"))
    You have not written the code of this notebook, or somebody has changed it since:
    /tmp/theirs.livemd
    <BLANKLINE>
    · 3 code cells, which may do all that you may do here
    · 1 of them runs again by itself when what it reads changes
    · installs numpy, rich
    """
    lines = [f"{_count(code.cells, 'code cell')}, which may do all that you may do here"]
    if code.automatic:
        verb = "runs" if code.automatic == 1 else "run"
        lines.append(f"{code.automatic} of them {verb} again by itself when what it reads changes")
    if code.elsewhere:
        lines.append(f"{code.elsewhere} of them on another node")
    lines.append(f"installs {_few(packages)}" if packages else "installs nothing")
    head = "You have not written the code of this notebook, or somebody has changed it since:"
    return "\n".join([head, path, "", *(f"· {line}" for line in lines)])


def _few(packages: tuple[str, ...]) -> str:
    more = len(packages) - _MOST_PACKAGES
    return ", ".join(packages[:_MOST_PACKAGES]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
