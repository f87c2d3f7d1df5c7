"""What a runtime says becomes operations, questions to people, and widgets; and what of that ends with it."""

from __future__ import annotations

import time
from typing import Protocol

import beamlike as bl
from notebook_tui.document import operations
from notebook_tui.document.operations import Operation
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.runtime import messages
from notebook_tui.runtime.limits import EndsSoon
from notebook_tui.session.limit_words import before_its_end
from notebook_tui.session.questions import Questions
from notebook_tui.session.runtime_records import outputs_of, versions_of
from notebook_tui.session.widgets import Widgets


class Host(Protocol):
    """The session."""

    @property
    def state(self) -> State: ...

    def do(self, operation: Operation) -> bool: ...

    def notify(self, text: str) -> None: ...


class RuntimeNews:
    """One per session."""

    def __init__(self, host: Host, questions: Questions, widgets: Widgets) -> None:
        self._host = host
        self._questions = questions
        self._widgets = widgets
        self._inputs_read: dict[str, None] = {}

    @property
    def inputs_read(self) -> tuple[str, ...]:
        """The refs of the inputs that cells have read, also of those that no cell shows."""
        return tuple(self._inputs_read)

    def hear(self, news: object) -> None:
        """The runtime says so."""
        do = self._host.do
        match news:
            case messages.Started(cell_id):
                do(operations.EvaluationStarted(cell_id, time.time()))
            case messages.Printed(cell_id, stream, text, output):
                do(operations.OutputAdded(cell_id, Text("stderr" if stream == "stderr" else "stdout", text)))
                bl.send(output, messages.Taken())
            case messages.Displayed():
                self._widgets.show(news)
                bl.send(news.output, messages.Taken())
            case messages.ViewsChanged():
                self._widgets.change(news)
                bl.send(news.output, messages.Taken())
            case messages.WidgetEnded():
                self._widgets.ended(news)
            case messages.InputRead(cell_id, ref):
                self._inputs_read[ref] = None
                do(operations.InputBound(cell_id, ref))
            case messages.InputWanted():
                self._questions.ask(news)
            case messages.InputSettled(_, question):
                self._questions.settled(question)
            case messages.Finished():
                self._finished(news)
            case messages.Dropped(container, trouble):
                do(operations.ContainerDown(container, trouble))
                if trouble:
                    self._host.notify(trouble)
            case messages.Nodes(names):
                do(operations.NodesChanged(names))
            case messages.Versions(cells):
                do(operations.VersionsChanged(tuple((cell.cell_id, versions_of(cell)) for cell in cells)))
            case EndsSoon():
                self._host.notify(before_its_end(news))

    def _finished(self, finished: messages.Finished) -> None:
        cell_id, outcome = finished.cell_id, finished.outcome
        for output in outputs_of(outcome):
            self._host.do(operations.OutputAdded(cell_id, output))
        # By the runtime's clock: news of a short run may arrive together.
        began = self._host.state.evaluation(cell_id).started_at or time.time()
        ended = began + finished.seconds
        self._host.do(operations.EvaluationFinished(cell_id, ended, outcome.status, outcome.versions))

    def resume(self) -> None:
        """The runtime is one that an earlier program had: what it said then is in the outputs."""
        self._widgets.resume()

    def gone(self) -> None:
        """The runtime is: it waits for no answer any more, and none of its widgets is left."""
        self._questions.settle_all()
        self._widgets.runtime_gone()
