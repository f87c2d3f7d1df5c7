"""What code of an interpreter declares: installed if it is missing, and remembered."""

from __future__ import annotations

import errno
import importlib
import json
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

import beamlike as bl
from beamlike.code.requirements.declaration import Requirements
from beamlike.code.requirements.errors import BadRequirements, CannotInstall, VersionConflict
from beamlike.code.requirements.failures import reason
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.progress import Step
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
    making_environments,
    names,
)
from tests.support.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(*WHEELS)


@pytest.fixture
def make(tmp_path: Path, shelf: Shelf) -> Iterator[Make]:
    with making_environments(tmp_path / "environments", shelf) as make:
        yield make


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
    assert f"{A} 1.0 has been imported (as `{ALPHA}`), and '{A}>=2' asks for 2.0: restart" in str(caught.value)
    assert len(shelf.installed) == 1
    assert environments.active() == [lock]


def test_a_conflict_deep_down_names_who_needs_it(make: Make, shelf: Shelf) -> None:
    environments = make()
    declared(environments, f"{A}>=2")
    importlib.import_module(ALPHA)
    shelf.wheels = {(B, "1.0"): WHEELS[2], (A, "1.0"): WHEELS[0]}
    with pytest.raises(VersionConflict, match=f"and {B} needs 1.0"):
        declared(environments, B)


PIP_EXCLUDES = f"""\
ERROR: Cannot install {A}<2 and {A}>=2 because these package versions have conflicting dependencies.
The conflict is caused by:
    The user requested {A}<2
    The user requested {A}>=2
ERROR: ResolutionImpossible: for help visit https://pip.pypa.io
"""


def test_of_requirements_that_exclude_each_other_it_is_said_who_wants_which(make: Make, shelf: Shelf) -> None:
    environments = make()
    declared(environments, f"{A}<2", "packaging", source="cell 1")
    declared(environments, "packaging>=20", source="cell 2")
    shelf.plans_fail_with = CannotInstall(f"{reason(PIP_EXCLUDES)}\npip said:\n{PIP_EXCLUDES}")
    with pytest.raises(CannotInstall) as caught:
        declared(environments, f"{ALPHA}>=2", source="cell 3")
    assert str(caught.value).splitlines()[0] == (
        f"the requirements exclude each other (cell 1 wants {A}<2; cell 3 wants {ALPHA}>=2): loosen one of them"
    )
    with pytest.raises(CannotInstall, match="exclude each other: loosen"):  # of one alone, its block says all
        declared(environments, f"{A}<2", f"{A}>=2", source="cell 1")


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


def test_errors_bear_the_name_by_which_they_are_caught() -> None:
    for kind in (bl.code.RequirementsError, BadRequirements, VersionConflict, CannotInstall):
        assert f"{kind.__module__}.{kind.__qualname__}" == f"beamlike.code.{kind.__name__}"
        assert type(pickle.loads(pickle.dumps(kind("no")))) is kind


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (PermissionError(errno.EACCES, "Permission denied", "/cache"), "/cache cannot be written"),
        (OSError(errno.EROFS, "Read-only file system", "/cache"), "/cache cannot be written"),
        (OSError(errno.EIO, "Input/output error", "/cache"), "Input/output error: '/cache'"),
    ],
)
def test_what_the_system_refuses_is_told_in_words(make: Make, shelf: Shelf, error: OSError, expected: str) -> None:
    shelf.breaks_with = error
    with pytest.raises(CannotInstall, match=expected):
        declared(make(), A)


def test_a_place_that_is_no_directory_is_named(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "environments").write_text("")
    with (
        making_environments(tmp_path / "environments", shelf) as make,
        pytest.raises(
            CannotInstall, match="environments cannot be written: packages are kept there; set XDG_CACHE_HOME"
        ),
    ):
        declared(make(), A)


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
