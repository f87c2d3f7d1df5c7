"""Whether a pod answers its readiness probe."""

from __future__ import annotations

import contextlib
import socket
import urllib.request

from tests.support.kubernetes_world.description import Json


def answers(probe: Json, address: str) -> bool:
    if target := probe.get("tcpSocket"):
        with contextlib.suppress(OSError), socket.create_connection((address, int(target["port"])), 1):
            return True
    if target := probe.get("httpGet"):
        url = f"http://{address}:{target['port']}{target.get('path', '/')}"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status < 400)
    return False
