"""Functions and classes of a text that has not run, and may be broken."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.completion import complete
from notebook_tui.runtime.description import describe
from notebook_tui.runtime.intellisense import answer
from notebook_tui.runtime.signature import signature_text
from notebook_tui.runtime.text_names import text_names
from notebook_tui.runtime.typing_questions import Place, SignaturesOf
from notebook_tui.runtime.written import Written, written


def of(text: str, name: str) -> Written | None:
    return written(text, text_names(text, len(text)).find(name))


@pytest.mark.parametrize(
    ("text", "signature", "docs"),
    [
        (
            "def f(a, b=1, /, c='x', *rest, d, e=[], **more): 'Doc.'",
            "(a, b=1, /, c='x', *rest, d, e=…, **more)",
            "Doc.",
        ),
        ("async def f(a):\n    '''Doc.\n\n    More.'''\n    pass\nx = 1", "(a)", "Doc.\n\nMore."),
        ("def f(\n    a,\n    b,\n):\n    'Doc.'", "(a, b)", "Doc."),
        ("def f(a: int = 0) -> str:\n    return (", "(a=0)", ""),
        ("@cached\ndef f(*, a): ...", "(*, a)", ""),
        ("class f:\n    'Doc.'\n    x = 1\n    def __init__(self, a, b=2): ...", "(a, b=2)", "Doc."),
        ("class f: pass", "()", ""),
        ("class f(Base): pass", None, ""),
        ("if x:\n    def f(a):\n        'Doc.'\n    y = 1", "(a)", "Doc."),
        ("def f(a): ...\ndef f(b): ...", "(b)", ""),
    ],
)
def test_a_definition_is_read_with_signature_and_documentation(text: str, signature: str | None, docs: str) -> None:
    found = of(text, "f")
    assert found is not None
    assert (signature_text(found.signature) if found.signature is not None else None, found.docs) == (signature, docs)


@pytest.mark.parametrize("text", ["f = 1", "import f", "def f(", "def f(a) ", "class f", "from m import f", "g = 1"])
def test_of_what_is_no_definition_nothing_is_read(text: str) -> None:
    assert of(text, "f") is None


names = st.sampled_from("abcdeg")


@given(st.lists(names, unique=True), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.booleans())
def test_a_signature_of_a_text_is_that_of_the_function_once_it_has_run(
    given_names: list[str], slash: int, star: int, defaults: int, rest: bool
) -> None:
    star = min(star, len(given_names))
    parts = [f"{name}={at}" if star > at >= defaults else name for at, name in enumerate(given_names)]
    marked = [*parts[:star], *(["*rest"] if rest else ["*"] if parts[star:] else []), *parts[star:]]
    if 0 < slash <= star:
        marked.insert(slash, "/")
    text = f"def f({', '.join(marked)}): ..."
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    found = of(text, "f")
    assert found is not None
    assert found.signature == inspect.signature(namespace["f"])


def nobody(_source: str, _offset: int) -> Any:
    raise AssertionError("the analysis was asked")


def test_what_a_text_defines_is_described_and_called_without_waiting_for_the_analysis() -> None:
    above = "def paint(colour, *, thick=1):\n    'Paints.'"
    described = describe("paint", 2, {}, nobody, above=above)
    assert described is not None
    assert (described.kind, described.signature, described.docs) == ("function", "(colour, *, thick=1)", "Paints.")
    found = complete("paint(1, th", 11, {}, nobody, above=above)
    assert [item.label for item in found] == ["thick="]
    help = answer(SignaturesOf(Place("paint(1, thick=", 15, above)), {}, {})
    assert help == (SignatureHelp("paint", ("colour", "*", "thick=1"), 2),)
    assert answer(SignaturesOf(Place("paint(1, 2, ", 12, above)), {}, {}) == ()


@given(st.text("def f(a):\n clas,=*/'\"@", max_size=40))
def test_no_text_is_too_broken_to_be_read(text: str) -> None:
    for name in ("f", "a", "d"):
        of(text, name)
