"""Who ran what: one line for each run, for the user alone."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from notebook_tui.cli.main import main
from notebook_tui.document.operations import EvaluationFinished, QueueCells, RuntimeConnected, RuntimeDown
from notebook_tui.document.state import State
from notebook_tui.session import run_log
from notebook_tui.session.client import Client
from notebook_tui.session.people import Person
from notebook_tui.session.run_log import Ran, RunLog, append, lines_of, log_of, runs_in
from tests.notebook_tui.test_session_viewers import notebook_at
from tests.support.documents import after, state_of
from tests.support.kept_sessions import kept
from tests.support.local_nodes import PATIENCE, eventually, in_node

RAN = Ran(1.0, "ann", "key", "c", "3", "00ff", "ok")


@in_node
async def test_who_ran_what_is_in_a_file_for_the_user_alone(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        ann = await Client.join(it.session, Person("ann", "run", "key SHA256:x"))
        ann.send(QueueCells(("cell-1",)))
        await it.until(lambda: bool(it.state.queue))
        it.client.send(RuntimeConnected("here"))
        await it.until(lambda: it.state.evaluating == "cell-1")
        it.client.send(EvaluationFinished("cell-1", 7.0, "error"))
        await eventually(lambda: it.state.evaluating is None)
        (ran,) = await ann.runs()
        assert (ran.person, ran.origin, ran.cell_id, ran.ending) == ("ann", "key SHA256:x", "cell-1", "error")
        file = log_of(path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        (line,) = file.read_text(encoding="utf-8").splitlines()
        assert json.loads(line)["person"] == "ann"
        assert "a = 1" not in line
    async with kept(path) as again:
        assert await again.client.runs() == (ran,)


def test_a_cell_that_runs_by_itself_is_nobodys() -> None:
    state = after(state_of({"s": {"c": "x"}}), QueueCells(("c",)), RuntimeConnected("here"))
    log = RunLog(None)
    log.finished("c", state, 1.0, "ok")
    log.asked(None, Person("ann"), State(state.notebook), state)
    log.finished("c", state, 2.0, "ok")
    assert [(each.person, each.by_itself) for each in log.newest] == [("", True), ("ann", False)]


def test_what_runs_for_the_sake_of_another_cell_is_asked_for_by_the_same_person() -> None:
    state = after(state_of({"s": {"c": "x = 1", "d": "x"}}), QueueCells(("d",)), RuntimeConnected("here"))
    log = RunLog(None)
    log.asked(None, Person("ann"), State(state.notebook), state)
    log.finished("c", state, 1.0, "ok")
    assert log.newest[-1].person == "ann"


def test_who_asks_for_a_cell_that_another_took_back_runs_it() -> None:
    waits = after(state_of({"s": {"c": "x"}}), QueueCells(("c",)), RuntimeConnected("here"))
    idle = State(waits.notebook)
    log = RunLog(None)
    log.asked(None, Person("ann"), idle, waits)
    log.asked(None, Person("bob"), waits, waits)
    log.finished("c", waits, 1.0, "ok")
    log.asked(None, Person("ann"), idle, waits)  # and takes it back, of which the log hears nothing
    log.asked(None, Person("bob"), idle, waits)
    log.finished("c", waits, 2.0, "ok")
    assert [each.person for each in log.newest] == ["ann", "bob"]


def test_a_run_that_is_cut_off_is_logged_with_who_asked_for_it_and_not_what_only_waited() -> None:
    state = after(state_of({"s": {"c": "x = 1", "d": "x"}}), QueueCells(("d",)), RuntimeConnected("here"))
    log = RunLog(None)
    log.asked(None, Person("ann"), State(state.notebook), state)
    assert log.cut_off(state, after(state, RuntimeDown("gone")), 3.0)
    assert [(each.person, each.cell_id, each.ending) for each in log.newest] == [("ann", "c", "aborted")]
    assert log.newest[0].digest == _digest("x = 1")
    assert log.going(state) == ()


@in_node
async def test_a_run_that_a_session_ends_with_its_runtime_is_logged(tmp_path: Path) -> None:
    path = notebook_at(tmp_path)
    async with kept(path) as it:
        it.client.send(QueueCells(("cell-1",)))
        await it.until(lambda: bool(it.state.queue))
        it.client.send(RuntimeConnected("here"))
        await it.until(lambda: it.state.evaluating == "cell-1")
    assert [(each.cell_id, each.ending) for each in runs_in(log_of(path))] == [("cell-1", "aborted")]


@pytest.mark.usefixtures("state_here")
def test_a_name_may_contain_what_ends_a_line_elsewhere(tmp_path: Path) -> None:
    path = log_of(tmp_path / "a.livemd")
    ran = replace(RAN, person="ann\u2028\x85")
    append(path, ran)
    assert list(runs_in(path)) == [ran]


@pytest.mark.usefixtures("state_here")
def test_a_line_that_was_not_written_whole_is_left_out(tmp_path: Path) -> None:
    path = log_of(tmp_path / "a.livemd")
    append(path, RAN)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at": 1')
    assert list(runs_in(path)) == [RAN]


@pytest.mark.usefixtures("state_here")
def test_a_file_that_is_full_is_put_aside_and_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_log, "LARGEST", 150)
    path = log_of(tmp_path / "a.livemd")
    for _ in range(3):
        append(path, RAN)
    assert len(list(runs_in(path))) in (2, 3)
    assert len(list(lines_of(runs_in(path)))) >= 2
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.fixture
def state_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAMLIKE_STATE", str(tmp_path / "state"))
    assert PATIENCE


def _digest(source: str) -> str:
    return hashlib.blake2b(source.encode(), digest_size=8).hexdigest()


def run(words: list[str]) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


@pytest.mark.usefixtures("state_here")
def test_the_command_line_tells_who_ran_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "a.livemd"
    assert run(["sessions", "log", str(book)]) == 0
    assert "nothing was run in" in capsys.readouterr().out
    append(log_of(book), RAN)
    assert run(["sessions", "log", str(book)]) == 0
    assert capsys.readouterr().out.rstrip().endswith("ann (key)  cell 3  ok  00ff")
    assert run(["sessions", "log", "--json", str(book)]) == 0
    assert json.loads(capsys.readouterr().out)["person"] == "ann"
