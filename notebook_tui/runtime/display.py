"""`display(value)`: shows a value among what the cell prints, in all forms in which it offers itself.

It is there in every cell. In code of no cell it prints the value's text.
"""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass

from beamlike.kernel import group_leader
from notebook_tui.runtime.forms import Form, Rendered, rendered


@dataclass(frozen=True, slots=True)
class Shown:
    """To the cell's output: a value in several forms, the richest first and its text last."""

    forms: tuple[Form, ...]


def display(*values: object) -> None:
    """Shows the values, one below the other.

    >>> display("a", [1, 2])
    'a'
    [1, 2]
    """
    for value in values:
        show(rendered(value))


def show(value: Rendered) -> None:
    """A value whose forms are made already."""
    for trouble in value.troubles:
        print(trouble, file=sys.stderr)
    reached = group_leader.reachable_leader() if group_leader.leader() is not None else None
    if reached is None:
        print(value.text)
    else:
        group_leader.outbox.put_message(*reached, Shown(value.bundle()))


def install_display() -> None:
    """`display` is a builtin from now on, in this interpreter, which is the notebook's alone."""
    setattr(builtins, "display", display)  # noqa: B010
