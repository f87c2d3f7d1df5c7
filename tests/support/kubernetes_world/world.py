"""A Kubernetes cluster of one node for tests: the API as strict as its description, and pods that are real processes.

    with kubernetes_world() as world:
        world.kubeconfig(path)                          # and KUBECONFIG=path: any client works
        world.faults.add("create", "pods", TOO_MANY)    # the next one is refused so
        world.trouble(Unschedulable(pods="web"))        # for pods whose names begin so, until `heal`
        world.kill("web-0"); world.evict("web-0"); world.lose_node()

What differs from a real cluster is written down in docs/kubernetes_emulator.md.
"""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from beamlike.distribution.tls_option import Tls
from tests.support.kubernetes_world import statuses
from tests.support.kubernetes_world.cluster import Cluster
from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import NAMESPACES, PODS, Kind
from tests.support.kubernetes_world.kubelet import Kubelet, Life
from tests.support.kubernetes_world.owners import Owners
from tests.support.kubernetes_world.server import ApiServer, Asked, serve_in_thread
from tests.support.kubernetes_world.store import Key
from tests.support.kubernetes_world.troubles import Trouble

IMAGE = "registry.test/beamlike:1"
NAMESPACE = "default"


class World:
    def __init__(self, tls: Tls | None = None) -> None:
        self.cluster = Cluster()
        self.images = {IMAGE: 1000}
        """Those that can be pulled, and the user that each runs as."""
        self.kubelet = Kubelet(self.cluster, self.images)
        self.owners = Owners(self.cluster)
        self.server = ApiServer(self.cluster, self.kubelet, None if tls is None else _context(tls))
        self._tls = tls
        self.faults = self.server.faults
        self.watches = self.server.watches
        self.add_namespace(NAMESPACE)

    # --- Reaching it --------------------------------------------------------------------------------------------

    @property
    def asked(self) -> list[Asked]:
        """All requests so far."""
        return self.server.asked

    @property
    def url(self) -> str:
        return f"{'http' if self.server.tls is None else 'https'}://127.0.0.1:{self.server.server_address[1]}"

    def kubeconfig(self, path: Path, *, token: str | None = None, **context: str) -> Path:
        """Written to `path`, as YAML, of which JSON is a part."""
        cluster: Json = {"server": self.url}
        if self._tls is not None:
            cluster["certificate-authority"] = str(self._tls.authority)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": {"token": token or self.server.token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", **context}}],
            "current-context": "x",
        }
        path.write_text(json.dumps(config))
        return path

    # --- What is there ------------------------------------------------------------------------------------------

    def add_namespace(self, name: str, labels: dict[str, str] | None = None) -> None:
        self.cluster.create(NAMESPACES, "", {"metadata": {"name": name, "labels": labels or {}}})

    def put(self, kind: Kind, it: Json) -> Json:
        """Has it stand there as it is, with its status, in a namespace made for it; such a pod is nobody's process."""
        metadata = it["metadata"]
        namespace = metadata.setdefault("namespace", NAMESPACE) if kind.namespaced else ""
        if namespace and self.cluster.store.find(Key(NAMESPACES, "", namespace)) is None:
            self.add_namespace(namespace)
        whole = {"kind": kind.kind, "apiVersion": kind.api_version, **it}
        whole["metadata"] = {"uid": f"uid of {metadata['name']}", **metadata}
        return self.cluster.store.add(Key(kind, namespace, metadata["name"]), whole)

    def pods(self, namespace: str = NAMESPACE) -> list[Json]:
        return self.cluster.store.objects(PODS, namespace)

    def pod(self, name: str, namespace: str = NAMESPACE) -> Json:
        return self.cluster.store.get(Key(PODS, namespace, name))

    def move(self, name: str, namespace: str = NAMESPACE, **status: Any) -> Json:
        """Changes the status of a pod by hand."""
        return self.cluster.store.change(Key(PODS, namespace, name), lambda it: it["status"].update(status))

    def life(self, name: str, namespace: str = NAMESPACE) -> Life:
        return self.kubelet.lives[self.pod(name, namespace)["metadata"]["uid"]]

    def pids(self) -> list[int]:
        """Of the containers that run, of pods that are gone as well."""
        lives = list(self.kubelet.lives.values())
        return [life.container.pid for life in lives if life.container is not None and not life.container.has_ended]

    # --- What goes wrong ----------------------------------------------------------------------------------------

    def deny(self, verb: str, resource: str) -> None:
        """Its user may not any more: ("create", "pods/portforward")."""
        self.server.denied.add((verb, resource))

    def trouble(self, trouble: Trouble) -> None:
        self.kubelet.troubles.append(trouble)
        self.kubelet.poke()

    def heal(self) -> None:
        self.kubelet.troubles.clear()
        self.kubelet.poke()

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        container = self.life(name).container
        assert container is not None, "expected a pod that runs"
        container.signal(number)

    def kill_out_of_memory(self, name: str) -> None:
        self.life(name).reason_of_end = "OOMKilled"
        self.kill(name)

    def evict(self, name: str, words: str = "The node was low on resource: memory. ") -> None:
        self._end_by_kubelet(name, "Evicted", words)

    def shut_node_down(self, name: str) -> None:
        self._end_by_kubelet(name, "Terminated", "Pod was terminated in response to imminent node shutdown.")

    @contextmanager
    def when_running(self, do: Callable[[str], None]) -> Iterator[None]:
        """Does that to each pod as soon as it runs."""
        self.kubelet.when_running.append(do)
        try:
            yield
        finally:
            self.kubelet.when_running.remove(do)

    def _end_by_kubelet(self, name: str, reason: str, words: str) -> None:
        life = self.life(name)
        life.verdict = (reason, words)
        life.poke()

    def preempt(self, name: str, by: str = "default/important") -> None:
        """As the scheduler does it: the pod is told why, and deleted."""
        words = f"default-scheduler: preempting to accommodate a higher priority pod {by}"
        disrupted = statuses.condition("DisruptionTarget", True, "PreemptionByScheduler", words)
        key = Key(PODS, NAMESPACE, name)
        pod = self.cluster.store.change(key, lambda it: statuses.with_condition(it["status"], disrupted))
        self.cluster.tell(pod, "Normal", "Preempted", f"Preempted by {by} on node {statuses.NODE}", "default-scheduler")
        self.cluster.delete(*key, {})

    def lose_node(self) -> None:
        """Its kubelet is silent: pods that were ready are said not to be, and no more; what runs goes on."""
        self.kubelet.works = False
        for it in self.cluster.store.objects(PODS):
            if _is_ready(it):
                not_ready = statuses.condition("Ready", False)
                key = Key(PODS, it["metadata"]["namespace"], it["metadata"]["name"])
                self.cluster.store.change(key, lambda it: statuses.with_condition(it["status"], not_ready))  # noqa: B023

    def taint_evicts(self, name: str) -> None:
        """What the control plane does 300 s after a node was lost: the pod is to go, and nobody ends it."""
        words = "Taint manager: deleting due to NoExecute taint"
        disrupted = statuses.condition("DisruptionTarget", True, "DeletionByTaintManager", words)
        key = Key(PODS, NAMESPACE, name)
        self.cluster.store.change(key, lambda it: statuses.with_condition(it["status"], disrupted))
        self.cluster.delete(*key, {})

    def find_node(self) -> None:
        self.kubelet.works = True
        self.kubelet.poke()

    def cut_tunnels(self) -> int:
        """How many there were."""
        open_ = list(self.server.tunnels)
        for tunnel in open_:
            tunnel.cut()
        return len(open_)

    def end_watches(self) -> None:
        """As the server does now and then: each comes to its end."""
        self._order("ended")

    def cut_watches(self) -> None:
        """Each breaks off in the middle."""
        self._order("cut")

    def fail_watches(self) -> None:
        """Each is told that its version is too old: 410, within the stream."""
        self._order("errors")

    def _order(self, what: str) -> None:
        with self.cluster.store.changed:
            setattr(self.watches, what, getattr(self.watches, what) + 1)
            self.cluster.store.changed.notify_all()

    def compact(self) -> None:
        """Forgets what has changed so far: whoever asks for it hears 410."""
        self.cluster.store.compact()

    def silence_watches(self, are_silent: bool = True) -> None:
        with self.cluster.store.changed:
            self.watches.are_silent = are_silent
            self.cluster.store.changed.notify_all()

    # --- Its end ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        self.kubelet.start()
        self.owners.start()
        self._serving = serve_in_thread(self.server)

    def end(self) -> None:
        self.server.shutdown()
        self._serving.join()
        self.end_watches()
        self.cut_tunnels()
        self.owners.end()
        self.kubelet.end()
        for connection in list(self.server.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server.server_close()


def _is_ready(it: Json) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in it["status"].get("conditions", ()))


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate, tls.key)
    return context


@contextmanager
def kubernetes_world(*, tls: Tls | None = None) -> Iterator[World]:
    """A cluster, with all its pods ended at the end; AssertionError when it had to answer what the API cannot."""
    world = World(tls)
    world.start()
    try:
        yield world
    finally:
        world.end()
    assert not world.server.mistakes, "\n".join(world.server.mistakes)


def pod(name: str, ip: str | None, *, ready: bool = True, phase: str = "Running", **metadata: Any) -> Json:
    """A pod as the API shows it, for `put`: `ip` is None until it has one."""
    shown = statuses.condition("Ready", ready)
    status = {"phase": phase, "conditions": [shown], **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})}
    about = {"name": name, "namespace": "default", "labels": {"app": "web"}, **metadata}
    return {"metadata": about, "spec": {"containers": [{"name": "main"}]}, "status": status}
