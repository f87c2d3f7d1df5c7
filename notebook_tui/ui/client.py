"""What the terminal needs of a session: this protocol and nothing else.

A session owns the notebook; the terminal shows its newest state and asks it to change. The same protocol is met by
a session in this process, by one in a server, and by the reducer-backed one of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from notebook_tui.document.completion import Completion
from notebook_tui.document.delta import Delta
from notebook_tui.document.operations import Operation
from notebook_tui.document.state import State
from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.cluster_view import Cluster, ToRunner
from notebook_tui.runtime.facts import Facts
from notebook_tui.runtime.formatting import Formatting
from notebook_tui.runtime.limits import Lifetime
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.runtime.packages import PackageCheck, Packages
from notebook_tui.runtime.variable_questions import VariableDetail, Variables
from notebook_tui.session.hover import Hover
from notebook_tui.session.messages import SecretNames
from notebook_tui.session.notebook_files import NotebookFiles
from notebook_tui.session.people import Person
from notebook_tui.session.presence import Present, Whereabouts
from notebook_tui.session.profiles import Profile
from notebook_tui.session.run_log import Ran
from notebook_tui.session.runtime_choices import RuntimeChoices
from notebook_tui.session.secrets.stored import StoredSecrets
from notebook_tui.session.typing_help import Definition
from notebook_tui.widgets.messages import EventValue, Page
from notebook_tui.widgets.views import Gallery, Scalar, Table


class SessionClient(Protocol):
    """Callbacks run on the event loop of the terminal; none of these calls blocks it. Places in a source are counted in
    code points; `source` is the text of that cell as it is being typed."""

    @property
    def state(self) -> State:
        """The newest state, a frozen value."""

    @property
    def person(self) -> Person:
        """Who sits here, and what they may do."""

    @property
    def served(self) -> bool:
        """Whether the session goes on when nobody looks."""

    @property
    def away(self) -> bool:
        """Whether the session is out of reach for now; what is written meanwhile is kept here, and looked after."""

    @property
    def ended(self) -> bool:
        """Whether the session is over: nothing can be run or saved any more."""

    def leave_to_next(self) -> None:
        """The session is about to be stopped, and another program goes on with what it has."""

    async def end_session(self) -> None:
        """It ends, and its runtime, for all who look at it."""

    def send(self, operation: Operation) -> None:
        """Ask for a change. It shows in a later state, or is refused with a message."""

    @property
    def people(self) -> tuple[Present, ...]:
        """All who look at the notebook, this viewer too."""

    @property
    def you(self) -> int:
        """The number of this viewer among them."""

    def here(self, where: Whereabouts) -> None:
        """Tell the others where the user is now."""

    async def runs(self) -> tuple[Ran, ...]:
        """Who ran what lately, the newest last."""

    def type_here(self) -> None:
        """Texts can be opened from now on, if whoever sits here may write."""

    def open_text(self, cell_id: str) -> str:
        """The text of that cell, with all that was typed here: for an editor that exchanges changes from now on."""

    def has_news(self, cell_id: str) -> bool:
        """Whether others have changed an open text since the last exchange."""

    def exchange(self, cell_id: str, typed: Delta, at: float) -> Delta:
        """Send what was typed into an open text since the last exchange; what is to be changed in the editor."""

    def close_text(self, cell_id: str) -> None:
        """No editor shows it any more."""

    def subscribe(self, on_change: Callable[[State], None], on_message: Callable[[str], None]) -> None:
        """Be told each new state, and what the session has to say to the user."""

    def take_questions(self, on_question: Callable[[InputWanted], None], on_settled: Callable[[str], None]) -> None:
        """Be told what cells ask whoever sits here, and by its name what needs no answer any more."""

    def answer(self, question: str, text: str | None) -> None:
        """The line without its end, or None for the end of all input."""

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]:
        """Proposals for the caret."""

    async def describe(self, cell_id: str, source: str, offset: int) -> Hover | None:
        """What the name under the caret stands for."""

    async def describe_completion(self, cell_id: str, source: str, offset: int, chosen: Completion) -> Hover | None:
        """What a proposal stands for."""

    async def signatures(self, cell_id: str, source: str, offset: int) -> tuple[SignatureHelp, ...]:
        """The ways to call the function around the caret."""

    async def definition(self, cell_id: str, source: str, offset: int) -> Definition | None:
        """Where the name under the caret is defined."""

    async def format(self, source: str) -> Formatting:
        """The source as a formatter writes it, or why not."""

    def set_input(self, ref: str, value: Scalar) -> None:
        """The input has this value from now on; a notice says what it takes where it does not take it."""

    def set_secret_input(self, ref: str, value: str | None) -> None:
        """As `set_input`, of one whose value nobody may read."""

    def act(self, ref: str, value: EventValue = None) -> None:
        """Do something with a widget: press a button, submit a form's values by name, send a key."""

    async def rows(self, ref: str, page: Page) -> Table:
        """That page of a table; LookupError in words if there is none."""

    async def page(self, ref: str, page: Page) -> Table | Gallery:
        """That page of a table or a gallery; LookupError in words if there is none."""

    async def interrupt(self) -> None:
        """Stop the cells that run; values of earlier cells stay."""

    async def restart(self) -> None:
        """A fresh runtime: all values are lost, the text is not."""

    async def disconnect(self) -> None:
        """No runtime any more, and none that is being connected: all values are lost, the text is not."""

    async def use_runtime(self, spec: str) -> None:
        """Cells run there from now on, in a fresh runtime; ValueError says why not, and then nothing has changed."""

    async def chosen_runtime(self) -> str:
        """The spec of where cells run, or would."""

    async def runtime_choices(self) -> RuntimeChoices:
        """The user's profiles, and the nodes of this host that can be reached."""

    async def add_profile(self, profile: Profile) -> None:
        """Describe a runtime for later; ValueError says what is wrong with it."""

    async def runtime_facts(self) -> Facts | None:
        """Of the runtime's process; None while there is no runtime."""

    async def runtime_price(self) -> float | None:
        """What the runtime's machine costs for an hour, in dollars; None if that is not known."""

    async def set_idle_limit(self, seconds: float | None) -> Lifetime | None:
        """So long the runtime may be there while nobody needs it; None: as long as may be. How it stands then."""

    async def cluster(self) -> Cluster | None:
        """The runtime's nodes and pools; None while there is no runtime."""

    async def tell_runner(self, pool: str, node: str, what: ToRunner) -> None:
        """Drain, cordon or uncordon a runner; LookupError if there is none on that node."""

    async def disconnect_node(self, node: str) -> bool:
        """The runtime drops its connection to that node; whether there was one."""

    async def variables(self, cell_id: str) -> Variables:
        """All that the container of that cell has."""

    async def variable(self, cell_id: str, name: str) -> VariableDetail | None:
        """More of one of them; None if it is gone."""

    async def packages(self, dependencies: tuple[str, ...]) -> Packages | None:
        """How these requirements stand on the runtime; None while there is none."""

    async def check_package(self, requirement: str) -> PackageCheck:
        """What the runtime's installer would install for it, or why nothing fits."""

    async def files(self) -> NotebookFiles | None:
        """Those of the notebook, and what lies beside it; None as long as it has no file."""

    async def attach_file(self, source: str) -> str:
        """Copy a file to those of the notebook; its name there. ValueError or OSError say why not."""

    async def remove_file(self, name: str) -> None:
        """It is gone; ValueError if there is none of that name."""

    async def stored_secrets(self) -> StoredSecrets:
        """The names in the user's store, and where it is."""

    async def store_secret(self, name: str, value: str) -> None:
        """Keep a secret for all notebooks that are given it; ValueError if none may be called so."""

    async def forget_secret(self, name: str) -> None:
        """The store has it no more; LookupError if it had none of that name."""

    async def save(self) -> str:
        """Write the file and return its path; OSError with a clear text if that failed."""

    async def save_as(self, path: str) -> str:
        """The notebook is in that file from now on; it must not be there yet."""

    async def discard(self) -> None:
        """What is not saved is not wanted: the program is about to end."""

    async def secrets(self) -> SecretNames:
        """Which secrets the notebook has."""

    async def give_secrets(self, values: Mapping[str, str]) -> None:
        """Cells find these values until the session ends; an exception says why not."""

    async def give_stored_secrets(self, *names: str) -> None:
        """Cells find these of the user's secrets, now and when the notebook is opened again."""

    async def revoke_secrets(self, *names: str) -> None:
        """Cells find them no more."""

    async def close(self) -> None:
        """The terminal leaves."""
