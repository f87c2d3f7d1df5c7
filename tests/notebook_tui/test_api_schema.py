"""What a method takes is said once: the check, the schema that agents read and the page for people agree."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notebook_tui.api.errors import ApiError
from notebook_tui.api.methods import METHODS
from notebook_tui.api.reference import with_reference
from notebook_tui.api.schema import Parameter, json_schema, parameters, read
from notebook_tui.mcp.tools import TOOLS, allowed, tool_schema
from notebook_tui.session.people import ROLES

VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 300_000),
    st.floats(-10, 4_000),
    st.text(max_size=70).filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text)),
    st.sampled_from(["code", "markdown", "all", "outdated"]),
    st.lists(st.text("ab", max_size=3) | st.integers(), max_size=3),
    st.dictionaries(st.text("ab", max_size=3), st.integers(), max_size=2),
)
METHOD = st.sampled_from(sorted(METHODS))


@given(METHOD, st.data())
def test_what_the_check_takes_is_what_the_schema_says(method: str, data: st.DataObject) -> None:
    record = METHODS[method].params
    names = [each.name for each in parameters(record)]
    required = [each.name for each in parameters(record) if each.required]
    wanted = st.fixed_dictionaries(
        dict.fromkeys(required, VALUES),
        optional={name: VALUES for name in [*names, "unknown"] if name not in required},
    )
    plain = data.draw(wanted | st.dictionaries(st.sampled_from([*names, "unknown"]), VALUES, max_size=3) | VALUES)
    assert is_read(record, plain) == fits(plain, json_schema(record)), plain


def is_read(record: type, plain: object) -> bool:
    try:
        read(record, plain)
    except ApiError as error:
        return error.kind != "params"
    return True


def fits(plain: object, schema: dict[str, Any]) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(plain)


def bounded() -> list[tuple[str, Parameter]]:
    """What has bounds that are quickly reached, of all methods."""
    return [
        (method, each)
        for method, known in METHODS.items()
        for each in parameters(known.params)
        if each.bounds is not None and (each.kind in (int, float) or each.bounds.high <= 5_000)
    ]


@pytest.mark.parametrize(("method", "parameter"), bounded(), ids=lambda each: getattr(each, "name", each))
def test_what_stands_at_a_bound_is_taken_and_what_is_beyond_is_not(method: str, parameter: Parameter) -> None:
    record, bounds = METHODS[method].params, parameter.bounds
    assert bounds is not None
    others = {each.name: "x" for each in parameters(record) if each.required and each.name != parameter.name}
    others = {name: 1 if name in ("offset", "protocol") else value for name, value in others.items()}

    def takes(size: float) -> bool:
        if size < 0 and parameter.kind not in (int, float):
            return False
        value = size if parameter.kind in (int, float) else "x" * int(size)
        return is_read(record, {**others, parameter.name: value})

    low, high = (int(bounds.low), int(bounds.high))
    assert [takes(size) for size in (low - 1, low, high, high + 1)] == [False, True, True, False]


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, "\ud800", -1])
def test_no_number_and_no_text_that_json_or_a_file_has_not_gets_in(value: object) -> None:
    for method, name in (("await", "seconds"), ("edit", "old"), ("outputs", "offset"), ("open", "path")):
        others = {"notebook": "n", "cell": "c"} if method != "open" else {}
        if method == "await":
            del others["cell"]
        with pytest.raises(ApiError):
            read(METHODS[method].params, {**others, name: value})


@pytest.mark.parametrize("method", METHODS)
def test_every_schema_is_one_and_every_parameter_is_described(method: str) -> None:
    schema = json_schema(METHODS[method].params)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["additionalProperties"] is False
    assert all(each.get("description") for each in schema["properties"].values())


@pytest.mark.parametrize("notebook", [None, "a.livemd"])
@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_takes_what_its_methods_take(name: str, notebook: str | None) -> None:
    tool = TOOLS[name]
    schema = tool_schema(tool, notebook)
    jsonschema.Draft202012Validator.check_schema(schema)
    known = {"answers", "runtime"} if name == "open_notebook" else set()
    own = {each.name for each in parameters(METHODS[tool.method].params)} - known
    assert schema["properties"].keys() == own | {also for _, also in tool.also}
    assert ("notebook" in schema["required"]) == ("notebook" in own and notebook is None)


def test_each_role_has_the_tools_of_those_before_it_and_more() -> None:
    tools = [set(allowed(role)) for role in ROLES]
    assert all(less < more for less, more in itertools.pairwise(tools))
    assert tools[-1] == TOOLS.keys()


def test_the_page_has_the_reference_as_it_is_made() -> None:
    page = Path("docs/api.md").read_text(encoding="utf-8")
    assert page == with_reference(page), "write it anew: python -m notebook_tui.api.reference docs/api.md"


def test_the_guide_for_agents_lists_the_tools_of_each_role() -> None:
    page = Path("docs/mcp.md").read_text(encoding="utf-8")
    before: set[str] = set()
    for role in ROLES:
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{role}` |"))
        told = set(row.split("|")[2].replace("`", "").split())
        assert told == allowed(role).keys() - before, role
        before |= told
