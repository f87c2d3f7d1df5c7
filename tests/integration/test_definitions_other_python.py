"""The whole table between two minor versions of Python, either way."""

from __future__ import annotations

import sys

import pytest

from tests.support.definitions.homes import FAMILIES, Failures, family, run_apart
from tests.support.other_pythons import other_pythons

KINDS = [case.kind for name in FAMILIES for case in family(name)]
WAYS = [way for other in other_pythons().values() for way in ((sys.executable, other), (other, sys.executable))]

pytestmark = [
    pytest.mark.skipif(not WAYS, reason="no other Python 3.11+ on this machine; it needs one on PATH"),
    pytest.mark.timeout(300),
]


def versions(way: tuple[str, str]) -> str:
    here = f"3.{sys.version_info.minor}"
    names = {sys.executable: here} | {python: f"3.{minor}" for minor, python in other_pythons().items()}
    return " to ".join(names[python] for python in way)


@pytest.fixture(scope="module", params=WAYS, ids=versions)
def failures(request: pytest.FixtureRequest) -> Failures:
    here, there = request.param
    return run_apart("notebook", FAMILIES, here=here, there=there)


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_cell_defines_works_on_another_minor_version(failures: Failures, kind: str) -> None:
    assert not failures[kind], "\n".join(f"{action}:\n{text}" for action, text in failures[kind].items())
