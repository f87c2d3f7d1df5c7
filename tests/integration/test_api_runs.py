"""Programs run cells by the protocol, in real runtimes, beside people in the same session."""

from __future__ import annotations

import asyncio
import base64
import functools
import os
from collections.abc import Awaitable, Callable
from typing import Any

import beamlike as bl
from notebook_tui.api.client import ApiClient
from notebook_tui.document.operations import QueueCells
from notebook_tui.session.client import Client
from tests.support.api_world import NAME, ApiWorld, api_world, heard_by, next_event
from tests.support.asked import Asked
from tests.support.open_notebook import told

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SECONDS = 60


def in_world(test: Callable[[ApiWorld], Awaitable[None]]) -> Callable[[], None]:
    """Makes an async test an ordinary one, on a node from which runtimes are booted."""

    @functools.wraps(test)
    def run() -> None:
        async def main() -> None:
            async with bl.Node(f"api-{os.getpid()}@127.0.0.1", observers=False), api_world(runs=True) as world:
                await test(world)

        asyncio.run(main())

    run.__dict__.pop("__wrapped__")  # pytest would look for its parameters
    return run


async def run(client: ApiClient, **what: Any) -> dict[str, Any]:
    """What became of it, when it is over."""
    asked = await client.call("run", notebook=NAME, **what)
    return await client.call("await", notebook=NAME, run=asked["run"], seconds=SECONDS, images=True)


async def answer(client: ApiClient, method: str, part: str, **what: Any) -> Any:
    return (await client.call(method, **what))[part]


@in_world
async def test_a_run_is_asked_for_at_once_awaited_and_read_with_all_that_it_shows(world: ApiWorld) -> None:
    world.write(
        "x = 20\nprint('out')\nimport sys; print('err', file=sys.stderr)\nx",
        "y = x + 22\ny",
        f"import base64\nclass Dot:\n    def _repr_png_(self): return base64.b64decode('{PNG}')\nDot()",
        "z = 1\nz / 0",
        "never = 1",
    )
    async with world.client() as client:
        await client.call("open", path=NAME)
        first = await run(client, cells=["cell-2"])
        assert (first["done"], first["ok"]) == (True, True)
        assert [(cell["id"], cell["status"]) for cell in first["cells"]] == [("cell-1", "ok"), ("cell-2", "ok")]
        assert first["cells"][0]["outputs"] == [
            {"type": "text", "stream": "stdout", "text": "out\n"},
            {"type": "text", "stream": "stderr", "text": "err\n"},
            {"type": "result", "text": "20"},
        ]
        rest = await run(client, which="outdated")
        assert [(cell["id"], cell["status"]) for cell in rest["cells"]] == [
            ("cell-3", "ok"),
            ("cell-4", "failed"),
            ("cell-5", "not_run"),
        ]
        assert rest["ok"] is False
        picture, error = rest["cells"][0]["outputs"][0], rest["cells"][1]["outputs"][0]
        assert base64.b64decode(picture["data"]["image/png"]).startswith(b"\x89PNG")
        assert (error["type"], error["name"], error["line"]) == ("error", "ZeroDivisionError", 2)
        without = await client.call("outputs", notebook=NAME, cell="cell-3")
        assert without["outputs"][0]["left_out"]["image/png"] > 0
        state = {cell["id"]: cell for cell in (await client.call("state", notebook=NAME))["cells"]}
        assert [state[f"cell-{number}"]["result"] for number in (1, 4, 5)] == ["ok", "failed", "none"]
        await client.call("edit", notebook=NAME, cell="cell-1", old="20", new="30")
        state = {cell["id"]: cell for cell in (await client.call("state", notebook=NAME))["cells"]}
        assert state["cell-1"]["stale"] == "its text has changed since it ran"
        assert (await run(client, cells=["cell-2"]))["cells"][1]["outputs"] == [{"type": "result", "text": "52"}]
        variables = (await client.call("variables", notebook=NAME, prefix="y"))["variables"]
        assert [(each["name"], each["type"], each["preview"], each["cell"]) for each in variables] == [
            ("y", "int", "52", "cell-2")
        ]
        assert (await client.call("variable", notebook=NAME, name="x"))["text"] == "30"
        complete = {"notebook": NAME, "cell": "cell-5", "source": "x.bit_l", "offset": 7}
        proposals = await told(lambda: answer(client, "complete", "proposals", **complete))
        assert [each["label"] for each in proposals] == ["bit_length"]
        describe = {"notebook": NAME, "cell": "cell-2", "offset": 4}
        assert "x: int = 30" in await told(lambda: answer(client, "describe", "markdown", **describe))


@in_world
async def test_two_programs_and_a_person_see_one_run_and_any_of_them_may_end_it(world: ApiWorld) -> None:
    # The cell is at it until it is ended.
    world.write("import time\nprint('begun', flush=True)\ntime.sleep(600)", "after = 1")
    async with world.client("one") as one, world.client("two") as two:
        heard = heard_by(two)
        for client in (one, two):
            await client.call("open", path=NAME)
        await two.call("subscribe", notebook=NAME)
        person = await Client.join(await world.session())
        asked = await one.call("run", notebook=NAME, which="all")
        assert asked["cells"] == ["cell-1", "cell-2"]
        assert (await next_event(heard, "output"))["output"]["text"].rstrip("\n") == "begun"
        assert person.state.evaluating == "cell-1"
        waiting = await one.call("await", notebook=NAME, run=asked["run"], seconds=0)
        assert (waiting["done"], waiting["ok"]) == (False, None)
        assert [cell["status"] for cell in waiting["cells"]] == ["running", "queued"]
        result = asyncio.create_task(one.call("await", notebook=NAME, run=asked["run"], seconds=SECONDS))
        assert set((await two.call("interrupt", notebook=NAME))["cells"]) == {"cell-1", "cell-2"}
        over = await result
        assert [cell["status"] for cell in over["cells"]] == ["interrupted", "not_run"]
        finished = await next_event(heard, "finished")
        assert (finished["cell"], finished["status"]) == ("cell-1", "interrupted")
        # What a person runs, a program can wait for, too.
        await two.call("edit", notebook=NAME, cell="cell-1", old="time.sleep(600)", new="slept = 1")
        await person.make(QueueCells(("cell-2",)))
        assert (await one.call("await", notebook=NAME, cell="cell-2", seconds=SECONDS))["ok"]
        await person.close()


@in_world
async def test_a_cell_that_asks_is_answered_by_the_program_that_said_it_would(world: ApiWorld) -> None:
    world.write("name = input('who? ')\nname")
    async with world.client() as silent, world.client() as client:
        await silent.call("open", path=NAME)
        failed = await run(silent, cells=["cell-1"])
        assert failed["cells"][0]["status"] == "failed"
        assert "no keyboard" in failed["cells"][0]["outputs"][-1]["message"]
        await client.call("open", path=NAME, answers=True)
        asked = await client.call("run", notebook=NAME, cells=["cell-1"])
        waits = await client.call("await", notebook=NAME, run=asked["run"], seconds=SECONDS)
        assert waits["done"] is False
        (question,) = waits["questions"]
        assert (question["cell"], question["prompt"], question["hidden"]) == ("cell-1", "who? ", False)
        await client.call("input", notebook=NAME, question=question["id"], text="Ada")
        over = await client.call("await", notebook=NAME, run=asked["run"], seconds=SECONDS)
        assert over["cells"][0]["outputs"][-1] == {"type": "result", "text": "'Ada'"}


@in_world
async def test_a_cell_that_asks_ends_when_the_program_that_would_answer_is_gone_and_later_ones_at_once(
    world: ApiWorld,
) -> None:
    world.write("name = input('who? ')")
    async with world.client() as client, world.client() as silent:
        await silent.call("open", path=NAME)
        await client.call("open", path=NAME, answers=True)
        asked = await client.call("run", notebook=NAME, cells=["cell-1"])
        waits = await client.call("await", notebook=NAME, run=asked["run"], seconds=SECONDS)
        assert [each["prompt"] for each in waits["questions"]] == ["who? "]
        await client.call("close", notebook=NAME)
        over = await silent.call("await", notebook=NAME, cell="cell-1", seconds=SECONDS)
        assert "no keyboard" in over["cells"][0]["outputs"][-1]["message"]
        person = await Client.join(await world.session())
        Asked(person)
        await person.caught_up()
        await person.close()
        failed = await run(silent, cells=["cell-1"])
        assert "no keyboard" in failed["cells"][0]["outputs"][-1]["message"]


@in_world
async def test_what_a_program_runs_goes_on_when_it_is_gone_and_is_there_for_the_next(world: ApiWorld) -> None:
    world.write("import threading\ngo = threading.Event()\nprint('begun', flush=True)\ngo.wait(60)\n'done'")
    async with world.client() as first:
        events = heard_by(first)
        await first.call("open", path=NAME, answers=True)
        await first.call("subscribe", notebook=NAME)
        await first.call("run", notebook=NAME, cells=["cell-1"])
        await next_event(events, "output")
    async with world.client() as second:
        await second.call("open", path=NAME)
        state = await second.call("state", notebook=NAME, cells=["cell-1"])
        assert state["cells"][0]["status"] == "evaluating"
        await second.call("interrupt", notebook=NAME, cell="cell-1")
        over = await second.call("await", notebook=NAME, cell="cell-1", seconds=SECONDS)
        assert over["cells"][0]["status"] == "interrupted"


@in_world
async def test_restart_loses_values_and_a_lot_of_output_is_told_within_bounds(world: ApiWorld) -> None:
    world.write("for i in range(20_000): print('line', i)\nx = 1", "x")
    async with world.client() as client:
        await client.call("open", path=NAME)
        over = await run(client, cells=["cell-1"])
        (text,) = over["cells"][0]["outputs"]
        assert len(text["text"]) <= 10_001
        assert text["text"].endswith("line 19999\n")
        assert text["cut"] == len(
            (await client.call("outputs", notebook=NAME, cell="cell-1", characters=250_000))["outputs"][0]["text"]
        )
        await client.call("restart", notebook=NAME)
        state = {cell["id"]: cell for cell in (await client.call("state", notebook=NAME))["cells"]}
        assert state["cell-1"]["result"] == "lost"
        alone = await run(client, cells=["cell-2"], alone=True)
        assert alone["cells"][0]["outputs"][0]["name"] == "NameError"
