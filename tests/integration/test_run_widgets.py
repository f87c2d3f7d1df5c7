"""What `beamlike run` shows of widgets, on paper and for programs."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

from tests.support.headless import WORDS, events, run, written
from tests.support.terminal import Terminal

NB = "import notebook_tui as nb\n"


def test_text_of_widgets_goes_on_as_it_comes_and_each_begins_on_a_line_of_its_own(tmp_path: Path) -> None:
    cell = (
        f"{NB}print('half', end='')\nstream = nb.text('once').show()\n"
        "stream.write(' upon\\na')\nstream.write(' time')\n"
        "frame = nb.frame(placeholder='empty').show()\nframe.render('first')\nnb.render('between')\n"
        "frame.append(' more', nb.markdown('*end*'))\n6 * 7"
    )
    result = run(written(tmp_path / "test.livemd", cell))
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.split("──\n", 1)[1].splitlines()
    assert lines[:3] == ["half", "once upon", "a time"]
    assert "empty" not in lines[3:] or lines.index("empty") == 3
    assert [line for line in lines[3:] if line != "empty"] in (
        ["first", "between", " more", "*end*", "42"],
        ["between", "first more", "*end*", "42"],  # the frame's news may come late, together
        ["first more", "between", "*end*", "42"],
        ["first more", "*end*", "between", "42"],
    )


def test_what_has_no_end_of_its_own_is_printed_once_more_as_it_was_when_the_cell_ended(tmp_path: Path) -> None:
    cell = f"{NB}plot = nb.plot(title='Loss').show()\nfor step in range(50):\n    plot.append(loss=step)\nprint('done')"
    result = run(written(tmp_path / "test.livemd", cell, "'after'"))
    assert result.stdout.count("Loss\n") == 2
    first, _, rest = result.stdout.partition("done\n")
    assert "(no points yet)" in first or "┤" in first
    last, _, after = rest.partition("cell 2 of 2")
    assert last.startswith("Loss\n49 ┤")
    assert "Loss" not in after


def test_what_the_last_cell_changes_in_another_is_not_lost(tmp_path: Path) -> None:
    cells = (
        f"{NB}plot = nb.plot(title='Loss').show()\nframe = nb.frame().show()",
        "plot.append(7, loss=3)\nframe.render('late')",
    )
    path = written(tmp_path / "test.livemd", *cells)
    result = run(path, "--output", tmp_path / "out.livemd")
    assert "late\n" in result.stdout
    assert result.stdout.rstrip().endswith("loss")
    text = (tmp_path / "out.livemd").read_text(encoding="utf-8")
    assert "late" in text
    assert "no points yet" not in text


def test_of_progress_a_file_holds_the_end_and_standard_output_nothing(tmp_path: Path) -> None:
    cell = f"{NB}import time\nfor _ in nb.progress(range(8), note='files'):\n    time.sleep(0.05)"
    unfinished = f"{NB}bar = nb.progress(total=4, note='rows').show()\nbar.set(1)"
    result = run(written(tmp_path / "test.livemd", cell, unfinished))
    assert "files" not in result.stdout
    done, stopped = result.stderr.splitlines()
    assert re.fullmatch(r"files ━+  100 %  8/8  0:0\d", done)
    assert stopped.startswith("rows ━")
    assert "1/4" in stopped


def test_on_a_terminal_progress_is_one_line_that_gives_way_to_what_is_printed(tmp_path: Path) -> None:
    cell = (
        f"{NB}import os, time\nbar = nb.progress(total=4, note='files').show()\nbar.set(1)\n"
        "while not os.path.exists('go'):\n    time.sleep(0.02)\nprint('between')\nbar.set(2)\n"
        "while not os.path.exists('end'):\n    time.sleep(0.02)\nbar.set(4)\nbar.finish()"
    )
    path = written(tmp_path / "test.livemd", cell)
    with Terminal([*WORDS, str(path)], lines=12) as terminal:
        terminal.until("1/4")
        (tmp_path / "go").touch()
        text = terminal.until(lambda text: "between" in text and "2/4" in text)
        assert text.count("files") == 1
        (tmp_path / "end").touch()
        assert terminal.wait() == 0
        lines = terminal.until("4/4").splitlines()
        assert [line[:7] for line in lines if line][1:] == ["between", "files ━"]


def test_json_tells_views_with_their_data_and_each_change(tmp_path: Path) -> None:
    cell = (
        f"{NB}import math\nplot = nb.plot().show()\nplot.append(1, loss=math.nan)\nnb.grid('a', nb.table([{{'n': 1}}]))"
    )
    result = run(written(tmp_path / "test.livemd", cell), "--json")
    assert "NaN" not in result.stdout
    told = events(result)
    plot, grid = (event for event in told if event["event"] == "output")
    assert (plot["type"], plot["kind"], plot["cell"]) == ("view", "plot", "1")
    assert [each["is"] for each in grid["data"]["contents"]] == ["text", "table"]
    assert grid["data"]["contents"][1]["rows"] == [["1"]]
    assert grid["text"] == "a\nn\n─\n1\n1 row"
    changed = [event for event in told if event["event"] == "output_changed"]
    assert {(event["ref"], event["id"], event["type"], event["kind"]) for event in changed} == {
        (plot["ref"], "cell-1", "view", "plot")
    }
    (series,) = changed[-1]["data"]["series"]
    assert (series["name"], series["x"], series["y"]) == ("loss", [1.0], [None])


def test_json_of_a_large_view_is_bounded(tmp_path: Path) -> None:
    cells = (
        f"{NB}nb.text('x' * 200_000 + 'end')",
        f"{NB}nb.plot().line('loss', range(3000))",
        f"{NB}nb.frame(*[nb.markdown('y' * 5_000) for _ in range(100)])",
    )
    result = run(written(tmp_path / "test.livemd", *cells), "--json")
    stream, plot, frame = (event for event in events(result) if event["event"] == "output")
    assert len(stream["data"]["text"]) == len(stream["text"]) == 10_001
    assert stream["text"].endswith("end")
    assert len(plot["data"]["series"][0]["x"]) == 1_000
    assert plot["data"]["series"][0]["x"][-1] == 2_999
    assert frame["data"] is None
    assert len(frame["text"]) == 10_001


def test_junit_and_output_hold_what_widgets_looked_like_in_the_end(tmp_path: Path) -> None:
    cell = f"{NB}stream = nb.text('first').show()\nstream.clear()\nstream.write('last')\nnb.table([{{'n': 77}}])"
    path = written(tmp_path / "test.livemd", cell)
    assert run(path, "--junit", tmp_path / "report.xml", "--output", tmp_path / "out.livemd").returncode == 0
    printed = ElementTree.parse(tmp_path / "report.xml").getroot()[0][0][0].text
    for text in (printed, (tmp_path / "out.livemd").read_text(encoding="utf-8").split("nb.table")[1]):
        assert text is not None
        assert "last" in text
        assert "77" in text
        assert "first" not in text


def test_what_a_function_on_a_child_shows_is_told_under_its_cell(tmp_path: Path) -> None:
    cell = (
        f"{NB}import flame, nodes\npool = await flame.Pool.start(name='cpu', backend=nodes.Local(), min=0, max=1)\n"
        "stream = nb.text('parent').show()\ndef work(stream):\n    stream.write(' child')\n    return 'done'\n"
        "await flame.call(pool, work, stream)"
    )
    result = run(written(tmp_path / "test.livemd", cell))
    assert result.returncode == 0, result.stderr
    assert "parent child\n" in result.stdout
    assert "'done'" in result.stdout


def test_a_run_whose_output_nobody_reads_ends_without_a_word(tmp_path: Path) -> None:
    cell = (
        f"{NB}import time\nstream = nb.text().show()\n"
        "for n in range(400):\n    stream.write('x' * 999 + '\\n'); time.sleep(0.005)"
    )
    path = written(tmp_path / "test.livemd", cell)
    for words in ([], ["--json"]):
        with subprocess.Popen(
            [*WORDS, str(path), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as program:
            assert program.stdout is not None
            assert program.stderr is not None
            program.stdout.readline()
            program.stdout.close()
            assert program.wait(timeout=40) == 1
            assert program.stderr.read() == ""


def test_a_run_whose_streams_are_closed_runs_all_the_same(tmp_path: Path) -> None:
    path = written(
        tmp_path / "test.livemd", f"{NB}print('x')\nnb.progress(total=1).show()\nopen('ran', 'w').write('y')"
    )
    for redirection in (">&-", "<&- >&- 2>&-", ">&- --json", "2>&- --log run.log"):
        result = subprocess.run(
            ["bash", "-c", f'"$@" {redirection}', "bash", *WORDS, str(path)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert result.returncode == 0
        assert "Error" not in result.stdout + result.stderr
        assert (tmp_path / "ran").read_text() == "y"
        (tmp_path / "ran").unlink()
    assert "is connected to" in (tmp_path / "run.log").read_text()
