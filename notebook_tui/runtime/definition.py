"""Where the name under the caret is defined: in the text around it, in a cell that ran, or in a file.

Code tells the file that it was compiled from, and the line; a class is looked for in that file, by its name. Nothing of
the user's is asked: no `__module__` that is computed, no loader.
"""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cached_property, partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from beamlike.code.sources import SOURCES
from notebook_tui.runtime.answers import Location
from notebook_tui.runtime.caret import MemberAt, ModuleAt, Word, caret, word_at
from notebook_tui.runtime.live import Member, declared, is_exactly, loaded_dict, members
from notebook_tui.runtime.static_analysis import StaticLocation, location_within_budget
from notebook_tui.runtime.text_names import text_names
from notebook_tui.runtime.visible import visible

MOST_TEXT = 1_000_000
"""Characters of a file that are sent along."""


def definition(
    source: str,
    offset: int,
    namespace: Mapping[str, object],
    static: StaticLocation = location_within_budget,
    *,
    above: str = "",
    hidden: Collection[str] = (),
    cells: Mapping[str, str] | None = None,
) -> Location | None:
    """Of a variable that lives, None: its value does not know who bound it.

    `cells` maps the names of cells' sources to the cells' ids; the rest is as for `complete`.

    >>> definition("def f(): ...\\nf()", 13, {}, lambda source, offset: None)
    Location(where='here', line=1, path='', text='')
    """
    word = word_at(source, offset)
    if word is None:
        return None
    text = f"{above}\n{source}" if above else source
    shift = len(text) - len(source)
    from_text = text_names(text, shift + word.end)
    bound = from_text.find(word.expression)
    in_text = None if bound is None else _in_text(text, bound.start, shift)
    if bound is not None and not bound.module:
        return in_text
    found = named_at(source, word, visible(namespace, hidden, from_text))
    location = location_of(found.value, cells or {}) if found is not None else None
    return location or _told(static(text, shift + word.start), text, shift) or in_text


def named_at(source: str, word: Word, names: Mapping[str, object]) -> Member | None:
    """What the word stands for: in an import, what is imported, if its module is loaded."""
    name = source[word.start : word.end]
    match caret(source, word.end):
        case ModuleAt(package):
            return _loaded(f"{package}.{name}" if package else name)
        case MemberAt(module):
            found = loaded_dict(module)
            return Member(found[name]) if name in found else _loaded(f"{module}.{name}")
        case _:
            return declared(word.expression, names)


def _loaded(module: str) -> Member | None:
    return Member(sys.modules[module]) if module in sys.modules else None


def location_of(value: object, cells: Mapping[str, str]) -> Location | None:
    """Where a live function, class or module comes from; None for anything else, and for what is written in C."""
    if issubclass(type(value), ModuleType):
        file = members(value).get("__file__", Member(None)).value
        return _in_file(file, 1) if type(file) is str and file.endswith(".py") else None
    if issubclass(type(value), type):
        return _of_class(value, cells)
    function = written_function(value)
    return _of_code(function.__code__, cells) if function is not None else None


def written_function(value: object) -> FunctionType | None:
    """The one that somebody wrote, under what wraps it.

    >>> written_function(partial(written_function, 1)) is written_function
    True
    """
    for _ in range(20):
        if type(value) is partial:
            value = value.func
        elif is_exactly(value, (MethodType, classmethod, staticmethod)):
            value = value.__func__  # type: ignore[attr-defined]
        elif type(value) is property:
            value = value.fget
        elif type(value) is cached_property:
            value = value.func
        elif type(value) is FunctionType:
            wrapped = value.__dict__.get("__wrapped__")
            if type(wrapped) is not FunctionType:
                return value
            value = wrapped
    return None


def _of_code(code: CodeType, cells: Mapping[str, str]) -> Location | None:
    known = SOURCES.find(code)
    if known is not None:
        source = known[0]
        return Location("cell", code.co_firstlineno, cells.get(source.name, ""), source.text[:MOST_TEXT])
    return _in_file(code.co_filename, code.co_firstlineno)


def _of_class(kind: Any, cells: Mapping[str, str]) -> Location | None:
    name: str = type.__dict__["__name__"].__get__(kind)
    attributes: Mapping[str, object] = type.__dict__["__dict__"].__get__(kind).copy()
    module = attributes.get("__module__")
    file = loaded_dict(module).get("__file__") if type(module) is str else None
    if type(file) is str:
        where = _in_file(file, 1)
    else:
        functions = [it for it in map(written_function, attributes.values()) if it is not None]
        places = (_of_code(it.__code__, cells) for it in functions if it.__module__ == module)
        where = next((it for it in places if it is not None), None)
    if where is None:
        return None
    found = re.search(rf"(?m)^[ \t]*class[ \t]+{re.escape(name)}\b", where.text)
    return replace(where, line=where.text.count("\n", 0, found.start()) + 1) if found is not None else None


def _in_file(path: str, line: int) -> Location | None:
    lines = linecache.getlines(path)
    return Location("file", line, path, "".join(lines)[:MOST_TEXT]) if lines else None


def _in_text(text: str, start: int, shift: int) -> Location:
    """`shift` is where in the text the source begins that asks; what stands in front of it is the cells' above."""
    if start < shift:
        return Location("above", text.count("\n", 0, start) + 1)
    return Location("here", text.count("\n", shift, start) + 1)


def _told(found: Location | None, text: str, shift: int) -> Location | None:
    """What jedi said of the whole text."""
    if found is None or found.where == "file":
        return found and (_in_file(found.path, found.line) or found)
    lines_above = text.count("\n", 0, shift)
    if found.line <= lines_above:
        return Location("above", found.line)
    return Location("here", found.line - lines_above)
