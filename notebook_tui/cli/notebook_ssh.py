"""`beamlike notebook ssh://[USER@]HOST[:PORT]/PATH`: a notebook on another machine, in this terminal.

By the user's own `ssh`, so that names, keys, jumps and all else are as their configuration says. What answers may be
`beamlike serve --ssh`, which takes `open PATH`, or a machine with an ordinary SSH server and `beamlike` on it. When the
connection is lost, or the server ends, it is made again, until the user has had enough.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import unquote

from beamlike.kernel.record import frozen
from notebook_tui.cli.main import INTERRUPTED, UserError
from notebook_tui.ssh.runs import AGAIN

SCHEME: Final = "ssh://"
_LOST: Final = 255
"""What ssh ends with when the connection is lost, or never came."""
_ALIVE: Final = ("-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3")
"""A connection that is dead is known to be so within half a minute."""
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 30.0
_WAS_THERE: Final = 5.0
"""Seconds after which a connection had come about, and was lost: it is worth another try."""
_RESET: Final = (
    "\x1b[?2004l\x1b[?7h\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[<u\x1b[?1049l\x1b[?25h\x1b[?1004l\x1b[0m"
)
"""The terminal as it was: who would have said so is out of reach."""
_ADDRESS: Final = re.compile(
    r"(?:(?P<user>[^@/]+)@)?(?P<host>\[[^\]/]+\]|[^:/\[\]]+)(?::(?P<port>\d+))?(?:/(?P<path>.*))?", re.DOTALL
)


@frozen
class Place:
    host: str
    path: str = ""
    user: str = ""
    port: int | None = None


def is_address(path: str) -> bool:
    return path.startswith(SCHEME)


def parse(address: str) -> Place:
    """A path begins where one is when one logs in; with two slashes, at the root.

    >>> parse("ssh://ann@example.org:2222/physics/my%20cats.livemd")
    Place(host='example.org', path='physics/my cats.livemd', user='ann', port=2222)
    >>> parse("ssh://lab//srv/cats.livemd").path, parse("ssh://lab").path
    ('/srv/cats.livemd', '')
    """
    found = _ADDRESS.fullmatch(address.removeprefix(SCHEME))
    user, host = (found["user"] or "", found["host"].strip("[]")) if found else ("", "")
    if found is None or host.startswith("-") or user.startswith("-") or int(found["port"] or 1) not in range(1, 65_536):
        raise UserError(f"expected ssh://[USER@]HOST[:PORT]/PATH, got {address}")
    return Place(host, unquote(found["path"] or ""), unquote(user), int(found["port"]) if found["port"] else None)


def words_for(place: Place, *, ssh: str = "ssh") -> list[str]:
    """The command line of ssh. Both kinds of servers understand what stands behind the host.

    >>> words_for(Place("lab", "my cats.livemd", port=2222))[-3:]
    ['--', 'lab', "beamlike notebook 'my cats.livemd'"]
    """
    path = f" {shlex.quote(place.path)}" if place.path else ""
    return [ssh, "-t", *_ALIVE, *_whereto(place), "--", place.host, f"beamlike notebook{path}"]


def _whereto(place: Place) -> list[str]:
    """Options of ssh, beside the host."""
    port = ["-p", str(place.port)] if place.port is not None else []
    return [*port, *(["-l", place.user] if place.user else [])]


def without_a_terminal(place: Place) -> str:
    """A command line of a shell that evaluates the notebook, on both kinds of servers.

    >>> without_a_terminal(Place("lab", "a.livemd", port=2222))
    "ssh -p 2222 lab 'beamlike run a.livemd'"
    """
    there = f"beamlike run {shlex.quote(place.path) if place.path else 'FILE'}"
    return shlex.join(["ssh", *_whereto(place), place.host, there])


def call(address: str) -> int:
    """Returns the exit status of what ran over there."""
    place = parse(address)
    ssh = os.environ.get("BEAMLIKE_SSH") or "ssh"
    if shutil.which(shlex.split(ssh)[0]) is None:
        raise UserError("expected the program ssh, found none: install OpenSSH's client")
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UserError(f"expected a terminal; without one: {without_a_terminal(place)}")
    first, *rest = words_for(place)
    words = [*(shlex.split(ssh) if ssh != "ssh" else [first]), *rest]
    modes = termios.tcgetattr(sys.stdin)
    try:
        return stay(words, place.host, _say, time.sleep, time.monotonic)
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, modes)  # ssh does so itself, if it is not killed


def stay(
    words: Sequence[str],
    host: str,
    say: Callable[[str], None],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    run: Callable[[Sequence[str]], int] = subprocess.call,
) -> int:
    """Runs it until it ends in order, or the user cancels; again after a connection that was there is lost,
    or its server has ended."""
    was_there, wait = False, _FIRST_WAIT
    while True:
        began = clock()
        try:
            status = run(words)
        except KeyboardInterrupt:
            return INTERRUPTED
        took = clock() - began
        if status < 0:
            say(f"ssh was ended by signal {-status}.")
            return 128 - status
        if status not in (_LOST, AGAIN):
            return status
        was_there = was_there or status == AGAIN or took >= _WAS_THERE
        if took >= _WAS_THERE:
            wait = _FIRST_WAIT
        if not was_there:
            return status  # ssh has said why
        try:
            lost = f"The connection to {host} is lost; the notebook goes on there."
            ended = f"The server on {host} has ended, and has kept the text."
            say(f"{ended if status == AGAIN else lost} Again in {wait:g} s, Ctrl+C to leave.")
            sleep(wait)
        except KeyboardInterrupt:
            return INTERRUPTED
        wait = min(2 * wait, _LONGEST_WAIT)


def _say(text: str) -> None:
    sys.stdout.write(f"{_RESET}\r\nbeamlike: {text}\r\n")
    sys.stdout.flush()
