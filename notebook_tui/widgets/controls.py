"""Buttons, forms and the keyboard: a viewer does something, and code hears of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from notebook_tui.widgets import views
from notebook_tui.widgets.inputs import Input
from notebook_tui.widgets.server import Behaviour, start_server
from notebook_tui.widgets.widget import Listened, new_ref


class Button(Listened[views.Button]):
    """Each click is an Event.

    >>> from notebook_tui.widgets.controls import Button
    >>> button = Button("Again").show()
    [ Again ]
    """

    def __init__(self, label: str) -> None:
        super().__init__(views.Button(new_ref(), label), start_server(Behaviour))


class Form(Listened[views.Form]):
    """Inputs whose values come together, as an Event with a mapping of the fields' names to their values.

    Each viewer fills in the form for himself; the notebook keeps no value of it.

    >>> from notebook_tui.widgets import inputs
    >>> from notebook_tui.widgets.controls import Form
    >>> form = Form({"name": inputs.text("Name"), "age": inputs.number("Age")}, submit="Greet").show()
    Name: []
    Age: []
    [ Greet ]
    """

    def __init__(
        self, fields: Mapping[str, Input[str] | Input[object]], *, submit: str = "Submit", reset: bool = False
    ) -> None:
        if not fields:
            raise ValueError("expected at least one field, as in nb.form({'name': nb.input('Name')})")
        for name, field in fields.items():
            if not isinstance(field, Input):
                raise TypeError(f"expected an input for the field {name!r}, got {type(field).__name__}")
        ref = new_ref()
        # An input of its own, so that one which is also shown by itself stays apart.
        inner = tuple((name, replace(field.view, ref=f"{ref}/{name}")) for name, field in fields.items())
        super().__init__(views.Form(ref, inner, submit, reset), start_server(Behaviour))


class Keyboard(Listened[views.Keyboard]):
    """While its viewer wants that, each key is an Event with a Key."""

    def __init__(self, label: str = "Keyboard") -> None:
        super().__init__(views.Keyboard(new_ref(), label), start_server(Behaviour))
