"""How many notebooks run before a program has to wait."""

from __future__ import annotations

import asyncio

import pytest

import beamlike as bl
from notebook_tui.api import room
from notebook_tui.api.errors import ApiError
from notebook_tui.api.house import Served
from notebook_tui.api.room import room_to_run
from notebook_tui.serve.sessions import Running
from tests.support.api_world import NAME, PATIENCE, ApiWorld, api_world
from tests.support.local_nodes import in_node

OTHER = "b.livemd"


@in_node
async def test_a_program_begins_no_cells_while_so_many_other_notebooks_run() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNNING", 1)
        async with api_world() as world, world.client("one") as one, world.client("two") as two:
            world.write("1", "2")
            world.write("1", name=OTHER)
            await one.call("open", path=NAME)
            await two.call("open", path=OTHER)
            await one.call("run", notebook=NAME, cells=["cell-1"])
            await one.call("run", notebook=NAME, cells=["cell-2"])  # more of what runs already is no more notebooks
            with pytest.raises(ApiError, match="1 other notebooks of this server run already") as refused:
                await two.call("run", notebook=OTHER, cells=["cell-1"])
            assert refused.value.kind == "busy"
            await one.call("interrupt", notebook=NAME)
            assert (await two.call("run", notebook=OTHER, cells=["cell-1"]))["cells"] == ["cell-1"]


class WithSilent(Served):
    """Beside the sessions of the world there is one that does not answer."""

    def __init__(self, world: ApiWorld) -> None:
        super().__init__(world.sessions, world.directory)
        self.silent = bl.spawn(asyncio.sleep, 3600)

    async def running(self) -> tuple[Running, ...]:
        return (*await super().running(), Running("/silent.livemd", self.silent, 0.0))


@in_node
async def test_who_begins_cells_waits_for_no_other_program_that_does() -> None:
    async with api_world() as world:
        house = Served(world.sessions, world.directory)
        one, two = [await world.session(world.write("1", name=name)) for name in (NAME, OTHER)]
        async with asyncio.timeout(PATIENCE), room_to_run(house, one), room_to_run(house, two), room_to_run(house, one):
            assert house.beginning == {one: 2, two: 1}
        assert not house.beginning


@in_node
async def test_a_notebook_whose_cells_are_about_to_begin_counts_as_one_that_runs() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNNING", 1)
        async with api_world() as world:
            house = Served(world.sessions, world.directory)
            one, two = [await world.session(world.write("1", name=name)) for name in (NAME, OTHER)]
            async with room_to_run(house, one):
                with pytest.raises(ApiError, match="run already"):
                    await room_to_run(house, two).__aenter__()
            async with room_to_run(house, two):
                pass


@in_node
async def test_a_session_that_does_not_answer_is_asked_only_where_that_decides_and_counts_then() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "MOST_RUNNING", 2)
        patch.setattr(room, "FACTS_SECONDS", 3600.0)
        async with api_world() as world:
            house = WithSilent(world)
            session = await world.session(world.write("1"))
            async with asyncio.timeout(PATIENCE), room_to_run(house, session):
                pass
            patch.setattr(room, "MOST_RUNNING", 1)
            patch.setattr(room, "FACTS_SECONDS", 0.01)
            with pytest.raises(ApiError, match="run already"):
                await room_to_run(house, session).__aenter__()
            bl.exit(house.silent, "kill")
