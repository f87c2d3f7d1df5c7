"""The question before the first run of code that the user has not written: what there is, and what it would do."""

from __future__ import annotations

from typing import Final

from notebook_tui.document.state import State
from notebook_tui.session.trust_question import trust_question
from notebook_tui.ui.dialogs.choice_screen import Choice, ChoiceScreen
from notebook_tui.ui.drawing.printable import printable

RUN: Final = "run"
FOLDER: Final = "folder"
_CHOICES: Final = (
    Choice("r", RUN, "Run it: I know this code"),
    Choice("f", FOLDER, "Run it, and trust every notebook in this folder"),
    Choice("l", "look", "Only look"),
)


class TrustScreen(ChoiceScreen):
    def __init__(self, state: State) -> None:
        super().__init__(printable(trust_question(state)), _CHOICES)
