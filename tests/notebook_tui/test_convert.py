"""`beamlike convert`: from each kind of file to each, and never over what is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from notebook_tui.cli.main import main

LIVEMD = """\
<!-- livebook:{"persist_outputs":true} -->

# Cats

## Purr

They *purr*.

```python
print("rrr")
```

<!-- livebook:{"output":true} -->

```
rrr
```

```elixir
IO.puts("rrr")
```
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "cats.livemd"
    path.write_text(LIVEMD, encoding="utf-8")
    return path


def convert(*words: str | Path) -> object:
    with pytest.raises(SystemExit) as left:
        main(["convert", *map(str, words)])
    return left.value.code


def test_there_and_back_through_jupyter_is_the_same_file(notebook: Path, tmp_path: Path) -> None:
    assert convert(notebook, tmp_path / "a.ipynb") == 0
    nbformat.validate(json.loads((tmp_path / "a.ipynb").read_text(encoding="utf-8")))
    assert convert(tmp_path / "a.ipynb", tmp_path / "b.livemd") == 0
    assert (tmp_path / "b.livemd").read_text(encoding="utf-8") == LIVEMD


def test_there_and_back_through_python_is_the_same_file_without_outputs(notebook: Path, tmp_path: Path) -> None:
    assert convert(notebook, tmp_path / "a.py") == 0
    assert convert(tmp_path / "a.py", tmp_path / "b.md") == 0
    without = LIVEMD.replace('<!-- livebook:{"output":true} -->\n\n```\nrrr\n```\n\n', "")
    assert (tmp_path / "b.md").read_text(encoding="utf-8") == without


def test_a_page_has_the_outputs_unless_they_are_not_wanted(notebook: Path, tmp_path: Path) -> None:
    assert convert(notebook, tmp_path / "a.html") == 0
    assert '<pre class="output printed">rrr</pre>' in (tmp_path / "a.html").read_text(encoding="utf-8")
    assert convert(notebook, tmp_path / "b.htm", "--no-outputs") == 0
    assert '<pre class="output' not in (tmp_path / "b.htm").read_text(encoding="utf-8")


def test_a_page_holds_the_pictures_beside_the_notebook_but_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "cat.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "files" / "dog.png").symlink_to(tmp_path / "secret")
    (tmp_path / "a.md").write_text("# T\n\n![cat](files/cat.png) ![dog](files/dog.png)\n", encoding="utf-8")
    assert convert(tmp_path / "a.md", tmp_path / "a.html") == 0
    text = (tmp_path / "a.html").read_text(encoding="utf-8")
    assert "data:image/png;base64,iVBORw==" in text
    assert "[dog]" in text


def test_a_file_that_exists_is_replaced_only_by_force(
    notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "a.py"
    target.write_text("mine", encoding="utf-8")
    target.chmod(0o640)
    assert convert(notebook, target) == 2
    assert capsys.readouterr().err == f"beamlike: {target} exists already; to replace it: --force\n"
    assert target.read_text(encoding="utf-8") == "mine"
    assert convert(notebook, target, "--force") == 0
    assert target.read_text(encoding="utf-8").startswith("# %% [markdown]\n# # Cats\n")
    assert target.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["a.py", "cats.livemd"]


def test_a_file_that_appears_meanwhile_is_not_replaced(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notebook_tui.cli import convert as command

    target = tmp_path / "a.py"
    monkeypatch.setattr(command, "_check_target", lambda *_, force: target.write_text("mine", encoding="utf-8"))
    assert convert(notebook, target) == 2
    assert target.read_text(encoding="utf-8") == "mine"


def test_what_cannot_be_written_leaves_nothing_and_exits_with_1(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert convert(notebook, tmp_path / "a.py") == 1
    assert capsys.readouterr().err == f"beamlike: {tmp_path / 'a.py'} could not be written: no space left on device\n"
    assert os.listdir(tmp_path) == ["cats.livemd"]


def test_what_is_odd_in_the_file_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text("# A\n\n# B\n", encoding="utf-8")
    assert convert(tmp_path / "a.md", tmp_path / "a.ipynb") == 0
    words = "there are 2 headings 1, so each heading went down a level"
    assert capsys.readouterr().err == f"beamlike: {tmp_path / 'a.md'}: {words}\n"


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("gone.livemd", "a.py", "gone.livemd: no such file or directory; expected the path of a notebook"),
        ("a.html", "a.py", "a.html: a page cannot become a notebook again; expected one of .livemd, .md, .ipynb, .py"),
        ("cats.txt", "a.py", "cats.txt: expected a name that ends in one of .livemd, .md, .ipynb, .py, found .txt"),
        ("cats.livemd", "out", "out: expected a name that ends in one of .livemd, .md, .ipynb, .py, .html, found none"),
        ("cats.livemd", "cats.livemd", "cats.livemd is the file to read; expected another to write"),
        ("cats.livemd", "no/a.py", "no/a.py: there is no directory "),
        ("cats.livemd", "dir.py", "dir.py is a directory; expected the name of a file to make"),
        ("dir.py", "a.livemd", "dir.py: is a directory; expected the path of a notebook"),
        ("binary.livemd", "a.py", "binary.livemd is no notebook: expected UTF-8 text, found byte 0xff at offset 0"),
        ("bad.ipynb", "a.py", "bad.ipynb is no notebook: expected an .ipynb, a JSON object with nbformat and cells"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exits_with_2(
    notebook: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    source: str,
    target: str,
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("dir.py").mkdir()
    Path("binary.livemd").write_bytes(b"\xff")
    Path("bad.ipynb").write_text("[]", encoding="utf-8")
    before = sorted(os.listdir())
    assert convert(source, target) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"beamlike: {words}")
    assert said.count("\n") == 1
    assert sorted(os.listdir()) == before


def test_help_has_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert convert("--help") == 0
    assert "beamlike convert analysis.ipynb analysis.livemd" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["livemd", "py", "ipynb", "html"])
def test_it_imports_no_terminal_and_no_node(notebook: Path, tmp_path: Path, kind: str) -> None:
    words = ["convert", str(notebook), str(tmp_path / f"out.{kind}")]
    code = (
        "import sys\nfrom notebook_tui.cli.main import main\n"
        f"try:\n    main({words})\nexcept SystemExit as left:\n    print(left.code)\n"
        "heavy = {'textual', 'asyncio', 'beamlike.kernel.node', 'cloudpickle'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout == "0\n[]\n"
