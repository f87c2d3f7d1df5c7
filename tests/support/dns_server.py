"""A DNS server on the loopback interface, over UDP, that answers from a zone which the test may change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
from dns.asyncresolver import Resolver
from dns.nameserver import Do53Nameserver

from tests.support.local_nodes import PATIENCE

Zone = dict[str, dict[str, list[str]]]
"""Of each name (without the last dot) the records by type, as in a zone file: {"app.internal": {"A": ["10.0.0.7"]}}"""


class Server(asyncio.DatagramProtocol):
    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False
        self.transport: asyncio.DatagramTransport
        self.address: tuple[str, int]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        self.address = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.is_silent:
            self.transport.sendto(self._answer(dns.message.from_wire(data)).to_wire(), addr)

    def _answer(self, query: dns.message.Message) -> dns.message.Message:
        [question] = query.question
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA | dns.flags.RA
        if name not in self.zone:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        elif records := self.zone[name].get(kind):
            answer.answer.append(dns.rrset.from_text_list(question.name, 0, "IN", kind, records))
        return answer

    def resolver(self) -> Resolver:
        """One that asks this server, and each thing once, however long a busy machine takes."""
        resolver = Resolver(configure=False)
        resolver.nameservers = [Do53Nameserver(*self.address)]
        resolver.search = [dns.name.from_text("cluster.local.")]
        resolver.timeout = resolver.lifetime = PATIENCE
        return resolver


@asynccontextmanager
async def dns_server(zone: Zone, port: int = 0) -> AsyncIterator[Server]:
    loop = asyncio.get_running_loop()
    transport, server = await loop.create_datagram_endpoint(lambda: Server(zone), local_addr=("127.0.0.1", port))
    try:
        yield server
    finally:
        transport.close()
