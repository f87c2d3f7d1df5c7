"""A notebook as a flat list of cells, as `.ipynb` and percent files have it: a step between those and ours.

The title and each section's name are Markdown cells that start with a heading 1 or 2, and those that do become a title
and sections. What one side says and the other has no place for goes along, so that there and back nothing is lost:
`ours` is what a notebook says of a cell beyond its text; `theirs` is what the other file said of it. The latter stands
in a notebook's metadata, under `KEY`, with notes on how the cell was cut.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.document.notebook import SETUP_CELL_ID, Cell
from notebook_tui.document.outputs import Still
from notebook_tui.format.blocks import Heading
from notebook_tui.format.scan import scan

Kind: TypeAlias = Literal["code", "markdown", "raw"]
KEY = "jupyter"
RAW = "raw"
UNTITLED = "Untitled notebook"
UNNAMED = "Section"
NO_SETUP = Cell(SETUP_CELL_ID, "code")
_HEADING = re.compile(r"(?P<heading>#{1,2}(?:[ \t][^\n]*|(?=\n|\Z)))(?P<gap>\n*)(?P<rest>.*)", re.DOTALL)


@frozen
class FlatCell:
    kind: Kind
    source: str
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)
    outputs: tuple[Still, ...] = ()
    name: str = ""
    """What it is called where it needs a name and has none."""
    is_heading: bool = False
    """Of the title or of a section."""


@frozen
class FlatNotebook:
    cells: tuple[FlatCell, ...] = ()
    ours: Mapping[str, Any] = field(default_factory=dict)
    theirs: Mapping[str, Any] = field(default_factory=dict)


def wish(outputs: bool) -> dict[str, Any]:
    """What a notebook made of a file that has outputs wants: that they are kept."""
    return {"persist_outputs": True} if outputs else {}


def heading_of(cell: FlatCell) -> Heading | None:
    """The heading 1 or 2 that the cell begins with."""
    if cell.kind != "markdown" or not _HEADING.match(cell.source):
        return None
    match scan(cut(cell.source)[0]):
        case [Heading() as heading]:
            return heading
    return None


def cut(source: str) -> tuple[str, str, str]:
    """The heading that the source begins with, the newlines below it, and the rest."""
    found = _HEADING.match(source)
    return (found["heading"], found["gap"], found["rest"]) if found else ("", "", source)


def notes(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """What is noted of the other file."""
    return keys_of(metadata.get(KEY))


def keys_of(value: Any) -> Mapping[str, Any]:
    """The value, if it is an object of JSON; else an empty one."""
    return value if isinstance(value, dict) else {}


def without(keys: Mapping[str, Any], key: str) -> dict[str, Any]:
    """The keys but for that one."""
    return {name: value for name, value in keys.items() if name != key}
