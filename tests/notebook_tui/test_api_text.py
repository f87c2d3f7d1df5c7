"""Programs change a notebook by the protocol, beside people who type in it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from notebook_tui.api.errors import ApiError
from notebook_tui.api.opened import Opened
from notebook_tui.document.operations import Operation, SetCellSource, SetTitle
from notebook_tui.session.client import Client
from notebook_tui.session.people import Person
from notebook_tui.session.presence import Whereabouts
from tests.support.api_world import NAME, api_world, heard_by, next_event
from tests.support.local_nodes import eventually, in_node


async def cells_of(client: Any) -> dict[str, Any]:
    return {cell["id"]: cell for cell in (await client.call("state", notebook=NAME))["cells"]}


@in_node
async def test_what_a_program_edits_people_see_and_what_they_edit_it_sees() -> None:
    async with api_world() as world, world.client() as program:
        world.write("x = 1", "y = x")
        await program.call("open", path=NAME)
        person = await Client.join(await world.session())
        edited = await program.call("edit", notebook=NAME, cell="cell-1", old="1", new="2")
        await eventually(lambda: person.state.notebook.cell("cell-1").source == "x = 2")
        person.send(SetCellSource("cell-2", "y = x + 1"))
        await eventually(lambda: person.state.notebook.cell("cell-2").source == "y = x + 1")
        cells = await cells_of(program)
        assert cells["cell-2"]["source"] == "y = x + 1"
        assert edited == {"cell": "cell-1", "digest": cells["cell-1"]["digest"]}
        await person.close()


@in_node
async def test_people_see_a_program_where_it_works_and_it_sees_them() -> None:
    async with api_world(same_user="run") as world, world.client("my editor") as program:
        world.write("x = 1", "y = x")
        events = heard_by(program)
        await program.call("open", path=NAME)
        await program.call("subscribe", notebook=NAME)
        person = await Client.join(await world.session(), Person("ann"))
        person.here(Whereabouts("cell-1"))
        await program.call("edit", notebook=NAME, cell="cell-2", old="x", new="x + 1")
        await eventually(
            lambda: (
                {each.name: (each.role, each.where.cell_id) for each in person.people}
                == {"my editor": ("run", "cell-2"), "ann": ("admin", "cell-1")}
            )
        )
        ann = {"name": "ann", "role": "admin", "cell": "cell-1", "doing": "", "you": False}
        while ann not in (await next_event(events, "people"))["people"]:
            pass
        assert ann in (await program.call("state", notebook=NAME))["people"]
        await person.close()


@in_node
async def test_cells_and_sections_come_go_and_move() -> None:
    async with api_world() as world, world.client() as program:
        world.write("a", "b")
        await program.call("open", path=NAME)
        section = (await program.call("insert_section", notebook=NAME, name="New"))["section"]
        one = (await program.call("insert", notebook=NAME, source="c", after="cell-1"))["cell"]
        last = (await program.call("insert", notebook=NAME, source="*d*", kind="markdown"))["cell"]
        first = (await program.call("insert", notebook=NAME, source="e", after=section))["cell"]
        state = await program.call("state", notebook=NAME)
        assert [cell["id"] for cell in state["cells"]] == ["setup", "cell-1", one, "cell-2", first, last]
        assert [each["name"] for each in state["sections"]] == ["Section", "New"]
        await program.call("delete", notebook=NAME, cell="cell-1")
        await program.call("move", notebook=NAME, cell=first, offset=1)
        state = await program.call("state", notebook=NAME, sources=False)
        assert [cell["id"] for cell in state["cells"]] == ["setup", one, "cell-2", last, first]
        assert "source" not in state["cells"][0]


@in_node
async def test_titles_and_sections_are_renamed_moved_and_deleted_and_each_is_taken_back() -> None:
    async with api_world() as world, world.client() as program:
        world.write("a", "b")
        await program.call("open", path=NAME)
        new = (await program.call("insert_section", notebook=NAME, name="New"))["section"]
        inside = (await program.call("insert", notebook=NAME, source="c", after=new))["cell"]
        before = await program.call("state", notebook=NAME)
        assert await program.call("set_title", notebook=NAME, title="Cats\nand dogs") == {"title": "Cats and dogs"}
        assert await program.call("rename_section", notebook=NAME, section=new, name="Newer") == {"name": "Newer"}
        await program.call("move_section", notebook=NAME, section=new, offset=-1)
        state = await program.call("state", notebook=NAME)
        assert state["title"] == "Cats and dogs"
        assert [each["name"] for each in state["sections"]] == ["Newer", "Section"]
        assert [cell["id"] for cell in state["cells"]] == ["setup", inside, "cell-1", "cell-2"]
        await program.call("move_section", notebook=NAME, section=new, offset=1)
        await program.call("delete_section", notebook=NAME, section=new)
        assert inside in await cells_of(program)
        await program.call("undo", notebook=NAME)
        await program.call("delete_section", notebook=NAME, section=new, with_cells=True)
        assert inside not in await cells_of(program)
        history = {"past": 0}
        for _ in range(5):
            history = await program.call("undo", notebook=NAME)
        after = await program.call("state", notebook=NAME)
        assert (after["title"], after["sections"]) == (before["title"], before["sections"])
        assert [cell["id"] for cell in after["cells"]] == [cell["id"] for cell in before["cells"]]
        assert (history["past"], history["future"], history["revision"]) == (2, 5, after["revision"])
        assert (await program.call("redo", notebook=NAME))["future"] == 4
        assert (await program.call("state", notebook=NAME))["title"] == "Cats and dogs"


@in_node
async def test_undo_with_a_revision_takes_back_nothing_that_came_after_it() -> None:
    async with api_world() as world, world.client() as program:
        world.write("x = 1", "y = 1")
        await program.call("open", path=NAME)
        await program.call("edit", notebook=NAME, cell="cell-1", old="1", new="2")
        read = (await program.call("state", notebook=NAME))["revision"]
        person = await Client.join(await world.session())
        await person.make(SetCellSource("cell-2", "y = 200"))
        with pytest.raises(ApiError) as refusal:
            await program.call("undo", notebook=NAME, revision=read)
        assert refusal.value.kind == "conflict"
        assert (await cells_of(program))["cell-2"]["source"] == "y = 200"
        await program.call("undo", notebook=NAME, revision=refusal.value.data["revision"])
        assert [cell["source"] for cell in (await cells_of(program)).values()][1:] == ["x = 2", "y = 1"]
        await program.call("redo", notebook=NAME)
        with pytest.raises(ApiError) as nothing:
            await program.call("redo", notebook=NAME)
        assert (nothing.value.kind, str(nothing.value)) == ("refused", "there is nothing to do again")
        await person.close()


@pytest.mark.parametrize("method", ["undo", "redo"])
def test_undo_with_a_revision_takes_back_no_edit_that_is_on_its_way_to_the_program(method: str) -> None:
    in_node(_an_edit_comes_between)(method)


async def _an_edit_comes_between(method: str) -> None:
    async with api_world() as world, world.client() as program:
        world.write("x = 1")
        await program.call("open", path=NAME)
        await program.call("edit", notebook=NAME, cell="cell-1", old="1", new="2")
        if method == "redo":
            await program.call("undo", notebook=NAME)
        read = (await program.call("state", notebook=NAME))["revision"]
        person = await Client.join(await world.session())
        make = Opened.make

        async def made_after_another(opened: Opened, operation: Operation) -> None:
            await person.make(SetTitle("Theirs"))
            await make(opened, operation)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Opened, "make", made_after_another)
            with pytest.raises(ApiError) as refusal:
                await program.call(method, notebook=NAME, revision=read)
        assert (refusal.value.kind, refusal.value.data["revision"]) == ("conflict", read + 1)
        assert f"expected its revision {read}, it is {read + 1}" in str(refusal.value)
        now = await program.call("state", notebook=NAME)
        assert (now["title"], now["revision"]) == ("Theirs", read + 1)
        await person.close()


@in_node
async def test_a_cell_that_is_named_by_the_number_that_people_see_is_refused_with_its_id() -> None:
    async with api_world() as world, world.client() as program:
        world.write("a", "b", "c")
        await program.call("open", path=NAME)
        for method, what in (("outputs", {"cell": "3"}), ("insert", {"source": "", "after": "3"})):
            with pytest.raises(ApiError) as refusal:
                await program.call(method, notebook=NAME, **what)
            assert refusal.value.kind == "cell"
            assert "there are 4 cells, each named by its id" in str(refusal.value)
            assert "the one that people see as 3 has the id cell-3" in str(refusal.value)


@in_node
async def test_a_text_that_is_another_than_the_program_read_is_not_overwritten() -> None:
    async with api_world() as world, world.client() as program:
        world.write("x = 1")
        await program.call("open", path=NAME)
        read = (await cells_of(program))["cell-1"]["digest"]
        person = await Client.join(await world.session())
        await person.make(SetCellSource("cell-1", "x = 100"))
        for wanted in (
            {"source": "x = 2", "digest": read},
            {"old": "x", "new": "y", "digest": read},
            {"old": "x = 1\n", "new": "y"},
            {"old": "0", "new": "y"},
        ):
            with pytest.raises(ApiError) as refusal:
                await program.call("edit", notebook=NAME, cell="cell-1", **wanted)
            assert refusal.value.kind == "conflict"
            assert refusal.value.data["source"] == "x = 100"
        with pytest.raises(ApiError) as refusal:
            await program.call("delete", notebook=NAME, cell="cell-1", digest=read)
        now = refusal.value.data["digest"]
        await program.call("edit", notebook=NAME, cell="cell-1", source="x = 2", digest=now)
        assert (await cells_of(program))["cell-1"]["source"] == "x = 2"
        await person.close()


@in_node
async def test_a_program_that_edits_while_somebody_types_loses_nothing_of_either() -> None:
    async with api_world() as world, world.client() as program:
        world.write("begin\nend")
        await program.call("open", path=NAME)
        person = await Client.join(await world.session())
        typed, edits = 60, 20

        async def types() -> None:
            person.open_text("cell-1")
            for number in range(typed):
                end = len(person.open_text("cell-1"))
                person.exchange("cell-1", (end, f"p{number};"), 0.0)
                await asyncio.sleep(0)

        async def edits_it() -> None:
            for number in range(edits):
                await program.call("edit", notebook=NAME, cell="cell-1", old="begin", new=f"begin a{number};")

        person.type_here()
        await asyncio.gather(types(), edits_it())
        await person.caught_up()
        text = (await cells_of(program))["cell-1"]["source"]
        assert text == person.state.notebook.cell("cell-1").source
        for part in (*(f"p{number};" for number in range(typed)), *(f"a{number};" for number in range(edits))):
            assert text.count(part) == 1
        await person.close()


@in_node
async def test_what_others_type_for_long_is_kept_no_longer_than_the_program_needs_it() -> None:
    async with api_world() as world, world.client() as program:
        world.write("x")
        await program.call("open", path=NAME)
        await program.call("edit", notebook=NAME, cell="cell-1", old="x", new="y")
        person = await Client.join(await world.session())
        for number in range(200):
            await person.make(SetCellSource("cell-1", f"y = {number}"))
        assert len(person.state.texts["cell-1"].deltas) < 150
        await person.close()


@in_node
async def test_a_program_that_goes_leaves_nothing_in_the_session() -> None:
    async with api_world() as world:
        world.write("x")
        async with world.client() as program:
            await program.call("open", path=NAME, answers=True)
            await program.call("edit", notebook=NAME, cell="cell-1", old="x", new="y")
            person = await Client.join(await world.session())
            assert len(person.state.clients) == 1
        await eventually(lambda: not person.state.clients)
        await person.close()
