"""Files that belong to a notebook: beside it, named in it, and never anywhere else."""

from __future__ import annotations

from pathlib import Path

import pytest

from notebook_tui.document.apply import apply
from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Arrange
from notebook_tui.document.state import State
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.session.attachments import NoAttachment, add, names_in, path_of, remove, rename
from tests.support.journaled_program import BEGIN


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "notebook" / "test.livemd"


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    (tmp_path / "notebook").mkdir()
    cats = tmp_path / "cats.csv"
    cats.write_text("name\n")
    return cats


def after(notebook: Notebook, operation: Arrange) -> Notebook:
    state, _ = apply(State(notebook), operation)
    return state.notebook


def test_an_attachment_is_copied_beside_the_notebook_and_named_in_it(path: Path, cats: Path) -> None:
    begin, _ = read(BEGIN)
    notebook = after(begin, add(begin, path, cats))
    assert names_in(notebook) == ("cats.csv",)
    assert path_of(path, "cats.csv").read_text() == "name\n"
    again, warnings = read(write(notebook))
    assert (names_in(again), warnings) == (("cats.csv",), ())
    assert [cell.source for cell in notebook.cells()] == [cell.source for cell in begin.cells()]


def test_one_of_the_same_name_is_replaced(path: Path, cats: Path) -> None:
    notebook = after(Notebook(), add(Notebook(), path, cats))
    cats.write_text("name,age\n")
    notebook = after(notebook, add(notebook, path, cats))
    assert names_in(notebook) == ("cats.csv",)
    assert path_of(path, "cats.csv").read_text() == "name,age\n"


def test_an_attachment_that_lies_there_already_stays_as_it_is(path: Path, cats: Path) -> None:
    notebook = after(Notebook(), add(Notebook(), path, cats))
    notebook = after(notebook, add(notebook, path, path_of(path, "cats.csv")))
    assert path_of(path, "cats.csv").read_text() == "name\n"


def test_it_is_renamed_and_removed_with_its_file(path: Path, cats: Path) -> None:
    notebook = after(Notebook(), add(Notebook(), path, cats))
    notebook = after(notebook, rename(notebook, path, "cats.csv", "dogs.csv"))
    assert names_in(notebook) == ("dogs.csv",)
    assert not path_of(path, "cats.csv").exists()
    assert path_of(path, "dogs.csv").exists()
    notebook = after(notebook, remove(notebook, path, "dogs.csv"))
    assert names_in(notebook) == ()
    assert not path_of(path, "dogs.csv").exists()


def test_a_rename_overwrites_nothing(path: Path, cats: Path) -> None:
    notebook = after(Notebook(), add(Notebook(), path, cats))
    path_of(path, "dogs.csv").write_text("somebody's\n")
    with pytest.raises(NoAttachment, match=r"there is a file 'dogs\.csv' already"):
        rename(notebook, path, "cats.csv", "dogs.csv")
    assert path_of(path, "dogs.csv").read_text() == "somebody's\n"


@pytest.mark.parametrize("name", ["../secret.txt", "foo/bar.png", "..", "", "document", "/etc/passwd", "a\x00.csv"])
def test_ac08_a_name_that_leads_elsewhere_is_refused(path: Path, cats: Path, name: str) -> None:
    with pytest.raises(NoAttachment, match="expected the name of a plain file with an extension"):
        path_of(path, name)
    if name:
        with pytest.raises(NoAttachment):
            add(Notebook(), path, cats, name)


def test_what_is_not_there_is_refused_with_what_is(path: Path, cats: Path) -> None:
    notebook = after(Notebook(), add(Notebook(), path, cats))
    with pytest.raises(NoAttachment, match=r"there is no attachment 'dogs\.csv'; there are: cats\.csv"):
        remove(notebook, path, "dogs.csv")
    with pytest.raises(NoAttachment, match=r"there are: cats\.csv"):
        rename(notebook, path, "dogs.csv", "a.csv")
