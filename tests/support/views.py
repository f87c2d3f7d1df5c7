"""Views of every kind, as widgets make them, and views that nobody would make, for properties."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from notebook_tui.widgets.views import (
    Branch,
    Button,
    Card,
    Column,
    Content,
    Display,
    Form,
    Frame,
    Gallery,
    Grid,
    Input,
    InputKind,
    Keyboard,
    Plot,
    Progress,
    Series,
    Sort,
    Table,
    Tabs,
    Text,
    TextStream,
    Tree,
)
from tests.support.pictures import png

words = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["漢字かな", "a" * 200, "🙂", "e\u0301te\u0301", "\x1b[31mred", "a\nb\tc", ""]),
)
PICTURE = Display((("image/png", png("rg", "bw")), ("text/plain", "[picture: png, 9 bytes]")))
refs = st.sampled_from(["one", "two", "three"])
numbers = st.one_of(st.none(), st.integers(-5, 10**6), st.floats(-1e6, 1e6))


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(st.builds(Column, words, st.sampled_from(["text", "number"])), max_size=8))
    row = st.tuples(*([words] * len(columns)))
    rows = draw(st.lists(row, max_size=6))
    sort = draw(st.one_of(st.none(), st.builds(Sort, words, st.booleans())))
    count = draw(st.one_of(st.none(), st.integers(0, 5000)))
    return Table(
        draw(refs),
        tuple(columns),
        tuple(rows),
        draw(st.integers(0, 2000)),
        count,
        sort,
        draw(st.booleans()),
        draw(words),
    )


@st.composite
def inputs(draw: st.DrawFn) -> Input:
    kind = draw(st.sampled_from(get_args(InputKind)))
    options = ((draw(words), 1), (draw(words), "2")) if kind == "select" else ()
    low, high = (0.0, 10.0) if kind == "range" else (draw(numbers), draw(numbers))
    return Input(draw(refs), kind, draw(words), draw(st.one_of(numbers, words, st.booleans())), options, low, high)


trees = st.builds(
    Tree,
    refs,
    st.lists(
        st.builds(Branch, words, st.integers(0, 60), words, st.sampled_from(["leaf", "open", "closed"])), max_size=6
    ).map(tuple),
)


@st.composite
def galleries(draw: st.DrawFn) -> Gallery:
    first = draw(st.integers(0, 2000))
    captions = draw(st.lists(words, max_size=6))
    cards = tuple(Card(first + n, PICTURE, caption) for n, caption in enumerate(captions))
    count = first + len(cards) + draw(st.integers(0, 5000))
    return Gallery(
        draw(refs),
        cards,
        count,
        draw(st.integers(0, first)),
        draw(st.integers(6, 12)),
        draw(st.integers(1, 6)),
        draw(words),
    )


simple: st.SearchStrategy[Content] = st.one_of(
    st.builds(Text, st.sampled_from(["stdout", "stderr"]), words),
    st.builds(TextStream, refs, words),
    st.builds(Display, st.just((("text/plain", "plain"),))),
    st.builds(
        Progress,
        refs,
        st.floats(0, 1e6),
        st.one_of(st.none(), st.floats(0, 1e6)),
        words,
        st.floats(0, 1e6),
        st.sampled_from(["going", "done", "failed"]),
    ),
    st.builds(Plot, refs, st.just((Series("s", "line", (0.0, 1.0), (1.0, 2.0)),))),
    tables(),
    galleries(),
    trees,
    inputs(),
    st.builds(Button, refs, words),
    st.builds(Form, refs, st.lists(st.tuples(words, inputs()), min_size=1, max_size=4).map(tuple), words),
    st.builds(Keyboard, refs, words),
)
contents: st.SearchStrategy[Content] = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.builds(Frame, refs, st.lists(inner, max_size=3).map(tuple), words),
        st.builds(Tabs, refs, st.lists(st.tuples(words, inner), max_size=4).map(tuple)),
        st.builds(Grid, refs, st.lists(inner, max_size=4).map(tuple), st.integers(1, 4), st.booleans()),
    ),
    max_leaves=6,
)
"""Any content of a cell."""
