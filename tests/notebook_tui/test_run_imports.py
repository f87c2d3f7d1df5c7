"""Which modules beside a notebook it imports, found by reading."""

from __future__ import annotations

from pathlib import Path

from notebook_tui.cli.run_imports import imported_beside
from tests.support.headless import written


def there(path: Path) -> set[str]:
    return {str(file.relative_to(path.parent)) for file in imported_beside(path) if file.exists()}


def test_modules_are_found_through_others_and_in_packages_relative_imports_too(tmp_path: Path) -> None:
    files = {
        "a.py": "def f():\n    import b",
        "b.py": "syntax error here",
        "p/__init__.py": "from . import c\nfrom .q import *",
        "p/c.py": "from .. import b",
        "p/q/__init__.py": "from ..d import x",
        "p/d.py": "import p.c, a",
        "p/unused.py": "",
        "unused.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    path = written(
        tmp_path / "test.livemd", "import os, json", "try:\n    import p.c as c\nexcept ImportError: ...", "("
    )
    assert there(path) == {"p/__init__.py", "p/c.py", "p/q/__init__.py", "p/d.py", "a.py", "b.py"}


def test_a_module_that_is_not_there_yet_is_named_all_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "test.livemd", "await something()\nfrom late import word")
    assert tmp_path / "late.py" in imported_beside(path)
    assert there(path) == set()


def test_what_is_no_notebook_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "test.livemd").write_bytes(b"\x00")
    assert imported_beside(tmp_path / "test.livemd") == frozenset()
