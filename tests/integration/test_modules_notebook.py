"""Modules beside a notebook, in its cells and on the nodes that they use; and a runtime where nothing is installed."""

from __future__ import annotations

import asyncio
import importlib
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from notebook_tui.document.operations import SetCellSource
from notebook_tui.session.booted import Local
from tests.support.definitions.elsewhere import Elsewhere
from tests.support.local_nodes import PATIENCE
from tests.support.open_notebook import opened

IMPORT = "import beside_nb\nbeside_nb.version, beside_nb.__file__[:16]"
ON_A_CHILD = """
import beamlike as bl, nodes
from beside_nb import plus
child = await nodes.boot(nodes.Local())
there = await bl.rpc.call(child.node, lambda: plus(1))
by_name = await bl.rpc.call(child.node, plus, 2)
await child.stop(grace=0.1)
there, by_name
"""


def test_cells_import_what_lies_beside_the_notebook_and_see_it_edited(tmp_path: Path) -> None:
    module = tmp_path / "beside_nb.py"
    module.write_text("version = 1")

    async def main() -> None:
        async with opened(tmp_path, IMPORT) as it:
            await it.run(1)
            assert it.result(1) == "(1, '<beside_nb.py of')"
            module.write_text("version = 2")
            it.client.send(SetCellSource("cell-1", f"{IMPORT} "))
            await it.run(1)
            assert it.result(1) == "(2, '<beside_nb.py of')"

    asyncio.run(main())


def test_nodes_that_a_cell_boots_import_it_too(tmp_path: Path) -> None:
    (tmp_path / "beside_nb.py").write_text("def plus(n): return n + 41")

    async def main() -> None:
        async with opened(tmp_path, ON_A_CHILD) as it:
            await it.run(1)
            assert it.result(1) == "(42, 43)"

    asyncio.run(main())


WRITES = """
import beamlike as bl, nodes
from pathlib import Path
beside = Path({directory!r}) / "written_nb.py"
child = await nodes.boot(nodes.Local())
seen = []
def by_name(): return written_nb.version()
def by_import():
    import written_nb
    return written_nb.version()
for number in range(1, 4):
    beside.write_text(f"def version(): return {{number}}")
    if number == 1:
        import written_nb
    seen.append((await bl.rpc.call(child.node, by_name), await bl.rpc.call(child.node, by_import)))
beside.with_name("newer_nb.py").write_text("version = 4")
def newer():
    import newer_nb
    return newer_nb.version
seen.append(await bl.rpc.call(child.node, newer))
try:
    await bl.rpc.call(child.node, lambda: __import__("not_beside_nb"))
except ModuleNotFoundError as error:
    message = str(error)
await child.stop(grace=0.1)
seen
"""


def test_what_a_cell_writes_is_there_for_its_children_in_the_next_call(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path, WRITES.format(directory=str(tmp_path)), "message") as it:
            await it.run(1, 2)
            assert it.result(1) == "[(1, 1), (2, 2), (3, 3), 4]", it.outputs()
            assert f"has no such module beside its script or notebook ({tmp_path}" in str(it.result(2))
            assert "declare the package that it is part of in a `# /// script` block" in str(it.result(2))

    asyncio.run(main())


def test_a_cell_that_imports_what_is_not_there_hears_who_was_asked(tmp_path: Path) -> None:
    async def main() -> None:
        (tmp_path / "beside_nb.py").touch()
        async with opened(tmp_path, "import not_beside_nb") as it:
            await it.run(1)
            error = str(it.error(1))
            assert "which was asked, has no such module beside its script or notebook" in error
            assert str(tmp_path) in error

    asyncio.run(main())


def test_a_runtime_needs_nothing_installed_but_beamlike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes it a notebook's runtime is shipped as well, and the folder of the notebook is not there."""
    (tmp_path / "beside_nb.py").write_text("version = 1")
    bare = Elsewhere(installed=["cloudpickle", "msgpack"])
    monkeypatch.setattr(nodes, "Local", lambda **_options: bare)

    async def main() -> None:
        async with opened(tmp_path, IMPORT, "import notebook_tui.runtime.server as it\nit.__file__[:28]") as it:
            await it.run(1, 2)
            assert it.result(1) == "(1, '<beside_nb.py of')"
            assert it.result(2) == "'<notebook_tui/runtime/server'"

    asyncio.run(main())


def version() -> object:
    return importlib.import_module("beside_nb").version


def test_the_folders_of_two_notebooks_are_each_for_their_own_runtime(tmp_path: Path) -> None:
    async def main() -> None:
        folders = [tmp_path / name for name in ("one", "two")]
        for folder in folders:
            folder.mkdir()
            (folder / "beside_nb.py").write_text(f"version = {folder.name!r}")
        async with bl.Node("session@127.0.0.1", secret=b"s"):
            connections = [await Local().connect(bl.self(), "tour", str(folder)) for folder in folders]
            seen = [await bl.rpc.call(it.child.node, version, timeout=PATIENCE) for it in connections]
            for it in connections:
                await it.stop()
            assert seen == ["one", "two"]

    asyncio.run(main())


def test_what_is_offered_to_a_runtime_is_over_when_that_is(tmp_path: Path) -> None:
    from beamlike.code.modules.offered import OFFERED

    async def main() -> None:
        async with bl.Node("session@127.0.0.1", secret=b"s"):
            connection = await Local().connect(bl.self(), "tour", str(tmp_path))
            assert [offer.root.only for offer in OFFERED.all] == ["notebook_tui", None]
            await connection.stop()
            assert OFFERED.all == ()

    asyncio.run(main())
