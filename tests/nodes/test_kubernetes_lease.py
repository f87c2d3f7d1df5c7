"""The lease of a session is made, renewed and deleted in several threads."""

from __future__ import annotations

import threading
from typing import Any

from nodes.kubernetes.lease import SessionLease
from nodes.kubernetes.names import Identity
from nodes.kubernetes.refusals import ApiRefused
from tests.support.processes import DEADLINE


class Cluster:
    """One in which somebody has deleted the lease, and which lets it be closed while it is made anew."""

    def __init__(self) -> None:
        self.leases: set[str] = set()
        self.makes_anew, self.is_closed, self.is_made = threading.Event(), threading.Event(), threading.Event()

    def ask(self, method: str, path: str, *, body: Any = None, within: float = 30.0) -> dict[str, Any]:
        match method:
            case "POST":
                if self.is_made.is_set():
                    self.makes_anew.set()
                    assert self.is_closed.wait(DEADLINE)
                self.is_made.set()
                self.leases.add(body["metadata"]["name"])
                return {**body, "metadata": {**body["metadata"], "uid": "1"}}
            case "DELETE":
                self.leases.discard(path.rpartition("/")[2])
                return {}
        raise ApiRefused(404, "NotFound", "there is no such lease")


def test_a_lease_that_is_closed_while_it_is_made_anew_does_not_stay() -> None:
    cluster = Cluster()
    lease = SessionLease(cluster, "default", Identity("session", "parent@host", ""), seconds=1)  # type: ignore[arg-type]
    renewing = next(it for it in threading.enumerate() if it.name == f"lease {lease._name}")
    assert cluster.leases
    assert cluster.makes_anew.wait(DEADLINE)
    lease.close()
    cluster.is_closed.set()
    renewing.join(DEADLINE)
    assert cluster.leases == set()
