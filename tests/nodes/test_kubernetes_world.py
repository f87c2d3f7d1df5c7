"""What the emulated cluster does that a real one cannot be made to do, or not in a test's time."""

from __future__ import annotations

import doctest
import importlib
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kubernetes_access import Json, soon
from tests.support.kubernetes_clusters import Cluster, emulated
from tests.support.kubernetes_world.faults import TOO_MANY, HangUp, LoseReply, Slow
from tests.support.kubernetes_world.kinds import PODS
from tests.support.kubernetes_world.world import World

WITH_EXAMPLES = ("container", "pod_rules", "refusals", "selectors", "tunnel", "variables")
WAITS = "import time; time.sleep(600)"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with emulated(tmp_path) as cluster:
        yield cluster


@pytest.fixture
def world(cluster: Cluster) -> World:
    assert cluster.world is not None
    return cluster.world


def run(cluster: Cluster, name: str, program: str = WAITS, **more: object) -> Json:
    cluster.make(cluster.pod(name, program, **more))
    return cluster.until(name, lambda it: it["status"]["phase"] == "Running")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_are_right(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(f"tests.support.kubernetes_world.{name}"))
    assert (tried.failed, tried.attempted > 0) == (0, True)


def test_a_fault_is_for_so_many_requests_of_its_kind(cluster: Cluster, world: World) -> None:
    world.faults.add("create", "pods", TOO_MANY, times=2)
    codes = [cluster.access.ask("POST", f"{cluster.home}/pods", cluster.pod(f"a-{n}"))[0] for n in range(3)]
    assert codes == [429, 429, 201]
    assert cluster.access.ask("GET", f"{cluster.home}/pods")[0] == 200


def test_a_reply_that_is_lost_is_of_a_request_that_was_done_and_a_hang_up_is_not(
    cluster: Cluster, world: World
) -> None:
    from urllib3.exceptions import HTTPError

    for fault, is_there in ((LoseReply(), True), (HangUp(), False)):
        world.faults.add("create", "configmaps", fault)
        name = cluster.name("map")
        with pytest.raises(HTTPError):
            cluster.access.ask("POST", f"{cluster.home}/configmaps", {"metadata": {"name": name}})
        assert (cluster.access.ask("GET", f"{cluster.home}/configmaps/{name}")[0] == 200) is is_there


def test_a_slow_answer_is_of_a_request_that_was_done_at_once(cluster: Cluster, world: World) -> None:
    world.faults.add("create", "configmaps", Slow(6.0))
    body: Json = {"metadata": {"name": "slow"}}
    asking = threading.Thread(target=cluster.access.ask, args=("POST", f"{cluster.home}/configmaps", body))
    began = time.monotonic()
    asking.start()
    soon(lambda: cluster.access.ask("GET", f"{cluster.home}/configmaps/slow")[0] == 200, 5.5)
    asking.join()
    assert time.monotonic() - began >= 6.0


def test_a_silent_watch_tells_nothing_until_it_is_heard_again(cluster: Cluster, world: World) -> None:
    _, listed = cluster.access.ask("GET", f"{cluster.home}/configmaps")
    seen: list[str] = []

    def watch() -> None:
        version = listed["metadata"]["resourceVersion"]
        for _, it in cluster.access.watch(f"{cluster.home}/configmaps", 30, resourceVersion=version):
            seen.append(it["metadata"]["name"])

    thread = threading.Thread(target=watch)
    thread.start()
    soon(lambda: world.watches.open == 1)
    world.silence_watches()
    cluster.access.ask("POST", f"{cluster.home}/configmaps", {"metadata": {"name": "one"}})
    assert seen == []
    world.silence_watches(False)
    soon(lambda: seen == ["one"])
    world.end_watches()
    thread.join(20)
    assert not thread.is_alive()


def test_a_pod_on_a_lost_node_goes_on_and_is_not_gone_before_the_node_is_found_or_force_is_used(
    cluster: Cluster, world: World
) -> None:
    for name in ("found", "forced"):
        run(cluster, name)
    world.lose_node()
    for name in ("found", "forced"):
        conditions = {it["type"]: it for it in world.pod(name)["status"]["conditions"]}
        assert (conditions["Ready"]["status"], conditions["ContainersReady"]["status"]) == ("False", "True")
        assert "reason" not in conditions["Ready"]
        cluster.access.ask("DELETE", f"{cluster.home}/pods/{name}")
    forced = world.life("forced").container
    cluster.delete("forced")
    assert [it["metadata"]["name"] for it in world.pods()] == ["found"]
    assert forced is not None
    world.find_node()
    soon(lambda: not world.pods() and not world.pids())
    assert forced.has_ended


def test_a_container_that_is_started_again_has_the_log_of_the_one_before(cluster: Cluster) -> None:
    again = {"restartPolicy": "Always"}
    cluster.make(cluster.pod("again", "import os; print(os.getpid()); raise SystemExit(3)", spec=again))
    pod = cluster.until(
        "again", lambda it: (it["status"].get("containerStatuses") or [{}])[0].get("restartCount", 0) > 0
    )
    [status] = pod["status"]["containerStatuses"]
    assert status["lastState"]["terminated"]["exitCode"] == 3
    path = f"{cluster.home}/pods/again/log"
    before = soon(lambda: answer["text"] if (answer := cluster.access.ask("GET", path, previous="true")[1]) else None)
    assert before.strip().isdigit()


def test_a_log_is_followed_to_its_end(cluster: Cluster) -> None:
    # It is followed while it still talks, if the system is quick.
    talks = "import time\nfor n in range(3): print(n, flush=True); time.sleep(0.1)"
    cluster.make(cluster.pod("talks", talks))
    cluster.until("talks", lambda it: it["status"]["phase"] != "Pending")  # it may be over already
    code, answer = cluster.access.ask("GET", f"{cluster.home}/pods/talks/log", follow="true")
    assert (code, answer["text"]) == (200, "0\n1\n2\n")


def test_a_pod_that_is_preempted_is_told_why_and_goes(cluster: Cluster, world: World) -> None:
    run(cluster, "low")
    place = world.cluster.store.count()
    world.preempt("low")
    # As it was told first: it may be gone by now.
    told = next(it.object for it in world.cluster.store.changes_from(place) if it.key.kind == PODS)
    [disrupted] = [it for it in told["status"]["conditions"] if it["type"] == "DisruptionTarget"]
    assert (disrupted["status"], disrupted["reason"]) == ("True", "PreemptionByScheduler")
    soon(lambda: not world.pods())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers at all of 127.0.0.0/8")
def test_pods_that_listen_everywhere_do_not_meet(cluster: Cluster, world: World) -> None:
    listens = "import socket, time; it = socket.create_server(('0.0.0.0', 44444)); time.sleep(600)"
    probe = {"tcpSocket": {"port": 44444}}
    for name in ("one", "two"):
        cluster.make(cluster.pod(name, listens, readinessProbe=probe))
    for name in ("one", "two"):
        cluster.until(
            name, lambda it: it["status"].get("containerStatuses") and it["status"]["containerStatuses"][0]["ready"]
        )
    assert world.pod("one")["status"]["podIP"] != world.pod("two")["status"]["podIP"]
