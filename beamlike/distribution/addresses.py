"""Node names with and without a port, and which addresses are this machine's own."""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

Address: TypeAlias = tuple[str, int]
"""(host, port)"""


def split_port(name: str) -> tuple[str, Address | None]:
    """A node's name, and the address that was given with it.

    >>> split_port("app@127.0.0.1"), split_port("app@127.0.0.1:4370")
    (('app@127.0.0.1', None), ('app@127.0.0.1', ('127.0.0.1', 4370)))
    >>> split_port("app@[::1]:4370")
    ('app@::1', ('::1', 4370))
    """
    word, _, rest = name.partition("@")
    host, colon, port = rest.rpartition(":")
    if not (colon and port.isdecimal()) or (":" in host and not host.startswith("[")):
        return name, None
    host = host.removeprefix("[").removesuffix("]")
    return f"{word}@{host}", (host, int(port))


def is_loopback(host: str) -> bool:
    """Whether this numeric address reaches no other machine.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    return ipaddress.ip_address(host.partition("%")[0]).is_loopback
