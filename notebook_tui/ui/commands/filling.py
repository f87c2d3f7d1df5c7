"""What the user sets: inputs of the notebook, whose values are the session's, and fields of forms, which are the
viewer's until the form is submitted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from notebook_tui.ui.desk import Desk
from notebook_tui.ui.outputs.field_steps import stepped
from notebook_tui.ui.outputs.line_editor import Ending, Line
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.spots import Fill
from notebook_tui.widgets.input_values import accepted
from notebook_tui.widgets.views import Form, Input, Scalar, View


class Filling:
    def __init__(self, desk: Desk, perform: Callable[[str], None]) -> None:
        self._desk = desk
        self._perform = perform
        self.filled: dict[str, Scalar] = {}
        """The fields of forms that were filled in, by the refs of their inputs."""

    def fill(self, touch: Fill, field: Input | None) -> None:
        """A tick is set at once, an option is chosen in a dialog, and anything else is typed where it stands."""
        if field is None:
            self._desk.say("This input is gone.", "information")
        elif field.kind == "checkbox":
            self.set(touch, field, not self.value(field))
        elif field.kind == "select":
            self._choose(touch, field)
        else:
            self._type(touch, field)

    def value(self, field: Input) -> Scalar:
        """What the field holds now."""
        return self._desk.view.looks.values.get(field.ref, field.default)

    def set(self, touch: Fill, field: Input, value: Scalar) -> None:
        """ValueError says what the field takes instead."""
        value = accepted(field, value)
        if field.kind == "secret" and not touch.field:
            self._desk.client.set_secret_input(field.ref, value if isinstance(value, str) else None)
            return
        if touch.field:
            self.filled[field.ref] = value
        else:
            self._desk.client.set_input(field.ref, value)
        # At once, not when the session has answered: the next press goes on from here.
        looks = self._desk.view.looks
        self._desk.view.look(replace(looks, values={**looks.values, field.ref: value}))

    def change_by(self, touch: Fill, field: Input, by: int) -> bool:
        """To the next value; whether it has steps."""
        value = stepped(field, self.value(field), by)
        if value is None:
            return False
        self.set(touch, field, value)
        return True

    def submitted(self, form: Form) -> Mapping[str, Scalar]:
        """The values by name; the fields are back at their defaults where the form wants that."""
        values = {name: self.value(field) for name, field in form.fields}
        if form.reset:
            for _, field in form.fields:
                self.filled.pop(field.ref, None)
            refs = {field.ref for _, field in form.fields}
            looks = self._desk.view.looks
            left = {ref: value for ref, value in looks.values.items() if ref not in refs}
            self._desk.view.look(replace(looks, values=left))
        return values

    def kept(self, looks: Looks, views: Mapping[str, View]) -> Looks:
        """Without the fields of forms that are gone."""
        there = {field.ref for view in views.values() if isinstance(view, Form) for _, field in view.fields}
        gone = self.filled.keys() - there
        if not gone:
            return looks
        for ref in gone:
            del self.filled[ref]
        return replace(looks, values={ref: value for ref, value in looks.values.items() if ref not in gone})

    def _choose(self, touch: Fill, field: Input) -> None:
        # What is used seldom is imported when it is.
        from notebook_tui.ui.dialogs.pick_screen import PickScreen

        labels = [label for label, _ in field.options]
        value = self.value(field)
        here = next((index for index, (_, each) in enumerate(field.options) if _same(each, value)), 0)

        def chosen(index: int | None) -> None:
            if index is not None:
                self.set(touch, field, field.options[index][1])

        self._desk.view.app.push_screen(PickScreen(field.label, labels, here), chosen)

    def _type(self, touch: Fill, field: Input) -> None:
        hidden = field.kind == "secret"
        value = None if hidden else self.value(field)

        def done(ending: Ending, text: str) -> None:
            self._typed(touch, field, ending, text)

        complete = _with_rest_of_path if field.kind == "file" else None
        self._desk.view.open_line(Line(touch, "" if value is None else str(value), done, hidden, complete))

    def _typed(self, touch: Fill, field: Input, ending: Ending, text: str) -> None:
        view = self._desk.view
        if ending in ("more", "less"):
            self._step_typed(touch, field, text, 1 if ending == "more" else -1)
            return
        if ending != "leave" and not (field.kind == "secret" and not text):
            try:
                self.set(touch, field, _meant(field, text))
            except ValueError as error:
                self._desk.say(f"{str(error)[:1].upper()}{str(error)[1:]}.", "warning")
                if ending != "away":
                    return
        view.close_line()
        if ending in ("next", "previous"):
            self._perform("next_place" if ending == "next" else "previous_place")

    def _step_typed(self, touch: Fill, field: Input, text: str, by: int) -> None:
        try:
            value = stepped(field, accepted(field, _meant(field, text)), by)
        except ValueError:
            return
        line = self._desk.view.line
        if value is not None and line is not None:
            self._desk.view.open_line(replace(line, text=str(value)))


def _meant(field: Input, text: str) -> Scalar:
    """Nothing typed is no value, where a text is not what is wanted."""
    return None if not text.strip() and field.kind != "text" else text


def _with_rest_of_path(typed: str) -> str:
    """As far as the files on this machine leave no doubt."""
    from notebook_tui.ui.dialogs.path_completion import completed, proposals

    return completed(typed, proposals(typed, Path.cwd()))


def _same(one: Scalar, other: Scalar) -> bool:
    return one == other and type(one) is type(other)
