"""Modules of another node, imported by name: all that an import statement and the import system can ask of them."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import linecache
import pickle
import pkgutil
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.module_nodes import ModuleNodes, module_nodes

A, B = "a@127.0.0.1", "b@127.0.0.1"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[ModuleNodes]:
    with module_nodes(tmp_path, A, B) as nodes:
        yield nodes


def imported(name: str) -> Any:
    return importlib.import_module(name)


def given(two: ModuleNodes, **files: str) -> None:
    """Files of A, and B told of them."""
    two.write(A, **files)
    two.tell(A, B)


def test_a_module_and_what_it_imports_come_from_where_they_are(two: ModuleNodes) -> None:
    given(two, helper="import other\ndef double(n): return other.times(n, 2)", other="def times(n, by): return n * by")
    assert imported("helper").double(21) == 42
    assert two.questions == [(B, A), (B, A)]


def test_a_package_comes_whole_in_one_answer(two: ModuleNodes) -> None:
    subs = {f"pkg__sub{number}": f"from . import tools\nvalue = tools.x + {number}" for number in range(20)}
    init = "\n".join(f"from .sub{number} import value as v{number}" for number in range(20))
    given(two, pkg__=init, pkg__tools="x = 100", pkg__deep__="", pkg__deep__er="from ..tools import x", **subs)
    assert imported("pkg").v19 == 119
    assert imported("pkg.deep.er").x == 100
    assert two.questions == [(B, A)]


STATEMENTS = {
    "import pkg": "pkg.name == 'pkg'",
    "import pkg.sub": "pkg.sub.name == 'pkg.sub'",
    "import pkg.sub as it": "it.name == 'pkg.sub'",
    "from pkg import sub": "sub.name == 'pkg.sub'",
    "from pkg import *": "sub.name == 'pkg.sub' and name == 'pkg'",
    "from pkg.deep.er import name": "name == 'pkg.deep.er'",
    "import pkg.deep.er": "pkg.deep.er.up.name == 'pkg.sub'",
    "from pkg.deep import aunt": "aunt.name == 'pkg.sub'",
    "import space.part": "space.part.name == 'space.part'",
    "from space import part": "part.name == 'space.part'",
    "import pkg.__main__ as it": "it.name == 'pkg.__main__'",
    "import circle": "circle.there.back is circle",
}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_form_of_import_works(two: ModuleNodes, statement: str) -> None:
    given(
        two,
        pkg__="__all__ = ['sub', 'name']\nname = __name__",
        pkg__sub="name = __name__",
        pkg__deep__="from .. import sub as aunt",
        pkg__deep__er="name = __name__\nfrom .. import sub as up",
        space__part="name = __name__",
        circle="from circle_two import there",
        circle_two="import sys\nclass there: back = sys.modules['circle']",
        **{"pkg/__main__.py": "name = __name__"},
    )
    scope: dict[str, Any] = {}
    exec(statement, scope)
    assert eval(STATEMENTS[statement], scope)


def test_import_module_with_a_relative_name_works(two: ModuleNodes) -> None:
    given(
        two, pkg__="import importlib\nplugin = importlib.import_module('.plugins.one', __name__)", pkg__plugins__one=""
    )
    assert imported("pkg").plugin.__name__ == "pkg.plugins.one"


def test_a_module_says_where_it_is_from(two: ModuleNodes) -> None:
    given(two, pkg__="", pkg__sub="def f(): return 1", space__part="")
    package, module = imported("pkg"), imported("pkg.sub")
    assert module.__file__.startswith("<pkg/sub.py of a@127.0.0.1 #")
    assert (module.__package__, module.__spec__.name, module.__spec__.parent) == ("pkg", "pkg.sub", "pkg")
    assert (package.__package__, package.__path__) == ("pkg", ["<pkg of a@127.0.0.1>"])
    assert package.__spec__.submodule_search_locations == package.__path__
    assert not hasattr(imported("space"), "__file__")
    loader = module.__spec__.loader
    assert loader.is_package("pkg.sub") is False
    assert loader.get_source("pkg.sub") == "def f(): return 1"
    assert loader.get_filename("pkg.sub") == module.__file__ == loader.get_code("pkg.sub").co_filename
    with pytest.raises(ImportError, match=r"expected the name 'pkg.sub', got 'pkg'"):
        loader.get_code("pkg")
    assert importlib.util.find_spec("pkg.sub") is module.__spec__


def test_tracebacks_and_inspect_show_its_source(two: ModuleNodes) -> None:
    given(two, helper="# one\n\ndef fail(x):\n    return 1 / (x - x)\n")
    helper = imported("helper")
    try:
        helper.fail(1)
    except ZeroDivisionError:
        text = traceback.format_exc()
    assert "<helper.py of a@127.0.0.1 #" in text
    assert "line 4, in fail\n    return 1 / (x - x)\n" in text
    assert inspect.getsource(helper.fail) == "def fail(x):\n    return 1 / (x - x)\n"
    assert inspect.getsource(helper).startswith("# one\n")
    linecache.checkcache()
    assert linecache.getline(helper.__file__, 3) == "def fail(x):\n"


def test_classes_of_it_travel_by_name(two: ModuleNodes) -> None:
    given(two, helper="import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int")
    point = imported("helper").Point(3)
    assert pickle.loads(pickle.dumps(point)) == point
    assert b"dataclass" not in pickle.dumps(point)


def test_a_source_may_be_of_any_encoding_and_line_ends(two: ModuleNodes) -> None:
    folder = two.path / A
    (folder / "latin.py").write_bytes("# coding: latin-1\r\nname = 'é'\r\n".encode("latin-1"))
    (folder / "marked.py").write_bytes(b"\xef\xbb\xbfname = '\xc3\xa9'")
    (folder / "wrong.py").write_bytes(b"name = '\xe9'")
    two.tell(A, B)
    assert imported("latin").name == imported("marked").name == "é"
    assert inspect.getsource(imported("latin")) == "# coding: latin-1\nname = 'é'\n"
    with pytest.raises(SyntaxError, match="utf-8"):
        imported("wrong")


def test_the_flags_of_this_package_are_not_those_of_a_module(two: ModuleNodes) -> None:
    given(two, helper="def f(x: int): ...")
    assert imported("helper").f.__annotations__ == {"x": int}


def test_modules_of_a_package_can_be_listed(two: ModuleNodes) -> None:
    given(two, pkg__="", pkg__one="", pkg__deep__="", pkg__deep__er="", pkg__loose__part="")
    package = imported("pkg")
    assert [(it.name, it.ispkg) for it in pkgutil.iter_modules(package.__path__)] == [("deep", True), ("one", False)]
    names = [it.name for it in pkgutil.walk_packages(package.__path__, "pkg.")]
    assert names == ["pkg.deep", "pkg.deep.er", "pkg.one"]


def test_a_module_that_fails_is_not_there_and_is_tried_anew(two: ModuleNodes) -> None:
    given(two, helper="import sys\nif not hasattr(sys, 'of_a_test'): raise RuntimeError('not yet')")
    with pytest.raises(RuntimeError, match="not yet"):
        imported("helper")
    assert "helper" not in sys.modules
    sys.of_a_test = True  # type: ignore[attr-defined]
    try:
        imported("helper")
    finally:
        del sys.of_a_test  # type: ignore[attr-defined]


# What is here wins.


def test_python_and_what_is_installed_are_never_shadowed(two: ModuleNodes) -> None:
    given(two, json="raise AssertionError", msgpack="raise AssertionError", this="raise AssertionError")
    for name in ("json", "msgpack", "this", "json.tool"):
        sys_module = sys.modules.pop(name, None)
        try:
            assert imported(name).__file__.endswith(".py")
        finally:
            restore(name, sys_module)
    assert two.questions == []


def restore(name: str, module: ModuleType | None) -> None:
    sys.modules.pop(name, None)
    if module is not None:
        sys.modules[name] = module


def test_files_of_the_node_itself_win(
    two: ModuleNodes, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path_factory.mktemp("own")
    (own / "helper_of_b.py").write_text("whose = 'b'")
    monkeypatch.syspath_prepend(own)
    given(two, helper_of_b="whose = 'a'", other="")
    assert imported("helper_of_b").whose == "b"
    del sys.modules["helper_of_b"]


def test_a_name_that_nobody_offers_costs_no_question(two: ModuleNodes) -> None:
    given(two, helper="")
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'nowhere'$"):
        imported("nowhere")
    assert importlib.util.find_spec("nowhere") is None
    assert two.questions == []


def test_whether_a_module_is_there_can_be_asked_without_an_error(two: ModuleNodes) -> None:
    given(two, pkg__="", pkg__sub="")
    assert importlib.util.find_spec("pkg.sub") is not None
    assert importlib.util.find_spec("pkg.not_there") is None
    assert "pkg.sub" not in sys.modules


def test_the_finder_is_last_and_only_where_something_is_offered(two: ModuleNodes) -> None:
    before = list(sys.meta_path)
    given(two, helper="")
    assert sys.meta_path[:-1] == before
    two.part(A, B)
    assert sys.meta_path == before


def test_a_node_that_accepts_no_code_hears_of_no_modules(tmp_path: Path) -> None:
    with module_nodes(tmp_path, A) as nodes:
        nodes.start(B, accepts=False)
        given(nodes, helper="")
        with pytest.raises(ModuleNotFoundError, match=r"^No module named 'helper'$"):
            imported("helper")
