"""A session in memory behind the terminal's protocol: the real reducer, and a runtime that does what the test says.

Strict: it starts what the reducer wants started and nothing else, and output of a cell that never ran is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from notebook_tui.document.apply import apply
from notebook_tui.document.completion import Completion
from notebook_tui.document.effects import ConnectRuntime, Effect, InterruptEvaluation, StartEvaluation
from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.operations import (
    Connect,
    Ending,
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    RuntimeConnected,
    RuntimeDown,
    Saved,
)
from notebook_tui.document.outputs import Output, Text
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State


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

    @property
    def state(self) -> State:
        return self._state

    def send(self, operation: Operation) -> None:
        assert not self.closed, f"{operation} was sent to a session that the terminal has left"
        self.sent.append(operation)
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._apply, operation)
        else:
            self._apply(operation)

    def subscribe(self, on_change: Callable[[State], None], on_message: Callable[[str], None]) -> None:
        self._on_change.append(on_change)
        self._on_message.append(on_message)

    async def complete(self, cell_id: str, source: str, offset: int) -> list[Completion]:
        self.completed.append((cell_id, source, offset))
        return list(self.completions)

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

    def print(self, cell_id: str, text: str) -> None:
        self.output(cell_id, Text("stdout", text))

    def finish(self, cell_id: str, ending: Ending = "ok") -> None:
        """The run of the cell is over; the next in the queue begins."""
        self._apply(EvaluationFinished(cell_id, self._clock(), ending))

    def lose_runtime(self, reason: str) -> None:
        self._apply(RuntimeDown(reason))

    def apply(self, operation: Operation) -> None:
        """What somebody else did; it must make sense."""
        self._state, effects = apply(self._state, operation)
        self._tell()
        self._perform(effects)

    def say(self, text: str) -> None:
        for on_message in self._on_message:
            on_message(text)

    def _apply(self, operation: Operation) -> None:
        try:
            self.apply(operation)
        except Rejected as rejected:
            self.say(str(rejected))

    def _perform(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case ConnectRuntime():
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
