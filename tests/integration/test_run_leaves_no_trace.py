"""`beamlike run` evaluates a notebook that somebody has open, and leaves the file and its user's directories alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notebook_tui.session.lock import FileLock, Holder
from tests.support.open_notebook import notebook_text


def test_a_run_takes_no_lock_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state, path = tmp_path / "state", tmp_path / "test.livemd"
    monkeypatch.setenv("BEAMLIKE_STATE", str(state))
    path.write_text(notebook_text("print('ran')"), encoding="utf-8")
    before = path.read_bytes()
    lock = FileLock(path, Holder(os.getpid()))
    there = everything_in(tmp_path)
    result = subprocess.run(
        [sys.executable, "-m", "notebook_tui", "run", str(path)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "ran\n" in result.stdout
    assert path.read_bytes() == before
    assert everything_in(tmp_path) == there
    lock.release()


def everything_in(directory: Path) -> set[Path]:
    return set(directory.rglob("*"))
