"""Whose code may run: what its user wrote, or has said so; nothing else, and of no cell, by no way."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from notebook_tui.document.apply import apply
from notebook_tui.document.effects import RememberTrust
from notebook_tui.document.notebook import Cell, Notebook
from notebook_tui.document.operations import (
    Connect,
    InsertCell,
    InsertSection,
    QueueCells,
    RuntimeConnected,
    SetCellMetadata,
    SetCellSource,
    SetTitle,
    Trust,
    TrustWithdrawn,
)
from notebook_tui.document.rejected import Rejected
from notebook_tui.document.trust import code_digest
from notebook_tui.format.markdown_read import read
from notebook_tui.format.markdown_write import write
from notebook_tui.session.examples import copy_of, examples
from notebook_tui.session.options import EDITS, EVALUATES
from notebook_tui.session.packages_wanted import packages_wanted
from notebook_tui.session.state_directory import state_directory, state_path
from notebook_tui.session.trust import (
    CODE,
    distrust_folder,
    is_trusted,
    remember_code,
    trust_folder,
    trusted_folders,
)
from tests.support.documents import after, all_run, effects, ran, state_of
from tests.support.kept_sessions import Kept, kept
from tests.support.local_nodes import in_node
from tests.support.notebooks import notebooks

THEIRS = "# Theirs\n\n## One\n\n```python\nimport os\n```\n"
OTHER = "# Theirs\n\n## One\n\n```python\nimport sys\n```\n"
STATE = state_of({"s": {"a": "x = 1", "b": "y = x"}})


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    monkeypatch.delenv("BEAMLIKE_TRUSTED")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "theirs.livemd"
    path.parent.mkdir()
    path.write_text(THEIRS)
    return path


# The rule.


def test_nothing_is_queued_without_trust_and_everything_with_it() -> None:
    with pytest.raises(Rejected, match="nobody has said that it may run"):
        apply(replace(STATE, trusted=False), QueueCells(("a",)))
    state, wanted = apply(replace(STATE, trusted=False), Trust())
    assert wanted == (RememberTrust(False),)
    assert after(state, QueueCells(("a",))).queue == ("a",)


def test_what_waits_when_trust_is_withdrawn_does_not_run() -> None:
    state = after(STATE, QueueCells(("a", "b")), RuntimeConnected("here"), TrustWithdrawn())
    assert state.queue == ()
    assert state.running == {"": "a"}
    assert effects(state, ran("a")[1]) == ()


def test_a_cell_that_runs_by_itself_does_not_without_trust() -> None:
    state = all_run(after(STATE, SetCellMetadata("b", "reevaluate_automatically", True)))
    with_trust = after(state, SetCellSource("a", "x = 2"), QueueCells(("a",)), *ran("a", versions={"x": "2"}))
    assert "b" in with_trust.running.values()
    state = after(state, SetCellSource("a", "x = 2"), QueueCells(("a",)), TrustWithdrawn())
    state = after(state, *ran("a", versions={"x": "2"}))
    assert (state.running, state.queue) == ({}, ())


def test_a_runtime_that_comes_late_starts_nothing_without_trust() -> None:
    state = after(STATE, QueueCells(("a",)), TrustWithdrawn())
    assert after(state, RuntimeConnected("here")).running == {}
    assert after(replace(STATE, trusted=False), Connect(), RuntimeConnected("here")).running == {}
    waiting = replace(after(STATE, QueueCells(("a",))), trusted=False)
    assert after(waiting, RuntimeConnected("here")).running == {}


@pytest.mark.parametrize(
    "change",
    [
        lambda cell: replace(cell, source="import sys"),
        lambda cell: replace(cell, metadata={"reevaluate_automatically": True}),
        lambda cell: replace(cell, metadata={"node": "web-1"}),
    ],
)
def test_what_runs_and_where_is_part_of_the_code(change: Callable[[Cell], Cell]) -> None:
    cell = Cell("setup", "code", "import os")
    assert code_digest(Notebook(setup=change(cell))) != code_digest(Notebook(setup=cell))


@given(notebooks())
def test_a_notebook_has_the_same_code_after_a_save(notebook: Notebook) -> None:
    once = read(write(notebook))[0]
    assert code_digest(read(write(once))[0]) == code_digest(once)


# The store.


def known(path: Path) -> bool:
    return is_trusted(path, read(path.read_text())[0])


def test_a_file_of_somebody_else_is_not_trusted_until_it_is_and_then_wherever_it_lies(path: Path) -> None:
    assert not known(path)
    remember_code(path, read(THEIRS)[0])
    assert known(path)
    moved = path.rename(path.with_name("moved.livemd"))
    assert known(moved)
    moved.write_text(THEIRS + "\nMore *prose*.\n")
    assert known(moved)
    moved.write_text(OTHER)
    assert not known(moved)


def test_of_a_notebook_one_version_is_kept_and_nothing_of_it_in_words(path: Path) -> None:
    for text in (THEIRS, OTHER, THEIRS):
        remember_code(path, read(text)[0])
    [kept_file] = (state_path() / CODE).iterdir()
    assert kept_file.read_bytes() == b""
    assert kept_file.stat().st_mode & 0o077 == 0


def test_a_trusted_folder_counts_for_all_below_it_and_links_do_not_lead_into_it(path: Path, tmp_path: Path) -> None:
    trust_folder(path.parent)
    assert known(path)
    below = path.parent / "more"
    below.mkdir()
    assert known(Path(path.rename(below / path.name)))
    outside = tmp_path / "outside.livemd"
    outside.write_text(OTHER)
    link = path.parent / "link.livemd"
    link.symlink_to(outside)
    assert not known(link)
    assert trusted_folders() == (path.parent,)
    distrust_folder(path.parent)
    assert not known(below / path.name)


def test_folders_may_be_named_in_the_environment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_TRUSTED", os.pathsep.join(["", "/nowhere", str(path.parent)]))
    assert known(path)
    monkeypatch.setenv("BEAMLIKE_TRUSTED", str(path.parent / "wor"))
    assert not known(path)


def test_a_notebook_without_code_and_the_examples_need_no_trust(tmp_path: Path) -> None:
    assert is_trusted(tmp_path / "new.livemd", Notebook())
    copies = [copy_of(example) for example in examples()]
    assert len(copies) >= 2
    assert all(map(known, copies))
    assert copies[0].with_name("opticks.txt").is_file()


def test_the_packages_are_told_that_a_notebook_would_install() -> None:
    setup = '# /// script\n# dependencies = ["rich>=13", "numpy"]\n# ///\n'
    project = Cell("setup-pyproject.toml", "code", '[project]\ndependencies = ["pandas"]', "pyproject.toml")
    assert packages_wanted(Notebook(setup=Cell("setup", "code", setup), pyproject=project)) == (
        "numpy",
        "pandas",
        "rich>=13",
    )
    broken = Cell("setup", "code", "# /// script\n# dependencies = [\n# ///\n")
    assert packages_wanted(Notebook(setup=broken, pyproject=replace(project, source="["))) == ()


# The session.


def somebody_writes(path: Path, text: str) -> None:
    path.write_text(text)


def trusting(path: Path, **options: bool) -> AbstractAsyncContextManager[Kept]:
    return kept(path, trust=True, **options)


@in_node
async def test_opening_a_strangers_notebook_makes_it_run_only_after_a_word(path: Path) -> None:
    async with trusting(path) as it:
        assert not it.state.trusted
        it.client.send(QueueCells(("cell-1",)))
        await it.says("nobody has said")
        assert it.state.queue == ()
        assert it.state.runtime.phase == "disconnected"
        it.client.send(Trust())
        await it.until(lambda: it.state.trusted)
    async with trusting(path) as it:
        assert it.state.trusted


@in_node
async def test_who_writes_into_a_strangers_notebook_has_not_trusted_it(path: Path) -> None:
    async with trusting(path, autosave=True) as it:
        it.client.send(SetCellSource("cell-1", "import os\nmine = 1"))
        await it.client.save()
    async with trusting(path) as it:
        assert not it.state.trusted


@in_node
async def test_what_the_user_writes_and_saves_is_trusted_later(tmp_path: Path) -> None:
    path = tmp_path / "mine.livemd"
    async with trusting(path) as it:
        assert it.state.trusted
        it.client.send(InsertSection(0, "s", "S"))
        it.client.send(InsertCell("s", 0, Cell("c", "code", "mine = 1")))
        await it.client.save()
    async with trusting(path) as it:
        assert it.state.trusted
        it.client.send(SetCellSource("cell-1", "mine = 2"))
        await it.client.save_as(str(tmp_path / "other.livemd"))
    async with trusting(tmp_path / "other.livemd") as it:
        assert it.state.trusted


@in_node
async def test_what_is_in_the_journal_alone_is_trusted_as_it_was(path: Path) -> None:
    async with trusting(path) as it:
        it.client.send(Trust())
        it.client.send(SetCellSource("cell-1", "import os\nmine = 1"))
        await it.until_safe()
        await it.crash()
    async with trusting(path) as it:
        assert it.state.notebook.cell("cell-1").source.endswith("mine = 1")
        assert it.state.trusted
        it.client.send(TrustWithdrawn())
        await it.until_safe()
        await it.crash()
    async with trusting(path) as it:
        assert not it.state.trusted


@pytest.mark.parametrize(("text", "trusted"), [(OTHER, False), (THEIRS + "\nOnly prose.\n", True)])
def test_code_that_others_change_while_the_notebook_is_open_is_asked_about_again(
    path: Path, text: str, trusted: bool
) -> None:
    @in_node
    async def change() -> None:
        async with trusting(path) as it:
            it.client.send(Trust())
            await it.until(lambda: it.state.trusted)
            somebody_writes(path, text)
            it.client.send(SetTitle("Ours"))
            await it.client.save()
            assert it.state.trusted == trusted
            assert len(it.state.notebook.sections[0].cells) >= 1

    change()


@in_node
async def test_changes_of_others_in_a_trusted_folder_are_not_asked_about(path: Path) -> None:
    async with trusting(path) as it:
        it.client.send(Trust(folder=True))
        await it.until(lambda: it.state.trusted)
        somebody_writes(path, OTHER)
        it.client.send(SetTitle("Ours"))
        await it.client.save()
        assert it.state.notebook.cell("cell-1").source == "import sys"
        assert it.state.trusted
    other = path.with_name("other.livemd")
    somebody_writes(other, "# Other\n\n## One\n\n```python\nimport this\n```\n")
    async with trusting(other) as it:
        assert it.state.trusted


@in_node
async def test_a_run_asks_for_no_trust_and_remembers_none(path: Path) -> None:
    assert EDITS.trust
    assert not EVALUATES.trust
    async with kept(path, journal=False, trust=False) as it:
        assert it.state.trusted
    assert not (state_path() / CODE).exists()
    assert not known(path)


@in_node
async def test_a_state_directory_that_cannot_be_written_is_said(path: Path) -> None:
    async with trusting(path, journal=False) as it:
        somebody_writes(state_directory() / CODE, "in the way")
        it.client.send(Trust())
        await it.says("you will be asked again whether this notebook may run")
        assert it.state.trusted
