"""Module names to files: what is found, as Python would find it, and what is never read."""

from __future__ import annotations

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, FileFinder, SourceFileLoader
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import beamlike as bl
from beamlike.code.modules.files import (
    Compiled,
    Place,
    entries_of,
    find,
    folder_entries,
    modules_below,
    resource,
    stems,
    top_names,
)
from beamlike.code.modules.listings import Listings
from beamlike.code.modules.messages import Kind
from beamlike.code.modules.own import OwnModules
from beamlike.code.modules.roots import Root, installed_path, is_installed, own_roots, root_of_loaded


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"# {path}")


def label(roots: list[Path], name: str) -> str | None:
    found = find([Root(str(root)) for root in roots], name)
    return found.label if isinstance(found, Place) else None


def all_names(folder: Path) -> frozenset[str]:
    entries = entries_of(str(folder))
    return top_names(Root(str(folder)), entries, stems(entries))


def test_modules_packages_and_namespaces_are_found_by_their_names(tmp_path: Path) -> None:
    make(tmp_path, "one.py", "pkg/__init__.py", "pkg/sub.py", "pkg/deep/__init__.py", "space/part.py", "data/a.txt")
    names = ["one", "pkg", "pkg.sub", "pkg.deep", "space", "space.part", "data", "pkg.no", "one.sub", "two"]
    assert [label([tmp_path], name) for name in names] == [
        "one.py",
        "pkg/__init__.py",
        "pkg/sub.py",
        "pkg/deep/__init__.py",
        "space",
        "space/part.py",
        None,
        None,
        None,
        None,
    ]
    assert all_names(tmp_path) == {"one", "pkg", "space"}


LAYOUTS = st.lists(
    st.sampled_from(["m.py", "m/__init__.py", "m/n.py", "m/n/__init__.py", "m/n/o.py", "n.py"]), unique=True, max_size=5
)


@given(LAYOUTS, LAYOUTS, st.sampled_from(["m", "m.n", "m.n.o", "n", "n.m"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_the_module_that_python_would_import_is_found(
    tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str], name: str
) -> None:
    roots = [tmp_path_factory.mktemp("root") for _ in range(2)]
    make(roots[0], *one)
    make(roots[1], *other)
    found = find([Root(str(root)) for root in roots], name)
    expected = as_python_finds([str(root) for root in roots], name)
    if isinstance(found, Place) and found.kind is not Kind.NAMESPACE:
        assert found.path == expected
    else:
        assert expected is None


def as_python_finds(path: list[str], name: str) -> str | None:
    """The file of the module; None for a namespace as well."""
    search, origin = path, None
    for depth in range(name.count(".") + 1):
        prefix, namespace, origin = ".".join(name.split(".")[: depth + 1]), [], None
        for spec in filter(None, [FileFinder(it, (SourceFileLoader, [".py"])).find_spec(prefix) for it in search]):
            if spec.loader is not None:
                namespace, origin = spec.submodule_search_locations or [], spec.origin
                break
            namespace += spec.submodule_search_locations or []
        search = namespace
    return origin


def test_the_folder_where_python_would_find_a_package_decides(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    make(one, "pkg/__init__.py", "space/a.py")
    make(other, "pkg/sub.py", "pkg/__init__.py", "space/b.py", "late.py")
    assert label([one, other], "pkg.sub") is None
    assert label([one, other], "space.b") == "space/b.py"
    assert label([one, other], "late") == "late.py"


def test_compiled_code_is_told_from_nothing(tmp_path: Path) -> None:
    make(tmp_path, f"fast{EXTENSION_SUFFIXES[0]}", "old.pyc", f"pkg/__init__{EXTENSION_SUFFIXES[0]}", "both.py")
    make(tmp_path, f"both{EXTENSION_SUFFIXES[0]}")
    assert [isinstance(find([Root(str(tmp_path))], name), Compiled) for name in ("fast", "old", "pkg")] == [True] * 3
    assert label([tmp_path], "both") == "both.py"
    assert all_names(tmp_path) == {"fast", "old", "pkg", "both"}


NASTY = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["..", ".", "", "/etc", "secret", ".hidden", "link", "root", "pkg/../..", "__pycache__", "\0"]),
)


@given(st.lists(NASTY, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
def test_no_name_leads_out_of_a_root(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    outside, root = nasty_folders(tmp_path_factory)
    found = find([Root(str(root))], ".".join(parts))
    assert not isinstance(found, Place) or found.label.startswith("pkg")
    package = find([Root(str(root))], "pkg")
    assert isinstance(package, Place)
    path = resource(package, parts)
    assert path is None or os.path.realpath(path).startswith(str(root / "pkg"))
    assert (outside / "secret.py").exists()


def nasty_folders(factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A root with links that lead out of it, and hidden things; made once."""
    base = factory.getbasetemp() / "nasty"
    outside, root = base / "outside", base / "root"
    if not base.exists():
        make(outside, "secret.py", "secret/__init__.py")
        make(root, "pkg/__init__.py", "pkg/data.txt", "pkg/.hidden", ".hidden/__init__.py", "pkg/__pycache__/a.py")
        (root / "secret.py").symlink_to(outside / "secret.py")
        (root / "link").symlink_to(outside / "secret")
        (root / "pkg" / "link").symlink_to(outside)
        (root / "pkg" / "secret").symlink_to(outside / "secret.py")
    return outside, root


def test_links_out_of_a_root_hidden_files_and_pipes_are_not_there(tmp_path_factory: pytest.TempPathFactory) -> None:
    _, root = nasty_folders(tmp_path_factory)
    assert all_names(root) == {"pkg"}
    package = find([Root(str(root))], "pkg")
    assert isinstance(package, Place)
    assert resource(package, ["link", "secret.py"]) is None
    assert resource(package, ["secret"]) is None
    assert resource(package, [".hidden"]) is None
    assert [name for name, _ in folder_entries(package.directory)] == ["__init__.py", "data.txt", "link", "secret"]
    pipe = root / "pipe.py"
    if not pipe.exists():
        os.mkfifo(pipe)
    assert find([Root(str(root))], "pipe") is None


def test_names_are_those_of_the_folder_to_the_letter(tmp_path: Path) -> None:
    make(tmp_path, "Helper.py", "a-b.py", "__main__.py", "pkg/__init__.py", "pkg/__main__.py")
    assert all_names(tmp_path) == {"Helper", "pkg"}
    assert label([tmp_path], "helper") is None
    assert label([tmp_path], "pkg.__main__") == "pkg/__main__.py"


def test_the_modules_of_a_package_come_before_those_of_the_packages_in_it(tmp_path: Path) -> None:
    make(tmp_path, "pkg/__init__.py", "pkg/z.py", "pkg/in/x.py", "pkg/deep/__init__.py", "pkg/deep/a.py")
    make(tmp_path, "pkg/__main__.py", "pkg/loose/m.py")
    package = find([Root(str(tmp_path))], "pkg")
    assert isinstance(package, Place)
    assert [place.name for place in modules_below(package)] == ["pkg.deep", "pkg.z", "pkg.deep.a"]


# Roots.


def test_what_is_pythons_or_installed_is_nobodys_own(tmp_path: Path) -> None:
    installed = tmp_path / "lib" / "site-packages"
    installed.mkdir(parents=True)
    path = [str(tmp_path), *sys.path, str(installed), str(tmp_path / "missing"), os.path.dirname(sys.executable)]
    roots = [root.directory for root in own_roots(path)]
    assert roots[0] == str(tmp_path)
    assert not [root for root in roots if is_installed(root)]
    assert str(installed) not in roots
    assert is_installed(pytest.__file__)


def test_the_working_directory_is_one_where_it_is_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert own_roots([""]) == (Root(str(tmp_path)),)


def test_what_every_node_has_is_not_offered() -> None:
    home = Root(str(Path(bl.__file__).parents[1]))
    assert not all_names(Path(home.directory)) & {"beamlike", "nodes", "flame"}
    assert root_of_loaded("beamlike") is None


# Listings.


@given(st.lists(st.sampled_from(["m.py", "n.py", "n.txt", "m", "k", "data"]), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
def test_a_listing_is_that_of_the_folder_whatever_comes_and_goes(
    tmp_path_factory: pytest.TempPathFactory, history: list[str]
) -> None:
    """What is named a second time is taken away again."""
    aside, folder = tmp_path_factory.mktemp("aside"), tmp_path_factory.mktemp("root")
    make(aside, "m.py", "n.py", "n.txt", "m/__init__.py", "k/o.py", "data/table.csv")
    listings, roots = Listings(), (Root(str(folder)),)
    for name in history:
        here, there = folder / name, aside / name
        (here if here.exists() else there).rename(there if here.exists() else here)
        assert listings.names(roots, "peer") == all_names(folder)


def test_a_working_directory_that_was_removed_is_no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone, there = tmp_path / "gone", tmp_path / "there"
    gone.mkdir()
    there.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert own_roots(["", "relative", str(there)]) == (Root(str(there)),)
    assert installed_path(["", str(there)]) == []
    assert OwnModules(path=lambda: ["", str(there)]).roots("b@h") == (Root(str(there)),)
