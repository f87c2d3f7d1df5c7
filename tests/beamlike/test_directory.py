import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
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

FORKER = """
import os, sys, time
from pathlib import Path
from beamlike.distribution.directory import Directory, Entry
registration = Directory(Path(sys.argv[1])).register(Entry("x@127.0.0.1", "127.0.0.1", 4370, os.getpid(), 7))
if os.fork() == 0:
    print(os.getpid(), flush=True)
time.sleep(1000)  # until the test kills it
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


def test_a_directory_that_others_can_enter_is_not_read_either(path: Path) -> None:
    with Directory(path).register(entry()):
        path.chmod(0o777)
        for look in (Directory(path).nodes, partial(Directory(path).lookup, "x@127.0.0.1")):
            with pytest.raises(InsecureDirectory, match="found mode 0777"):
                look()


def test_the_directory_is_the_users_own(tmp_path: Path) -> None:
    assert directory_path({"XDG_RUNTIME_DIR": str(tmp_path)}).parent == tmp_path
    assert str(os.getuid()) in directory_path({}, sessions=tmp_path).name


def test_what_runs_outside_the_session_finds_the_same_directory(tmp_path: Path) -> None:
    session = tmp_path / str(os.getuid())
    session.mkdir()
    assert directory_path({}, sessions=tmp_path) == directory_path({"XDG_RUNTIME_DIR": str(session)})


def test_the_directory_for_run_time_files_of_another_user_is_not_used(tmp_path: Path) -> None:
    """`sudo -E` leaves it in the environment."""
    others = Path("/")
    if os.getuid() == 0:
        others = tmp_path / "others"
        others.mkdir()
        os.chown(others, 12345, 12345)
    assert directory_path({"XDG_RUNTIME_DIR": str(others)}, sessions=tmp_path).name.endswith(str(os.getuid()))


def test_a_directory_for_run_time_files_that_is_not_there_is_not_used(tmp_path: Path) -> None:
    gone = str(tmp_path / "gone")
    assert directory_path({"XDG_RUNTIME_DIR": gone}, sessions=tmp_path) == directory_path({}, sessions=tmp_path)


def test_a_node_whose_entry_was_cleaned_away_lists_itself_again(path: Path) -> None:
    with Directory(path).register(entry()) as registration:
        shutil.rmtree(path)
        assert Directory(path).lookup("x@127.0.0.1") is None
        registration.renew()
        assert Directory(path).lookup("x@127.0.0.1") == ("127.0.0.1", 1)
        with pytest.raises(NodeNameTaken):
            Directory(path).register(entry())
    assert list(path.iterdir()) == []


def test_an_entry_that_is_renewed_looks_new_to_what_removes_old_files(path: Path) -> None:
    with Directory(path).register(entry()) as registration:
        os.utime(path / "x@127.0.0.1", (0, 0))
        registration.renew()
        assert (path / "x@127.0.0.1").stat().st_mtime > 0


def test_a_node_that_was_cleaned_away_takes_its_name_from_nobody(path: Path) -> None:
    registration = Directory(path).register(entry())
    shutil.rmtree(path)
    with Directory(path).register(entry(port=2)) as successor:
        with pytest.raises(NodeNameTaken):
            registration.renew()
        registration.release()
        assert Directory(path).lookup("x@127.0.0.1") == ("127.0.0.1", 2)
        successor.renew()


def test_a_released_node_is_not_listed_again(path: Path) -> None:
    registration = Directory(path).register(entry())
    registration.release()
    registration.renew()
    assert Directory(path).nodes() == []


def test_a_forked_child_does_not_keep_the_name_of_its_killed_parent(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FORKER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            assert Directory(path).lookup("x@127.0.0.1") == ("127.0.0.1", 4370)
            process.kill()
            process.wait()
            assert Directory(path).lookup("x@127.0.0.1") is None
        finally:
            os.kill(child, signal.SIGKILL)


def test_an_entry_that_cannot_be_written_leaves_its_name_free(path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            Directory(path).register(entry())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    Directory(path).register(entry()).release()


def test_a_name_that_is_too_long_for_a_file_is_found(path: Path) -> None:
    names = [f"x@{'h' * 300}{end}" for end in "ab"]
    with Directory(path).register(entry(names[0], 1)), Directory(path).register(entry(names[1], 2)):
        assert [Directory(path).lookup(name) for name in names] == [("127.0.0.1", 1), ("127.0.0.1", 2)]
        assert [found.name for found in Directory(path).nodes()] == names


def test_a_file_of_another_name_is_not_taken_for_that_of_a_node(path: Path) -> None:
    """A file system may take capitals for small letters."""
    with Directory(path).register(entry("x@127.0.0.1")):
        (path / "X@127.0.0.1").symlink_to(path / "x@127.0.0.1")
        assert Directory(path).lookup("X@127.0.0.1") is None


def test_neither_what_a_newer_version_writes_besides_nor_what_an_older_one_does_not_hides_a_node(path: Path) -> None:
    with Directory(path).register(entry()):
        written = json.loads((path / "x@127.0.0.1").read_text())
        (path / "x@127.0.0.1").write_text(json.dumps(written | {"moods": ["sunny"]}))
        assert Directory(path).nodes() == [entry()]
        del written["hidden"]
        (path / "x@127.0.0.1").write_text(json.dumps(written))
        assert Directory(path).nodes() == [entry()]


def test_a_node_that_listens_everywhere_is_reached_at_the_loopback_address(path: Path) -> None:
    for wildcard, loopback in (("0.0.0.0", "127.0.0.1"), ("::", "::1")):
        with Directory(path).register(replace(entry(), host=wildcard)):
            assert Directory(path).lookup("x@127.0.0.1") == (loopback, 1)


def test_an_entry_lets_others_read_nothing(path: Path) -> None:
    with Directory(path).register(entry()):
        assert {file.stat().st_mode & 0o777 for file in path.iterdir()} == {0o600}
