"""Tests in a network of their own: every loopback address and port is free there, and the system's resolver asks
127.0.0.1. Only Linux has such networks, and only some users may make one; elsewhere these tests are skipped.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import ParamSpec

import pytest

P = ParamSpec("P")

INSIDE = "BEAMLIKE_TEST_NETWORK"
UNSHARE = ("unshare", "--user", "--map-root-user", "--net", "--mount")
SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def in_own_network(test: Callable[P, None]) -> Callable[P, None]:
    """Runs the test by a pytest of its own in such a network, and shows what that one printed if it fails."""

    @wraps(test)
    def run(*args: P.args, **keywords: P.kwargs) -> None:
        if INSIDE in os.environ:
            _set_up()
            test(*args, **keywords)
            return
        if not _can_be_made():
            pytest.skip("no network can be made here: `unshare --user --net --mount` fails")
        _run_inside(os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)"))

    return run


def _run_inside(test: str) -> None:
    command = (*UNSHARE, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test)
    inner = subprocess.run(command, env=os.environ | {INSIDE: "yes"}, capture_output=True, text=True)
    assert inner.returncode == 0, inner.stdout + inner.stderr
    assert "1 passed" in inner.stdout, inner.stdout


@cache
def _can_be_made() -> bool:
    try:
        return subprocess.run((*UNSHARE, "true"), capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


def _set_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    with tempfile.TemporaryDirectory() as directory:
        resolv_conf = Path(directory, "resolv.conf")
        resolv_conf.write_text("nameserver 127.0.0.1\noptions timeout:20 attempts:2\n")
        subprocess.run(("mount", "--bind", resolv_conf, Path("/etc/resolv.conf").resolve()), check=True)
