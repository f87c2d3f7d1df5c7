"""A typist's questions of a real runtime, while cells run, and of the node that a cell is pinned to (AC38)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from notebook_tui.cli.open_session import open_session
from notebook_tui.document.operations import SetCellSource
from notebook_tui.runtime.answers import SignatureHelp
from notebook_tui.runtime.formatting import Formatted
from notebook_tui.session.typing_help import Definition
from tests.support.open_notebook import OpenNotebook, opened, told

GREETS = """import json
number = 10
def greet(name, *, loud=False):
    "Says hello."
class Trap:
    touched = []
    def __getattr__(self, name): Trap.touched.append(name)
    def __dir__(self): Trap.touched.append("dir")
    def __repr__(self): Trap.touched.append("repr"); return "trap"
    @property
    def computed(self): Trap.touched.append("computed")
trap = Trap()"""
SLEEPS = "import time\ntime.sleep(600)"
SPINS = "while True: pass"


def with_notebook(folder: Path, *cells: str, test: Callable[[OpenNotebook], Awaitable[None]]) -> None:
    async def main() -> None:
        async with opened(folder, *cells) as it:
            await test(it)

    asyncio.run(main())


async def labels(it: OpenNotebook, number: int, text: str) -> list[str]:
    return [found.label for found in await it.client.complete(f"cell-{number}", text, len(text))]


async def proposed(it: OpenNotebook, number: int, text: str) -> list[str]:
    return await told(lambda: labels(it, number, text))


def test_ac38_before_a_run_there_are_builtins_modules_and_texts_and_after_it_what_lives(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        assert await proposed(it, 2, "isinst") == ["isinstance"]
        assert await proposed(it, 2, "import xmlr") == ["xmlrpc"]
        assert await proposed(it, 2, "numbe") == ["number"]
        await it.run(1)
        (number,) = await told(lambda: it.client.complete("cell-2", "numbe", 5))
        assert (number.kind, number.detail) == ("variable", "int")
        assert (await proposed(it, 2, "json.lo"))[:2] == ["load", "loads"]
        hover = await told(lambda: it.client.describe("cell-2", "json.loads", 7))
        assert hover is not None
        assert "Deserialize ``s``" in hover.markdown

    with_notebook(tmp_path, GREETS, "pass", test=test)


def test_ac38_a_cell_above_the_run_is_not_offered_what_that_bound(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        await it.run(2)
        assert await labels(it, 1, "numbe") == []
        assert await proposed(it, 3, "numbe") == ["number"]
        assert await it.client.describe("cell-1", "number", 1) is None
        assert await it.client.signatures("cell-1", "greet(", 6) == ()

    with_notebook(tmp_path, "pass", GREETS, "pass", test=test)


def test_ac38_every_question_is_answered_while_a_cell_runs(tmp_path: Path) -> None:
    async def ask_all(it: OpenNotebook) -> None:
        assert "loads" in await proposed(it, 3, "json.loa")
        help = await it.client.signatures("cell-3", "greet('you', ", 13)
        assert help == ()
        help = await told(lambda: it.client.signatures("cell-3", "greet('you', loud=", 18))
        assert help == (SignatureHelp("greet", ("name", "*", "loud=False"), 2),)
        hover = await told(lambda: it.client.describe("cell-3", "greet", 1))
        assert hover is not None
        assert hover.markdown == (
            "```python\ndef greet(name, *, loud=False)\n```\n\nSays hello.\n\n*Defined in cell 1, line 3.*"
        )
        assert await told(lambda: it.client.definition("cell-3", "x = greet", 7)) == Definition(3, "cell-1")
        assert await told(lambda: it.client.definition("cell-3", "number", 1)) == Definition(2, "cell-1")
        assert await it.client.format("x  = 1;  x ;") == Formatted("x = 1\nx;")

    async def test(it: OpenNotebook) -> None:
        await it.run(1)
        for source in (SLEEPS, SPINS):
            it.client.send(SetCellSource("cell-2", source))
            await it.start(2)
            await ask_all(it)
            await it.client.interrupt()
            await it.until(lambda state: state.evaluating is None)

    with_notebook(tmp_path, GREETS, SLEEPS, "pass", test=test)


def test_ac38_no_question_runs_anything_of_an_objects_own(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        await it.run(1)
        assert "computed" in await proposed(it, 2, "trap.")
        for name in ("trap", "trap.computed", "trap.nothing"):
            await labels(it, 2, f"{name}.")
            await labels(it, 2, f"{name}['")
            await it.client.describe("cell-2", name, len(name))
            await it.client.signatures("cell-2", f"{name}(", len(name) + 1)
            await it.client.definition("cell-2", name, len(name))
        it.client.send(SetCellSource("cell-2", "Trap.touched"))
        await it.run(2)
        assert it.result(2) == "[]"

    with_notebook(tmp_path, GREETS, "pass", test=test)


def test_a_definition_is_found_where_its_cell_has_moved_it_since(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        await it.run(1)
        it.client.send(SetCellSource("cell-1", "# a comment above\n\n" + GREETS))
        await it.until(lambda state: state.notebook.cell("cell-1").source.startswith("#"))
        assert await told(lambda: it.client.definition("cell-2", "greet", 1)) == Definition(5, "cell-1")

    with_notebook(tmp_path, GREETS, "pass", test=test)


FAR = "far@127.0.0.1"
PINNED = """# Test

## Section

```python
{boots}
```

<!-- livebook:{{"node":"{node}"}} -->

```python
pass
```

```python
pass
```
"""
BOOTS = """
import beamlike as bl, nodes
child = await nodes.boot(nodes.Local(), name={name!r})
await bl.rpc.call(child.node, exec, "import sys; sys.path.insert(0, {folder!r}); import far_room", {{}}, timeout=30)
near = 1
"""
FAR_ROOM = """LIMIT = 5
def far_away(distance, *, fast=False):
    "Of that node."
"""


def with_far_node(folder: Path, test: Callable[[OpenNotebook], Awaitable[None]]) -> None:
    """Cell 1 boots a node that has loaded a module `far_room`, which no other has; cell 2 is pinned to it."""
    rooms = folder / "rooms"
    rooms.mkdir()
    (rooms / "far_room.py").write_text(FAR_ROOM)
    path = folder / "test.livemd"
    boots = BOOTS.format(name=FAR, folder=str(rooms))
    path.write_text(PINNED.format(boots=boots, node=FAR), encoding="utf-8")

    async def main() -> None:
        async with open_session(str(path)) as client:
            it = OpenNotebook(client, path)
            await it.run(1)
            assert it.error(1) is None
            await test(it)

    asyncio.run(main())


def test_ac38_a_cell_that_is_pinned_to_another_node_is_told_what_that_has(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        assert await proposed(it, 2, "import far_r") == ["far_room"]
        (found,) = await told(lambda: it.client.complete("cell-2", "from far_room import far", 24))
        assert (found.label, found.kind, found.detail) == ("far_away", "function", "(distance, *, fast=False)")
        text = "import far_room\nfar_room.far_away"
        assert await proposed(it, 2, text) == ["far_away"]
        hover = await told(lambda: it.client.describe("cell-2", text, len(text)))
        assert hover is not None
        assert "Of that node." in hover.markdown
        help = await told(lambda: it.client.signatures("cell-2", f"{text}(1, fast=", len(text) + 9))
        assert [it.active for it in help] == [2]
        found_at = await told(lambda: it.client.definition("cell-2", text, len(text)))
        assert found_at is not None
        assert (found_at.line, found_at.text, Path(found_at.path).name) == (2, FAR_ROOM, "far_room.py")

        # (It may be imported here, where that node offers it; looking at it does not.)
        assert await labels(it, 3, text) == []
        assert await labels(it, 3, "from far_room import far") == []
        assert await it.client.describe("cell-3", text, len(text)) is None
        assert await proposed(it, 2, "nea") == ["near"]

    with_far_node(tmp_path, test)


def test_a_cell_that_is_pinned_to_a_node_that_is_gone_is_told_what_the_runtime_has(tmp_path: Path) -> None:
    async def test(it: OpenNotebook) -> None:
        it.client.send(SetCellSource("cell-3", "await child.stop()"))
        await it.run(3)
        assert await proposed(it, 2, "nea") == ["near"]
        hover = await told(lambda: it.client.describe("cell-2", "near", 1))
        assert hover is not None
        assert "near: int = 1" in hover.markdown

    with_far_node(tmp_path, test)
