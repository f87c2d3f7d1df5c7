"""Programs use widgets by the protocol, in real runtimes, as people beside them see it."""

from __future__ import annotations

from typing import Any

import pytest

from notebook_tui.api.client import ApiClient
from notebook_tui.api.errors import ApiError
from notebook_tui.session.client import Client
from tests.integration.test_api_runs import in_world, run
from tests.support.api_world import NAME, ApiWorld, heard_by, next_event

INPUTS = """import notebook_tui as nb
age = nb.input.number("Age", min=0)
size = nb.input.select("Size", {"Small": 1, "Large": 2})
key = nb.input.secret("Key")
age.show(); size.show(); key.show()"""
ACTS = """import notebook_tui as nb
told = nb.text().show()
button = nb.button("Go").show()
nb.listen(button, lambda event: told.write("pressed;"))
form = nb.form({"name": nb.input.text("Name", "Ada"), "age": nb.input.number("Age", min=0)}, submit="Send").show()
nb.listen(form, lambda event: told.write(f"sent {sorted(event.value.items())};"))"""
TABLES = """import notebook_tui as nb
nb.table([{"n": n, "odd": n % 2 == 1} for n in range(100)], title="Numbers").show()
nb.table({"n": n} for n in range(10**9)).show()"""


async def refusal_of(client: ApiClient, method: str, **what: Any) -> ApiError:
    with pytest.raises(ApiError) as refusal:
        await client.call(method, notebook=NAME, **what)
    return refusal.value


async def widgets_of(client: ApiClient, cell: str) -> list[dict[str, Any]]:
    return (await client.call("widgets", notebook=NAME, cell=cell))["widgets"]


@in_world
async def test_inputs_are_listed_set_as_they_take_it_and_read_by_the_next_run(world: ApiWorld) -> None:
    world.write(INPUTS, "age.value, size.value, key.value and len(key.value)")
    async with world.client() as client:
        events = heard_by(client)
        await client.call("open", path=NAME)
        await run(client, cells=["cell-2"])
        age, size, key = await widgets_of(client, "cell-1")
        assert (age["ref"], age["kind"], age["cells"]) == ("input/cell-1/number/Age/1", "input", ["cell-1"])
        assert (age["label"], age["type"], age["low"], age["value"]) == ("Age", "number", 0, None)
        assert (size["options"], size["value"]) == (["Small", "Large"], 1)
        assert (key["value"], key["is_set"]) == (None, False)
        await client.call("subscribe", notebook=NAME)
        assert await client.call("set_input", notebook=NAME, widget=age["ref"], value="36") == {"value": 36}
        told = await next_event(events, "input")
        assert (told["widget"], told["value"]) == (age["ref"], 36)
        assert await client.call("set_input", notebook=NAME, widget=size["ref"], value="Large") == {"value": 2}
        assert await client.call("set_input", notebook=NAME, widget=key["ref"], value="swordfish") == {
            "value": None,
            "is_set": True,
        }
        shown = (await client.call("outputs", notebook=NAME, cell="cell-1"))["outputs"]
        assert [each["text"] for each in shown[:3]] == ["Age: [36]", "Size: [Large]", "Key: [••••]"]
        state = await client.call("state", notebook=NAME, cells=["cell-2"])
        assert "an input that it read has another value" in state["cells"][0]["stale"]
        over = await run(client, which="outdated")
        assert over["cells"][-1]["outputs"] == [{"type": "result", "text": "(36, 2, 9)"}]
        for ref, value, why in (
            (age["ref"], -1, "expected a number of 0"),
            (size["ref"], "Huge", "expected one of Small, Large"),
            (age["ref"], [1], "expected text, a number, true, false or null, got a list"),
            (key["ref"], 7, "expected text or null for a secret"),
        ):
            assert why in str(await refusal_of(client, "set_input", widget=ref, value=value))
        assert (await widgets_of(client, "cell-1"))[0]["value"] == 36
        # What JSON has no word for ends no connection.
        assert await client.call("set_input", notebook=NAME, widget=age["ref"], value="1e999") == {"value": None}
        assert (await widgets_of(client, "cell-1"))[0]["value"] is None
        assert await client.call("set_input", notebook=NAME, widget=age["ref"], value=36) == {"value": 36}
        person = await Client.join(await world.session())
        assert person.state.inputs[age["ref"]].value == 36
        assert "swordfish" not in repr(person.state)
        await person.close()


@in_world
async def test_a_button_is_pressed_and_a_form_submitted_with_the_defaults_of_what_is_missing(world: ApiWorld) -> None:
    world.write(ACTS)
    async with world.client() as client:
        events = heard_by(client)
        await client.call("open", path=NAME)
        await run(client, cells=["cell-1"])
        await client.call("subscribe", notebook=NAME)
        button, form = await widgets_of(client, "cell-1")
        assert (button["kind"], button["label"]) == ("button", "Go")
        assert (form["kind"], form["label"]) == ("form", "Send")
        assert [(each["name"], each["type"], each["default"]) for each in form["fields"]] == [
            ("name", "text", "Ada"),
            ("age", "number", None),
        ]
        await client.call("press", notebook=NAME, widget=button["ref"])
        while "pressed;" not in (await next_event(events, "output_changed"))["output"]["text"]:
            pass
        await client.call("submit", notebook=NAME, widget=form["ref"], values={"age": "7"})
        while (
            "sent [('age', 7), ('name', 'Ada')];" not in (await next_event(events, "output_changed"))["output"]["text"]
        ):
            pass
        for method, what, kind, why in (
            ("submit", {"widget": form["ref"], "values": {"age": -1}}, "refused", "expected a number of 0"),
            ("submit", {"widget": form["ref"], "values": {"nme": "x"}}, "refused", "expected values of name, age"),
            (
                "submit",
                {"widget": form["ref"], "values": {"age": [1]}},
                "params",
                "values.age: expected text, a number",
            ),
            ("press", {"widget": form["ref"]}, "refused", "is of the kind form; this takes one of the kind button"),
            ("press", {"widget": "b"}, "cell", "no cell shows the widget b"),
        ):
            refusal = await refusal_of(client, method, **what)
            assert (refusal.kind, why in str(refusal)) == (kind, True), refusal
        await client.call("restart", notebook=NAME)
        refusal = await refusal_of(client, "press", widget=button["ref"])
        assert refusal.kind == "refused"


@in_world
async def test_rows_of_a_table_are_read_by_page_and_sorted_and_for_people_nothing_turns(world: ApiWorld) -> None:
    world.write(TABLES)
    async with world.client() as client:
        await client.call("open", path=NAME)
        await run(client, cells=["cell-1"])
        numbers, endless = await widgets_of(client, "cell-1")
        assert (numbers["title"], numbers["count"], numbers["sortable"]) == ("Numbers", 100, True)
        assert [(each["name"], each["type"]) for each in numbers["columns"]] == [("n", "number"), ("odd", "truth")]
        page = await client.call("rows", notebook=NAME, widget=numbers["ref"], offset=97, limit=5)
        assert (page["columns"], page["offset"], page["count"]) == (["n", "odd"], 97, 100)
        assert page["rows"] == [["97", "True"], ["98", "False"], ["99", "True"]]
        last = await client.call("rows", notebook=NAME, widget=numbers["ref"], limit=2, sort="n", descending=True)
        assert [row[0] for row in last["rows"]] == ["99", "98"]
        far = await client.call("rows", notebook=NAME, widget=endless["ref"], offset=500, limit=1)
        assert (far["rows"], far["count"]) == ([["500"]], None)
        assert "0" in (await client.call("outputs", notebook=NAME, cell="cell-1"))["outputs"][0]["text"].split()
        for what, why in (
            ({"widget": numbers["ref"], "sort": "m"}, "expected one of the columns n, odd, got m"),
            ({"widget": endless["ref"], "sort": "n"}, "cannot be sorted"),
            ({"widget": numbers["ref"], "descending": True}, "expected sort with it"),
            ({"widget": numbers["ref"], "limit": 1_001}, "limit: expected a number from 1 to 1000"),
        ):
            assert why in str(await refusal_of(client, "rows", **what))
