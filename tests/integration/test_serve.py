"""Sessions that outlive their terminals, with real servers, terminals and runtimes, which are killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from contextvars import Context
from pathlib import Path

import pytest

from beamlike.kernel.record import frozen
from nodes.host_processes import look
from notebook_tui.document.operations import QueueCells, SetCellSource
from notebook_tui.serve import custody
from notebook_tui.serve.custody_messages import VERSION
from notebook_tui.serve.held import held
from notebook_tui.serve.joining import joined, server_holding
from notebook_tui.serve.listing import listed
from notebook_tui.serve.rendezvous import CUSTODIANS, Server, on_demand_server, servers
from notebook_tui.serve.server import end_server
from notebook_tui.session.booted import Local
from notebook_tui.session.people import Person
from notebook_tui.session.run_log import log_of, runs_in
from notebook_tui.session.runtime import Step
from notebook_tui.session.state_directory import state_directory
from tests.support.asked import Asked
from tests.support.in_loop import in_loop
from tests.support.open_notebook import notebook_text, told
from tests.support.served import printed, result, run, served, until
from tests.support.terminal import Terminal

pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("own_state")]

ONE_BY_ONE = """\
import asyncio, os
for number in range(1_000_000):
    print(number, value, flush=True)
    if os.path.exists("enough"):
        break
    await asyncio.sleep(0.02)
"""
"""Until the test makes that file beside the notebook: what is printed after anything else is always more."""


@pytest.fixture
def work(tmp_path: Path) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.livemd").write_text(notebook_text("value = 41", ONE_BY_ONE, "value + 1"), encoding="utf-8")
    return work


async def ended_well(custodian: Server) -> None:
    for program in [each for each in custody.STARTED if each.pid == custodian.pid]:
        assert await asyncio.to_thread(program.wait, 60) == 0


@frozen
class _Numbers:
    """What the cell has printed."""

    lines: tuple[str, ...]

    @property
    def last(self) -> int:
        return len(self.lines) - 1

    @property
    def are_whole(self) -> bool:
        """Each once, in order."""
        return self.lines == tuple(f"{number} 41" for number in range(len(self.lines)))


def numbers(text: str) -> _Numbers:
    return _Numbers(tuple(text.split("\n")[:-1]))


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
@in_loop
async def test_the_server_after_one_that_was_ended_has_its_sessions_with_variables_and_running_cells(
    work: Path, number: signal.Signals
) -> None:
    path = work / "a.livemd"
    async with served(work) as serving:
        await serving.start()
        async with joined(path) as client:
            client.send(QueueCells(("cell-1", "cell-2")))
            await until(lambda: numbers(printed(client, "cell-2")).last > 2, "the cell prints")
            await serving.end(number)
            await until(lambda: client.away, "the viewer has seen that")
            seen = numbers(printed(client, "cell-2")).last
            client.send(SetCellSource("cell-3", "value + 2"))
            await serving.start()
            await until(lambda: not client.away, "the viewer is back")
            await until(lambda: numbers(printed(client, "cell-2")).last > seen + 2, "the cell prints on")
            assert client.state.running == {"": "cell-2"}
            (work / "enough").touch()
            await until(lambda: not client.state.running, "the cell has ended")
            assert numbers(printed(client, "cell-2")).are_whole
            await run(client, "cell-3")
            assert result(client, "cell-3") == "43"
            # A viewer elsewhere asks the runtime, too, which its node does not know.
            assert {each.name for each in (await client.variables("cell-3")).shown} >= {"value", "number"}
            found = await told(lambda: client.complete("cell-3", "value.bit_l", 11))
            assert "bit_length" in [each.label for each in found]
            cluster = await client.cluster()
            assert cluster is not None
            assert cluster.nodes == ()
            runtime = cluster.runtime.pid
        assert await serving.end(signal.SIGINT) == 0
        await until(lambda: look(runtime) is None, "the runtime has ended with its session")


ASKS = """\
name = input("Who? ")
again = input("Again? ")
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "restarted"])
@in_loop
async def test_what_a_cell_asked_before_its_server_was_ended_is_asked_again_and_the_answer_lets_it_go_on(
    work: Path, number: signal.Signals
) -> None:
    path = work / "a.livemd"
    path.write_text(notebook_text(ASKS, "name, again"), encoding="utf-8")
    async with served(work) as serving:
        await serving.start()
        async with joined(path) as client:
            stays = Asked(client)
            client.send(QueueCells(("cell-1",)))
            wanted = await stays.question()
            await until(lambda: client.journaled >= client.applied, "all that is known of the cell is on the disk")
            await serving.end(number)
            await until(lambda: client.away, "the viewer has seen that")
            await serving.start()
            # Whoever comes is asked, and whoever was asked is not asked twice.
            comes = asyncio.create_task(_answers(path, wanted.question), context=Context())
            assert await stays.is_settled() == wanted.question
            await comes
            wanted = await stays.question()
            assert wanted.prompt == "Again? "
            client.answer(wanted.question, "Bo")
            await until(lambda: not client.state.running, "the cell has ended")
            await run(client, "cell-2")
            assert result(client, "cell-2") == "('Ada', 'Bo')"


async def _answers(path: Path, question: str) -> None:
    """As another terminal, to which the question is put as to the first."""
    async with joined(path) as client:
        asked = Asked(client)
        assert (await asked.question()).question == question
        client.answer(question, "Ada")
        assert await asked.is_settled() == question


@in_loop
async def test_what_a_cell_asked_waits_for_the_next_terminal_when_the_last_is_gone(work: Path) -> None:
    path = work / "a.livemd"
    path.write_text(notebook_text(ASKS, "name, again"), encoding="utf-8")
    async with served(work) as serving:
        await serving.start()
        async with joined(path) as client:
            asked = Asked(client)
            client.send(QueueCells(("cell-1",)))
            wanted = await asked.question()
        async with joined(path) as client:
            asked = Asked(client)
            assert (await asked.question()).question == wanted.question
            client.answer(wanted.question, "Ada")
            client.answer((await asked.question()).question, "Bo")
            await until(lambda: not client.state.running, "the cell has ended")
            await run(client, "cell-2")
            assert result(client, "cell-2") == "('Ada', 'Bo')"


@in_loop
async def test_who_ran_what_is_known_after_the_server_was_killed_also_of_what_ends_with_its_runtime(work: Path) -> None:
    path = work / "a.livemd"
    async with served(work) as serving:
        await serving.start()
        async with joined(path, Person("ann", "run", "key SHA256:x")) as client:
            client.send(QueueCells(("cell-1", "cell-2", "cell-3")))
            await until(lambda: numbers(printed(client, "cell-2")).last > 2, "the cell prints")
            for _ in range(2):  # once from what was asked, and once from what the server before had written anew
                await serving.end(signal.SIGKILL)
                await until(lambda: client.away, "the viewer has seen that")
                await serving.start()
                await until(lambda: not client.away, "the viewer is back")
            (custodian,) = servers(CUSTODIANS)
            os.kill(custodian.pid, signal.SIGKILL)
            await until(lambda: client.state.runtime.phase == "disconnected", "the session knows")
            (work / "enough").touch()
            await run(client, "cell-1")
            runs = await client.runs()
    told = [(each.person, each.origin, each.cell_id, each.ending) for each in runs]
    whom = ("ann", "key SHA256:x")
    assert told == [(*whom, "cell-1", "ok"), (*whom, "cell-2", "aborted"), (*whom, "cell-1", "ok")]
    assert tuple(runs_in(log_of(path))) == runs


@in_loop
async def test_a_run_that_ended_with_server_and_runtime_is_told_by_the_next_server_with_its_name(work: Path) -> None:
    path = work / "a.livemd"
    async with served(work) as serving:
        await serving.start()
        async with joined(path, Person("ann", "run")) as client:
            await run(client, "cell-1")
            await until(lambda: client.applied <= client.journaled, "the journal is begun")
            client.send(QueueCells(("cell-2",)))
            await until(lambda: numbers(printed(client, "cell-2")).last > 2, "the cell prints")
            (custodian,) = servers(CUSTODIANS)
            os.kill(serving.pid, signal.SIGSTOP)  # so that it sees nothing of that
            os.kill(custodian.pid, signal.SIGKILL)
            await serving.end(signal.SIGKILL)
            await serving.start()
            await until(lambda: not client.away, "the viewer is back")
            await until(lambda: client.state.runtime.phase == "disconnected", "the session knows")
            assert [(each.person, each.cell_id, each.ending) for each in await client.runs()] == [
                ("ann", "cell-1", "ok"),
                ("ann", "cell-2", "aborted"),
            ]


@in_loop
async def test_a_killed_custodian_takes_its_runtimes_along_and_the_session_says_so(work: Path) -> None:
    async with served(work) as serving:
        await serving.start()
        async with joined(work / "a.livemd") as client:
            await run(client, "cell-1")
            facts = await client.runtime_facts()
            assert facts is not None
            (custodian,) = servers(CUSTODIANS)
            os.kill(custodian.pid, signal.SIGKILL)
            await until(lambda: client.state.runtime.phase == "disconnected", "the session knows")
            assert "the program that has the runtimes has ended" in client.state.runtime.lost
            await until(lambda: look(facts.pid) is None, "the runtime has ended")
            await run(client, "cell-1", "cell-3")
            assert result(client, "cell-3") == "42"


@in_loop
async def test_a_custodian_without_a_server_ends_after_the_lease_and_its_runtimes_with_it(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import beamlike as bl

    async with bl.Node(f"short-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work), lease=1.0)
        await kept.begin(node.self(), ())
        booted = await kept.boot(sys.executable, {}, "local")
        pid = int(booted.where.rpartition(" ")[2])
        assert look(pid) is not None
        (custodian,) = servers(CUSTODIANS)
    await until(lambda: look(pid) is None and not servers(CUSTODIANS), "both have ended")
    await ended_well(custodian)


@in_loop
async def test_a_server_that_loses_the_way_to_its_custodian_and_finds_it_keeps_its_runtimes(work: Path) -> None:
    import beamlike as bl

    async with bl.Node(f"way-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work))
        await kept.begin(node.self(), ())
        one = await kept.boot(sys.executable, {}, "local")
        await node.disconnect(kept.node)
        other = await kept.boot(sys.executable, {}, "local")
        assert [await kept.fate(each.node) for each in (one, other)] == [None, None]
        await kept.stop(one.node)
        assert [await kept.fate(each.node) for each in (one, other)] == ["it has ended", None]
        (custodian,) = servers(CUSTODIANS)
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the custodian has ended")
    await ended_well(custodian)


@in_loop
async def test_a_server_whose_way_to_its_custodian_is_cut_attends_to_it_again_by_itself(work: Path) -> None:
    import beamlike as bl

    async with bl.Node(f"cut-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work))
        await kept.begin(node.self(), ())
        booted = await kept.boot(sys.executable, {}, "local")
        kept.take(booted)
        custodians = servers(CUSTODIANS)
        for _ in range(2):
            await node.disconnect(kept.node)
            await until(lambda: kept.node in node.nodes(hidden=True), "it is found again, though nothing is asked")
        assert servers(CUSTODIANS) == custodians
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the custodian has ended")
    await ended_well(custodians[0])


@in_loop
async def test_what_became_of_a_runtime_is_known_at_once_when_the_way_to_its_custodian_was_cut(work: Path) -> None:
    import beamlike as bl

    async with bl.Node(f"asks-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work))
        await kept.begin(node.self(), ())
        booted = await kept.boot(sys.executable, {}, "local")
        kept.take(booted)
        (custodian,) = servers(CUSTODIANS)
        await node.disconnect(kept.node)
        assert await kept.fate(booted.node) is None
        await node.disconnect(kept.node)
        with pytest.raises(bl.NotConnected, match="it has ended"):  # for it is no machine: the custodian has answered
            await kept.way_to(booted.node)
        await node.disconnect(kept.node)
        await kept.stop(booted.node)
        assert await kept.fate(booted.node) == "it has ended"
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the custodian has ended")
    await ended_well(custodian)


OF_ANOTHER_VERSION = """\
import notebook_tui.serve.custodian as custodian
custodian.VERSION = "another"
custodian.main()
"""


@in_loop
async def test_a_custodian_of_another_version_boots_nothing_and_what_it_has_is_still_found(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import beamlike as bl

    told = json.dumps({"directory": str(work), "lease": 60.0, "version": "another"})
    older = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-c", OF_ANOTHER_VERSION, stdin=asyncio.subprocess.PIPE
    )
    assert older.stdin is not None
    older.stdin.write(told.encode())
    older.stdin.close()
    await until(lambda: servers(CUSTODIANS), "the older one is there")
    with monkeypatch.context() as before:
        before.setattr(custody, "VERSION", "another")
        async with bl.Node(f"older-{os.getpid()}@127.0.0.1", hidden=True) as node:
            kept = custody.Custody(str(work))
            await kept.begin(node.self(), ())
            one = await kept.boot(sys.executable, {}, "local")
            kept.take(one)
            await kept.fate(one.node)  # it has heard that
    async with bl.Node(f"newer-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work))
        await kept.begin(node.self(), {one.node})
        assert await kept.fate(one.node) is None
        other = await kept.boot(sys.executable, {}, "local")
        kept.take(other)
        assert sorted(each.version for each in servers(CUSTODIANS)) == sorted(["another", VERSION])
        assert [await kept.fate(each.node) for each in (one, other)] == [None, None]
        await kept.stop(one.node)
        assert [await kept.fate(each.node) for each in (one, other)] == ["it has ended", None]
        await until(lambda: len(servers(CUSTODIANS)) == 1, "the older one has ended, as it has nothing any more")
        (newer,) = [each for each in servers(CUSTODIANS) if each.pid != older.pid]
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the newer one has ended, too")
    await ended_well(newer)
    assert await asyncio.wait_for(older.wait(), 60) == 0


@pytest.mark.parametrize("begun", ["its process starts", "it is made a runtime"])
@in_loop
async def test_what_a_custodian_boots_ends_with_whoever_asked_for_it_until_it_is_somebodys_runtime(
    work: Path, begun: str
) -> None:
    import beamlike as bl

    began, go = work / "began", work / "go"
    python = work / "python"
    waits = f"until test -e '{go}'; do sleep 0.05; done"
    python.write_text(f"#!/bin/sh\necho $$ > '{began}'\n{waits}\nexec '{sys.executable}' \"$@\"\n", encoding="utf-8")
    python.chmod(0o700)
    async with bl.Node(f"asks-{os.getpid()}@127.0.0.1", hidden=True) as node:
        kept = custody.Custody(str(work))
        await kept.begin(node.self(), ())
        asker, ended = bl.spawn_monitor(held(Local(python=str(python)), kept).connect, node.self(), "a", None)
        await until(lambda: began.exists() and began.read_text(), "its process starts")
        if begun == "it is made a runtime":
            go.touch()
            await bl.receive(lambda told: isinstance(told, Step) and "makes it a runtime" in told.text, timeout=60)
        # As if it were told to give up or had waited for too long, but nothing of it is left to take anything back.
        bl.exit(asker, "kill")
        await bl.receive(ref=ended, timeout=60)
        go.touch()
        await until(lambda: look(int(began.read_text())) is None, "what it asked for has ended")
        (custodian,) = servers(CUSTODIANS)
        kept.dismiss()
        await until(lambda: not servers(CUSTODIANS), "the custodian has ended")
    await ended_well(custodian)


def test_a_terminal_that_is_killed_while_a_cell_runs_leaves_it_to_the_next_one(work: Path) -> None:
    path = work / "a.livemd"
    (work / "a.livemd").write_text(notebook_text("value = 41", ONE_BY_ONE), encoding="utf-8")
    words = [sys.executable, "-P", "-m", "notebook_tui", "notebook", str(path)]
    with Terminal([*words, "--keep"]) as terminal:
        terminal.until("served")
        terminal.type("e", "a")
        terminal.until("3 41")
        terminal.program.kill()
    with Terminal(words) as terminal:
        terminal.until("1 running")
        asyncio.run(_prints_on(path))
        (work / "enough").touch()
        terminal.until("2/2 done")
        terminal.type("ctrl+q")
        terminal.until("Detach")
        terminal.type("d")
        assert terminal.wait() == 0
    (only,) = asyncio.run(listed())
    assert [told.running.path for told in only.sessions] == [str(path)]
    server = on_demand_server()
    assert server is not None
    (log,) = (state_directory() / "servers").glob("*.log")
    assert f"process {server.pid} serves what was opened with --keep" in log.read_text()
    assert not list(state_directory().rglob("-*"))
    with Terminal(words) as terminal:
        terminal.until("2/2 done")
        terminal.type("ctrl+q")
        terminal.until("Stop")
        terminal.type("s")
        assert terminal.wait() == 0
    (only,) = asyncio.run(listed())
    assert only.sessions == ()
    asyncio.run(end_server(server))


async def _prints_on(path: Path) -> None:
    async with joined(path) as client:
        seen = numbers(printed(client, "cell-2"))
        assert seen.are_whole
        await until(lambda: numbers(printed(client, "cell-2")).last > seen.last + 2, "the cell prints on")
        assert numbers(printed(client, "cell-2")).are_whole


def test_the_command_refuses_a_second_server_names_the_first_and_ends_it(work: Path) -> None:
    command = [sys.executable, "-P", "-m", "notebook_tui"]

    def said(*words: str) -> tuple[int, str]:
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    first = subprocess.Popen([*command, "serve", str(work)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        assert first.stderr is not None
        while b"serves" not in first.stderr.readline():
            assert first.poll() is None
        code, text = said("serve", str(work))
        assert (code, f"served already, by process {first.pid}" in text) == (2, True), text
        code, text = said("serve", "--status")
        assert (code, f"process {first.pid}" in text, "0 sessions" in text) == (0, True, True), text
        code, text = said("sessions", "stop", str(work / "a.livemd"))
        assert (code, "is not open here" in text) == (2, True), text
        assert said("serve", str(work), "--stop") == (0, "")
        assert first.wait(60) == 0
        assert server_holding(work / "a.livemd") is None
    finally:
        first.kill()
        first.wait()
        first.stderr.close() if first.stderr else None
