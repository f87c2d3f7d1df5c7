"""Values in the forms in which they offer themselves."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from unittest.mock import MagicMock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

from notebook_tui.runtime.forms import rendered


def made(**methods: Any) -> object:
    """An object of a class with these methods; what is no function is what the method returns."""

    def method(answer: Any) -> Callable[..., Any]:
        return answer if callable(answer) or isinstance(answer, property) else lambda _self, **_named: answer

    return type("Made", (), {name: method(answer) for name, answer in methods.items()})()


PNG = base64.b64encode(b"\x89PNG picture").decode()


@pytest.mark.parametrize(
    ("methods", "forms"),
    [
        ({"_repr_html_": "<b>x</b>"}, {"text/html": "<b>x</b>"}),
        ({"_repr_markdown_": ("*x*", {"meta": 1})}, {"text/markdown": "*x*"}),
        ({"_repr_png_": PNG}, {"image/png": b"\x89PNG picture"}),
        ({"_repr_png_": b"raw"}, {"image/png": b"raw"}),
        ({"_repr_png_": b"raw", "_repr_jpeg_": b"other"}, {"image/png": b"raw"}),
        ({"_repr_json_": {"a": [1]}}, {"application/json": '{"a": [1]}'}),
        ({"_repr_html_": None, "_repr_latex_": "$x$"}, {"text/latex": "$x$"}),
        ({"_repr_mimebundle_": ({"text/html": "<i>"}, {})}, {"text/html": "<i>"}),
        ({"_repr_mimebundle_": {"text/html": "bundle"}, "_repr_html_": "method"}, {"text/html": "bundle"}),
        ({"_repr_mimebundle_": {"application/vnd.x": {"a": 1}}}, {"application/vnd.x": '{"a": 1}'}),
        ({}, {}),
    ],
)
def test_a_value_is_asked_by_the_methods_of_its_type(methods: dict[str, Any], forms: dict[str, str | bytes]) -> None:
    found = rendered(made(__repr__="text", **methods))
    assert (found.text, dict(found.forms), found.troubles) == ("text", forms, ())


def test_a_text_of_the_bundle_stands_in_place_of_the_repr() -> None:
    assert rendered(made(_repr_mimebundle_={"text/plain": "mine"}, __repr__="other")).bundle() == (
        ("text/plain", "mine"),
    )


def test_the_richest_form_comes_first_and_the_text_last() -> None:
    value = made(_repr_markdown_="m", _repr_html_="h", _repr_png_=b"p", _repr_mimebundle_={"application/x": "a"})
    kinds = [media_type for media_type, _ in rendered(value).bundle()]
    assert kinds == ["application/x", "image/png", "text/html", "text/markdown", "text/plain"]


@pytest.mark.parametrize("value", [MagicMock(), type("Meta", (type,), {"__getattr__": lambda *_: 1})("C", (), {})()])
def test_an_object_that_answers_to_any_name_has_no_forms(value: object) -> None:
    found = rendered(value)
    assert (found.forms, found.troubles) == ((), ())


def test_a_class_is_not_asked_for_the_forms_of_its_objects() -> None:
    found = rendered(type(made(_repr_html_="<b>")))
    assert (found.forms, found.troubles) == ((), ())


def fails(_self: object, **_named: object) -> str:
    raise ValueError("no\nway")


def test_ac37_what_raises_is_told_of_and_the_rest_is_shown() -> None:
    found = rendered(made(_repr_html_=fails, _repr_markdown_="*x*", __repr__=fails))
    assert found.text.endswith("Made: its repr raised ValueError: no way>")
    assert found.forms == (("text/markdown", "*x*"),)
    assert [trouble.partition(": ")[2] for trouble in found.troubles] == ["its _repr_html_ raised ValueError: no way"]


@pytest.mark.parametrize("answer", [7, object(), ("a", "b", "c"), "no base64!"])
def test_ac37_an_answer_of_the_wrong_kind_raises_nothing(answer: object) -> None:
    for method in ("_repr_mimebundle_", "_repr_png_", "_repr_html_"):
        assert rendered(made(**{method: answer, "__repr__": "text"})).text == "text"


def endless(_self: object, **_named: object) -> str:
    while True:
        pass


@pytest.mark.parametrize("method", ["_repr_html_", "__repr__"])
def test_ac37_what_never_ends_is_ended(method: str) -> None:
    found = rendered(made(**{"__repr__": "text", method: endless}), seconds=0.05)
    name = "repr" if method == "__repr__" else method
    assert any(f"its {name} took more than 0.05 s" in words for words in (found.text, *found.troubles))


def test_ac37_what_is_too_large_is_left_out_or_cut() -> None:
    found = rendered(made(_repr_html_="h" * 5_000, _repr_markdown_="m" * 100, __repr__="r" * 50_000_000), size=1_000)
    assert found.forms == (("text/markdown", "m" * 100),)
    assert "text/html is left out: it has 5,000 characters" in found.troubles[0]
    assert len(found.text) < 20_000


def test_an_interrupt_goes_through() -> None:
    def interrupt(_self: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rendered(made(_repr_html_=interrupt))


answers = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5), st.binary(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(st.text(), inner)),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from(["_repr_mimebundle_", "_repr_html_", "_repr_png_", "_repr_json_"]), answers))
def test_ac37_whatever_the_methods_return_it_is_a_bundle(methods: dict[str, Any]) -> None:
    bundle = rendered(made(**methods)).bundle()
    assert all(isinstance(kind, str) and isinstance(form, str | bytes) for kind, form in bundle)
    assert len(dict(bundle)) == len(bundle)


# Libraries.


def test_richs_renderables_have_colours_and_html() -> None:
    table = Table("name", title="Pets")
    table.add_row("[red]Cat[/red]")
    found = rendered(table)
    assert "\x1b[31mCat" in found.text
    assert "Cat" in dict(found.forms)["text/html"]  # type: ignore[operator]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_data_frames_are_tables(library: str) -> None:
    frame = pytest.importorskip(library).DataFrame({"name": ["Ada", "Bob"], "n": [1, 2]})
    found = rendered(frame)
    assert "Ada" in found.text
    html = dict(found.forms)["text/html"]
    assert isinstance(html, str)
    assert "<table" in html
    assert "Ada" in html


def test_figures_are_pictures() -> None:
    figure = pytest.importorskip("matplotlib.figure").Figure()
    figure.add_subplot().plot([1, 2, 1])
    assert dict(rendered(figure).forms)["image/png"][:4] == b"\x89PNG"


def test_images_of_pil_are_pictures() -> None:
    image = pytest.importorskip("PIL.Image").new("RGB", (4, 4), "red")
    kinds = [kind for kind, _ in rendered(image).bundle()]
    assert kinds == ["image/png", "text/plain"]


def test_charts_of_altair_are_their_specification() -> None:
    altair = pytest.importorskip("altair")
    chart = altair.Chart(altair.Data(values=[{"a": 1}])).mark_bar().encode(x="a:Q")
    form = next(form for kind, form in rendered(chart).forms if "vegalite" in kind)
    assert json.loads(form)["mark"]["type"] == "bar"


def test_a_tensor_tells_its_shape_type_and_device() -> None:
    torch = pytest.importorskip("torch")
    assert rendered(torch.zeros(2, 3)).text.startswith("2 x 3, torch.float32, on cpu\ntensor(")


def test_whatever_calls_itself_a_tensor_is_shown() -> None:
    tensor = made(shape=property(lambda _: (2, 3)), dtype=property(lambda _: "float32"), __repr__="tensor(...)")
    type(tensor).__module__ = "torch"
    assert rendered(tensor).text == "2 x 3, float32\ntensor(...)"
    other = made(__repr__="tensor(...)")
    type(other).__module__ = "torch"
    assert rendered(other).text == "tensor(...)"
