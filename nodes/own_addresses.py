"""Where a program is reached: as its children are told, and as a child has it on the machine that it was booted on."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Mapping

from beamlike.distribution.addresses import Address, seen_from_here
from nodes.backend import Backend, BackendError

VARIABLES = ("FLY_PRIVATE_IP", "POD_IP")
"""In which a platform tells a program its own address."""
_EVERY_ADDRESS = ("0.0.0.0", "::", "")


class NoOwnAddress(BackendError):
    """It is not known at which address machines would reach this program."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


def advertised(address: Address, backend: Backend, environment: Mapping[str, str] = os.environ) -> Address:
    """Where a machine of the backend is to dial a program that listens at `address`. NoOwnAddress if that is every
    address of this machine, and nothing says which of them is reached.

    >>> from nodes import Local
    >>> advertised(("10.0.0.7", 4370), Local()), advertised(("0.0.0.0", 4370), Local())
    (('10.0.0.7', 4370), ('127.0.0.1', 4370))
    """
    host, port = address
    told = getattr(backend, "advertise", None)
    if told:
        return told, port
    if host not in _EVERY_ADDRESS:
        return address
    if getattr(backend, "on_this_host", False):
        return seen_from_here(address)
    own = own_address(environment)
    if own:
        return own, port
    raise NoOwnAddress(
        f"expected an address at which machines of {backend!r} reach this program, which listens at all of its own "
        f"({host}:{port}): give the backend `advertise`, or have the node listen at that address"
    )


def own_address(environment: Mapping[str, str] = os.environ) -> str:
    """What the platform says, which this program runs on; "" where none says it.

    >>> own_address({"FLY_PRIVATE_IP": "fdaa:0:1::3"}), own_address({})
    ('fdaa:0:1::3', '')
    """
    return next((environment[name] for name in VARIABLES if environment.get(name)), "")


def address_towards(host: str) -> str:
    """The address of this machine by which `host` is reached; "" if it cannot be, or is a name, which to look up may
    take long.

    >>> address_towards("127.0.0.1"), address_towards("parent.example")
    ('127.0.0.1', '')
    """
    try:
        ipaddress.ip_address(host.partition("%")[0])
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect((host, 9))  # which sends nothing
            return str(sock.getsockname()[0])
    except (OSError, ValueError):
        return ""
