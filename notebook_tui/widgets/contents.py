"""What is shown together is bounded, and adjacent text of one stream is one text: the rule of cells and of frames."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar, assert_never

from notebook_tui.widgets.terminal.shown import moves, settled
from notebook_tui.widgets.views import (
    Button,
    Card,
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
    Series,
    Stream,
    Table,
    Tabs,
    Text,
    TextStream,
    Tree,
)

LINES: Final = 1_000
"""What one text keeps of its lines: the last ones."""
CHARACTERS: Final = 250_000
"""What one content keeps: a text its end, any other its beginning."""
OUTPUTS: Final = 1_000
TOTAL: Final = 1_000_000
"""The most contents of one place, and their characters together; the oldest go first."""
BYTES: Final = 8
"""So many bytes of a picture count as one character: 8 MB of pictures are as much as a place holds."""
ELLIPSIS: Final = "…"
"""Stands where something was left out, in a text on a line of its own."""
_MARK: Final = f"{ELLIPSIS}\n"
_COLOR: Final = re.compile(r"\x1b\[[0-9;:]*m")
_NUMBER: Final = 8
_RECORD: Final = 40

T = TypeVar("T")


def appended(items: tuple[T | Text, ...], item: T | Text, size: Callable[[T | Text], int]) -> tuple[T | Text, ...]:
    """The items with one more, within the bounds; `size` is in characters.

    >>> appended((Text("stdout", "10 %"),), Text("stdout", "\\r20 %"), content_size)
    (Text(stream='stdout', text='20 %'),)
    """
    if not isinstance(item, Text):
        return _bounded((*items, item), size)
    if not item.text:
        return items
    last = items[-1] if items else None
    if isinstance(last, Text) and last.stream == item.stream:
        return _bounded((*items[:-1], tail(last.stream, last.text + item.text)), size)
    return _bounded((*items, tail(item.stream, item.text)), size)


def joined(contents: tuple[Content, ...], content: Content) -> tuple[Content, ...]:
    """The contents of a frame with one more, within the bounds."""
    if isinstance(content, Display) and content_size(content) > TOTAL:
        content = fitting(content)
    return appended(contents, content, content_size)


def newest(contents: tuple[Content, ...]) -> tuple[Content, ...]:
    """As many of the last contents as are kept."""
    fit = (fitting(each) if isinstance(each, Display) and content_size(each) > TOTAL else each for each in contents)
    return _bounded(tuple(fit), content_size)


def tail(stream: Stream, text: str) -> Text:
    """The end of a text, as far as it is kept, as a terminal shows it after each `\\r`.

    What moves about in it, as a display of several bars does, stays as it was written, for what comes next moves on
    from there. When there is too much of it, it is settled to what it shows; so twice as many lines of it may be kept.
    """
    room = CHARACTERS
    if moves(text):
        if len(text) <= CHARACTERS and text.count("\n") <= 2 * LINES:
            return Text(stream, text)
        text, room = settled(text), CHARACTERS * 3 // 4  # not anew with each piece
    lines = text.split("\n")
    was_cut = len(lines) > 1 and lines[0] == ELLIPSIS
    lines = [*(_rewound(line) for line in lines[was_cut:-1]), _rewound(lines[-1], open_end=True)]
    kept = lines[-LINES:] if lines[-1] else lines[-LINES - 1 :]
    text = "\n".join(kept)
    if was_cut or len(kept) < len(lines) or len(text) > room:
        text = _MARK + text[-room:]
    return Text(stream, text)


def head(text: str) -> str:
    """The beginning of a text, as far as it is kept."""
    return text if len(text) <= CHARACTERS else text[:CHARACTERS] + ELLIPSIS


def fitting(display: Display) -> Display:
    """The display without those of its forms that are more than a place holds, and with words where none is left.

    >>> fitting(Display((("image/png", bytes(9_000_000)), ("text/plain", "a cat")))).text
    'a cat'
    >>> fitting(Display((("image/png", bytes(9_000_000)),))).text
    '<image/png>: too large to be shown, more than 8,000,000 bytes'
    """
    plain = display.form("text/plain")
    room = TOTAL - (len(head(plain)) if isinstance(plain, str) else 0)
    forms: list[tuple[str, str | bytes]] = []
    for media_type, form in display.forms:
        if media_type == "text/plain" and isinstance(form, str):
            forms.append((media_type, head(form)))
        elif form_size(form) <= room:
            forms.append((media_type, form))
            room -= form_size(form)
    if not forms:
        forms.append(("text/plain", f"{display.text}: too large to be shown, more than {TOTAL * BYTES:,} bytes"))
    return Display(tuple(forms))


def form_size(form: str | bytes) -> int:
    return len(form) if isinstance(form, str) else -(-len(form) // BYTES)


def content_size(content: Content) -> int:
    """About how many characters the content is worth."""
    match content:
        case Text(text=text) | TextStream(text=text):
            return len(text)
        case Display(forms):
            return sum(form_size(form) for _, form in forms)
        case Frame(contents=contents) | Grid(contents=contents):
            return _RECORD + sum(map(content_size, contents))
        case Tabs(tabs=tabs):
            return _RECORD + sum(len(label) + content_size(content) for label, content in tabs)
        case Gallery(cards=cards):
            return _RECORD + sum(map(card_size, cards))
        case Table(columns=columns, rows=rows):
            return (
                _RECORD + sum(len(column.name) for column in columns) + sum(len(text) for row in rows for text in row)
            )
        case Plot(series=series):
            return _RECORD + sum(map(series_size, series))
        case Tree(branches=branches):
            return _RECORD + sum(_RECORD + len(branch.label) for branch in branches)
        case Input(options=options):
            return _RECORD + _lengths(label for label, _ in options)
        case Form(fields=fields):
            return sum(content_size(field) for _, field in fields)
        case Progress() | Button() | Keyboard():
            return _RECORD
        case _:
            assert_never(content)


def card_size(card: Card) -> int:
    return _RECORD + len(card.caption) + content_size(card.picture)


def series_size(series: Series) -> int:
    return len(series.name) + _NUMBER * (len(series.x) + len(series.y)) + _lengths(series.labels)


def _lengths(texts: Iterable[str]) -> int:
    return sum(map(len, texts))


def _rewound(line: str, *, open_end: bool = False) -> str:
    """What the line shows: what comes after its last `\\r`. One at an open end waits for what comes next."""
    if "\r" not in line:
        return line
    text = line.rstrip("\r")
    before, _, last = text.rpartition("\r")
    if moves(before):
        last = text
    elif "\x1b" in before:  # a colour that it left on is on
        codes = _COLOR.findall(before.rpartition("\x1b[0m")[2].rpartition("\x1b[m")[2])
        last = "".join(reversed(dict.fromkeys(reversed(codes)))) + last
    return last + ("\r" if open_end and text != line else "")


def _bounded(items: tuple[T | Text, ...], size: Callable[[T | Text], int]) -> tuple[T | Text, ...]:
    kept = tuple(reversed(list(_newest(items, size))))
    if len(kept) == len(items):
        return items
    match kept[0] if kept else None:
        case Text(stream, text):
            return Text(stream, f"{_MARK}{text.removeprefix(_MARK)}"), *kept[1:]
        case _:
            return Text("stdout", _MARK), *kept


def _newest(items: tuple[T | Text, ...], size: Callable[[T | Text], int]) -> Iterator[T | Text]:
    room = TOTAL
    for item in reversed(items[-OUTPUTS:]):
        room -= size(item)
        if room < 0:
            return
        yield item
