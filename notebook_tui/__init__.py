"""`import notebook_tui as nb`: what cells, and functions that they run on other nodes, show in the notebook.

    nb.frame, nb.tabs, nb.grid           places for other things
    nb.markdown, nb.image, nb.text       what is shown as it is; `nb.text` is text that grows
    nb.gallery                           pictures with words, as they come
    nb.table, nb.plot, nb.tree           data, read where it lives, as far as somebody looks
    nb.progress                          how far things are
    nb.input, nb.button, nb.form, nb.keyboard   what the user sets and does
    nb.processes, nb.messages            what a node does
    nb.listen, nb.animate                what goes on beside the cells
    nb.render, nb.interrupt              show a value at once; stop the cell

In a script without a notebook all of it degrades to what a terminal can show.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from notebook_tui.widgets.controls import Button as button
    from notebook_tui.widgets.controls import Form as form
    from notebook_tui.widgets.controls import Keyboard as keyboard
    from notebook_tui.widgets.frame import Frame as frame
    from notebook_tui.widgets.frame import Grid as grid
    from notebook_tui.widgets.frame import Tabs as tabs
    from notebook_tui.widgets.gallery import Gallery as gallery
    from notebook_tui.widgets.image import image, markdown
    from notebook_tui.widgets.inputs import INPUTS as input
    from notebook_tui.widgets.interrupt import interrupt
    from notebook_tui.widgets.listening import animate, listen
    from notebook_tui.widgets.messages import Event, Key
    from notebook_tui.widgets.plot import Plot as plot
    from notebook_tui.widgets.process_views import messages, processes
    from notebook_tui.widgets.progress import Progress as progress
    from notebook_tui.widgets.render import render
    from notebook_tui.widgets.table import Table as table
    from notebook_tui.widgets.text_stream import TextStream as text
    from notebook_tui.widgets.tree import Tree as tree

_WHERE = {
    "Event": "messages.Event",
    "Key": "messages.Key",
    "animate": "listening.animate",
    "button": "controls.Button",
    "form": "controls.Form",
    "frame": "frame.Frame",
    "gallery": "gallery.Gallery",
    "grid": "frame.Grid",
    "image": "image.image",
    "input": "inputs.INPUTS",
    "interrupt": "interrupt.interrupt",
    "keyboard": "controls.Keyboard",
    "listen": "listening.listen",
    "markdown": "image.markdown",
    "messages": "process_views.messages",
    "plot": "plot.Plot",
    "processes": "process_views.processes",
    "progress": "progress.Progress",
    "render": "render.render",
    "table": "table.Table",
    "tabs": "frame.Tabs",
    "text": "text_stream.TextStream",
    "tree": "tree.Tree",
}

__all__ = [
    "Event",
    "Key",
    "animate",
    "button",
    "form",
    "frame",
    "gallery",
    "grid",
    "image",
    "input",
    "interrupt",
    "keyboard",
    "listen",
    "markdown",
    "messages",
    "plot",
    "processes",
    "progress",
    "render",
    "table",
    "tabs",
    "text",
    "tree",
]


def __getattr__(name: str) -> Any:
    """Imported at its first use: a service that is attached to takes nothing of it that it does not use."""
    where = _WHERE.get(name)
    if where is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, attribute = where.partition(".")
    found: Any = import_module(f"notebook_tui.widgets.{module}")
    found = getattr(found, attribute) if attribute else found
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE})
