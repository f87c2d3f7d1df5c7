import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from beamlike.distribution.directory import Directory, Entry, directory_path
from beamlike.distribution.errors import InsecureDirectory, NodeNameTaken

HOLDER = """
import os, sys
from pathlib import Path
from beamlike.distribution.directory import Directory, Entry
registration = Directory(Path(sys.argv[1])).register(Entry("x@127.0.0.1", "127.0.0.1", 4370, os.getpid(), 7))
print("registered", flush=True)
sys.stdin.read()
"""


def entry(name: str = "x@127.0.0.1", port: int = 1) -> Entry:
    return Entry(name, "127.0.0.1", port, os.getpid(), 7)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "nodes"


def holder(path: Path) -> subprocess.Popen[str]:
    """Another process that has registered x@127.0.0.1, at port 4370."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "registered\n"
    return process


def test_nodes_of_other_processes_are_found_while_they_live(path: Path) -> None:
    with holder(path) as process:
        assert Directory(path).lookup("x@127.0.0.1") == ("127.0.0.1", 4370)
        assert [found.pid for found in Directory(path).nodes()] == [process.pid]
        process.send_signal(signal.SIGKILL)
    assert Directory(path).lookup("x@127.0.0.1") is None
    assert Directory(path).nodes() == []


def test_a_second_live_node_of_the_name_is_refused_with_who_has_it(path: Path) -> None:
    with holder(path) as process:
        with pytest.raises(NodeNameTaken, match=rf"process {process.pid} .* at 127\.0\.0\.1:4370: choose another name"):
            Directory(path).register(entry())
        process.send_signal(signal.SIGKILL)


def test_the_name_of_a_killed_node_is_free_again(path: Path) -> None:
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
    with Directory(path).register(entry(port=2)):
        assert Directory(path).lookup("x@127.0.0.1") == ("127.0.0.1", 2)


def test_a_node_of_this_very_process_holds_its_name_too(path: Path) -> None:
    with Directory(path).register(entry()), pytest.raises(NodeNameTaken, match="but this very interpreter runs it at"):
        Directory(path).register(entry())


def test_looking_does_not_end_a_registration(path: Path) -> None:
    with Directory(path).register(entry()):
        for _ in range(3):
            assert Directory(path).lookup("x@127.0.0.1") is not None


def test_a_released_name_leaves_no_file(path: Path) -> None:
    registration = Directory(path).register(entry())
    registration.release()
    registration.release()
    assert list(path.iterdir()) == []


def test_a_node_that_starts_removes_what_killed_ones_left(path: Path) -> None:
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
    assert len(list(path.iterdir())) == 1
    with Directory(path).register(entry("y@127.0.0.1")):
        assert [file.name for file in path.iterdir()] == ["y@127.0.0.1"]


def test_names_may_hold_what_file_names_may_not(path: Path) -> None:
    with Directory(path).register(entry("../../x/y@127.0.0.1")):
        assert Directory(path).lookup("../../x/y@127.0.0.1") == ("127.0.0.1", 1)
        assert len(list(path.iterdir())) == 1


def test_several_may_look_at_what_a_killed_node_left(path: Path) -> None:
    with holder(path) as process:
        process.send_signal(signal.SIGKILL)
    with (path / "x@127.0.0.1").open() as left:
        fcntl.flock(left, fcntl.LOCK_SH)
        assert Directory(path).lookup("x@127.0.0.1") is None


def test_a_name_that_goes_from_node_to_node_is_always_found_at_the_last_one(path: Path) -> None:
    """Between opening and locking its file, the node before may have removed it."""
    failures: list[object] = []

    def node(port: int) -> None:
        for _ in range(200):
            try:
                registration = Directory(path).register(entry(port=port))
            except NodeNameTaken:
                continue
            found = Directory(path).lookup("x@127.0.0.1")
            registration.release()
            if found != ("127.0.0.1", port):
                failures.append(found)

    threads = [threading.Thread(target=node, args=(port,)) for port in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=50)
    assert failures == []


def test_an_entry_that_is_not_written_yet_is_not_found(path: Path) -> None:
    with Directory(path).register(entry()):
        (path / "x@127.0.0.1").write_text("")
        assert Directory(path).lookup("x@127.0.0.1") is None


def test_a_directory_of_which_nobody_knows_is_empty(path: Path) -> None:
    assert Directory(path).nodes() == []
    assert Directory(path).lookup("x@127.0.0.1") is None


def test_a_directory_that_others_can_enter_is_refused(path: Path) -> None:
    path.mkdir(mode=0o755)
    with pytest.raises(InsecureDirectory, match="found mode 0755"):
        Directory(path).register(entry())


def test_the_directory_is_the_users_own(tmp_path: Path) -> None:
    assert directory_path({"XDG_RUNTIME_DIR": str(tmp_path)}).parent == tmp_path
    assert str(os.getuid()) in directory_path({}).name


def test_an_entry_lets_others_read_nothing(path: Path) -> None:
    with Directory(path).register(entry()):
        assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o600}
