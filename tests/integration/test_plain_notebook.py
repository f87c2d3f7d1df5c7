"""Plain mode: the notebook as lines, typed and read, in the real program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.open_notebook import notebook_text
from tests.support.terminal import Terminal

PLAIN = [sys.executable, "-m", "notebook_tui", "notebook", "--plain"]
pytestmark = pytest.mark.timeout(120)


def plain(path: Path, *lines: str) -> str:
    """What is said when these lines are typed."""
    given = "".join(f"{line}\n" for line in lines)
    result = subprocess.run([*PLAIN, str(path)], input=given, capture_output=True, text=True, timeout=90, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("x = 1", "print('x is', x)\nx + 1"), encoding="utf-8")
    return path


def test_cells_are_listed_run_and_shown_in_lines_without_any_drawing(notebook: Path) -> None:
    said = plain(notebook, "run all", "wait", "show 2", "quit")
    assert "cell 2, not run: print('x is', x)" in said
    assert "cell 2 runs\nx is 1\nresult: 2\ncell 2 done after" in said
    assert "line 2: x + 1" in said
    assert all(character.isprintable() or character == "\n" for character in said)
    assert not set(said) & set("│╭╰▌─")


def test_a_cell_is_typed_its_readers_say_why_they_are_stale_and_undo_takes_it_back(notebook: Path) -> None:
    said = plain(notebook, "run all", "wait", "type 1", "x = 2", ".", "wait", "why 2", "undo", "wait", "show 1", "quit")
    assert "cell 1, which gives x, must run first" in said
    assert said.index("line 1: x = 1") > said.index("must run first")


def test_what_is_added_is_saved_where_it_is_said(notebook: Path, tmp_path: Path) -> None:
    said = plain(notebook, "next", "text", "# Not a heading", ".", "add", "y = 3", ".", "save", "quit")
    assert f"saved to {notebook}" in said
    text = notebook.read_text(encoding="utf-8")
    assert text.index("y = 3") > text.index("Not a heading")


def test_the_end_of_all_input_saves_what_is_not_saved(notebook: Path) -> None:
    plain(notebook, "type 1", "x = 41")
    assert "x = 41" in notebook.read_text(encoding="utf-8")


def test_what_makes_no_sense_is_said_and_nothing_else_happens(notebook: Path) -> None:
    said = plain(notebook, "dance", "show 9", "run t1", "answer", "end 1", "quit")
    for words in ("no command dance", "no cell 9", "no cell t1", "no cell asks", "that cell does not run"):
        assert words in said


def test_a_cell_that_asks_gets_its_line_and_a_secret_is_typed_unseen(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("name = input('Who? ')\nimport getpass\nkey = getpass.getpass('Key? ')\nlen(key)"))
    with Terminal([*PLAIN, str(path)]) as terminal:
        terminal.until("help lists what you can type")
        terminal.type("run 1", "enter")
        terminal.until("waits for a line; answer LINE")
        terminal.type("answer Ada", "enter")
        terminal.until("answer lets you type it unseen")
        terminal.type("answer", "enter")
        terminal.until("unseen:")
        terminal.type("swordfish", "enter")
        terminal.until("result: 9")
        assert "swordfish" not in terminal.text()
        terminal.type("quit", "enter")
        assert terminal.wait() == 0


WIDGETS = """import notebook_tui as nb
count = nb.input.number("Epoch count", 4, min=0)
size = nb.input.select("Size", {"Small": 1, "Large": 2})
key = nb.input.secret("Key")
count.show(); size.show(); key.show()
print("the count is", count.value)
told = nb.text().show()
button = nb.button("Go on").show()
nb.listen(button, lambda event: told.write("so it went"))"""


@pytest.fixture
def with_widgets(tmp_path: Path) -> Path:
    path = tmp_path / "widgets.livemd"
    path.write_text(notebook_text(WIDGETS, "(count.value, size.value, len(key.value))"), encoding="utf-8")
    return path


def test_inputs_are_set_by_their_labels_and_read_by_the_next_run(with_widgets: Path) -> None:
    sets = ("set epoch count 7", "set Size Large", "set Key swordfish", "output 1")
    said = plain(with_widgets, "run 1", "wait", *sets, "run all", "wait", "quit")
    shown, _, after = said.partition("Key is set")
    assert shown.count("Epoch count: [4]") == 1
    assert shown.index("Epoch count: [7]") < shown.index("Size: [Large]")
    assert "Epoch count: [7]" in after
    assert "Epoch count: [4]" not in after
    assert "result: (7, 2, 9)" in after
    assert "swordfish" not in said


def test_a_button_is_pressed_by_its_label(with_widgets: Path) -> None:
    with Terminal([*PLAIN, str(with_widgets)]) as terminal:
        terminal.until("help lists what you can type")
        terminal.type("run 1", "enter")
        terminal.until("cell 1 done")
        terminal.type("press Go on", "enter")
        terminal.until("so it went")
        terminal.type("quit", "enter")
        terminal.type("discard", "enter")
        assert terminal.wait() == 0


def test_what_cannot_be_set_or_pressed_is_said_with_what_there_is(with_widgets: Path) -> None:
    before = ("set Count 7", "press Go")
    after = (
        "set Count 7",
        "press Go",
        "set Epoch count many",
        "set Epoch count -1",
        "set Size Huge",
        "press Go on now",
    )
    said = plain(with_widgets, *before, "run 1", "wait", *after, "quit")
    for words in (
        "set: no cell shows an input",
        "press: no cell shows a button",
        "set: expected one of Epoch count, Size, Key",
        "press: expected one of Go on",
        "expected a number for 'Epoch count', got 'many'",
        "expected a number of 0 to any for 'Epoch count'",
        "expected one of Small, Large for 'Size', got 'Huge'",
        "expected nothing after Go on, got now",
    ):
        assert words in said


def test_ctrl_c_interrupts_what_runs_and_the_program_stays(tmp_path: Path) -> None:
    path = tmp_path / "test.livemd"
    path.write_text(notebook_text("while True: pass"))
    with Terminal([*PLAIN, str(path)]) as terminal:
        terminal.until("help lists what you can type")
        terminal.type("run 1", "enter")
        terminal.until("cell 1 runs")
        terminal.program.send_signal(signal.SIGINT)  # as the terminal does that it is in the foreground of
        terminal.until("cell 1 interrupted")
        terminal.type("status", "enter")
        terminal.until("running: nothing")
        terminal.type("quit", "enter")
        assert terminal.wait() == 0


def test_help_names_every_command(notebook: Path) -> None:
    said = plain(notebook, "help", "quit")
    for word in ("run [CELL | all]", "why [CELL]", "answer [LINE]", "quit"):
        assert word in said


def test_without_plain_a_pipe_is_refused(notebook: Path) -> None:
    words = [*PLAIN[:-1], str(notebook)]
    result = subprocess.run(words, input="", capture_output=True, text=True, timeout=60, check=False, env=os.environ)
    assert result.returncode != 0
    assert "expected a terminal" in result.stderr


def test_code_of_a_stranger_runs_after_the_word_trust_and_not_before(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BEAMLIKE_TRUSTED", "")
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    said = plain(notebook, "run all", "only 1", "wait", "trust", "run all", "wait", "quit")
    assert said.count("nothing was run.\nYou have not written the code") == 2
    assert "· 2 code cells" in said
    assert said.index("its code may run from now on") < said.index("x is 1")
    assert "x is 1" in plain(notebook, "run all", "wait", "quit")


def test_nothing_that_a_stranger_has_put_into_the_notebook_commands_the_terminal(tmp_path: Path) -> None:
    command = "\x1b]52;c;aGk=\x07\x1b[2J\x9b2J\x1b"
    path = tmp_path / "theirs.livemd"
    cell = f'```python\n1{command}\n```\n\n<!-- livebook:{{"output":true}} -->\n\n```\nout{command}\n```\n'
    path.write_text(f"# A{command}\n\n## S{command}\n\nwords{command}\n\n{cell}", encoding="utf-8")
    said = plain(path, "show t1", "show 1", "run 1", f"bad{command}", "quit")
    assert "out" in said
    assert "words" in said
    assert [each for each in said if not each.isprintable() and each != "\n"] == []
