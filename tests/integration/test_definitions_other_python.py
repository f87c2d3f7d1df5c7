"""The table between two minor versions of Python, either way: in `make test` each family takes one of the ways and new
syntax all of them, in `make soak` everything does."""

from __future__ import annotations

import sys
from typing import NamedTuple

import pytest

from tests.support.definitions.actions import ACTIONS
from tests.support.definitions.case import Case
from tests.support.definitions.homes import FAMILIES, Failures, family, run_apart
from tests.support.other_pythons import other_pythons
from tests.support.soak import count

SHARED = [name for name in FAMILIES if name != "with_libraries"]
"""Families that need no library, which each Python may have in a version of its own or not at all."""
REFUSALS = ("expected a text that Python 3.11", "expected Python 3.12 or newer")
WAYS = [way for other in other_pythons().values() for way in ((sys.executable, other), (other, sys.executable))]

MINORS = {sys.executable: sys.version_info.minor} | {python: minor for minor, python in other_pythons().items()}


def families_of(way: int) -> list[str]:
    """Those of which the kinds are tried that way."""
    every = count(len(WAYS), 1, part=len(WAYS))
    return [name for at, name in enumerate(SHARED) if name == "new_syntax" or at % every == way % every]


class Run(NamedTuple):
    here: int
    there: int
    failures: Failures


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Run:
    way: int = request.param
    here, there = WAYS[way]
    return Run(MINORS[here], MINORS[there], run_apart("notebook", families_of(way), here=here, there=there))


def named(way: int) -> str:
    return " to ".join(f"3.{MINORS[python]}" for python in WAYS[way])


TRIED = [
    pytest.param(way, case, id=f"{named(way)}-{case.kind}")
    for way in range(len(WAYS))
    for name in families_of(way)
    for case in family(name)
]


@pytest.mark.soak
@pytest.mark.timeout(300)
@pytest.mark.skipif(not WAYS, reason="no other Python 3.11+ on this machine; it needs one on PATH")
@pytest.mark.parametrize(("run", "case"), TRIED, indirect=["run"], scope="module")
def test_what_a_cell_defines_works_on_another_minor_version(run: Run, case: Case) -> None:
    here, there, failures = run
    if (3, here) < case.since:
        pytest.skip("in a syntax that the notebook's Python does not know")
    found = failures[case.kind]
    if (3, there) < case.since:
        assert all(any(words in found.get(action, "") for words in REFUSALS) for action in ACTIONS), found
    else:
        assert not found, "\n".join(f"{action}:\n{text}" for action, text in found.items())
