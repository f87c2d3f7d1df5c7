"""Node names with and without a port, and which addresses are this machine's own.

A node's name holds its host in one spelling: of an IPv6 address the short one, without brackets. Before a port the
brackets are needed, so a user may write them, and any spelling.
"""

from __future__ import annotations

import ipaddress
from typing import Final, TypeAlias

Address: TypeAlias = tuple[str, int]
"""(host, port)"""

DEFAULT_PORT: Final = 4370
"""Where nodes that are found by their host alone are expected to listen."""


def split_port(name: str) -> tuple[str, Address | None]:
    """A node's name, and the address that was given with it. ValueError for a port that there cannot be.

    >>> split_port("app@127.0.0.1"), split_port("app@127.0.0.1:4370")
    (('app@127.0.0.1', None), ('app@127.0.0.1', ('127.0.0.1', 4370)))
    >>> split_port("app@[::1]:4370")
    ('app@::1', ('::1', 4370))
    """
    _, _, rest = name.partition("@")
    host, colon, port = rest.rpartition(":")
    if not (colon and port.isdecimal()) or (":" in host and not host.startswith("[")):
        return one_spelling(name), None
    if not 0 < int(port) < 65536:
        raise ValueError(f"expected a port from 1 to 65535 after the host, got {name!r}")
    name = one_spelling(name.removesuffix(f":{port}"))
    return name, (host_of(name), int(port))


def one_spelling(name: str) -> str:
    """The node's name as it is written everywhere.

    >>> one_spelling("app@[FDAA:0::3]"), one_spelling("app@fdaa:0:0::3"), one_spelling("app@host")
    ('app@fdaa::3', 'app@fdaa::3', 'app@host')
    """
    word, _, host = name.partition("@")
    try:
        return f"{word}@{ipaddress.ip_address(host.removeprefix('[').removesuffix(']'))}"
    except ValueError:  # no number
        return name


def host_of(name: str) -> str:
    """
    >>> host_of("app@127.0.0.1")
    '127.0.0.1'
    """
    return name.partition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether this numeric address reaches no other machine.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback


def seen_from_here(address: Address) -> Address:
    """Where to dial what listens at `address` on this machine: at every one of its addresses, perhaps.

    >>> seen_from_here(("0.0.0.0", 4370)), seen_from_here(("10.0.0.7", 4370))
    (('127.0.0.1', 4370), ('10.0.0.7', 4370))
    """
    host, port = address
    return ({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port)
