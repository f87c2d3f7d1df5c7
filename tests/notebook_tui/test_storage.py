from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from notebook_tui.session.storage import ChangedOnDisk, NotebookFile, UnreadableFile


def test_a_file_that_does_not_exist_is_an_empty_notebook_and_made_by_the_first_save(tmp_path: Path) -> None:
    file = NotebookFile(tmp_path / "new.livemd")
    notebook, warnings = file.read()
    assert (notebook.title, warnings) == ("Untitled notebook", ())
    file.write(notebook)
    assert (tmp_path / "new.livemd").read_text(encoding="utf-8").startswith("# Untitled notebook")


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a b.ipynb", "is a Jupyter notebook; expected a .livemd file, which you get by: beamlike convert '"),
        ("a.PY", "is a Python file; expected a .livemd file, which you get by: beamlike convert "),
        ("a.html", "is a page; expected a .livemd file"),
    ],
)
def test_a_file_of_another_kind_is_not_taken_for_markdown(tmp_path: Path, name: str, words: str, exists: bool) -> None:
    path = tmp_path / name
    if exists:
        path.write_text("print(1)\n", encoding="utf-8")
    with pytest.raises(UnreadableFile, match=re.escape(words)):
        NotebookFile(path).read()


def test_a_save_keeps_the_files_mode_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    path.write_text("# A\n", encoding="utf-8")
    path.chmod(0o640)
    file = NotebookFile(path)
    notebook, _ = file.read()
    file.write(replace(notebook, title="B"))
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["a.livemd"]


def test_a_save_through_a_symbolic_link_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "real.livemd").write_text("# A\n", encoding="utf-8")
    link = tmp_path / "link.livemd"
    link.symlink_to("real.livemd")
    file = NotebookFile(link)
    notebook, _ = file.read()
    file.write(replace(notebook, title="B"))
    assert link.is_symlink()
    assert (tmp_path / "real.livemd").read_text(encoding="utf-8").startswith("# B")


def test_somebody_elses_change_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    path.write_text("# A\n", encoding="utf-8")
    file = NotebookFile(path)
    notebook, _ = file.read()
    path.write_text("# Theirs\n", encoding="utf-8")
    with pytest.raises(ChangedOnDisk, match=r"a\.unsaved\.livemd"):
        file.write(replace(notebook, title="Ours"))
    assert path.read_text(encoding="utf-8") == "# Theirs\n"
    assert (tmp_path / "a.unsaved.livemd").read_text(encoding="utf-8").startswith("# Ours")


def test_what_an_earlier_session_put_beside_the_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    path.write_text("# A\n", encoding="utf-8")
    (tmp_path / "a.unsaved.livemd").write_text("# Yesterday's\n", encoding="utf-8")
    file = NotebookFile(path)
    notebook, _ = file.read()
    path.write_text("# Theirs\n", encoding="utf-8")
    for title in ("Ours", "Ours, later"):
        with pytest.raises(ChangedOnDisk, match=r"a\.unsaved-2\.livemd"):
            file.write(replace(notebook, title=title))
    assert (tmp_path / "a.unsaved.livemd").read_text(encoding="utf-8") == "# Yesterday's\n"
    assert (tmp_path / "a.unsaved-2.livemd").read_text(encoding="utf-8").startswith("# Ours, later")
    assert sorted(os.listdir(tmp_path)) == ["a.livemd", "a.unsaved-2.livemd", "a.unsaved.livemd"]


def test_a_name_that_no_file_can_have_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="cannot be read: File name too long"):
        NotebookFile(tmp_path / ("long" * 100)).read()


def test_a_file_that_was_removed_meanwhile_is_not_written_silently(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    path.write_text("# A\n", encoding="utf-8")
    file = NotebookFile(path)
    notebook, _ = file.read()
    path.unlink()
    with pytest.raises(ChangedOnDisk):
        file.write(replace(notebook, title="Ours"))


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"# A\0"])
def test_what_is_no_text_is_refused_with_the_place(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.livemd"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"a\.livemd is no notebook: expected UTF-8 text, found .* at offset"):
        NotebookFile(path).read()


def test_a_directory_that_does_not_exist_is_said_before_anything_is_typed(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="there is no directory"):
        NotebookFile(tmp_path / "no" / "a.livemd").read()
