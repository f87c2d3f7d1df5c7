"""What is known of the name under the caret: its signature and its documentation, without running anything."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)

from notebook_tui.runtime.answers import Description
from notebook_tui.runtime.caret import word_at
from notebook_tui.runtime.definition import location_of, named_at, written_function
from notebook_tui.runtime.live import GETTERS, Member, is_exactly, kind_of, members, type_name
from notebook_tui.runtime.signature import signature_of, signature_text
from notebook_tui.runtime.static_analysis import MOST_DOCS, StaticDescription, description_within_budget
from notebook_tui.runtime.text_names import Bound, text_names
from notebook_tui.runtime.visible import visible
from notebook_tui.runtime.written import written

MOST_VALUE = 80
"""Characters of a value that are shown."""


def describe(
    source: str,
    offset: int,
    namespace: Mapping[str, object],
    static: StaticDescription = description_within_budget,
    *,
    above: str = "",
    hidden: Collection[str] = (),
    cells: Mapping[str, str] | None = None,
) -> Description | None:
    """What the dotted name under the caret stands for; None if it is unknown. The arguments are as for `definition`.

    >>> def greet(name):
    ...     "Says hello."
    >>> found = describe("greet('you')", 3, {"greet": greet})
    >>> found.name, found.signature, found.docs, (found.start, found.end)
    ('greet', '(name)', 'Says hello.', (0, 5))
    """
    word = word_at(source, offset)
    if word is None:
        return None
    text = f"{above}\n{source}" if above else source
    shift = len(text) - len(source)
    from_text = text_names(text, shift + word.end)
    bound = from_text.find(word.expression)
    found = named_at(source, word, visible(namespace, hidden, from_text))
    # A local name is another than the one that lives.
    is_local = word.expression.partition(".")[0] in from_text.local
    if found is None or (is_local and not (bound is not None and bound.module)):
        described = _written(word.expression, text, bound) or static(text, shift + word.start)
    else:
        described = _described(word.expression, found, cells or {})
    return described and replace(described, name=word.expression, start=word.start, end=word.end)


def _written(name: str, text: str, bound: Bound | None) -> Description | None:
    """Of a function or class that the text defines, and that has not run."""
    found = written(text, bound)
    if found is None:
        return None
    signature = signature_text(found.signature) if found.signature is not None else ""
    return Description(name, found.kind, signature, found.docs[:MOST_DOCS])


def _described(name: str, found: Member, cells: Mapping[str, str]) -> Description:
    kind = kind_of(found.value, otherwise="variable")
    known = signature_of(found) if kind in ("function", "class") else None
    location = location_of(found.value, cells)
    return Description(
        name,
        kind,
        signature_text(known) if known is not None else "",
        docs_of(found)[:MOST_DOCS],
        type_name(found.value) if kind == "variable" and not is_exactly(found.value, GETTERS) else "",
        _value_text(found.value) if kind == "variable" else "",
        location=replace(location, text="") if location is not None else None,
    )


def _value_text(value: object) -> str:
    """Of what the interpreter itself can write, and that is short."""
    if not is_exactly(value, (int, float, complex, bool, str, bytes, type(None))):
        return ""
    if type(value) is int and value.bit_length() > 200:
        return ""
    if is_exactly(value, (str, bytes)) and len(value) > MOST_VALUE:  # type: ignore[arg-type]
        return ""
    return repr(value)


def docs_of(found: Member) -> str:
    """The docstring, with its indentation taken away: of an object that has none of its own, that of its class."""
    value = found.value
    if is_exactly(value, _WRAPPERS):
        value = written_function(value) or value
    if is_exactly(value, _ASKED):
        docs: object = value.__doc__
    elif issubclass(type(value), (type, ModuleType)):
        docs = members(value).get("__doc__", Member(None)).value
    else:
        docs = members(type(value)).get("__doc__", Member(None)).value
    return inspect.cleandoc(docs) if type(docs) is str else ""


_WRAPPERS = (MethodType, classmethod, staticmethod, property, cached_property)
_ASKED = (
    FunctionType,
    BuiltinFunctionType,
    MethodDescriptorType,
    WrapperDescriptorType,
    ClassMethodDescriptorType,
    *GETTERS,
)
"""Types of the interpreter, whose `__doc__` nobody can have replaced by code."""
