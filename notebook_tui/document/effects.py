"""What `apply` wants done: the session performs it, and answers with operations."""

from __future__ import annotations

from typing import TypeAlias

from beamlike.kernel.record import frozen


@frozen
class ConnectRuntime:
    """Answered by `RuntimeConnected` or `RuntimeDown`."""


@frozen
class DisconnectRuntime:
    """End the runtime that there is: another takes its place. No answer."""


@frozen
class StartEvaluation:
    """Answered by `EvaluationStarted`, outputs, and `EvaluationFinished`; or by `ContainerDown` or `RuntimeDown`."""

    cell_id: str
    source: str
    container: str = ""
    """Where it runs: the id of the branching section that it stands in, or nothing for the main flow."""
    above: tuple[str, ...] = ()
    """The cells whose names it sees, in the order of the document; what a later one binds wins."""


@frozen
class DropContainer:
    """The last step of stopping: end the container with all its values. Answered by `ContainerDown`."""

    container: str


@frozen
class InterruptEvaluation:
    """Stop the cell and keep its values. The answer is its `EvaluationFinished`, whatever the ending."""

    cell_id: str


@frozen
class ForgetEvaluation:
    """The cell is gone: what only its run defined may go too. No answer."""

    cell_id: str


@frozen
class RememberTrust:
    """The user trusts the code as it is now; with `folder`, whatever lies beside the notebook or below. No answer."""

    folder: bool


Effect: TypeAlias = (
    ConnectRuntime
    | DisconnectRuntime
    | StartEvaluation
    | DropContainer
    | InterruptEvaluation
    | ForgetEvaluation
    | RememberTrust
)
