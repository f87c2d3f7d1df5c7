"""The files of a package of another node: `importlib.resources` and `pkgutil.get_data`."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from tests.support.module_nodes import module_nodes

A, B = "a@127.0.0.1", "b@127.0.0.1"


@pytest.fixture
def package(tmp_path: Path) -> Iterator[Path]:
    """The folder of the package `pkg` of A, of which B has been told."""
    with module_nodes(tmp_path, A, B) as nodes:
        nodes.write(A, pkg__="", pkg__sub__="", space__part="")
        folder = tmp_path / A / "pkg"
        (folder / "data").mkdir()
        (folder / "data" / "table.csv").write_bytes(b"a,b\r\n1,\xc3\xa9\r\n")
        (folder / "sub" / "words.txt").write_text("one\ntwo\n")
        (tmp_path / A / "space" / "loose.txt").write_text("loose")
        (tmp_path / A / "secret.txt").write_text("secret")
        nodes.tell(A, B)
        importlib.import_module("pkg.sub")
        yield folder


def test_files_are_read_by_importlib_resources(package: Path) -> None:
    table = resources.files("pkg") / "data" / "table.csv"
    assert table.read_bytes() == b"a,b\r\n1,\xc3\xa9\r\n"
    assert table.read_text() == "a,b\n1,é\n"
    with table.open(encoding="utf-8") as text, table.open("rb") as raw:
        assert (text.read(), raw.read()) == ("a,b\n1,é\n", table.read_bytes())
    assert (table.name, table.is_file(), table.is_dir()) == ("table.csv", True, False)
    assert resources.files(sys.modules["pkg.sub"]).joinpath("words.txt").read_text() == "one\ntwo\n"
    importlib.import_module("space")
    assert resources.files("space").joinpath("loose.txt").read_text() == "loose"


def test_folders_can_be_looked_through(package: Path) -> None:
    files = resources.files("pkg")
    assert sorted(it.name for it in files.iterdir()) == ["__init__.py", "data", "sub"]
    [table] = files.joinpath("data").iterdir()
    assert table == files / "data/table.csv" == files.joinpath("data", "table.csv")
    assert len({table, files / "data" / "." / "table.csv"}) == 1
    assert (files.is_dir(), files.is_file(), files.name) == (True, False, "pkg")


def test_a_file_can_be_had_as_a_real_one_for_as_long_as_it_is_needed(package: Path) -> None:
    with resources.as_file(resources.files("pkg") / "data" / "table.csv") as path:
        assert path.read_bytes().startswith(b"a,b")
    assert not path.exists()


def test_pkgutil_reads_them_too(package: Path) -> None:
    assert pkgutil.get_data("pkg", "data/table.csv") == (package / "data" / "table.csv").read_bytes()
    assert pkgutil.get_data("pkg.sub", "words.txt") == b"one\ntwo\n"
    with pytest.raises(FileNotFoundError, match=r"there is no ../secret.txt: its origin has no"):
        pkgutil.get_data("pkg", "../secret.txt")
    loader = sys.modules["pkg"].__spec__.loader  # type: ignore[union-attr]
    with pytest.raises(FileNotFoundError, match="expected a file in '<pkg' of a@"):
        loader.get_data("/etc/passwd")  # type: ignore[union-attr]


def test_what_is_read_is_what_is_there_now(package: Path) -> None:
    words = resources.files("pkg.sub") / "words.txt"
    assert words.read_text() == "one\ntwo\n"
    (package / "sub" / "words.txt").write_text("three\n")
    assert words.read_text() == "three\n"


@pytest.mark.parametrize(
    "path", ["missing.txt", "../secret.txt", "data/../../secret.txt", "/etc/passwd", ".hidden", "link"]
)
def test_what_is_not_in_the_package_is_not_there(package: Path, path: str) -> None:
    (package / ".hidden").write_text("hidden")
    (package / "link").symlink_to(package.parent / "secret.txt")
    (package / "link2").symlink_to("/etc")
    found = resources.files("pkg") / path
    assert (found.is_file(), found.is_dir()) == (False, False)
    with pytest.raises(FileNotFoundError, match=r"there is no .*: its origin has no"):
        found.read_bytes()
    assert not (resources.files("pkg") / "link2" / "passwd").is_file()


def test_mistakes_are_the_usual_errors(package: Path) -> None:
    files = resources.files("pkg")
    with pytest.raises(IsADirectoryError):
        (files / "data").read_bytes()
    with pytest.raises(NotADirectoryError):
        list((files / "data/table.csv").iterdir())
    with pytest.raises(ValueError, match="expected to read"):
        (files / "data/table.csv").open("w")  # type: ignore[call-overload]
    with pytest.raises(FileNotFoundError):
        list((files / "nowhere").iterdir())


def test_a_file_that_is_too_large_for_this_way_is_refused(package: Path) -> None:
    with open(package / "big", "wb") as big:
        big.truncate((16 << 20) + 1)
    with pytest.raises(OSError, match="of 16777217 bytes: at most 16777216 travel so; send it as a value"):
        (resources.files("pkg") / "big").read_bytes()


def test_a_module_that_is_no_package_has_none(package: Path) -> None:
    (package / "one.py").write_text("")
    one = importlib.import_module("pkg.one")
    assert one.__spec__.loader.get_resource_reader("pkg.one") is None  # type: ignore[union-attr]
