"""Values in several forms: the best form that this terminal can show."""

from __future__ import annotations

import json
import math

import pytest
from rich.text import Text as RichText

from notebook_tui.document.outputs import Exported, Text
from notebook_tui.ui.drawing.palette import Palette
from notebook_tui.ui.outputs.display_rows import display_rows
from notebook_tui.ui.outputs.looks import Looks
from notebook_tui.ui.outputs.output_strips import inline_view
from notebook_tui.ui.outputs.vega import vega_plot
from notebook_tui.widgets.views import Column, Content, Display, Frame, Progress, Table
from tests.support.pictures import png

SPEC = {
    "mark": {"type": "line"},
    "title": "Loss",
    "data": {"name": "d"},
    "datasets": {"d": [{"x": 0, "y": 3, "c": "a"}, {"x": 1, "y": 1, "c": "a"}, {"x": 0, "y": 2, "c": "b"}]},
    "encoding": {"x": {"field": "x"}, "y": {"field": "y", "title": "nats"}, "color": {"field": "c"}},
}


def shown(*forms: tuple[str, str | bytes], width: int = 40) -> list[str]:
    return [row.text.plain.rstrip() for row in display_rows(Display(forms), width, 20, Palette(), Looks())]


@pytest.mark.parametrize(
    ("forms", "first"),
    [
        ([("text/plain", "plain"), ("image/png", png("r"))], "picture 1 × 1 …"),
        ([("text/plain", "plain"), ("text/html", "<b>html</b>"), ("text/markdown", "*markdown*")], "markdown"),
        ([("text/plain", "plain"), ("text/latex", "$x^2$"), ("text/html", "<b>html</b>")], "html"),
        ([("text/plain", "plain"), ("application/json", "[1]"), ("text/latex", "$x^2$")], "  x²"),
        ([("text/plain", "plain"), ("application/json", "[1]")], "["),
        ([("application/vnd.plotly.v1+json", "{}"), ("text/plain", "plain")], "plain"),
        ([("text/html", "<script>x</script>"), ("text/plain", "plain")], "plain"),
        ([("application/json", "{no json"), ("text/plain", "plain")], "plain"),
        ([("video/mp4", b"x")], "<video/mp4>"),
    ],
)
def test_the_best_form_is_shown(forms: list[tuple[str, str | bytes]], first: str) -> None:
    assert shown(*forms)[0] == first


def test_a_picture_in_base64_is_one_too() -> None:
    import base64

    assert shown(("image/png", base64.b64encode(png("r", scale=80)).decode()))[0] == "picture 80 × 80 …"


def test_json_is_laid_out_and_coloured() -> None:
    rows = display_rows(Display((("application/json", '{"a":[1,null],"é":"x"}'),)), 40, 20, Palette(), Looks())
    assert [row.text.plain for row in rows] == ["{", '  "a": [', "    1,", "    null", "  ],", '  "é": "x"', "}"]
    assert [row.mark for row in rows] == ["="] + [" "] * 6
    assert isinstance(rows[0].text, RichText)


def test_a_simple_chart_of_vega_lite_is_drawn() -> None:
    rows = shown(("application/vnd.vegalite.v5+json", json.dumps(SPEC)), ("text/plain", "<VegaLite 5 object>"))
    assert rows[:2] == ["Loss", "nats"]
    assert rows[-2:] == ["● a 1   1 … 3", "■ b 2"]
    view = inline_view([Exported("vega-lite", json.dumps(SPEC))], 40, 20, Palette())
    assert view.rows[0].text.plain == "Loss"


def test_an_output_that_cannot_be_drawn_says_so_among_those_that_can() -> None:
    deep: Content = Text("stdout", "x")
    for _ in range(400):
        deep = Frame("f", (deep,))
    for odd in (deep, Progress("p", 1.0, None, "", math.inf), Table("t", (Column("a"), Column("b")), (("1",),))):
        view = inline_view([Text("stdout", "before\n"), odd, Text("stdout", "after\n")], 60, 20, Palette())
        first, middle, last = (row.text.plain for row in view.rows)
        assert (first, last) == ("before", "after")
        assert middle.startswith("cannot be drawn: ")


def test_a_chart_of_numbers_that_are_too_large_is_none() -> None:
    values = [{"x": 10**400, "y": 1}]
    assert vega_plot(json.dumps(SPEC | {"data": {"values": values}})) is None


@pytest.mark.parametrize(
    "change",
    [
        {"mark": "arc"},
        {"data": {"url": "http://a.b/c.csv"}},
        {"encoding": {"x": {"field": "x", "bin": True}, "y": {"aggregate": "count"}}},
        {"encoding": {}},
        {"mark": None},
    ],
)
def test_of_any_other_chart_the_text_is_shown(change: dict[str, object]) -> None:
    spec = json.dumps(SPEC | change)
    assert vega_plot(spec) is None
    assert shown(("application/vnd.vegalite.v5+json", spec), ("text/plain", "<VegaLite 5 object>")) == [
        "<VegaLite 5 object>"
    ]


def test_bars_and_times_of_vega_lite() -> None:
    bars = SPEC | {
        "mark": "bar",
        "data": {"values": [{"n": "a", "v": 2}, {"n": "b", "v": None}]},
        "encoding": {"x": {"field": "v"}, "y": {"field": "n", "type": "nominal"}},
    }
    plot = vega_plot(json.dumps(bars))
    assert plot is not None
    assert plot.series[0].labels == ("a", "b")
    times = SPEC | {"data": {"values": [{"x": "2026-01-01T00:00:00", "y": 1, "c": "a"}]}}
    plot = vega_plot(json.dumps(times))
    assert plot is not None
    assert plot.series[0].x == (1_767_225_600.0,)
