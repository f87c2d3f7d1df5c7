"""What each method takes. `schema` makes checks, schemas and the reference of these records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.api.schema import Bounds
from notebook_tui.widgets.views import Scalar

LONGEST_SOURCE: Final = 1_000_000
MOST_SECONDS: Final = 3_600
MOST_CHARACTERS: Final = 250_000

Name: TypeAlias = Annotated[str, "the notebook, by the path that `open` answered", Bounds(1, 4_096)]
CellId: TypeAlias = Annotated[str, "a cell, by its `id`", Bounds(1, 200)]
SectionId: TypeAlias = Annotated[str, "a section, by its `id`", Bounds(1, 200)]
Widget: TypeAlias = Annotated[str, "a widget, by its `ref`", Bounds(1, 2_000)]
Heading: TypeAlias = Annotated[str, "its heading, one line", Bounds(1, 1_000)]
Source: TypeAlias = Annotated[str, "the text", Bounds(0, LONGEST_SOURCE)]
Characters: TypeAlias = Annotated[int, "how much of each text is told", Bounds(1, MOST_CHARACTERS)]
Digest: TypeAlias = Annotated[
    str | None, "the `digest` of the text that was read: if it is another now, nothing changes", Bounds(1, 100)
]


@frozen
class Hello:
    protocol: Annotated[int, "the version of the protocol that the client speaks: 1"]
    client: Annotated[str, "what people see the client as", Bounds(1, 60)] = "a program"
    token: Annotated[
        str | None,
        "of a client that has one; without it the rights are those that the server gives its user's programs",
    ] = None


@frozen
class Nothing:
    pass


@frozen
class Open:
    path: Annotated[str, "a file, in the server's directory or by its full path", Bounds(1, 4_096)]
    create: Annotated[
        bool, "whether there may be no such file yet; the first save makes it, and to begin one takes the role edit"
    ] = False
    answers: Annotated[
        bool,
        "whether the client answers what cells ask with `input()`; while nobody does, a cell that reads fails at once",
    ] = False
    runtime: Annotated[
        str | None, "where cells run, as `beamlike notebook --runtime` takes it; takes the role admin", Bounds(1, 1_000)
    ] = None


@frozen
class OfNotebook:
    notebook: Name


@frozen
class State:
    notebook: Name
    cells: Annotated[tuple[str, ...], "the ids of the cells to tell of; none: all of them", Bounds(0, 10_000)] = ()
    sources: Annotated[bool, "whether the texts are told"] = True


@frozen
class Insert:
    notebook: Name
    source: Source
    kind: Annotated[Literal["code", "markdown"], "Python that runs, or prose"] = "code"
    after: Annotated[
        str | None,
        "the id of a cell or a section that it comes after (first in the section); without it: at the end",
        Bounds(1, 200),
    ] = None


@frozen
class InsertSection:
    notebook: Name
    name: Heading
    after: Annotated[
        str | None, "the id of the section that it comes after; without it: at the end", Bounds(1, 200)
    ] = None


@frozen
class Delete:
    notebook: Name
    cell: CellId
    digest: Digest = None


@frozen
class Move:
    notebook: Name
    cell: CellId
    offset: Annotated[
        int, "by so many places, negative: up; the border between two sections is a place, too", Bounds(-10_000, 10_000)
    ]


@frozen
class SetTitle:
    notebook: Name
    title: Annotated[str, "the new one, one line", Bounds(1, 1_000)]


@frozen
class RenameSection:
    notebook: Name
    section: SectionId
    name: Heading


@frozen
class MoveSection:
    notebook: Name
    section: SectionId
    offset: Annotated[int, "by so many places, negative: up; its cells come along", Bounds(-10_000, 10_000)]


@frozen
class DeleteSection:
    notebook: Name
    section: SectionId
    with_cells: Annotated[
        bool, "whether its cells go too; else the section before it has them, which must be there"
    ] = False


@frozen
class TakeBack:
    notebook: Name
    revision: Annotated[
        int | None, "the `revision` that was read: if it is another now, nothing changes", Bounds(0, 1_000_000_000)
    ] = None


@frozen
class Edit:
    notebook: Name
    cell: CellId
    old: Annotated[
        str | None, "a part of the text, which must be there exactly once; with `new`", Bounds(1, LONGEST_SOURCE)
    ] = None
    new: Annotated[str | None, "what takes its place", Bounds(0, LONGEST_SOURCE)] = None
    source: Annotated[
        str | None, "the whole new text, in place of `old` and `new`; takes `digest`", Bounds(0, LONGEST_SOURCE)
    ] = None
    digest: Digest = None


@frozen
class Run:
    notebook: Name
    cells: Annotated[tuple[str, ...], "ids of cells; what is outdated above them runs first", Bounds(0, 10_000)] = ()
    section: Annotated[str | None, "the id of a section: its cells", Bounds(1, 200)] = None
    which: Annotated[
        Literal["outdated", "all"] | None,
        "`outdated`: each cell whose last run is worth nothing or failed; `all`: every cell, in a fresh runtime if the "
        "setup cell has run",
    ] = None
    alone: Annotated[bool, "the cells and no others, whatever is outdated above them"] = False


@frozen
class Await:
    notebook: Name
    run: Annotated[str | None, "what `run` answered", Bounds(1, 100)] = None
    cell: Annotated[str | None, "a cell, by its `id`, in place of `run`", Bounds(1, 200)] = None
    seconds: Annotated[float, "no longer than that; then the answer says how far it is", Bounds(0, MOST_SECONDS)] = 30.0
    characters: Characters = 10_000
    images: Annotated[bool, "whether pictures are told, in base64"] = False


@frozen
class Outputs:
    notebook: Name
    cell: CellId
    offset: Annotated[int, "the number of the first output that is told, from 0", Bounds(0, 1_000_000)] = 0
    limit: Annotated[int, "no more outputs than that", Bounds(1, 1_000)] = 50
    characters: Characters = 10_000
    images: Annotated[bool, "whether pictures are told, in base64"] = False


@frozen
class Variables:
    notebook: Name
    cell: Annotated[
        str | None, "as the cell of that id sees them, which matters in branching sections", Bounds(1, 200)
    ] = None
    prefix: Annotated[str, "only names that begin so", Bounds(0, 200)] = ""
    offset: Annotated[int, "the number of the first that is told, by name, from 0", Bounds(0, 1_000_000)] = 0
    limit: Annotated[int, "no more than that", Bounds(1, 1_000)] = 200


@frozen
class Variable:
    notebook: Name
    name: Annotated[str, "the variable's", Bounds(1, 1_000)]
    cell: Annotated[
        str | None, "as the cell of that id sees it, which matters in branching sections", Bounds(1, 200)
    ] = None


@frozen
class At:
    notebook: Name
    cell: CellId
    offset: Annotated[int, "where in the text, in characters from 0", Bounds(0, LONGEST_SOURCE)]
    source: Annotated[str | None, "the text, if it is to be another than the cell's own", Bounds(0, LONGEST_SOURCE)] = (
        None
    )


@frozen
class Interrupt:
    notebook: Name
    cell: Annotated[str | None, "a cell that runs or waits, by its `id`; without it: all that do", Bounds(1, 200)] = (
        None
    )


@frozen
class Input:
    notebook: Name
    question: Annotated[str, "the question, by its `id`", Bounds(1, 200)]
    text: Annotated[str | None, "the line, without its end; null: the end of all input", Bounds(0, LONGEST_SOURCE)] = (
        None
    )


@frozen
class Widgets:
    notebook: Name
    cell: Annotated[str | None, "only what the cell of that id shows", Bounds(1, 200)] = None


@frozen
class SetInput:
    notebook: Name
    widget: Widget
    value: Annotated[
        Scalar, "what it is to hold: of a select one of its `options`, of a date as in 2026-01-31; null: nothing"
    ]


@frozen
class Press:
    notebook: Name
    widget: Widget


@frozen
class Submit:
    notebook: Name
    widget: Widget
    values: Annotated[
        Mapping[str, Scalar] | None, "the values of its fields, by name; those that are missing have their defaults"
    ] = None


@frozen
class Rows:
    notebook: Name
    widget: Widget
    offset: Annotated[int, "the number of the first row that is told, from 0", Bounds(0, 1_000_000_000)] = 0
    limit: Annotated[int, "no more rows than that", Bounds(1, 1_000)] = 50
    sort: Annotated[str | None, "the name of a column to sort by, where the table lets itself be sorted"] = None
    descending: Annotated[bool, "the largest first"] = False
