"""What the backend asks of a cluster, and what it makes of refusals, lost answers and broken watches.

One file, since all its tests boot by the same few ways on one emulated cluster and break it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from nodes import Description, Kubernetes, Machine
from nodes.backend import AuthError, BackendError, ConflictError, QuotaError
from nodes.invitation import Invitation
from nodes.kubernetes import api as apis
from nodes.kubernetes import backend as backends
from nodes.kubernetes import configuration, preflight, watch
from nodes.kubernetes import session as sessions
from nodes.kubernetes.lease import SessionLease, now, rfc3339
from nodes.kubernetes.making import Making
from nodes.kubernetes.names import Identity
from tests.support.authorities import Authority
from tests.support.kubernetes_world.faults import (
    NO_TOKEN_YET,
    TOO_MANY,
    UNAVAILABLE,
    HangUp,
    LoseReply,
    Refuse,
)
from tests.support.kubernetes_world.kinds import LEASES, PODS, SECRETS
from tests.support.kubernetes_world.world import IMAGE, NAMESPACE, World, kubernetes_world

WAITS = ["python3", "-c", "import time; print('it waits', flush=True); time.sleep(600)"]
IDENTITY = Identity("app-1", "app@h", "app-7@h")
INVITATION = Invitation("app@h", "h", 1, "app-7@h", b"sesame", 20.0, session="app-1", lease_seconds=60.0)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with kubernetes_world() as world:
        world.kubeconfig(tmp_path / "kubeconfig")
        yield world


@pytest.fixture
def kubernetes(world: World, tmp_path: Path) -> Callable[..., Kubernetes]:
    def made(**options: Any) -> Kubernetes:
        usual = {"kubeconfig": tmp_path / "kubeconfig", "image": IMAGE, "command": WAITS, "grace": 1.0}
        return Kubernetes(**{**usual, **options})

    return made


@pytest.fixture(autouse=True)
def logs_are_for_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pod that runs for longer, since the system is busy, is not asked for its log; and the log may take its time."""
    monkeypatch.setattr(backends, "LOG_SECONDS", 40.0)


def run(main: Coroutine[Any, Any, None]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(40):
            await main

    asyncio.run(bounded())


async def until(backend: Kubernetes, machine: Machine, wanted: Callable[[Description], bool]) -> Description:
    while not wanted(seen := await backend.describe(machine)):  # noqa: ASYNC110 - a platform has no event for this
        await asyncio.sleep(0.01)
    return seen


def runs(seen: Description) -> bool:
    return seen.state == "running"


def names(world: World, kind: Any) -> list[str]:
    ours = {"app.kubernetes.io/managed-by": "beamlike"}
    found = world.cluster.store.objects(kind)
    return [it["metadata"]["name"] for it in found if ours.items() <= (it["metadata"].get("labels") or {}).items()]


async def eventually(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - a platform has no event for this
        await asyncio.sleep(0.01)


# What is made, and what is left.


def test_a_pod_a_secret_and_a_lease_are_made_and_all_are_gone_at_the_end(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    async def main() -> None:
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        [pod], [lease] = names(world, PODS), names(world, LEASES)
        assert machine.id == f"{NAMESPACE}/{pod}"
        [owner] = world.pod(pod)["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"]) == ("Lease", lease)
        await backend.stop(machine)
        assert (names(world, PODS), names(world, SECRETS), names(world, LEASES)) == ([], [], [])
        assert (await backend.describe(machine)).state == "ended"

    run(main())


def test_the_invitation_is_in_a_secret_alone_which_goes_as_soon_as_the_container_runs(
    world: World, kubernetes: Callable[..., Kubernetes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sent: list[str] = []

    async def main() -> None:
        backend = kubernetes(command=["python3", "-c", "import os, time; print(os.environ['BEAMLIKE_INVITATION'])"])
        machine = await backend.boot(INVITATION)
        sent.append(json.dumps(world.pods()))
        seen = await until(backend, machine, lambda it: it.state == "ended")
        await eventually(lambda: names(world, SECRETS) == [])
        secret = seen.log.strip()
        assert len(secret) > 50
        assert secret not in "".join(sent)
        assert secret not in caplog.text
        await backend.stop(machine)

    run(main())


def test_a_stop_waits_for_the_secret_that_is_just_being_deleted(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on = threading.Event(), threading.Event()
    delete = sessions.delete

    def held(*args: Any, **options: Any) -> bool:
        begun.set()
        goes_on.wait(20)
        return delete(*args, **options)

    monkeypatch.setattr(sessions, "delete", held)

    async def main() -> None:
        backend = kubernetes(owner_reference=False)  # so that no collector tidies up behind it
        machine = await backend.boot(INVITATION)
        await eventually(begun.is_set)
        stopping = asyncio.create_task(backend.stop(machine))
        await eventually(lambda: names(world, PODS) == [])
        await asyncio.wait({stopping}, timeout=0.3)  # that it does not return cannot be waited for
        assert not stopping.done()
        goes_on.set()
        await stopping
        assert names(world, SECRETS) == []

    run(main())


def test_the_lease_stays_for_as_long_as_there_is_a_pod_and_is_one_for_all(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    async def main() -> None:
        backend, other = kubernetes(), kubernetes()
        first = await backend.boot(INVITATION)
        second = await other.boot(Invitation("app@h", "h", 1, "app-8@h", b"sesame", 20.0, session="app-1"))
        assert len(names(world, LEASES)) == 1
        await backend.stop(first)
        assert len(names(world, LEASES)) == 1
        assert len(names(world, PODS)) == 1
        await other.stop(second)
        assert names(world, LEASES) == []

    run(main())


def test_all_pods_of_a_node_are_watched_by_one_watch_and_to_describe_them_asks_nothing(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    async def main() -> None:
        backend = kubernetes()
        invitations = [
            Invitation("app@h", "h", 1, f"app-{number}@h", b"t", 20.0, session="app-1") for number in range(6)
        ]
        machines = await asyncio.gather(*(backend.boot(it) for it in invitations))
        await asyncio.gather(*(until(backend, it, runs) for it in machines))
        await eventually(lambda: names(world, SECRETS) == [])
        before = len(world.asked)
        for _ in range(20):
            for machine in machines:
                await backend.describe(machine)
        assert len(world.asked) - before < 6, "the lease may be renewed; no more is asked"
        assert sum(it.verb == "watch" and it.resource == "pods" for it in world.asked) <= 2
        await asyncio.gather(*(backend.stop(it) for it in machines))

    run(main())


# Refusals and lost answers.


@pytest.mark.parametrize("resource", ["pods", "secrets"])
@pytest.mark.parametrize("fault", [TOO_MANY, NO_TOKEN_YET, UNAVAILABLE, HangUp(), LoseReply()])
def test_what_passes_is_asked_again_and_one_pod_is_made_whatever_answer_was_lost(
    world: World, kubernetes: Callable[..., Kubernetes], resource: str, fault: Any
) -> None:
    async def main() -> None:
        world.faults.add("create", resource, fault)
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        assert len(names(world, PODS)) == 1
        await until(backend, machine, runs)
        await backend.stop(machine)
        assert (names(world, PODS), names(world, SECRETS), names(world, LEASES)) == ([], [], [])

    run(main())


def test_it_waits_for_as_long_as_the_server_asks(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        world.faults.add("create", "pods", TOO_MANY)
        backend, began = kubernetes(), time.monotonic()
        machine = await backend.boot(INVITATION)
        assert time.monotonic() - began >= 1.0
        await backend.stop(machine)

    run(main())


def test_a_name_that_somebody_else_has_is_left_to_them_and_another_is_taken(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    async def main() -> None:
        theirs = {
            "metadata": {"name": IDENTITY.pod_name()},
            "spec": {"containers": [{"name": "x", "image": IMAGE, "command": WAITS}]},
        }
        world.cluster.create(PODS, NAMESPACE, theirs)
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        assert machine.id == f"{NAMESPACE}/{IDENTITY.pod_name(1)}"
        await backend.stop(machine)
        assert [it["metadata"]["name"] for it in world.pods()] == [IDENTITY.pod_name()]
        assert names(world, SECRETS) == []

    run(main())


def test_when_every_name_is_taken_it_says_so(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        for attempt in range(8):
            theirs = {
                "metadata": {"name": IDENTITY.pod_name(attempt)},
                "spec": {"containers": [{"name": "x", "image": IMAGE, "command": WAITS}]},
            }
            world.cluster.create(PODS, NAMESPACE, theirs)
        with pytest.raises(ConflictError, match="a name for a pod that nobody has"):
            await kubernetes().boot(INVITATION)
        assert names(world, SECRETS) == []
        assert names(world, LEASES) == []

    run(main())


@pytest.mark.parametrize(
    ("refusal", "kind", "words"),
    [
        (
            Refuse(403, "Forbidden", message="exceeded quota: small, requested: pods=1, used: pods=2"),
            QuotaError,
            "quota",
        ),
        (Refuse(403, "Forbidden", message='violates PodSecurity "restricted:latest"'), BackendError, "take that out"),
        (Refuse(403, "Forbidden", message='admission webhook "p" denied the request: no'), BackendError, "policy"),
        (Refuse(422, "Invalid", message="spec.containers: Required value"), BackendError, "Required value"),
    ],
)
def test_a_pod_that_is_refused_is_told_by_its_kind_and_leaves_no_secret(
    world: World, kubernetes: Callable[..., Kubernetes], refusal: Refuse, kind: type[BackendError], words: str
) -> None:
    async def main() -> None:
        world.faults.add("create", "pods", refusal)
        with pytest.raises(kind, match=words) as caught:
            await kubernetes(owner_reference=False).boot(INVITATION)  # so that no collector tidies up behind it
        assert type(caught.value) is kind
        assert caught.value.permanent == (kind is BackendError)
        assert (names(world, PODS), names(world, SECRETS), names(world, LEASES)) == ([], [], [])

    run(main())


def test_every_right_that_is_missing_is_named_at_once_with_the_role_that_grants_them(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    async def main() -> None:
        for verb, resource in (("watch", "pods"), ("delete", "pods"), ("create", "leases")):
            world.deny(verb, resource)
        with pytest.raises(AuthError) as caught:
            await kubernetes().boot(INVITATION)
        words = str(caught.value)
        assert "delete, watch pods; create leases in the namespace default" in words
        assert 'apiGroups: ["coordination.k8s.io"]\n  resources: ["leases"]\n  verbs: [create]' in words
        assert [it for it in world.asked if it.verb == "create" and it.resource == "pods"] == []

    run(main())


def test_rights_are_asked_for_once(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        backend = kubernetes()
        asked = []
        for _ in range(2):
            await backend.stop(await backend.boot(INVITATION))
            asked.append(sum(it.resource == "selfsubjectaccessreviews" for it in world.asked))
        assert 0 < asked[0] == asked[1]

    run(main())


def test_without_events_and_logs_a_node_boots_all_the_same(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        for verb, resource in (("list", "events"), ("watch", "events"), ("get", "pods/log")):
            world.deny(verb, resource)
        backend = kubernetes(command=["python3", "-c", "print('the last words'); raise SystemExit(3)"])
        machine = await backend.boot(INVITATION)
        seen = await until(backend, machine, lambda it: it.state == "ended")
        assert (seen.exit_code, seen.cause) == (3, "crashed")
        assert "the last words" in seen.log  # of the status: FallbackToLogsOnError
        await backend.stop(machine)

    run(main())


def test_an_error_never_has_the_token_in_it(tmp_path: Path, world: World) -> None:
    token = "a-token-of-somebody-0123456789"
    kubeconfig = world.kubeconfig(tmp_path / "other", token=token)

    async def main() -> None:
        backend = Kubernetes(kubeconfig=kubeconfig, image=IMAGE)
        with pytest.raises(AuthError, match="401 Unauthorized") as caught:
            await backend.boot(INVITATION)
        assert token not in f"{backend!r} {caught.value} {caught.value.__cause__!r} {backend._api!r}"
        assert token not in repr(backend._api.configured)

    run(main())


# The watch.


@pytest.mark.parametrize(
    "break_it",
    [World.end_watches, World.cut_watches, World.fail_watches, World.compact],
    ids=["its end", "cut", "410 in the stream", "compaction"],
)
def test_no_step_of_a_pod_is_missed_when_its_watch_breaks(
    world: World, kubernetes: Callable[..., Kubernetes], break_it: Callable[[World], None]
) -> None:
    async def main() -> None:
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        break_it(world)
        await until(backend, machine, runs)
        break_it(world)
        world.kill(machine.id.partition("/")[2])
        break_it(world)
        seen = await until(backend, machine, lambda it: it.state == "ended")
        assert seen.exit_code == -9
        await backend.stop(machine)

    run(main())


def test_a_pod_that_is_deleted_while_nobody_is_told_is_seen_to_be_gone(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "LOOK_SECONDS", 0.1)

    async def main() -> None:
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        await until(backend, machine, runs)
        world.silence_watches()
        await backend.stop(machine)
        assert names(world, PODS) == []

    run(main())


def test_a_watch_that_is_silent_is_asked_for_anew(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "SILENCE_SECONDS", 0.3)

    async def main() -> None:
        world.silence_watches()
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        await asyncio.to_thread(_wait_until, lambda: sum(it.verb == "watch" for it in world.asked) >= 4)
        world.silence_watches(False)
        await until(backend, machine, runs)
        await backend.stop(machine)

    run(main())


def _wait_until(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.01)


def test_a_cluster_that_tells_nothing_is_told_in_the_words_of_its_pods(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "TROUBLE_SECONDS", 0.0)

    async def main() -> None:
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        await until(backend, machine, runs)
        world.faults.add("watch", "pods", UNAVAILABLE, times=float("inf"))
        world.cut_watches()
        await until(backend, machine, lambda it: "has told nothing" in it.words and "503 Service" in it.words)
        world.faults.clear()
        await until(backend, machine, lambda it: "has told nothing" not in it.words)
        await backend.stop(machine)

    run(main())


# Ends.


def test_a_pod_on_a_lost_node_is_told_and_only_forgotten_where_that_was_wanted(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backends, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(backends, "GONE_SECONDS", 0.3)

    async def main() -> None:
        backend = kubernetes(grace=0.1)
        machine = await backend.boot(INVITATION)
        await until(backend, machine, runs)
        world.lose_node()
        with pytest.raises(BackendError, match="still there after") as caught:
            await backend.stop(machine)
        assert "force_stop_after" in str(caught.value)
        assert len(names(world, PODS)) == 1
        monkeypatch.setattr(backends, "GONE_SECONDS", 40.0)
        forceful = kubernetes(grace=0.1, force_stop_after=0.1)
        forceful._machines = backend._machines
        await forceful.stop(machine)
        assert names(world, PODS) == []

    run(main())


def test_a_pod_of_which_nothing_has_begun_is_gone_at_once(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        backend = kubernetes(image="registry.test/none:1", grace=600.0)
        machine = await backend.boot(INVITATION)
        seen = await until(backend, machine, lambda it: it.state == "ended")
        assert seen.cause == "image"
        await backend.stop(machine)
        assert names(world, PODS) == []

    run(main())


def test_a_boot_that_is_cancelled_twice_leaves_nothing_though_its_pod_was_made_already(
    world: World, kubernetes: Callable[..., Kubernetes], monkeypatch: pytest.MonkeyPatch
) -> None:
    made, cancelled = threading.Event(), threading.Event()
    real = Making.run

    def made_and_not_told(self: Making) -> Any:
        result = real(self)
        made.set()
        cancelled.wait(20)
        return result

    monkeypatch.setattr(Making, "run", made_and_not_told)

    async def main() -> None:
        booting = asyncio.create_task(kubernetes().boot(INVITATION))
        await eventually(made.is_set)
        for _ in range(2):  # by its time limit, say, and by who waits
            booting.cancel()
            await asyncio.sleep(0.05)
        cancelled.set()
        with pytest.raises(asyncio.CancelledError):
            await booting
        await eventually(lambda: not any(world.cluster.store.objects(kind) for kind in (PODS, SECRETS, LEASES)))

    run(main())


def test_the_log_is_read_once_at_the_end(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        backend = kubernetes(command=["python3", "-c", "print('line\\n' * 100); raise SystemExit(3)"])
        machine = await backend.boot(INVITATION)
        for _ in range(5):
            seen = await until(backend, machine, lambda it: it.state == "ended")
        assert 1 < seen.log.count("line") <= backends.LOG_LINES
        assert sum(it.resource == "pods/log" for it in world.asked) == 1
        await backend.stop(machine)

    run(main())


def test_a_question_that_waits_for_its_turn_is_given_up_in_its_time(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        where = {"server": f"http://127.0.0.1:{silent.getsockname()[1]}"}
        named = {"clusters": "cluster", "contexts": "context", "users": "user"}
        told = {"cluster": where, "context": {"cluster": "it", "user": "it"}, "user": {"token": "t"}}
        config = {several: [{"name": "it", one: told[one]}] for several, one in named.items()}
        (tmp_path / "kubeconfig").write_text(json.dumps({"current-context": "it", **config}))
        api = apis.Api(str(tmp_path / "kubeconfig"))
        over = threading.Event()
        with ThreadPoolExecutor(apis.AT_ONCE) as pool:
            waiting = [
                pool.submit(api.ask, "GET", "/api", within=40, cancelled=over.is_set) for _ in range(apis.AT_ONCE)
            ]
            taken = [silent.accept()[0] for _ in waiting]
            with pytest.raises(apis.ApiUnreachable, match=f"{apis.AT_ONCE} questions before this one"):
                api.ask("GET", "/api", within=0.2)
            over.set()
            for connection in taken:
                connection.close()
            assert all(isinstance(asked.exception(), apis.ApiUnreachable) for asked in waiting)


# Whose they are.


def test_a_lease_is_renewed_and_made_anew_when_somebody_has_deleted_it(world: World, tmp_path: Path) -> None:
    api = apis.Api(str(tmp_path / "kubeconfig"))
    lease = SessionLease(api, NAMESPACE, IDENTITY, seconds=1)
    try:
        first = lease.owner.uid

        def renewed() -> str:
            [it] = world.cluster.store.objects(LEASES)
            return str(it["spec"]["renewTime"])

        before = renewed()
        _wait_until(lambda: renewed() > before)
        assert lease.owner.uid == first
        api.ask("DELETE", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/{lease.owner.name}")
        _wait_until(lambda: lease.owner.uid != first)
    finally:
        lease.close()
    assert world.cluster.store.objects(LEASES) == []


def test_the_lease_of_a_parent_that_is_long_gone_is_swept_by_the_next_one_and_a_living_one_is_not(
    world: World, kubernetes: Callable[..., Kubernetes]
) -> None:
    def lease(name: str, ago: float) -> None:
        told = {"leaseDurationSeconds": 60, "renewTime": rfc3339(now() - timedelta(seconds=ago)), "holderIdentity": "p"}
        labels = {"app.kubernetes.io/managed-by": "beamlike"}
        world.put(LEASES, {"metadata": {"name": name, "labels": labels}, "spec": told})

    async def main() -> None:
        lease("dead", 3600)
        lease("asleep", 200)
        lease("alive", 10)
        backend = kubernetes()
        machine = await backend.boot(INVITATION)
        await eventually(lambda: "dead" not in names(world, LEASES))
        await backend.stop(machine)
        assert names(world, LEASES) == ["alive", "asleep"]

    run(main())


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[World, Path]]:
    """This process is a pod of the cluster: its world, and the directory of its service account."""
    from kubernetes.config import incluster_config

    tls = Authority(tmp_path, "of-the-cluster").tls()
    with kubernetes_world(tls=tls) as world:
        account = tmp_path / "account"
        account.mkdir()
        (account / "token").write_text(world.server.token)
        (account / "namespace").write_text(NAMESPACE)
        (account / "ca.crt").write_bytes(Path(tls.authority).read_bytes())
        monkeypatch.setattr(configuration, "SERVICE_ACCOUNT", account)
        monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(account / "token"))
        monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(account / "ca.crt"))
        monkeypatch.setattr(apis, "_APIS", {})
        monkeypatch.setattr(preflight, "_known", {})
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(world.server.server_address[1]))
        monkeypatch.setenv("POD_NAME", "web-0")
        monkeypatch.setenv("POD_IP", "10.0.0.9")
        pulled = {"imagePullSecrets": [{"name": "registry"}]}
        web = {"containers": [{"name": "web", "image": IMAGE, "command": WAITS}], **pulled}
        labels = {"app": "web", "team": "ml"}
        world.cluster.create(PODS, NAMESPACE, {"metadata": {"name": "web-0", "labels": labels}, "spec": web})
        yield world, account


def test_inside_the_cluster_the_parents_pod_owns_what_is_made_and_gives_the_image_but_no_label(
    inside: tuple[World, Path],
) -> None:
    world, _ = inside

    async def main() -> None:
        template = {"metadata": {"labels": {"app": "web", "kept": "yes"}}, "spec": {}}
        backend = Kubernetes(command=WAITS, template=template, grace=0.5)
        assert (backend.dials_child, backend.advertise) == (False, "10.0.0.9")
        machine = await backend.boot(INVITATION)
        pod = world.pod(machine.id.partition("/")[2])
        [owner] = pod["metadata"]["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("Pod", "web-0", world.pod("web-0")["metadata"]["uid"])
        assert pod["spec"]["containers"][0]["image"] == IMAGE
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert "app" not in pod["metadata"]["labels"]
        assert pod["metadata"]["labels"]["kept"] == "yes"
        assert world.cluster.store.objects(LEASES) == []
        await backend.stop(machine)

    run(main())


def test_a_token_that_was_renewed_is_read_anew(inside: tuple[World, Path]) -> None:
    world, account = inside

    async def main() -> None:
        backend = Kubernetes(command=WAITS, grace=0.5)
        await backend.stop(await backend.boot(INVITATION))
        world.server.token = "another token of the same account"
        (account / "token").write_text(world.server.token)
        await backend.stop(await backend.boot(INVITATION))

    run(main())


def test_who_wants_no_owner_gets_neither_one_nor_a_lease(world: World, kubernetes: Callable[..., Kubernetes]) -> None:
    async def main() -> None:
        world.deny("create", "leases")
        backend = kubernetes(owner_reference=False)
        machine = await backend.boot(INVITATION)
        assert "ownerReferences" not in world.pod(machine.id.partition("/")[2])["metadata"]
        assert names(world, LEASES) == []
        await backend.stop(machine)

    run(main())


def test_in_another_namespace_than_its_own_a_parent_has_a_lease(inside: tuple[World, Path]) -> None:
    world, _ = inside
    world.add_namespace("elsewhere")

    async def main() -> None:
        backend = Kubernetes("elsewhere", command=WAITS, grace=0.5)
        machine = await backend.boot(INVITATION)
        pod = world.pod(machine.id.partition("/")[2], "elsewhere")
        [owner] = pod["metadata"]["ownerReferences"]
        assert owner["kind"] == "Lease"
        assert "imagePullSecrets" not in pod["spec"]
        await backend.stop(machine)

    run(main())


def test_outside_children_are_dialled_unless_an_address_of_ours_is_known(tmp_path: Path) -> None:
    assert Kubernetes(image="i").dials_child
    assert not Kubernetes(image="i", host="10.0.0.7").dials_child
    assert Kubernetes(image="i", host="10.0.0.7").advertise == "10.0.0.7"
    assert not Kubernetes(image="i", reach="dial").dials_child


def test_another_kubeconfig_in_the_environment_is_another_cluster(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "_APIS", {})
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("KUBECONFIG", "kubeconfig")
    monkeypatch.chdir(tmp_path / "one")
    one = apis.api_of(None, None)
    assert apis.api_of(None, None) is one
    monkeypatch.chdir(tmp_path / "other")
    assert apis.api_of(None, None) is not one
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "one" / "kubeconfig"))
    assert apis.api_of(None, None) is one
    assert apis.api_of("kubeconfig", None) is apis.api_of(str(tmp_path / "other" / "kubeconfig"), None)


def test_without_any_cluster_it_says_where_one_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))

    async def main() -> None:
        with pytest.raises(BackendError, match=r"a kubeconfig in kubeconfig=, \$KUBECONFIG or ~/.kube/config"):
            await Kubernetes(image="i").boot(INVITATION)

    monkeypatch.setattr(apis, "_APIS", {})
    run(main())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"cpu": "two"}, "expected cpu as Kubernetes writes it"),
        ({"memory": 4}, "expected memory as Kubernetes writes it"),
        ({"gpu": -1}, "expected gpu as a number"),
        ({"namespace": "No_Such"}, "expected namespace as a name"),
        ({"secrets": {"HF_TOKEN": "hf_abcdefgh"}}, "that of 'HF_TOKEN' is none"),
        ({"env": {"A": "1"}, "secrets": {"A": "s/k"}}, "A in both"),
        ({"volumes": {"models": "models"}}, "expected volumes as claims"),
        ({"reach": "swim"}, "expected reach as one of 'dial', 'forward'"),
        ({"grace": -1}, "expected grace as a number of seconds"),
        ({"price_per_hour": -1.0}, "expected price_per_hour as a number of dollars"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        Kubernetes(image="i", **options)
    assert "hf_abcdefgh" not in str(caught.value)
