"""Nodes behind a name of the DNS: those of a headless Kubernetes service, or of an app on Fly.

Addresses (A and AAAA) come from the system's own resolver, as for every other program of the host, so they need no
library. What else a name has (SRV, TXT) is asked with dnspython, which comes with the extra `dns`.
"""

from __future__ import annotations

import asyncio
import socket

from beamlike.distribution.addresses import DEFAULT_PORT
from beamlike.distribution.finding.dns_records import Resolver, records
from beamlike.distribution.finding.found import Found
from beamlike.distribution.finding.strategy import CannotFind, check_convention, named
from beamlike.kernel.record import frozen


@frozen
class DNS:
    """A node `basename@address`, listening at `port`, at each address (IPv4 or IPv6) of the name `host`.

    DNS("app.default.svc.cluster.local", "app")   the ready pods of a headless service
    DNS("my-app.internal", "app")                 the started machines of an app on Fly, whose addresses are IPv6
    DNS("top3.nearest.of.my-app.internal", "app") the three that are nearest
    """

    host: str
    basename: str
    port: int = DEFAULT_PORT

    def __post_init__(self) -> None:
        check_convention(self.basename, self.port)

    async def find(self) -> list[Found]:
        loop = asyncio.get_running_loop()
        try:
            infos = await loop.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise CannotFind(
                f"expected an address of {self.host}, got: {error}. Either there is no such name, or nobody who is "
                "ready stands behind it yet"
            ) from error
        hosts = dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in infos)
        return [named(self.basename, host, self.port) for host in hosts]


@frozen
class SRV:
    """A node `basename@target` at each target and port of the SRV records of `service`.

    SRV("_beamlike._tcp.app.default.svc.cluster.local", "app") finds the ready pods of a headless service with a port
    named beamlike; those of a stateful set have names that last: app@app-0.app.default.svc.cluster.local.

    `resolver` is another than the system's, of dnspython.
    """

    service: str
    basename: str
    resolver: Resolver | None = None

    def __post_init__(self) -> None:
        check_convention(self.basename, DEFAULT_PORT)

    async def find(self) -> list[Found]:
        answer = await records(self.service, "SRV", self.resolver)
        # RFC 2782: the lowest priority first, the heaviest of these first; "." says that there is no such service.
        ranked = sorted(answer, key=lambda record: (record.priority, -record.weight))
        targets = [(record.target.to_text(omit_final_dot=True), record.port) for record in ranked]
        return [named(self.basename, target, port) for target, port in targets if target != "."]


@frozen
class FlyMachines:
    """A node `basename@<machine>.vm.<app>.internal`, listening at `port`, on each started machine of an app on Fly.

    The names last though the addresses of a machine may change. `resolver` is another than the system's, of dnspython.
    """

    app: str
    basename: str
    port: int = DEFAULT_PORT
    resolver: Resolver | None = None

    def __post_init__(self) -> None:
        check_convention(self.basename, self.port)

    async def find(self) -> list[Found]:
        answer = await records(f"vms.{self.app}.internal", "TXT", self.resolver)
        text = ",".join(b"".join(record.strings).decode("ascii", "replace") for record in answer)
        # "<machine> <region>,<machine> <region>"
        machines = [machine.split()[0] for machine in text.split(",") if machine.strip()]
        return [named(self.basename, f"{machine}.vm.{self.app}.internal", self.port) for machine in machines]
