"""docs/beam.md says of every scenario how far we are, and this sees to it that it says so truly."""

from __future__ import annotations

import ast
import importlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.scenarios.recorded import HERE
from tests.scenarios.twin import NUMBER, number_of

ROOT = HERE.parents[1]
PAGE = (ROOT / "docs" / "beam.md").read_text()
ROW = re.compile(r"^\| (S\d{3}) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", re.MULTILINE)
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
OURS = re.compile(r"`[^`]*?\b((?:bl|beamlike)(?:\.\w+)+)")

HAVE_A_TWIN = {"equal", "equal in part", "differs"}
NEED_A_REASON = {"equal in part", "differs", "open", "not applicable"}
STATES = {"equal", *NEED_A_REASON}


@dataclass(frozen=True, slots=True)
class Row:
    number: str
    state: str
    reason: str
    tests: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Twin:
    """A test of a scenario, and the state that its decorators claim."""

    number: str
    path: str
    name: str
    state: str


def rows() -> list[Row]:
    return [
        Row(number, *_state_and_reason(state), tuple(REFERENCE.findall(tests)))
        for number, _, state, tests in ROW.findall(PAGE)
    ]


def _state_and_reason(text: str) -> tuple[str, str]:
    state, _, reason = text.partition(": ")
    return state.strip(), reason.strip()


def twins() -> list[Twin]:
    """Every test under tests/scenarios that is named for a scenario."""
    return [
        Twin(number_of(function.name), str(path.relative_to(ROOT)), function.name, _state_of(function))
        for path in sorted(HERE.glob("test_*.py"))
        for function in _functions(path)
        if NUMBER.match(function.name)
    ]


def _state_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    decorators = " ".join(map(ast.unparse, function.decorator_list))
    if "xfail" in decorators:
        return "open"
    if "differs=True" in decorators:
        return "differs"
    return "equal in part" if "without=" in decorators else "equal"


@cache
def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    body = ast.parse(path.read_text()).body
    return [statement for statement in body if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)]


def test_the_page_has_each_of_the_118_scenarios_once_in_order() -> None:
    numbers = [row.number for row in rows()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == 118
    recorded = {path.stem for path in (HERE / "traces").iterdir()}
    assert recorded <= set(numbers)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_a_row_has_a_state_and_what_that_needs(row: Row) -> None:
    assert row.state in STATES
    assert row.reason or row.state not in NEED_A_REASON, "expected the reason after the state and a colon"
    assert (HERE / "traces" / f"{row.number}.expected").is_file() or row.state not in HAVE_A_TWIN
    for path, name in row.tests:
        assert (ROOT / path).is_file(), f"there is no {path}"
        assert name in {function.name for function in _functions(ROOT / path)}, f"{path} has no {name}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_a_row_claims_what_its_twin_shows(row: Row) -> None:
    mine = [twin for twin in twins() if twin.number == row.number]
    if row.state in HAVE_A_TWIN:
        assert mine, f"{row.number} says {row.state}, and no twin shows it"
    for twin in mine:
        assert (twin.path, twin.name) in row.tests, f"expected `{twin.path}::{twin.name}` in the row of {row.number}"
        assert twin.state == row.state, f"{twin.name} is {twin.state}, the page says {row.state}"


def test_every_twin_is_of_a_scenario() -> None:
    known = {row.number for row in rows()}
    assert {twin.number for twin in twins()} <= known
    assert len(twins()) > 30


def test_a_trace_of_ours_belongs_to_a_row_that_differs() -> None:
    differing = {row.number for row in rows() if row.state == "differs"}
    assert {path.stem for path in (HERE / "ours").iterdir()} == differing


@pytest.mark.parametrize("name", sorted(set(OURS.findall(PAGE))))
def test_every_name_of_ours_on_the_page_exists(name: str) -> None:
    parts = name.replace("bl.", "beamlike.", 1).split(".")
    found = importlib.import_module(parts[0])
    for index, part in enumerate(parts[1:], 2):
        if not hasattr(found, part):
            importlib.import_module(".".join(parts[:index]))
        found = getattr(found, part)
