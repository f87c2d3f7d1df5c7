"""A session writes its file by itself, never over what others put there, and takes in what they did."""

from __future__ import annotations

import asyncio
import errno
import os
from datetime import datetime
from pathlib import Path

import pytest

from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import OutputAdded, SetCellSource, SetTitle
from notebook_tui.document.outputs import Result
from notebook_tui.format.markdown_write import write
from notebook_tui.session import storage
from notebook_tui.session.autosave import interval_of
from notebook_tui.session.storage import NotebookFile
from notebook_tui.session.unsaved import AUTOSAVED, file_at, fork, new_file, slug
from tests.support.journaled_program import BEGIN
from tests.support.kept_sessions import kept
from tests.support.local_nodes import in_node

pytestmark = pytest.mark.usefixtures("own_state")

QUICK = BEGIN.replace("# Test", '<!-- livebook:{"autosave_interval_s":0.01} -->\n\n# Test')
NEVER = BEGIN.replace("# Test", '<!-- livebook:{"autosave_interval_s":null} -->\n\n# Test')


def notebook_at(directory: Path, text: str = BEGIN) -> Path:
    path = directory / "test.livemd"
    path.write_text(text, encoding="utf-8")
    return path


# Autosave.


@in_node
async def test_a_change_is_in_the_file_after_the_interval(tmp_path: Path) -> None:
    path = notebook_at(tmp_path, QUICK)
    async with kept(path, autosave=True) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        await it.until(lambda: it.client.applied > 0 and not it.state.dirty)
        assert "a = 100" in path.read_text(encoding="utf-8")


@in_node
async def test_a_notebook_that_is_never_saved_by_itself_is_in_the_journal_only(tmp_path: Path) -> None:
    path = notebook_at(tmp_path, NEVER)
    async with kept(path, autosave=True) as it:
        it.client.send(SetTitle("B"))
        await it.until_safe()
    assert path.read_text(encoding="utf-8") == NEVER
    async with kept(path, autosave=True) as it:
        assert it.state.notebook.title == "B"
        await it.client.save()
    assert "# B" in path.read_text(encoding="utf-8")


@in_node
async def test_a_save_that_fails_is_told_once_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notebook_at(tmp_path, QUICK)
    tried = 0

    def full(target: Path, data: bytes) -> None:
        nonlocal tried
        tried += 1
        if tried < 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(target, data)

    real = storage.replace_file
    monkeypatch.setattr(storage, "replace_file", full)
    async with kept(path, autosave=True) as it:
        it.client.send(SetTitle("B"))
        await it.says("autosave failed: [Errno 28] No space left on device")
        await it.until(lambda: not it.state.dirty)
        assert sum("autosave failed" in words for words in it.heard) == 1
    assert "# B" in path.read_text(encoding="utf-8")


@in_node
async def test_a_save_that_was_asked_for_and_fails_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_target: Path, _data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetTitle("B"))
        monkeypatch.setattr(storage, "replace_file", full)
        with pytest.raises(OSError, match="No space left"):
            await it.client.save()
        monkeypatch.undo()
        await it.crash()


def test_a_crash_while_a_file_is_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = notebook_at(tmp_path)
    file = NotebookFile(path)
    notebook, _ = file.read()

    def stop(_descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    with pytest.raises(KeyboardInterrupt):
        file.store(Notebook(title="B", sections=notebook.sections))
    assert path.read_text(encoding="utf-8") == BEGIN
    assert [each.name for each in tmp_path.iterdir()] == ["test.livemd"]


@pytest.mark.parametrize(
    ("value", "seconds"), [(30, 30.0), (0.5, 0.5), (None, None), (0, 5.0), (-1, 5.0), (True, 5.0), ("soon", 5.0)]
)
def test_the_interval_is_the_notebooks_own_and_nonsense_is_the_usual_one(value: object, seconds: float | None) -> None:
    assert interval_of(Notebook(metadata={"autosave_interval_s": value})) == seconds


# What others do to the file.


@in_node
async def test_ac40_an_edit_of_another_program_is_seen_and_untouched_cells_keep_everything(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path, watch=True) as it:
        it.client.send(OutputAdded("cell-2", Result("2")))
        await it.until(lambda: bool(it.state.notebook.cell("cell-2").outputs))
        # As editors do: another file in its place. And again, for the first may come before the watch begins.
        beside = tmp_path / "beside"
        number = 0
        while it.state.notebook.title == "Test":
            number += 1
            beside.write_text(BEGIN.replace("# Test", f"# Other {number}").replace("a = 1", "a = 10"), encoding="utf-8")
            beside.replace(path)
            await it.a_while()
        await it.says("test.livemd was changed by another program: its changes are here now")
        assert it.state.notebook.cell("cell-1").source == "a = 10"
        assert it.state.notebook.cell("cell-2").outputs == (Result("2"),)
        assert not it.state.dirty


@in_node
async def test_a_save_over_somebody_elses_edit_has_both(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        path.write_text(BEGIN.replace("b = 2", "b = 200"), encoding="utf-8")
        await it.client.save()
        text = path.read_text(encoding="utf-8")
        assert "a = 100" in text
        assert "b = 200" in text
        await it.until(lambda: it.state.notebook.cell("cell-2").source == "b = 200")
        await it.until(lambda: not it.state.dirty)


@in_node
async def test_what_both_changed_is_there_twice_and_told(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetCellSource("cell-1", "a = 'ours'"))
        path.write_text(BEGIN.replace("a = 1", "a = 'theirs'"), encoding="utf-8")
        await it.client.save()
        await it.says("the same lines of a cell were changed here and in the file; the file's are in a cell below it")
    text = path.read_text(encoding="utf-8")
    assert text.index("a = 'ours'") < text.index("a = 'theirs'")


@in_node
async def test_an_edit_of_the_last_moment_survives_the_end_of_the_session(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path, autosave=True) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        await it.until(lambda: it.state.dirty)
        path.write_text(BEGIN.replace("b = 2", "b = 200"), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert "a = 100" in text
    assert "b = 200" in text


@in_node
async def test_a_file_that_became_something_else_is_left_alone_and_told(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(SetTitle("B"))
        path.write_bytes(b"\xff\xfe no text")
        with pytest.raises(OSError, match="is no notebook any more"):
            await it.client.save()
        await it.crash()
    assert path.read_bytes() == b"\xff\xfe no text"


@in_node
async def test_a_file_that_was_removed_is_written_again_by_a_save_and_not_by_itself(tmp_path: Path) -> None:
    path = notebook_at(tmp_path, QUICK)
    async with kept(path, autosave=True) as it:
        path.unlink()
        it.client.send(SetTitle("B"))
        await it.says("was removed by another program; save it to write it again")
        assert not path.exists()
        await it.client.save()
        assert path.exists()


@in_node
async def test_one_who_writes_all_the_time_is_told_and_nothing_of_theirs_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = notebook_at(tmp_path)
    number = 0

    def theirs(file: NotebookFile) -> storage.Theirs | None:
        nonlocal number
        number += 1
        path.write_text(BEGIN.replace("b = 2", f"b = {number}00"), encoding="utf-8")
        return real(file)

    real = NotebookFile.theirs
    async with kept(path) as it:
        it.client.send(SetCellSource("cell-1", "a = 100"))
        monkeypatch.setattr(NotebookFile, "theirs", theirs)
        with pytest.raises(OSError, match="is being changed all the time by another program"):
            await it.client.save()
        monkeypatch.undo()
        await it.crash()
    assert f"b = {number}00" in path.read_text(encoding="utf-8")


# Another file, or none yet.


@in_node
async def test_a_notebook_that_is_saved_elsewhere_goes_on_there_with_its_journal(tmp_path: Path) -> None:
    path, other = notebook_at(tmp_path), tmp_path / "other.livemd"
    async with kept(path, lock=True) as it:
        it.client.send(OutputAdded("cell-1", Result("1")))
        await it.until_safe()
        assert await it.client.save_as(str(other)) == str(other)
        it.client.send(SetTitle("B"))
        await it.until_safe()
        assert [each.name.partition("-")[0] for each in (tmp_path / "state" / "journals").iterdir()] == ["other"]
        before = it.state
        await it.crash()
    assert path.read_text(encoding="utf-8") == BEGIN
    async with kept(other, lock=True) as it:
        assert it.state == before
        assert it.state.notebook.cell("cell-1").outputs == (Result("1"),)


@in_node
async def test_whoever_saves_at_the_same_time_is_answered(tmp_path: Path) -> None:
    path, names = notebook_at(tmp_path), [str(tmp_path / f"{number}.livemd") for number in range(3)]
    async with kept(path, lock=True) as it:
        it.client.send(SetTitle("B"))
        answers = await asyncio.gather(it.client.save(), it.client.save(), *map(it.client.save_as, names))
        # The second save comes after the first, and by then the notebook has another file.
        assert answers == [str(path), names[-1], *names]
        assert it.state.path == names[-1]
    assert NotebookFile(names[-1]).read()[0].title == "B"


@in_node
async def test_a_notebook_is_not_saved_over_another(tmp_path: Path) -> None:
    path, other = notebook_at(tmp_path), tmp_path / "other.livemd"
    other.write_text("# Other\n")
    async with kept(path) as it:
        with pytest.raises(FileExistsError, match="already; name another, or open that one"):
            await it.client.save_as(str(other))
    assert other.read_text() == "# Other\n"


@in_node
async def test_a_notebook_is_not_saved_as_a_file_of_another_kind(tmp_path: Path) -> None:
    other = tmp_path / "other.ipynb"
    async with kept(notebook_at(tmp_path)) as it:
        with pytest.raises(OSError, match=r"would be a Jupyter notebook; expected the name of a \.livemd file"):
            await it.client.save_as(str(other))
    assert not other.exists()


@in_node
async def test_ac40_a_notebook_without_a_file_is_saved_under_its_title(tmp_path: Path) -> None:
    file = new_file(datetime(2026, 3, 1, 14, 5))
    assert file.path.parent.parent == tmp_path / "state" / AUTOSAVED / "2026_03_01"
    async with kept(file, autosave=True) as it:
        it.client.send(SetTitle("My cats"))
        await it.client.save()
        assert [each.name for each in file.home.iterdir()] == ["my_cats.livemd"]
        it.client.send(SetTitle("My dogs"))
        await it.client.save()
        assert [each.name for each in file.home.iterdir()] == ["my_dogs.livemd"]
        await it.client.save_as(str(tmp_path / "dogs.livemd"))
        assert not file.home.exists()
    assert (tmp_path / "dogs.livemd").read_text().startswith("# My dogs")


@in_node
async def test_a_notebook_without_a_file_is_recovered_after_a_crash(tmp_path: Path) -> None:
    file = new_file(datetime(2026, 3, 1, 14, 5))
    async with kept(file) as it:
        it.client.send(SetTitle("My cats"))
        await it.client.save()
        it.client.send(SetTitle("My dogs"))
        await it.until_safe()
        await it.crash()
    async with kept(file_at(file.home / "my_cats.livemd")) as it:
        assert it.state.notebook.title == "My dogs"


def test_a_fork_has_the_text_and_the_attachments(tmp_path: Path) -> None:
    text = BEGIN.replace(
        "# Test", '<!-- livebook:{"file_entries":[{"name":"cats.csv","type":"attachment"}]} -->\n\n# Test'
    )
    path = notebook_at(tmp_path, text)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "cats.csv").write_text("name\n")
    copy = fork(path, datetime(2026, 3, 1, 14, 5))
    assert write(copy.read()[0]) == write(NotebookFile(path).read()[0])
    assert (copy.home / "files" / "cats.csv").read_text() == "name\n"
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("title", ["../../etc/passwd", "", "/", "." * 100, "a/b", "ä" * 300])
def test_no_title_leads_out_of_the_directory(title: str) -> None:
    assert "/" not in slug(title)
    assert 0 < len(slug(title)) <= 60
