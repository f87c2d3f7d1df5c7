"""Modules that are edited while they are in use elsewhere: the next call has the new ones, what runs keeps the old."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from beamlike.code.codec import CodeCodec
from beamlike.code.modules.dependents import imports_of, standing_on
from beamlike.code.modules.origin import GivenFile
from beamlike.code.modules.stamps import doubtful, stamp_of
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


def test_an_edited_module_is_another_one_for_the_next_call(two: ModuleNodes) -> None:
    given(two, helper="def f(): return 1")
    old = imported("helper")
    given(two, helper="def f(): return 2")
    new = imported("helper")
    assert (old.f(), new.f()) == (1, 2)
    assert new is not old
    assert new.__file__ != old.__file__


def test_an_edit_of_the_same_size_right_after_is_seen_too(two: ModuleNodes) -> None:
    for number in range(10):
        given(two, helper=f"number = {number}")
        assert imported("helper").number == number


def test_what_has_not_changed_is_neither_told_nor_asked_for_again(two: ModuleNodes) -> None:
    given(two, helper="", other="")
    helper = imported("helper")
    (two.path / A / "helper.py").touch()
    ledger = two.ledger(A, B)
    assert two[A].news(ledger, B) is None
    given(two, other="x = 1")
    assert imported("helper") is helper
    assert two.questions == [(B, A)]


def test_a_module_that_somebody_kept_travels_by_its_name_and_is_the_new_one_there(two: ModuleNodes) -> None:
    given(two, helper="x = 1", other="y = 1")
    kept = imported("helper"), imported("other")
    given(two, helper="x = 2")
    codec = CodeCodec("doc@127.0.0.1")
    helper, other = codec.decode(codec.encode(kept).data, ())  # type: ignore[misc]
    assert (helper.x, other is kept[1]) == (2, True)


def test_a_change_is_told_once(two: ModuleNodes) -> None:
    given(two, helper="x = 1")
    imported("helper")
    given(two, helper="x = 2")
    assert two[A].news(two.ledger(A, B), B) is None, "nobody has asked for it since"


def test_modules_that_import_a_changed_one_are_made_anew_and_others_are_not(two: ModuleNodes) -> None:
    given(
        two,
        helper="x = 1",
        other="import helper\ny = helper.x",
        pkg__="",
        pkg__user="from other import y",
        pkg__lazy="state = []\ndef f():\n    import helper\n    return helper.x",
        aside="state = []",
    )
    assert imported("pkg.user").y == 1
    lazy, aside = imported("pkg.lazy"), imported("aside")
    given(two, helper="x = 2")
    assert imported("pkg.user").y == 2
    assert imported("pkg.lazy") is lazy, "its import is done anew by each call; its state need not go"
    assert lazy.f() == 2
    assert imported("aside") is aside


def test_a_package_that_changes_takes_its_modules_along(two: ModuleNodes) -> None:
    given(two, pkg__="x = 1", pkg__sub="", pkg__deep__="", pkg__deep__er="")
    old, sub = imported("pkg"), imported("pkg.sub")
    imported("pkg.deep.er")
    given(two, pkg__="x = 2")
    assert not [name for name in sys.modules if name.partition(".")[0] == "pkg"]
    assert imported("pkg.sub") is not sub
    assert sys.modules["pkg"].sub is sys.modules["pkg.sub"]
    assert (sys.modules["pkg"].x, old.x) == (2, 1)


def test_a_module_that_changes_is_taken_from_its_package(two: ModuleNodes) -> None:
    given(two, pkg__="state = []", pkg__sub="x = 1")
    package = imported("pkg")
    assert imported("pkg.sub").x == 1
    given(two, pkg__sub="x = 2")
    scope: dict[str, Any] = {}
    exec("from pkg import sub", scope)
    assert scope["sub"].x == 2
    assert imported("pkg") is package


def test_a_module_that_no_longer_compiles_shows_where(two: ModuleNodes) -> None:
    given(two, helper="x = 1")
    imported("helper")
    given(two, helper="x = 1\ndef broken(:\n")
    with pytest.raises(SyntaxError) as caught:
        imported("helper")
    assert str(caught.value.filename).startswith(f"<helper.py of {A} #")
    assert (caught.value.lineno, caught.value.text) == (2, "def broken(:\n")
    given(two, helper="x = 3")
    assert imported("helper").x == 3


def test_a_module_that_was_deleted_is_said_to_be_gone(two: ModuleNodes) -> None:
    given(two, pkg__="", pkg__sub="x = 1")
    imported("pkg.sub")
    (two.path / A / "pkg" / "sub.py").unlink()
    two.tell(A, B)
    with pytest.raises(ModuleNotFoundError, match=rf"'pkg.sub': not installed on {B}, and {A}, which was asked"):
        imported("pkg.sub")


def test_a_new_module_can_be_imported_at_once(two: ModuleNodes) -> None:
    given(two, pkg__="")
    imported("pkg")
    given(two, pkg__new="x = 1", fresh="y = 2")
    assert (imported("pkg.new").x, imported("fresh").y) == (1, 2)


def test_a_package_that_is_filled_little_by_little_is_found(two: ModuleNodes) -> None:
    (two.path / A / "pkg").mkdir()
    two.tell(A, B)
    given(two, pkg__="x = 1")
    scope: dict[str, Any] = {}
    exec("import pkg", scope)
    assert scope["pkg"].x == 1


def test_a_module_may_become_a_package_and_a_namespace_too(two: ModuleNodes) -> None:
    given(two, helper="x = 'module'", space__part="x = 1")
    assert (imported("helper").x, imported("space.part").x) == ("module", 1)
    (two.path / A / "helper.py").unlink()
    given(two, helper__="x = 'package'", space__="x = 'regular'")
    assert (imported("helper").x, imported("space").x) == ("package", "regular")


def test_a_change_that_overtakes_the_answer_is_not_lost(two: ModuleNodes) -> None:
    """The answer went by another way than the news, and was made before the file changed."""
    given(two, helper="x = 1")

    def edit_meanwhile() -> None:
        two.on_answer = None
        given(two, helper="x = 2")

    two.on_answer = edit_meanwhile
    assert imported("helper").x == 2


def test_a_module_that_is_being_loaded_is_dropped_once_it_is(two: ModuleNodes) -> None:
    given(two, helper="import sys\nsys.of_a_test()\nx = 1")

    def edit() -> None:
        sys.of_a_test = lambda: None  # type: ignore[attr-defined]
        changed = threading.Thread(target=given, args=(two,), kwargs={"helper": "x = 2"})
        changed.start()
        changed.join()

    sys.of_a_test = edit  # type: ignore[attr-defined]
    try:
        assert imported("helper").x == 1
        two[B].turn_to(A)
        assert imported("helper").x == 2
    finally:
        del sys.of_a_test  # type: ignore[attr-defined]


def test_what_a_node_holds_can_be_listed(two: ModuleNodes) -> None:
    given(two, helper="x = 1", other="")
    imported("helper")
    [held] = two[B].holdings()
    assert (held.module, held.origin, held.hash[:8]) == ("helper", A, str(sys.modules["helper"].__file__)[-9:-1])
    given(two, helper="x = 2")
    assert two[B].holdings() == []
    imported("helper")
    [newer] = two[B].holdings()
    assert newer.hash != held.hash
    assert newer.since > held.since


# Which modules stand on which.

SOURCE = b"""
import a, b.c as d
from e import f
from . import g
from ..h import i
if x:
    from j import *
try:
    import k
except ImportError:
    class L:
        import m
def n():
    import not_at_once
"""


def test_imports_are_those_that_loading_does() -> None:
    assert imports_of(SOURCE, "p.q.r", False) == {
        *("a", "b", "b.c", "e", "e.f", "p", "p.q", "p.q.g", "p.h", "p.h.i", "j", "j.*", "k", "m")
    }
    assert imports_of(b"from . import a", "p", True) == {"p", "p.a"}
    assert imports_of(b"def broken(:", "p", True) == imports_of(b"\xff", "p", True) == frozenset()


NAMES = st.sampled_from(["a", "b", "c", "a.x", "a.y", "b.x"])


@given_any(st.dictionaries(NAMES, st.frozensets(NAMES)), st.sets(NAMES))
def test_whatever_stands_on_what_is_gone_is_gone_and_nothing_else(
    imports: dict[str, frozenset[str]], changed: set[str]
) -> None:
    gone = standing_on(changed, imports)
    fallen = changed | gone
    assert gone <= imports.keys()
    assert changed & imports.keys() <= gone
    for name, used in imports.items():
        stands_on_one = bool(used & fallen) or any(name.startswith(f"{outer}.") for outer in fallen)
        assert (name in gone) == (name in changed or stands_on_one)


# Stamps.


def test_a_young_stamp_proves_nothing(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1")
    young = GivenFile("file", str(file), stamp_of(str(file)), b"")
    assert doubtful([young]) == [young]
    os.utime(file, ns=(0, 0))
    old = GivenFile("file", str(file), stamp_of(str(file)), b"")
    assert doubtful([young, old]) == [young]
    file.write_text("2")
    assert doubtful([old]) == [old]
    file.unlink()
    assert doubtful([old]) == [old]
    assert stamp_of(str(file)) is None
