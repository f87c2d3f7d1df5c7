"""Fly's emulator as a world of the contract that all backends keep."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import nodes
from nodes import Machine
from nodes.census import Platform
from nodes.fly.census import FlyCensus
from nodes.fly.options import Token
from tests.nodes.backend_contract import Failure, Fault, Program
from tests.support import fake_flyctl
from tests.support.fly_machines import IMAGES, TOKEN, Answer, Machines
from tests.support.fly_socket import serving
from tests.support.processes import is_alive

_apps = itertools.count()
TROUBLE = Answer(500, {"error": "internal error"})


@contextmanager
def fly_world() -> Iterator[FlyWorld]:
    """An app of its own each time: requests are counted by app, here and in this process."""
    with serving(Machines(app=f"app-{next(_apps)}")) as machines:
        yield FlyWorld(machines)


@contextmanager
def fly_behind_proxy(directory: Path) -> Iterator[FlyBehindProxy]:
    with serving(Machines(app=f"app-{next(_apps)}")) as machines:
        yield FlyBehindProxy(machines, directory)


class FlyWorld:
    platform = "fly"
    lease = 5.0
    patience = 40.0
    makes_within = 6.0

    def __init__(self, machines: Machines) -> None:
        self.machines = machines

    def backend(self, **options: object) -> nodes.Fly:
        told: dict[str, object] = {
            "app": self.machines.app,
            "image": IMAGES[0],
            "region": "fra",
            "token": TOKEN,
            "base_url": self.machines.base_url,
            "environ": {},
            **self._dials(),
        }
        return nodes.Fly(**{**told, **options})  # type: ignore[arg-type]

    def _dials(self) -> dict[str, object]:
        """Which of the two dials, and how."""
        return {"dials_child": False}

    def program(self) -> Program:
        app, url = self.machines.app, self.machines.base_url
        dials = ", ".join(f"{name}={value!r}" for name, value in self._dials().items())
        code = f"backend = nodes.Fly({app!r}, image={IMAGES[0]!r}, region='fra', base_url={url!r}, {dials})"
        return Program(code, {"FLY_API_TOKEN": TOKEN})

    def census(self) -> Platform:
        return FlyCensus(self.machines.app, "", Token(TOKEN), self.machines.base_url)

    def running(self) -> Sequence[str]:
        return [it.id for it in self.machines.running()]

    def left(self) -> Sequence[str]:
        return [it.id for it in self.machines.there()]

    def kill(self, machine: Machine) -> None:
        self.machines.kill(machine.id)

    def cut_tunnels(self) -> bool:
        return False

    def failures(self) -> Sequence[Failure]:
        seen = ("created", "started")
        quota = (
            'organization "acme" is using 99840 MB of memory in fra which is over the allowed quota. please consider '
            "other regions"
        )
        return [
            Failure("token", self._of(token="fm2_wrong"), ("creating",), "401: Authenticate.*fly tokens create", True),
            Failure("image", self._of(image="registry.fly.io/no:v1"), ("creating",), "MANIFEST_UNKNOWN", True),
            Failure(
                "capacity",
                self._full("fra"),
                ("creating",),
                "412: insufficient resources.*more regions or sizes",
                False,
            ),
            Failure("quota", self._refusing(403, quota), ("creating",), "403: .*over the allowed quota", False),
            Failure(
                "trouble", self._refusing(500, "internal error"), ("creating",), "500: internal error", False, 15.0
            ),
            Failure("its end", self._of(command=["sh", "-c", "exit 7"]), seen, "exit code 7", False),
            Failure("another version", self._of(command=["sh", "-c", "exit 4"]), seen, "exit code 4", True),
            Failure(
                "no program", self._of(command=["/no/such/program"]), (*seen, "creating"), "/no/such/program", False
            ),
            Failure("no dial-back", self._of(command=["sleep", "99"]), ("started",), "no dial-back", False, 5.0),
        ]

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        return self._set(kind)

    @contextmanager
    def _set(self, kind: Fault) -> Iterator[None]:
        faults = self.machines.faults
        match kind:
            case "held":
                self.machines.hold(True)
            case "late start":
                self.machines.hold(True)
                faults.refuse["delete"] = TROUBLE
            case "lost reply":
                faults.lose_replies = "cut"
            case "refused stops":
                faults.refuse["delete"] = TROUBLE
        try:
            yield
        finally:
            faults.refuse.pop("delete", None)
            if faults.held:
                self.machines.hold(False)

    def _of(self, **options: object) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            yield self.backend(**options)

        return arrange

    def _full(self, region: str) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            self.machines.faults.full_regions.add(region)
            try:
                yield self.backend()
            finally:
                self.machines.faults.full_regions.clear()

        return arrange

    def _refusing(self, status: int, words: str) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            self.machines.faults.refuse["create"] = Answer(status, {"error": words})
            try:
                yield self.backend()
            finally:
                self.machines.faults.refuse.clear()

        return arrange


class FlyBehindProxy(FlyWorld):
    """As seen from a laptop: machines are reached through `flyctl proxy` alone."""

    def __init__(self, machines: Machines, directory: Path) -> None:
        super().__init__(machines)
        self.directory = directory
        self.flyctl = fake_flyctl.installed(directory)

    def _dials(self) -> dict[str, object]:
        return {"dials_child": True, "flyctl": str(self.flyctl)}

    def proxies(self) -> list[int]:
        """Those that run."""
        pids = [int(path.stem.partition("-")[2]) for path in self.directory.glob("flyctl-*.pid")]
        return [pid for pid in pids if is_alive(pid)]

    def left(self) -> Sequence[str]:
        return [*super().left(), *(f"flyctl {pid}" for pid in self.proxies())]

    def cut_tunnels(self) -> bool:
        cut = self.proxies()
        for pid in cut:
            os.kill(pid, signal.SIGKILL)
        return bool(cut)

    def failures(self) -> Sequence[Failure]:
        return [
            Failure(
                "no proxy",
                self._unable,
                ("started",),
                "flyctl proxy ended with exit code 1: Error: no peer",
                False,
                8.0,
            ),
            Failure("no flyctl", self._of(flyctl="/no/flyctl"), ("started",), "flyctl cannot be started", True),
        ]

    @contextmanager
    def _unable(self) -> Iterator[nodes.Backend]:
        with tempfile.TemporaryDirectory() as directory:
            yield self.backend(flyctl=fake_flyctl.installed(Path(directory), fails="no peer"))
