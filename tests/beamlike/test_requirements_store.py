"""Environments on disk: made once, whole or not at all, kept while they are used."""

from __future__ import annotations

import grp
import os
import pwd
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from threading import Event

import pytest

from beamlike.code.requirements.errors import CannotInstall
from beamlike.code.requirements.guarded_process import CalledOff
from beamlike.code.requirements.store import KEPT_DAYS, Store, environments_path

KEY = "0123abcd"
OTHER = "4567abcd"
A_MONTH_LATER = (KEPT_DAYS + 1) * 86_400
PATIENCE = 30.0


def nothing() -> None:
    pass


def with_file(draft: Path, scratch: Path) -> None:
    (scratch / "log").write_text("begun")
    (draft / "alpha.py").write_text("VERSION = '1.0'")


def failing(draft: Path, scratch: Path) -> None:
    with_file(draft, scratch)
    raise CannotInstall("no")


def made(store: Store, fill: Callable[[Path, Path], None] = with_file, key: str = KEY) -> Path:
    held = store.make(key, fill, waiting=nothing, stop=Event())
    held.close()
    return held.path


def test_an_environment_is_made_once_and_found_by_the_next(tmp_path: Path) -> None:
    store, filled = Store(tmp_path / "environments"), []
    for _ in range(2):
        path = made(store, lambda draft, scratch: filled.append(draft) or with_file(draft, scratch))
        assert (path / "alpha.py").exists()
    assert len(filled) == 1
    assert [entry.name for entry in store.root.iterdir()] == [KEY]


def test_what_failed_leaves_nothing_behind_and_the_next_may_try(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(CannotInstall, match="no"):
        made(store, failing)
    assert list(tmp_path.iterdir()) == []
    assert made(store).exists()


def test_two_who_want_the_same_at_once_make_it_once_and_one_hears_that_it_waits(tmp_path: Path) -> None:
    filled, begun, waited = [], Event(), Event()

    def fill(draft: Path, scratch: Path) -> None:
        filled.append(draft)
        begun.set()
        assert waited.wait(PATIENCE)
        with_file(draft, scratch)

    first = threading.Thread(target=made, args=(Store(tmp_path), fill))
    first.start()
    assert begun.wait(PATIENCE)
    held = Store(tmp_path).make(KEY, failing, waiting=waited.set, stop=Event())
    first.join()
    assert (held.path / "alpha.py").exists()
    assert len(filled) == 1
    held.close()


def test_who_waits_for_another_can_be_called_off(tmp_path: Path) -> None:
    begun, end, stop = Event(), Event(), Event()

    def fill(draft: Path, scratch: Path) -> None:
        begun.set()
        assert end.wait(PATIENCE)

    first = threading.Thread(target=made, args=(Store(tmp_path), fill))
    first.start()
    assert begun.wait(PATIENCE)
    with pytest.raises(CalledOff):
        Store(tmp_path).make(KEY, failing, waiting=stop.set, stop=stop)
    end.set()
    first.join()


KILLED = """
import sys
from pathlib import Path
from threading import Event
from beamlike.code.requirements.store import Store

def fill(draft, scratch):
    (draft / "alpha.py").write_text("half")
    print("half", flush=True)
    sys.stdin.read()

Store(Path(sys.argv[1])).make(sys.argv[2], fill, waiting=lambda: None, stop=Event())
"""


def test_what_was_cut_off_by_kill_9_is_not_taken_for_whole_and_is_removed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", KILLED, str(tmp_path), KEY]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half\n"
        process.kill()
    store = Store(tmp_path)
    assert store.hold(KEY) is None
    assert len(list(tmp_path.glob(".*.draft-*"))) == 1
    path = made(store)
    assert (path / "alpha.py").read_text() == "VERSION = '1.0'"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [KEY]


def test_the_draft_of_another_environment_is_removed_too_once_its_maker_is_gone(tmp_path: Path) -> None:
    (tmp_path / f".{OTHER}.draft-00").mkdir()
    made(Store(tmp_path))
    assert [entry.name for entry in tmp_path.iterdir()] == [KEY]


def test_what_nobody_has_used_for_a_month_is_removed(tmp_path: Path) -> None:
    store = Store(tmp_path)
    old = made(store)
    store.sweep()
    assert old.exists()
    store.sweep(now=time.time() + A_MONTH_LATER)
    assert list(tmp_path.iterdir()) == []


def test_what_another_process_removes_meanwhile_is_no_failure(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / f".{OTHER}.lock").touch()
    (tmp_path / f".plan-{OTHER}").touch()
    assert made(Store(tmp_path)).exists()
    Store(tmp_path).sweep(now=time.time() + A_MONTH_LATER)
    assert [path.name for path in tmp_path.iterdir()] == ["gone"]


def test_what_is_in_use_stays_however_old_it_is(tmp_path: Path) -> None:
    store = Store(tmp_path)
    held = store.make(KEY, with_file, waiting=nothing, stop=Event())
    store.sweep(now=time.time() + A_MONTH_LATER)
    assert (held.path / "alpha.py").exists()
    held.close()
    store.sweep(now=time.time() + A_MONTH_LATER)
    assert not held.path.exists()


def test_using_one_makes_it_new(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = made(store)
    os.utime(path, (0, 0))
    held = store.hold(KEY)
    assert held is not None
    held.close()
    store.sweep()
    assert path.exists()


def test_a_directory_in_which_others_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(CannotInstall, match="written by its owner only"):
        made(Store(tmp_path))


def test_one_that_is_there_is_not_taken_where_others_can_write(tmp_path: Path) -> None:
    made(Store(tmp_path))
    tmp_path.chmod(0o777)
    with pytest.raises(CannotInstall, match="written by its owner only"):
        Store(tmp_path).hold(KEY)


@pytest.mark.parametrize(("mode", "is_safe"), [(0o777, False), (0o757, False), (0o1777, True), (0o755, True)])
def test_a_place_in_a_directory_in_which_others_can_put_another_there_is_refused(
    tmp_path: Path, mode: int, is_safe: bool
) -> None:
    above = tmp_path / "shared"
    (above / "cache").mkdir(parents=True)
    above.chmod(mode)
    with nullcontext() if is_safe else pytest.raises(CannotInstall, match=f"expected {above} to be written"):
        made(Store(above / "cache" / "environments"))


def test_a_link_to_where_others_can_put_another_is_refused(tmp_path: Path) -> None:
    above, home = tmp_path / "shared", tmp_path / "home"
    (above / "cache").mkdir(parents=True)
    home.mkdir()
    (home / "cache").symlink_to(Path("..") / "shared" / "cache")
    assert made(Store(home / "cache" / "one"))
    above.chmod(0o777)
    with pytest.raises(CannotInstall, match="shared to be written"):
        made(Store(home / "cache" / "two"))


@pytest.mark.parametrize(
    ("group", "members", "is_safe"),
    [("{own}", [], True), ("{own}", ["{own}"], True), ("{own}", ["another"], False), ("staff", [], False)],
)
def test_a_place_that_a_group_may_write_is_safe_if_that_is_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: str, members: list[str], is_safe: bool
) -> None:
    above = tmp_path / "shared"
    (above / "cache").mkdir(parents=True)
    above.chmod(0o775)
    own = pwd.getpwuid(os.geteuid()).pw_name
    found = grp.struct_group((group.format(own=own), "x", os.getegid(), [name.format(own=own) for name in members]))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: found)
    with nullcontext() if is_safe else pytest.raises(CannotInstall, match=f"expected {above} to be written"):
        made(Store(above / "cache" / "environments"))


def test_a_link_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "link").symlink_to("cache")
    lstat, other = Path.lstat, os.geteuid() + 12345

    def of_another(path: Path) -> os.stat_result:
        found = lstat(path)
        return os.stat_result((*found[:4], other, *found[5:])) if path.name == "link" else found

    monkeypatch.setattr(Path, "lstat", of_another)
    with pytest.raises(CannotInstall, match="link to be written by its owner only"):
        made(Store(tmp_path / "link" / "environments"))


def test_links_in_a_circle_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(CannotInstall, match="found none that opens"):
        made(Store(tmp_path / "one" / "environments"))


def test_what_is_made_for_it_is_for_nobody_else(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made(Store(tmp_path / "cache" / "beamlike" / "environments"))
    finally:
        os.umask(before)
    for path in (tmp_path / "cache", tmp_path / "cache" / "beamlike", tmp_path / "cache" / "beamlike" / "environments"):
        assert path.stat().st_mode & 0o777 == 0o700


def test_environments_lie_in_the_users_cache() -> None:
    assert environments_path({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/beamlike/environments")
    assert environments_path({}).parts[-2:] == ("beamlike", "environments")


def test_a_user_without_a_home_has_a_cache_of_his_own_among_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)  # a number that nobody has
    path = environments_path({})
    assert path.is_relative_to(tempfile.gettempdir())
    assert str(os.geteuid()) in str(path)
