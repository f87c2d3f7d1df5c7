"""A cell's code in two pieces: its statements, and the expression that stands last and gives the result.

Both pieces bear the file name and the flags of the whole, so a function or class in them is the same code as in the
whole text: it is found by its place there and can travel.
"""

from __future__ import annotations
import __future__ as future

import ast
import warnings
from dataclasses import dataclass
from types import CodeType

_FUTURE_FLAGS = sum(getattr(future, name).compiler_flag for name in future.all_feature_names)


@dataclass(frozen=True, slots=True)
class CellCode:
    statements: CodeType
    expression: CodeType | None = None
    shown: bool = False
    """Whether the expression's value is to be shown: a `;` after it hides it."""


def split(whole: CodeType, source: str) -> CellCode:
    """The pieces of `source`, which compiled to `whole`.

    >>> code = split(compile("x = 20; x + 1", "cell", "exec"), "x = 20; x + 1")
    >>> namespace = {}
    >>> exec(code.statements, namespace)
    >>> eval(code.expression, namespace), code.shown
    (21, True)
    """
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | whole.co_flags & _FUTURE_FLAGS
    with warnings.catch_warnings():
        # Compiling the whole has warned of all that there is to warn of.
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        tree = compile(source, whole.co_filename, "exec", flags | ast.PyCF_ONLY_AST, dont_inherit=True)
        if not tree.body or not isinstance(last := tree.body[-1], ast.Expr):
            return CellCode(whole)
        statements = ast.Module(tree.body[:-1], [])
        return CellCode(
            compile(statements, whole.co_filename, "exec", flags, dont_inherit=True),
            compile(ast.Expression(last.value), whole.co_filename, "eval", flags, dont_inherit=True),
            shown=not semicolon_after(last, source),
        )


def semicolon_after(node: ast.Expr, source: str) -> bool:
    # Nothing but brackets, semicolons and comments can follow the last expression.
    assert node.end_lineno is not None
    lines = source.encode().replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[node.end_lineno - 1 :]
    lines[0] = lines[0][node.end_col_offset :]
    return any(b";" in line.partition(b"#")[0] for line in lines)
