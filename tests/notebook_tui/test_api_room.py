"""How many notebooks run before a program has to wait."""

from __future__ import annotations

import pytest

from notebook_tui.api import room
from notebook_tui.api.errors import ApiError
from tests.support.api_world import NAME, api_world
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
