"""Every kind of definition that stands in a notebook or a script runs on a node that has nothing of ours."""

from __future__ import annotations

import asyncio
import importlib.machinery
import os
import sys

import pytest

import beamlike as bl
from tests.support.definitions.actions import PATIENCE
from tests.support.definitions.elsewhere import ROOT
from tests.support.definitions.homes import FAMILIES, Failures, cases_of, in_notebook, run_apart, second_node

CASES = cases_of(FAMILIES)

pytestmark = pytest.mark.timeout(300)  # the first test of each home tries the whole table there


@pytest.fixture(scope="module")
def in_notebooks(request: pytest.FixtureRequest) -> Failures:
    """What failed of all that was selected: one node, one other, one loop for all of it."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    selected = {item.callspec.params.get("kind") for item in items if hasattr(item, "callspec")}

    async def main() -> Failures:
        async with second_node() as node:
            return await in_notebook([case for case in CASES if case.kind in selected], node)

    return asyncio.run(main())


@pytest.fixture(scope="module")
def in_a_script() -> Failures:
    return run_apart("script", FAMILIES)


def test_the_other_node_has_nothing_of_ours() -> None:
    def surroundings() -> tuple[list[str], list[str], bool, bool]:
        # On its own path; what its origin offers is found by asking there.
        found = [importlib.machinery.PathFinder.find_spec(name) for name in ("tests", "notebook_table")]
        return os.listdir(), sys.path, any(found), "notebook_tui" in sys.modules

    async def main() -> None:
        async with second_node() as node:
            files, path, found, loaded = await bl.rpc.call(node, surroundings, timeout=PATIENCE)
            assert (files, found, loaded) == ([], False, False)
            assert not {str(ROOT), str(ROOT / "tests"), os.getcwd(), ""} & set(path)

    asyncio.run(main())


@pytest.mark.parametrize("kind", [case.kind for case in CASES])
def test_what_a_cell_defines_works_elsewhere(in_notebooks: Failures, kind: str) -> None:
    assert not in_notebooks[kind], told(in_notebooks[kind])


@pytest.mark.parametrize("kind", [case.kind for case in CASES if case.script])
def test_what_a_script_defines_works_elsewhere(in_a_script: Failures, kind: str) -> None:
    assert not in_a_script[kind], told(in_a_script[kind])


def told(failures: dict[str, str]) -> str:
    return "\n".join(f"{action}:\n{text}" for action, text in failures.items())
