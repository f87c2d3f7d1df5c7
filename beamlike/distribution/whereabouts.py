"""Where a node listens, by its name: as this host's directory says, else where it was last reached, else at the port
where nodes are by convention."""

from __future__ import annotations

import ipaddress

from beamlike.distribution.addresses import DEFAULT_PORT, Address, host_of
from beamlike.distribution.directory import Directory
from beamlike.kernel.errors import NotConnected


class Whereabouts:
    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._reached: dict[str, Address] = {}

    def remember(self, name: str, address: Address) -> None:
        """The node was reached there, though its name alone may not tell."""
        self._reached[name] = address

    def find(self, name: str) -> Address:
        """Where to dial. NotConnected for a node that can only be on this host, and is not."""
        address = self._directory.lookup(name) or self._reached.get(name)
        if address is None and _only_on_this_host(host_of(name)):
            raise NotConnected(self._unknown(name))
        return address or (host_of(name), DEFAULT_PORT)

    def _unknown(self, name: str) -> str:
        known = ", ".join(entry.name for entry in self._directory.nodes()) or "none"
        return (
            f"expected {name} among this host's live nodes, found {known}; "
            "start it, or name its address as in 'word@host:port'"
        )


def _only_on_this_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
