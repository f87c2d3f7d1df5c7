"""The doctests of what a cell defines, run when the cell has run: an example that is wrong is told at once.

They are found in the text, so each is known by its line in the cell, and run in a copy of the cell's names. Other than
`doctest` itself, which takes sys.stdout from everybody meanwhile, this hears what the examples print by their context;
and they may await.
"""

from __future__ import annotations

import ast
import inspect
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from doctest import IGNORE_EXCEPTION_DETAIL, SKIP, DocTestParser, Example, OutputChecker
from typing import Any, Final, TypeAlias

from beamlike.kernel import group_leader
from beamlike.kernel.record import frozen
from notebook_tui.runtime.outcome import Doctest

_SHOW: Final = "__doctest_show__"
_Defined: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_SIGN: Final = ">>>"
_ENOUGH: Final = 2_000
"""Characters that are shown of one difference."""


@frozen
class Docstring:
    name: str
    line: int
    examples: tuple[Example, ...] = ()
    trouble: str = ""
    """Why its examples cannot be read."""


def docstrings(source: str) -> list[Docstring]:
    """Those of a cell's functions, classes and methods that have examples.

    >>> [(found.name, found.line, len(found.examples)) for found in docstrings('''
    ... def f():
    ...     "\\\\n    >>> f()\\\\n    1\\\\n    "
    ... ''')]
    [('f', 3, 1)]
    """
    if _SIGN not in source:
        return []
    return list(_found(ast.parse(source, type_comments=False).body, ""))


def _found(body: list[ast.stmt], within: str) -> Iterator[Docstring]:
    for node in body:
        if isinstance(node, _Defined):
            name = f"{within}{node.name}"
            text = ast.get_docstring(node, clean=False)
            if text is not None and _SIGN in text:
                yield _read(name, node.body[0].lineno, text)
            if isinstance(node, ast.ClassDef):
                yield from _found(node.body, f"{name}.")


def _read(name: str, line: int, text: str) -> Docstring:
    try:
        return Docstring(name, line, tuple(DocTestParser().get_examples(text, name)))
    except ValueError as error:
        return Docstring(name, line, trouble=f"{error}\n")


async def run_doctests(source: str, names: dict[str, Any], flags: int = 0) -> tuple[Doctest, ...]:
    """How they went. Code of no cell has none: there is nobody who hears what it prints."""
    if group_leader.leader() is None or _SIGN not in source:
        return ()
    return tuple([await _run(docstring, dict(names), flags) for docstring in docstrings(source)])


async def _run(docstring: Docstring, names: dict[str, Any], flags: int) -> Doctest:
    heard: list[str] = []
    names[_SHOW] = lambda value: None if value is None else heard.append(f"{value!r}\n")
    for example in docstring.examples:
        options = sum(flag for flag, is_set in example.options.items() if is_set)
        if options & SKIP:
            continue
        heard.clear()
        error: BaseException | None = None
        try:
            with _hearing(heard):
                code = _compiled(example.source, f"<doctest {docstring.name}>", flags)
                value = eval(code, names)
                if code.co_flags & inspect.CO_COROUTINE:
                    await value
        except (Exception, SystemExit) as raised:
            error = raised
        trouble = _trouble(example, "".join(heard), error, options)
        if trouble is not None:
            # Lines of a docstring are lines of the cell, but for those that a backslash makes one.
            line = docstring.line + example.lineno
            return Doctest(docstring.name, line, len(docstring.examples), trouble)
    return Doctest(docstring.name, docstring.line, len(docstring.examples), docstring.trouble)


@contextmanager
def _hearing(heard: list[str]) -> Iterator[None]:
    leader, way = group_leader.leader(), group_leader.way()
    group_leader.set_leader(leader, _Ear(heard))
    try:
        yield
    finally:
        group_leader.set_leader(leader, way)


class _Ear:
    """The way of what is printed: into a list, but for errors."""

    def __init__(self, heard: list[str]) -> None:
        self._heard = heard

    def write(self, stream: str, text: str) -> None:
        reached = group_leader.reachable_leader()
        if stream == "stdout":
            self._heard.append(text)
        elif reached is not None:
            group_leader.outbox.put(*reached, stream, text)

    def flush(self) -> None:
        """Nothing is held back."""


def _compiled(source: str, filename: str, flags: int) -> Any:
    """What the interactive interpreter would run, with each value shown to `_SHOW`."""
    tree = _Shown().visit(compile(source, filename, "single", flags | ast.PyCF_ONLY_AST, dont_inherit=True))
    module = ast.fix_missing_locations(ast.Module(tree.body, []))
    return compile(module, filename, "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)


class _Shown(ast.NodeTransformer):
    def visit_Expr(self, node: ast.Expr) -> ast.Expr:
        return ast.Expr(ast.Call(ast.Name(_SHOW, ast.Load()), [node.value], []))

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _leave


def _trouble(example: Example, got: str, error: BaseException | None, options: int) -> str | None:
    """What is wrong, in words; None if nothing is."""
    checker = OutputChecker()
    if error is None:
        if example.exc_msg is None and checker.check_output(example.want, got, options):
            return None
        return _cut(_shown(example) + checker.output_difference(example, got, options))
    last = "".join(traceback.format_exception_only(error))
    if example.exc_msg is not None:
        if checker.check_output(example.exc_msg, last, options):
            return None
        if options & IGNORE_EXCEPTION_DETAIL and _kind(example.exc_msg) == _kind(last):
            return None
    return _cut(f"{_shown(example)}Expected:\n{_indented(example.want)}Got:\n{_indented(got + last)}")


def _kind(message: str) -> str:
    return message.partition("\n")[0].partition(":")[0].rpartition(".")[2]


def _shown(example: Example) -> str:
    return f"Failed example:\n{_indented(example.source)}"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines()) or "    (nothing)\n"


def _cut(text: str) -> str:
    return text if len(text) <= _ENOUGH else f"{text[:_ENOUGH]}…\n"
