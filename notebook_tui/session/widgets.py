"""Widgets in a session: what cells show of them, what viewers do with them, and what inputs hold."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from secrets import token_hex
from typing import Protocol

import beamlike as bl
from notebook_tui.document.operations import InputShown, Operation, OutputAdded, OutputChanged, SetInputValue
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.state import State
from notebook_tui.runtime.messages import Displayed, ToWidget, ViewsChanged, WidgetEnded
from notebook_tui.session.messages import Act, SetSecretInput
from notebook_tui.session.shown_views import ShownViews
from notebook_tui.widgets.changes import Became, Unfitting
from notebook_tui.widgets.input_values import accepted, preset_of
from notebook_tui.widgets.messages import Answer, Ask, Event, EventValue, GiveUp
from notebook_tui.widgets.views import Form, Input, Scalar, View
from notebook_tui.widgets.views_within import inputs_in

logger = logging.getLogger("notebook_tui.session")

NOT_SHOWN = "no cell shows this widget any more"
ENDED = "the program of this widget has ended: run the cell that made it again"
NO_RUNTIME = "no runtime is there that could answer: the program of this widget has ended with the last one"


class Host(Protocol):
    @property
    def state(self) -> State: ...

    def do(self, operation: Operation) -> bool: ...

    def tell_runtime(self, message: object) -> None: ...

    def keep_secret(self, values: Mapping[str, str]) -> None: ...


class Widgets:
    def __init__(self, host: Host, presets: Mapping[str, str]) -> None:
        self._host = host
        self._presets = presets
        self._views = ShownViews()
        self._secrets: dict[str, str] = {}

    # What the runtime says.

    def show(self, displayed: Displayed) -> None:
        content = self._views.show(displayed.cell_id, displayed.content)
        self._host.do(OutputAdded(displayed.cell_id, content))
        self._show_inputs(displayed.cell_id, content)
        self._tidy()

    def change(self, news: ViewsChanged) -> None:
        for each in news.changes:
            try:
                cells, change = self._views.change(news.cell_id, each.ref, each.first, each.change)
            except Unfitting as error:
                logger.warning("a widget was changed in a way that does not fit it: %s", error)
                continue
            for cell_id in cells:
                self._host.do(OutputChanged(cell_id, each.ref, change))
                for content in getattr(change, "contents", ()):
                    self._show_inputs(cell_id, content)
        self._tidy()

    def _tidy(self) -> None:
        for cell_id, view in self._views.renewed():
            self._host.do(OutputChanged(cell_id, view.ref, Became(view)))
        for home, ref in self._views.surplus():
            self._host.tell_runtime(ToWidget(home, GiveUp(ref)))

    def ended(self, ended: WidgetEnded) -> None:
        self._views.end(ended.ref)

    def _show_inputs(self, cell_id: str, content: object) -> None:
        for field in inputs_in(content):
            preset = preset_of(field, self._presets) if field.kind == "secret" else None
            if preset is None or field.ref in self._secrets:
                self._host.do(InputShown(cell_id, field.ref, field.default))
                continue
            mark = self._kept_secret(field, preset)
            self._host.do(InputShown(cell_id, field.ref, mark))
            self._host.do(SetInputValue(field.ref, mark))

    # The life of cells and runtimes.

    def runs(self, cell_id: str) -> None:
        """The cell runs again, or is gone."""
        self._views.forget(cell_id)

    def resume(self) -> None:
        """The runtime is one that an earlier program had: its widgets are those that the outputs show."""
        for cell in self._host.state.notebook.cells():
            for output in cell.outputs:
                self._views.show(cell.id, output)

    def runtime_gone(self) -> None:
        self._views.clear()

    def inputs(self) -> tuple[tuple[str, Scalar], ...]:
        """What the run of a cell sees of inputs."""
        return tuple(
            (ref, self._secrets.get(ref) if self._is_secret(ref) else known.value)
            for ref, known in self._host.state.inputs.items()
            if not isinstance(known.value, bytes | tuple)
        )

    def _is_secret(self, ref: str) -> bool:
        field = self._field(ref)
        return ref in self._secrets or (field is not None and field.kind == "secret")

    def _field(self, ref: str) -> Input | None:
        """The input as cells show it; also what was shown by a runtime or a program that has ended."""
        view: object = self._views.view(ref)
        known, notebook = self._host.state.inputs.get(ref), self._host.state.notebook
        if view is None and known is not None:
            outputs = (
                out
                for cell_id in known.shown_by
                if notebook.has_cell(cell_id)
                for out in notebook.cell(cell_id).outputs
            )
            view = next((field for out in outputs for field in inputs_in(out) if field.ref == ref), None)
        return view if isinstance(view, Input) else None

    # What viewers do.

    def used(self, use: Act | SetSecretInput) -> str:
        """Why that cannot be, in words; empty if it is done."""
        return self._act(use) if isinstance(use, Act) else self._set_secret(use)

    def _act(self, act: Act) -> str:
        home, trouble = self._reached(act.ref)
        if trouble:
            return trouble
        try:
            value = _of_form(self._views.view(act.ref), act.value)
        except ValueError as error:
            return str(error)
        self._host.tell_runtime(ToWidget(home, Event(act.ref, value, str(act.viewer))))
        return ""

    def ask(self, ask: Ask) -> None:
        home, trouble = self._reached(ask.ref)
        if trouble:
            bl.send(ask.client, bl.Reply(ask.client.ref, Answer(None, trouble)))
        else:
            self._host.tell_runtime(ToWidget(home, ask))

    def _reached(self, ref: str) -> tuple[str, str]:
        """The cell by which the widget's program is reached, or in words why it is not."""
        home = self._views.home(ref)
        if home is None:
            return "", NOT_SHOWN
        if self._host.state.runtime.phase != "connected":
            return "", NO_RUNTIME
        return home, ENDED if self._views.has_ended(ref) else ""

    def _set_secret(self, request: SetSecretInput) -> str:
        """The document knows only that there is one, and that it is another than before."""
        field = self._field(request.ref)
        if field is None or field.kind != "secret":
            return NOT_SHOWN
        if request.value is None:
            self._secrets.pop(request.ref, None)
            self._host.do(SetInputValue(request.ref, None))
        else:
            self._host.do(SetInputValue(field.ref, self._kept_secret(field, request.value)))
        self._tell(request.ref, None)
        return ""

    def _kept_secret(self, field: Input, value: str) -> str:
        """What stands for it in the document."""
        self._secrets[field.ref] = value
        self._host.keep_secret({value: field.label})
        return f"secret {token_hex(8)}"

    def checked(self, operation: Operation) -> Operation:
        """The operation of a viewer; where it sets an input, with the value as the input has it. `Rejected` says what
        that takes instead."""
        if not isinstance(operation, SetInputValue) or isinstance(operation.value, bytes | tuple):
            return operation
        field = self._field(operation.input_id)
        if field is None:
            return operation
        if field.kind == "secret":
            raise Rejected("expected the value of a secret by a call of its own: it must not be kept")
        try:
            return SetInputValue(operation.input_id, accepted(field, operation.value))
        except ValueError as error:
            raise Rejected(str(error)) from None

    def was_done(self, operation: Operation) -> None:
        """A viewer has had it done: who listens to an input that it sets hears of it."""
        if isinstance(operation, SetInputValue) and not isinstance(operation.value, bytes | tuple):
            self._tell(operation.input_id, operation.value)

    def _tell(self, ref: str, value: EventValue) -> None:
        """Those who listen to the input."""
        home = self._views.home(ref)
        if home is not None and not self._views.has_ended(ref):
            self._host.tell_runtime(ToWidget(home, Event(ref, value)))


def _of_form(view: View | None, value: EventValue) -> EventValue:
    """The values of a form as its fields have them, with the defaults of those that are missing. ValueError says what
    a field takes instead."""
    if not isinstance(view, Form):
        return value
    given = value if isinstance(value, Mapping) else {}
    unknown = sorted(given.keys() - {name for name, _ in view.fields})
    if unknown:
        raise ValueError(f"expected values of {', '.join(name for name, _ in view.fields)}, got {', '.join(unknown)}")
    return {name: accepted(field, given.get(name, field.default)) for name, field in view.fields}
