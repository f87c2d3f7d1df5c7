"""Nodes that run for themselves: what others' modules leave behind in them, and those that take none."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

import beamlike as bl
from tests.support.local_nodes import PATIENCE
from tests.support.module_nodes import traces
from tests.support.peers import Peer, Peers, main_node, peers


def in_all() -> dict[str, object]:
    """Whatever there is in an interpreter that code may leave something in."""
    return {**traces(), "modules": set(sys.modules), "files": set(os.listdir(tempfile.gettempdir()))}


def settled(before: dict[str, object]) -> bool:
    return in_all() == before


def settled_but_for_modules(before: dict[str, object]) -> bool:
    """Of its own it may have more by now, and of others none."""
    return {**in_all(), "modules": traces()["modules"]} == {**before, "modules": set()}


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        *folders, stem = name.split("__")
        path = folder.joinpath(*folders, f"{stem or '__init__'}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def beside(test: Callable[[Peers], Awaitable[None]]) -> None:
    async def main() -> None:
        async with peers() as started, main_node():
            await test(started)

    asyncio.run(main())


async def call(peer: Peer, function: Callable[..., Any]) -> Any:
    return await bl.rpc.call(peer.node, function, timeout=PATIENCE)


def use_all() -> str:
    import pkgutil
    from importlib import resources

    import det_pkg.deep.er  # type: ignore[import-not-found]
    import det_space.part  # type: ignore[import-not-found]

    names = [module.name for module in pkgutil.iter_modules(det_pkg.__path__)]
    text = (resources.files("det_pkg") / "data.txt").read_text()
    with resources.as_file(resources.files("det_pkg") / "data.txt") as path:
        text += path.read_text()
    try:
        import det_missing  # type: ignore[import-not-found] # noqa: F401
    except ImportError:
        return f"{names} {text} {det_space.part.x} {det_pkg.deep.er.x}"
    return ""


def test_a_node_is_as_it_was_when_who_attached_to_it_has_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, temporary = tmp_path / "beside", tmp_path / "temporary"
    temporary.mkdir()
    write(folder, det_pkg__="import det_helper", det_pkg__deep__="", det_pkg__deep__er="x = 1", det_helper="")
    write(folder, det_space__part="x = 2")
    (folder / "det_pkg" / "data.txt").write_text("data ")

    def attached() -> str:
        return use_all()

    async def test(started: Peers) -> None:
        service = await started.start("service", environment={"TMPDIR": str(temporary)})
        monkeypatch.syspath_prepend(folder)
        for round in range(3):
            before = await service.call(in_all)
            await bl.connect(service.node, await address_of(service))
            write(folder, det_helper=f"round = {round}")
            for _ in range(3):
                assert await call(service, attached) == "['deep'] data data  2 1"
            write(folder, det_pkg__deep__er=f"x = 1; round = {round}")
            assert await call(service, attached) == "['deep'] data data  2 1"
            assert await service.call(in_all) != before
            await bl.disconnect(service.node)
            # The first has Python load what it needs for resources.
            await service.until(settled if round else settled_but_for_modules, before)

    beside(test)


async def address_of(peer: Peer) -> tuple[str, int]:
    def address() -> Any:
        from beamlike.kernel.current import current_node

        return current_node().address  # type: ignore[attr-defined]

    found: tuple[str, int] = await peer.call(address)
    return found


def test_a_node_that_accepts_no_code_takes_no_modules_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, temporary = tmp_path / "beside", tmp_path / "temporary"
    temporary.mkdir()
    write(folder, det_locked="def f(): return 1")

    async def test(started: Peers) -> None:
        service = await started.start("service", accept_code=False, environment={"TMPDIR": str(temporary)})
        monkeypatch.syspath_prepend(folder)
        from det_locked import f  # type: ignore[import-not-found]

        await bl.connect(service.node, await address_of(service))
        before = await service.call(in_all)
        assert await call(service, os.getpid) != os.getpid()
        with pytest.raises(ModuleNotFoundError, match="No module named 'det_locked'"):
            await call(service, f)
        assert await service.call(in_all) == before

    beside(test)
