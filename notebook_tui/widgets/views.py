"""What a notebook can show of a value: a closed union of frozen records, in words that every room knows.

A view is the present look of a widget, as a viewer draws it. `ref` tells widgets apart: a change that is addressed to
it reaches the view wherever it stands, in several cells or inside other views too (`changes`). No view holds code, and
what it holds is bounded by whoever makes it; `text` is all that a viewer shows that shows nothing but text.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from beamlike.kernel.record import frozen

Stream: TypeAlias = Literal["stdout", "stderr"]
ColumnKind: TypeAlias = Literal["text", "number", "time", "truth"]
SeriesKind: TypeAlias = Literal["line", "scatter", "bar", "histogram"]
InputKind: TypeAlias = Literal["text", "number", "select", "checkbox", "range", "date", "file", "secret"]
Scalar: TypeAlias = str | int | float | bool | None


@frozen
class Text:
    """What the cell printed. May hold ANSI colours; `\\r` returns to the start of its line."""

    stream: Stream
    text: str


@frozen
class Display:
    """A value in several forms of which each viewer shows the best that it can: what Jupyter calls a MIME bundle.

    `forms` pairs media types with texts, or with bytes for such as `image/png`, each type once, the richest first.

    >>> Display((("text/markdown", "*cat*"), ("text/plain", "cat"))).text
    'cat'
    """

    forms: tuple[tuple[str, str | bytes], ...]

    def form(self, media_type: str) -> str | bytes | None:
        """The form of that type, if there is one."""
        return dict(self.forms).get(media_type)

    @property
    def text(self) -> str:
        """What a viewer shows that can show nothing but text."""
        plain = self.form("text/plain")
        if isinstance(plain, str):
            return plain
        return f"<{', '.join(media_type for media_type, _ in self.forms)}>"


@frozen
class Frame:
    """A place whose contents come and go."""

    ref: str
    contents: tuple[Content, ...] = ()
    placeholder: str = ""


@frozen
class Tabs:
    ref: str
    tabs: tuple[tuple[str, Content], ...]
    """Each with its label."""


@frozen
class Grid:
    ref: str
    contents: tuple[Content, ...]
    columns: int
    boxed: bool = False


@frozen
class Card:
    """A picture with words below it."""

    number: int
    """Among all that its gallery ever had, from 0."""
    picture: Display
    caption: str = ""


@frozen
class Gallery:
    """Its newest pictures, or the page of them that a viewer has asked for; the others are where it was made."""

    ref: str
    cards: tuple[Card, ...] = ()
    count: int = 0
    """Of all that there ever were."""
    first: int = 0
    """The oldest that is still to be had, by its number."""
    page_size: int = 8
    columns: int = 4
    title: str = ""

    @property
    def offset(self) -> int:
        """The number of the first card that it shows."""
        return self.cards[0].number if self.cards else self.count


@frozen
class TextStream:
    """Text that grows at its end; its beginning goes when it is long."""

    ref: str
    text: str = ""


@frozen
class Progress:
    """`done` of `total`, in whatever unit; a total of None is not known."""

    ref: str
    done: float = 0
    total: float | None = None
    note: str = ""
    seconds: float = 0.0
    """Since it began."""
    state: Literal["going", "done", "failed"] = "going"


@frozen
class Column:
    name: str
    kind: ColumnKind = "text"


@frozen
class Sort:
    column: str
    descending: bool = False


@frozen
class Table:
    """One page of a table; the rest is where the data lives, and the viewer asks for it."""

    ref: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    """The cells of the page as texts."""
    offset: int = 0
    count: int | None = None
    """Of all rows; None: nobody knows before they have all been read."""
    sort: Sort | None = None
    sortable: bool = True
    title: str = ""


@frozen
class Series:
    """Points of equally long `x` and `y`; of a bar chart `labels` name them."""

    name: str
    kind: SeriesKind
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()


@frozen
class Plot:
    ref: str
    series: tuple[Series, ...] = ()
    title: str = ""
    x_label: str = ""
    y_label: str = ""
    log_y: bool = False


@frozen
class Branch:
    """A line of a tree; those below it follow it, one deeper each."""

    path: str
    """What its viewer says to open or close it."""
    depth: int
    label: str
    state: Literal["leaf", "open", "closed"] = "leaf"


@frozen
class Tree:
    ref: str
    branches: tuple[Branch, ...]


@frozen
class Input:
    """Something that the user of the notebook sets; its value is the notebook's."""

    ref: str
    kind: InputKind
    label: str
    default: Scalar = None
    options: tuple[tuple[str, Scalar], ...] = ()
    """Of a select: labels with values."""
    low: float | None = None
    high: float | None = None
    step: float | None = None
    """Of a number or a range."""


@frozen
class Button:
    ref: str
    label: str


@frozen
class Form:
    """Inputs whose values are sent together. They are the form's: nobody reads them one by one."""

    ref: str
    fields: tuple[tuple[str, Input], ...]
    submit: str = "Submit"
    reset: bool = False
    """Whether submitting sets the fields back to their defaults."""


@frozen
class Keyboard:
    """Where it stands, keys go to the notebook's code while the user wants that."""

    ref: str
    label: str = "Keyboard"


Container: TypeAlias = Frame | Tabs | Grid
View: TypeAlias = Container | Gallery | TextStream | Progress | Table | Plot | Tree | Input | Button | Form | Keyboard
Content: TypeAlias = Text | Display | View
"""What stands in a frame, and in a cell's output."""
