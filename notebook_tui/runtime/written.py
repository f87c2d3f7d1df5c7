"""Functions and classes as a text defines them that has not run: their signatures and documentation, told at once.

jedi tells more, such as what is inherited or decorated, and later.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import Parameter, Signature
from textwrap import dedent
from typing import Literal

from beamlike.kernel.record import frozen
from notebook_tui.runtime import typed_text
from notebook_tui.runtime.text_names import Bound

MOST_HEADER = 20
"""Lines from `def` to the colon."""


@frozen
class Written:
    kind: Literal["function", "class"]
    signature: Signature | None
    """As a caller sees it; None of a class that may inherit it."""
    docs: str


def written(source: str, bound: Bound | None) -> Written | None:
    """What the text binds there, if it is a function or a class.

    >>> found = written("def greet(name, *, loud=False):\\n    'Says hello.'", Bound("function", 4))
    >>> found.signature, found.docs
    (<Signature (name, *, loud=False)>, 'Says hello.')
    """
    if bound is None or bound.module or bound.kind not in ("function", "class"):
        return None
    match _definition(source, bound.start):
        case ast.FunctionDef() | ast.AsyncFunctionDef() as node:
            return Written("function", _signature(node.args), ast.get_docstring(node) or "")
        case ast.ClassDef() as node:
            return Written("class", _of_class(node), ast.get_docstring(node) or "")
        case _:
            return None


def _definition(source: str, start: int) -> ast.stmt | None:
    """The statement whose first line holds `start`; without its body, if that cannot be read."""
    lines = source[source.rfind("\n", 0, start) + 1 :].splitlines()
    for text in _readings(lines):
        try:
            return typed_text.statements(dedent(text))[0]
        except (SyntaxError, ValueError, RecursionError, MemoryError, IndexError):
            continue
    return None


def _readings(lines: list[str]) -> Iterator[str]:
    yield "\n".join(lines[: _block(lines)])
    for count in range(1, min(MOST_HEADER, len(lines)) + 1):
        header = "\n".join(lines[:count]).rstrip()
        if header.endswith(":"):
            yield f"{header} ..."


def _block(lines: list[str]) -> int:
    """How many lines belong to the statement that the first one begins: what is indented further, closing brackets."""
    column = len(lines[0]) - len(lines[0].lstrip())
    for number, line in enumerate(lines[1:], 1):
        rest = line.lstrip()
        if rest and len(line) - len(rest) <= column and rest[0] not in ")]}#":
            return number
    return len(lines)


def _of_class(node: ast.ClassDef) -> Signature | None:
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            parameters = list(_signature(statement.args).parameters.values())
            return Signature(parameters[1:])
    return Signature() if not (node.bases or node.keywords or node.decorator_list) else None


def _signature(arguments: ast.arguments) -> Signature:
    places = [*arguments.posonlyargs, *arguments.args]
    without = len(places) - len(arguments.defaults)
    found = []
    for place, it in enumerate(places):
        kind = Parameter.POSITIONAL_ONLY if place < len(arguments.posonlyargs) else Parameter.POSITIONAL_OR_KEYWORD
        default = arguments.defaults[place - without] if place >= without else None
        found.append(Parameter(it.arg, kind, default=_default(default)))
    if arguments.vararg is not None:
        found.append(Parameter(arguments.vararg.arg, Parameter.VAR_POSITIONAL))
    for it, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        found.append(Parameter(it.arg, Parameter.KEYWORD_ONLY, default=_default(default)))
    if arguments.kwarg is not None:
        found.append(Parameter(arguments.kwarg.arg, Parameter.VAR_KEYWORD))
    return Signature(found)


def _default(node: ast.expr | None) -> object:
    """A constant is itself; of anything else, only that there is one."""
    if node is None:
        return Parameter.empty
    return node.value if isinstance(node, ast.Constant) else node
