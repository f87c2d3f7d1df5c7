"""What is known of the name under the caret, which stands at the `|` of each text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from notebook_tui.runtime.answers import Description
from notebook_tui.runtime.description import describe
from notebook_tui.runtime.static_analysis import static_description

NOTHING: Mapping[str, object] = {}


class Base:
    """Of the base."""


class Box(Base):
    def __init__(self, size: int) -> None:
        self.size = size

    def open(self, *, wide: bool = False) -> None:
        """Opens it.

        Now.
        """

    @property
    def lid(self) -> int:
        """What closes it."""
        raise AssertionError("a property was run")


def nobody(_source: str, _offset: int) -> None:
    return None


def described(
    text: str, names: Mapping[str, object] = NOTHING, static: Any = nobody, above: str = ""
) -> Description | None:
    before, after = text.split("|")
    return describe(before + after, len(before), names, static, above=above)


def told(text: str, names: Mapping[str, object] = NOTHING) -> Description:
    found = described(text, names)
    assert found is not None
    return found


@pytest.mark.parametrize("text", ["num|ber + 1", "|number + 1", "number| + 1"])
def test_ac38_the_range_is_that_of_the_identifier_wherever_the_caret_is_in_it(text: str) -> None:
    found = told(text, {"number": 10})
    assert (found.name, found.kind, found.type, found.value) == ("number", "variable", "int", "10")
    assert (found.start, found.end) == (0, 6)


@pytest.mark.parametrize("text", ["numb|", "numbers|", "# num|ber", "'num|ber'", "number + |1", "while|", "x.number|"])
def test_ac38_of_parts_of_names_texts_and_comments_nothing_is_told(text: str) -> None:
    assert described(text, {"number": 10}) is None


def test_the_last_name_up_to_the_caret_is_described_not_what_follows() -> None:
    names = {"json": json}
    assert told("js|on.dumps", names).kind == "module"
    found = told("json.du|mps(1)", names)
    assert (found.name, found.kind, found.start, found.end) == ("json.dumps", "function", 5, 10)
    assert found.docs.startswith("Serialize ``obj`` to a JSON formatted ``str``.")
    assert found.signature.startswith("(obj, *, skipkeys=False")
    assert found.location is not None
    assert (found.location.path, found.location.text) == (json.dumps.__code__.co_filename, "")


def test_a_method_and_a_class_are_described_with_signature_and_documentation_without_their_indentation() -> None:
    names = {"Box": Box, "box": Box(1)}
    found = told("box.op|en()", names)
    assert (found.signature, found.docs) == ("(*, wide=False)", "Opens it.\n\nNow.")
    assert (told("Bo|x", names).kind, told("Bo|x", names).signature) == ("class", "(size)")


def test_an_attribute_is_described_by_its_value_and_a_property_by_its_text_alone() -> None:
    names = {"Box": Box, "box": Box(3)}
    size, lid = told("box.si|ze", names), told("box.li|d", names)
    assert (size.type, size.value) == ("int", "3")
    assert (lid.type, lid.value, lid.docs) == ("property", "", "What closes it.")
    assert told("Box.li|d", names) == replace(lid, name="Box.lid")
    assert described("box.lid.re|al", names) is None


@pytest.mark.parametrize("value", [10**1000, "x" * 100, b"x" * 100, [1], Base()])
def test_a_value_that_is_long_or_not_the_interpreters_own_is_not_shown(value: object) -> None:
    assert told("val|ue", {"value": value}).value == ""


def test_what_the_text_binds_anew_is_another_than_what_lives() -> None:
    asked: list[tuple[str, int]] = []

    def static(source: str, offset: int) -> Description:
        asked.append((source, offset))
        return Description("size", "variable", "", "")

    found = described("def f(size):\n    si|ze", {"size": 1}, static, above="y = 1")
    assert found == Description("size", "variable", "", "", start=17, end=21)
    assert asked == [("y = 1\ndef f(size):\n    size", 23)]


def test_of_a_function_that_has_not_run_the_text_tells_signature_and_documentation() -> None:
    found = described("pain|t(", above="def paint(colour, *, thick=1):\n    'Paints.'", static=static_description)
    assert found is not None
    assert (found.kind, found.signature, found.docs) == ("function", "(colour, *, thick=1)", "Paints.")
    assert (found.start, found.end) == (0, 5)


def test_the_documentation_of_a_module_that_a_text_imports_is_there_before_it_has_run() -> None:
    assert told("import json as j\nj.du|mps").signature.startswith("(obj, *")


def test_a_documentation_that_never_ends_is_cut() -> None:
    def long() -> None: ...

    long.__doc__ = "x" * 1_000_000
    assert len(told("lon|g", {"long": long}).docs) == 50_000


def test_a_documentation_that_is_no_text_is_none() -> None:
    class Odd:
        __doc__ = property(lambda self: 1 / 0)

    assert told("od|d", {"odd": Odd()}).docs == ""
    assert told("Od|d", {"Odd": Odd}).docs == ""
