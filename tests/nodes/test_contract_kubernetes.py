"""What every backend keeps (`backend_contract`), kept in pods: of the emulated cluster, and of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.nodes.backend_contract import BackendContract, World
from tests.support.breakable import relay_to
from tests.support.kubernetes_accounts import Account, granted
from tests.support.kubernetes_clusters import Cluster, emulated, existing, real
from tests.support.kubernetes_contract import EmulatedWorld, RealWorld


class TestEmulated(BackendContract):
    @pytest.fixture
    def world(self, tmp_path: Path) -> Iterator[World]:
        with emulated(tmp_path) as cluster:
            yield EmulatedWorld(cluster)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with existing() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def parent(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    rules = granted("rbac.yaml", "rbac-outside.yaml", "census.yaml")
    account = Account(cluster, "parent", rules, tmp_path_factory.mktemp("parent"))
    yield account
    account.remove()


@pytest.fixture(scope="module")
def nobody(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    account = Account(cluster, "nobody", [], tmp_path_factory.mktemp("nobody"))
    yield account
    account.remove()


class TestReal(BackendContract):
    pytestmark = real

    @pytest.fixture
    def world(self, cluster: Cluster, parent: Account, nobody: Account, tmp_path: Path) -> Iterator[World]:
        url = urlsplit(cluster.access.url)
        assert url.hostname is not None
        with relay_to(url.hostname, url.port or 443) as relay:
            yield RealWorld(cluster, relay, parent, nobody, tmp_path)
