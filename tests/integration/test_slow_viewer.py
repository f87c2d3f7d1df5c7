"""A viewer beyond a network that stands still: the session and the others go on, and nothing piles up for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import beamlike as bl
from notebook_tui.document.operations import EraseOutputs, OutputAdded, SetTitle
from notebook_tui.document.outputs import Text
from notebook_tui.document.state import State
from notebook_tui.session.client import Client
from notebook_tui.session.messages import Applied, Behind, Join, Joined, Resync, Seen
from notebook_tui.session.people import Person
from notebook_tui.session.presence import Here, PeopleHere, Whereabouts
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from notebook_tui.session.viewers import CHARACTERS, NODE_CHARACTERS
from tests.integration.test_reattach import listening
from tests.support.journaled_program import NoRuntime
from tests.support.local_nodes import PATIENCE
from tests.support.open_notebook import notebook_text
from tests.support.peers import main_node, peers
from tests.support.proxy import proxy_to

SLOW = 4
"""They share a link, which would hold what is on its way to two or three."""
OUTPUTS = CHARACTERS * 5 // 4 // 100_000
OUTPUT = OutputAdded("cell-1", Text("stdout", "x" * 100_000))


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 - nobody tells when all have heard
            await asyncio.sleep(0.01)


async def look(session: bl.Pid, home: bl.Pid) -> None:
    """As a client does; says home what comes."""
    joined: Joined = await bl.GenServer.call(session, Join(Person("slow")), timeout=PATIENCE)
    bl.GenServer.cast(session, Here(Whereabouts("setup"), bl.self()))
    applied = joined.applied
    tellings = 0
    bl.send(home, "joined")
    while True:
        match await bl.receive():
            case Applied(_, number):
                applied = number
            case Behind():
                bl.GenServer.cast(session, Seen(bl.self(), applied))
            case PeopleHere():
                tellings += 1
            case Resync(state, number):
                bl.send(home, (state, number, tellings))


def test_a_viewer_whose_network_stands_still_holds_up_nobody_and_sees_the_newest_in_the_end(tmp_path: Path) -> None:
    asyncio.run(beyond(tmp_path))


async def beyond(directory: Path) -> None:
    path = directory / "test.livemd"
    path.write_text(notebook_text("x"), encoding="utf-8")
    async with peers() as started, main_node(listen=False):
        peer = await started.start("viewer", own_thread=True)
        async with proxy_to(await peer.call(listening)) as proxy:
            await bl.connect(peer.node, proxy.address)
            session = await Session.start(NotebookFile(path), NoRuntime())
            ann, bob = await Client.join(session, Person("ann")), await Client.join(session, Person("bob"))
            for _ in range(SLOW):
                bl.spawn(look, session, bl.self(), node=peer.node)
            for _ in range(SLOW):
                assert await bl.receive(lambda message: message == "joined", timeout=60)
            proxy.hold()
            for number in range(OUTPUTS):
                ann.send(OUTPUT)
                ann.here(Whereabouts("cell-1", number, number))
            await eventually(lambda: bob.applied == ann.applied == OUTPUTS)
            bob.send(EraseOutputs())
            bob.send(SetTitle("while it stands still"))
            await eventually(lambda: ann.state.notebook.title == bob.state.notebook.title == "while it stands still")
            state = await bl.sys.get_state(session, timeout=PATIENCE)
            slow = [each for each in state["_viewers"]._viewers.values() if each.person.name == "slow"]
            assert [each.behind for each in slow] == [True] * SLOW
            assert sum(each.sent_size - each.seen_size for each in slow) <= NODE_CHARACTERS + SLOW * 100_000
            proxy.resume()
            for _ in range(SLOW):
                newest: State
                newest, number, tellings = await bl.receive(lambda message: isinstance(message, tuple), timeout=60)
                assert (newest, number) == (ann.state, ann.applied)
            assert tellings < 10, "of the hundred and more places only the newest was told"
            await ann.close()
            await bob.close()
            await bl.GenServer.stop(session, timeout=PATIENCE)
