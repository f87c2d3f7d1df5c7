"""docs/guarantees.md promises nothing without a test that holds it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES = (ROOT / "docs" / "guarantees.md").read_text().splitlines()
REFERENCE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def promises() -> list[str]:
    """Each promise of the page, with the lines that go on with it."""
    found: list[str] = []
    for line in LINES:
        if line.startswith("- "):
            found.append(line)
        elif line.startswith("  ") and found:
            found[-1] += " " + line.strip()
    return found


@cache
def names_in(path: Path) -> frozenset[str]:
    names: set[str] = set()
    for statement in ast.parse(path.read_text()).body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]):
                names.add(name)
            case ast.ClassDef(body=body):  # a suite that is plugged in elsewhere
                names.update(it.name for it in body if isinstance(it, ast.FunctionDef))
    return frozenset(names)


@pytest.mark.parametrize("promise", promises(), ids=lambda promise: promise[2:60])
def test_every_promise_names_tests_that_exist(promise: str) -> None:
    references = REFERENCE.findall(promise)
    assert references, "expected a test that holds this, as `tests/...py::name`"
    for path, name in references:
        assert (ROOT / path).is_file(), f"there is no {path}"
        assert name in names_in(ROOT / path), f"{path} has no {name}"
        assert name.startswith("test_")


def test_the_page_promises_something() -> None:
    assert len(promises()) > 50
