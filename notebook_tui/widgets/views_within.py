"""Views inside of others."""

from __future__ import annotations

from collections.abc import Iterator

from notebook_tui.widgets.views import Content, Display, Frame, Gallery, Grid, Input, Tabs, Text, View


def views_in(content: object) -> Iterator[View]:
    """The content, if it is a view, and all views inside it. The fields of a form are the form's own."""
    if isinstance(content, View):
        yield content
    for inner in contents_of(content):
        yield from views_in(inner)


def inputs_in(content: object) -> Iterator[Input]:
    """
    >>> [field.label for field in inputs_in(Grid("g", (Input("i", "text", "Name"), Text("stdout", "x")), 2))]
    ['Name']
    """
    return (view for view in views_in(content) if isinstance(view, Input))


def contents_of(content: object) -> tuple[Content, ...]:
    """What stands directly in it."""
    match content:
        case Frame(contents=contents) | Grid(contents=contents):
            return contents
        case Tabs(tabs=tabs):
            return tuple(each for _, each in tabs)
        case Gallery(cards=cards):
            return tuple(card.picture for card in cards)
        case Text() | Display() | _:
            return ()
