"""Fly and Kubernetes, emulated, for runtimes as a user names them: by a spec, and what the environment says."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from flame.prices import price_of
from tests.support import fake_flyctl
from tests.support.fly_machines import IMAGES, TOKEN, Machines
from tests.support.fly_socket import serving
from tests.support.kubernetes_world.kinds import PODS, SECRETS
from tests.support.kubernetes_world.troubles import Unschedulable
from tests.support.kubernetes_world.world import IMAGE, World, kubernetes_world

_apps = itertools.count()


class PlatformWorld(Protocol):
    place: str
    """Its spec without options."""
    environment: Mapping[str, str]
    """By which a program finds the platform."""
    knows_machine_by: str
    """A variable that every machine of the platform has, and says which it is."""
    waiting: str
    """What is told of a machine that is held."""
    out_of_memory: str
    """What is told of one that was killed for its memory."""

    usd_per_hour: float | None
    """What a machine costs, where that is known."""

    def spec(self, **options: str) -> str: ...

    def there(self) -> Sequence[str]:
        """What costs something, or was made for that."""
        ...

    def hold(self, held: bool) -> None:
        """Machines are made, and do not start while this is so."""
        ...

    def cut_tunnels(self) -> int: ...

    def kill_out_of_memory(self) -> None:
        """The only machine that there is."""
        ...

    def asked(self) -> str:
        """All that the platform was told of what is there, as text."""
        ...


class FlyPlatform:
    knows_machine_by = "FLY_MACHINE_ID"
    waiting = "created"
    out_of_memory = "out of memory"
    usd_per_hour = price_of({"backend": "fly", "size": "shared-cpu-1x", "region": "fra"}).usd_per_hour

    def __init__(self, machines: Machines, directory: Path) -> None:
        self.machines = machines
        self.place = f"fly:{machines.app}"
        self._directory = directory
        fake_flyctl.installed(directory)
        self.environment = {
            "FLY_API_TOKEN": TOKEN,
            "FLY_FLAPS_BASE_URL": machines.base_url,
            "PATH": os.pathsep.join([str(directory), os.environ["PATH"]]),
        }

    def spec(self, **options: str) -> str:
        return _spec(self.place, {"image": IMAGES[0], "region": "fra", **options})

    def there(self) -> Sequence[str]:
        return [it.id for it in self.machines.there()]

    def hold(self, held: bool) -> None:
        self.machines.hold(held)

    def cut_tunnels(self) -> int:
        cut = 0
        for path in self._directory.glob("flyctl-*.pid"):
            path.unlink()
            with suppress(ProcessLookupError):
                os.kill(int(path.stem.partition("-")[2]), signal.SIGKILL)
                cut += 1
        return cut

    def kill_out_of_memory(self) -> None:
        (machine,) = self.machines.running()
        self.machines.kill(machine.id, oom=True)

    def asked(self) -> str:
        return json.dumps([it.body for it in self.machines.asked], default=repr)


class KubernetesPlatform:
    knows_machine_by = "POD_NAME"
    waiting = "Insufficient cpu"
    out_of_memory = "OOMKilled"
    place = "k8s:default"
    usd_per_hour = None

    def __init__(self, world: World, directory: Path) -> None:
        self.world = world
        self.environment = {"KUBECONFIG": str(world.kubeconfig(directory / "kubeconfig"))}

    def spec(self, **options: str) -> str:
        return _spec(self.place, {"image": IMAGE, **options})

    def there(self) -> Sequence[str]:
        return [str(it["metadata"]["name"]) for it in self.world.pods()] + [str(pid) for pid in self.world.pids()]

    def hold(self, held: bool) -> None:
        if held:
            self.world.trouble(Unschedulable())
        else:
            self.world.heal()

    def cut_tunnels(self) -> int:
        return self.world.cut_tunnels()

    def kill_out_of_memory(self) -> None:
        (pod,) = self.world.pods()
        self.world.kill_out_of_memory(str(pod["metadata"]["name"]))

    def asked(self) -> str:
        return json.dumps([self.world.cluster.store.objects(kind) for kind in (PODS, SECRETS)])


def _spec(begin: str, options: Mapping[str, str]) -> str:
    return f"{begin}?" + "&".join(f"{name}={quote(value, safe='/:')}" for name, value in options.items())


@contextmanager
def fly_platform(directory: Path) -> Iterator[FlyPlatform]:
    with serving(Machines(app=f"runtimes-{next(_apps)}", limited=False)) as machines:
        yield FlyPlatform(machines, directory)


@contextmanager
def kubernetes_platform(directory: Path) -> Iterator[KubernetesPlatform]:
    with kubernetes_world() as world:
        yield KubernetesPlatform(world, directory)


PLATFORMS = {"fly": fly_platform, "k8s": kubernetes_platform}
