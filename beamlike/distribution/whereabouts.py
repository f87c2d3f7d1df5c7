"""Where a node listens, by its name: as this host's directory says, else where it was last reached, else at the port
where nodes are by convention."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from beamlike.distribution.addresses import DEFAULT_PORT, Address, host_of
from beamlike.distribution.directory import Directory, Entry
from beamlike.kernel.errors import NotConnected

MOST_TOLD: Final = 5


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
        found = _told(list(self._directory.nodes()))
        return (
            f"expected {name} among this host's live nodes, found {found}; "
            "start it, or name its address as in 'word@host:port'"
        )


def _told(entries: Sequence[Entry]) -> str:
    """Those that somebody may have meant.

    >>> _told([Entry(f"{letter}@127.0.0.1", "127.0.0.1", 1, 1, 1, hidden=letter == "a") for letter in "abc"])
    'b@127.0.0.1, c@127.0.0.1'
    """
    seen = [entry.name for entry in entries if not entry.hidden]
    if len(seen) > MOST_TOLD:
        return f"{', '.join(seen[:MOST_TOLD])} and {len(seen) - MOST_TOLD} more"
    return ", ".join(seen) or ("only hidden ones (`beamlike nodes --hidden`)" if entries else "none")


def _only_on_this_host(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
