"""Pods over the wire, on an emulated cluster as strict as the published description of the API; case 40."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import nodes
from nodes.backend import Cause
from nodes.invitation import Invitation
from tests.support.kubernetes_access import LABEL, Access, Json
from tests.support.kubernetes_world.faults import TOO_MANY, UNAVAILABLE, LoseReply, Refuse
from tests.support.kubernetes_world.kinds import PODS
from tests.support.kubernetes_world.store import Key
from tests.support.kubernetes_world.troubles import ConfigError, ImageError, SlowStart, Unschedulable
from tests.support.kubernetes_world.world import IMAGE, World, kubernetes_world

SECONDS = 40.0
SLEEPS = ("python3", "-c", "import time; time.sleep(600)")
LISTENS = ("python3", "-c", "import socket, time; it = socket.create_server(('', 44444)); time.sleep(600)")
INVITATION = Invitation(
    parent="app@127.0.0.1",
    host="127.0.0.1",
    port=4370,
    child="app-1@127.0.0.1",
    token=b"the token of this invitation",
    dial_seconds=20.0,
    pool="gpu",
    runner="gpu-1",
    session="one",
    listens_at=":44444",
)


@pytest.fixture
def world() -> Iterator[World]:
    with kubernetes_world() as world:
        yield world


@pytest.fixture
def backend(world: World, tmp_path: Path) -> Callable[..., nodes.Kubernetes]:
    config = world.kubeconfig(tmp_path / "config")

    def made(**options: Any) -> nodes.Kubernetes:
        standard = {"namespace": "default", "image": IMAGE, "command": SLEEPS, "grace": 1}
        return nodes.Kubernetes(kubeconfig=config, **{**standard, **options})

    return made


@asynccontextmanager
async def booted(backend: nodes.Kubernetes, invitation: Invitation = INVITATION) -> AsyncIterator[nodes.Machine]:
    machine = await backend.boot(invitation)
    try:
        yield machine
    finally:
        await backend.stop(machine)


async def until(look: Callable[[], Awaitable[object]]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await look():  # noqa: ASYNC110 - a cluster has no event for this
            await asyncio.sleep(0.01)


async def seen(
    backend: nodes.Kubernetes, machine: nodes.Machine, wanted: Callable[[nodes.Description], bool]
) -> nodes.Description:
    """How the machine is, once that is as wanted."""
    last = None
    try:
        async with asyncio.timeout(SECONDS):
            while not wanted(last := await backend.describe(machine)):  # noqa: ASYNC110 - nor has a backend
                await asyncio.sleep(0.01)
    except TimeoutError:
        pytest.fail(f"the machine was last seen as {last}")
    return last


def runs(it: nodes.Description) -> bool:
    return it.state == "running"


def ended(it: nodes.Description) -> bool:
    return it.state == "ended"


def is_ready(world: World, name: str) -> bool:
    return any((it["type"], it["status"]) == ("Ready", "True") for it in world.pod(name)["status"]["conditions"])


def name_of(machine: nodes.Machine) -> str:
    return machine.id.partition("/")[2]


def ours(world: World) -> list[str]:
    """The objects with our label that are there."""
    return [
        f"{key.kind.resource}/{key.name}"
        for key, it in world.cluster.store.every()
        if (it["metadata"].get("labels") or {}).get("app.kubernetes.io/managed-by") == "beamlike"
    ]


# The manifest.


def test_case_40_a_pod_has_the_templates_wishes_under_the_options_and_ours_above_all(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.images["template.test/py:1"] = 1000
    template: Json = {
        "metadata": {"labels": {"team": "ml", "bl/pool": "not-this"}, "name": "not-this"},
        "spec": {
            "restartPolicy": "Always",
            "containers": [
                {
                    "name": "node",
                    "image": "template.test/py:1",
                    "env": [{"name": "A", "value": "template"}, {"name": "B", "value": "template"}],
                    "resources": {"limits": {"cpu": "3"}},
                },
            ],
        },
    }

    async def main() -> None:
        pods = backend(template=template, container="node", image=None, env={"B": "option"}, memory="2Gi")
        async with booted(pods) as machine:
            pod = world.pod(name_of(machine))
        spec, metadata = pod["spec"], pod["metadata"]
        [container] = spec["containers"]
        assert container["name"] == "node"
        assert container["image"] == "template.test/py:1"
        assert container["resources"]["limits"] == {"cpu": "3", "memory": "2Gi"}
        values = {it["name"]: it.get("value") for it in container["env"]}
        assert (values["A"], values["B"]) == ("template", "option")
        assert spec["restartPolicy"] == "Never"
        assert metadata["labels"]["team"] == "ml"
        assert metadata["labels"]["bl/pool"] == "gpu"
        assert metadata["name"] != "not-this"
        [owner] = metadata["ownerReferences"]
        assert owner["kind"] == "Lease"

    asyncio.run(main())


def test_case_40_the_invitation_is_in_a_secret_alone_and_the_secret_goes_with_the_pod(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, runs)
            shown = json.dumps([it for key, it in world.cluster.store.every() if key.kind.resource != "secrets"])
            assert "token of this invitation" not in shown
            assert "dGhlIHRva2VuIG9mIHRoaXMg" not in shown  # the same, as base64 has it
        assert [it for it in ours(world) if not it.startswith("leases/")] == []

    asyncio.run(main())


def test_case_40_a_namespace_of_restricted_security_takes_the_pod_as_it_is(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.add_namespace("strict", {"pod-security.kubernetes.io/enforce": "restricted"})
    careless: Json = {
        "spec": {"containers": [{"name": "runner", "securityContext": {"allowPrivilegeEscalation": True}}]}
    }

    async def main() -> None:
        pods = backend(namespace="strict")
        async with booted(pods) as machine:
            await seen(pods, machine, runs)
        with pytest.raises(
            nodes.BackendError, match=r'violates PodSecurity "restricted:latest": allowPrivilegeEsc'
        ) as it:
            await backend(namespace="strict", template=careless).boot(INVITATION)
        assert it.value.permanent
        assert [it for it in ours(world) if not it.startswith("leases/")] == []

    asyncio.run(main())


# The watch.


def forget(world: World) -> None:
    world.compact()
    world.cut_watches()


def forget_and_refuse(world: World) -> None:
    world.server.gone_by_status = True
    forget(world)


def be_overloaded(world: World) -> None:
    world.faults.add("watch", "pods", Refuse(429, "TooManyRequests", 1))
    world.end_watches()


def be_away(world: World) -> None:
    world.faults.add("watch", "pods", UNAVAILABLE, times=2)
    world.end_watches()


INTERRUPTIONS: dict[str, Callable[[World], None]] = {
    "its end": World.end_watches,
    "a connection that breaks": World.cut_watches,
    "an error within the stream": World.fail_watches,
    "a version that is forgotten": forget,
    "a refusal for a version that is forgotten": forget_and_refuse,
    "a server that is overloaded": be_overloaded,
    "a server that is not there for a moment": be_away,
}


@pytest.mark.parametrize("what", INTERRUPTIONS)
def test_case_40_a_watch_goes_on_after_an_interruption_and_misses_nothing(
    what: str, world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, runs)
            INTERRUPTIONS[what](world)
            world.kill(name_of(machine))
            last = await seen(pods, machine, ended)
            assert last.exit_code == -9
            gets = [it for it in world.asked if (it.verb, it.resource) == ("get", "pods")]
            assert gets == []  # no pod was asked for by itself, as a stop does that takes long

    asyncio.run(main())


def test_case_40_what_happens_while_a_watch_is_away_is_seen_when_it_comes_again(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, runs)
            world.faults.add("watch", "pods", UNAVAILABLE, times=2)
            world.faults.add("list", "pods", UNAVAILABLE, times=1)
            world.cut_watches()
            key = Key(PODS, "default", name_of(machine))
            world.cluster.delete(*key, {"gracePeriodSeconds": 0})
            world.compact()
            last = await seen(pods, machine, ended)
            assert "deleted, not by us" in last.words

    asyncio.run(main())


def test_case_40_bookmarks_alone_move_a_watch_on(world: World, backend: Callable[..., nodes.Kubernetes]) -> None:
    world.watches.bookmark_seconds = 0.02

    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, runs)
            lists = lists_of_pods(world)
            world.compact()  # forgets what it was told of before: only a bookmark is young enough from now on
            mark = world.watches.bookmarks
            await until(lambda: now(world.watches.bookmarks > mark + 1))
            world.end_watches()
            world.kill(name_of(machine))
            await seen(pods, machine, ended)
            assert lists_of_pods(world) == lists

    asyncio.run(main())


async def now(it: bool) -> bool:
    return it


def lists_of_pods(world: World) -> int:
    return sum((it.verb, it.resource) == ("list", "pods") for it in world.asked)


def foreign(name: str) -> Json:
    return {
        "metadata": {"name": name},
        "spec": {"nodeSelector": {"no": "such"}, "containers": [{"name": "main", "image": IMAGE}]},
    }


def test_case_40_one_watch_serves_all_pods_of_a_session(world: World, backend: Callable[..., nodes.Kubernetes]) -> None:
    async def main() -> None:
        pods, others = backend(), backend()
        invitations = [dataclasses.replace(INVITATION, child=f"app-{n}@127.0.0.1", runner=f"{n}") for n in range(8)]
        makers = [pods, others] * 4
        machines = await asyncio.gather(*(it.boot(one) for it, one in zip(makers, invitations, strict=True)))
        for it, machine in zip(makers, machines, strict=True):
            await seen(it, machine, runs)
        assert sum((it.verb, it.resource) == ("watch", "pods") for it in world.asked) == 1
        await asyncio.gather(*(it.stop(machine) for it, machine in zip(makers, machines, strict=True)))
        assert [it for it in ours(world) if not it.startswith("leases/")] == []

    asyncio.run(main())


# Names, rates and rights.


def test_case_40_a_pod_that_was_made_without_an_answer_is_adopted_and_one_of_others_is_left_alone(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    async def main() -> None:
        pods = backend()
        world.faults.add("create", "pods", LoseReply())
        async with booted(pods) as machine:
            assert [it["metadata"]["name"] for it in world.pods()] == [name_of(machine)]
            await seen(pods, machine, runs)
        creates = [it for it in world.asked if (it.verb, it.resource) == ("create", "pods")]
        assert len(creates) == 2
        world.cluster.create(PODS, "default", foreign(name_of(machine)))
        async with booted(pods) as another:
            assert name_of(another) != name_of(machine)
        assert [it["metadata"]["name"] for it in world.pods()] == [name_of(machine)]

    asyncio.run(main())


def test_case_40_who_asks_too_much_waits_as_long_as_the_cluster_says(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    async def main() -> None:
        pods = backend()
        loop = asyncio.get_running_loop()
        world.faults.add("create", "pods", TOO_MANY)
        began = loop.time()
        async with booted(pods) as machine:
            assert loop.time() - began >= 1.0
            assert [it["metadata"]["name"] for it in world.pods()] == [name_of(machine)]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("verb", "resource"),
    [
        ("create", "pods"),
        ("delete", "pods"),
        ("watch", "pods"),
        ("create", "secrets"),
        ("create", "pods/portforward"),
        ("update", "leases"),
    ],
)
def test_case_40_each_right_that_is_missing_is_named_before_anything_is_made(
    verb: str, resource: str, world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.deny(verb, resource)

    async def main() -> None:
        with pytest.raises(nodes.AuthError) as refused:
            await backend().boot(INVITATION)
        assert f"{verb} {resource}" in str(refused.value)
        assert refused.value.permanent

    asyncio.run(main())
    assert ours(world) == []
    assert not [it for it in world.asked if it.verb == "create" and it.resource != "selfsubjectaccessreviews"]


# How pods fail.


def of_gpu() -> Json:
    asked = {"nvidia.com/gpu": "1"}
    return {"spec": {"containers": [{"name": "runner", "resources": {"limits": asked, "requests": asked}}]}}


def exits(code: int) -> tuple[str, ...]:
    return ("python3", "-c", f"print('my last words'); raise SystemExit({code})")


FAILURES: dict[str, tuple[Json, Callable[[World, str], object] | None, str, Cause | None, str]] = {
    "no room": ({"template": of_gpu()}, None, "created", "unschedulable", "1 Insufficient nvidia.com/gpu"),
    "no room, and nobody waits": (
        {"template": of_gpu(), "unschedulable": "fail"},
        *(None, "ended", "unschedulable", "1 Insufficient nvidia.com/gpu"),
    ),
    "no such image": ({"image": "registry.test/none:1"}, None, "ended", "image", "none:1: not found"),
    "no image's name": ({"image": "UPPER/x"}, None, "ended", "image", "InvalidImageName"),
    "no such secret": ({"env_from": ["none"]}, None, "ended", "refused", 'secret "none" not found'),
    "no such program": ({"command": ("nonesuch",)}, None, "ended", "refused", 'exec: "nonesuch"'),
    "a user that may not be": ({"run_as_user": 0, "template": {"spec": {"securityContext": {"runAsNonRoot": True}}}},
                               None, "running", None, ""),
    "its program": ({"command": exits(3)}, None, "ended", "crashed", ""),
    "out of memory": ({}, lambda world, name: world.kill_out_of_memory(name), "ended", "out of memory", "OOMKilled"),
    "evicted": ({}, lambda world, name: world.evict(name), "ended", "evicted", "low on resource: memory"),
    "its time": (
        {"template": {"spec": {"activeDeadlineSeconds": 1}}},
        *(None, "ended", "deadline", "longer than the specified deadline"),
    ),
    "preempted": ({}, lambda world, name: world.preempt(name), "ended", "preempted", "preempt"),
    "a node that is lost": (
        {"command": LISTENS},
        *(lambda world, _: world.lose_node(), "running", "node lost", "does not answer"),
    ),
    "a node that is shut down": ({}, lambda world, name: world.shut_node_down(name), "ended", "node lost", "shut"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAILURES)
def test_case_40_each_way_in_which_a_pod_fails_is_told_in_the_clusters_words(
    what: str, world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    options, happens, state, cause, words = FAILURES[what]

    async def main() -> None:
        pods = backend(**options)
        machine = await pods.boot(INVITATION)
        try:
            if happens is not None:
                await seen(pods, machine, runs)
                if what == "a node that is lost":
                    await until(lambda: now(is_ready(world, name_of(machine))))
                happens(world, name_of(machine))
            last = await seen(pods, machine, lambda it: it.cause == cause and it.state == state)
            assert words in last.words
            if what == "its program":
                assert (last.exit_code, last.log.strip()) == (3, "my last words")
        finally:
            world.find_node()
            await pods.stop(machine)
        assert [it for it in ours(world) if not it.startswith("leases/")] == []

    asyncio.run(main())


def test_case_40_a_pull_that_may_succeed_in_a_moment_is_waited_for(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.trouble(ImageError(words="dial tcp 10.0.0.1:443: i/o timeout", pulls=1))

    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, runs)

    asyncio.run(main())


def test_case_40_a_secret_that_its_node_has_not_seen_yet_is_waited_for(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.trouble(ConfigError())

    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            waits = await seen(pods, machine, lambda it: "failed to sync secret cache" in it.words)
            assert waits.state == "created"
            await seen(pods, machine, runs)

    asyncio.run(main())


def test_case_40_a_pod_that_waits_for_room_runs_when_there_is_some(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.trouble(Unschedulable())

    async def main() -> None:
        pods = backend()
        async with booted(pods) as machine:
            await seen(pods, machine, lambda it: "3 Insufficient cpu" in it.words)
            world.heal()
            await seen(pods, machine, runs)

    asyncio.run(main())


def test_case_40_a_pod_that_is_stopped_while_it_is_made_is_gone(
    world: World, backend: Callable[..., nodes.Kubernetes]
) -> None:
    world.trouble(SlowStart(seconds=600))

    async def main() -> None:
        pods = backend()
        machine = await pods.boot(INVITATION)
        await pods.stop(machine)
        assert world.pods() == []
        assert world.pids() == []

    asyncio.run(main())


def test_case_40_what_a_session_made_goes_with_its_lease(
    world: World, backend: Callable[..., nodes.Kubernetes], tmp_path: Path
) -> None:
    """As when the parent was killed: whoever deletes the one object, a sweeper or a person, deletes all."""

    async def main() -> None:
        pods = backend()
        machine = await pods.boot(INVITATION)
        await seen(pods, machine, runs)
        access = Access(tmp_path / "config")
        [lease] = access.items("/apis/coordination.k8s.io/v1/namespaces/default/leases", labelSelector=LABEL)
        path = f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{lease['metadata']['name']}"
        assert access.ask("DELETE", path)[0] == 200

        async def is_empty() -> bool:
            return ours(world) == [] and world.pids() == []

        await until(is_empty)
        await pods.stop(machine)

    asyncio.run(main())
