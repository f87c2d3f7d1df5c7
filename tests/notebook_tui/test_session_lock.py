"""One session for each file, whatever name it goes by, until its holder has ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notebook_tui.cli.main import UserError
from notebook_tui.cli.notebook import call
from notebook_tui.document.operations import SetTitle
from notebook_tui.session.lock import FOLDER, FileLock, Holder, InUse
from notebook_tui.session.options import EDITS, EVALUATES
from notebook_tui.session.state_directory import state_directory
from notebook_tui.session.storage import NotebookFile
from tests.support.kept_sessions import kept
from tests.support.local_nodes import in_node

pytestmark = pytest.mark.usefixtures("own_state")

HOLDER = """
import os, sys
from pathlib import Path
from notebook_tui.session.lock import FileLock, Holder
lock = FileLock(Path(sys.argv[1]), Holder(os.getpid()))
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.livemd"
    path.write_text("# Test\n")
    return path


def holds(path: Path) -> subprocess.Popen[str]:
    """Another program that holds the file until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "locked\n"
    return program


def test_ac40_a_file_that_is_open_is_refused_until_its_holder_dies(path: Path) -> None:
    with holds(path) as program:
        with pytest.raises(InUse, match=f"already open in process {program.pid}; close it there first") as refused:
            FileLock(path, Holder(os.getpid()))
        assert refused.value.holder == Holder(program.pid)
        program.kill()  # as nothing that it could clean up after
        program.wait()
    FileLock(path, Holder(os.getpid())).release()


def test_the_command_names_the_process_that_has_the_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from argparse import Namespace

    for stream in (sys.stdin, sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True, raising=False)
    with holds(path) as program:
        with pytest.raises(UserError, match=f"{path} is already open in process {program.pid}"):
            call(Namespace(path=str(path), runtime=None, plain=False, keep=False))
        program.kill()


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
def test_a_link_to_an_open_file_is_refused(path: Path, link: object) -> None:
    assert callable(link)
    other = path.with_name("other.livemd")
    link(other, path)
    lock = FileLock(path, Holder(1))
    with pytest.raises(InUse):
        FileLock(other, Holder(2))
    lock.release()
    FileLock(other, Holder(2)).release()


def test_a_file_that_is_not_there_yet_is_locked_too(tmp_path: Path) -> None:
    path = tmp_path / "new.livemd"
    lock = FileLock(path, Holder(1))
    with pytest.raises(InUse):
        FileLock(path, Holder(2))
    path.write_text("# New\n")
    lock.follow()
    path.with_name("link.livemd").hardlink_to(path)
    with pytest.raises(InUse):
        FileLock(path.with_name("link.livemd"), Holder(2))
    lock.release()


def test_what_was_released_leaves_no_lock_file(path: Path) -> None:
    FileLock(path, Holder(1)).release()
    assert list(state_directory(FOLDER).iterdir()) == []


@in_node
async def test_two_sessions_of_one_file_are_refused_and_after_the_first_the_second_opens(path: Path) -> None:
    async with kept(path, lock=True) as it:
        with pytest.raises(InUse, match=f"already open in process {os.getpid()}"):
            async with kept(path, lock=True):
                pass
        # A save puts another file in its place, which is locked as well.
        it.client.send(SetTitle("B"))
        await it.client.save()
        path.with_name("link.livemd").hardlink_to(path)
        with pytest.raises(InUse):
            async with kept(path.with_name("link.livemd"), lock=True):
                pass
    async with kept(path, lock=True) as it:
        assert it.state.notebook.title == "B"
        await it.crash()
    async with kept(path, lock=True):
        pass


@in_node
async def test_a_session_that_evaluates_only_takes_no_lock_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    assert not any((EVALUATES.journal, EVALUATES.autosave, EVALUATES.lock, EVALUATES.watch))
    assert all((EDITS.journal, EDITS.autosave, EDITS.lock, EDITS.watch))
    lock = FileLock(path, Holder(1))
    async with kept(path, journal=False) as it:
        it.client.send(SetTitle("B"))
        await it.until(lambda: it.state.notebook.title == "B")
        await it.crash()
    lock.release()
    assert NotebookFile(path).read()[0].title == "Test"
    assert not (tmp_path / "state" / "journals").exists()
