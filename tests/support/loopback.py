"""Addresses of this host for machines that tests make, of which two programs that run at the same time share none."""

from __future__ import annotations

import os
import sys
from ipaddress import IPv4Address

_FIRST, _COUNT = IPv4Address("127.216.0.0"), 1 << 19
_APART = 4099


def address_of(number: int) -> str:
    """For the machine of that number. Only Linux answers at all of 127.0.0.0/8: elsewhere machines share their ports.

    >>> address_of(1) != address_of(2) or sys.platform != "linux"
    True
    """
    if sys.platform != "linux":
        return "127.0.0.1"
    return str(_FIRST + (os.getpid() * _APART + number) % _COUNT)
