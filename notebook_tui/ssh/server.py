"""The server: listens, lets in whoever has a key that is trusted, and gives each channel a view or runs its command.

Public keys only, and nothing of what else SSH carries: no shell, no forwarding of ports, agents, or X11, no files.
`Visitor` is one connection; what it decides by is pure and stands in `gate`, `keys` and `command`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import time
from typing import Final, Protocol

import asyncssh

from beamlike.kernel.record import frozen
from notebook_tui.session.bounds import OutOfBounds, keep_within, within
from notebook_tui.session.durations import told
from notebook_tui.session.people import Person
from notebook_tui.ssh.audit import Audit
from notebook_tui.ssh.command import Home, OpenFile, Wish, described, role_for
from notebook_tui.ssh.filler import leave_out_filler
from notebook_tui.ssh.gate import Gate, network_of
from notebook_tui.ssh.guest import FAILED, Guest
from notebook_tui.ssh.host_key import host_key
from notebook_tui.ssh.key_ring import KeyRing
from notebook_tui.ssh.keys import Trusted, fingerprint_of
from notebook_tui.ssh.options import SshOptions
from notebook_tui.ssh.runs import AGAIN

_log = logging.getLogger("beamlike.ssh")
LOG: Final = "ssh.log"
_KEYS_LOOKED_AT_EVERY: Final = 1.0
_CHANNELS: Final = 10
"""Of one connection, as the user's own ssh shares it among several commands."""
_OFFERS: Final = 20
"""Keys that one connection may show; an agent shows all that it has."""
_PARTING_SECONDS: Final = 5.0
_KEEPALIVE: Final = 15.0
_UNSENT: Final = 16 * 1024
"""Bytes that the system takes ahead of what the line takes: what lies there cannot be dropped for something newer."""
_SEND_BUFFER: Final = 64 * 1024
_COMPRESSION: Final = ("zlib@openssh.com", "none")
_VERSION: Final = "beamlike"
_NO_FORWARDING: Final = "ports are not forwarded here"


class Opens(Protocol):
    """What a guest is given once it is clear who they are and what they wish; run in a context of its own."""

    async def view(self, wish: Home | OpenFile, guest: Guest, visitor: Admitted) -> int: ...

    async def perform(self, wish: Wish, guest: Guest, visitor: Admitted) -> int: ...


@frozen
class Admitted:
    """Somebody who has logged in."""

    person: Person
    directory: Path
    fingerprint: str = ""
    """Of their key."""


class Visitor(asyncssh.SSHServer):
    """One connection, from its first byte to its last."""

    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._conn: asyncssh.SSHServerConnection | None = None
        self._address = ""
        self._stage = "turned away"
        self._offers = 0
        self._why = "no key was shown"
        self._user = ""
        self._trusted: Trusted | None = None
        self._admitted: Admitted | None = None
        self._guests: set[Guest] = set()
        self._touched_at = 0.0
        self._began_at = 0.0
        self._parting = ""

    # What asyncssh calls.

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self._address = str((conn.get_extra_info("peername") or ("?",))[0])
        self._began_at = self._server.clock()
        if refusal := self._server.gate.refusal(self._address, self._began_at):
            self._server.audit.refused(self._address, refusal)
            # Before the greeting of the protocol a server may say lines of text; after it, this costs a key exchange.
            if (transport := conn._transport) is not None:
                transport.write(f"beamlike: {refusal}\r\n".encode())
            conn.abort()
            return
        if crowded := self._server.gate.makes_room(self._address):
            self._server.send_one_away(crowded)
        self._stage = "stranger"
        self._server.gate.came(self._address)
        self._server.came(self)
        _send_little_ahead(conn)

    def begin_auth(self, username: str) -> bool:
        self._user = _short(username)
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return False

    def kbdint_auth_supported(self) -> bool:
        return False

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._user = _short(username)
        self._offers += 1
        fingerprint = fingerprint_of(key)
        found = self._server.ring.find(fingerprint, self._address, self._server.clock())
        if isinstance(found, Trusted):
            found = self._server.gate.key_refusal(fingerprint) or self._missing_directory(found) or found
        if isinstance(found, Trusted):
            self._trusted, self._why = found, "it was not proved that the key is theirs"
            return True
        self._trusted, self._why = None, found
        self._server.audit.refused(self._address, found, key=fingerprint, user=self._user)
        if self._offers >= _OFFERS and self._conn is not None:
            said = f"{_OFFERS} keys were shown, and none is known"
            self._conn.disconnect(asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, said)
        return False

    def auth_completed(self) -> None:
        trusted = self._trusted
        assert trusted is not None, "nobody logs in without a key"
        if self._conn is not None:
            leave_out_filler(self._conn)
        self._stage = "guest"
        self._touched_at = self._server.clock()
        self._server.gate.logged_in(self._address, trusted.fingerprint)
        origin = f"ssh {self._address} {trusted.fingerprint}"
        person = Person(trusted.name, trusted.role, origin)
        self._admitted = Admitted(person, self._server.place_of(trusted), trusted.fingerprint)
        self._note("login", role=trusted.role, directory=trusted.directory)

    def session_requested(self) -> Guest | bool:
        if self._admitted is None:
            return False
        if len(self._guests) >= _CHANNELS:
            self.refused(f"{_CHANNELS} channels are open already, the most of one connection")
            return False
        guest = Guest(self)
        self._guests.add(guest)
        return guest

    def connection_requested(self, dest_host: str, dest_port: int, orig_host: str, orig_port: int) -> bool:
        raise self._no_forwarding(f"{dest_host}:{dest_port}")

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        self.refused(_NO_FORWARDING)
        return False

    def unix_connection_requested(self, dest_path: str) -> bool:
        raise self._no_forwarding(dest_path)

    def unix_server_requested(self, listen_path: str) -> bool:
        self.refused(_NO_FORWARDING)
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        server, now = self._server, self._server.clock()
        server.gone(self)
        stage, self._stage = self._stage, "gone"
        if stage == "stranger":
            server.gate.failed(self._address, now)
            why = f"{self._why} ({_said(exc)})" if exc is not None else self._why
            server.audit.refused(self._address, f"never logged in: {why}", user=self._user)
        elif stage == "guest" and self._trusted is not None:
            server.gate.left(self._trusted.fingerprint)
            self._note("left", after=round(now - self._began_at, 1), why=self._parting or (_said(exc) if exc else ""))
        self._conn = None

    # What its channels call.

    @property
    def role(self) -> str:
        return self._admitted.person.role if self._admitted is not None else ""

    def may(self, wish: Wish) -> bool:
        return self._admitted is not None and self._admitted.person.may(role_for(wish))

    async def view(self, wish: Home | OpenFile, guest: Guest) -> int:
        return await self._inside(self._server.opens.view, wish, guest)

    async def perform(self, wish: Wish, guest: Guest) -> int:
        return await self._inside(self._server.opens.perform, wish, guest)

    def refused(self, why: str) -> None:
        self._server.audit.refused(self._address, _short(why, 200), name=self._name)

    def touched(self) -> None:
        self._touched_at = self._server.clock()

    def left(self, guest: Guest) -> None:
        self._guests.discard(guest)

    async def _inside(self, act: Callable[..., Awaitable[int]], wish: Wish, guest: Guest) -> int:
        admitted = self._admitted
        assert admitted is not None
        if command := described(wish):
            self._note("command", command=_short(command, 300))
        keep_within(admitted.directory, writes=admitted.person.may("edit"))
        try:
            return await act(wish, guest, admitted)
        except (OSError, ValueError) as error:
            if isinstance(error, PermissionError):
                self.refused(str(error))
            guest.complain(f"beamlike: {error}\n")
            return 2

    # What the server calls.

    def is_stranger_of(self, place: str) -> bool:
        """Whether it comes from there, and is not logged in."""
        return self._stage == "stranger" and network_of(self._address) == place

    def give_way(self) -> None:
        """A stranger goes: somebody else wants in, and there are more from there than from anywhere."""
        self._stage = "turned away"
        self._server.gate.made_room(self._address)
        self._server.audit.refused(self._address, "made room: the most who were logging in came from there")
        self.abort()

    def look(self, now: float) -> None:
        """Whether this connection may go on."""
        if self._trusted is None or self._stage != "guest":
            return
        found = self._server.ring.find(self._trusted.fingerprint, self._address, now)
        limits = self._server.gate.limits
        if isinstance(found, str):
            self.part("your key opens nothing here any more")
        elif found != self._trusted:
            self.part("what your key may do has changed: connect again")
        elif any(guest.performs for guest in self._guests):
            self.touched()  # a run takes as long as it takes, and nobody types meanwhile
        elif limits.idle_seconds and now - self._touched_at > limits.idle_seconds:
            self.part(f"nothing was typed for {told(limits.idle_seconds)}; the notebooks go on")

    def part(self, why: str, status: int = FAILED) -> None:
        """The views leave in order, with that exit status, and then the connection ends."""
        if self._parting or self._conn is None:
            return
        self._parting = why
        for guest in list(self._guests):
            guest.close(why, status)
        loop, conn = asyncio.get_running_loop(), self._conn
        loop.call_later(1.0, partial(conn.disconnect, asyncssh.DISC_BY_APPLICATION, why))
        loop.call_later(3.0, conn.abort)

    def abort(self) -> None:
        if self._conn is not None:
            self._conn.abort()

    @property
    def _name(self) -> str:
        return self._trusted.name if self._trusted is not None else ""

    def _missing_directory(self, trusted: Trusted) -> str:
        try:
            if self._server.place_of(trusted).is_dir():
                return ""
        except OutOfBounds:
            return f"the key's directory {trusted.directory!r} is not in the one that is served"
        return f"the key's directory {trusted.directory!r} is not there"

    def _no_forwarding(self, where: str) -> asyncssh.ChannelOpenError:
        self.refused(f"{_NO_FORWARDING}: {_short(where)}")
        return asyncssh.ChannelOpenError(asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED, "beamlike forwards no ports")

    def _note(self, event: str, **facts: str | float) -> None:
        trusted = self._trusted
        assert trusted is not None
        self._server.audit.note(
            event, name=trusted.name, user=self._user, key=trusted.fingerprint, address=self._address, **facts
        )


class SshServer:
    """`await SshServer.start(options, opens)`; `opens` says what a guest sees. In the event loop of all views."""

    def __init__(self, options: SshOptions, opens: Opens, clock: Callable[[], float] = time) -> None:
        self.options = options
        self.opens = opens
        self.clock = clock
        self.gate = Gate(options.limits)
        self.ring = KeyRing(options.authorized_keys)
        self.audit = Audit(options.state / LOG, clock)
        self.visitors: dict[Visitor, None] = {}
        """As they came."""
        self.fingerprint = ""
        """Of the server's own key: what a client is shown when it comes first."""
        self.address = ("", 0)
        self._empty = asyncio.Event()
        self._empty.set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._watch: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, options: SshOptions, opens: Opens, listening: socket.socket) -> SshServer:
        """On a socket that listens. BadHostKey says what is wrong with the server's key."""
        server = cls(options, opens)
        await server._listen(listening)
        return server

    async def _listen(self, listening: socket.socket) -> None:
        key = await asyncio.to_thread(host_key, self.options.state)
        self.fingerprint = fingerprint_of(key)
        for said in self.ring.trouble:
            _log.warning("%s", said)
        self._acceptor = await asyncssh.listen(
            sock=listening,
            config=[],
            server_factory=lambda: Visitor(self),
            server_host_keys=[key],
            send_server_host_keys=False,
            server_version=_VERSION,
            encoding=None,
            line_editor=False,
            allow_scp=False,
            sftp_factory=None,
            agent_forwarding=False,
            x11_forwarding=False,
            host_based_auth=False,
            gss_host=None,
            password_auth=False,
            kbdint_auth=False,
            compression_algs=_COMPRESSION,
            login_timeout=self.options.limits.login_seconds,
            keepalive_interval=_KEEPALIVE,
            keepalive_count_max=4,
        )
        self.address = self._acceptor.get_addresses()[0][:2]
        self._watch = asyncio.create_task(self._look(), name="ssh keys")

    def place_of(self, trusted: Trusted) -> Path:
        """The directory that this key sees. `OutOfBounds` if it is not in the one that is served."""
        return within(Path(os.path.realpath(self.options.directory)), trusted.directory)

    async def _look(self) -> None:
        """Whether keys were taken away, and who has been idle for too long."""
        while True:
            await asyncio.sleep(_KEYS_LOOKED_AT_EVERY)
            if await asyncio.to_thread(self.ring.look):
                for said in self.ring.trouble:
                    _log.warning("%s", said)
                self.audit.note("keys", count=self.ring.count)
            now = self.clock()
            for visitor in list(self.visitors):
                visitor.look(now)

    def came(self, visitor: Visitor) -> None:
        self.visitors[visitor] = None
        self._empty.clear()

    def send_one_away(self, place: str) -> None:
        """The stranger from there that came first: who has a key is logged in within a moment."""
        for visitor in self.visitors:
            if visitor.is_stranger_of(place):
                visitor.give_way()
                return

    def gone(self, visitor: Visitor) -> None:
        self.visitors.pop(visitor, None)
        if not self.visitors:
            self._empty.set()

    async def close(self, why: str = "the server ends; the notebooks' text is kept") -> None:
        """All views leave in order."""
        if self._watch is not None:
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        if self._acceptor is not None:
            self._acceptor.close()
        for visitor in list(self.visitors):
            visitor.part(why, AGAIN)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), _PARTING_SECONDS)
        for visitor in list(self.visitors):
            visitor.abort()
        self.audit.flush()


def _send_little_ahead(conn: asyncssh.SSHServerConnection) -> None:
    """What the system has taken cannot be dropped: on a slow line it would be seconds of what is over."""
    sock = conn.get_extra_info("socket")
    if sock is None:
        return
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)


def _short(text: str, most: int = 64) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text[:most])


def _said(error: BaseException) -> str:
    return _short(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__, 200)
