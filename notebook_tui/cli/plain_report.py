"""What happens in a notebook while somebody types commands: said in lines, as it comes."""

from __future__ import annotations

import asyncio

from notebook_tui.cli.plain_words import bare, called, names, standing
from notebook_tui.cli.run_evaluation import LEFT_OUT
from notebook_tui.cli.run_paper import Paper
from notebook_tui.cli.run_views import ViewsOnPaper
from notebook_tui.document.operations import (
    EvaluationFinished,
    EvaluationStarted,
    Operation,
    OutputAdded,
    OutputChanged,
    RuntimeConnecting,
    RuntimeDown,
)
from notebook_tui.document.outputs import Display, Error, Exported, Output, Result, Text
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import InputWanted
from notebook_tui.session.client import Client
from notebook_tui.session.inputs_as_set import inputs_as_set
from notebook_tui.widgets.views_within import views_in


class PlainReport:
    def __init__(self, client: Client) -> None:
        self.paper = self._paper = Paper(bare)
        self._views = ViewsOnPaper(self.paper)
        self._client = client
        self._heard = client.applied
        self.at_rest = asyncio.Event()
        """Nothing goes on without the user: no cell runs or waits to, or one waits for a line."""
        self._question: InputWanted | None = None
        self._note()
        client.listen(self.hear)
        client.subscribe(self._seen, self._paper.block)
        client.take_questions(self._asked, self._settled)

    def hear(self, operation: Operation, state: State) -> None:
        """What the session has done; `state` is what that led to."""
        self._heard = self._client.applied
        match operation:
            case RuntimeConnecting(text):
                self._paper.block(f"runtime: {text}")
            case RuntimeDown(reason) if reason:
                self._paper.block(f"the runtime is lost: {reason}")
            case EvaluationStarted(cell_id):
                self._paper.block(f"{_name(state, cell_id)} runs")
            case EvaluationFinished(cell_id):
                self._views.settle()
                self._paper.block(f"{_name(state, cell_id)} {standing(state, cell_id)}")
            case OutputAdded(cell_id, output):
                self.show(cell_id, output)
            case OutputChanged(cell_id, ref, change):
                outputs = state.notebook.cell(cell_id).outputs
                now = [inputs_as_set(output, self._client.state) for output in outputs]
                for view in (each for output in now for each in views_in(output) if each.ref == ref):
                    self._views.change(cell_id, change, view)
            case _:
                pass

    def _seen(self, state: State) -> None:
        """Also where operations were left out, for they came too fast."""
        if self._heard != self._client.applied:
            self._heard = self._client.applied
            self._paper.block(LEFT_OUT)
        self._note()

    def take_question(self) -> InputWanted | None:
        """What a cell asks and needs an answer to; whoever takes it gives that."""
        question, self._question = self._question, None
        self._note()
        return question

    def _note(self) -> None:
        state = self._client.state
        if self._question is None and (state.running or state.queue):
            self.at_rest.clear()
        else:
            self.at_rest.set()

    def _asked(self, wanted: InputWanted) -> None:
        self._question = wanted
        self._note()
        secret = "; answer lets you type it unseen" if wanted.hidden else "; answer LINE gives it"
        self._paper.block(f"{_name(self._client.state, wanted.cell_id)} waits for a line{secret}")

    def _settled(self, question: str) -> None:
        if self._question is not None and self._question.question == question:
            self.take_question()

    def show(self, cell_id: str, output: Output) -> None:
        match output:
            case Text(_, text):
                self._paper.go_on(cell_id, text)
            case Exported(_, text):
                self._paper.go_on(cell_id, text)
            case Result(text) | Display(text=text):
                self._paper.block(f"result: {text}")
            case Error():
                self._paper.block(output.traceback.rstrip() or f"{output.type}: {output.message}")
            case _:
                self._views.show(cell_id, inputs_as_set(output, self._client.state))


def _name(state: State, cell_id: str) -> str:
    return called(names(state.notebook).get(cell_id, cell_id))
