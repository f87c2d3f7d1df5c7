"""What can be typed in plain mode: a table of words, each with what it does. Answers are lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Final, TypeAlias

import beamlike as bl
from beamlike.kernel.record import frozen
from notebook_tui.cli.plain_lines import Lines
from notebook_tui.cli.plain_report import PlainReport
from notebook_tui.cli.plain_widgets import named_first, set_to
from notebook_tui.cli.plain_words import Wrong, called, names, numbered, outline, standing
from notebook_tui.document.notebook import SETUP_CELL_ID, Cell, CellKind
from notebook_tui.document.operations import (
    CancelEvaluation,
    DeleteCell,
    MoveCell,
    QueueCells,
    Redo,
    SetCellSource,
    Trust,
    Undo,
)
from notebook_tui.document.plan import full_evaluation, planned
from notebook_tui.document.reasons import why
from notebook_tui.document.reasons import words as reason_words
from notebook_tui.document.rejected import Rejected
from notebook_tui.session.client import Client
from notebook_tui.session.trust_question import trust_question
from notebook_tui.ui.ids import new_id
from notebook_tui.ui.insertion import inserting
from notebook_tui.widgets.views import Button, Input

INTERRUPTS_THAT_KEEP_VALUES: Final = 2


class Commands:
    """Acts on the session of `client`; what the user types beside commands comes from `lines`."""

    def __init__(self, client: Client, report: PlainReport, lines: Lines, clock: Callable[[], float]) -> None:
        self._client = client
        self._report = report
        self._paper = report.paper
        self._lines = lines
        self._clock = clock
        self._interrupts: dict[tuple[str, int], int] = {}
        self._current = SETUP_CELL_ID
        self.over = False

    async def obey(self, line: str) -> None:
        """Does what the line says, and says what is wrong with it if it says nothing sensible."""
        word, _, rest = line.strip().partition(" ")
        if not word:
            return
        command = _TABLE.get(word)
        if command is None:
            self._paper.block(f"there is no command {word}; help lists them")
            return
        try:
            await command.act(self, rest.strip())
        except (Wrong, Rejected, OSError, bl.CallFailed) as error:
            self._paper.block(f"{word}: {error}")

    def greet(self) -> None:
        self._paper.block("help lists what you can type")

    async def leave(self) -> None:
        """There is no more input: what is not saved is saved, and the program ends in any case."""
        if self._client.state.dirty:
            await self.obey("save")
        self.over = True

    def interrupt(self) -> None:
        """The next step for all cells that run; the third asks for the word `end`."""
        running = list(self._client.state.running.values())
        if not running:
            self._paper.block("nothing runs; quit leaves")
        for cell_id in running:
            run = (cell_id, self._client.state.evaluation(cell_id).run)
            self._interrupts[run] = self._interrupts.get(run, 0) + 1
            name = called(self._names[cell_id])
            if self._interrupts[run] <= INTERRUPTS_THAT_KEEP_VALUES:
                self._paper.block(f"{name} is interrupted")
                self._client.send(CancelEvaluation(cell_id))
            else:
                self._paper.block(f"{name} does not stop; end {self._names[cell_id]} ends it, and all values are lost")

    @property
    def _names(self) -> dict[str, str]:
        return names(self._client.state.notebook)

    def _cell(self, name: str) -> Cell:
        """The cell of that name; without one, the current cell."""
        notebook = self._client.state.notebook
        if not name:
            name = self._names.get(self._current, "setup")
        for cell_id, known in self._names.items():
            if known == name.lower():
                self._current = cell_id
                return notebook.cell(cell_id)
        raise Wrong(f"there is no cell {name}; list names them")

    def _say_cell(self, cell: Cell) -> None:
        self._paper.block(called(self._names[cell.id]))
        self._paper.block("\n".join(numbered(cell.source)) if cell.runnable else cell.source)

    # The commands.

    async def list(self, _: str) -> None:
        self._paper.block("\n".join(outline(self._client.state)))

    async def show(self, name: str) -> None:
        cell = self._cell(name)
        self._say_cell(cell)
        if cell.runnable:
            self._paper.block(standing(self._client.state, cell.id))
        await self.output("")

    async def output(self, name: str) -> None:
        cell = self._cell(name)
        for output in cell.outputs:
            self._report.show(cell.id, output)
        self._paper.end_line()

    async def next(self, _: str) -> None:
        await self._step(1)

    async def previous(self, _: str) -> None:
        await self._step(-1)

    async def _step(self, by: int) -> None:
        order = list(self._names)
        place = order.index(self._current) + by if self._current in order else 0
        if not 0 <= place < len(order):
            raise Wrong("there is no further cell")
        self._current = order[place]
        await self.show("")

    async def run(self, name: str) -> None:
        state = self._client.state
        if name == "all":
            ids = full_evaluation(state)
            if not ids:
                raise Wrong("nothing is outdated: every cell stands as it ran")
        else:
            cell = self._cell(name)
            if not cell.runnable:
                raise Wrong("this is a text; only cells run")
            ids = (cell.id,)
        self._queue(QueueCells(ids))

    async def only(self, name: str) -> None:
        self._queue(QueueCells((self._cell(name).id,), alone=True))

    def _queue(self, wanted: QueueCells) -> None:
        if not self._client.state.trusted:
            asked = trust_question(self._client.state)
            raise Wrong(f"nothing was run.\n{asked}\ntrust lets it run, trust folder all that lies beside it, too")
        self._client.send(wanted)

    async def trust(self, what: str) -> None:
        if what not in ("", "folder"):
            raise Wrong("expected nothing more, or the word folder")
        self._client.send(Trust(folder=what == "folder"))
        self._paper.block("its code may run from now on")

    async def plan(self, name: str) -> None:
        state = self._client.state
        plan = planned(state, full_evaluation(state) if name == "all" else [self._cell(name).id])
        self._paper.block("would run: " + ", ".join(called(self._names[cell_id]) for cell_id in plan.cells))
        if plan.fresh_runtime:
            self._paper.block("in a fresh runtime: all values are lost first")

    async def why(self, name: str) -> None:
        cell = self._cell(name)
        reasons = why(self._client.state, cell.id)
        said = "; ".join(reason_words(each, self._client.state.notebook) for each in reasons)
        self._paper.block(said or "it is up to date")

    async def stop(self, _: str) -> None:
        self.interrupt()

    async def end(self, name: str) -> None:
        cell = self._cell(name)
        if cell.id not in self._client.state.running.values():
            raise Wrong("that cell does not run")
        self._client.send(CancelEvaluation(cell.id, drop=True))

    async def type(self, name: str) -> None:
        cell = self._cell(name)
        source = await self._typed()
        self._client.send(SetCellSource(cell.id, source, self._clock()))

    async def add(self, _: str) -> None:
        await self._add("code")

    async def text(self, _: str) -> None:
        await self._add("markdown")

    async def _add(self, kind: CellKind) -> None:
        cell = Cell(new_id(), kind, await self._typed())
        notebook = self._client.state.notebook
        for operation in inserting(notebook, self._current, cell, below=True, section_id=new_id()):
            self._client.send(operation)
        self._current = cell.id

    async def _typed(self) -> str:
        self._paper.block("type the lines; a line that is a single dot ends them")
        lines: list[str] = []
        while (line := await self._lines.read("")) is not None and line != ".":
            lines.append(line)
        return "\n".join(lines)

    async def delete(self, name: str) -> None:
        self._client.send(DeleteCell(self._cell(name).id, self._clock()))

    async def up(self, name: str) -> None:
        self._client.send(MoveCell(self._cell(name).id, -1))

    async def down(self, name: str) -> None:
        self._client.send(MoveCell(self._cell(name).id, 1))

    async def undo(self, _: str) -> None:
        self._client.send(Undo(self._clock()))

    async def redo(self, _: str) -> None:
        self._client.send(Redo(self._clock()))

    async def save(self, path: str) -> None:
        saved = await (self._client.save_as(path) if path else self._client.save())
        self._paper.block(f"saved to {saved}")

    async def restart(self, _: str) -> None:
        await self._client.restart()
        self._paper.block("the runtime is restarted: all values are gone, the text is not")

    async def wait(self, _: str) -> None:
        await self._report.at_rest.wait()

    async def answer(self, line: str) -> None:
        wanted = self._report.take_question()
        if wanted is None:
            raise Wrong("no cell asks for anything")
        text = await self._lines.read("unseen: ", hidden=True) if wanted.hidden and not line else line
        self._client.answer(wanted.question, text)

    async def set(self, words: str) -> None:
        field, text = named_first(words, Input, self._client.state, self._current)
        if field.kind == "secret" and not text:
            text = await self._lines.read("unseen: ", hidden=True) or ""
        self._paper.block(await set_to(self._client, field, text))

    async def press(self, label: str) -> None:
        button, more = named_first(label, Button, self._client.state, self._current)
        if more:
            raise Wrong(f"expected nothing after {button.label}, got {more}")
        await self._client.have_acted(button.ref)
        self._paper.block(f"{button.label} is pressed")

    async def status(self, _: str) -> None:
        state = self._client.state
        runtime = state.runtime.text or "no runtime yet"
        running = ", ".join(called(self._names[cell_id]) for cell_id in state.running.values()) or "nothing"
        self._paper.block(f"{state.path or 'no file yet'}{', not saved' if state.dirty else ''}")
        self._paper.block(f"runtime: {runtime}; running: {running}; waiting: {len(state.queue)}")

    async def help(self, _: str) -> None:
        self._paper.block("\n".join(help_lines()))

    async def quit(self, _: str) -> None:
        if self._client.state.dirty:
            answer = await self._lines.read("there are changes that are not saved; save, discard, or stay? ")
            if answer in ("save", None):  # None: nobody is there any more, and nothing is to be lost
                await self.save("")
            elif answer == "discard":
                await self._client.discard()
            else:
                self._paper.block("stays; nothing was lost")
                return
        self.over = True


Act: TypeAlias = Callable[[Commands, str], Awaitable[None]]


@frozen
class Command:
    act: Act
    usage: str
    says: str


_COMMANDS: Final = (
    Command(Commands.list, "list", "all sections and cells, with their names"),
    Command(Commands.show, "show [CELL]", "a cell: its lines, what became of it, what it shows"),
    Command(Commands.output, "output [CELL]", "what a cell shows, whole"),
    Command(Commands.next, "next", "the next cell becomes the current one, and is shown"),
    Command(Commands.previous, "previous", "the one before"),
    Command(Commands.run, "run [CELL | all]", "runs a cell and what is outdated above it, or all that is outdated"),
    Command(Commands.only, "only [CELL]", "runs a cell and nothing else"),
    Command(Commands.trust, "trust [folder]", "says that code which you have not written may run"),
    Command(Commands.plan, "plan [CELL | all]", "what would run"),
    Command(Commands.why, "why [CELL]", "why a cell is not up to date"),
    Command(Commands.stop, "stop", "interrupts what runs, as Ctrl+C does"),
    Command(Commands.wait, "wait", "until nothing runs any more, or a cell waits for a line"),
    Command(Commands.answer, "answer [LINE]", "gives the cell that asks its line; of a secret, typed unseen"),
    Command(Commands.set, "set LABEL VALUE", "what an input has for its value; a secret without VALUE is typed unseen"),
    Command(Commands.press, "press LABEL", "presses a button"),
    Command(Commands.end, "end CELL", "ends a cell that does not stop, with all values"),
    Command(Commands.type, "type [CELL]", "gives a cell new lines"),
    Command(Commands.add, "add", "a new cell below the current one"),
    Command(Commands.text, "text", "a new text below the current cell"),
    Command(Commands.delete, "delete CELL", "undo brings it back"),
    Command(Commands.up, "up [CELL]", "moves a cell up"),
    Command(Commands.down, "down [CELL]", "moves a cell down"),
    Command(Commands.undo, "undo", "takes back the last change"),
    Command(Commands.redo, "redo", "makes it again"),
    Command(Commands.save, "save [PATH]", "writes the file, or a new one"),
    Command(Commands.restart, "restart", "a fresh runtime; values are lost, texts are not"),
    Command(Commands.status, "status", "file, runtime and what runs"),
    Command(Commands.help, "help", "this list"),
    Command(Commands.quit, "quit", "ends the program, and the runtime with it"),
)
_TABLE: Final = {command.usage.partition(" ")[0]: command for command in _COMMANDS}


def help_lines() -> Iterator[str]:
    """
    >>> next(help_lines())
    'list: all sections and cells, with their names'
    """
    yield from (f"{command.usage}: {command.says}" for command in _COMMANDS)
