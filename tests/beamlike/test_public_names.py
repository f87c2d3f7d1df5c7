"""The names of `beamlike`, which are imported when they are first used: the type checker, who uses one, and who asks
for all must see the same."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

import beamlike as bl


def seen_by_the_type_checker() -> Iterator[tuple[str, str, str]]:
    """The module, the name in it, and the name here."""
    tree = ast.parse(inspect.getsource(bl))
    [choice] = [it for it in tree.body if isinstance(it, ast.If)]
    for statement in choice.body:
        assert isinstance(statement, ast.ImportFrom)
        for it in statement.names:
            yield str(statement.module), it.name, it.asname or it.name


def printed_by(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(("module", "name", "public"), [*seen_by_the_type_checker()])
def test_a_name_is_what_the_type_checker_takes_it_for(module: str, name: str, public: str) -> None:
    home = __import__(module, fromlist=[name])
    assert getattr(bl, public) is getattr(home, name)


def test_all_names_are_listed_once() -> None:
    names = [public for _, _, public in seen_by_the_type_checker()]
    assert sorted(names) == sorted({*names}) == sorted(bl.__all__) == sorted(dir(bl))


def test_no_module_takes_the_place_of_a_name() -> None:
    modules = {it.name for it in pkgutil.iter_modules(bl.__path__)}
    assert [name for name in sorted(modules & set(bl.__all__)) if not inspect.ismodule(getattr(bl, name))] == []


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'beamlike' has no attribute 'Nodes'"):
        bl.Nodes  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Nodes'"):
        from beamlike import Nodes  # type: ignore[attr-defined]  # noqa: F401


def test_what_is_not_used_is_not_imported() -> None:
    assert printed_by("import sys, beamlike; print('beamlike.node' in sys.modules)") == "False"


def test_who_imports_all_has_all() -> None:
    program = "import beamlike; from beamlike import *; print([it for it in beamlike.__all__ if it not in globals()])"
    assert printed_by(program) == "[]"
