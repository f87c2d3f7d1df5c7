"""The real program in a real terminal: home, a stranger's notebook that is only looked at, and a view that fails."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import psutil
import pytest

from notebook_tui.document.trust import NOT_TRUSTED
from notebook_tui.session.state_directory import state_path
from notebook_tui.session.trust import CODE
from tests.support.open_notebook import notebook_text
from tests.support.processes import wait_until_gone
from tests.support.terminal import Terminal

# Not from the working directory: it is the stranger's.
WORDS = [sys.executable, "-P", "-m", "notebook_tui", "notebook"]
ROOT = str(Path(__file__).parents[2])
ASKED = "You have not written the code"


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    return {"BEAMLIKE_TRUSTED": "", "BEAMLIKE_STATE": str(tmp_path / "state"), "PYTHONPATH": ROOT}


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "cats.livemd").write_text(notebook_text("print('meow', 6 * 7)"))
    return work


def test_a_notebook_is_chosen_run_and_left_for_another(work: Path, env: dict[str, str]) -> None:
    with Terminal([*WORDS, str(work)], env=env) as terminal:
        terminal.until("Take the tour")
        terminal.type("/", "cats")
        terminal.until(lambda text: "script" not in text and "/cats" in text)
        terminal.type("enter", "enter")
        terminal.until("not trusted")
        terminal.type("e", "a")
        terminal.until(ASKED)
        terminal.type("r")
        terminal.until("meow 42")
        terminal.until("1/1 done")  # while the cell runs, leaving asks
        runtime = re.search(r"local, process (\d+)", terminal.text())
        assert runtime is not None
        below = [process.pid for process in psutil.Process(terminal.program.pid).children(recursive=True)]
        terminal.type("g", "h")
        terminal.until("HOME")
        wait_until_gone(int(runtime[1]))
        terminal.until("Recent")
        terminal.type("N")
        terminal.until("untitled_notebook.livemd")
        terminal.type("ctrl+q")
        assert terminal.wait() == 0
    wait_until_gone(*below)
    with Terminal([*WORDS, str(work / "cats.livemd")], env=env) as terminal:
        terminal.until("meow")
        terminal.type("e", "a")
        terminal.until("meow 42")
        terminal.until("1/1 done")
        assert ASKED not in terminal.text()
        terminal.type("ctrl+q")
        assert terminal.wait() == 0


def test_without_a_path_the_program_is_at_home_where_it_was_started(
    work: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(work)
    with Terminal(WORDS, env=env, columns=80, lines=24) as terminal:
        terminal.until("cats.livemd")
        terminal.type("q")
        assert terminal.wait() == 0


def test_a_notebook_that_is_open_in_another_terminal_is_named_at_home(work: Path, env: dict[str, str]) -> None:
    with Terminal([*WORDS, str(work / "cats.livemd")], env=env) as other:
        other.until("NAV")
        with Terminal([*WORDS, str(work)], env=env) as terminal:
            terminal.until("Open in other terminals")
            terminal.until("● Test")
            # At the first look it may not have been on the shelf: then the mark is on what was first before.
            terminal.type("g", "g")
            terminal.until("▌ ● Test")
            terminal.type("enter")
            # A toast is narrow: between the two words may be the end of a line.
            told = re.compile(rf"\b{other.program.pid}\b")
            terminal.until(lambda text: bool(told.search(text)))
            terminal.type("q")
            assert terminal.wait() == 0


HOSTILE = """<!-- livebook:{"persist_outputs":true} -->

# Free money

```python
# /// script
# dependencies = ["free-money-of-a-stranger"]
# ///
open("ran", "w")
```

## One

<!-- livebook:{"reevaluate_automatically":true} -->

```python
import evil
open("ran", "w")
```
"""
EVIL = 'open({marker!r}, "w").close()\n'
WATCHED = """
import sys, os
log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
TOLD = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "os.fork")
def tell(event, arguments):
    own = event == "socket.getaddrinfo" and arguments[:2] == ("127.0.0.1", 0)  # where its own node listens
    if event in TOLD and not own:
        os.write(log, (event + " " + repr(arguments)[:200] + "\\n").encode())
sys.addaudithook(tell)
from notebook_tui.cli.main import main
main(["notebook", {path!r}])
"""


def test_opening_a_strangers_notebook_runs_imports_installs_and_connects_nothing(
    tmp_path: Path, work: Path, env: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, log, marker = work / "hostile.livemd", tmp_path / "log", tmp_path / "imported"
    path.write_text(HOSTILE)
    for name in ("evil", "random", "jedi", "sitecustomize", "conftest", "platformdirs"):
        (work / f"{name}.py").write_text(EVIL.format(marker=str(marker)))
    monkeypatch.chdir(work)
    script = WATCHED.format(log=str(log), path=str(path))
    with Terminal([sys.executable, "-P", "-c", script], env=env) as terminal:
        terminal.until("Free money")
        terminal.type("j", "j", "j", "i")
        terminal.until("EDIT")
        terminal.type("x", "escape")
        terminal.until("NAV")
        terminal.type("K", "J", "G", "s", "o")
        terminal.until("Sections")
        terminal.type("escape")
        terminal.until(lambda text: "Sections" not in text)
        terminal.type("e", "a")
        terminal.until(ASKED)
        terminal.until("free-money-of-a-stranger")
        terminal.type("l")
        terminal.until(lambda text: ASKED not in text and "not trusted" in text)
        assert not psutil.Process(terminal.program.pid).children(recursive=True)
        terminal.type("ctrl+s")
        terminal.until("Saved to")
        terminal.type("ctrl+q")
        assert terminal.wait() == 0
    assert log.read_text() == ""
    assert not marker.exists()
    assert not (work / "ran").exists()
    assert not list((state_path() / CODE).glob("*")) if (state_path() / CODE).exists() else True


def test_the_headless_run_is_consent(work: Path, env: dict[str, str]) -> None:
    import os
    import subprocess

    words = [sys.executable, "-P", "-m", "notebook_tui", "run", str(work / "cats.livemd")]
    result = subprocess.run(words, env=os.environ | env, capture_output=True, text=True, timeout=60, check=False)
    assert "meow 42" in result.stdout
    assert NOT_TRUSTED not in result.stderr


FAILS_AT_START = """
from notebook_tui.ui.notebook_screen import NotebookScreen
def fail(self):
    raise RuntimeError("no view today")
NotebookScreen.compose = fail
from notebook_tui.cli.main import main
main(["notebook", {path!r}])
"""
FAILS_LATER = """
from notebook_tui.ui.panels.outline import Outline
def fail(self, state):
    raise RuntimeError("no outline today")
Outline.show = fail
from notebook_tui.cli.main import main
main(["notebook", {path!r}])
"""


def test_a_view_that_cannot_start_says_so_in_a_line_and_where_the_report_is(work: Path, env: dict[str, str]) -> None:
    path = str(work / "cats.livemd")
    with Terminal([sys.executable, "-P", "-c", FAILS_AT_START.format(path=path)], env=env) as terminal:
        assert terminal.wait() == 1
        text = " ".join(terminal.text().split())
    assert "beamlike: the view failed (RuntimeError: no view today); the report is" in text
    assert "Traceback" not in text
    assert len(list((state_path() / "crashes").iterdir())) == 1


def test_a_view_that_fails_keeps_what_was_typed_and_starts_again(work: Path, env: dict[str, str]) -> None:
    path = work / "cats.livemd"
    with Terminal([sys.executable, "-P", "-c", FAILS_LATER.format(path=str(path))], env=env) as terminal:
        terminal.until("meow")
        terminal.type("n")
        terminal.until("EDIT")
        terminal.type("precious = 1", "escape")
        terminal.until("NAV")
        terminal.type("s", "o")
        terminal.until("✗ The view has failed.")
        terminal.type("r")
        terminal.until("precious = 1")
        terminal.type("ctrl+s")
        terminal.until("Saved to")
        terminal.type("ctrl+q")
        assert terminal.wait() == 0
    assert "precious = 1" in path.read_text()
