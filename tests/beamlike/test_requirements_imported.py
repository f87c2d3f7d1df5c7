"""Which packages were imported in another version than the one that is wanted."""

from __future__ import annotations

import importlib
import io
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata as importlib_metadata
from pathlib import Path
from types import ModuleType

import pytest

from beamlike.code.requirements.here import find_installed, lacking, top_level_modules, write_metadata
from beamlike.code.requirements.imported import Clash, attributes_of, clashes
from beamlike.code.requirements.lock import Pin
from tests.support.wheels import Wheel

NAME, MODULE = "delta-of-test", "delta_of_test"
OLD, NEW = Pin(NAME, "1.0"), Pin(NAME, "2.0")

Install = Callable[[Wheel], Path]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    path, modules = list(sys.path), set(sys.modules)

    def install(wheel: Wheel) -> Path:
        directory = tmp_path / f"{wheel.name}-{wheel.version}"
        with zipfile.ZipFile(io.BytesIO(wheel.content())) as archive:
            archive.extractall(directory)
        sys.path.insert(0, str(directory))
        importlib.invalidate_caches()
        return directory

    yield install
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_what_is_installed_and_not_imported_is_no_clash(install: Install) -> None:
    install(Wheel(NAME, "1.0"))
    assert clashes([NEW], sys.modules) == []
    assert lacking([OLD, NEW]) == [NEW]


def test_what_is_imported_in_another_version_is_one_that_names_the_module(install: Install) -> None:
    install(Wheel(NAME, "1.0"))
    importlib.import_module(MODULE)
    assert clashes([NEW, Pin("other", "1.0")], sys.modules) == [Clash(NEW, "1.0", MODULE)]
    assert clashes([OLD], sys.modules) == []


def test_a_package_is_named_itself_and_not_a_module_within(install: Install) -> None:
    install(Wheel(NAME, "1.0", modules={f"{MODULE}/__init__.py": "", f"{MODULE}/inner.py": ""}))
    importlib.import_module(f"{MODULE}.inner")
    assert clashes([NEW], sys.modules)[0].module == MODULE


def test_of_a_namespace_only_what_was_imported_counts(install: Install) -> None:
    install(Wheel(NAME, "1.0", modules={"space_of_test/one.py": ""}))
    install(Wheel("other-of-test", "1.0", modules={"space_of_test/two.py": ""}))
    importlib.import_module("space_of_test.two")
    assert clashes([NEW], sys.modules) == []
    assert clashes([Pin("other-of-test", "2.0")], sys.modules)[0].module == "space_of_test.two"


def test_a_version_that_is_shadowed_by_now_but_imported_is_a_clash(install: Install) -> None:
    install(Wheel(NAME, "1.0"))
    importlib.import_module(MODULE)
    install(Wheel(NAME, "2.0"))
    assert clashes([Pin(NAME, "3.0")], sys.modules)[0].imported == "1.0"


def test_what_is_installed_as_editable_is_found_by_its_name(install: Install, tmp_path: Path) -> None:
    finder = "__editable___delta_finder.py"
    install(Wheel(NAME, "1.0", modules={"__editable__.delta.pth": f"import {finder[:-3]}", finder: ""}))
    (tmp_path / f"{MODULE}.py").write_text("")
    sys.path.insert(0, str(tmp_path))
    importlib.import_module(MODULE)
    assert clashes([NEW], sys.modules)[0].module == MODULE


def test_a_module_that_runs_code_when_it_is_asked_is_not_asked(install: Install) -> None:
    class Lazy(ModuleType):
        def __getattribute__(self, name: str) -> object:
            raise AssertionError(f"{name} was asked for")

    install(Wheel(NAME, "1.0"))
    assert clashes([NEW], {**sys.modules, "lazy": Lazy("lazy"), "odd": None}) == []  # type: ignore[dict-item]


def test_the_modules_of_a_package_are_known(install: Install) -> None:
    install(Wheel(NAME, "1.0", modules={"one_of_test.py": "", "two_of_test/a.py": "", "data/x.txt": ""}))
    assert top_level_modules(OLD) == {"one_of_test", "two_of_test"}
    assert top_level_modules(Pin("nothing-of-test", "1.0")) == frozenset()


def test_an_installer_is_shown_names_and_versions_and_no_code(install: Install, tmp_path: Path) -> None:
    install(Wheel(NAME, "1.0"))
    install(Wheel(NAME, "2.0"))
    here = tmp_path / "here"
    here.mkdir()
    write_metadata(here)
    assert [path.name for path in here.glob(f"{MODULE}*")] == [f"{MODULE}-2.0.dist-info"]
    assert list(here.rglob("*.py")) == []


def test_what_has_no_metadata_is_no_distribution_also_by_the_backport(monkeypatch: pytest.MonkeyPatch) -> None:
    class Remains(importlib_metadata.Distribution):
        def read_text(self, filename: str) -> None:
            return None

        def locate_file(self, path: object) -> Path:
            raise NotImplementedError

        @property
        def metadata(self) -> importlib_metadata.PackageMetadata:
            raise FileNotFoundError("No package metadata was found.")

    monkeypatch.setattr(importlib_metadata, "distribution", lambda _name: Remains())
    assert find_installed(NAME) is None


def test_the_remains_of_a_removal_are_no_distribution(install: Install, tmp_path: Path) -> None:
    directory = install(Wheel(NAME, "1.0"))
    (directory / f"{MODULE}-1.0.dist-info" / "METADATA").write_text("")
    (directory / f"{MODULE}-1.0.dist-info" / "RECORD").unlink()
    assert find_installed(NAME) is None
    assert clashes([Pin(NAME, "2.0")], sys.modules) == []
    here = tmp_path / "here"
    here.mkdir()
    write_metadata(here)


def test_what_stands_among_the_modules_and_is_none_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library(ModuleType):
        """As the libraries of cffi, which have no dict."""

        def __getattribute__(self, name: str) -> object:
            raise AttributeError(name)

    assert attributes_of(object()) == {}
    assert attributes_of(Library("library")) != {}
    assert attributes_of(ModuleType("module"))["__name__"] == "module"
