"""Modules beside a script, on a node that has none of its files: another process, isolated, in an empty folder."""

from __future__ import annotations

import asyncio
import importlib
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

import beamlike as bl
import nodes
from tests.support.definitions.elsewhere import Elsewhere
from tests.support.local_nodes import PATIENCE, eventually
from tests.support.other_pythons import other_pythons

NEAR = "near@127.0.0.1"


class Beside:
    """A folder that is on the path of this interpreter, as that of a script."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, **files: str) -> None:
        """Modules: "pkg__sub" is pkg/sub.py, and "pkg__" its `__init__`."""
        for name, text in files.items():
            *folders, stem = name.split("__")
            path = self.path.joinpath(*folders, f"{stem or '__init__'}.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        importlib.invalidate_caches()


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Beside(tmp_path)
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def on_a_child(test: Callable[[str], Awaitable[Any]], backend: nodes.Backend | None = None) -> Any:
    """Runs an async test with the name of a child node, which has nothing but what is installed."""

    async def main() -> Any:
        async with bl.Node(NEAR, secret=b"a secret of the test"):
            child = await nodes.boot(backend or Elsewhere())
            try:
                return await test(child.node)
            finally:
                await child.stop(grace=0.1)

    return asyncio.run(main())


async def call(node: str, function: Callable[..., Any], *args: Any) -> Any:
    return await bl.rpc.call(node, function, *args, timeout=PATIENCE)


def test_a_function_of_a_module_beside_the_script_is_called_by_its_name(beside: Beside) -> None:
    beside.write(helper_one="import os\ndef where(): return __file__, os.listdir('.')")
    from helper_one import where  # type: ignore[import-not-found]

    async def test(child: str) -> tuple[str, list[str]]:
        return await call(child, where)  # type: ignore[no-any-return]

    file, files = on_a_child(test)
    assert file.startswith(f"<helper_one.py of {NEAR} #")
    assert files == []


def test_a_function_that_came_by_value_imports_on_the_thread_of_the_event_loop(beside: Beside) -> None:
    beside.write(
        pkg_two__="from .sub import base",
        pkg_two__sub="from helper_two import base",
        pkg_two__deep__er="from ..sub import base\nfrom helper_two import base as same",
        helper_two="base = 40",
    )

    async def imports() -> int:
        import pkg_two.deep.er as er  # type: ignore[import-not-found]
        from pkg_two import base

        assert asyncio.get_running_loop() is not None
        return base + (er.same == base) + (er.base == base)  # type: ignore[no-any-return]

    async def test(child: str) -> int:
        return await call(child, imports)  # type: ignore[no-any-return]

    assert on_a_child(test) == 42


def test_an_import_is_answered_while_the_loop_of_its_origin_is_blocked(beside: Beside) -> None:
    beside.write(helper_eleven="x = 1")
    began, blocked, imported = (beside.path / name for name in ("began", "blocked", "imported"))

    def imports(paths: list[Path]) -> None:
        paths[0].touch()
        wait_for(paths[1])
        import helper_eleven  # type: ignore[import-not-found] # noqa: F401

        paths[2].touch()

    async def test(child: str) -> None:
        importing = asyncio.create_task(call(child, imports, [began, blocked, imported]))
        await eventually(began.exists)
        blocked.touch()
        wait_for(imported)
        await importing

    on_a_child(test)


def wait_for(path: Path) -> None:
    """Keeps the thread until the file is there."""
    end = time.monotonic() + PATIENCE
    while not path.exists():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_an_edit_is_seen_by_the_next_call_and_what_runs_keeps_what_it_has(beside: Beside) -> None:
    beside.write(helper_three="version = 1", user_three="import helper_three\ndef f(): return helper_three.version")
    from user_three import f  # type: ignore[import-not-found]

    async def keeps(asker: bl.Pid) -> None:
        import helper_three  # type: ignore[import-not-found]

        while True:
            bl.send(asker, helper_three.version)
            await bl.receive()

    async def test(child: str) -> list[Any]:
        async def imports() -> int:
            import helper_three

            return helper_three.version  # type: ignore[no-any-return]

        runs = bl.spawn(keeps, bl.self(), node=child)
        seen = [await bl.receive(timeout=PATIENCE)]
        for version in (1, 2, 3):
            beside.write(helper_three=f"version = {version}")
            seen += [await call(child, f), await call(child, imports)]
        bl.send(runs, "again")
        return [*seen, await bl.receive(timeout=PATIENCE)]

    assert on_a_child(test) == [1, 1, 1, 2, 2, 3, 3, 1]


def test_a_function_that_was_sent_often_sees_the_edit_too(beside: Beside) -> None:
    """It is kept over there as it is, with the module that it uses; not when that has changed."""
    beside.write(helper_four="version = 1")
    import helper_four  # type: ignore[import-not-found]

    async def test(child: str) -> list[int]:
        def version() -> Any:
            return helper_four.version

        seen = [await call(child, version) for _ in range(5)]
        beside.write(helper_four="version = 2")
        return [*seen, *[await call(child, version) for _ in range(3)]]

    assert on_a_child(test) == [1] * 5 + [2] * 3


def test_errors_of_it_show_its_lines_and_come_back_as_they_are(beside: Beside) -> None:
    beside.write(helper_five="class Wrong(Exception): ...\n\ndef fail(x):\n    raise Wrong(x)\n")
    import helper_five  # type: ignore[import-not-found]

    async def test(child: str) -> None:
        with pytest.raises(helper_five.Wrong, match="of a test") as caught:
            await call(child, helper_five.fail, "of a test")
        text = "".join(traceback.format_exception(caught.value))
        assert f"<helper_five.py of {NEAR} #" in text
        assert "line 4, in fail\n    raise Wrong(x)" in text

    on_a_child(test)


def test_a_module_that_is_broken_shows_its_own_lines_and_no_others(beside: Beside) -> None:
    """Also where it is imported before the function runs, since that has captured it."""
    beside.write(helper_broken="version = 1")
    import helper_broken  # type: ignore[import-not-found]

    async def test(child: str) -> None:
        def version() -> Any:
            return helper_broken.version

        for text, kind, shown in (
            ("def bad():\n    return 1 / 0\nbad()", ZeroDivisionError, ["3", "2"]),
            ("version = ", SyntaxError, ["1"]),
        ):
            beside.write(helper_broken=text)
            with pytest.raises(kind) as caught:
                await call(child, version)
            there = re.findall(r'File "([^"]*)", line (\d+)', str(caught.value.__cause__))
            assert [line for _, line in there] == shown
            assert all(file.startswith(f"<helper_broken.py of {NEAR} #") for file, _ in there)

    on_a_child(test)


def test_instances_go_there_and_back_and_are_of_the_class_here(beside: Beside) -> None:
    beside.write(helper_six="import dataclasses\n@dataclasses.dataclass\nclass Point:\n    x: int")
    from helper_six import Point  # type: ignore[import-not-found]

    async def test(child: str) -> Any:
        def moved(point: Any) -> Any:
            import helper_six

            assert type(point) is helper_six.Point
            point.x += 1
            return point

        return await call(child, moved, Point(1))

    assert on_a_child(test) == Point(2)


def test_an_import_that_fails_names_the_node_the_origin_and_the_reason(beside: Beside) -> None:
    beside.write(helper_seven="")

    async def test(child: str) -> tuple[str, str]:
        def imports(name: str) -> str:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                return str(error)
            return "imported"

        return child, await call(child, imports, "helper_eight")

    child, message = on_a_child(test)
    assert message.startswith(
        f"No module named 'helper_eight': not installed on {child}, and {NEAR}, which was asked, has no such module "
        f"beside its script or notebook ({beside.path}, "
    )


def test_files_of_a_package_are_read_there(beside: Beside) -> None:
    beside.write(pkg_nine__="")
    (beside.path / "pkg_nine" / "table.txt").write_text("42")

    def read() -> str:
        from importlib import resources

        return (resources.files("pkg_nine") / "table.txt").read_text()

    async def test(child: str) -> str:
        return await call(child, read)  # type: ignore[no-any-return]

    assert on_a_child(test) == "42"


def test_a_child_of_a_child_gets_them_too(beside: Beside) -> None:
    beside.write(helper_ten="import os\ndef pid(): return os.getpid()")
    from helper_ten import pid  # type: ignore[import-not-found]

    async def from_the_middle(function: Callable[[], int]) -> tuple[int, int]:
        grandchild = await nodes.boot(nodes.Local())
        try:
            return function(), await bl.rpc.call(grandchild.node, function, timeout=30)
        finally:
            await grandchild.stop(grace=0.1)

    async def test(child: str) -> tuple[int, int]:
        return await call(child, from_the_middle, pid)  # type: ignore[no-any-return]

    pids = on_a_child(test, nodes.Local())
    assert len({*pids, os.getpid()}) == 3


@pytest.mark.skipif(not other_pythons(), reason="no other Python 3.11+ on this machine; it needs one on PATH")
def test_a_child_of_another_minor_version_compiles_them_for_itself(beside: Beside) -> None:
    beside.write(
        pkg_ten__="from .sub import use",
        pkg_ten__sub="""
            import sys
            from importlib import resources

            def use():
                return sys.version_info[:2], (resources.files(__package__) / "table.txt").read_text()
            """,
    )
    (beside.path / "pkg_ten" / "table.txt").write_text("42")
    from pkg_ten import use  # type: ignore[import-not-found]

    async def test(child: str) -> Any:
        return await call(child, use)

    for minor, python in other_pythons().items():
        assert on_a_child(test, Elsewhere(python)) == ((3, minor), "42")


def test_a_process_that_is_forked_has_what_is_loaded_and_hears_at_once_that_it_can_have_no_more(beside: Beside) -> None:
    beside.write(helper_twelve="x = 1", helper_thirteen="")

    def fork() -> str:
        import helper_twelve  # type: ignore[import-not-found] # noqa: F401

        reading, writing = os.pipe()
        if not os.fork():
            os.write(writing, imported_in_fork().encode())
            os._exit(0)
        os.close(writing)
        with open(reading) as pipe:
            text = pipe.read()
        os.wait()
        return text

    async def test(child: str) -> tuple[str, str]:
        return child, await call(child, fork)

    child, text = on_a_child(test)
    assert text == (
        f"1 the module 'helper_thirteen' of {NEAR} cannot be imported on {child}: it cannot be had of {NEAR}: "
        f"{NEAR} can be asked by {child} only, and this process was forked from it"
    )


def imported_in_fork() -> str:
    import helper_twelve

    try:
        import helper_thirteen  # type: ignore[import-not-found] # noqa: F401
    except ImportError as error:
        return f"{helper_twelve.x} {error}"
    return "imported"


def test_what_is_offered_by_name_travels_though_it_is_installed_here() -> None:
    async def test(child: str) -> str:
        def imports() -> str:
            import iniconfig

            return str(iniconfig.__file__)

        with pytest.raises(ModuleNotFoundError, match=f"{NEAR}, which was asked, has it installed: declare"):
            await call(child, imports)
        with bl.offer("iniconfig", to=child):
            return await call(child, imports)  # type: ignore[no-any-return]

    bare = Elsewhere(installed=["cloudpickle", "msgpack"])
    assert on_a_child(test, bare).startswith(f"<iniconfig/__init__.py of {NEAR} #")


SCRIPT = """
import asyncio, os, sys
import beamlike as bl, nodes
import helper

async def main():
    async with bl.Node("app@127.0.0.1", secret=b"s", stall_threshold=None):
        child = await nodes.boot(nodes.Local())
        print(await bl.rpc.call(child.node, helper.pid) not in (0, os.getpid()))
        print(await bl.rpc.call(child.node, by_value))
        await child.stop(grace=0.1)

def by_value():
    from package.sub import name
    return name

asyncio.run(main())
"""


@pytest.mark.parametrize("way", [["app.py"], ["-m", "app"], ["-m", "package.app"], ["-c", SCRIPT]])
def test_a_script_has_nothing_to_do_for_it_however_it_is_run(beside: Beside, way: list[str]) -> None:
    beside.write(helper="import os\ndef pid(): return os.getpid()", app=SCRIPT, package__sub="name = __name__")
    beside.write(package__app=SCRIPT.replace("from package.sub", "from .sub"))
    run = subprocess.run(
        [sys.executable, *way], cwd=beside.path, capture_output=True, text=True, timeout=100, check=False
    )
    assert (run.stdout, run.stderr) == ("True\npackage.sub\n", "")
