"""A cluster, emulated or real, as a world of the contract that all backends keep."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import nodes
from nodes.census import Platform
from tests.nodes.backend_contract import Failure, Fault, Program
from tests.support.breakable import Relay
from tests.support.kubernetes_access import LABEL, Json
from tests.support.kubernetes_accounts import Account
from tests.support.kubernetes_clusters import SECONDS, Cluster
from tests.support.kubernetes_world.faults import LoseReply, Refuse
from tests.support.kubernetes_world.troubles import ImageError, SlowStart, Unschedulable
from tests.support.kubernetes_world.world import World

FORBIDDEN = Refuse(403, "Forbidden", message='pods "x" is forbidden: this user may not')
SLOW_REGISTRY = ImageError(words="dial tcp 10.0.0.1:443: i/o timeout")
SMALL = {"cpu": "50m", "memory": "256Mi", "grace": 2.0}
"""So that some of them find room on a small node."""


class KubernetesWorld:
    """What both have. `options` are those with which all its backends are made."""

    platform = "k8s"
    lease = 4.0
    makes_within = 6.0

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.patience = cluster.patience
        self.kubeconfig = cluster.kubeconfig
        self.options: dict[str, Any] = {"namespace": cluster.namespace, "image": cluster.image, **SMALL}

    def backend(self, **options: Any) -> nodes.Backend:
        return nodes.Kubernetes(**{**self.options, "kubeconfig": self.kubeconfig, **options})

    def program(self) -> Program:
        told = {**self.options, "kubeconfig": str(self.kubeconfig)}
        return Program(f"backend = nodes.Kubernetes(**{told!r})", {})

    def census(self) -> Platform:
        from nodes.kubernetes.census import KubernetesCensus

        return KubernetesCensus(self.cluster.namespace, kubeconfig=str(self.kubeconfig))

    def left(self) -> Sequence[str]:
        paths = [f"{self.cluster.home}/pods", f"{self.cluster.home}/secrets", self.cluster.leases]
        listed = [(path, it) for path in paths for it in self.cluster.access.items(path, labelSelector=LABEL)]
        return [f"{path}/{it['metadata']['name']}" for path, it in listed]

    def cut_tunnels(self) -> bool:
        raise NotImplementedError

    def on(self, **options: Any) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            yield self.backend(**options)

        return arrange

    def running_program(self, code: str, **options: Any) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        return self.on(command=["python3", "-c", code], **options)

    def _within_quota(self) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def within() -> Iterator[None]:
            path = f"{self.cluster.home}/resourcequotas"
            body: Json = {"metadata": {"name": "small"}, "spec": {"hard": {"pods": "0"}}}
            assert self.cluster.access.ask("POST", path, body)[0] == 201
            try:
                yield
            finally:
                self.cluster.access.ask("DELETE", f"{path}/small")

        return self._with(within)

    def _with(
        self, set_up: Callable[[], AbstractContextManager[None]], **options: Any
    ) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            with set_up():
                yield self.backend(**options)

        return arrange

    def _common_failures(self) -> list[Failure]:
        never = {"nvidia.com/gpu": "1"}
        of_gpu = {"spec": {"containers": [{"name": "runner", "resources": {"limits": never, "requests": never}}]}}
        waits = ("created",)
        ends = ("created", "started")
        return [
            Failure(
                "no such program",
                self.on(command=["nonesuch"]),
                *(ends, r'exec: "nonesuch": executable file not found', True, self.patience),
            ),
            Failure(
                "its end",
                self.running_program("print('out of luck'); raise SystemExit(7)"),
                *(ends, "exit code 7(.|\n)*out of luck", False, self.patience),
            ),
            Failure(
                "another version",
                self.running_program("print('of old'); raise SystemExit(4)"),
                *(ends, "exit code 4(.|\n)*of old", True, self.patience),
            ),
            Failure(
                "no room",
                self.on(template=of_gpu, unschedulable="fail"),
                *(waits, r"0/\d+ nodes are available: \d+ Insufficient nvidia.com/gpu", False, self.patience),
            ),
            Failure(
                "no image's name",
                self.on(image="UPPER/x"),
                *(waits, "InvalidImageName(.|\n)*repository name must be lowercase", True, self.patience),
            ),
            Failure(
                "an image that may not be pulled",
                self.on(image="registry.invalid/none:1", image_pull_policy="Never"),
                *(waits, "ErrImageNeverPull", True, self.patience),
            ),
            Failure(
                "no such secret",
                self.on(env_from=["none"]),
                *(waits, 'CreateContainerConfigError(.|\n)*secret "none" not found', True, self.patience),
            ),
            Failure(
                "no such namespace",
                self.on(namespace="no-such-namespace"),
                *(
                    ("creating",),
                    'namespaces? "?no-such-namespace"?( not found|, and is it spelt right)',
                    True,
                    self.patience,
                ),
            ),
            Failure(
                "its maximum lifetime",
                self.running_program("import time; time.sleep(99)", template={"spec": {"activeDeadlineSeconds": 1}}),
                *(ends, "longer than the specified deadline", False, self.patience),
            ),
        ]


class EmulatedWorld(KubernetesWorld):
    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        assert cluster.world is not None
        self.world: World = cluster.world

    def running(self) -> Sequence[str]:
        """By the processes, of pods that are gone as well."""
        lives = list(self.world.kubelet.lives.values())
        return [life.id for life in lives if life.container is not None and not life.container.has_ended]

    def kill(self, machine: nodes.Machine) -> None:
        self.world.kill(machine.id.partition("/")[2])

    def cut_tunnels(self) -> bool:
        assert self.world.cut_tunnels() > 0, "expected open tunnels"
        return True

    def failures(self) -> Sequence[Failure]:
        return [
            *self._common_failures(),
            Failure("no image", self.on(image="registry.test/none:1"), ("created",), "none:1: not found", True, 10.0),
            Failure("a slow registry", self._while_it_has(SLOW_REGISTRY), ("created",), "i/o timeout", False, 10.0),
            Failure("evicted", self._once_it_runs(self.world.evict), ("created", "started"), "low on resource", False),
            Failure(
                "out of memory",
                self._once_it_runs(self.world.kill_out_of_memory),
                *(("created", "started"), "OOMKilled", False),
            ),
            Failure("preempted", self._once_it_runs(self.world.preempt), ("created", "started"), "preempt", False),
            Failure("forbidden", self._denied("create", "pods"), ("creating",), "create pods", True),
            Failure("over quota", self._within_quota(), ("creating",), "exceeded quota: small", False),
        ]

    def _while_it_has(self, trouble: Unschedulable | ImageError) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def arrange() -> Iterator[nodes.Backend]:
            self.world.trouble(trouble)
            try:
                yield self.backend()
            finally:
                self.world.heal()

        return arrange

    def _once_it_runs(self, end: Callable[[str], None]) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        return self._with(
            lambda: self.world.when_running(end), command=["python3", "-c", "import time; time.sleep(99)"]
        )

    def _denied(self, verb: str, resource: str) -> Callable[[], AbstractContextManager[nodes.Backend]]:
        @contextmanager
        def denied() -> Iterator[None]:
            self.world.deny(verb, resource)
            try:
                yield
            finally:
                self.world.server.denied.clear()

        return self._with(denied)

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        return self._set(kind)

    @contextmanager
    def _set(self, kind: Fault) -> Iterator[None]:
        if kind in ("held", "late start"):
            self.world.trouble(SlowStart(seconds=3600))
        if kind == "lost reply":
            self.world.faults.add("create", "pods", LoseReply())
        if kind in ("refused stops", "late start"):
            self.world.faults.add("delete", "pods", FORBIDDEN, times=float("inf"))
        try:
            yield
        finally:
            self.world.faults.clear()
            self.world.heal()


class RealWorld(KubernetesWorld):
    """Reached through a relay of this host, so that connections can be broken, by an account that may do what
    deploy/kubernetes grants and no more; another one may do nothing. A node there is no process 1 of its container, so
    that it can be killed from within."""

    lease = 10.0

    def __init__(self, cluster: Cluster, relay: Relay, parent: Account, nobody: Account, directory: Path) -> None:
        super().__init__(cluster)
        self._relay, self._parent, self._nobody = relay, parent, nobody
        self.kubeconfig = _by_way_of(relay, parent.kubeconfig, directory / "relayed")
        self.options |= {
            "image_pull_policy": "IfNotPresent",
            "run_as_user": 65534,
            "template": {"spec": {"shareProcessNamespace": True, "activeDeadlineSeconds": SECONDS}},
        }
        self._held = False

    def backend(self, **options: Any) -> nodes.Backend:
        held = {"node_selector": {"beamlike.test/no-such": "node"}} if self._held else {}
        template = _merged(self.options["template"], options.pop("template", {}))
        return super().backend(**{**held, "template": template, **options})

    def running(self) -> Sequence[str]:
        items = self.cluster.access.items(f"{self.cluster.home}/pods", labelSelector=LABEL)
        return [
            f"{self.cluster.namespace}/{it['metadata']['name']}"
            for it in items
            if any("running" in one["state"] for one in it["status"].get("containerStatuses", ()))
        ]

    def kill(self, machine: nodes.Machine) -> None:
        kill_in_pod(self.cluster, machine.id.partition("/")[2])

    def cut_tunnels(self) -> bool:
        assert self._relay.cut() > 0, "expected open connections"
        return True

    def failures(self) -> Sequence[Failure]:
        hungry = "print('hungry', flush=True); kept = bytearray(512 << 20)"
        out_of_memory = Failure(
            "out of memory",
            self.running_program(hungry, memory="64Mi"),
            *(("created", "started"), "OOMKilled", False, self.patience),
        )
        return [
            *self._common_failures(),
            out_of_memory,
            Failure("forbidden", self.on(kubeconfig=self._nobody.kubeconfig), ("creating",), "create.* pods", True),
            Failure("over quota", self._within_quota(), ("creating",), "exceeded quota: small", False, self.patience),
        ]

    def fault(self, kind: Fault) -> AbstractContextManager[None] | None:
        if kind == "refused stops":
            return self._parent.without("delete", "pods")
        return self._hold() if kind == "held" else None

    @contextmanager
    def _hold(self) -> Iterator[None]:
        self._held = True
        try:
            yield
        finally:
            self._held = False


KILL = """
import os, signal
for pid in filter(str.isdigit, os.listdir("/proc")):
    if b"nodes.child" in open(f"/proc/{pid}/cmdline", "rb").read() and int(pid) != os.getpid():
        os.kill(int(pid), signal.SIGKILL)
"""


def kill_in_pod(cluster: Cluster, name: str) -> None:
    """As `kubectl exec` does it."""
    from kubernetes import client, config
    from kubernetes.stream import stream

    known = client.Configuration()
    config.load_kube_config(str(cluster.kubeconfig), client_configuration=known)
    api = client.CoreV1Api(client.ApiClient(known))
    command = ["python3", "-c", KILL]
    ask = api.connect_get_namespaced_pod_exec
    asked = {"command": command, "stdout": True, "stderr": True, "container": "runner", "_preload_content": False}
    running = stream(ask, name, cluster.namespace, **asked)
    try:
        running.run_forever(timeout=cluster.patience)
    finally:
        running.sock.shutdown()  # `close` leaves the socket open when the other side has closed first


def _by_way_of(relay: Relay, kubeconfig: Path, path: Path) -> Path:
    import yaml

    config = yaml.safe_load(kubeconfig.read_text())
    here = kubeconfig.parent
    for entry in config["clusters"]:
        cluster = entry["cluster"]
        cluster["tls-server-name"] = relay.target[0]
        cluster["server"] = f"https://127.0.0.1:{relay.port}"
        _absolute(cluster, here)
    for entry in config["users"]:
        _absolute(entry["user"], here)
    path.write_text(json.dumps(config))
    return path


def _absolute(entry: dict[str, Any], here: Path) -> None:
    for name in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if name in entry:
            entry[name] = os.path.join(here, entry[name])


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    spec = {**below.get("spec", {}), **above.get("spec", {})}
    return {**below, **above, "spec": spec}
