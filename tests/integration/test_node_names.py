"""A name belongs to one node, and to one life of it: on real processes."""

from __future__ import annotations

from pathlib import Path

import pytest

import beamlike as bl
from beamlike.kernel import current
from tests.support.captured_log import captured_log
from tests.support.local_nodes import PATIENCE
from tests.support.peers import Peer, Peers, among_peers

TWIN = "twin@127.0.0.1"


@among_peers
async def test_a_second_node_of_a_name_does_not_start_beside_the_first(peers: Peers) -> None:
    first = await peers.start("twin")
    with pytest.raises(bl.NodeNameTaken, match=rf"{TWIN} .* process \d+ of this host .* choose another name"):
        await peers.start("twin")
    await bl.connect(TWIN)
    assert await first.call(bl.nodes) == [bl.self().node]


async def starts_elsewhere(peers: Peers, directory: Path) -> Peer:
    """A node that lists itself where those of the test's own directory do not look, as that of another host."""
    return await peers.start("twin", environment={"XDG_RUNTIME_DIR": str(directory)})


async def dial(node: str, address: tuple[str, int]) -> str:
    """What came of it, in words."""
    try:
        await _own_node().connect(node, address)
    except bl.NotConnected as error:
        return str(error)
    return "connected"


def _own_node() -> bl.Node:
    node = current.current_node()
    assert isinstance(node, bl.Node)
    return node


def test_a_second_node_of_a_name_is_refused_in_words_on_both_sides_while_the_first_is_connected(
    tmp_path: Path,
) -> None:
    elsewhere = [tmp_path / "one", tmp_path / "two"]
    for directory in elsewhere:
        directory.mkdir(mode=0o700)

    @among_peers
    async def main(peers: Peers) -> None:
        first, second = [await starts_elsewhere(peers, directory) for directory in elsewhere]
        me, address = bl.self().node, _own_node().address
        assert address is not None
        assert await first.call(dial, me, address) == "connected"
        with captured_log("beamlike.distribution") as log:
            refusal = await second.call(dial, me, address)
        assert refusal == (f"{me} refused {TWIN}: another live node of that name is connected to it: take another name")
        (warning,) = log
        assert f"another live node named {TWIN} is connected here: give one of the two" in warning.getMessage()
        # The first has lost nothing.
        assert await first.call(bl.nodes) == [me]
        bl.monitor_node(TWIN)
        first.kill()
        assert (await bl.receive(timeout=PATIENCE)).node == TWIN
        assert await second.call(dial, me, address) == "connected"

    main()
