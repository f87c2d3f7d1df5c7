"""A runtime that outlives the program of its session: the next one has it, and nothing that it said twice or never."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

import beamlike as bl
from beamlike.behaviours.servers.gen_server import GenServer
from beamlike.kernel.question import Client
from notebook_tui.document.operations import QueueCells
from notebook_tui.document.outputs import Text
from notebook_tui.runtime.messages import Evaluate, Finished, Printed, Started
from notebook_tui.runtime.outcome import Outcome
from notebook_tui.runtime.relay import Adopt, Got, Relayed, relay
from notebook_tui.session import keepsakes
from notebook_tui.session.client import Client as Viewer
from notebook_tui.session.incoming import Incoming
from notebook_tui.session.keepsakes import Keepsake
from notebook_tui.session.messages import LEFT, Leave
from notebook_tui.session.options import SessionOptions
from notebook_tui.session.runtime import Connection, Runtime, RuntimeEnded
from notebook_tui.session.session import Session
from notebook_tui.session.storage import NotebookFile
from tests.support.local_nodes import PATIENCE, eventually, in_node
from tests.support.soak import count

pytestmark = pytest.mark.usefixtures("own_state")

PARTS = 12


class Talking(GenServer):
    """A runtime's server that says what it is told to, by a relay as the real one has."""

    def init(self, owner: bl.Pid) -> None:
        self._relay = bl.spawn_link(relay, owner, bl.self())
        self.evaluated: list[str] = []

    def handle_call(self, request: object, client: Client) -> object:
        match request:
            case Adopt():
                bl.send(self._relay, request)
                return True
            case "evaluated":
                return tuple(self.evaluated)
            case _:
                raise TypeError(request)

    def handle_info(self, message: object) -> None:
        match message:
            case Evaluate(cell_id):
                self.evaluated.append(cell_id)
                bl.send(self._relay, Started(cell_id))
            case ("say", news):
                bl.send(self._relay, news)


class Left:
    """What has it; it counts how it is left."""

    def __init__(self, server: bl.Pid) -> None:
        self.server = server
        self.stopped = self.let_go_of = 0

    async def fate(self) -> str:
        return "nobody knows"

    async def stop(self, *, grace: float) -> None:
        self.stopped += 1

    async def let_go(self) -> None:
        self.let_go_of += 1


class LeftRuntime:
    """Of one server, whoever connects; `ended` says that it is gone."""

    name = "local"

    def __init__(self) -> None:
        self.host: Left | None = None
        self.ended = ""

    async def connect(self, owner: bl.Pid, notebook: str, directory: str | None) -> Connection:
        self.host = Left(await Talking.start(owner))
        return self._connection(Keepsake(self.host.server, "127.0.0.1", 1, "here", "local", ""))

    def resume(self, keepsake: Keepsake) -> Connection:
        return self._connection(keepsake)

    def _connection(self, keepsake: Keepsake) -> Connection:
        assert self.host is not None
        return Connection(keepsake.server, self.host, keepsake.text, 60.0, self._reconnect, keepsake=keepsake)

    async def _reconnect(self) -> None:
        if self.ended:
            raise RuntimeEnded(self.ended)


class World:
    def __init__(self, directory: Path) -> None:
        self.path = directory / "a.livemd"
        self.path.write_text("# T\n\n## S\n\n```python\nx\n```\n", encoding="utf-8")
        self.runtime = LeftRuntime()
        self.options = SessionOptions(journal=True, served=True, held=lambda _: self.runtime)

    async def begin(self) -> Viewer:
        runtime: Runtime = self.runtime
        self.session = await Session.start(NotebookFile(self.path), runtime, self.options)
        self.viewer = await Viewer.join(self.session)
        return self.viewer

    async def run(self) -> None:
        self.viewer.send(QueueCells(("cell-1",)))
        await eventually(lambda: self.viewer.state.evaluation("cell-1").started_at is not None)
        # What no disk has is lost with the program, and so is who runs.
        await eventually(lambda: self.viewer.journaled >= self.viewer.applied)

    def say(self, number: int) -> None:
        assert self.runtime.host is not None
        bl.send(self.runtime.host.server, ("say", Printed("cell-1", "stdout", f"{number}\n", bl.self())))

    def finish(self) -> None:
        assert self.runtime.host is not None
        bl.send(self.runtime.host.server, ("say", Finished("cell-1", Outcome("ok"), 0.0)))

    @property
    def said(self) -> str:
        outputs = self.viewer.state.notebook.cell("cell-1").outputs
        return "".join(output.text for output in outputs if isinstance(output, Text))

    async def crash(self) -> None:
        """As kill -9, but for the writer of the journal, which ends what it has begun."""
        journal = (await bl.sys.get_state(self.session, timeout=PATIENCE))["_keeping"]._kept.journal
        state = await bl.sys.get_state(self.session, timeout=PATIENCE)
        # What has the runtime is another program, and sees nothing of this.
        bl.exit(state["_runtime"]._keeper[0], "kill")
        ended = [bl.monitor(each) for each in (self.session, journal._writer) if each is not None]
        bl.exit(self.session, "kill")
        for ref in ended:
            await bl.receive(ref=ref, timeout=PATIENCE)
        await self.viewer.close()

    async def over(self) -> None:
        await self.viewer.close()
        await bl.GenServer.stop(self.session, timeout=PATIENCE)
        if self.runtime.host is not None:
            await bl.GenServer.stop(self.runtime.host.server, timeout=PATIENCE)


@pytest.mark.parametrize("seed", range(count(4, 60, part=20)))
@in_node
async def test_what_a_cell_prints_is_there_once_and_in_order_whenever_the_program_ends(
    tmp_path: Path, seed: int
) -> None:
    draw = Random(seed)
    world = World(tmp_path)
    await world.begin()
    await world.run()
    for number in range(PARTS):
        world.say(number)
        if draw.random() < 0.25:
            await world.crash()
            await world.begin()
    world.finish()
    await eventually(lambda: not world.viewer.state.running)
    assert world.said == "".join(f"{number}\n" for number in range(PARTS))
    await world.over()


@in_node
async def test_a_session_that_leaves_lets_its_runtime_go_and_the_next_one_has_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.begin()
    await world.run()
    world.say(0)
    await eventually(lambda: world.said == "0\n")
    bl.GenServer.cast(world.session, Leave())
    await bl.GenServer.stop(world.session, ("shutdown", LEFT), timeout=PATIENCE)
    host = world.runtime.host
    assert host is not None
    assert (host.let_go_of, host.stopped) == (1, 0)
    assert keepsakes.noted(world.path) is not None
    await world.begin()
    assert (world.said, world.viewer.state.evaluating) == ("0\n", "cell-1")
    world.say(1)
    world.finish()
    await eventually(lambda: not world.viewer.state.running)
    assert world.said == "0\n1\n"
    await world.over()
    assert host.stopped == 1
    assert keepsakes.noted(world.path) is None


@in_node
async def test_a_runtime_that_has_ended_meanwhile_is_told_in_words_and_its_cells_are_aborted(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.begin()
    await world.run()
    await world.crash()
    world.runtime.ended = "it was killed by signal 9"
    await world.begin()
    await eventually(lambda: world.viewer.state.runtime.phase == "disconnected")
    assert world.viewer.state.runtime.lost == "it was killed by signal 9"
    assert not world.viewer.state.running
    assert keepsakes.noted(world.path) is None
    await world.over()


@in_node
async def test_a_keepsake_without_a_journal_is_of_no_use_and_its_runtime_ends(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.runtime.connect(bl.self(), "", None)
    host = world.runtime.host
    assert host is not None
    keepsakes.note(world.path, Keepsake(host.server, "127.0.0.1", 1, "here", "local", ""))
    await world.begin()
    await eventually(lambda: host.stopped == 1)
    assert world.viewer.state.runtime.phase == "disconnected"
    assert keepsakes.noted(world.path) is None
    await world.over()


def test_a_keepsake_is_for_its_user_alone_and_one_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a.livemd"
    keepsake = Keepsake(bl.Pid("a@127.0.0.1", 7), "127.0.0.1", 1, "here", "local", "")
    keepsakes.note(path, keepsake)
    (place,) = (tmp_path / "state" / keepsakes.FOLDER).iterdir()
    assert place.stat().st_mode & 0o777 == 0o600
    assert keepsakes.noted(path) == keepsake
    costs = replace(keepsake, began=1e9, lifetime=3600.0, usd_per_hour=0.5)
    keepsakes.note(path, costs)
    assert keepsakes.noted(path) == costs
    place.write_text("{}")
    assert keepsakes.noted(path) is None


@in_node
async def test_what_is_on_no_disk_yet_stays_with_the_runtime() -> None:
    me = bl.self()
    incoming = Incoming(me, defers=True)
    assert incoming.take(Relayed(1, "one", me, me)) == "one"
    assert await bl.receive(timeout=PATIENCE) == Got(0)
    incoming.told_safe(me, 1)
    assert await bl.receive(timeout=PATIENCE) == Got(1)
    assert incoming.take(Relayed(1, "one", me, me)) is None


@in_node
async def test_the_next_program_goes_on_where_the_runtime_does_and_from_then_on_misses_nothing() -> None:
    me = bl.self()
    incoming = Incoming(me, resumed=3, defers=True)
    assert incoming.take(Relayed(6, "six", me, me)) == "six"
    assert incoming.take(Relayed(8, "eight", me, me)) is None
    assert incoming.take(Relayed(7, "seven", me, me)) == "seven"
