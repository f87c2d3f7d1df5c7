"""A cell's code in two pieces: its statements, and the expression that stands last and gives the result; and what its
text tells of the names that it deals with.

Both pieces bear the file name and the flags of the whole, so a function or class in them is the same code as in the
whole text: it is found by its place there and can travel.
"""

from __future__ import annotations
import __future__ as future

import ast
import warnings
from collections.abc import Iterable, Iterator
from types import CodeType

from beamlike.kernel.record import frozen

_FUTURE_FLAGS = sum(getattr(future, name).compiler_flag for name in future.all_feature_names)

_REACHES_ALL = frozenset(
    {"globals", "locals", "vars", "dir", "eval", "exec", "__dict__", "modules", "breakpoint", "set_trace", "interact"}
)
"""Who mentions one of these may mean any name."""


@frozen
class CellCode:
    statements: CodeType
    expression: CodeType | None = None
    shown: bool = False
    """Whether the expression's value is to be shown: a `;` after it hides it."""
    mentions: frozenset[str] | None = None
    """All names in its code, those of attributes too; None if it may reach any name."""
    binds: frozenset[str] = frozenset()
    """The names that are bound for certain once it got to its end."""
    future: int = 0
    """The flags of what it imports from `__future__`."""


def split(whole: CodeType, source: str) -> CellCode:
    """The pieces of `source`, which compiled to `whole`.

    >>> code = split(compile("x = 20; x + 1", "cell", "exec"), "x = 20; x + 1")
    >>> namespace = {}
    >>> exec(code.statements, namespace)
    >>> eval(code.expression, namespace), code.shown, code.binds
    (21, True, frozenset({'x'}))
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | whole.co_flags & _FUTURE_FLAGS
    with warnings.catch_warnings():
        # Compiling the whole has warned of all that there is to warn of.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = compile(source, whole.co_filename, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        names = frozenset(_names(whole))
        mentions = None if names & _REACHES_ALL or _imports_all(tree) else names
        binds, imported = frozenset(_bound(tree.body)), _imported_from_future(tree.body)
        if not tree.body or not isinstance(last := tree.body[-1], ast.Expr):
            return CellCode(whole, None, False, mentions, binds, imported)
        statements = ast.Module(tree.body[:-1], [])
        return CellCode(
            compile(statements, whole.co_filename, "exec", flags, dont_inherit=True),
            compile(ast.Expression(last.value), whole.co_filename, "eval", flags, dont_inherit=True),
            not semicolon_after(last, source),
            mentions,
            binds,
            imported,
        )


def semicolon_after(node: ast.Expr, source: str) -> bool:
    # Nothing but brackets, semicolons and comments can follow the last expression.
    assert node.end_lineno is not None
    lines = source.encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[node.end_lineno - 1 :]
    lines[0] = lines[0][node.end_col_offset :]
    return any(b";" in line.partition(b"#")[0] for line in lines)


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _imports_all(tree: ast.Module) -> bool:
    # It may stand at the top level only, but under any condition.
    return any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in _statements(tree.body))


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """These and those within them, but for the bodies of functions and classes."""
    for node in body:
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _statements(getattr(node, name, ()))
            for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _statements(handler.body)


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """What these statements bind that stand under no condition."""
    for node in body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Import(names) | ast.ImportFrom(names=names):
                yield from (alias.asname or alias.name.partition(".")[0] for alias in names if alias.name != "*")
            case ast.Assign(targets):
                for target in targets:
                    yield from _targets(target)
            case ast.AnnAssign(target, value=ast.expr()) | ast.AugAssign(target):
                yield from _targets(target)
            case ast.With(items) | ast.AsyncWith(items):
                for item in items:
                    yield from _targets(item.optional_vars)
            case ast.Try(body=within):
                # Whichever of several imports it was that succeeded.
                yield from _bound(inner for inner in within if isinstance(inner, ast.Import | ast.ImportFrom))


def _targets(target: ast.expr | None) -> Iterator[str]:
    match target:
        case ast.Name(name):
            yield name
        case ast.Tuple(parts) | ast.List(parts):
            for part in parts:
                yield from _targets(part)
        case ast.Starred(inner):
            yield from _targets(inner)


def _imported_from_future(body: Iterable[ast.stmt]) -> int:
    flags = 0
    for node in body:
        if isinstance(node, ast.ImportFrom) and node.module == "__future__":
            for alias in node.names:
                flags |= getattr(future, alias.name).compiler_flag
    return flags
