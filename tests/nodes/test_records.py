"""Children of this host are on record from before they are made until they are gone, and never mistaken for another."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import beamlike as bl
import nodes
from beamlike.distribution.directory import directory_path
from nodes import host_processes, records
from nodes.host_processes import Identity
from nodes.local_census import LocalCensus
from nodes.records import Record
from tests.support.processes import DEADLINE, is_alive, wait_until_gone


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the records of this test are, of its own children and those of the programs that it starts."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "beamlike-children"


def on_record() -> list[Record]:
    found, troubles = records.on_record()
    assert troubles == []
    return [record for _, record in found]


def test_a_child_is_on_record_before_it_is_made_and_until_it_is_gone(directory: Path) -> None:
    seen: list[tuple[str, list[Record]]] = []

    async def main() -> int:
        async with bl.Node("records@127.0.0.1", secret=b"a secret of the test"):
            child = await nodes.boot(
                nodes.Local(),
                labels=nodes.Labels("cpu", "cpu-1"),
                max_lifetime=60,
                on_phase=lambda phase: seen.append((phase.name, on_record())),
            )
            pid: int = await bl.rpc.call(child.node, os.getpid, timeout=DEADLINE)
            await child.stop()
            return pid

    pid = asyncio.run(main())
    by_phase = dict(seen)
    assert by_phase["requested"] == []
    [intent] = by_phase["creating"]
    assert (intent.pool, intent.runner, intent.parent_node, intent.child) == ("cpu", "cpu-1", "records@127.0.0.1", None)
    assert intent.parent == host_processes.me()
    assert intent.expires_at == intent.booted_at + 60
    [made] = by_phase["ready"]
    assert made.child is not None
    assert made == replace(intent, child=made.child)
    assert made.child.pid == pid
    assert on_record() == []
    assert list(directory.iterdir()) == []
    assert directory.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false"])
def test_a_boot_that_failed_leaves_no_record(python: str, directory: Path) -> None:
    async def main() -> None:
        async with bl.Node("records@127.0.0.1", secret=b"a secret of the test"):
            with pytest.raises(nodes.BootFailed):
                await nodes.boot(nodes.Local(python=python))

    asyncio.run(main())
    assert list(directory.iterdir()) == []


def test_the_records_lie_beside_the_directory_of_nodes(tmp_path: Path) -> None:
    for environment in ({}, {"XDG_RUNTIME_DIR": str(tmp_path)}, {"XDG_RUNTIME_DIR": "/no/such/directory"}):
        path, beside = records.records_path(environment), directory_path(environment)
        assert path.parent == beside.parent
        assert path.name == beside.name.replace("nodes", "children")


def test_what_cannot_be_read_is_told_and_the_rest_is_shown(directory: Path) -> None:
    records.intend("a@127.0.0.1", "p@127.0.0.1")
    for name, content in (("1-a.json", b"\xff"), ("1-b.json", b"[]"), ("1-c.json", b'{"version": 1}')):
        (directory / name).write_bytes(content)
    (directory / "notes").write_text("not ours")
    found, troubles = records.on_record()
    assert [record.node for _, record in found] == ["a@127.0.0.1"]
    assert len(troubles) == 3
    assert all("cannot be read as the record of a child" in trouble for trouble in troubles)


def test_a_directory_that_others_can_enter_is_not_believed_and_no_reason_not_to_boot(
    directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory.mkdir(mode=0o755)
    with pytest.raises(records.UnusableRecords, match="that only this user can enter, found mode 0755"):
        records.on_record()
    with caplog.at_level(logging.WARNING, logger="nodes"):
        recorded = records.intend("a@127.0.0.1", "p@127.0.0.1")
    assert recorded.path is None
    recorded.pid_is(os.getpid())
    recorded.remove()
    assert "children are not on record" in caplog.text
    assert list(directory.iterdir()) == []


identities = st.builds(Identity, st.integers(1, 2**22), st.text(), st.text())
texts = st.text()


@given(
    st.builds(
        Record,
        node=texts,
        pool=texts,
        runner=texts,
        parent_node=texts,
        parent=identities,
        child=st.none() | identities,
        booted_at=st.floats(allow_nan=False, allow_infinity=False),
        expires_at=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    )
)
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    assert records._decoded(records._encoded(record)) == record


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda it: st.lists(it) | st.dictionaries(st.text(), it)
    ),
    st.sampled_from(["node", "parent", "child", "booted_at", "version", "more"]),
)
def test_a_damaged_record_is_refused_and_nothing_else(value: object, place: str) -> None:
    whole = Record("n", "", "", "p", Identity(1, ""), None, 0.0, None)
    values = json.loads(records._encoded(whole))
    values[place] = value
    with suppress(ValueError, TypeError, KeyError):
        records._decoded(json.dumps(values).encode())


PARENT = """
import asyncio, sys
import beamlike as bl, nodes
from tests.support.loose_children import Loose
from pathlib import Path

class Recorded(Loose):
    on_this_host = True

    async def boot(self, invitation):
        machine = await super().boot(invitation)
        return nodes.Machine(machine.id, machine.where, int(machine.id))

def leave_a_program():
    import subprocess
    return subprocess.Popen(["sleep", "600"]).pid

async def main():
    async with bl.Node("gone@127.0.0.1", secret=b"a secret of the test"):
        child = await nodes.boot(Recorded(Path(sys.argv[1])), lease=600, labels=nodes.Labels("cpu", "cpu-1"))
        beside = await bl.rpc.call(child.node, leave_a_program, timeout=40)
        print(child.machine.id, beside, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


def until_stopped(pid: int) -> None:
    """A signal takes a moment."""
    deadline = time.monotonic() + DEADLINE
    while (process := host_processes.look(pid)) is None or process.state != "stopped":
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def child_without_a_parent(directory: Path) -> Iterator[list[int]]:
    """The pids of a child, which is stopped so that no guard of its own ends it before the test has looked, and of what
    it started."""
    program = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(directory / "log")], stdout=subprocess.PIPE, text=True
    )
    pids: list[int] = []
    try:
        with program:
            try:
                assert program.stdout is not None
                pids += [int(word) for word in program.stdout.readline().split()]
                os.kill(pids[0], signal.SIGSTOP)
                until_stopped(pids[0])
                assert [one.state for one in LocalCensus().children()[0]] == ["stopped"]
            finally:
                program.kill()
        yield pids
    finally:
        for pid in pids:
            if is_alive(pid):
                os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="sessions are read from /proc")
def test_a_child_without_a_parent_is_found_and_ended_with_what_it_started(tmp_path: Path, directory: Path) -> None:
    with child_without_a_parent(tmp_path) as pids:
        [found], troubles = LocalCensus().children()
        assert (found.state, found.pool, found.runner, troubles) == ("no parent", "cpu", "cpu-1", [])
        assert found.memory is not None
        assert found.memory > 1 << 20
        assert LocalCensus().reap(found) == (True, f"was ended, process {pids[0]}")
        wait_until_gone(*pids)
    assert on_record() == []


def test_a_child_whose_parent_lives_is_left_as_it_is(directory: Path) -> None:
    async def main() -> None:
        async with bl.Node("records@127.0.0.1", secret=b"a secret of the test"):
            child = await nodes.boot(nodes.Local())
            [found], _ = LocalCensus().children()
            assert (found.state, found.where) == ("alive", child.machine.where)
            ended, words = LocalCensus().reap(found)
            assert not ended
            assert "its parent lives, records@127.0.0.1" in words
            await bl.rpc.call(child.node, os.getpid, timeout=DEADLINE)
            await child.stop()

    asyncio.run(main())


def test_a_process_that_has_the_number_of_a_child_by_now_is_not_ended(directory: Path) -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as other:
        recorded = records.intend("a@127.0.0.1", "p@127.0.0.1")
        recorded.pid_is(other.pid)
        assert recorded.path is not None
        place = host_processes.here()
        gone, reused = Identity(os.getpid(), "long ago", place), Identity(other.pid, "long ago", place)
        [live], _ = LocalCensus().children()
        recorded.path.write_bytes(records._encoded(replace(recorded.record, parent=gone, child=reused)))
        assert LocalCensus().children() == ([], [])
        assert LocalCensus().reap(live) == (True, "has ended meanwhile")
        host_processes.kill(reused)
        assert other.poll() is None
        assert LocalCensus().tidy() == ["removed the record of a@127.0.0.1, which has ended"]
        assert on_record() == []
        host_processes.kill(host_processes.look(other.pid).identity)  # type: ignore[union-attr]


def test_the_records_of_another_container_are_neither_shown_nor_removed(directory: Path) -> None:
    recorded = records.intend("a@127.0.0.1", "p@127.0.0.1")
    assert recorded.path is not None
    kernel, _, _ = host_processes.here().partition(" ")
    for place, counts in ((f"{kernel} pid:[1]", False), ("before-the-reboot pid:[1]", True)):
        elsewhere = Identity(1, "long ago", place)
        recorded.path.write_bytes(records._encoded(replace(recorded.record, parent=elsewhere)))
        assert LocalCensus().children() == ([], [])
        assert bool(LocalCensus().tidy()) is counts
        assert recorded.path.exists() is not counts


def test_what_was_never_finished_is_tidied_when_its_writer_is_gone(directory: Path) -> None:
    records.intend("a@127.0.0.1", "p@127.0.0.1").remove()
    ours, left = directory / f"{os.getpid()}-1.new", directory / "999999999-1.new"
    for path in (ours, left):
        path.touch()
    assert LocalCensus().tidy() == [f"removed {left}, a record that was never finished"]
    assert ours.exists()


def test_a_process_is_told_from_a_later_one_and_shown_as_it_is() -> None:
    with subprocess.Popen(["sleep", "600"], start_new_session=True) as process:
        seen = host_processes.look(process.pid)
        assert seen is not None
        assert (seen.parent, seen.group, seen.state) == (os.getpid(), process.pid, "alive")
        process.send_signal(signal.SIGSTOP)
        until_stopped(process.pid)
        now = host_processes.look(process.pid)
        assert now is not None
        assert now.identity == seen.identity
        process.kill()
    assert host_processes.look(process.pid) is None
    assert host_processes.same(seen.identity) is None


@pytest.mark.parametrize("leads", ["session", "group"])
def test_what_a_process_started_is_its_session_or_its_group_and_descendants(
    leads: str,
) -> None:
    """One in another group, one whose parent is gone, and only of a session of its own one that is both; and never who
    opened a session for himself."""
    ways = {
        "group": {"process_group": 0},
        "orphan": {},
        "both": {"process_group": 0},
        "session": {"start_new_session": True},
    }
    program = f"""if True:
        import os, subprocess, sys
        os.set{"sid" if leads == "session" else "pgrp"}()
        for name, way in {ways!r}.items():
            leaves = name in ("orphan", "both")
            if leaves and (copy := os.fork()):
                os.waitpid(copy, 0)
                continue
            print(name, subprocess.Popen(["sleep", "600"], **way).pid, flush=True)
            if leaves:
                os._exit(0)
        sys.stdin.read()
    """
    words = [sys.executable, "-c", program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        pids = {name: int(pid) for name, pid in (leader.stdout.readline().split() for _ in ways)}
        try:
            seen = host_processes.look(leader.pid)
            assert seen is not None
            found = {it.identity.pid for it in host_processes.started_by(seen)}
            assert found >= {pids["group"], pids["orphan"]}
            assert (pids["both"] in found) == (leads == "session")
            assert not found & {pids["session"], leader.pid, os.getpid()}
        finally:
            for pid in (*pids.values(), leader.pid):
                os.kill(pid, signal.SIGKILL)


def test_where_there_is_no_proc_ps_says_the_same() -> None:
    # Once it answers it needs no more memory.
    answers = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    with answers as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"up\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"up\n"
        first, second = (host_processes._from_ps(process.pid) for _ in range(2))
        assert first is not None
        assert first == second
        assert (first.state, first.parent, first.group) == ("alive", os.getpid(), process.pid)
        assert first.memory > 0
        process.kill()
    assert host_processes._from_ps(process.pid) is None
