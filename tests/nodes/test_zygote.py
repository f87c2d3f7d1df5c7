"""Children that a zygote forks: who shares one, what they have of it, and what happens when it fails."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path

import psutil
import pytest

import beamlike as bl
import nodes
from nodes.forking import IDLE_ZYGOTES
from nodes.zygote import import_installed
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.processes import child_nodes, is_alive, wait_until_gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has what zygotes need")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zygote that the system does not run for a while is not given up: the child would be started without it."""
    monkeypatch.setattr("nodes.local.START_SECONDS", PATIENCE)
    monkeypatch.setattr("nodes.local.FORK_SECONDS", PATIENCE)


def parent() -> bl.Node:
    return bl.Node("zygotes@127.0.0.1", secret=b"a secret of the test")


@asynccontextmanager
async def booted(*backends: nodes.Local) -> AsyncIterator[list[nodes.Child]]:
    """A child of each."""
    async with AsyncExitStack() as stack:
        children = []
        for backend in backends:
            child = await nodes.boot(backend)
            stack.push_async_callback(child.stop, grace=0.1)
            children.append(child)
        yield children


async def in_child(child: nodes.Child, function: object, *args: object) -> object:
    return await bl.rpc.call(child.node, function, *args, timeout=PATIENCE)  # type: ignore[arg-type]


def zygotes() -> list[int]:
    """The pids of those of this process."""
    return [process.pid for process in psutil.Process().children() if _is_zygote(process)]


def _is_zygote(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "nodes.zygote" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:  # it has ended since it was listed
        return False


def zygote_of(child: nodes.Child) -> int:
    return psutil.Process(int(child.machine.id)).ppid()


def of_its_own(tmp_path: Path) -> dict[str, str]:
    """An environment that no other test has, and so a zygote of its own."""
    return {"ZYGOTE_TEST": str(tmp_path)}


def test_all_that_boot_alike_share_a_zygote_and_others_have_another(tmp_path: Path) -> None:
    async def main() -> None:
        env = of_its_own(tmp_path)
        alike, other = [nodes.Local(env=env), nodes.Local(env=env)], nodes.Local(env={**env, "MORE": "1"})
        async with parent(), booted(*alike, other) as children:
            first, second, third = map(zygote_of, children)
            assert first == second != third
            assert {first, third} <= set(zygotes())
            environments = [await in_child(child, environment) for child in children]
            assert environments == [{**os.environ, **env}] * 2 + [{**os.environ, **env, "MORE": "1"}]

    asyncio.run(main())


def environment() -> dict[str, str]:
    return dict(os.environ)


def test_zygotes_without_children_are_few(tmp_path: Path) -> None:
    async def main() -> None:
        for number in range(IDLE_ZYGOTES + 3):
            await nodes.Local(env={"NUMBER": f"{number} of {tmp_path}"}).warm()
        await eventually(lambda: len(zygotes()) <= IDLE_ZYGOTES)

    asyncio.run(main())


def test_a_zygote_is_ready_once_it_was_warmed_and_has_one_thread(tmp_path: Path) -> None:
    async def main() -> None:
        backend = nodes.Local(env=of_its_own(tmp_path), preload=["decimal"])
        await backend.warm()
        there = zygotes()
        async with parent(), booted(backend) as [child]:
            assert zygote_of(child) in there
            assert psutil.Process(zygote_of(child)).num_threads() == 1
            assert await in_child(child, loaded, "decimal")

    asyncio.run(main())


def loaded(module: str) -> bool:
    return module in sys.modules


def test_what_few_need_is_imported_once_the_first_has_been_forked(tmp_path: Path) -> None:
    async def main() -> None:
        backend = nodes.Local(env=of_its_own(tmp_path))
        async with parent(), booted(backend, backend) as children:
            assert [await in_child(child, loaded, "beamlike.node") for child in children] == [True, True]
            assert await in_child(children[1], loaded, "flame.desk")
            assert await in_child(children[1], loaded, bl.Supervisor.__module__)
            assert psutil.Process(zygote_of(children[1])).num_threads() == 1

    asyncio.run(main())


def test_what_cannot_be_imported_ahead_is_left_to_the_child_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "module_that_is_broken.py").write_text("raise RuntimeError('broken')")
    monkeypatch.syspath_prepend(tmp_path)
    import_installed(["no_such_module", "module_that_is_broken"])
    with pytest.raises(RuntimeError, match="broken"):
        import_module("module_that_is_broken")


@pytest.mark.parametrize("boots", [False, True])
def test_a_module_that_cannot_be_preloaded_fails_the_boot_by_its_name(boots: bool) -> None:
    async def main() -> None:
        backend = nodes.Local(preload=["json", "nosuchmodule"])
        async with parent():
            await (nodes.boot(backend) if boots else backend.warm())

    with pytest.raises(nodes.BootFailed, match="'nosuchmodule' before children are forked; got ModuleNotFoundError"):
        asyncio.run(main())


def test_a_module_that_starts_threads_cannot_be_preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "restless.py").write_text("import threading\nthreading.Thread(target=threading.Event().wait).start()\n")
    monkeypatch.setattr(sys, "path", [*sys.path, str(library)])

    with pytest.raises(nodes.BootFailed, match=r"'restless'.*it starts threads"):
        asyncio.run(nodes.Local(preload=["restless"]).warm())


def test_options_that_contradict_each_other_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="expected a zygote to preload json, got zygote=False"):
        nodes.Local(preload=["json"], zygote=False)
    with pytest.raises(TypeError, match="expected a sequence of modules to preload, got the text 'json'"):
        nodes.Local(preload="json")


@pytest.mark.parametrize(
    ("program", "words", "seconds"),
    [
        ("echo no zygotes here; exit 5", "it ended with exit code 5 and printed:\nno zygotes here", PATIENCE),
        ("exec sleep 600", "it is not ready in time", 3.0),
    ],
)
def test_a_zygote_that_does_not_start_is_told_once_and_children_come_up_all_the_same(
    program: str,
    words: str,
    seconds: float,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    python, note = tmp_path / "python", tmp_path / "pids"
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *nodes.zygote*) echo $$ >> {note}; {program};; esac\nexec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr("nodes.local.START_SECONDS", seconds)

    async def main() -> None:
        backend = nodes.Local(python=str(python), zygote=True)
        async with parent(), booted(backend, backend) as children:
            assert [await in_child(child, abs, -1) for child in children] == [1, 1]
            assert {zygote_of(child) for child in children} == {os.getpid()}

    with caplog.at_level(logging.WARNING, "beamlike.nodes"):
        asyncio.run(main())
    [record] = caplog.records
    assert record.getMessage().endswith(f"their zygote is lost: {words}")
    tried = [int(line) for line in note.read_text().split()]
    assert len(tried) == 2
    wait_until_gone(*tried)


def test_a_zygote_that_hangs_as_it_starts_is_given_up_though_no_boot_has_the_time_to_wait_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, note = tmp_path / "python", tmp_path / "pid"
    hangs = f"[ -e {note} ] || {{ echo $$ > {note}; exec sleep 600; }}"
    python.write_text(f'#!/bin/sh\ncase "$*" in *nodes.zygote*) {hangs};; esac\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    monkeypatch.setattr("nodes.local.START_SECONDS", 4.0)

    async def main() -> None:
        async with parent(), asyncio.timeout(PATIENCE):
            child = None
            while child is None:
                with suppress(nodes.BootFailed):
                    child = await nodes.boot(nodes.Local(python=str(python), zygote=True), timeout=3.0)
            await child.stop()

    asyncio.run(main())
    wait_until_gone(int(note.read_text()))


def test_the_children_of_a_zygote_that_dies_die_with_it_and_the_next_boot_has_another(tmp_path: Path) -> None:
    async def main() -> None:
        backend = nodes.Local(env=of_its_own(tmp_path))
        async with parent(), booted(backend) as [child]:
            lost, left_behind = zygote_of(child), await in_child(child, start_a_program)
            os.kill(lost, signal.SIGKILL)
            wait_until_gone(int(child.machine.id), int(str(left_behind)))
            assert "was killed by SIGKILL" in await child.fate(within=PATIENCE)
            async with booted(backend) as [another]:
                assert await in_child(another, abs, -1) == 1
                assert zygote_of(another) != lost

    asyncio.run(main())


def start_a_program() -> int:
    import subprocess

    return subprocess.Popen(["sleep", "600"]).pid


def test_a_zygote_that_does_not_answer_is_left_and_its_children_live(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def main() -> None:
        backend = nodes.Local(env=of_its_own(tmp_path))
        async with parent(), booted(backend) as [child]:
            stopped = zygote_of(child)
            assert stopped != os.getpid()
            os.kill(stopped, signal.SIGSTOP)
            with monkeypatch.context() as impatient:
                impatient.setattr("nodes.local.FORK_SECONDS", 0.2)
                second = await nodes.boot(backend)
            async with booted(backend) as [third]:
                assert [await in_child(each, abs, -1) for each in (child, second, third)] == [1, 1, 1]
                assert zygote_of(second) == os.getpid()
                assert zygote_of(third) not in (os.getpid(), stopped)
            await second.stop(grace=0.1)
        wait_until_gone(stopped)

    with caplog.at_level(logging.WARNING, "beamlike.nodes"):
        asyncio.run(main())
    assert "it does not answer in time" in caplog.text


def test_children_survive_the_death_of_a_sibling_and_hold_no_file_of_it() -> None:
    async def main() -> None:
        backend = nodes.Local()
        async with parent(), booted(*[backend] * 3) as children:
            pids = [int(child.machine.id) for child in children]
            pipes = [open_in(pid, "pipe:") for pid in pids]
            [zygotes_own] = set.intersection(*pipes)
            zygote = zygote_of(children[0])
            assert zygotes_own in open_in(zygote, "pipe:")
            assert not open_in(zygote, "socket:") & set.union(*(open_in(pid, "socket:") for pid in pids))
            assert len(set.union(*pipes)) == sum(len(each) - 1 for each in pipes) + 1
            os.kill(pids[0], signal.SIGKILL)
            await children[1].stop()
            wait_until_gone(*pids[:2])
            assert await in_child(children[2], abs, -1) == 1
            assert "was killed by SIGKILL" in await children[0].fate(within=PATIENCE)

    asyncio.run(main())


def open_in(pid: int, kind: str) -> set[str]:
    links = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            links.add(os.readlink(path))
    return {link for link in links if link.startswith(kind)}


@pytest.mark.parametrize(("end", "words"), [(os._exit, "exit code 7"), (os.abort, "killed by SIGABRT")])
def test_how_a_forked_child_ended_is_known(end: object, words: str) -> None:
    async def main() -> None:
        async with parent(), booted(nodes.Local()) as [child]:
            with pytest.raises(bl.rpc.NodeLost):
                await in_child(child, end, *[7] * (end is os._exit))
            assert words in await child.fate(within=PATIENCE)

    asyncio.run(main())


def test_each_child_has_randomness_of_its_own(tmp_path: Path) -> None:
    library = tmp_path / "site-packages"
    (library / "numpy").mkdir(parents=True)
    (library / "numpy" / "__init__.py").write_text("from numpy import random\n")
    (library / "numpy" / "random.py").write_text(
        "from random import Random\nseed = Random(1).seed\nvalue = seed.__self__.random\n"
    )

    async def main() -> None:
        backend = nodes.Local(env={"PYTHONHASHSEED": "0"}, preload=["numpy.random"])
        async with parent(), booted(backend, backend) as children:
            assert len({await in_child(child, number) for child in children}) == 2
            assert len({await in_child(child, number_of_numpy) for child in children}) == 2

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(library), *sys.path])
        asyncio.run(main())


def number() -> float:
    return random.random()


def number_of_numpy() -> float:
    import numpy.random

    return float(numpy.random.value())


def test_all_runners_of_a_zygote_are_one_session_so_that_linux_gives_their_parent_half_of_what_there_is() -> None:
    async def main() -> None:
        backend = nodes.Local()
        async with parent(), booted(backend, backend) as children:
            sessions = {await in_child(child, os.getsid, 0) for child in children}
        assert len(sessions) == 1
        assert os.getsid(0) not in sessions

    asyncio.run(main())


def test_each_program_with_its_users_secret_leads_a_session_of_its_own() -> None:
    async def main() -> None:
        backend = nodes.Local(users_secret=True)
        async with parent(), booted(backend, backend) as children:
            for child in children:
                assert await in_child(child, os.getsid, 0) == await in_child(child, os.getpid)

    asyncio.run(main())


@pytest.mark.parametrize("users_secret", [False, True])
def test_a_forked_child_is_not_stopped_by_what_a_terminal_stops_programs_with(users_secret: bool) -> None:
    async def main() -> None:
        async with parent(), booted(nodes.Local(users_secret=users_secret)) as [child]:
            await in_child(child, signal.raise_signal, signal.SIGTSTP)

    asyncio.run(main())


def test_a_forked_child_has_the_umask_and_limits_of_its_parent_as_they_are_now() -> None:
    import resource

    async def main() -> None:
        backend = nodes.Local()
        soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
        umask = os.umask(0o027)
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
            async with parent(), booted(backend) as [child]:
                assert await in_child(child, resource.getrlimit, resource.RLIMIT_CORE) == (0, hard)
                assert await in_child(child, os.umask, 0) == 0o027
            os.umask(0o077)
            async with parent(), booted(backend) as [child]:
                assert await in_child(child, os.umask, 0) == 0o077
        finally:
            os.umask(umask)
            resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))

    asyncio.run(main())


def test_a_forked_child_is_a_process_like_one_that_was_started() -> None:
    async def main() -> None:
        seen = []
        async with parent(), booted(nodes.Local(), nodes.Local(zygote=False)) as children:
            seen = [await in_child(child, traits) for child in children]
        assert seen[0] == seen[1]

    asyncio.run(main())


def traits() -> dict[str, object]:
    """What is the same for all children, however they come to be."""
    import gc

    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {
        "leads its group": os.getpgid(0) == os.getpid(),
        "signals": [status[name] for name in ("SigBlk", "SigCgt")],
        # One that shares a session ignores it; to one that leads its own the system does not give it.
        "ignored": int(status["SigIgn"], 16) & ~(1 << signal.SIGTSTP - 1),
        "argv": sys.argv,
        "path": sys.path,
        "input": os.readlink("/proc/self/fd/0"),
        "output is one file": os.path.sameopenfile(1, 2),
        "directory": os.getcwd(),
        "collects garbage": (gc.isenabled(), gc.get_threshold()),
        "environment": dict(os.environ),
        "main": sorted(vars(sys.modules["__main__"])),
    }


def test_fifty_boots_leave_no_file_open_and_no_thread() -> None:
    async def main() -> None:
        backend = nodes.Local()
        async with parent(), booted(backend):
            files, threads = len(os.listdir("/proc/self/fd")), psutil.Process().num_threads()
            for _ in range(10):
                async with booted(*[backend] * 5):
                    pass
            # Fewer, if what other tests have left goes meanwhile.
            await eventually(lambda: len(os.listdir("/proc/self/fd")) <= files)
            await eventually(lambda: psutil.Process().num_threads() <= threads)

    asyncio.run(main())


def test_a_child_runs_where_its_owner_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        backend = nodes.Local()
        await backend.warm()
        monkeypatch.chdir(tmp_path)
        async with parent(), booted(backend) as [child]:
            assert await in_child(child, os.getcwd) == str(tmp_path)

    asyncio.run(main())


def test_boots_that_are_cancelled_leave_no_child(tmp_path: Path) -> None:
    async def main() -> None:
        async with parent():
            for pause in (0.0, 0.001, 0.005, 0.01, 0.05, 0.1, 0.2):
                backend = nodes.Local(env=of_its_own(tmp_path))
                booting = asyncio.create_task(nodes.boot(backend))
                await asyncio.sleep(pause)
                booting.cancel()
                outcome = await asyncio.gather(booting, return_exceptions=True)
                if isinstance(outcome[0], nodes.Child):
                    await outcome[0].stop()
                await eventually(lambda: child_nodes() == [])
                assert bl.nodes(hidden=True) == []

    asyncio.run(main())


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_process_that_its_owner_forks_has_no_zygote_and_ends_no_child() -> None:
    async def main() -> None:
        async with parent(), booted(nodes.Local()) as [child]:
            if (pid := os.fork()) == 0:
                os._exit(0)
            os.waitpid(pid, 0)  # noqa: ASYNC222 - it has nothing to do but to end
            assert await in_child(child, abs, -1) == 1
            assert is_alive(int(child.machine.id))

    asyncio.run(main())
