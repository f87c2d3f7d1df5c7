"""The scheduler and the kubelet of this world: each pod is bound to the one node, and its container is run.

    ADDED Pending ─► PodScheduled ─► ContainerCreating ─► Running ─► Succeeded / Failed
                          │                 │                │
                  unschedulable      image, config       DELETE: TERM, the grace, KILL; told as ended, then gone

Each pod has a thread that lives its life, and sleeps until something of the pod has changed.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.kubernetes_world import statuses, troubles
from tests.support.kubernetes_world.cluster import Cluster, timestamp
from tests.support.kubernetes_world.container import CannotStart, Container
from tests.support.kubernetes_world.description import Json
from tests.support.kubernetes_world.kinds import CLAIMS, PODS
from tests.support.kubernetes_world.probes import answers
from tests.support.kubernetes_world.refusals import Refused
from tests.support.kubernetes_world.store import Key
from tests.support.kubernetes_world.troubles import Trouble
from tests.support.kubernetes_world.variables import NoConfig, environment, expanded

NODE_ADDRESS = "127.0.0.1"
PROBE_SECONDS = 0.02
"""Between two looks whether a pod is ready: a second and more, in earnest."""


class Kubelet(threading.Thread):
    def __init__(self, cluster: Cluster, images: dict[str, int]) -> None:
        super().__init__(name="kubelet", daemon=True)
        self.cluster = cluster
        self.images = images
        self.troubles: list[Trouble] = []
        self.directory = tempfile.TemporaryDirectory(prefix="pods-", ignore_cleanup_errors=True)
        self.lives: dict[str, Life] = {}
        """By the pods' uids, those that have ended among them."""
        self.when_running: list[Callable[[str], None]] = []
        """Called with the name of each pod whose container has been started."""
        self.works = True
        """False: the node is lost, with what runs on it left running."""
        self._numbers = itertools.count(1)
        self._ends = False

    def run(self) -> None:
        store = self.cluster.store
        place = store.since(store.version)
        while not self._ends:
            with store.changed:
                store.changed.wait_for(lambda: self._ends or store.count() > place)  # noqa: B023
                changes = store.changes_from(place)
                place += len(changes)
            for change in changes:
                if change.key.kind == PODS:
                    self._look(change.object)

    def _look(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        life = self.lives.get(uid)
        if life is None and not pod["status"].get("conditions") and "deletionTimestamp" not in pod["metadata"]:
            self.lives[uid] = life = Life(self, pod, self._address())
            life.start()
        elif life is not None:
            life.poke()

    def _address(self) -> str:
        """Of this host, for only Linux answers at all of 127.0.0.0/8; elsewhere pods share their ports. Other processes
        with tests have clusters as well, and so other addresses."""
        if sys.platform != "linux":
            return "127.0.0.1"
        number, process = next(self._numbers), os.getpid()
        return f"127.{16 + process % 200}.{process // 200 % 50 * 5 + number // 250 % 5}.{number % 250 + 1}"

    def poke(self) -> None:
        for life in list(self.lives.values()):
            life.poke()

    def end(self) -> None:
        with self.cluster.store.changed:
            self._ends = True
            self.cluster.store.changed.notify_all()
        self.join()
        for life in list(self.lives.values()):
            life.abandon()
        for life in list(self.lives.values()):
            life.join()
        self.directory.cleanup()


class _Gone(Exception):
    """The pod is not there any more: what ran of it is killed."""


class _Deleted(Exception):
    """The pod is to go."""


class Life(threading.Thread):
    """Of one pod. `container` is there once it was started."""

    def __init__(self, kubelet: Kubelet, pod: Json, address: str) -> None:
        super().__init__(name=f"pod {pod['metadata']['name']}", daemon=True)
        self.address = address
        self.container: Container | None = None
        self.previous_log = b""
        self.verdict: tuple[str, str] | None = None
        """Why the kubelet itself ends the pod: a reason and the words for it."""
        self.reason_of_end: str | None = None
        """Of the container, in place of "Error": OOMKilled."""
        self.directory = Path(kubelet.directory.name, pod["metadata"]["uid"])
        self._kubelet = kubelet
        self._store = kubelet.cluster.store
        self._key = Key(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])
        self._uid = pod["metadata"]["uid"]
        self._poked = threading.Event()
        self.id = f"{self._key.namespace}/{self._key.name}"
        self._abandoned = False
        self._since: str | None = None
        self._restarts = 0
        self._last_state: Json = {}
        self._id = f"containerd://{self._uid.replace('-', '')}"
        self._deadline = float("inf")

    def poke(self) -> None:
        self._poked.set()

    def abandon(self) -> None:
        self._abandoned = True
        self._poked.set()

    def run(self) -> None:
        self.directory.mkdir(parents=True)
        try:
            self._live()
        except _Gone:
            pass
        except _Deleted:
            self._leave()
        finally:
            if self.container is not None and not self.container.has_ended:
                self.container.kill()

    def _live(self) -> None:
        self._be_scheduled()
        self._prepare()
        while self._run_once():
            self._restarts += 1
            self._await(troubles.RESTART_SECONDS)
        self._until(lambda: False, stop_when_deleted=True)

    # --- What is known of the pod -------------------------------------------------------------------------------

    def _pod(self) -> Json:
        pod = self._store.find(self._key)
        if self._abandoned or pod is None or pod["metadata"]["uid"] != self._uid:
            raise _Gone
        return pod

    def _told(self, how: Callable[[Json, Json], None]) -> None:
        """Changes the status of the pod, given with its spec."""
        try:
            self._store.change(self._key, lambda it: how(it["status"], it["spec"]) if self._is_ours(it) else None)
        except Refused as refused:
            raise _Gone from refused

    def _is_ours(self, pod: Json) -> bool:
        return bool(pod["metadata"]["uid"] == self._uid)

    def _tell(self, type_: str, reason: str, message: str, component: str = "kubelet") -> None:
        self._kubelet.cluster.tell(self._pod(), type_, reason, message, component)

    def _until(
        self,
        done: Callable[[], Any],
        seconds: float | None = None,
        *,
        stop_when_deleted: bool = True,
        every: float | None = None,
    ) -> bool:
        """Waits until `done`; False when the seconds are over. _Deleted when the pod is to go, _Gone once it is."""
        end = None if seconds is None else time.monotonic() + seconds
        while True:
            self._poked.clear()
            pod = self._pod()
            if self._kubelet.works:
                if stop_when_deleted and "deletionTimestamp" in pod["metadata"]:
                    raise _Deleted
                if done():
                    return True
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                return False
            pauses = [it for it in (left, every) if it is not None]
            self._poked.wait(min(pauses) if pauses else None)

    def _await(self, seconds: float) -> None:
        if seconds:
            self._until(lambda: False, seconds)

    def _trouble(self, kind: type[Trouble]) -> Any:
        pod = self._pod()
        return next((it for it in self._kubelet.troubles if isinstance(it, kind) and it.meets(pod)), None)

    # --- Until it runs ------------------------------------------------------------------------------------------

    def _be_scheduled(self) -> None:
        while words := self._why_unschedulable():
            self._tell("Warning", "FailedScheduling", words, "default-scheduler")
            self._be_unschedulable(words)

        def bind(it: Json) -> None:
            it["spec"]["nodeName"] = statuses.NODE
            statuses.with_condition(it["status"], statuses.condition("PodScheduled", True))

        try:
            self._store.change(self._key, bind)
        except Refused as refused:
            raise _Gone from refused
        what = f"Successfully assigned {self._key.namespace}/{self._key.name} to {statuses.NODE}"
        self._tell("Normal", "Scheduled", what, "default-scheduler")
        self._deadline = time.monotonic() + self._pod()["spec"].get("activeDeadlineSeconds", float("inf"))

    def _be_unschedulable(self, words: str) -> None:
        condition = statuses.condition("PodScheduled", False, "Unschedulable", words)
        self._told(lambda status, _: statuses.with_condition(status, condition))
        self._until(lambda: self._why_unschedulable() != words)

    def _why_unschedulable(self) -> str:
        if trouble := self._trouble(troubles.Unschedulable):
            return str(trouble.words)
        spec = self._pod()["spec"]
        for volume in spec.get("volumes") or []:
            claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if claim and self._store.find(Key(CLAIMS, self._key.namespace, claim)) is None:
                return f'0/1 nodes are available: 1 persistentvolumeclaim "{claim}" not found.'
        asked = {name for it in spec["containers"] for name in (it["resources"].get("requests") or {})}
        if missing := sorted(asked - {"cpu", "memory", "ephemeral-storage"}):
            return f"0/1 nodes are available: 1 Insufficient {missing[0]}."
        if not (spec.get("nodeSelector") or {}).items() <= {"kubernetes.io/hostname": statuses.NODE}.items():
            return "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity."
        return ""

    def _prepare(self) -> None:
        self._told(self._creating)
        if slow := self._trouble(troubles.SlowStart):
            self._until(lambda: self._trouble(troubles.SlowStart) is None, slow.seconds)
        for container in self._pod()["spec"]["containers"]:
            self._pull(container)
            self._configure(container)

    def _creating(self, status: Json, spec: Json) -> None:
        status["startTime"] = timestamp()
        status["hostIP"] = NODE_ADDRESS
        statuses.with_condition(status, statuses.condition("Initialized", True))
        statuses.readiness(status, spec, False)
        self._waits(status, spec, "ContainerCreating")

    def _waits(self, status: Json, spec: Json, reason: str, message: str = "") -> None:
        state = statuses.waiting(reason, message)
        more = {"restarts": self._restarts, "last_state": self._last_state}
        status["containerStatuses"] = [statuses.container_status(it, state, **more) for it in spec["containers"]]

    def _wait_because(self, reason: str, message: str) -> None:
        if self._has_address():
            self._told(lambda status, _: status.update(self._addresses()))
        self._told(lambda status, spec: self._waits(status, spec, reason, message))

    def _has_address(self) -> bool:
        return not self._pod()["status"].get("podIP")

    def _addresses(self) -> Json:
        return {"podIP": self.address, "podIPs": [{"ip": self.address}]}

    def _pull(self, container: Json) -> None:
        image = container["image"]
        for attempt in itertools.count(1):
            if (trouble := self._why_no_image(container)) is None or attempt > trouble.pulls:
                break
            if trouble.reason == "ErrImagePull":
                self._tell("Normal", "Pulling", f'Pulling image "{image}"')
                self._tell("Warning", "Failed", f'Failed to pull image "{image}": {trouble.words}')
            self._tell("Warning", "Failed", f"Error: {trouble.reason}")
            self._wait_because(trouble.reason, trouble.words)
            if trouble.reason == "ErrImagePull":
                self._await(troubles.BACK_OFF_SECONDS)
                self._tell("Normal", "BackOff", f'Back-off pulling image "{image}"')
                self._wait_because("ImagePullBackOff", f'Back-off pulling image "{image}"')
            self._until(lambda: self._why_no_image(container) is None, troubles.BACK_OFF_SECONDS * attempt)
        self._tell("Normal", "Pulled", f'Container image "{image}" already present on machine')

    def _why_no_image(self, container: Json) -> troubles.ImageError | None:
        return self._trouble(troubles.ImageError) or troubles.of_image(container, self._kubelet.images)

    def _configure(self, container: Json) -> None:
        """Returns when all that its variables refer to is there."""
        for attempt in itertools.count(1):
            try:
                self._check_config(container, attempt)
            except NoConfig as error:
                self._tell("Warning", "Failed", f"Error: {error}")
                self._wait_because("CreateContainerConfigError", str(error))
                self._until(lambda: False, troubles.BACK_OFF_SECONDS)
            else:
                return

    def _check_config(self, container: Json, attempt: int) -> None:
        if (trouble := self._trouble(troubles.ConfigError)) and attempt <= trouble.tries:
            raise NoConfig(trouble.words)
        if why := troubles.of_user(container, self._pod(), self._kubelet.images):
            raise NoConfig(why)
        environment(self._store, self._pod(), container)

    # --- While it runs ------------------------------------------------------------------------------------------

    def _run_once(self) -> bool:
        """Whether its container is to be started once more."""
        pod = self._pod()
        [container] = pod["spec"]["containers"]
        try:
            self._start_container(pod, container)
        except CannotStart as error:
            self._tell("Warning", "Failed", f"Error: {error}")
            self._ended(statuses.terminated(128, "StartError", str(error), "1970-01-01T00:00:00Z", self._id), 128)
            return False
        probe = container.get("readinessProbe")
        self._until(lambda: self._runs_no_more(probe), every=PROBE_SECONDS if probe else self._left())
        assert self.container is not None, "it was started"
        if self.verdict is not None:
            self._told(self._ended_by_the_kubelet)
            self._end_container()
            return False
        return self._after_the_end(container)

    def _left(self) -> float | None:
        return None if self._deadline == float("inf") else max(0.0, self._deadline - time.monotonic())

    def _start_container(self, pod: Json, container: Json) -> None:
        if self.container is not None:
            self.previous_log = self.container.log.read_bytes()
            self.container.log.unlink()
        addressed = {**pod, "status": {**pod["status"], **self._addresses()}}
        variables = environment(self._store, addressed, container)
        service = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self._kubelet.cluster.port)}
        standing = {
            **service,
            "KUBERNETES_PORT_443_TCP_PORT": str(self._kubelet.cluster.port),
            "HOSTNAME": self._key.name,
        }
        # The image's own: ENTRYPOINT ["tini", "-g", "--"], CMD ["python3"].
        command = container.get("command") or ["tini", "-g", "--", *([] if container.get("args") else ["python3"])]
        command = [*command, *(container.get("args") or [])]
        self.container = Container(
            [expanded(word, variables) for word in command],
            {**standing, **variables},
            self.directory,
            self.address,
            container.get("workingDir"),
            self.poke,
        )
        self._since = timestamp()
        self._tell("Normal", "Created", f"Created container {container['name']}")
        self._tell("Normal", "Started", f"Started container {container['name']}")
        self._told(self._running)
        for hook in self._kubelet.when_running:
            hook(self._key.name)

    def _running(self, status: Json, spec: Json) -> None:
        status.update(phase="Running", **self._addresses())
        assert self._since is not None, "it was started"
        ready = all("readinessProbe" not in it for it in spec["containers"])
        self._shows(status, spec, statuses.running(self._since), ready=ready)

    def _shows(self, status: Json, spec: Json, state: Json, *, ready: bool = False) -> None:
        more = {"restarts": self._restarts, "last_state": self._last_state, "containerID": self._id}
        status["containerStatuses"] = [
            statuses.container_status(it, state, ready=ready, **more) for it in spec["containers"]
        ]
        statuses.readiness(status, spec, ready)

    def _runs_no_more(self, probe: Json | None) -> bool:
        assert self.container is not None, "it was started"
        if self.container.has_ended or self.verdict is not None:
            return True
        if time.monotonic() > self._deadline:
            self.verdict = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")
            return True
        if probe is not None:
            ready = answers(probe, self.address)
            state = statuses.running(self._since or "")
            self._told(lambda status, spec: self._shows(status, spec, state, ready=ready))
        return False

    def _ended_by_the_kubelet(self, status: Json, spec: Json) -> None:
        """What it says at once, while the container still runs: and so it stays."""
        assert self.verdict is not None, "that is why"
        status["phase"], status["reason"], status["message"] = "Failed", *self.verdict
        for shown in status["containerStatuses"]:
            shown.pop("started", None)
            shown["ready"] = False
        del status["conditions"]

    def _end_container(self) -> None:
        container = self.container
        assert container is not None, "it was started"
        container.signal(signal.SIGTERM)
        grace = self._pod()["spec"]["terminationGracePeriodSeconds"]
        if not self._until(lambda: container.has_ended, grace, stop_when_deleted=False):
            container.kill()

    def _after_the_end(self, container: Json) -> bool:
        ended = self.container
        assert ended is not None, "it was started"
        code, policy = ended.exit_code, self._pod()["spec"]["restartPolicy"]
        reason = self.reason_of_end or ("Completed" if code == 0 else "Error")
        state = statuses.terminated(code, reason, ended.message(container), self._since, self._id)
        if self.verdict is None and (policy == "Always" or (policy == "OnFailure" and code)):
            self._last_state = state
            what = f"back-off 10s restarting failed container={container['name']} pod={self._key.name}"
            self._wait_because("CrashLoopBackOff", what)
            return True
        self._ended(state, code)
        return False

    def _ended(self, state: Json, code: int) -> None:
        def ended(status: Json, spec: Json) -> None:
            status["phase"] = "Failed" if code else "Succeeded"
            self._shows(status, spec, state)

        self._told(ended)

    # --- When it is deleted -------------------------------------------------------------------------------------

    def _leave(self) -> None:
        """Ends it within its grace, tells how that went, and removes it; by force it is gone before."""
        with contextlib.suppress(_Gone):
            self._end_within_grace()
            container = self.container
            if container is not None and self._pod()["status"]["phase"] == "Running":
                [spec] = self._pod()["spec"]["containers"]
                code = container.exit_code
                state = statuses.terminated(
                    code, "Error" if code else "Completed", container.message(spec), self._since, self._id
                )
                self._ended(state, code)
            self._remove()

    def _end_within_grace(self) -> None:
        container = self.container
        if container is None or container.has_ended:
            return
        self._tell("Normal", "Killing", f"Stopping container {self._pod()['spec']['containers'][0]['name']}")
        container.signal(signal.SIGTERM)
        began = time.monotonic()

        def is_over() -> bool:
            grace = self._pod()["metadata"]["deletionGracePeriodSeconds"]  # which a second DELETE may shorten
            return container.has_ended or time.monotonic() - began >= grace

        self._until(is_over, stop_when_deleted=False, every=0.05)
        container.kill()

    def _remove(self) -> None:
        with self._store.changed:
            pod = self._pod()
            if not pod["metadata"].get("finalizers"):
                self._kubelet.cluster.mark(self._key, 0)
                self._store.remove(self._key)
