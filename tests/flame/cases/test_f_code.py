"""Code that changes under a pool whose runners are warm, and what syncing it leaves behind: cases 37 and 38."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
import flame
from tests.support.pools import pool, wait_for_word, word_from_work


class Beside:
    """A folder that is on the path here, as that of a script, and in which modules are written and deleted."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **modules: str) -> None:
        for name, text in modules.items():
            (self.path / f"{name}.py").write_text(text)
        importlib.invalidate_caches()

    def delete(self, name: str) -> None:
        (self.path / f"{name}.py").unlink()
        sys.modules.pop(name, None)
        importlib.invalidate_caches()


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Beside(tmp_path)
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def seen(names: list[str]) -> dict[str, Any]:
    """What importing each of these modules gives where this runs, and which modules were loaded for it."""
    before = {name: id(sys.modules[name]) for name in names if name in sys.modules}
    found: dict[str, Any] = {"node": bl.self().node, "loaded": []}
    for name in names:
        try:
            module = importlib.import_module(name)
        except ImportError:
            found[name] = None
        else:
            found[name] = module.version
            if before.get(name) != id(module):
                found["loaded"].append(name)
    return found


async def on_both(cpu: flame.Pool, *names: str) -> list[dict[str, Any]]:
    """What is seen on the two runners of the pool, by their names; a call on each runs beside the other."""
    calls = [asyncio.create_task(cpu.call(seen_when_told, bl.self(), list(names))) for _ in range(2)]
    for worker in [await word_from_work() for _ in calls]:
        bl.send(worker, "go on")
    return sorted(await asyncio.gather(*calls), key=lambda found: found["node"])


async def seen_when_told(home: bl.Pid, names: list[str]) -> dict[str, Any]:
    await wait_for_word(home)
    return seen(names)


# 37


def test_case_37_warm_runners_follow_what_is_edited_added_and_deleted_and_load_nothing_else(beside: Beside) -> None:
    async def main() -> None:
        names = ["first_37", "second_37", "third_37", "same_37"]
        beside.write(first_37="version = 1", second_37="version = 1", same_37="version = 1")
        async with pool(max=2) as cpu:
            for found in await on_both(cpu, *names):
                assert [found[name] for name in names] == [1, 1, None, 1]
                assert found["loaded"] == ["first_37", "second_37", "same_37"]
            beside.write(first_37="version = 2", third_37="version = 1")
            beside.delete("second_37")
            for found in await on_both(cpu, *names):
                assert [found[name] for name in names] == [2, None, 1, 1]
                assert found["loaded"] == ["first_37", "third_37"]
            for found in await on_both(cpu, *names):
                assert [found[name] for name in names] == [2, None, 1, 1]
                assert found["loaded"] == []

    asyncio.run(main())


def test_case_37_what_a_module_does_when_it_is_loaded_happens_once_for_each_version(beside: Beside) -> None:
    counts = "import builtins\nbuiltins.loads_37 = getattr(builtins, 'loads_37', 0) + 1\n"

    def loads() -> tuple[int, int]:
        import builtins

        import counted_37  # type: ignore[import-not-found]

        return counted_37.version, builtins.loads_37  # type: ignore[attr-defined]

    async def main() -> None:
        beside.write(counted_37=f"{counts}version = 1", other_37="version = 1")
        async with pool() as cpu:
            assert [await cpu.call(loads) for _ in range(3)] == [(1, 1)] * 3
            beside.write(other_37="version = 2")
            assert await cpu.call(loads) == (1, 1)
            beside.write(counted_37=f"{counts}version = 2")
            assert [await cpu.call(loads) for _ in range(3)] == [(2, 2)] * 3

    asyncio.run(main())


def test_case_37_runners_that_have_different_versions_both_come_to_the_newest(beside: Beside) -> None:
    async def main() -> None:
        beside.write(module_37="version = 1")
        async with pool(max=2) as cpu:
            calling = asyncio.create_task(cpu.call(seen_when_told, bl.self(), ["module_37"]))
            old = await word_from_work()
            bl.send(old, "go on")
            assert (await calling)["module_37"] == 1
            busy = asyncio.create_task(cpu.call(wait_for_word, bl.self()))
            held = await word_from_work()
            beside.write(module_37="version = 2")
            newer = await cpu.call(seen, ["module_37"])
            assert newer["module_37"] == 2
            assert newer["node"] != held.node == old.node
            bl.send(held, "over")
            await busy
            beside.write(module_37="version = 3")
            both = await on_both(cpu, "module_37")
            assert [(found["module_37"], found["loaded"]) for found in both] == [(3, ["module_37"])] * 2

    asyncio.run(main())


def test_case_37_a_call_that_runs_keeps_the_version_that_it_has(beside: Beside) -> None:
    async def keeps(home: bl.Pid) -> tuple[int, int]:
        import kept_37  # type: ignore[import-not-found]

        before = kept_37.version
        await wait_for_word(home)
        return before, kept_37.version

    async def main() -> None:
        beside.write(kept_37="version = 1")
        async with pool(max_concurrency=2) as cpu:
            calling = asyncio.create_task(cpu.call(keeps, bl.self()))
            worker = await word_from_work()
            beside.write(kept_37="version = 2")
            assert (await cpu.call(seen, ["kept_37"]))["kept_37"] == 2
            bl.send(worker, "go on")
            assert await calling == (1, 1)

    asyncio.run(main())


def test_case_37_a_class_of_a_notebook_is_the_same_there_and_back_also_after_its_cell_was_run_again() -> None:
    notebook: dict[str, Any] = {"__name__": "__main__"}
    cell = "class Point:\n    def __init__(self, x): self.x = x\n    def moved(self): return Point(self.x + {step})"

    def run_cell(step: int) -> Any:
        exec(cell.format(step=step), notebook)
        return notebook["Point"]

    async def main() -> None:
        async with pool(max=2) as cpu:
            for step in (1, 10):
                point = run_cell(step)

                def moved(given: Any, point: Any = point) -> tuple[bool, Any]:
                    return isinstance(given, point), given.moved()

                for _ in range(2):
                    was_one, back = await cpu.call(moved, point(1))
                    assert was_one
                    assert type(back) is point
                    assert back.x == 1 + step

    asyncio.run(main())


# 38

PROGRAM = """
import asyncio, os, sys
import beamlike as bl, flame
import helper_38

async def main(boots):
    async with bl.Node("tidy@127.0.0.1"):
        if boots:
            pool = await flame.Pool.start(name="cpu", max=2)
            print([pid != os.getpid() async for pid in pool.map(lambda _: helper_38.here(), range(4))])
            await pool.stop()

asyncio.run(main(sys.argv[1] == "pool"))
"""


def tree_hash(root: Path) -> dict[str, str]:
    """Each path below `root`, with what it is: a folder, a link's aim, or a hash of what the file holds."""
    return {str(path.relative_to(root)): _content(path) for path in sorted(root.rglob("*"))}


def _content(path: Path) -> str:
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    return "folder" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()


def test_case_38_a_pool_leaves_the_file_system_as_it_was(tmp_path: Path) -> None:
    """Code goes over as messages and is loaded from memory: nothing is packed into archives, and nothing extracted, so
    there is no root that could be mistaken. What a node without a pool leaves, the user's secret, was there before."""
    home = tmp_path / "home"
    places = ("config", "cache", "data", "state", "run", "tmp", "work")
    for place in places:
        (home / place).mkdir(parents=True, mode=0o700)
    (home / "work" / "program.py").write_text(PROGRAM)
    (home / "work" / "helper_38.py").write_text("import os\n\ndef here():\n    return os.getpid()\n")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "BEAMLIKE_"))}
    environment |= {f"XDG_{place.upper()}_HOME": str(home / place) for place in ("config", "cache", "data", "state")}
    environment |= {"XDG_RUNTIME_DIR": str(home / "run"), "TMPDIR": str(home / "tmp"), "HOME": str(home)}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)

    def run(what: str) -> str:
        command = [sys.executable, "program.py", what]
        ended = subprocess.run(
            command, cwd=home / "work", env=environment, capture_output=True, text=True, timeout=50, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    run("no pool")
    before = tree_hash(home)
    assert run("pool") == "[True, True, True, True]\n"
    after = tree_hash(home)
    new = {path: what for path, what in after.items() if before.get(path) != what}
    assert new in ({}, {"run/beamlike-children": "folder"})  # of the user's session: what it lists is gone
    assert before.keys() <= after.keys()
