"""The question before the first run of code that the user has not written: what there is, and what it would do."""

from __future__ import annotations

from typing import Final

from notebook_tui.document.state import State
from notebook_tui.document.trust import Code, code_of
from notebook_tui.session.packages_wanted import packages_wanted
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.printable import printable

RUN: Final = "run"
FOLDER: Final = "folder"
_MOST_PACKAGES: Final = 12
_CHOICES: Final = (
    Choice("r", RUN, "Run it: I know this code"),
    Choice("f", FOLDER, "Run it, and trust every notebook in this folder"),
    Choice("l", "look", "Only look"),
)


class TrustScreen(ChoiceScreen):
    def __init__(self, state: State) -> None:
        super().__init__(question(code_of(state.notebook), packages_wanted(state.notebook), state.path or ""), _CHOICES)


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
    return printable("\n".join([head, path, "", *(f"· {line}" for line in lines)]))


def _few(packages: tuple[str, ...]) -> str:
    more = len(packages) - _MOST_PACKAGES
    return ", ".join(packages[:_MOST_PACKAGES]) + (f" and {more} more" if more > 0 else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
