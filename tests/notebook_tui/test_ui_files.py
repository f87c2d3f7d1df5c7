"""The notebook's file: named at the first save, saved elsewhere, renamed, copied, exported, and found."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from notebook_tui.document.notebook import Notebook
from notebook_tui.document.operations import Saved
from notebook_tui.session.attachments import add
from notebook_tui.session.duplicate import duplicate
from notebook_tui.session.storage import NotebookFile
from notebook_tui.ui.dialogs.path_completion import completed, proposals
from tests.support.home_terminal import HomeTerminal, at_home, home

FIRST = ("j", "j", "j")


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "cats.livemd").write_text("# Cats\n\n## One\n\n```python\ncats = 1\n```\n")
    return work


async def opened(shown: HomeTerminal) -> Path:
    await shown.press("/", *"cats", "enter", "enter")
    await shown.shows("NAV")
    return shown.house.directory / "cats.livemd"


async def choose(shown: HomeTerminal, command: str) -> None:
    await shown.press("ctrl+p", *command)
    await shown.shows(command)
    await shown.press("enter")


async def retype(shown: HomeTerminal, text: str) -> None:
    await shown.press("end", "ctrl+u", *text, "enter")


@at_home()
async def test_a_notebook_without_a_name_is_asked_for_one_at_the_first_save(shown: HomeTerminal) -> None:
    await shown.press("N")
    await shown.shows("NAV")
    await shown.press("ctrl+s")
    await shown.shows("Save as")
    await shown.shows("untitled_notebook.livemd")
    await retype(shown, "birds")
    await shown.says("Saved to")
    session = next(iter(shown.house.sessions.values()))
    assert session.state.path == str(shown.house.directory / "birds.livemd")


@at_home()
async def test_an_empty_name_keeps_it_among_the_unsaved(shown: HomeTerminal) -> None:
    await shown.press("N")
    await shown.shows("NAV")
    await shown.press("ctrl+s")
    await shown.shows("Save as")
    await retype(shown, "")
    await shown.says("Saved to")
    [(path, session)] = shown.house.sessions.items()
    assert session.state.path == path


@at_home()
async def test_it_is_saved_under_another_name(shown: HomeTerminal) -> None:
    path = await opened(shown)
    await choose(shown, "Save as, under another name")
    await shown.shows("the old file stays")
    await retype(shown, "other")
    await shown.says("Saved to")
    assert shown.session_of(path).state.path == str(path.with_stem("other"))


@at_home()
async def test_a_rename_takes_the_old_file_away_and_a_failed_one_does_not(shown: HomeTerminal) -> None:
    path = await opened(shown)
    session = shown.session_of(path)
    await choose(shown, "Rename the file")
    session.save_error = OSError("there is a file dogs.livemd already")
    await retype(shown, "dogs")
    await shown.says("there is a file dogs.livemd already")
    assert exists(path)
    session.save_error = None
    await choose(shown, "Rename the file")
    await retype(shown, "dogs")
    await shown.says("cats.livemd is ")
    assert not exists(path)
    assert session.state.path == str(path.with_stem("dogs"))


def exists(path: Path) -> bool:
    return path.exists()


@at_home()
async def test_a_copy_is_written_and_the_notebook_stays(shown: HomeTerminal) -> None:
    path = await opened(shown)
    await choose(shown, "Copy the notebook")
    await shown.shows("cats-copy.livemd")
    await shown.press("enter")
    await shown.says("Copied to")
    assert NotebookFile(path.with_stem("cats-copy")).read()[0].title == "Cats"
    assert shown.session_of(path).state.path == str(path)
    await choose(shown, "Copy the notebook")
    await shown.press("enter")
    await shown.says("there is a file")


@pytest.mark.parametrize(("name", "part"), [("page.html", "<html"), ("cats.ipynb", '"nbformat"'), ("cats.py", "# %%")])
def test_it_is_exported_as_what_its_name_says(work: Path, name: str, part: str) -> None:
    @at_home()
    async def export(shown: HomeTerminal) -> None:
        await opened(shown)
        await choose(shown, "Export as")
        await shown.shows("its ending says as what")
        await retype(shown, name)
        await shown.says("Exported to")

    export(work)
    assert part in (work / name).read_text()


@at_home()
async def test_an_export_never_replaces_a_file(shown: HomeTerminal) -> None:
    path = await opened(shown)
    before = text_of(path)
    await choose(shown, "Export as")
    await retype(shown, "cats.livemd")
    await shown.says("exists already")
    assert text_of(path) == before


def text_of(path: Path) -> str:
    return path.read_text()


@at_home()
async def test_the_path_is_shown_and_copied(shown: HomeTerminal) -> None:
    copied: list[str] = []
    vars(shown.app)["copy_to_clipboard"] = copied.append
    path = await opened(shown)
    await choose(shown, "Where the file is")
    await shown.says(str(path))
    assert copied == [str(path)]


@at_home()
async def test_opening_another_asks_about_what_is_not_saved(shown: HomeTerminal) -> None:
    path = await opened(shown)
    session = shown.session_of(path)
    session.apply(Saved(str(path), 0))
    await shown.press(*FIRST, "i", "1", "escape")
    shown.app.open_notebook(str(path.with_stem("birds")))
    await shown.shows("There are changes that are not saved.")
    await shown.press("s")
    await shown.until(lambda: len(shown.house.opened) == 2, "the other notebook")
    await shown.until(lambda: shown.house.left == [str(path)], "the end of the first")


@pytest.mark.parametrize("turns", range(12))
def test_who_leaves_while_a_notebook_opens_sees_nothing_fail(work: Path, turns: int) -> None:
    async def main() -> None:
        async with home(work) as shown:
            shown.app.open_notebook(str(work / "cats.livemd"))
            for _ in range(turns):  # of the loop, so that each stage of the opening has its turn
                await asyncio.sleep(0)
            shown.app.exit()

    asyncio.run(main())


def test_attachments_are_copied_along(work: Path) -> None:
    (work / "data.csv").write_text("1")
    operation = add(Notebook("Cats"), work / "cats.livemd", work / "data.csv")
    elsewhere = work / "elsewhere"
    elsewhere.mkdir()
    duplicate(operation.outline, work / "cats.livemd", elsewhere / "copy.livemd")
    assert (elsewhere / "files" / "data.csv").read_text() == "1"
    with pytest.raises(FileNotFoundError, match="there is no directory"):
        duplicate(Notebook(), work / "cats.livemd", work / "no" / "copy.livemd")


def test_a_path_is_completed_to_what_all_names_agree_on_however_many_there_are(tmp_path: Path) -> None:
    for number in range(300):
        (tmp_path / f"{'cat' if number else 'c'}-{number}.livemd").touch()
    (tmp_path / "cats").mkdir()
    assert completed("c", proposals("c", tmp_path, (".livemd",))) == "c"
    assert completed("cat", proposals("cat", tmp_path, (".csv",))) == "cats/"
    assert len(proposals("", tmp_path)) == 301
