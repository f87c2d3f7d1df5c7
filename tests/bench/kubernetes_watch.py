"""What one watch of a namespace costs of a core, for 1,000 pods, and what a pod costs of ours over the cluster's time.

The events come of another process, over HTTP as an API server sends them: each is a pod of 4 kB. What is measured is
the processor's time of this process alone, with all that it does for an event: read, parse, keep, tell, judge.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from nodes import Kubernetes
from nodes.invitation import Invitation
from nodes.kubernetes.api import Api
from nodes.kubernetes.pods import Pod
from nodes.kubernetes.session import Session
from tests.bench.lines import emit
from tests.support.kubernetes_world.world import IMAGE, kubernetes_world

PODS = 1000
EACH = 12
"""Versions of a pod in its life, as a real cluster makes them."""
BOOTS = 12

SERVER = """
import json, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PODS, EACH = int(sys.argv[1]), int(sys.argv[2])

def pod(number, version):
    return {
        "metadata": {
            "name": f"bl-gpu-{number}", "namespace": "default", "uid": f"u-{number}", "resourceVersion": str(version),
            "creationTimestamp": "2026-11-27T00:00:00Z", "labels": {"bl/session": "s", "bl/pool": "gpu"},
            "managedFields": [{"manager": "kubelet", "fieldsV1": {f"f:{n}": {} for n in range(60)}}],
        },
        "spec": {"nodeName": "node-1", "containers": [{"name": "runner", "image": "c:1",
                 "env": [{"name": f"V{n}", "value": "x" * 20} for n in range(30)]}]},
        "status": {"phase": "Running" if version % 3 else "Pending", "podIP": "10.0.0.1",
                   "conditions": [{"type": t, "status": "True"} for t in ("Ready", "PodScheduled", "Initialized")],
                   "containerStatuses": [{"name": "runner", "state": {"running": {}}, "image": "c:1", "ready": True}]},
    }

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *told):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        if "watch=true" not in self.path:
            items = [pod(n, n + 1) for n in range(PODS)] if "/pods" in self.path else []
            body = json.dumps({"metadata": {"resourceVersion": "1"}, "items": items}).encode()
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if "/pods" in self.path:
            sys.stdin.readline()
            version = PODS + 1
            for _ in range(EACH):
                for number in range(PODS):
                    version += 1
                    line = json.dumps({"type": "MODIFIED", "object": pod(number, version)}).encode() + b"\\n"
                    self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(line), line))
        threading.Event().wait()

server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
"""


def watch_share(directory: Path) -> tuple[float, float]:
    """Microseconds of a core for an event, and the share of a core when each of 1,000 pods changes once a second."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(PODS), str(EACH)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            session = Session(Api(str(kubeconfig(directory, f"http://127.0.0.1:{port}"))), "default", "app@h", "s")
            pods = [Pod("default", f"bl-gpu-{number}", f"u-{number}", "runner") for number in range(PODS)]
            for number, pod in enumerate(pods):
                shown = {"metadata": {"name": pod.name, "uid": pod.uid, "resourceVersion": str(number + 1)}}
                session.made(pod, shown)
            session.enter(leased=False, lease_seconds=60)
            until(lambda: all(pod.last is not None and "status" in pod.last for pod in pods))
            time.sleep(0.5)
            before = time.process_time()
            server.stdin.write("go\n")
            server.stdin.flush()
            last = str(PODS + 1 + PODS * EACH)
            until(lambda: version_of(pods[-1]) == last)
            judged = [pod.verdict(wait_for_room=True).state for pod in pods for _ in range(EACH)]
            spent = time.process_time() - before
            assert len(judged) == PODS * EACH
            session.leave()
        finally:
            server.kill()
    seconds = spent / (PODS * EACH)
    return seconds * 1e6, seconds * PODS


def overhead(directory: Path) -> float:
    """Seconds of ours for a pod that is made, over a cluster that takes no time."""
    with kubernetes_world() as world:
        backend = Kubernetes(
            kubeconfig=world.kubeconfig(directory / "world"), image=IMAGE, command=["python3", "-c", "pass"], grace=0.1
        )

        async def main() -> list[float]:
            taken = []
            for number in range(BOOTS):
                invitation = Invitation("app@h", "h", 1, f"app-{number}@h", b"t", 20.0, session="app-1")
                began = time.perf_counter()
                machine = await backend.boot(invitation)
                taken.append(time.perf_counter() - began)
                await backend.stop(machine)
            return taken[1:]

        return median(asyncio.run(main()))


def kubeconfig(directory: Path, server: str) -> Path:
    config = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = directory / "kubeconfig"
    path.write_text(json.dumps(config))
    return path


def version_of(pod: Pod) -> str:
    return "" if pod.last is None else str(pod.last["metadata"].get("resourceVersion"))


def until(holds: object) -> None:
    assert callable(holds)
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "expected the events within a minute"
        time.sleep(0.02)


def main() -> None:
    with tempfile.TemporaryDirectory() as place:
        each, share = watch_share(Path(place))
        emit("beamlike", "kubernetes watch", "an event of a pod", "us", each, pods=PODS)
        emit("beamlike", "kubernetes watch", "a core, each pod changing once a second", "%", 100 * share, pods=PODS)
        emit("beamlike", "kubernetes boot", "to make a lease, a Secret and a pod", "ms", 1000 * overhead(Path(place)))


if __name__ == "__main__":
    main()
