"""A service that notebooks visit: a real second process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from notebook_tui.cli.open_session import open_session
from tests.support.local_nodes import PATIENCE
from tests.support.open_notebook import OpenNotebook, notebook_text
from tests.support.peers import SECRET, Peer, Peers, peers
from tests.support.visited_process import differences


async def address_of(peer: Peer) -> tuple[str, int]:
    def address() -> Any:
        from beamlike.kernel.current import current_node

        return current_node().address  # type: ignore[attr-defined]

    found: tuple[str, int] = await peer.call(address)
    return found


async def gone(peer: Peer, before: dict[str, Any]) -> dict[str, Any]:
    """What is different still, after some time for the connection to be seen as closed."""
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    while (found := await peer.call(differences, before)) and clock() < end:  # noqa: ASYNC110 - nobody over there tells
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def service(monkeypatch: pytest.MonkeyPatch, **options: Any) -> AsyncIterator[tuple[Peer, Peers]]:
    monkeypatch.setenv("BEAMLIKE_SECRET", SECRET.decode())
    async with peers() as started:
        yield await started.start("service", **options), started


@asynccontextmanager
async def visiting(
    peer: Peer, directory: Path, *cells: str, name: str = "test", port: int | None = None
) -> AsyncIterator[OpenNotebook]:
    """A notebook that is attached to it, by another port perhaps."""
    path = directory / f"{name}.livemd"
    path.write_text(notebook_text(*cells), encoding="utf-8")
    port = port or (await address_of(peer))[1]
    async with open_session(str(path), runtime=f"attach:{peer.node}:{port}") as client:
        yield OpenNotebook(client, path)
