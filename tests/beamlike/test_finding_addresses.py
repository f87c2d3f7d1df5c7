"""Nodes behind the addresses of a name: the system's own resolver asks a real server, in a network of its own."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
import uvloop

import beamlike as bl
from beamlike.distribution.finding.strategy import CannotFind
from tests.support.dns_server import Zone, dns_server
from tests.support.own_network import in_own_network

APP = "app.default.svc.cluster.local"


def found(*names: str) -> list[bl.finding.Found]:
    return [bl.finding.Found(name) for name in names]


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
@in_own_network
def test_a_node_is_found_at_each_address_of_a_name(loop_factory: object) -> None:
    zone: Zone = {
        APP: {"A": ["10.244.0.5", "10.244.0.6"]},
        "my-app.internal": {"AAAA": ["fdaa:0:1:a7b::2", "fdaa:0:1:a7b:0:0:0:3"]},
    }

    async def main() -> None:
        async with dns_server(zone, port=53):
            nodes = await bl.finding.DNS(APP, "app").find()
            assert sorted(nodes, key=repr) == found("app@10.244.0.5:4370", "app@10.244.0.6:4370")
            nodes = await bl.finding.DNS("my-app.internal", "app", port=9000).find()
            assert sorted(nodes, key=repr) == found("app@[fdaa:0:1:a7b::2]:9000", "app@[fdaa:0:1:a7b::3]:9000")
            with pytest.raises(CannotFind, match=r"expected an address of gone\.internal, got: .*Either there is no"):
                await bl.finding.DNS("gone.internal", "app").find()

    assert callable(loop_factory)
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(main())


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_an_address_is_its_own_name(host: str) -> None:
    assert asyncio.run(bl.finding.DNS(host, "app").find()) == [bl.finding.Found(f"app@{host}", (host, 4370))]


def test_what_can_be_no_name_is_an_error() -> None:
    with pytest.raises(CannotFind, match="expected an address of x"):
        asyncio.run(bl.finding.DNS("x" * 64 + ".internal", "app").find())


STRATEGIES = [
    lambda **options: bl.finding.DNS("host", **options),
    lambda **options: bl.finding.FlyMachines("app", **options),
    lambda **options: bl.finding.KubernetesPods("app=web", **options),
]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_nodes_that_there_cannot_be_are_refused_when_the_strategy_is_made(strategy: object) -> None:
    assert callable(strategy)
    with pytest.raises(ValueError, match="expected a node name"):
        strategy(basename="a@b")
    with pytest.raises(ValueError, match="expected a port from 1 to 65535 where the nodes listen, got 0"):
        strategy(basename="app", port=0)


def test_a_strategy_says_what_it_is() -> None:
    assert repr(bl.finding.DNS("app.internal", "app")) == "DNS(host='app.internal', basename='app', port=4370)"
    assert repr(bl.finding.KubernetesPods("app=web", "web")) == (
        "KubernetesPods(selector='app=web', basename='web', port=4370, namespace=None)"
    )
    assert repr(bl.finding.Static("a@b", "c@d:1")) == "Static('a@b', 'c@d:1')"
    assert repr(bl.finding.LocalDirectory()) == "LocalDirectory()"


def test_the_strategies_load_their_libraries_only_when_they_are_asked() -> None:
    asks = "import sys, beamlike as bl; bl.finding.SRV('x', 'y'), bl.finding.KubernetesPods('a=b', 'c')"
    program = f"{asks}; sys.exit(bool({{'dns', 'kubernetes'}} & sys.modules.keys()))"
    subprocess.run([sys.executable, "-c", program], check=True)
