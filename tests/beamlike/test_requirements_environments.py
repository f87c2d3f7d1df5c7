"""What an interpreter was asked for: by code of its own, and by other nodes."""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from threading import Event
from types import ModuleType

import pytest

from beamlike.code.codec import CodeCodec
from beamlike.code.requirements import environments as module
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.environments import Environments
from beamlike.code.requirements.errors import BadRequirements, CannotInstall, VersionConflict
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.lock import Lock, Pin
from beamlike.code.requirements.needs import NEEDS, Needs
from beamlike.code.requirements.progress import Step
from beamlike.code.requirements.store import KEPT_DAYS, Store
from beamlike.code.requirements.travel import PackagesHere, PackagesThere
from beamlike.code.uses import NOTHING, Image, Uses
from beamlike.distribution.terms_codec import NotYet
from tests.support.shelf import Shelf
from tests.support.wheels import Wheel

PATIENCE = 30.0
ALPHA, BETA, GAMMA = "alpha_of_test", "beta_of_test", "gamma_of_test"
# As packages are named, and their modules after them.
A, B, C = (name.replace("_", "-") for name in (ALPHA, BETA, GAMMA))
WHEELS = (
    Wheel(A, "1.0"),
    Wheel(A, "2.0"),
    Wheel(B, "1.0", (f"{A}<2; python_version > '3'", "packaging")),
    Wheel(C, "1.0", modules={f"{GAMMA}/__init__.py": "", "json.py": "", "run.pth": f"import {GAMMA}.never\n"}),
)


@pytest.fixture
def clean() -> Iterator[None]:
    path = list(sys.path)
    yield
    assert sys.path == path, "an environment was left on the path"
    for name in (ALPHA, BETA, GAMMA):
        sys.modules.pop(name, None)
    importlib.invalidate_caches()


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(*WHEELS)


@pytest.fixture
def make(clean: None, tmp_path: Path, shelf: Shelf) -> Iterator[Callable[..., Environments]]:
    made: list[Environments] = []

    def make(needs: Needs | None = None) -> Environments:
        made.append(Environments(tmp_path / "environments", lambda: shelf, needs))
        return made[-1]

    yield make
    shelf.open.set()
    for environments in made:
        environments.close()


def declared(environments: Environments, *dependencies: str, source: str = "a cell") -> Lock:
    return environments.declare(source, Requirements.of(dependencies)).result(PATIENCE)


def names(lock: Lock) -> list[str]:
    return [str(pin) for pin in lock.pins]


Make = Callable[..., Environments]
CODE = Uses(has_code=True)


# By code of its own.


def test_what_is_missing_is_installed_and_the_lock_names_all_that_is_needed(make: Make, shelf: Shelf) -> None:
    lock = declared(make(), B)
    assert shelf.installed == [[f"{A} 1.0", f"{B} 1.0"]] or shelf.installed == [[f"{B} 1.0", f"{A} 1.0"]]
    assert [name.split()[0] for name in names(lock)] == [A, B, "packaging"]
    assert importlib.import_module(BETA).VERSION == "1.0"


def test_what_is_here_already_is_declared_and_nothing_installed(make: Make, shelf: Shelf) -> None:
    lock = declared(make(), "packaging>=20", "beamlike")
    assert [name.split()[0] for name in names(lock)] == ["packaging"]
    assert shelf.installed == []


def test_a_second_declaration_adds_packages_to_an_interpreter_that_runs(make: Make, shelf: Shelf) -> None:
    environments = make()
    declared(environments, f"{A}<2")
    before = importlib.import_module(ALPHA)
    lock = declared(environments, C, source="another cell")
    assert shelf.installed[1:] == [[f"{C} 1.0"]]
    assert importlib.import_module(GAMMA)
    assert importlib.import_module(ALPHA) is before
    assert names(lock) == [f"{A} 1.0", f"{C} 1.0"]
    assert environments.active() == [lock]


def test_of_each_source_the_last_declaration_counts(make: Make) -> None:
    environments = make()
    declared(environments, f"{A}<2")
    assert names(declared(environments, f"{A}>=2")) == [f"{A} 2.0"]
    assert importlib.import_module(ALPHA).VERSION == "2.0"


def test_another_version_of_what_is_imported_is_refused_before_anything_is_installed(make: Make, shelf: Shelf) -> None:
    environments = make()
    lock = declared(environments, f"{A}<2")
    importlib.import_module(ALPHA)
    with pytest.raises(VersionConflict) as caught:
        declared(environments, f"{A}>=2")
    assert f"{A} 1.0 has been imported here (as `{ALPHA}`), and '{A}>=2' asks for 2.0: restart" in str(caught.value)
    assert len(shelf.installed) == 1
    assert environments.active() == [lock]


def test_a_conflict_deep_down_names_who_needs_it(make: Make, shelf: Shelf) -> None:
    environments = make()
    declared(environments, f"{A}>=2")
    importlib.import_module(ALPHA)
    shelf.wheels = {(B, "1.0"): WHEELS[2], (A, "1.0"): WHEELS[0]}
    with pytest.raises(VersionConflict, match=f"and {B} needs 1.0"):
        declared(environments, B)


def test_what_cannot_be_had_is_not_declared(make: Make) -> None:
    environments = make()
    with pytest.raises(CannotInstall, match="the shelf has no nonesuch"):
        declared(environments, "nonesuch")
    assert environments.active() == []
    assert names(declared(environments, A, source="another")) == [f"{A} 2.0"]


def test_the_standard_library_is_not_shadowed_and_pth_files_are_not_run(make: Make) -> None:
    declared(make(), C)
    importlib.import_module(GAMMA)
    assert f"{GAMMA}.never" not in sys.modules
    sys.modules.pop("json")
    try:
        assert "environments" not in str(importlib.import_module("json").__file__)
    finally:
        sys.modules["json"] = json


def test_requirements_for_another_python_are_refused_at_once(make: Make, shelf: Shelf) -> None:
    future = make().declare("a cell", Requirements.of([A], ">=99"))
    with pytest.raises(BadRequirements, match="expected a Python >=99"):
        future.result(PATIENCE)
    assert shelf.installed == []


def test_another_version_of_beamlike_itself_is_nothing_to_install(make: Make, shelf: Shelf) -> None:
    environments = make()
    assert names(declared(environments, "beamlike")) == []
    with pytest.raises(BadRequirements, match=r"expected beamlike>=999, this node runs beamlike"):
        declared(environments, "beamlike>=999")


def test_steps_are_told_from_resolving_to_ready(make: Make) -> None:
    steps: list[Step] = []
    make().declare("a cell", Requirements.of([A]), steps.append).result(PATIENCE)
    assert [step.doing for step in steps] == ["resolving", "downloading", "installing", "ready"]


def test_work_is_called_off(make: Make, shelf: Shelf) -> None:
    environments, stop = make(), Event()
    shelf.open.clear()
    future = environments.declare("a cell", Requirements.of([A]), lambda step: None, stop)
    stop.set()
    with pytest.raises(CalledOff):
        future.result(PATIENCE)
    shelf.open.set()
    assert names(declared(environments, A)) == [f"{A} 2.0"]


def test_what_somebody_else_installed_is_declared_without_installing(make: Make, shelf: Shelf) -> None:
    environments = make()
    assert environments.declare_installed("script.py", Requirements.of([A, "packaging"])) == (A,)
    assert environments.active() == []
    assert environments.declare_installed("script.py", Requirements.of(["packaging"])) == ()
    assert [pin.name for pin in environments.active()[0].pins] == ["packaging"]
    assert shelf.installed == []


# By other nodes.


def lock_of(*pins: Pin, platform: str | None = None) -> bytes:
    lock = Lock(Requirements.of([pin.name for pin in pins]), pins, module.platform_here())
    return replace(lock, platform=platform or lock.platform).to_bytes()


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


# On the way.


def test_terms_that_carry_code_or_name_a_module_of_theirs_need_the_packages(make: Make) -> None:
    needs = Needs()
    there = PackagesThere(needs)
    code, plain, named = Uses(has_code=True), Uses(modules={"json"}), Uses(modules={"json", f"{ALPHA}.inner"})
    assert there.marked(b"term", code) == b"term"
    declared(make(needs), B)
    for uses in (code, named, Uses(images=[Image(b"", code)]), Uses(images=[Image(b"", named)])):
        assert there.marked(b"term", uses) != b"term"
    for uses in (plain, Uses(images=[Image(b"", plain)]), NOTHING):
        assert there.marked(b"term", uses) == b"term"
        assert there.news(uses) == []


def test_a_lock_goes_ahead_once_and_a_new_one_again(make: Make) -> None:
    needs = Needs()
    there, environments = PackagesThere(needs), make(needs)
    declared(environments, A)
    assert len(there.news(CODE)) == 1
    assert there.news(CODE) == []
    declared(environments, C, source="another")
    assert len(there.news(CODE)) == 1


def test_a_marked_term_is_held_back_until_its_packages_are_there(make: Make, shelf: Shelf) -> None:
    needs = Needs()
    there, origin, environments = PackagesThere(needs), make(needs), make()
    declared(origin, A)
    origin.close()
    here = PackagesHere("b@127.0.0.1", environments)
    shelf.wheels[A, "2.0"] = Wheel(A, "2.0")
    needs.say([lock_of(Pin(C, "1.0"))], frozenset())
    shelf.open.clear()
    ((_, content),) = there.news(CODE)
    here.hear(content)
    marked = there.marked(b"\x80\x05term", CODE)
    with pytest.raises(NotYet) as caught:
        here.opened(marked)
    assert here.opened(b"\x80\x05plain") == b"\x80\x05plain"
    shelf.open.set()
    caught.value.ready.result(PATIENCE)
    assert here.opened(marked) == b"\x80\x05term"


def test_a_marked_term_whose_packages_cannot_be_had_fails_with_the_reason(make: Make) -> None:
    needs = Needs()
    needs.say([b"{}"], frozenset())
    there, here = PackagesThere(needs), PackagesHere("b@127.0.0.1", make())
    here.hear(there.news(CODE)[0][1])
    with pytest.raises(BadRequirements):
        here.opened(there.marked(b"term", CODE))


def test_a_node_that_hears_of_no_packages_reads_the_term_all_the_same(make: Make) -> None:
    needs = Needs()
    needs.say([b"a lock"], frozenset())
    assert PackagesHere("b@127.0.0.1", make()).opened(PackagesThere(needs).marked(b"term", CODE)) == b"term"


OPERATOR = """
class Operator:
    def __reduce__(self):
        return "add"

add = Operator()

class Thing:
    pass
"""


def test_whatever_goes_by_the_name_of_a_package_marks_its_term(make: Make, shelf: Shelf) -> None:
    shelf.wheels[A, "2.0"] = Wheel(A, "2.0", modules={f"{ALPHA}.py": OPERATOR})
    declared(make(NEEDS), A)
    alpha = importlib.import_module(ALPHA)
    for value in (alpha, alpha.add, alpha.Thing, alpha.Thing(), [alpha.Thing()], lambda: 1, {"f": alpha.Operator}):
        assert CodeCodec().encode(value).data[:1] == b"\xe5"
    for plain in ("a text", [1, 2.0], len, json.dumps, ValueError("no"), Pin(A, "1.0")):
        assert CodeCodec().encode(plain).data[:1] == b"\x80"
