"""What other nodes need here, and what is left of it when they are gone."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

import pytest

from beamlike.code.requirements import environments as module
from beamlike.code.requirements.errors import BadRequirements, CannotInstall
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.lock import Lock, Pin
from beamlike.code.requirements.store import KEPT_DAYS, Store
from tests.support.environments import (
    ALPHA,
    BETA,
    GAMMA,
    PATIENCE,
    WHEELS,
    A,
    B,
    C,
    Make,
    declared,
    lock_of,
    making_environments,
    names,
)
from tests.support.shelf import Shelf
from tests.support.wheels import Wheel


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(*WHEELS)


@pytest.fixture
def make(tmp_path: Path, shelf: Shelf) -> Iterator[Make]:
    with making_environments(tmp_path / "environments", shelf) as make:
        yield make


def test_a_lock_of_another_node_has_what_it_names_installed(make: Make, shelf: Shelf) -> None:
    environments = make()
    lock = lock_of(Pin(A, "1.0"), Pin("packaging", importlib.metadata.version("packaging")))
    future = environments.ensure(lock)
    assert environments.ensure(lock) is future
    assert future.result(PATIENCE) is None
    assert shelf.installed == [[f"{A} 1.0"]]
    assert importlib.import_module(ALPHA).VERSION == "1.0"
    assert environments.active() == [Lock.from_bytes(lock)]


def test_a_lock_whose_packages_are_here_is_ready_at_once(make: Make) -> None:
    assert make().ensure(lock_of(Pin("packaging", importlib.metadata.version("packaging")))).done()


def test_a_node_of_another_platform_resolves_for_itself_and_keeps_to_the_versions(make: Make, shelf: Shelf) -> None:
    environments = make()
    future = environments.ensure(lock_of(Pin(A, "1.0"), Pin("only-there", "1.0"), platform="cp399-cp399-other"))
    with pytest.raises(CannotInstall, match="only-there"):
        future.result(PATIENCE)
    environments.ensure(lock_of(Pin(A, "1.0"), platform="cp399-cp399-other")).result(PATIENCE)
    assert importlib.import_module(ALPHA).VERSION == "1.0"


def test_what_could_not_be_had_is_not_tried_for_each_term_but_later(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = make()
    lock = lock_of(Pin(A, "3.0"))
    failed = environments.ensure(lock)
    assert isinstance(failed.exception(PATIENCE), KeyError)  # the shelf has no such wheel
    assert environments.ensure(lock) is failed
    shelf.wheels[A, "3.0"] = Wheel(A, "3.0")
    monkeypatch.setattr(module, "AGAIN_AFTER", 0.0)
    environments.ensure(lock).result(PATIENCE)
    assert importlib.import_module(ALPHA).VERSION == "3.0"


def test_what_is_no_lock_is_an_error_of_the_terms_that_wait_for_it(make: Make) -> None:
    assert isinstance(make().ensure(b"{}").exception(PATIENCE), BadRequirements)


def test_two_interpreters_of_one_machine_share_what_one_installed(make: Make, shelf: Shelf) -> None:
    first, second = make(), make()
    lock = declared(first, B).to_bytes()
    first.close()
    second.ensure(lock).result(PATIENCE)
    assert len(shelf.installed) == 1
    assert importlib.import_module(BETA).VERSION == "1.0"


def test_who_starts_again_gets_what_was_there_before_without_planning(make: Make, shelf: Shelf) -> None:
    first = make()
    declared(first, A)
    first.close()
    shelf.wheels[A, "3.0"] = Wheel(A, "3.0")
    second = make()
    assert names(declared(second, A)) == [f"{A} 2.0"]
    second.close()
    assert (shelf.planned, len(shelf.installed)) == (1, 1)
    assert names(declared(make(), f"{A}>=1")) == [f"{A} 3.0"]


def test_a_plan_whose_environment_is_gone_is_made_anew(make: Make, shelf: Shelf, tmp_path: Path) -> None:
    first = make()
    declared(first, A)
    first.close()
    Store(tmp_path / "environments").sweep(now=time.time() + (KEPT_DAYS + 1) * 86_400)
    assert list((tmp_path / "environments").iterdir()) == []
    shelf.wheels[A, "3.0"] = Wheel(A, "3.0")
    assert names(declared(make(), A)) == [f"{A} 3.0"]


def test_a_plan_that_cannot_be_read_is_none(make: Make, shelf: Shelf, tmp_path: Path) -> None:
    for content in ("", "{}", "[1]", '[{"name": "a b", "version": "1", "url": null, "hashes": []}]'):
        environments = make()
        declared(environments, A)
        environments.close()
        (plan,) = (tmp_path / "environments").glob(".plan-*")
        plan.write_text(content)
    assert names(declared(make(), A)) == [f"{A} 2.0"]
    assert shelf.planned == 5


def test_closing_leaves_the_path_as_it_was_and_ends_work(make: Make, shelf: Shelf) -> None:
    before = list(sys.path)
    environments = make()
    declared(environments, A)
    assert len(sys.path) == len(before) + 1
    shelf.open.clear()
    future = environments.ensure(lock_of(Pin(C, "1.0")))
    environments.close()
    assert isinstance(future.exception(PATIENCE), CalledOff)
    assert sys.path == before
    assert environments.active() == []


def test_environments_are_left_when_the_last_connection_that_needs_any_is_over(make: Make, tmp_path: Path) -> None:
    environments, path = make(), list(sys.path)
    one, other = lock_of(Pin(A, "1.0")), lock_of(Pin(A, "1.0"), Pin(C, "1.0"))
    for lock in (one, other, other):
        environments.ensure(lock).result(PATIENCE)
        environments.keep(lock)
    importlib.import_module(GAMMA)
    environments.release(one)
    environments.release(other)
    assert importlib.import_module(ALPHA)  # the second environment counts on what the first one brought
    environments.release(other)
    assert sys.path == path
    assert not {ALPHA, GAMMA} & set(sys.modules)
    assert environments.active() == []
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(ALPHA)
    environments.ensure(one).result(PATIENCE)
    assert importlib.import_module(ALPHA)


def test_what_was_declared_here_stays_whoever_goes(make: Make) -> None:
    environments = make()
    own = declared(environments, A)
    lock = lock_of(Pin(C, "1.0"))
    environments.ensure(lock).result(PATIENCE)
    environments.keep(lock)
    environments.release(lock)
    assert importlib.import_module(ALPHA)
    assert environments.active() == [own]


def test_packages_that_come_when_nobody_needs_them_any_more_are_left_at_once(make: Make, shelf: Shelf) -> None:
    environments, path = make(), list(sys.path)
    lock = lock_of(Pin(A, "1.0"))
    shelf.open.clear()
    future = environments.ensure(lock)
    environments.keep(lock)
    environments.release(lock)
    shelf.open.set()
    future.result(PATIENCE)
    assert sys.path == path


def test_compiled_modules_stay_for_they_cannot_be_loaded_twice(make: Make) -> None:
    environments = make()
    declared(environments, A)
    module = importlib.import_module(ALPHA)
    assert module.__file__ is not None
    inner = ModuleType(f"{ALPHA}_inner")
    inner.__file__ = module.__file__.replace(".py", EXTENSION_SUFFIXES[0])
    sys.modules[inner.__name__] = inner
    try:
        environments.close()
        assert sys.modules[ALPHA] is module
    finally:
        del sys.modules[inner.__name__]
