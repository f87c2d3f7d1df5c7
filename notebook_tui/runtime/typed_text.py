"""Parsing what is being typed, without a warning: that would be printed at every letter, into the cell that runs."""

from __future__ import annotations

import ast
import re
import warnings

NAME = "<what is being typed>"

# Once, and not around each call: another thread may be about its own filters.
warnings.filterwarnings("ignore", module=re.escape(NAME))


def statements(text: str) -> list[ast.stmt]:
    """
    >>> len(statements("x = 1; y = 2"))
    2
    """
    return ast.parse(text, NAME).body


def expression(text: str) -> ast.expr:
    """
    >>> ast.unparse(expression("'1'+x"))
    "'1' + x"
    """
    return ast.parse(text, NAME, mode="eval").body
