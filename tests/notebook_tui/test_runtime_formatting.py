"""A cell's text, formatted: it means the same, and shows or hides the same result."""

from __future__ import annotations

import ast
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notebook_tui.runtime import formatting
from notebook_tui.runtime.cell_code import semicolon_after
from notebook_tui.runtime.formatting import Formatted, NotFormatted, formatted


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x=1", "x = 1"),
        ("await  f( )", "await f()"),
        ("f( x ) ;", "f(x);"),
        ("f( x ) ; # why", "f(x);  # why"),
        ("f(\n  'a')  ;", 'f("a");'),
        ("x = 1 ;", "x = 1"),
        ("'é' ;", '"é";'),
        ("", ""),
        ("  \n", ""),
        ("# only a comment", "# only a comment"),
    ],
)
def test_a_text_is_formatted_and_its_last_semicolon_stays_where_it_hides_a_result(text: str, expected: str) -> None:
    assert formatted(text) == Formatted(expected)


def test_what_is_no_python_stays_and_the_line_is_told() -> None:
    found = formatted("x = 1\ny = (\n")
    assert isinstance(found, NotFormatted)
    assert (found.line, found.no_formatter) == (2, False)
    assert isinstance(formatted("x = '\0'"), NotFormatted)


def test_a_file_beside_the_notebook_that_is_called_like_the_formatter_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ruff", "black", "subprocess"):
        (tmp_path / f"{name}.py").write_text("open('was_run', 'w').close()\nprint('x = 2')\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert formatted("x=1") == Formatted("x = 1")
    assert not (tmp_path / "was_run").exists()


def test_without_a_formatter_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatting, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    found = formatted("x=1")
    assert isinstance(found, NotFormatted)
    assert found.no_formatter
    assert "install ruff" in found.message


def test_a_formatter_that_hangs_or_refuses_leaves_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_args: Any, **_keywords: Any) -> None:
        raise subprocess.TimeoutExpired("ruff", 10)

    monkeypatch.setattr(subprocess, "run", hangs)
    found = formatted("x=1")
    assert isinstance(found, NotFormatted)
    assert "timed out after 10 seconds" in found.message

    refused = subprocess.CompletedProcess([], 2, b"", b"error: Failed to parse cell.py:3:1: what is this\nmore")
    monkeypatch.setattr(subprocess, "run", lambda *args, **keywords: refused)
    assert formatted("x=1") == NotFormatted("error: Failed to parse cell.py:3:1: what is this", 3)


lines = st.sampled_from(
    ["x = 1", "f( 1,2 )", "'a'  ", "if x :\n  y", "x;", "def f( ): return  1", "# c", "", "(1\n)", "await g( )", ";"]
)
endings = st.sampled_from(["", " ;", ";  # c", "\n", "\n# c", ";\n\n"])


@settings(max_examples=15)
@given(st.lists(lines, max_size=4).map("\n".join), endings)
def test_what_is_formatted_means_the_same_and_is_formatted(body: str, ending: str) -> None:
    text = body + ending
    found = formatted(text)
    if isinstance(found, NotFormatted):
        assert _tree(text) is None
    else:
        before, after = _tree(text), _tree(found.source)
        assert before is not None
        assert after is not None
        assert ast.dump(before) == ast.dump(after)
        assert _shows_result(before, text) == _shows_result(after, found.source)
        assert formatted(found.source) == found


def _tree(source: str) -> ast.Module | None:
    try:
        return compile(source, "cell", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)  # type: ignore[no-any-return]
    except SyntaxError:
        return None


def _shows_result(tree: ast.Module, source: str) -> bool:
    last = tree.body[-1] if tree.body else None
    return isinstance(last, ast.Expr) and not semicolon_after(last, source)
