"""What `apply` wants done: the session performs it, and answers with operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class ConnectRuntime:
    """Answered by `RuntimeConnected` or `RuntimeDown`."""


@dataclass(frozen=True, slots=True)
class StartEvaluation:
    """Answered by `EvaluationStarted`, outputs, and `EvaluationFinished`; or by `RuntimeDown`."""

    cell_id: str
    source: str


@dataclass(frozen=True, slots=True)
class InterruptEvaluation:
    """Stop the cell and keep its values. The answer is its `EvaluationFinished`, whatever the ending."""

    cell_id: str


@dataclass(frozen=True, slots=True)
class ForgetEvaluation:
    """The cell is gone: what only its run defined may go too. No answer."""

    cell_id: str


Effect: TypeAlias = ConnectRuntime | StartEvaluation | InterruptEvaluation | ForgetEvaluation
