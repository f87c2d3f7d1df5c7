"""First in every Python of a pod of this world, which is a process of this machine: what a container gives besides.

A pod has a loopback network of its own, here one address of 127.0.0.0/8: what listens everywhere, or at 127.0.0.1,
listens there, and what dials 127.0.0.1 dials itself. And it is process 1 of its pod: a signal that it does not handle
does not end it.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

_address = os.environ.pop("POD_NETWORK", "")
_OWN = ("", "0.0.0.0", "127.0.0.1", "localhost", "::", "::1")


def _stay_inside(name: str) -> None:
    original = getattr(socket.socket, name)

    def method(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address[0] in _OWN:
            # There is but one ::1 for all pods, so nothing can be at a known port of it.
            address = (_address, address[1]) if self.family == socket.AF_INET else ("::1", 0)
        return original(self, address)

    setattr(socket.socket, name, method)


if _address:
    for _name in ("bind", "connect", "connect_ex"):
        _stay_inside(_name)
if os.environ.pop("POD_PROCESS_ONE", ""):
    for _signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(_signal, lambda *_: None)
