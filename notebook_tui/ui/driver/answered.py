"""What the driver tells the program of the terminal."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from notebook_tui.ui.pictures.graphics import Answers


@dataclass
class TerminalAnswered(Message):
    """All that the terminal has to say has been said."""

    answers: Answers
