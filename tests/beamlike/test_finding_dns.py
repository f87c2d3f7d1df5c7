"""Nodes that the DNS knows, asked of a real server on the loopback interface."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable

import pytest

import beamlike as bl
from beamlike.distribution.finding import dns_records
from beamlike.distribution.finding.strategy import CannotFind
from tests.support.dns_server import Server, Zone, dns_server

SERVICE = "_beamlike._tcp.app.default.svc.cluster.local"


def with_server(zone: Zone, test: Callable[[Server], Awaitable[None]]) -> None:
    async def main() -> None:
        async with dns_server(zone) as server:
            await test(server)

    asyncio.run(main())


def found(*names: str) -> list[bl.finding.Found]:
    return [bl.finding.Found(name) for name in names]


def test_a_node_is_found_at_each_target_and_port_of_a_service_the_best_first() -> None:
    records = ["10 1 4371 app-1.app.default.svc.cluster.local.", "10 9 4370 app-0.app.default.svc.cluster.local."]
    zone: Zone = {SERVICE: {"SRV": [*records, "0 0 4372 10-0-0-7.app.default.svc.cluster.local."]}}

    async def test(server: Server) -> None:
        assert await bl.finding.SRV(SERVICE, "app", server.resolver()).find() == found(
            "app@10-0-0-7.app.default.svc.cluster.local:4372",
            "app@app-0.app.default.svc.cluster.local:4370",
            "app@app-1.app.default.svc.cluster.local:4371",
        )

    with_server(zone, test)


def test_a_name_is_completed_as_for_other_programs_of_the_host() -> None:
    zone: Zone = {"_x._tcp.app.cluster.local": {"SRV": ["0 0 1 b.cluster.local."]}}

    async def test(server: Server) -> None:
        assert await bl.finding.SRV("_x._tcp.app", "app", server.resolver()).find() == found("app@b.cluster.local:1")

    with_server(zone, test)


def test_the_target_that_says_there_is_no_such_service_is_no_node() -> None:
    async def test(server: Server) -> None:
        assert await bl.finding.SRV(SERVICE, "app", server.resolver()).find() == []

    with_server({SERVICE: {"SRV": ["0 0 0 ."]}}, test)


@pytest.mark.parametrize("zone", [{}, {SERVICE: {"A": ["10.0.0.7"]}}])
def test_a_name_without_such_records_is_an_error_that_names_it(zone: Zone) -> None:
    async def test(server: Server) -> None:
        with pytest.raises(
            CannotFind, match=rf"expected SRV records of {SERVICE}, got: (The DNS response|None of DNS)"
        ):
            await bl.finding.SRV(SERVICE, "app", server.resolver()).find()

    with_server(zone, test)


def test_a_server_that_does_not_answer_is_an_error() -> None:
    async def test(server: Server) -> None:
        server.is_silent = True
        resolver = server.resolver()
        resolver.lifetime = 0.2
        with pytest.raises(CannotFind, match=r"expected SRV records of .*, got: The resolution lifetime expired"):
            await bl.finding.SRV(SERVICE, "app", resolver).find()

    with_server({}, test)


def test_the_machines_of_an_app_on_fly_are_found_by_names_that_last() -> None:
    records = ['"3d8d9014b32d08 ams,5683009c17548e fra"', '"e286030f769386 fra"']

    async def test(server: Server) -> None:
        machines = await bl.finding.FlyMachines("my-app", "app", resolver=server.resolver()).find()
        assert sorted(machines, key=lambda it: it.name) == found(
            "app@3d8d9014b32d08.vm.my-app.internal:4370",
            "app@5683009c17548e.vm.my-app.internal:4370",
            "app@e286030f769386.vm.my-app.internal:4370",
        )
        assert server.asked == [("vms.my-app.internal", "TXT")]

    with_server({"vms.my-app.internal": {"TXT": records}}, test)


def test_an_app_on_fly_of_which_no_machine_is_started_has_no_nodes() -> None:
    async def test(server: Server) -> None:
        assert await bl.finding.FlyMachines("my-app", "app", resolver=server.resolver()).find() == []

    with_server({"vms.my-app.internal": {"TXT": ['""']}}, test)


def test_without_dnspython_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dns.asyncresolver", None)
    with pytest.raises(CannotFind, match=r"SRV records need dnspython: pip install 'beamlike\[dns\]'"):
        asyncio.run(dns_records.records(SERVICE, "SRV", None))
