"""What is known of the name under the caret: its signature and its documentation, without running anything."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    FunctionType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    WrapperDescriptorType,
)

from notebook_tui.runtime.caret import word_at
from notebook_tui.runtime.live import Kind, Member, kind_of, members, resolve
from notebook_tui.runtime.signature import signature_of, signature_text


@dataclass(frozen=True, slots=True)
class Description:
    name: str
    kind: Kind
    signature: str
    """In brackets; empty for what is no function or class, or does not tell."""
    docs: str
    """Empty if there is none."""


def describe(source: str, offset: int, namespace: Mapping[str, object]) -> Description | None:
    """What the dotted name under the caret stands for; None if it is unknown.

    >>> def greet(name):
    ...     "Says hello."
    >>> describe("greet('you')", 3, {"greet": greet})
    Description(name='greet', kind='function', signature='(name)', docs='Says hello.')
    """
    name = word_at(source, offset)
    found = resolve(name, namespace) if name is not None else None
    if name is None or found is None:
        return None
    kind = kind_of(found.value, otherwise="variable")
    known = signature_of(found) if kind in ("function", "class") else None
    return Description(name, kind, signature_text(known) if known is not None else "", docs_of(found))


def docs_of(found: Member) -> str:
    """The docstring, with its indentation taken away: of an object that has none of its own, that of its class."""
    value = found.value
    if type(value) is MethodType or type(value) is classmethod or type(value) is staticmethod:
        value = value.__func__
    if type(value) in _ASKED:
        docs: object = value.__doc__
    elif issubclass(type(value), (type, ModuleType)):
        docs = members(value).get("__doc__", Member(None)).value
    else:
        docs = members(type(value)).get("__doc__", Member(None)).value
    return inspect.cleandoc(docs) if type(docs) is str else ""


_ASKED = (FunctionType, BuiltinFunctionType, MethodDescriptorType, WrapperDescriptorType, ClassMethodDescriptorType)
"""Types of the interpreter, whose `__doc__` nobody can have replaced by code."""
