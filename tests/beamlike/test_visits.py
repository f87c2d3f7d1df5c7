"""Visits of one node: they end one by one, and the last takes along what was loaded for all."""

from __future__ import annotations

import asyncio
import sys
from types import ModuleType

import pytest

import beamlike as bl
from beamlike.code import visits
from tests.support.captured_log import captured_log
from tests.support.local_nodes import eventually
from tests.support.peers import main_node

PACKAGE = "package_of_the_visitors"


async def stays() -> None:
    await bl.receive()


def test_who_has_begun_a_visit_and_goes_on_with_an_earlier_one_ends_neither_by_the_other() -> None:
    async def main() -> None:
        async with main_node() as node:
            first_owner, second_owner = bl.spawn(stays), bl.spawn(stays)
            first = visits.Visit(node, first_owner, PACKAGE, "somebody")
            sys.modules[PACKAGE] = ModuleType(PACKAGE)
            second = visits.Visit(node, second_owner, PACKAGE, "somebody")
            server = bl.spawn(stays)
            first.serve(server)
            first.goes_on_with(second_owner)
            assert visits.of(second_owner) is first
            assert len(visits.visitors()) == 2
            bl.exit(server, "kill")
            await eventually(lambda: len(visits.visitors()) == 1)
            assert visits.of(second_owner) is second
            assert PACKAGE in sys.modules
            bl.exit(second_owner, "kill")
            await eventually(lambda: visits.visitors() == [])
            await eventually(lambda: PACKAGE not in sys.modules)
            with pytest.raises(LookupError, match="attach anew"):
                visits.of(second_owner)

    with captured_log("beamlike.code") as failures:
        asyncio.run(main())
    assert failures == []
