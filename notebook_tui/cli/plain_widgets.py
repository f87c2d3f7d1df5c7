"""What can be set and pressed in plain mode, by its label."""

from __future__ import annotations

from typing import TypeVar

from notebook_tui.cli.plain_words import Wrong
from notebook_tui.document.operations import SetInputValue
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.inputs_as_set import inputs_as_set
from notebook_tui.widgets.view_text import content_text
from notebook_tui.widgets.views import Button, Input
from notebook_tui.widgets.views_within import views_in

W = TypeVar("W", Input, Button)


def named_first(words: str, kind: type[W], state: State, here: str) -> tuple[W, str]:
    """The widget whose label the words begin with, and what follows it. Of several with one label the cell `here`
    decides. `Wrong` says which labels there are."""
    shown = [
        (cell.id, view)
        for cell in state.notebook.cells()
        for output in cell.outputs
        for view in views_in(output)
        if isinstance(view, kind)
    ]
    fitting = [(cell_id, view) for cell_id, view in shown if _begin_with(view.label, words)]
    longest = max((len(view.label) for _, view in fitting), default=0)
    fitting = [each for each in fitting if len(each[1].label) == longest]
    if len({view.ref for _, view in fitting}) > 1:
        fitting = [each for each in fitting if each[0] == here]
        if len({view.ref for _, view in fitting}) != 1:
            raise Wrong(f"several are called {words[:longest]}; show its cell before")
    if not fitting:
        labels = ", ".join(dict.fromkeys(view.label for _, view in shown))
        raise Wrong(f"expected one of {labels}" if labels else f"no cell shows {_called(kind)}")
    return fitting[0][1], words[longest:].strip()


def _begin_with(label: str, words: str) -> bool:
    return f"{words} ".casefold().startswith(f"{label} ".casefold())


def _called(kind: type[Input] | type[Button]) -> str:
    return "an input" if kind is Input else "a button"


async def set_to(client: Client, field: Input, text: str) -> str:
    """How the input stands then. `Rejected` says what it takes instead."""
    if field.kind == "secret":
        await client.have_set_secret_input(field.ref, text or None)
        return f"{field.label} is {'set' if text else 'not set'}"
    nothing = not text and field.kind != "text"
    await client.make(SetInputValue(field.ref, None if nothing else text))
    return content_text(inputs_as_set(field, client.state))
