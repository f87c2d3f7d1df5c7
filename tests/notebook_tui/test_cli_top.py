"""The walk of docs/introspection.md: three faults of a running service, found by the commands that it shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from notebook_tui.cli import nodes
from notebook_tui.cli.main import main

ROOT = Path(__file__).parents[2]
SERVICE = ROOT / "docs" / "examples" / "orders.py"
NODE = "walked@127.0.0.1"


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    command = [sys.executable, str(SERVICE), "--name", "walked"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == f"{NODE} sells\n"
        yield
        program.kill()


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(words)
    printed = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, printed.out, printed.err


def look(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    code, printed, errors = run(capsys, "top", NODE, "--once", "--json", *words)
    assert code == 0, errors
    return json.loads(printed)


def until(found: Any, told: str) -> Any:
    """What `found` returns as soon as it is true."""
    deadline = time.monotonic() + 90
    while not (value := found()):
        assert time.monotonic() < deadline, told
    return value


def test_the_growing_mailbox_is_the_longest_and_more_comes_than_its_process_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def longest() -> Any:
        return look(capsys, "--parts", "processes", "--interval", "0.6")["processes"][0]

    def grows() -> Any:
        first = longest()
        # While the accountant computes nothing comes: a look may see little else.
        return first if first["queue"] > 10 and first["messages_per_s"] > 2 * first["steps_per_s"] else None

    first = until(grows, "no mailbox grows")
    assert first["name"] == "mailer"
    assert first["place"]["function"] == "Mailer.handle_cast"
    assert until(lambda: longest()["queue"] > first["queue"], "it does not grow")


def test_the_leaking_tasks_stand_at_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def most_frequent(count: int) -> int:
        tasks = look(capsys, "--parts", "tasks", "--limit", "1000")["tasks"]
        places = Counter((it["place"]["function"], it["waits_for"]) for it in tasks if it["place"])
        ((function, waits_for), found) = places.most_common(1)[0]
        return found if found > count and (function, waits_for) == ("confirm_order", "an event") else 0

    before = until(lambda: most_frequent(5), "no tasks gather")
    assert until(lambda: most_frequent(before), "it does not leak") > before


def test_the_stall_is_named_with_the_line_that_computes(capsys: pytest.CaptureFixture[str]) -> None:
    def worst() -> Any:
        (loop,) = look(capsys, "--parts", "loops", "--interval", "0.5")["loops"]
        return next((it for it in loop["worst"] if it["seconds"] > 0.1 and it["place"]), None)

    stall = until(worst, "no stall was seen")
    assert stall["place"]["function"].startswith("check_sums")
    assert any(place["function"] == "accountant" for place in stall["stack"])


def test_as_text_it_is_as_wide_as_the_terminal_and_shows_each_part(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    parts = "processes,tasks,threads,gc,links,names,trees,memory,files,modules"
    code, printed, errors = run(capsys, "top", NODE, "--once", "--parts", parts, "--interval", "0.1")
    assert code == 0, errors
    for title in ("processes", "tasks", "threads", "garbage collector", "links", "names", "memory", "files", "modules"):
        assert f"\n{title}" in printed
    assert "└─ mailer" in printed
    tables = [line for line in printed.splitlines() if not line.startswith((" ", "walked"))]
    assert max(map(len, tables)) <= 100


def test_nodes_lists_it_with_what_it_says_of_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "LOOK_SECONDS", 60.0)
    code, printed, errors = run(capsys, "nodes", "--json")
    assert code == 0, errors
    (row,) = [it for it in json.loads(printed) if it["node"] == NODE]
    assert (row["state"], row["program"]) == ("up", "orders.py")
    assert row["processes"] > 3
    code, printed, _ = run(capsys, "nodes")
    assert NODE in printed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("top", "nobody@127.0.0.1", "--once"), "expected nobody@127.0.0.1 among this host's live nodes"),
        (("top", "walked", "--once"), "expected a node as NAME@HOST"),
        (("top", NODE, "--json"), "it needs --once"),
        (("top", NODE), "the live view needs a terminal"),
        (("top", NODE, "--once", "--parts", "weather"), "expected tables of processes"),
        (("top", NODE, "--once", "--sort", "colour"), "expected one of queue"),
    ],
    ids=lambda it: " ".join(it)[:30] if isinstance(it, tuple) else "",
)
def test_what_is_in_the_way_is_said_in_one_line(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed, errors = run(capsys, *words)
    assert (code, printed) == (2, "")
    assert told in errors
    assert errors.startswith("beamlike: ")
    assert errors.count("\n") == 1


def test_all_tasks_are_counted_and_not_only_a_hundred_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    def counted() -> int:
        _, printed, _ = run(capsys, "top", NODE, "--once", "--parts", "tasks")
        return max((int(line.split()[0]) for line in printed.splitlines() if " confirm_order" in line), default=0)

    assert until(lambda: counted() > 100, "it stays at a hundred")


def test_into_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.__stdout__", None)
    _, printed, _ = run(capsys, "top", NODE, "--once", "--parts", "processes,threads", "--interval", "0.1")
    assert "…" not in printed
    assert f"beamlike heartbeat {NODE}" in printed


@pytest.mark.parametrize(
    "words",
    [
        ("top", NODE, "--once", "--interval", "0.1"),
        ("nodes", "--list"),
        ("flame", "ps", NODE),
        ("flame", "ps", NODE, "--json"),
    ],
    ids=" ".join,
)
def test_whoever_has_left_while_it_is_printed_is_told_nothing(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}  # what is printed goes out at the very end
    try:
        done = subprocess.run(
            [sys.executable, "-m", "notebook_tui", *words],
            env=environment,
            cwd=ROOT,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=90,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_node_that_refuses_is_listed_with_the_whole_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodes, "LOOK_SECONDS", 60.0)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("BEAMLIKE_SECRET", "another")
    _, printed, _ = run(capsys, "nodes")
    assert f"\n{NODE}: {NODE} refused " in printed
    assert "different secrets" in printed


def test_a_runtime_that_cannot_be_reached_is_told_in_words_and_without_a_stack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    notebook = tmp_path / "n.livemd"
    notebook.write_text("# N\n\n```python\n1 + 1\n```\n", encoding="utf-8")
    code, _, errors = run(capsys, "run", str(notebook), "--runtime", "attach:nobody@127.0.0.1")
    assert code == 1
    assert "the runtime did not start: NotConnected: nobody@127.0.0.1 cannot be reached" in errors
    assert "Traceback" not in errors + caplog.text
