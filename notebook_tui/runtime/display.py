"""`display(value)`: shows a value among what the cell prints, in all forms in which it offers itself.

It is there in every cell. In code of no cell it prints the value's text.
"""

from __future__ import annotations

import builtins
import sys

from notebook_tui.runtime.forms import Rendered, rendered
from notebook_tui.widgets.place import place_here
from notebook_tui.widgets.render import render
from notebook_tui.widgets.shows import use_display
from notebook_tui.widgets.views import Display
from notebook_tui.widgets.widget import Widget


def display(*values: object) -> None:
    """Shows the values, one below the other.

    >>> display("a", [1, 2])
    'a'
    [1, 2]
    """
    for value in values:
        if shows_itself(value):
            render(value)
        else:
            show(rendered(value))


def show(value: Rendered) -> None:
    """A value whose forms are made already."""
    place_here().show(_told(value), (), value.text)


def shows_itself(value: object) -> bool:
    """Whether it is a widget, or one of the API's pictures and texts: it is shown as what it is."""
    return isinstance(value, Widget | Display)


def install_display() -> None:
    """`display` is a builtin from now on, in this interpreter, which is the notebook's alone; and what stands in frames
    and the like is shown in all its forms."""
    setattr(builtins, "display", display)  # noqa: B010
    shown_in_all_forms()


def shown_in_all_forms() -> None:
    """What stands in frames and the like is shown in all its forms."""
    use_display(lambda value: _told(rendered(value)))


def _told(value: Rendered) -> Display:
    for trouble in value.troubles:
        print(trouble, file=sys.stderr)
    return Display(value.bundle())
