"""A cell's text as ruff formats it, or black, whichever this interpreter has.

A `;` behind the last expression stays: it hides the result. Both take it away.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from typing import TypeAlias

from beamlike.kernel.record import frozen
from notebook_tui.runtime import typed_text
from notebook_tui.runtime.cell_code import semicolon_after

SECONDS = 10.0


@frozen
class Formatted:
    source: str


@frozen
class NotFormatted:
    """Why the text stays as it is."""

    message: str
    line: int | None = None
    """Of a syntax error."""
    no_formatter: bool = False
    """Another interpreter may have one."""


Formatting: TypeAlias = Formatted | NotFormatted


def formatted(source: str) -> Formatting:
    """
    >>> formatted("x  =  1 ;")
    Formatted(source='x = 1')
    >>> formatted("x = (")
    NotFormatted(message="'(' was never closed", line=1, no_formatter=False)
    """
    if not source.strip():
        return Formatted("")
    tree = _tree(source)
    if isinstance(tree, NotFormatted):
        return tree
    command = _command()
    if command is None:
        return NotFormatted("there is no formatter: install ruff (or black) where the runtime runs", no_formatter=True)
    try:
        done = subprocess.run(
            command, input=source.encode(), capture_output=True, timeout=SECONDS, check=False, start_new_session=True
        )
    except (subprocess.TimeoutExpired, OSError, UnicodeError) as error:
        return NotFormatted(f"{command[0]} could not format the cell: {error}")
    if done.returncode != 0:
        return _refused(command[0], done.stderr.decode(errors="replace"))
    text = done.stdout.decode().replace("\r\n", "\n").rstrip("\n")
    return Formatted(_with_semicolon(text) if _hides_result(tree, source) else text)


def _tree(source: str) -> ast.Module | NotFormatted:
    try:
        flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        tree: ast.Module = compile(source, typed_text.NAME, "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return NotFormatted(error.msg, error.lineno)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        return NotFormatted(f"the text cannot be compiled: {error}")
    return tree


def _command() -> list[str] | None:
    name = "cell.py"
    ruff = ["format", "--stdin-filename", name, "-"]
    black = ["--quiet", "--stdin-filename", name, "-"]
    for tool, arguments in (("ruff", ruff), ("black", black)):
        if find_spec(tool) is not None:
            # -P: a file of that name beside somebody else's notebook is not run for it.
            return [sys.executable, "-P", "-m", tool, *arguments]
        path = shutil.which(tool)
        if path is not None:
            return [path, *arguments]
    return None


def _refused(command: str, said: str) -> NotFormatted:
    line = re.search(r":(\d+):\d+: ", said) or re.search(r"Cannot parse.*?: (\d+):\d+", said)
    words = said.strip().splitlines()[0] if said.strip() else f"{command} failed and said nothing"
    return NotFormatted(words, int(line[1]) if line is not None else None)


def _hides_result(tree: ast.Module, source: str) -> bool:
    return bool(tree.body) and isinstance(tree.body[-1], ast.Expr) and semicolon_after(tree.body[-1], source)


def _with_semicolon(text: str) -> str:
    tree = _tree(text)
    if isinstance(tree, NotFormatted) or not tree.body:
        return text
    last = tree.body[-1]
    lines = text.encode().split(b"\n")
    assert last.end_lineno is not None
    line, column = last.end_lineno - 1, last.end_col_offset
    lines[line] = lines[line][:column] + b";" + lines[line][column:]
    return b"\n".join(lines).decode()
