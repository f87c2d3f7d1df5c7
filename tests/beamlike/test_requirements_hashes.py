"""Packages of one name and version from two indexes: each project has those of its own."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from beamlike.code.requirements.errors import VersionConflict
from beamlike.code.requirements.hashes import NOTE, hashes_of
from beamlike.code.requirements.lock import Lock, Pin
from tests.support.environments import ALPHA, PATIENCE, A, Make, declared, lock_of, making_environments
from tests.support.shelf import Shelf
from tests.support.wheels import Wheel

OURS = Wheel(A, "1.0", modules={f"{ALPHA}.py": "INDEX = 'ours'\n"})
THEIRS = Wheel(A, "1.0", modules={f"{ALPHA}.py": "INDEX = 'theirs'\n"})


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(OURS)


@pytest.fixture
def make(tmp_path: Path, shelf: Shelf) -> Iterator[Make]:
    with making_environments(tmp_path / "environments", shelf) as make:
        yield make


def locked(make: Make, shelf: Shelf, wheel: Wheel, monkeypatch: pytest.MonkeyPatch) -> Lock:
    """As a project has it whose index offers that wheel."""
    shelf.wheels[A, "1.0"] = wheel
    monkeypatch.setenv("PIP_INDEX_URL", f"https://index/{wheel.content()!r:.20}{wheel is OURS}")
    environments = make()
    lock = declared(environments, A)
    environments.close()
    return lock


def index_here() -> str:
    importlib.invalidate_caches()
    index: str = importlib.import_module(ALPHA).INDEX
    return index


def test_what_a_project_once_came_to_is_not_recalled_for_one_with_another_index(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked(make, shelf, OURS, monkeypatch)
    lock = locked(make, shelf, THEIRS, monkeypatch)
    assert shelf.planned == 2
    make().ensure(lock.to_bytes()).result(PATIENCE)
    assert index_here() == "theirs"


def test_an_environment_made_of_another_file_is_not_taken(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = locked(make, shelf, THEIRS, monkeypatch)
    ours = locked(make, shelf, OURS, monkeypatch)
    shelf.wheels[A, "1.0"] = THEIRS
    make().ensure(theirs.to_bytes()).result(PATIENCE)
    assert index_here() == "theirs"
    assert ours.pins[0].hashes != theirs.pins[0].hashes
    assert len(shelf.installed) == 2


def test_another_file_of_a_version_that_is_here_is_installed_and_comes_first(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = locked(make, shelf, THEIRS, monkeypatch)
    environments = make()
    environments.ensure(locked(make, shelf, OURS, monkeypatch).to_bytes()).result(PATIENCE)
    environments.ensure(theirs.to_bytes()).result(PATIENCE)
    assert index_here() == "theirs"


def test_another_file_of_what_is_imported_is_refused_in_words(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = locked(make, shelf, THEIRS, monkeypatch)
    environments = make()
    environments.ensure(locked(make, shelf, OURS, monkeypatch).to_bytes()).result(PATIENCE)
    assert index_here() == "ours"
    with pytest.raises(VersionConflict, match=rf"{A} 1\.0 has been imported .* asks for a 1\.0 of another index"):
        environments.ensure(theirs.to_bytes()).result(PATIENCE)


def test_where_a_hash_is_not_known_the_version_counts(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    environments = make()
    environments.ensure(locked(make, shelf, OURS, monkeypatch).to_bytes()).result(PATIENCE)
    assert environments.ensure(lock_of(Pin(A, "1.0"))).done()


def test_on_another_platform_a_version_may_be_made_of_another_file(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    (pin,) = locked(make, shelf, THEIRS, monkeypatch).pins
    environments = make()
    environments.ensure(locked(make, shelf, OURS, monkeypatch).to_bytes()).result(PATIENCE)
    assert environments.ensure(lock_of(pin, platform="cp399-cp399-other")).done()


@pytest.mark.parametrize("damaged", ["", '{"a": ["sha25'])
def test_of_a_note_that_a_power_cut_has_spoilt_nothing_is_known(damaged: str, tmp_path: Path) -> None:
    (tmp_path / NOTE).write_text(damaged)
    (tmp_path / "a-1.dist-info").mkdir()
    (distribution,) = metadata.distributions(path=[str(tmp_path)])
    assert hashes_of("a", distribution) == ()


def test_a_lock_tells_the_hashes_whoever_installed_the_environment(
    make: Make, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = locked(make, shelf, OURS, monkeypatch)
    assert lock.pins[0].hashes
    assert locked(make, shelf, OURS, monkeypatch) == lock
    environments = make()
    environments.ensure(lock.to_bytes()).result(PATIENCE)
    assert declared(environments, A) == lock
    assert len(shelf.installed) == 1
