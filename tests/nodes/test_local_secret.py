"""Which other nodes a child reaches: all that hold its user's secret, if it is to have that; else its parent, and whom
that introduces to it."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest

import beamlike as bl
import nodes
from beamlike.distribution.secret import load_secret, secret_path
from nodes.interpreter import SECRET_VARIABLE
from tests.support.local_nodes import PATIENCE

pytestmark = pytest.mark.usefixtures("both_kinds")

SHOP = "shop@127.0.0.1"


def call_shop() -> str:
    return f"in {bl.self().node}"


async def tries_the_shop() -> str:
    try:
        return await bl.rpc.call(SHOP, call_shop, timeout=PATIENCE)
    except bl.NotConnected as error:
        return str(error)


async def tries_to_connect() -> str:
    with pytest.raises(bl.NotConnected) as caught:
        await bl.connect(SHOP)
    return str(caught.value)


def environment_and_arguments() -> str:
    seen = [os.environ, Path("/proc/self/cmdline"), Path("/proc/self/environ")]
    return "".join(it.read_text() if isinstance(it, Path) and it.exists() else repr(it) for it in seen)


@pytest.mark.parametrize("variable", ["swordfish", None], ids=["variable", "file"])
def test_a_child_with_its_users_secret_reaches_other_nodes_and_nobody_sees_it(
    variable: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if variable is not None:
        monkeypatch.setenv("BEAMLIKE_SECRET", variable)
    value = variable or _content_of_the_file()

    async def main() -> None:
        async with bl.Node(SHOP), bl.Node("parent@127.0.0.1", secret="of its own"):
            child = await nodes.boot(nodes.Local(users_secret=True))
            try:
                assert await bl.rpc.call(child.node, tries_the_shop, timeout=PATIENCE) == f"in {SHOP}"
                assert value not in await bl.rpc.call(child.node, environment_and_arguments, timeout=PATIENCE)
            finally:
                await child.stop()

    asyncio.run(main())


def _content_of_the_file() -> str:
    load_secret()
    return secret_path().read_text().strip()


async def loses_a_child() -> str:
    child = await nodes.boot(nodes.Local())
    with pytest.raises(bl.rpc.NodeLost) as caught:
        await bl.rpc.call(child.node, os._exit, 1, timeout=PATIENCE)
    await child.stop()
    return str(caught.value)


def test_another_child_is_told_that_its_parent_knows_no_such_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET_VARIABLE, "")

    async def main() -> None:
        async with bl.Node(SHOP), bl.Node("parent@127.0.0.1", secret="of its own"):
            child = await nodes.boot(nodes.Local())
            try:
                lost = await bl.rpc.call(child.node, tries_the_shop, timeout=PATIENCE)
                refused = await bl.rpc.call(child.node, tries_to_connect, timeout=PATIENCE)
                lost_child = await bl.rpc.call(child.node, loses_a_child, timeout=PATIENCE)
            finally:
                await child.stop()
        for words in (lost, refused):
            assert words.endswith("that is connected: parent@127.0.0.1 is not connected to shop@127.0.0.1")
        assert "the connection was lost" in lost_child

    asyncio.run(main())


def test_where_the_users_secret_cannot_be_had_the_child_lives_and_says_why_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    load_secret()
    secret_path().chmod(0o600 | stat.S_IROTH)

    async def main() -> None:
        async with bl.Node(SHOP, secret="another"), bl.Node("parent@127.0.0.1", secret="of its own"):
            child = await nodes.boot(nodes.Local(users_secret=True))
            try:
                words = await bl.rpc.call(child.node, tries_the_shop, timeout=PATIENCE)
            finally:
                await child.stop()
        assert "cannot be reached or was lost during call_shop" in words
        assert f"this one could not have its user's: expected {secret_path()} to be readable by its owner" in words

    asyncio.run(main())
