"""What every backend keeps (`backend_contract`), kept in pods: of the emulated cluster, and of a real one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import beamlike as bl
from tests.nodes.backend_contract import BackendContract, World, boot, none_is_left, parent
from tests.support.breakable import relay_to
from tests.support.kubernetes_accounts import Account, granted
from tests.support.kubernetes_clusters import Cluster, emulated, existing, real
from tests.support.kubernetes_contract import EmulatedWorld, RealWorld


class InPods(BackendContract):
    """What is promised of pods besides."""

    mib = 8

    def test_much_goes_through_a_port_forward_both_ways_and_whole(self, world: World) -> None:
        content = os.urandom(self.mib << 20)

        async def main() -> None:
            async with parent() as node:
                child = await boot(world)
                back = await bl.rpc.call(child.node, bytes.upper, content, timeout=4 * world.patience)
                assert back == content.upper()
                assert child.node in node.nodes(hidden=True)
                await child.stop()
                await none_is_left(world)

        asyncio.run(main())


class TestEmulated(InPods):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with emulated(tmp_path) as cluster:
            yield EmulatedWorld(cluster)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with existing() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def account(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    rules = granted("rbac.yaml", "rbac-outside.yaml", "census.yaml")
    account = Account(cluster, "parent", rules, tmp_path_factory.mktemp("parent"))
    yield account
    account.remove()


@pytest.fixture(scope="module")
def nobody(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    account = Account(cluster, "nobody", [], tmp_path_factory.mktemp("nobody"))
    yield account
    account.remove()


class TestReal(InPods):
    mib = 64
    pytestmark = real

    @pytest.fixture
    def world(self, cluster: Cluster, account: Account, nobody: Account, tmp_path: Path) -> Iterator[World]:
        url = urlsplit(cluster.access.url)
        assert url.hostname is not None
        with relay_to(url.hostname, url.port or 443) as relay:
            yield RealWorld(cluster, relay, account, nobody, tmp_path)
