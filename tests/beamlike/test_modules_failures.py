"""Imports that fail say on which node, who was asked, and why; and connections that are over leave nothing behind."""

from __future__ import annotations

import importlib
import linecache
import pkgutil
import sys
import threading
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from beamlike.code.modules.messages import FindModule, Refused, decode_answer, encode_question
from tests.support.module_nodes import ModuleNodes, module_nodes, traces

A, B, C = "a@127.0.0.1", "b@127.0.0.1", "c@127.0.0.1"


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


def failure(statement: str, name: str) -> ImportError:
    """What becomes of a statement in a cell of a notebook, say, which imports `name`."""
    with pytest.raises(ImportError) as caught:
        exec(statement, {})
    assert caught.value.name == name
    assert caught.value.__context__ is None
    return caught.value


def test_code_that_stands_in_no_file_hears_why_there_is_no_such_module(two: ModuleNodes) -> None:
    given(two, helper="")
    error = failure("import helper2", "helper2")
    assert isinstance(error, ModuleNotFoundError)
    assert str(error) == (
        f"No module named 'helper2': not installed on {B}, and {A}, which was asked, "
        f"has no such module beside its script or notebook ({two.path / A}): "
        "declare the package that it is part of in a `# /// script` block, or put the module there"
    )


def test_code_of_another_node_hears_it_too_and_may_go_on_without(two: ModuleNodes) -> None:
    given(two, helper="try:\n    import fast\nexcept ImportError as error:\n    why = str(error)", other="import fast")
    assert f"{A}, which was asked, has no such module" in imported("helper").why
    with pytest.raises(ModuleNotFoundError, match="which was asked"):
        imported("other")


def test_what_its_origin_has_installed_is_said_to_be(two: ModuleNodes) -> None:
    given(two, helper="")
    # Both are one interpreter here: the other finders do not look for a moment, as if it were not installed.
    sys.meta_path[:], finders = sys.meta_path[-1:], sys.meta_path[:]
    cached = sys.modules.pop("iniconfig")
    try:
        error = failure("import iniconfig", "iniconfig")
    finally:
        sys.meta_path[:] = finders
        sys.modules["iniconfig"] = cached
    assert str(error).endswith(
        f"{A}, which was asked, has it installed: declare what it is part of as a requirement, or install it there"
    )


def test_a_module_that_a_package_does_not_have(two: ModuleNodes) -> None:
    given(two, pkg__="")
    assert "has no such module in its 'pkg'" in str(failure("import pkg.sub", "pkg.sub"))
    assert "cannot import name 'sub' from 'pkg'" in str(failure("from pkg import sub", "pkg"))


def test_compiled_code_is_refused_in_words(two: ModuleNodes) -> None:
    name = f"fast{EXTENSION_SUFFIXES[0]}"
    given(two, pkg__="", **{f"pkg/{name}": "\x7fELF"})
    assert str(failure("import pkg.fast", "pkg.fast")) == (
        f"the module 'pkg.fast' of {A} cannot be imported on {B}: it is compiled code ({name} on {A}): install it there"
    )


def test_a_file_that_cannot_be_read_or_is_too_large(two: ModuleNodes) -> None:
    given(two, helper="x = 1", big="")
    (two.path / A / "big.py").write_text("#" * (17 << 20))
    assert "has 17825792 bytes, and a module of at most 16777216 travels" in str(failure("import big", "big"))
    (two.path / A / "helper.py").chmod(0)
    if not readable(two.path / A / "helper.py"):
        assert f"cannot be read on {A}" in str(failure("import helper", "helper"))


def readable(path: Path) -> bool:
    try:
        path.read_bytes()
    except PermissionError:
        return False
    return True  # to the superuser


def test_an_origin_that_does_not_answer(two: ModuleNodes) -> None:
    given(two, helper="")
    two.silent.add(A)
    error = failure("import helper", "helper")
    assert not isinstance(error, ModuleNotFoundError)
    assert str(error) == (
        f"the module 'helper' of {A} cannot be imported on {B}: "
        f"it cannot be had of {A}: expected an answer of {A} within 10 s, got none"
    )
    two.silent.clear()
    assert imported("helper")


def test_a_name_of_no_sensible_size_is_not_even_asked_for(two: ModuleNodes) -> None:
    given(two, pkg__="")
    name = f"pkg.{'a' * 5000}"
    assert "cannot be had of" in str(failure(f"import {name}", name))


def test_an_origin_that_is_not_connected_any_more(two: ModuleNodes) -> None:
    given(two, pkg__="def f():\n    from . import sub\n    import helper\n", pkg__sub="")
    f = imported("pkg").f
    two.start(C)
    two.write(C, other="")
    two.tell(C, B)
    two.part(A, B)
    with pytest.raises(ImportError) as caught:
        f()
    assert str(caught.value) == (
        f"No module named 'pkg': not installed on {B}, and {A}, whose code imports it, is not connected"
    )


# What may be asked.


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../secret", "/etc/passwd", "pkg.", ".pkg", "pkg..sub", "a" * 999, "\0"]
)
def test_a_name_that_is_none_is_not_found_and_harms_nobody(two: ModuleNodes, name: str) -> None:
    given(two, pkg__="")
    answers: list[bytes] = []
    two[A].answer(B, encode_question(FindModule(A, name)), answers.append)
    assert "has no such module" in decode_answer(answers[0]).reason  # type: ignore[union-attr]


@pytest.mark.parametrize("question", [b"", b"\xc1", b"\x90", b"\x93\x09\x00\x00"])
def test_a_question_that_is_none_is_answered(
    two: ModuleNodes, question: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[bytes] = []
    two[A].answer(B, question, answers.append)
    assert isinstance(decode_answer(answers[0]), Refused)
    assert "could not answer" in caplog.text


def test_what_is_not_offered_is_not_given(two: ModuleNodes) -> None:
    """Not even where it lies on the path of the node that is asked."""
    given(two, helper="")
    answers: list[bytes] = []
    for name in ("tests.support.module_nodes", "beamlike.node", "json", "msgpack"):
        two[A].answer(B, encode_question(FindModule(A, name)), answers.append)
    assert not [answer for answer in answers if b"import" in answer]


# Parting.


def test_nothing_of_a_node_is_left_when_the_connection_to_it_is_over(two: ModuleNodes) -> None:
    before = traces()
    given(two, helper="import pkg.sub\ndef f(): return 1", pkg__="", pkg__sub="", space__part="")
    helper = imported("helper")
    imported("space.part")
    assert [module.name for module in pkgutil.walk_packages(sys.modules["pkg"].__path__)] == ["sub"]
    given(two, helper="import pkg.sub\ndef f(): return 2")
    imported("helper")
    assert len(traces()["lines"]) - len(before["lines"]) == 5  # type: ignore[arg-type]
    two.part(A, B)
    assert traces() == before
    assert two[B].holdings() == []
    assert helper.f() == 1
    two.tell(A, B)
    assert imported("helper").f() == 2


def test_a_package_that_failed_while_it_was_loaded_leaves_nothing_either(two: ModuleNodes) -> None:
    before = traces()
    given(two, pkg__="from . import missing")
    with pytest.raises(ImportError):
        imported("pkg")
    two.part(A, B)
    assert traces() == before


def test_a_module_that_was_reloaded_goes_as_well(two: ModuleNodes) -> None:
    before = traces()
    given(two, helper="x = []")
    helper = imported("helper")
    value = helper.x
    assert importlib.reload(helper) is helper
    assert helper.x is not value
    given(two, helper="x = 2")
    assert imported("helper").x == 2
    importlib.reload(sys.modules["helper"])
    two.part(A, B)
    assert traces() == before


def test_the_lines_of_a_version_go_with_the_last_that_runs_it(two: ModuleNodes) -> None:
    given(two, helper="x = 1")
    name = imported("helper").__file__
    f = imported("helper").__dict__.setdefault
    given(two, helper="x = 2")
    assert name in linecache.cache
    del f
    assert name not in linecache.cache


def test_what_one_node_gave_stays_when_another_goes(two: ModuleNodes) -> None:
    two.start(C)
    two.write(C, other="x = 1")
    two.tell(C, B)
    given(two, helper="")
    other = imported("other")
    imported("helper")
    two.part(A, B)
    assert imported("other") is other
    assert "helper" not in sys.modules


def test_two_threads_that_import_at_once_get_one_module(two: ModuleNodes) -> None:
    given(two, pkg__="from . import sub", pkg__sub="import time\ntime.sleep(0.01)", helper="import pkg")
    got: list[Any] = []
    threads = [threading.Thread(target=lambda: got.append(imported("pkg.sub"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [sys.modules["pkg.sub"]] * 8
