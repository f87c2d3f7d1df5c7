"""The whole table between two minor versions of Python, either way."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from tests.support.definitions.actions import ACTIONS
from tests.support.definitions.homes import FAMILIES, Failures, family, run_apart
from tests.support.other_pythons import other_pythons

SHARED = [name for name in FAMILIES if name != "with_libraries"]
"""Families that need no library, which each Python may have in a version of its own or not at all."""
KINDS = {case.kind: case for name in SHARED for case in family(name)}
REFUSALS = ("expected a text that Python 3.11", "expected Python 3.12 or newer")
WAYS = [way for other in other_pythons().values() for way in ((sys.executable, other), (other, sys.executable))]

pytestmark = [
    pytest.mark.skipif(not WAYS, reason="no other Python 3.11+ on this machine; it needs one on PATH"),
    pytest.mark.timeout(300),
]


MINORS = {sys.executable: sys.version_info.minor} | {python: minor for minor, python in other_pythons().items()}


@dataclass(frozen=True)
class Run:
    here: int
    there: int
    failures: Failures


@pytest.fixture(scope="module", params=WAYS, ids=lambda way: " to ".join(f"3.{MINORS[python]}" for python in way))
def run(request: pytest.FixtureRequest) -> Run:
    here, there = request.param
    return Run(MINORS[here], MINORS[there], run_apart("notebook", SHARED, here=here, there=there))


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_cell_defines_works_on_another_minor_version(run: Run, kind: str) -> None:
    if (3, run.here) < KINDS[kind].since:
        pytest.skip("in a syntax that the notebook's Python does not know")
    failures = run.failures[kind]
    if (3, run.there) < KINDS[kind].since:
        assert all(any(words in failures.get(action, "") for words in REFUSALS) for action in ACTIONS), failures
    else:
        assert not failures, "\n".join(f"{action}:\n{text}" for action, text in failures.items())
