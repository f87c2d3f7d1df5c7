"""What each role may do: of all operations, and of all requests to a session.

The role that an operation takes is that of all it would cause: an edit that would run a cell by itself, or interrupt
one, takes the role of who may run. So the session lets the reducer say what would follow, and looks at that.

    view   reads: outputs, pages of tables, what there is to know of the runtime's process
    edit   changes the text, saves it, and has it completed and explained
    run    runs and interrupts cells, sets inputs, presses buttons, answers questions, looks at variables
    admin  chooses, restarts and manages the runtime, gives secrets, trusts code, and says where the file is

Values of variables take `run`, though nothing runs: they are more than the notebook shows, and who may run could print
them. Completions take `edit`: they tell names and documentation, to who writes. What the runtime reports takes
`admin`: only the session says it, and who may do all may say it too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias, assert_never

from notebook_tui.document import effects, operations
from notebook_tui.document.effects import Effect
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.session import messages
from notebook_tui.session.cluster_questions import ClusterOf, DropNode, TellRunner
from notebook_tui.session.people import NotAllowed, Person, Role
from notebook_tui.session.presence import Here, SawPeople
from notebook_tui.widgets.messages import Ask

Request: TypeAlias = (
    messages.Perform
    | messages.Make
    | messages.Type
    | Here
    | SawPeople
    | messages.Save
    | messages.SaveAs
    | messages.Discard
    | messages.GiveSecrets
    | messages.GiveStoredSecrets
    | messages.RevokeSecrets
    | messages.SecretsOf
    | messages.Restart
    | messages.Disconnect
    | messages.UseRuntime
    | messages.ChosenRuntime
    | messages.RuntimePrice
    | messages.InputsRead
    | messages.RunsOf
    | messages.RuntimeServerOf
    | messages.TakeQuestions
    | messages.GiveAnswer
    | messages.Act
    | messages.SetSecretInput
    | messages.Seen
    | messages.EndSession
    | ClusterOf
    | TellRunner
    | DropNode
    | Ask
)
"""All that is asked of a session by those who have joined it."""

_TAKES: Final = {
    "view": "look at the notebook",
    "edit": "change the notebook",
    "run": "run or interrupt cells, or answer them",
    "admin": "choose the runtime, give secrets, trust code, or say where the file is",
}


def role_for(operation: Operation) -> Role:
    """The role that an operation takes by itself, whatever follows of it.

    >>> role_for(operations.SetTitle("Cats")), role_for(operations.QueueCells(("a",)))
    ('edit', 'run')
    """
    if isinstance(operation, operations.Edit | operations.History):
        return "edit"
    match operation:
        case operations.ReportRevision():
            return "edit"
        case operations.QueueCells() | operations.CancelEvaluation() | operations.EraseOutputs():
            return "run"
        case operations.SetInputValue() | operations.Connect():
            return "run"
        case operations.Trust():
            return "admin"
        case operations.TrustWithdrawn() | operations.ClientJoined() | operations.ClientLeft() | operations.Saved():
            return "admin"
        case operations.InputShown() | operations.InputBound() | operations.EvaluationStarted():
            return "admin"
        case operations.OutputAdded() | operations.OutputChanged() | operations.EvaluationFinished():
            return "admin"
        case operations.RuntimeConnecting() | operations.RuntimeConnected() | operations.RuntimeDown():
            return "admin"
        case operations.ContainerDown() | operations.NodesChanged() | operations.VersionsChanged():
            return "admin"
        case _:
            assert_never(operation)


def role_for_all(operation: Operation, before: State, after: State, wanted: Sequence[Effect]) -> Role:
    """The role that it takes with all that follows: it made `after` of `before`, and has the session do `wanted`."""
    role = role_for(operation)
    if role != "edit":
        return role
    begun = {*after.queue, *after.running.values()} - {*before.queue, *before.running.values()}
    return "run" if begun or any(_runs(effect) for effect in wanted) else "edit"


def _runs(effect: Effect) -> bool:
    match effect:
        case effects.ConnectRuntime() | effects.DisconnectRuntime() | effects.StartEvaluation():
            return True
        case effects.DropContainer() | effects.InterruptEvaluation():
            return True
        case effects.ForgetEvaluation():
            # A cell that is deleted takes its values along; who may run has them again.
            return False
        case effects.RememberTrust():
            return True
        case _:
            assert_never(effect)


def role_for_request(request: Request) -> Role:
    """The role that a request takes.

    >>> role_for_request(messages.Save()), role_for_request(messages.SaveAs("elsewhere.livemd"))
    ('edit', 'admin')
    """
    match request:
        case messages.Perform(operation) | messages.Make(operation):
            return "view" if operation is None else role_for(operation)
        case messages.RuntimeServerOf(purpose):
            return _PURPOSES[purpose]
        case messages.Seen() | messages.InputsRead() | messages.ChosenRuntime() | messages.RuntimePrice() | Ask():
            return "view"
        case ClusterOf():
            return "view"
        case Here() | SawPeople():
            return "view"
        case messages.RunsOf():
            return "view"
        case messages.SecretsOf():
            return "view"  # which names cells may ask for; never a value
        case messages.Save() | messages.Type():
            return "edit"
        case messages.TakeQuestions() | messages.GiveAnswer() | messages.Act() | messages.SetSecretInput():
            return "run"
        case messages.SaveAs() | messages.Discard() | messages.EndSession() | TellRunner() | DropNode():
            return "admin"
        case messages.GiveSecrets() | messages.GiveStoredSecrets() | messages.RevokeSecrets():
            return "admin"
        case messages.Restart() | messages.Disconnect() | messages.UseRuntime():
            return "admin"
        case _:
            assert_never(request)


_PURPOSES: Final[dict[messages.Purpose, Role]] = {"facts": "view", "help": "edit", "values": "run", "manage": "admin"}


def refusal(person: Person, role: Role) -> NotAllowed | None:
    """Why this person may not do what takes that role, in words; None if they may.

    >>> print(refusal(Person("ann", "view"), "edit"))
    your role is view, and it takes edit to change the notebook
    >>> refusal(Person("bob", "run"), "edit")
    """
    if person.may(role):
        return None
    return NotAllowed(f"your role is {person.role}, and it takes {role} to {_TAKES[role]}")
