"""Which modules are a node's own, and what it offers because it was told to."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import beamlike as bl
from beamlike.code.modules.offered import OFFERED, Offered
from beamlike.code.modules.own import OwnModules
from beamlike.code.modules.roots import Root

PEER, OTHER = "b@127.0.0.1", "c@127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """One that is on the path."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("own_"):
            del sys.modules[name]


def own() -> OwnModules:
    return OwnModules(Offered())


def test_own_are_files_that_are_neither_pythons_nor_installed(folder: Path) -> None:
    (folder / "own_helper.py").touch()
    (folder / "own_package").mkdir()
    (folder / "own_package" / "__init__.py").touch()
    (folder / "own_package" / "sub.py").touch()
    for name in ("own_helper", "own_package.sub"):
        importlib.import_module(name)
    names = ["own_helper", "own_package.sub", "json.decoder", "sys", "pytest", "msgpack", "beamlike.node", "__main__"]
    assert [own().has(name) for name in names] == [True, True, False, False, False, False, False, False]


def test_a_module_that_no_file_stands_behind_is_none() -> None:
    sys.modules["own_made_up"] = type(sys)("own_made_up")
    try:
        assert not own().has("own_made_up")
        assert not own().has("own_not_there")
    finally:
        del sys.modules["own_made_up"]


def test_one_that_is_not_loaded_yet_is_looked_for(folder: Path) -> None:
    modules = own()
    assert not modules.has("own_late")
    (folder / "own_late.py").touch()
    assert modules.has("own_late")


def test_one_that_was_loaded_from_a_place_on_no_path_is_given_too(tmp_path: Path) -> None:
    path = tmp_path / "own_elsewhere.py"
    path.touch()
    spec = importlib.util.spec_from_file_location("own_elsewhere", path)
    assert spec is not None
    modules = own()
    sys.modules["own_elsewhere"] = importlib.util.module_from_spec(spec)
    try:
        assert Root(str(tmp_path), "own_elsewhere") not in modules.roots(PEER)
        assert modules.has("own_elsewhere")
        assert Root(str(tmp_path), "own_elsewhere") in modules.roots(PEER)
    finally:
        del sys.modules["own_elsewhere"]


def test_roots_follow_the_path_and_the_working_directory(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules, other = own(), tmp_path_factory.mktemp("other")
    before = modules.roots(PEER)
    assert modules.roots(PEER) is before
    assert Root(str(folder)) in before
    monkeypatch.syspath_prepend(other)
    assert Root(str(other)) in modules.roots(PEER)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    for place in (folder, other):
        monkeypatch.chdir(place)
        assert modules.roots(PEER)[0] == Root(str(place))


# What is offered.


def test_a_folder_is_offered_until_it_is_withdrawn(tmp_path: Path) -> None:
    modules = OwnModules()
    with bl.offer(tmp_path) as offer:
        assert repr(offer) == f"<the offer of {tmp_path}>"
        assert modules.roots(PEER)[0] == modules.roots(OTHER)[0] == Root(str(tmp_path))
    assert Root(str(tmp_path)) not in modules.roots(PEER)
    offer.withdraw()
    assert OFFERED.all == ()


def test_what_is_offered_to_one_node_is_so_while_that_is_connected(tmp_path: Path) -> None:
    modules = OwnModules()
    with bl.offer(tmp_path, to=PEER):
        assert Root(str(tmp_path)) in modules.roots(PEER)
        assert Root(str(tmp_path)) not in modules.roots(OTHER)
        modules.forget(OTHER)
        assert Root(str(tmp_path)) in modules.roots(PEER)
        modules.forget(PEER)
        assert Root(str(tmp_path)) not in modules.roots(PEER)


def test_an_installed_package_that_is_offered_is_as_ones_own() -> None:
    modules = OwnModules()
    assert not modules.has("iniconfig")
    with bl.offer("iniconfig"):
        assert modules.has("iniconfig")
        [root] = [root for root in modules.roots(PEER) if root.only == "iniconfig"]
        assert (Path(root.directory) / "iniconfig").is_dir()
    assert not modules.has("iniconfig")


@pytest.mark.parametrize("what", ["own_not_there", "/no/such/folder", "not a name", "beamlike", "sys", "_cffi_backend"])
def test_what_cannot_be_offered_is_said_at_once(what: str) -> None:
    with pytest.raises(ValueError, match=r"^expected .* to offer, got "):
        bl.offer(what)
    assert OFFERED.all == ()
