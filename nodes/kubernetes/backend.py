"""Nodes in the pods of a Kubernetes cluster.

    boot ──► rights ──► owner and watch ──► Secret ──► pod        (see `making`)
    describe: what the one watch of the namespace saw last         (see `session`, `pod_state`)
    stop ──► DELETE with grace ──► until it is gone

Nothing is asked in the event loop: the client blocks, and is used in threads.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import os
import time
from collections.abc import Mapping, Sequence
from contextvars import copy_context
from typing import Any, Final, Literal

from nodes import phases
from nodes.backend import BackendError, Description, Machine, Tunnel
from nodes.invitation import CHILD_PORT, Invitation
from nodes.kubernetes import manifest
from nodes.kubernetes import template as templates
from nodes.kubernetes.api import Api, api_of
from nodes.kubernetes.configuration import is_inside
from nodes.kubernetes.making import Making, delete_options
from nodes.kubernetes.manifest import Order
from nodes.kubernetes.names import Identity
from nodes.kubernetes.options import GRACE_SECONDS, Options, Reach, Template
from nodes.kubernetes.pods import Pod
from nodes.kubernetes.refusals import ApiRefused, ApiUnreachable, as_backend_error
from nodes.kubernetes.session import PODS, Session
from nodes.kubernetes.tunnel import open_tunnel
from nodes.own_thread import in_own_thread

logger = logging.getLogger("nodes.kubernetes")

GONE_SECONDS: Final = 60.0
"""How much longer than its grace a pod may take to be gone."""
LOOK_SECONDS: Final = 5.0
"""How often a pod that is to go is asked for, besides the watch."""
LOG_LINES: Final = 40
LOG_BYTES: Final = 16_384
LOG_SECONDS: Final = 3.0
LOG_PAUSE: Final = 5.0
"""Between two questions for the log of a pod that runs and has not joined."""


class Kubernetes:
    """Boots nodes in pods. Inside a pod of the cluster its service account is used, and the child dials the parent's
    pod; elsewhere the kubeconfig, and the child is reached by port-forward.

    `namespace` and `image` default to those of the parent's own pod (outside, the namespace is that of the context).
    `template` is a pod's manifest, as a mapping or the path of a YAML file, for all that has no option here;
    `container` names the one of its containers in which the node runs. `cpu`, `memory` and `gpu` are requested and are
    the limit as well. `env` are plain variables; `secrets` and `env_from` refer to Secrets that are there
    (`{"HF_TOKEN": "hugging-face/token"}`, `["database"]`), so that no value of theirs is ever in a manifest.
    `volumes` are claims and the paths where they are mounted. With `owner_reference=False` nothing owns the pods: they
    are deleted by this program alone. `grace` is how many seconds a pod has to end by itself.

    `unschedulable="fail"` fails a boot at once for which no node has room, unless an autoscaler is adding one; "wait"
    waits until the boot's own deadline. `reach` says who dials: "dial", the child the parent, at `host`; "forward",
    the parent the child. `force_stop_after` takes a pod off the books that many seconds after it should have ended, as
    on a node that is lost: its processes may go on there. `price_per_hour` is what one pod costs, in dollars.

    >>> Kubernetes(namespace="ml", image="registry.example/child:1", gpu=1)
    Kubernetes(namespace='ml', image='registry.example/child:1', gpu=1)
    """

    platform = "k8s"
    """As specs name it."""

    def __init__(
        self,
        namespace: str | None = None,
        image: str | None = None,
        *,
        context: str | None = None,
        kubeconfig: str | os.PathLike[str] | None = None,
        template: Template | None = None,
        container: str | None = None,
        command: Sequence[str] | None = None,
        cpu: str | None = None,
        memory: str | None = None,
        gpu: int = 0,
        gpu_resource: str = "nvidia.com/gpu",
        shared_memory: str | None = None,
        env: Mapping[str, str] | None = None,
        secrets: Mapping[str, str] | None = None,
        env_from: Sequence[str] = (),
        volumes: Mapping[str, str] | None = None,
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        node_selector: Mapping[str, str] | None = None,
        tolerations: Sequence[Mapping[str, Any]] = (),
        service_account: str | None = None,
        image_pull_secrets: Sequence[str] = (),
        image_pull_policy: str | None = None,
        priority_class: str | None = None,
        run_as_user: int | None = None,
        owner_reference: bool = True,
        grace: float = GRACE_SECONDS,
        unschedulable: Literal["wait", "fail"] = "wait",
        reach: Reach | None = None,
        host: str | None = None,
        force_stop_after: float | None = None,
        price_per_hour: float | None = None,
    ) -> None:
        self.options = Options(
            namespace=namespace,
            image=image,
            context=context,
            kubeconfig=None if kubeconfig is None else os.fspath(kubeconfig),
            template=template,
            container=container,
            command=command,
            cpu=cpu,
            memory=memory,
            gpu=gpu,
            gpu_resource=gpu_resource,
            shared_memory=shared_memory,
            env=dict(env or {}),
            secrets=dict(secrets or {}),
            env_from=env_from,
            volumes=dict(volumes or {}),
            labels=dict(labels or {}),
            annotations=dict(annotations or {}),
            node_selector=dict(node_selector or {}),
            tolerations=tolerations,
            service_account=service_account,
            image_pull_secrets=image_pull_secrets,
            image_pull_policy=image_pull_policy,
            priority_class=priority_class,
            run_as_user=run_as_user,
            owner_reference=owner_reference,
            grace=grace,
            unschedulable=unschedulable,
            reach=reach,
            host=host,
            force_stop_after=force_stop_after,
            price_per_hour=price_per_hour,
        )
        self._template = templates.read(template)
        templates.main_container(self._template, container)
        self._machines: dict[str, tuple[Session, Pod]] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}

    def __repr__(self) -> str:
        told = ("namespace", "image", "context", "cpu", "memory", "gpu")
        values = {name: getattr(self.options, name) for name in told}
        return f"Kubernetes({', '.join(f'{name}={value!r}' for name, value in values.items() if value)})"

    @property
    def dials_child(self) -> bool:
        """Whether children wait to be dialled, by port-forward: this program has no address that pods can reach."""
        options = self.options
        if options.reach is not None:
            return options.reach == "forward"
        named_another = options.kubeconfig is not None or options.context is not None
        return options.host is None and (named_another or not is_inside())

    @property
    def advertise(self) -> str | None:
        """The address at which pods reach this program."""
        return self.options.host or os.environ.get("POD_IP")

    @property
    def price_per_hour(self) -> float | None:
        """What one pod costs, in dollars, if that was told."""
        return self.options.price_per_hour

    def manifest(self) -> dict[str, Any]:
        """The pod that a boot asks for, with made-up names and no owner, to be looked at or put to a policy's tests. No
        cluster is asked; an image that would be the parent's own is "the-parents-own".

        >>> Kubernetes("ml", "child:1", cpu="2").manifest()["spec"]["containers"][0]["resources"]["limits"]
        {'cpu': '2', 'memory': '1Gi'}
        """
        identity = Identity("app-0", "app@10.0.0.7", "app-1@10.0.0.7", "pool", "pool-1")
        name = identity.pod_name()
        return manifest.pod(
            Order(
                name=name,
                namespace=self.options.namespace or "default",
                identity=identity,
                options=self.options,
                template=self._template,
                secret=name,
                image="the-parents-own",
                listens=CHILD_PORT if self.dials_child else None,
            )
        )

    async def boot(self, invitation: Invitation) -> Machine:
        loop, context = asyncio.get_running_loop(), copy_context()

        def say(words: str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(lambda: context.run(phases.tell, words))

        making = Making(self._api, self.options, self._template, invitation, say)
        thread = asyncio.ensure_future(in_own_thread(making.run))
        try:
            session, pod = await asyncio.shield(thread)
        except asyncio.CancelledError:
            making.cancel()
            await asyncio.shield(self._undo(thread))  # also when this is cancelled once more, as at a time limit
            raise
        machine = Machine(f"{pod.namespace}/{pod.name}", f"pod {pod.name} in {pod.namespace}")
        self._machines[machine.id] = session, pod
        return machine

    async def stop(self, machine: Machine) -> None:
        known = self._machines.get(machine.id)
        if known is None:
            return
        await self._stop(*known)
        self._machines.pop(machine.id, None)

    async def describe(self, machine: Machine) -> Description:
        known = self._machines.get(machine.id)
        if known is None:
            return Description("ended", None, "", "it was stopped")
        session, pod = known
        verdict = pod.verdict(wait_for_room=self.options.unschedulable == "wait")
        has_run = pod.running_since is not None or verdict.exit_code is not None
        if verdict.state == "ended" and has_run and not pod.is_log_whole and not pod.is_gone:
            pod.is_log_whole = True
            await in_own_thread(self._read_log, session.api, pod)
        elif verdict.state == "running":
            self._read_log_soon(session.api, pod)
        words = verdict.words
        trouble = session.trouble()
        if trouble and verdict.state != "ended":
            words = f"{words} ({trouble})"
        return Description(verdict.state, verdict.exit_code, pod.log or verdict.message, words, verdict.cause)

    async def tunnel(self, machine: Machine) -> Tunnel:
        """A new way to the machine's child, by port-forward."""
        known = self._machines.get(machine.id)
        if known is None:
            raise BackendError(f"expected a pod that runs to forward a port to; {machine.where} was stopped")
        session, pod = known
        return await open_tunnel(session.api, pod.namespace, pod.name, CHILD_PORT)

    @property
    def _api(self) -> Api:
        return api_of(self.options.kubeconfig, self.options.context)

    async def _undo(self, thread: asyncio.Future[tuple[Session, Pod]]) -> None:
        """What makes it cannot be cancelled: the pod is deleted, for nobody else would know of it."""
        try:
            session, pod = await thread
        except Exception:  # it was not made, or is undone
            return
        await self._stop(session, pod)

    async def _stop(self, session: Session, pod: Pod) -> None:
        pod.stopping = True
        began = time.monotonic()
        gone = asyncio.Event()
        loop = asyncio.get_running_loop()
        pod.when_gone(lambda: _set_soon(loop, gone))
        if not pod.is_gone:
            # Of a pod none of whose containers has begun there is no process: it need not be waited for, which takes
            # a kubelet a minute for one whose image it cannot have.
            at_once = not pod.has_begun and not session.trouble()
            await in_own_thread(self._delete, session, pod, 0 if at_once else math.ceil(self.options.grace))
        await in_own_thread(session.drop_secret, pod)
        force_after = self.options.force_stop_after
        while not gone.is_set():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await gone.wait()
                    break
            await in_own_thread(self._look, session, pod)
            late = time.monotonic() - began - self.options.grace
            if force_after is not None and late > force_after:
                force_after = None
                logger.warning("%s is forced off the books: what runs of it may go on", pod.name)
                await in_own_thread(self._delete, session, pod, 0)
            elif late > GONE_SECONDS and not pod.is_gone:
                raise BackendError(
                    f"the pod {pod.name} was to be deleted and is still there after {time.monotonic() - began:.0f} s: "
                    f"{pod.verdict(wait_for_room=True).words}",
                    remedy="its node may be lost: force_stop_after= forgets such a pod, which may go on there",
                )
        await in_own_thread(session.leave, pod)

    def _delete(self, session: Session, pod: Pod, grace: int) -> None:
        path = f"{PODS.format(pod.namespace)}/{pod.name}"
        try:
            session.api.ask("DELETE", path, body=delete_options(grace, pod.uid))
        except ApiRefused as refusal:
            if refusal.status not in (404, 409):  # gone; or another one that has its name
                raise as_backend_error(refusal, f"delete the pod {pod.name}") from refusal
            session.vanished(pod)
        except ApiUnreachable as error:
            raise as_backend_error(error, f"delete the pod {pod.name}") from error

    def _look(self, session: Session, pod: Pod) -> None:
        """The watch may be silent."""
        try:
            seen = session.api.ask("GET", f"{PODS.format(pod.namespace)}/{pod.name}", within=LOOK_SECONDS)
        except ApiRefused as refusal:
            if refusal.status == 404:
                session.vanished(pod)
        except ApiUnreachable:
            return  # asked again, until the time is over
        else:
            if seen["metadata"]["uid"] != pod.uid:
                session.vanished(pod)

    def _read_log_soon(self, api: Api, pod: Pod) -> None:
        """Of one that runs, and that somebody looks at: it has not joined yet, which its log may explain."""
        now = time.monotonic()
        since = pod.running_since
        if since is None or now - since < LOG_SECONDS or pod.name in self._reading:
            return
        if pod.log_at is not None and now - pod.log_at < LOG_PAUSE:
            return
        task = asyncio.get_running_loop().create_task(in_own_thread(self._read_log, api, pod))
        self._reading[pod.name] = task
        task.add_done_callback(lambda _: self._reading.pop(pod.name, None))

    def _read_log(self, api: Api, pod: Pod) -> None:
        pod.log_at = time.monotonic()
        query = {"container": pod.main, "tailLines": str(LOG_LINES), "limitBytes": str(LOG_BYTES)}
        path = f"{PODS.format(pod.namespace)}/{pod.name}/log"
        try:
            pod.log = api.ask_bytes("GET", path, query=query, within=LOG_SECONDS).decode("utf-8", "replace")
        except (ApiRefused, ApiUnreachable) as error:
            # It is an extra: without it the end is told all the same, with what the cluster says.
            logger.info("the log of %s cannot be read: %s", pod.name, error)


def _set_soon(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits
        loop.call_soon_threadsafe(event.set)
