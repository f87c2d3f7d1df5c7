"""What a file holds of views, which are alive only while their program is."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.document.notebook import Cell, Notebook, Section
from notebook_tui.document.outputs import Display, Output, Result, Still, Text
from notebook_tui.format.html_write import write_html
from notebook_tui.format.ipynb import read_ipynb, write_ipynb
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.format.stills import stills
from notebook_tui.widgets.views import (
    Button,
    Column,
    Content,
    Form,
    Frame,
    Grid,
    Input,
    Keyboard,
    Plot,
    Progress,
    Table,
    Tabs,
    TextStream,
    Tree,
)
from tests.support.notebooks import any_text, texts

CONTENTS: st.SearchStrategy[Content] = st.recursive(
    st.one_of(
        st.builds(Text, st.sampled_from(["stdout", "stderr"]), any_text),
        st.builds(TextStream, texts, any_text),
        st.just(Display((("image/png", b"\x89PNG"),))),
        st.builds(Table, texts, st.just((Column("a"), Column("b"))), st.lists(st.tuples(texts, texts)).map(tuple)),
        st.just(Button("b", "Go")),
    ),
    lambda inner: st.one_of(
        st.builds(Frame, texts, st.lists(inner, max_size=3).map(tuple)),
        st.builds(Grid, texts, st.lists(inner, max_size=3).map(tuple), st.just(2)),
        st.builds(Tabs, texts, st.lists(st.tuples(texts, inner), max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
PICTURE = Display((("image/png", b"\x89PNG"),))


def of(*outputs: Output) -> Notebook:
    return Notebook("T", sections=(Section("section-1", "S", (Cell("cell-1", "code", "1", outputs=outputs),)),))


def kept(*outputs: Output) -> tuple[Still, ...]:
    again, warnings = read(write(of(*outputs), outputs=True))
    assert warnings == ()
    found = again.sections[0].cells[0].outputs
    jupyter = read_ipynb(write_ipynb(of(*outputs)))[0].sections[0].cells[0].outputs
    assert jupyter == found
    return found  # type: ignore[return-value]


def test_AC06_of_tabs_the_first_with_a_text_is_kept() -> None:
    tabs = Tabs(
        "t", (("Picture", PICTURE), ("Text", Text("stdout", "\x1b[1mone\x1b[0m\n")), ("More", TextStream("s", "two")))
    )
    assert kept(tabs) == (Text("stdout", "\x1b[1mone\x1b[0m\n"),)
    assert write(of(tabs), outputs=True).endswith("```\none\n```\n")


def test_AC06_of_tabs_without_a_text_the_first_is_kept() -> None:
    assert kept(Tabs("t", (("Set", Button("b", "Go")), ("Picture", PICTURE)))) == (PICTURE,)
    assert kept(Tabs("t", ())) == ()


def test_AC06_of_a_grid_each_text_is_kept_in_order() -> None:
    grid = Grid("g", (Text("stdout", "one\n"), Frame("f", (Text("stdout", "two\n"), Button("b", "Go"))), PICTURE), 2)
    assert kept(grid) == (Text("stdout", "one\n"), Text("stdout", "two\n"), PICTURE)


def test_what_waits_for_its_user_is_left_out() -> None:
    field = Input("i", "text", "Name")
    form = Form("f", (("name", field),))
    assert kept(field, Button("b", "Go"), form, Keyboard("k"), Frame("e")) == ()
    assert "outputs" not in write(of(field), outputs=True)


def test_what_went_on_is_kept_as_it_looked() -> None:
    found = kept(TextStream("s", "so far\n"), Progress("p", 3, 3, state="done"), Plot("p"), Tree("t", ()))
    assert [type(one) for one in found] == [Text] * 4
    assert "100 %" in found[1].text  # type: ignore[union-attr]


def test_a_table_is_kept_as_a_table_with_its_text() -> None:
    table = Table("t", (Column("<name>"), Column("age", "number")), (("Ada", "36"),), count=1, title="People")
    (shown,) = kept(Result("r"), table)[1:]
    assert isinstance(shown, Display)
    assert "Ada" in shown.text
    assert "<caption>People</caption>" in str(shown.form("text/html"))
    assert "<th>&lt;name&gt;</th>" in write_html(of(table))
    data = json.loads(write_ipynb(of(table)))["cells"][-1]["outputs"][0]["data"]
    assert sorted(data) == ["text/html", "text/plain"]


@given(st.lists(CONTENTS, max_size=3))
def test_whatever_views_there_are_what_is_kept_of_them_stays(contents: list[Content]) -> None:
    assert kept(*contents) == stills(contents)
