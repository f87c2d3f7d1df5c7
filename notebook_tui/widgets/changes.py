"""How views change: a closed union of frozen records, each addressed to the `ref` of a view.

`changed` is the one place where they act; `combined` makes few of many, for a cell may push thousands a second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar, assert_never

from beamlike.kernel.record import frozen
from notebook_tui.widgets.contents import (
    CHARACTERS,
    OUTPUTS,
    TOTAL,
    card_size,
    content_size,
    joined,
    newest,
    series_size,
    tail,
)
from notebook_tui.widgets.views import (
    Card,
    Content,
    Display,
    Frame,
    Gallery,
    Grid,
    Plot,
    Series,
    Tabs,
    Text,
    TextStream,
    View,
)

RECORD: Final = 100
"""What any change counts for, in characters."""
POINTS: Final = 4_000
"""What a series keeps. When there are more, it keeps the lowest and the highest of every four: a peak stays a peak."""

CARDS: Final = 48
"""The most that a gallery shows at a time: terminals keep some more pictures than that."""

SERIES: Final = 100
"""What a plot keeps: the last ones."""


@frozen
class Became:
    """The view is this one from now on."""

    view: View


@frozen
class Rendered:
    """The frame holds these contents and no others."""

    contents: tuple[Content, ...]


@frozen
class Appended:
    """The frame holds these contents after what it held."""

    contents: tuple[Content, ...]


@frozen
class TextAppended:
    """The text goes on."""

    text: str


@frozen
class PointsAppended:
    """Each series has these points after those it had; one of a new name is a new one, as is each of those `afresh`."""

    series: tuple[Series, ...]
    afresh: frozenset[str] = frozenset()


@frozen
class CardsHung:
    """The gallery has these cards, of which some may take the places of others; so many there ever were by then, and
    so many of the oldest are gone."""

    cards: tuple[Card, ...]
    count: int
    first: int


Change: TypeAlias = Became | Rendered | Appended | TextAppended | PointsAppended | CardsHung
T = TypeVar("T")


class Unfitting(TypeError):
    """A change of another kind of view."""


def changed(view: View, change: Change) -> View:
    """
    >>> changed(Frame("f"), Appended((Text("stdout", "a"), Text("stdout", "b"))))
    Frame(ref='f', contents=(Text(stream='stdout', text='ab'),), placeholder='')
    """
    match view, change:
        case _, Became(new):
            return new
        case Frame(), Rendered(contents):
            return replace(view, contents=_joined((), contents))
        case Frame(contents=before), Appended(contents):
            return replace(view, contents=_joined(before, contents))
        case TextStream(text=before), TextAppended(text):
            return replace(view, text=tail("stdout", before + text).text)
        case Plot(series=before), PointsAppended(series, afresh):
            return replace(view, series=_with_points(before, series, afresh))
        case Gallery(), CardsHung():
            return _with_cards(view, change)
        case _:
            raise Unfitting(f"a {type(view).__name__} cannot be changed by {type(change).__name__}")


def changed_within(content: T, ref: str, change: Change) -> T:
    """The content with the view of that ref changed, wherever it stands in it: the same object if it does not.

    >>> grid = Grid("g", (TextStream("s"), Text("stdout", "x")), 2)
    >>> changed_within(grid, "s", TextAppended("hello")).contents[0].text
    'hello'
    >>> changed_within(grid, "t", TextAppended("hello")) is grid
    True
    """
    if isinstance(content, Text | Display) or not hasattr(content, "ref"):
        return content
    if content.ref == ref:
        return changed(content, change)  # type: ignore[return-value, arg-type]
    match content:
        case Frame(contents=before) | Grid(contents=before):
            after = tuple(changed_within(each, ref, change) for each in before)
            return content if _same(before, after) else replace(content, contents=after)
        case Tabs(tabs=tabs):
            before = tuple(each for _, each in tabs)
            after = tuple(changed_within(each, ref, change) for each in before)
            if _same(before, after):
                return content
            return replace(content, tabs=tuple((label, each) for (label, _), each in zip(tabs, after, strict=True)))
        case _:
            return content


def combined(changes: tuple[Change, ...], change: Change) -> tuple[Change, ...]:
    """Changes of one view that do what `changes` and then `change` would do, as few as can be.

    >>> combined((TextAppended("a"),), TextAppended("b"))
    (TextAppended(text='ab'),)
    >>> combined((Rendered(()), TextAppended("b")), Became(Frame("f")))
    (Became(view=Frame(ref='f', contents=(), placeholder='')),)
    """
    match changes[-1] if changes else None, change:
        case None, _:
            return (change,)
        case _, Became():
            return (change,)
        case Became(view), _:
            return (*changes[:-1], Became(changed(view, change)))
        case Rendered() | Appended(), Rendered():
            return (*changes[:-1], change)
        case Rendered(before), Appended(contents):
            row = _in_a_row(before, contents)
            return (*changes[:-1], Rendered(newest(row) if _is_much(row) else row))
        case Appended(before), Appended(contents):
            row = _in_a_row(before, contents)
            # Of so much, nothing that was there before is kept.
            return (*changes[:-1], Rendered(newest(row)) if _is_much(row) else Appended(row))
        case TextAppended(before_text), TextAppended(text):
            return (*changes[:-1], TextAppended(_end(before_text + text)))
        case PointsAppended(points, earlier), PointsAppended(series, afresh):
            return (*changes[:-1], PointsAppended(_with_points(points, series, afresh), earlier | afresh))
        case CardsHung(before_cards), CardsHung(cards, count, gone):
            return (*changes[:-1], CardsHung(_by_number(before_cards, cards)[-CARDS:], count, gone))
        case _:
            return (*changes, change)


def change_size(change: Change) -> int:
    """About how many characters the change is worth.

    >>> change_size(TextAppended("hello")) - change_size(TextAppended(""))
    5
    """
    match change:
        case Became(view):
            return RECORD + content_size(view)
        case Rendered(contents) | Appended(contents):
            return RECORD + sum(map(content_size, contents))
        case TextAppended(text):
            return RECORD + len(text)
        case PointsAppended(series):
            return RECORD + sum(map(series_size, series))
        case CardsHung(cards):
            return RECORD + sum(map(card_size, cards))
        case _:
            assert_never(change)


def refs_in(content: object) -> tuple[str, ...]:
    """Of the content and all views inside it.

    >>> refs_in(Frame("f", (TextStream("s"),)))
    ('f', 's')
    """
    match content:
        case Frame(ref, contents) | Grid(ref, contents):
            return (ref, *(inner for each in contents for inner in refs_in(each)))
        case Tabs(ref, tabs):
            return (ref, *(inner for _, each in tabs for inner in refs_in(each)))
        case _:
            own = getattr(content, "ref", None)
            return (own,) if isinstance(own, str) else ()


def _joined(before: tuple[Content, ...], contents: tuple[Content, ...]) -> tuple[Content, ...]:
    for content in contents:
        before = joined(before, content)
    return before


def _in_a_row(before: tuple[Content, ...], contents: tuple[Content, ...]) -> tuple[Content, ...]:
    """Not joined yet: a `\\r` in the first text may write over what stands before all of them."""
    row = list(before)
    for content in contents:
        last = row[-1] if row else None
        if isinstance(last, Text) and isinstance(content, Text) and last.stream == content.stream:
            row[-1] = Text(last.stream, _end(last.text + content.text))
        else:
            row.append(content)
    return tuple(row)


def _is_much(row: tuple[Content, ...]) -> bool:
    return len(row) > 2 * OUTPUTS or sum(map(content_size, row)) > 2 * TOTAL


def _end(text: str) -> str:
    """As much as will be kept, and a bit, for what is cut off is to be seen."""
    return text[-2 * CHARACTERS :]


def _same(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    return all(old is new for old, new in zip(before, after, strict=True))


def _with_points(series: tuple[Series, ...], more: tuple[Series, ...], afresh: frozenset[str]) -> tuple[Series, ...]:
    by_name = {each.name: each for each in series if each.name not in afresh}
    for each in more:
        by_name[each.name] = _longer(by_name[each.name], each) if each.name in by_name else bounded(each)
    return tuple(by_name.values())[-SERIES:]


def _with_cards(gallery: Gallery, hung: CardsHung) -> Gallery:
    """Its newest, in whole lines: when a line begins, the first one goes."""
    lines = -(-hung.count // gallery.columns)
    start = max(hung.first, lines * gallery.columns - gallery.page_size)
    cards = tuple(card for card in _by_number(gallery.cards, hung.cards) if start <= card.number < hung.count)
    return replace(gallery, cards=cards, count=hung.count, first=hung.first)


def _by_number(before: Sequence[Card], cards: Sequence[Card]) -> tuple[Card, ...]:
    numbered = {card.number: card for card in (*before, *cards)}
    return tuple(numbered[number] for number in sorted(numbered))


def _longer(series: Series, more: Series) -> Series:
    labels = (*_labels(series), *_labels(more)) if series.labels or more.labels else ()
    return bounded(replace(series, x=series.x + more.x, y=series.y + more.y, labels=labels))


def _labels(series: Series) -> tuple[str, ...]:
    return series.labels or tuple(f"{x:g}" for x in series.x)


def bounded(series: Series) -> Series:
    """The series with as many of its points as are kept.

    >>> points = tuple(map(float, range(10_000)))
    >>> kept = bounded(Series("loss", "line", points, points))
    >>> len(kept.x) <= POINTS, kept.x[0], kept.x[-1]
    (True, 0.0, 9999.0)
    """
    while len(series.x) > POINTS:
        kept = _kept(series)
        series = replace(
            series,
            x=tuple(series.x[index] for index in kept),
            y=tuple(series.y[index] for index in kept),
            labels=tuple(series.labels[index] for index in kept) if series.labels else (),
        )
    return series


def _kept(series: Series) -> Sequence[int]:
    """Where the points stand that are kept: the shape of a line, a sample of a histogram, the last bars."""
    points = range(len(series.x))
    match series.kind:
        case "bar":
            return points[-POINTS:]
        case "histogram":
            return points[::2]
        case "line" | "scatter":
            return [index for start in points[::4] for index in _extremes(series.y, start)]
        case _:
            assert_never(series.kind)


def _extremes(values: tuple[float, ...], start: int) -> tuple[int, ...]:
    """Where the lowest and the highest of four values stand, the first and the last of all in any case."""
    few: Sequence[int] = range(start, min(start + 4, len(values)))
    if start and few[-1] != len(values) - 1:
        few = [index for index in few if values[index] == values[index]] or few  # no gap hides a peak
    low = few[0] if start == 0 else min(few, key=values.__getitem__)
    high = few[-1] if few[-1] == len(values) - 1 else max(few, key=values.__getitem__)
    return (low,) if low == high else (min(low, high), max(low, high))
