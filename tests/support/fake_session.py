"""A session in memory behind the terminal's protocol: the real reducer, and a runtime that does what the test says.

Strict: it starts what the reducer wants started and nothing else, and output of a cell that never ran is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from notebook_tui.document import delta as deltas
from notebook_tui.document.apply import apply
from notebook_tui.document.completion import Completion
from notebook_tui.document.delta import Delta
from notebook_tui.document.effects import ConnectRuntime, Effect, InterruptEvaluation, StartEvaluation
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    ApplyDelta,
    ClientJoined,
    Connect,
    Ending,
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    OutputChanged,
    RuntimeConnected,
    RuntimeConnecting,
    RuntimeDown,
    Saved,
    SetCellSource,
    SetInputValue,
)
from notebook_tui.document.outputs import Output, Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.cluster_view import Cluster, ToRunner
from notebook_tui.runtime.facts import Facts
from notebook_tui.runtime.formatting import Formatted, Formatting
from notebook_tui.runtime.limits import Lifetime
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.runtime.packages import PackageCheck, Packages
from notebook_tui.runtime.variable_questions import VariableDetail, Variables
from notebook_tui.session.hover import Hover
from notebook_tui.session.messages import SecretNames
from notebook_tui.session.notebook_files import NotebookFiles
from notebook_tui.session.people import OWNER
from notebook_tui.session.presence import Present, Whereabouts
from notebook_tui.session.profiles import Profile
from notebook_tui.session.run_log import Ran
from notebook_tui.session.runtime_choices import RuntimeChoices
from notebook_tui.session.runtime_kinds import runtime_of
from notebook_tui.session.secrets.store import NoSecret, checked
from notebook_tui.session.secrets.stored import StoredSecrets
from notebook_tui.session.typing_help import Definition
from notebook_tui.session.typist import Typist
from notebook_tui.widgets.changes import Change
from notebook_tui.widgets.messages import EventValue, Page
from notebook_tui.widgets.views import Gallery, Scalar, Table

ME = "me"
"""As which client the terminal types."""


class FakeSession:
    def __init__(self, state: State, clock: Callable[[], float], delay: float = 0.0) -> None:
        """With a delay it answers later, as a session does that is a process of its own."""
        self._delay = delay
        self._state = state
        self._clock = clock
        self._on_change: list[Callable[[State], None]] = []
        self._on_message: list[Callable[[str], None]] = []
        self.sent: list[Operation] = []
        """What the terminal asked for, in order."""
        self.completions: list[Completion] = []
        self.completed: list[tuple[str, str, int]] = []
        self.save_error: OSError | None = None
        self.closed = False
        self.deaf = False
        """Whether a cell goes on that is interrupted."""
        self.discarded = False
        self.hover: Hover | None = None
        self.documentation: dict[str, str] = {}
        """Of proposals, by their labels."""
        self.documented: list[str] = []
        """Of which it was asked for."""
        self.signatures_found: tuple[SignatureHelp, ...] = ()
        self.defined: Definition | None = None
        self.formatting: Formatting | None = None
        """None: the text is as a formatter writes it."""
        self.tables: dict[str, Callable[[Page], Table]] = {}
        """What gives pages, by the refs of the tables."""
        self.galleries: dict[str, Callable[[Page], Gallery]] = {}
        self.acts: list[tuple[str, EventValue]] = []
        self.secret_inputs: dict[str, str | None] = {}
        self.secret_names = SecretNames((), ())
        self.given: dict[str, str] = {}
        self.store: dict[str, str] = {}
        """The user's, by name."""
        self.connects = True
        """Whether a runtime is there as soon as it is asked for; else `arrive` has it come."""
        self.disconnects = 0
        self.runtime_spec = "local"
        self.choices = RuntimeChoices((Profile("local"),), "local", ())
        self.profile_error: Exception | None = None
        self.facts: Facts | None = None
        self.cluster_seen: Cluster | None = None
        self.told_runners: list[tuple[str, str, ToRunner]] = []
        self.dropped_nodes: list[str] = []
        self.known_variables = Variables()
        self.variables_asked: list[str] = []
        self.details: dict[str, VariableDetail] = {}
        self.packages_of: Callable[[tuple[str, ...]], Packages | None] = lambda _: None
        self.usd_per_hour: float | None = None
        self.package_checks: dict[str, PackageCheck] = {}
        self.notebook_files: NotebookFiles | None = None
        self.attached: list[str] = []
        self.removed: list[str] = []
        self.answers: list[tuple[str, str | None]] = []
        self._on_question: list[Callable[[InputWanted], None]] = []
        self._on_settled: list[Callable[[str], None]] = []
        self.person = OWNER
        self._typist: Typist | None = None
        self.people: tuple[Present, ...] = ()
        self.you = 0
        self.where: Whereabouts | None = None
        self.ran: tuple[Ran, ...] = ()
        self.served = False
        self.away = False
        self.ended = False
        self.stopped = self.left_to_next = False

    @property
    def state(self) -> State:
        return self._state

    def send(self, operation: Operation) -> None:
        assert not self.closed, f"{operation} was sent to a session that the terminal has left"
        if self._typist is not None:
            self._typist.ask(operation)
        else:
            self._emit(operation)

    def _emit(self, operation: Operation) -> None:
        self.sent.append(self._as_asked(operation))
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._apply, operation)
        else:
            self._apply(operation)

    def here(self, where: Whereabouts) -> None:
        self.where = where

    async def runs(self) -> tuple[Ran, ...]:
        return self.ran

    def _as_asked(self, operation: Operation) -> Operation:
        """A change of a text as the text that it makes."""
        if not isinstance(operation, ApplyDelta):
            return operation
        source = deltas.apply(self._state.notebook.cell(operation.cell_id).source, operation.delta)
        return SetCellSource(operation.cell_id, source, operation.at)

    def type_here(self) -> None:
        if self._typist is None and self.person.may("edit"):
            self._state, _ = apply(self._state, ClientJoined(ME))
            self._typist = Typist(self._state, self._emit, lambda: len(self.sent))
            self._typist.go_on(ME)

    @property
    def _typing(self) -> Typist:
        assert self._typist is not None
        return self._typist

    def open_text(self, cell_id: str) -> str:
        return self._typing.open(cell_id)

    def has_news(self, cell_id: str) -> bool:
        return self._typing.has_news(cell_id)

    def exchange(self, cell_id: str, typed: Delta, at: float) -> Delta:
        assert not self.closed, f"{typed} was sent to a session that the terminal has left"
        return self._typing.exchange(cell_id, typed, at)

    def close_text(self, cell_id: str) -> None:
        self._typing.close(cell_id)

    def subscribe(self, on_change: Callable[[State], None], on_message: Callable[[str], None]) -> None:
        self._on_change.append(on_change)
        self._on_message.append(on_message)

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]:
        self.completed.append((cell_id, source, offset))
        return list(self.completions)

    async def describe(self, cell_id: str, source: str, offset: int) -> Hover | None:
        return self.hover

    async def describe_completion(self, cell_id: str, source: str, offset: int, chosen: Completion) -> Hover | None:
        self.documented.append(chosen.label)
        markdown = self.documentation.get(chosen.label)
        return Hover(offset, offset, markdown) if markdown is not None else None

    async def signatures(self, cell_id: str, source: str, offset: int) -> tuple[SignatureHelp, ...]:
        return self.signatures_found

    async def definition(self, cell_id: str, source: str, offset: int) -> Definition | None:
        return self.defined

    async def format(self, source: str) -> Formatting:
        return self.formatting or Formatted(source)

    def take_questions(self, on_question: Callable[[InputWanted], None], on_settled: Callable[[str], None]) -> None:
        self._on_question.append(on_question)
        self._on_settled.append(on_settled)

    def ask(self, wanted: InputWanted) -> None:
        """Code of a cell waits for a line."""
        for on_question in self._on_question:
            on_question(wanted)

    def settle(self, question: str) -> None:
        """It waits no more."""
        for on_settled in self._on_settled:
            on_settled(question)

    def answer(self, question: str, text: str | None) -> None:
        self.answers.append((question, text))

    def set_input(self, ref: str, value: Scalar) -> None:
        self.send(SetInputValue(ref, value))

    def set_secret_input(self, ref: str, value: str | None) -> None:
        self.secret_inputs[ref] = value

    def act(self, ref: str, value: EventValue = None) -> None:
        self.acts.append((ref, value))

    async def rows(self, ref: str, page: Page) -> Table:
        if ref not in self.tables:
            raise LookupError(f"no table {ref}")
        return self.tables[ref](page)

    async def page(self, ref: str, page: Page) -> Table | Gallery:
        return self.galleries[ref](page) if ref in self.galleries else await self.rows(ref, page)

    async def secrets(self) -> SecretNames:
        return self.secret_names

    async def give_secrets(self, values: Mapping[str, str]) -> None:
        for name in values:
            checked(name)
        self.given.update(values)
        names = tuple(sorted({*self.secret_names.given, *values}))
        self.secret_names = SecretNames(names, self.secret_names.stored)

    async def give_stored_secrets(self, *names: str) -> None:
        for name in names:
            if name not in self.store:
                raise NoSecret(f"there is no secret {name}")
        given = tuple(sorted({*self.secret_names.given, *names}))
        self.secret_names = SecretNames(given, tuple(sorted({*self.secret_names.stored, *names})))

    async def revoke_secrets(self, *names: str) -> None:
        known = self.secret_names
        self.secret_names = SecretNames(
            tuple(name for name in known.given if name not in names),
            tuple(name for name in known.stored if name not in names),
        )

    async def stored_secrets(self) -> StoredSecrets:
        return StoredSecrets(tuple(sorted(self.store)), "the system's keyring")

    async def store_secret(self, name: str, value: str) -> None:
        self.store[checked(name)] = value

    async def forget_secret(self, name: str) -> None:
        del self.store[name]

    async def disconnect(self) -> None:
        self.disconnects += 1
        if self._state.runtime.phase != "disconnected":
            self._apply(RuntimeDown(""))

    async def use_runtime(self, spec: str) -> None:
        runtime_of(spec)
        await self.disconnect()
        self.runtime_spec = spec
        self._apply(Connect())

    async def chosen_runtime(self) -> str:
        return self.runtime_spec

    async def runtime_choices(self) -> RuntimeChoices:
        return self.choices

    async def add_profile(self, profile: Profile) -> None:
        if self.profile_error is not None:
            raise self.profile_error
        self.choices = replace(self.choices, profiles=(*self.choices.profiles, profile))

    async def runtime_facts(self) -> Facts | None:
        return self.facts if self._state.runtime.phase == "connected" else None

    async def runtime_price(self) -> float | None:
        return self.usd_per_hour

    async def set_idle_limit(self, seconds: float | None) -> Lifetime | None:
        if self.facts is None or self.facts.lifetime is None:
            return None
        self.facts = replace(self.facts, lifetime=replace(self.facts.lifetime, idle_limit=seconds))
        return self.facts.lifetime

    async def cluster(self) -> Cluster | None:
        return self.cluster_seen

    async def tell_runner(self, pool: str, node: str, what: ToRunner) -> None:
        self.told_runners.append((pool, node, what))

    async def disconnect_node(self, node: str) -> bool:
        self.dropped_nodes.append(node)
        return True

    async def variables(self, cell_id: str) -> Variables:
        self.variables_asked.append(cell_id)
        return self.known_variables

    async def variable(self, cell_id: str, name: str) -> VariableDetail | None:
        return self.details.get(name)

    async def packages(self, dependencies: tuple[str, ...]) -> Packages | None:
        return self.packages_of(dependencies)

    async def check_package(self, requirement: str) -> PackageCheck:
        return self.package_checks.get(requirement, PackageCheck(trouble=f"no index knows {requirement}"))

    async def files(self) -> NotebookFiles | None:
        return self.notebook_files

    async def attach_file(self, source: str) -> str:
        self.attached.append(source)
        return source.rpartition("/")[2]

    async def remove_file(self, name: str) -> None:
        self.removed.append(name)

    async def save_as(self, path: str) -> str:
        if self.save_error is not None:
            raise self.save_error
        self._apply(Saved(path, self._state.revision))
        return path

    async def interrupt(self) -> None:
        assert self._state.evaluating is not None, "an interrupt was asked for while nothing ran"
        self.finish(self._state.evaluating, "interrupted")

    async def restart(self) -> None:
        if self._state.runtime.phase != "disconnected":
            self._apply(RuntimeDown(""))
        self._apply(Connect())

    async def save(self) -> str:
        if self.save_error is not None:
            raise self.save_error
        path = self._state.path or "notebook.livemd"
        self._apply(Saved(path, self._state.revision))
        return path

    def leave_to_next(self) -> None:
        self.left_to_next = True

    async def end_session(self) -> None:
        self.stopped = True

    async def discard(self) -> None:
        self.discarded = True

    async def close(self) -> None:
        self.closed = True

    def operations_of(self, kind: type[Operation]) -> list[Operation]:
        return [operation for operation in self.sent if isinstance(operation, kind)]

    def output(self, cell_id: str, output: Output) -> None:
        """The cell that runs, or ran, has this to show."""
        assert self._state.evaluation(cell_id).run, f"{cell_id} has never run"
        self._apply(OutputAdded(cell_id, output))

    def change(self, cell_id: str, ref: str, change: Change) -> None:
        """The view of that ref is another one."""
        self._apply(OutputChanged(cell_id, ref, change))

    def print(self, cell_id: str, text: str) -> None:
        self.output(cell_id, Text("stdout", text))

    def finish(self, cell_id: str, ending: Ending = "ok") -> None:
        """The run of the cell is over; the next in the queue begins."""
        self._apply(EvaluationFinished(cell_id, self._clock(), ending))

    def arrive(self, text: str = "test runtime") -> None:
        """The runtime that was asked for is there."""
        self._apply(RuntimeConnected(text, self._clock()))

    def step(self, text: str) -> None:
        """Of connecting."""
        self._apply(RuntimeConnecting(text, self._clock()))

    def lose_runtime(self, reason: str) -> None:
        self._apply(RuntimeDown(reason))

    def apply(self, operation: Operation) -> None:
        """What somebody else did; it must make sense."""
        self._state, effects = apply(self._state, operation)
        if self._typist is not None:
            self._typist.applied(operation, self._state)
        self._tell()
        self._perform(effects)

    def say(self, text: str) -> None:
        for on_message in self._on_message:
            on_message(text)

    def _apply(self, operation: Operation) -> None:
        try:
            self.apply(operation)
        except Rejected as rejected:
            if self._typist is not None:
                self._typist.refused(operation)
            self.say(str(rejected))

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case ConnectRuntime() if self.connects:
                    self.apply(RuntimeConnected("test runtime"))
                case StartEvaluation(cell_id):
                    self.apply(EvaluationStarted(cell_id, self._clock()))
                case InterruptEvaluation(cell_id) if not self.deaf:
                    self.finish(cell_id, "interrupted")
                case _:
                    pass

    def _tell(self) -> None:
        for on_change in self._on_change:
            on_change(self._state)


def notebook_of(*cells: Cell, title: str = "Test") -> Notebook:
    """One section with these cells."""
    return Notebook(title, sections=(Section("section", "Section", cells),))


def code(id: str, source: str = "", *outputs: Output) -> Cell:
    return Cell(id, "code", source, outputs=outputs)


def prose(id: str, source: str) -> Cell:
    return Cell(id, "markdown", source)
