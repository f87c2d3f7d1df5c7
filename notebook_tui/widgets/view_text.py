"""Views as plain text: for files, for `beamlike run`, for scripts, and for viewers that cannot draw them."""

from __future__ import annotations

from typing import assert_never

from notebook_tui.widgets.plot_text import plot_text
from notebook_tui.widgets.table_text import table_text
from notebook_tui.widgets.views import (
    Branch,
    Button,
    Content,
    Display,
    Form,
    Frame,
    Gallery,
    Grid,
    Input,
    Keyboard,
    Plot,
    Progress,
    Table,
    Tabs,
    Text,
    TextStream,
    Tree,
)

WIDTH = 72
"""What a notebook has for it in a terminal of 80 columns."""
_BAR = 24
_CAPTION = 12
_MARKS = {"leaf": "·", "open": "▾", "closed": "▸"}


def content_text(content: Content, width: int = WIDTH) -> str:
    """All that a viewer shows that shows only text, without a newline at its end.

    >>> print(content_text(Progress("p", 3, 12, "files", 1.5)))
    files ━━━━━━──────────────────  25 %  3/12  0:01
    """
    match content:
        case Text(text=text) | TextStream(text=text):
            return text.removesuffix("\n")
        case Display():
            return content.text
        case Frame(contents=contents, placeholder=placeholder):
            return "\n".join(content_text(each, width) for each in contents) or placeholder
        case Grid(contents=contents):
            return "\n".join(content_text(each, width) for each in contents)
        case Tabs(tabs=tabs):
            return "\n".join(f"── {label} ──\n{content_text(each, width)}" for label, each in tabs)
        case Gallery():
            return gallery_text(content, width)
        case Progress():
            return progress_text(content)
        case Table():
            return table_text(content, width)
        case Plot():
            return plot_text(content, width)
        case Tree(branches=branches):
            return "\n".join(_branch(each) for each in branches)
        case Input():
            return _input(content)
        case Button(label=label):
            return f"[ {label} ]"
        case Form(fields=fields, submit=submit):
            return "\n".join([*(_input(field) for _, field in fields), f"[ {submit} ]"])
        case Keyboard(label=label):
            return f"[ ⌨ {label} ]"
        case _:
            assert_never(content)


def gallery_text(gallery: Gallery, width: int = WIDTH) -> str:
    """What stands below its pictures, as many to a line as it has columns.

    >>> from notebook_tui.widgets.views import Card
    >>> print(gallery_text(Gallery("g", tuple(Card(n, Display(()), word) for n, word in enumerate("ab")), 2)))
    ▦ a           ▦ b
    2 pictures
    """
    captions = [f"▦ {' '.join(card.caption.split())}" for card in gallery.cards]
    room = min(width, max([_CAPTION, *map(len, captions)])) + 2
    columns = max(1, min(gallery.columns, (width + 2) // room))
    cells = [caption[: room - 2].ljust(room) for caption in captions]
    lines = ["".join(cells[at : at + columns]).rstrip() for at in range(0, len(cells), columns)]
    return "\n".join([*([gallery.title] if gallery.title else []), *lines, pictures_said(gallery)])


def pictures_said(gallery: Gallery) -> str:
    """
    >>> from notebook_tui.widgets.views import Card
    >>> pictures_said(Gallery("g", (Card(8, Display(())), Card(9, Display(()))), 1204))
    'pictures 9-10 of 1,204'
    """
    if not gallery.cards:
        return "no pictures yet"
    if len(gallery.cards) == gallery.count:
        return f"{gallery.count:,} {'picture' if gallery.count == 1 else 'pictures'}"
    return f"pictures {gallery.offset + 1:,}-{gallery.offset + len(gallery.cards):,} of {gallery.count:,}"


def progress_text(progress: Progress) -> str:
    """One line.

    >>> progress_text(Progress("p", 1200, None, "rows", 75))
    'rows  1,200  1:15'
    >>> progress_text(Progress("p", 3, 3, state="done"))
    '━━━━━━━━━━━━━━━━━━━━━━━━  100 %  3/3  0:00'
    """
    parts = [progress.note] if progress.note else []
    if progress.total:
        share = min(1.0, max(0.0, progress.done / progress.total))
        full = int(_BAR * share)
        bar = "━" * full + "─" * (_BAR - full)
        parts = [
            " ".join([*parts, bar]),
            f"{share:.0%}".replace("%", " %"),
            f"{_n(progress.done)}/{_n(progress.total)}",
        ]
    else:
        parts.append(_n(progress.done))
    parts.append(_clock(progress.seconds))
    if progress.state == "failed":
        parts.append("failed")
    return "  ".join(parts)


def _n(number: float) -> str:
    return f"{int(number):,}" if float(number).is_integer() else f"{number:,.1f}"


def _clock(seconds: float) -> str:
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _branch(branch: Branch) -> str:
    return f"{'  ' * branch.depth}{_MARKS[branch.state]} {branch.label}"


def _input(field: Input) -> str:
    match field.kind:
        case "checkbox":
            value = "✓" if field.default else " "
        case "select":
            value = next((label for label, value in field.options if value == field.default), "")
        case "secret":
            value = "••••"
        case _:
            value = "" if field.default is None else str(field.default)
    return f"{field.label}: [{value}]"
