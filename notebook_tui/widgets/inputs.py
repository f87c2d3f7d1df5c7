"""Inputs: values that the user of a notebook sets."""

from __future__ import annotations

import datetime
import getpass
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Generic, TypeVar, cast

from notebook_tui.widgets import views
from notebook_tui.widgets.cell_run import LATEST, RUN
from notebook_tui.widgets.input_values import accepted, preset_of, variable
from notebook_tui.widgets.place import TERMINAL, place_here
from notebook_tui.widgets.server import Behaviour, start_server
from notebook_tui.widgets.views import InputKind, Scalar
from notebook_tui.widgets.widget import Listened, new_ref

S = TypeVar("S")


class Input(Listened[views.Input], Generic[S]):
    """Show it in one cell and read its `value` in others: they are stale once the user sets another value.

    What the user has set stays when the cell runs again: an input is known by its cell, its kind and its label.
    In `beamlike run` the value comes from `--input LABEL=VALUE` or the environment, and so it does in a script, which
    asks for it where it has a terminal.
    """

    def __init__(self, kind: InputKind, label: str, default: Scalar, **more: object) -> None:
        if not isinstance(label, str) or not label:
            raise TypeError(f"expected a label, such as 'Name', got {label!r}")
        run = RUN.get()
        ref = new_ref() if run is None else run.input_ref(kind, label)
        view = views.Input(ref, kind, label, **more)  # type: ignore[arg-type]
        preset = preset_of(view, {} if run is None else run.presets)
        if preset is None:
            value = accepted(view, default)
        else:
            place_here().read(ref)  # so that it is known that what was given has been asked for
            value = _preset(view, preset)
        # A secret that somebody gave is for the code that reads it, and stands in no view.
        view = replace(view, default=None if kind == "secret" else value)
        super().__init__(view, start_server(Behaviour))
        self._asked = False
        self._answer: Scalar = view.default
        if run is not None:
            value = run.values.setdefault(ref, value)
            if kind != "secret":
                LATEST[ref] = value

    @property
    def value(self) -> S:
        """What the user had set when the cell began to run, or its default. Of a date: datetime.date.

        In callbacks of `nb.listen` and `nb.animate`, which go on beside the cells, it is what the user has set now.
        RuntimeError in code that belongs to no run of a cell: read it in the cell, and hand it on.
        """
        run = RUN.get()
        if run is not None and run.is_beside:
            return self._typed(LATEST.get(self.ref, run.values.get(self.ref, self._view.default)))
        if run is not None:
            place_here().read(self.ref)  # by this cell, whichever made the input
            value = run.values.get(self.ref, self._view.default)
            if value is None and self._view.kind == "secret":
                value = preset_of(self._view, run.presets)  # of one that no cell shows
            return self._typed(value)
        if self._place is not TERMINAL:
            raise RuntimeError(
                f"expected a cell that reads the input {self._view.label!r}, found code of none, such as a "
                "function on another node: read its value in the cell, and pass it on"
            )
        if not self._asked:
            self._asked, self._answer = True, self._from_script()
        return self._typed(self._answer)

    def _typed(self, value: Scalar) -> S:
        if self._view.kind == "date" and isinstance(value, str):
            return cast(S, datetime.date.fromisoformat(value))
        return cast(S, value)

    def _from_script(self) -> Scalar:
        given = os.environ.get(variable(self._view.label))
        if given is not None:
            return accepted(self._view, given)
        if sys.stdin is None or not sys.stdin.isatty():
            return self._view.default
        ask = getpass.getpass if self._view.kind == "secret" else input
        while True:
            line = ask(_prompt(self._view))
            try:
                return accepted(self._view, line) if line else self._view.default
            except ValueError as error:
                print(error, file=sys.stderr)


def text(label: str, default: str = "") -> Input[str]:
    return Input("text", label, default)


def number(
    label: str,
    default: float | None = None,
    *,
    min: float | None = None,
    max: float | None = None,
    step: float | None = None,
) -> Input[float | None]:
    return Input("number", label, default, low=min, high=max, step=step)


def select(label: str, options: Mapping[str, Scalar] | Iterable[Scalar], default: Scalar = None) -> Input[Scalar]:
    """One of the options: labels with values, or values that are their own labels. The first is the default."""
    pairs = tuple(options.items()) if isinstance(options, Mapping) else tuple((str(each), each) for each in options)
    if not pairs:
        raise ValueError(f"expected at least one option for {label!r}")
    return Input("select", label, pairs[0][1] if default is None else default, options=pairs)


def checkbox(label: str, default: bool = False) -> Input[bool]:
    return Input("checkbox", label, default)


def range(label: str, min: float, max: float, default: float | None = None, *, step: float = 1) -> Input[float]:
    """A number between two others, which is moved rather than typed."""
    if not min < max:
        raise ValueError(f"expected a range whose min is below its max for {label!r}, got {min} to {max}")
    return Input("range", label, min if default is None else default, low=min, high=max, step=step)


def date(label: str, default: datetime.date | str | None = None) -> Input[datetime.date | None]:
    return Input("date", label, default.isoformat() if isinstance(default, datetime.date) else default)


def file(label: str) -> Input[str | None]:
    """The path of a file, on the machine where the notebook is open."""
    return Input("file", label, None)


def secret(label: str) -> Input[str | None]:
    """What is typed here is shown nowhere, and is neither in the file nor in the journal of the notebook."""
    return Input("secret", label, None)


class Inputs:
    """What `nb.input` is: `nb.input("Name")` is an input of text, and the other kinds are its methods."""

    text = staticmethod(text)
    number = staticmethod(number)
    select = staticmethod(select)
    checkbox = staticmethod(checkbox)
    range = staticmethod(range)
    date = staticmethod(date)
    file = staticmethod(file)
    secret = staticmethod(secret)

    def __call__(self, label: str, default: str = "") -> Input[str]:
        return text(label, default)


INPUTS = Inputs()


def _preset(field: views.Input, value: str) -> Scalar:
    try:
        return accepted(field, value)
    except ValueError as error:
        raise ValueError(f"{error}, which --input or {variable(field.label)} gives") from None


def _prompt(field: views.Input) -> str:
    options = f" ({', '.join(label for label, _ in field.options)})" if field.options else ""
    default = f" [{field.default}]" if field.default not in (None, "") else ""
    return f"{field.label}{options}{default}: "
