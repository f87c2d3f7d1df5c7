"""The signature of the call around the caret, which stands at the `|` of each text."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any, overload

import pytest

from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.signature import signatures
from notebook_tui.runtime.static_analysis import static_signatures

NOTHING: Mapping[str, object] = {}


def plain(a: int, b: int = 0, *rest: int, key: str = "k", **others: int) -> None: ...


def strict(a: int, /, b: int, *, c: int = 1) -> None: ...


@overload
def many(a: int) -> int: ...
@overload
def many(a: str, b: int) -> str: ...
def many(a: Any, b: int = 0) -> Any: ...


class Callable_:
    def __init__(self, first: int) -> None: ...

    def __call__(self, second: int) -> None: ...

    @classmethod
    def made(cls, third: int) -> None: ...

    @staticmethod
    def free(fourth: int) -> None: ...

    def method(self, fifth: int) -> None: ...


NAMES: dict[str, object] = {
    "plain": plain,
    "strict": strict,
    "many": many,
    "Callable_": Callable_,
    "one": Callable_(1),
    "bound": Callable_(1).method,
    "partly": functools.partial(strict, 1),
    "number": 1,
}


def helps(text: str, names: Mapping[str, object] = NAMES) -> tuple[SignatureHelp, ...]:
    before, after = text.split("|")
    return signatures(before + after, len(before), names)


def active(text: str) -> list[str | None]:
    """The parameter that the argument at the caret fills, in each way to call."""
    return [it.parameters[it.active] if it.active is not None else None for it in helps(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(("plain(|", ["a"]), ("plain(1, |", ["b=0"]), ("plain(1, 2, 3, 4, |", ["*rest"])),
        *(("plain(1, key=|", ["key='k'"]), ("plain(1, odd=|", ["**others"]), ("plain(*x, |", [None])),
        *(("strict(1, c=|", ["c=1"]), ("strict(a=|", []), ("strict(1, 2, 3|", []), ("strict(1, none=|", [])),
        *(("many(|", ["a", "a"]), ("many(1, |", ["b"]), ("many(1, 2, |", [])),
        *(("Callable_(|", ["first"]), ("one(|", ["second"]), ("Callable_.made(|", ["third"])),
        *(("one.free(|", ["fourth"]), ("one.method(|", ["fifth"]), ("bound(|", ["fifth"])),
        *(("Callable_.method(|", ["self"]), ("partly(|", ["b"]), ("len(|", ["obj"])),
        *(("plain((1, |", []), ("plain([1, |", []), ("number(|", []), ("nobody(|", []), ("plain(1)|", [])),
        *(("plain(one(|", ["second"]), ("plain(one(1), |", ["b=0"]), ("f'{plain(1, |", ["b=0"])),
        *(("x = 'plain(|'", []), ("# plain(|", []), ("def plain(|", [])),
    ],
)
def test_ac38_only_ways_that_the_argument_at_the_caret_fits_are_told(text: str, expected: list[str | None]) -> None:
    assert active(text) == expected


def test_a_function_is_shown_with_its_marks_and_the_place_of_the_argument() -> None:
    assert helps("strict(1, |") == (SignatureHelp("strict", ("a", "/", "b", "*", "c=1"), 2),)


def test_the_first_bracket_shows_a_function_without_parameters() -> None:
    def nothing() -> None: ...

    assert helps("nothing(|", {"nothing": nothing}) == (SignatureHelp("nothing", (), None),)
    assert helps("nothing(1, |", {"nothing": nothing}) == ()


def test_a_signature_that_would_have_to_be_computed_is_not() -> None:
    class Lying:
        @property
        def __signature__(self) -> Any:
            raise AssertionError("__signature__ was run")

        def __call__(self, given: int) -> None: ...

    def odd() -> None: ...

    odd.__signature__ = 5  # type: ignore[attr-defined]
    assert helps("lying(|", {"lying": Lying()}) == (SignatureHelp("lying", ("given",), 0),)
    assert helps("odd(|", {"odd": odd}) == ()


def test_of_a_function_that_has_not_run_the_text_tells() -> None:
    text = "def paint(colour, /, *, thick=1): ...\npaint("
    shown = ("colour", "/", "*", "thick=1")
    assert static_signatures(text, len(text)) == (SignatureHelp("paint", shown, 0),)
    assert static_signatures(f"{text}1, thick=", len(text) + 9) == (SignatureHelp("paint", shown, 3),)
    assert static_signatures(f"{text}1, 2, ", len(text) + 6) == ()
