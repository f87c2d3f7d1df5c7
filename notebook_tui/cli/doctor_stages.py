"""The way to a node, stage by stage: what each found, and what to do where it ends.

    name → address → TCP → TLS → secret → version → permission → import

A stage that failed ends the way: those behind it are not reached.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal, TypeAlias

import beamlike as bl
import notebook_tui
from beamlike.code import visits
from beamlike.distribution.addresses import Address, is_loopback, split_port
from beamlike.distribution.directory import Directory
from beamlike.distribution.refusal import HandshakeRefused, Status
from beamlike.distribution.secret import (
    OBSERVE_VARIABLE,
    VARIABLE,
    Secret,
    load_observe_secret,
    load_secret,
    secret_path,
)
from beamlike.distribution.whereabouts import Whereabouts
from beamlike.kernel.node import check_node_name
from beamlike.kernel.record import frozen

STAGES: Final = ("name", "address", "TCP", "TLS", "secret", "version", "permission", "import")
TCP_SECONDS = 5.0
CONNECT_SECONDS = 10.0
IMPORT_SECONDS = 20.0

State: TypeAlias = Literal["ok", "failed", "not reached"]


@frozen
class Stage:
    name: str
    state: State
    found: str = ""
    remedy: str = ""
    """What to do about it; empty where nothing is wrong."""
    seconds: float = 0.0


class Ends(Exception):
    """The stage of that name fails."""

    def __init__(self, found: str, remedy: str, stage: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.remedy = remedy
        self.stage = stage


class Examination:
    """`node` is what the user wrote; `tell` hears of each stage as it is over."""

    def __init__(self, node: str, tell: Callable[[Stage], object] = lambda stage: None) -> None:
        self._written = node
        self._tell = tell
        self._stages: list[Stage] = []
        self._name = ""
        self._given: Address | None = None
        self._address: Address = ("", 0)
        self._numeric = ""
        self._here: bl.Node | None = None
        self._observes = False

    async def run(self) -> list[Stage]:
        """All stages, those that were not reached too."""
        own = f"observer-doctor-{os.getpid()}-{secrets.token_hex(3)}@127.0.0.1"
        async with bl.Node(own, secret=secrets.token_bytes(32), observers=False, hidden=True, listen=False) as here:
            self._here = here
            steps: tuple[Callable[[], Awaitable[str]], ...] = (
                *(self._look_at_name, self._find_address, self._dial, self._agree_on_tls, self._prove_secret),
                *(self._compare_versions, self._ask_permission, self._import),
            )
            for name, step in zip(STAGES, steps, strict=True):
                if not await self._take(name, step):
                    break
        reached = {stage.name for stage in self._stages}
        return [*self._stages, *(Stage(name, "not reached") for name in STAGES if name not in reached)]

    async def _take(self, name: str, step: Callable[[], Awaitable[str]]) -> bool:
        began = time.monotonic()
        try:
            stage = Stage(name, "ok", await step(), seconds=time.monotonic() - began)
        except Ends as end:
            stage = Stage(name, "failed", end.found, end.remedy, time.monotonic() - began)
        self._add(stage)
        return stage.state == "ok"

    def _add(self, stage: Stage) -> None:
        self._stages.append(stage)
        self._tell(stage)

    # The stages.

    async def _look_at_name(self) -> str:
        try:
            self._name, self._given = split_port(self._written)
            check_node_name(self._name)
        except ValueError as error:
            raise Ends(
                str(error), "write it as NAME@HOST or NAME@HOST:PORT; `beamlike nodes` lists those of this host"
            ) from error
        return self._name

    async def _find_address(self) -> str:
        try:
            self._address = self._given or Whereabouts(Directory()).find(self._name)
        except bl.NotConnected as error:
            raise Ends(
                str(error),
                "start it, as by `await bl.start(...)` in the service; `beamlike nodes` lists those that run",
            ) from error
        host, port = self._address
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Ends(
                f"{host} has no address: {error.strerror or error}",
                "write the host as the network knows it, or as a number; is the VPN or the cluster's DNS up?",
            ) from error
        self._numeric = str(found[0][4][0])
        how = "given" if self._given is not None else "by this host's list of nodes, or the default port"
        return f"{self._numeric}:{port} ({how})"

    async def _dial(self) -> str:
        where = f"{self._numeric}:{self._address[1]}"
        try:
            async with asyncio.timeout(TCP_SECONDS):
                _, writer = await asyncio.open_connection(self._numeric, self._address[1])
        except ConnectionRefusedError as error:
            raise Ends(
                f"nobody listens at {where}",
                "is the service up, and does its node listen there (`listen=`)? Name the port as in NAME@HOST:PORT",
            ) from error
        except TimeoutError as error:
            raise Ends(
                f"{where} does not answer within {TCP_SECONDS:g} s",
                "a firewall or security group drops it: open the port, or go by a tunnel (`ssh -L`)",
            ) from error
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, "")
            raise Ends(
                f"{where} cannot be reached: {error.strerror or error} {name}", "is there a route to it from here?"
            ) from error
        writer.close()  # without a word, as probes do: the other side's log has no stranger
        return f"{where} accepts connections"

    async def _agree_on_tls(self) -> str:
        try:
            await self._connect()
        except Ends as end:
            if end.stage == "TLS":
                raise
            self._later = end
        return (
            "not needed on this machine"
            if is_loopback(self._numeric)
            else "encrypted, by certificates that the nodes make"
        )

    _later: Ends | None = None
    """How the handshake ended, if that is the matter of a later stage."""

    async def _prove_secret(self) -> str:
        if self._later is not None:
            if self._later.stage == "version":
                return "not asked for"
            raise self._later
        whose = "the observers'" if self._observes else "the node's own"
        return f"{whose}, of {self._source()}"

    def _source(self) -> str:
        variable = OBSERVE_VARIABLE if self._observes else VARIABLE
        if variable in os.environ:
            return f"${variable}"
        return str(secret_path().with_name("observe-secret") if self._observes else secret_path())

    async def _compare_versions(self) -> str:
        if self._later is not None:
            raise self._later
        return "both speak the same protocol"

    async def _ask_permission(self) -> str:
        if self._observes:
            raise Ends(
                f"with this secret {self._name} may be looked at (`beamlike top`), and nothing may be evaluated",
                f"to attach or evaluate, give this user the node's own secret, as ${VARIABLE}",
            )
        told = await self._call(visits.house, timeout=CONNECT_SECONDS)
        if not told["accepts_code"]:
            raise Ends(
                f"{self._name} takes no code from others",
                "it was started with accept_code=False: start it without, if notebooks are to attach to it",
            )
        self._house = told
        return f"may evaluate; beamlike {told['beamlike']}, Python {told['python']}, {told['program']}"

    async def _import(self) -> str:
        bl.offer("notebook_tui", to=self._name)
        module = "notebook_tui.runtime.attached"
        try:
            await self._call(visits.begin, bl.self(), "notebook_tui", "doctor", timeout=CONNECT_SECONDS)
            await self._call(visits.load, module, notebook_tui, timeout=IMPORT_SECONDS)
        except Ends:
            raise
        except ImportError as error:
            raise Ends(
                f"{self._name} cannot import {module}: {error}",
                "install the same version of beamlike there as here; does a package of the same name hide it?",
            ) from error
        return "the notebook's runtime can be imported there"

    # Beside them.

    async def _connect(self) -> None:
        """With the node's own secret, else with that of observers."""
        try:
            own = load_secret()
        except (bl.UnusableSecret, OSError) as error:
            raise Ends(str(error), f"mend the file, or set {VARIABLE}", "secret") from error
        try:
            await self._connect_with(own)
        except HandshakeRefused as error:
            observers = load_observe_secret()
            if error.status is not Status.WRONG_SECRET or observers is None:
                raise _end_of(error) from error
            try:
                await self._connect_with(observers)
            except HandshakeRefused as again:
                raise _end_of(again) from again
            self._observes = True

    async def _connect_with(self, secret: Secret) -> None:
        assert self._here is not None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await self._here.connect(self._name, self._address, secret=secret)
        except HandshakeRefused:
            raise
        except bl.NotConnected as error:
            words = str(error)
            stage = "TLS" if "TLS" in words or "certificate" in words else "secret"
            remedy = "give both nodes the same `tls` option" if stage == "TLS" else _ANOTHER
            raise Ends(words, remedy, stage) from error
        except bl.UnusableCertificate as error:
            raise Ends(str(error), "give both nodes the same `tls` option", "TLS") from error
        except TimeoutError as error:
            raise Ends(f"no handshake within {CONNECT_SECONDS:g} s", _ANOTHER, "secret") from error

    async def _call(self, function: Callable[..., Any], *args: Any, timeout: float) -> Any:
        try:
            return await bl.rpc.call(self._name, function, *args, timeout=timeout)
        except (bl.NotConnected, bl.CallFailed, bl.CallTimeout, TimeoutError) as error:
            raise Ends(
                f"{self._name} does not answer: {error}",
                "its event loop may be blocked: `beamlike top` shows by whom, as does `bl.who_is_blocking`",
            ) from error


_ANOTHER: Final = "something else listens at that address, or a proxy stands in between: name the node's own port"


def _end_of(error: HandshakeRefused) -> Ends:
    match error.status:
        case Status.WRONG_SECRET:
            return Ends(
                str(error),
                f"give this user the node's secret: {VARIABLE}, or a copy of {secret_path()} there",
                "secret",
            )
        case Status.VERSION_MISMATCH:
            return Ends(str(error), "install the same version of beamlike on both", "version")
        case Status.WRONG_NODE:
            return Ends(str(error), "name the node that listens there, or the port of the one that is meant", "secret")
        case Status.INTERCEPTED | Status.TLS_REQUIRED:
            return Ends(
                str(error), "let bytes of this port pass as they are; give both nodes the same `tls` option", "TLS"
            )
        case Status.MALFORMED:
            return Ends(str(error), _ANOTHER, "secret")
        case _:
            return Ends(str(error), "", "secret")
