"""A cluster, emulated or real, asked by hand: what a test knows of it must not come from the code under test."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

LABEL = "app.kubernetes.io/managed-by=beamlike"


class Access:
    """By a kubeconfig. Every answer is given as it is, also those that refuse."""

    def __init__(self, kubeconfig: Path | str) -> None:
        import urllib3
        from kubernetes import client, config

        known = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=known)
        self.url: str = known.host
        self._pool = urllib3.PoolManager(
            maxsize=4,
            retries=False,
            ca_certs=known.ssl_ca_cert,
            cert_file=known.cert_file,
            key_file=known.key_file,
            cert_reqs="CERT_REQUIRED" if known.verify_ssl else "CERT_NONE",
            **({"server_hostname": known.tls_server_name} if known.tls_server_name else {}),
        )
        token = known.get_api_key_with_prefix("BearerToken") or known.get_api_key_with_prefix("authorization")
        self.headers = {"Accept": "application/json", **({"Authorization": token} if token else {})}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: dict[str, str] | None = None,
        **query: str,
    ) -> tuple[int, Json]:
        """The status and the answer; of an answer that is no JSON, its text stands under "text"."""
        sent = {"Content-Type": content_type} if body is not None else {}
        answer = self._pool.request(
            method,
            self.url + path,
            fields=query or None if body is None else None,
            headers={**self.headers, **sent, **(headers or {})},
            body=None if body is None else json.dumps(body),
            timeout=20.0,
        )
        try:
            found = json.loads(answer.data)
        except ValueError:
            return answer.status, {"text": answer.data.decode(errors="replace")}
        return answer.status, found if isinstance(found, dict) else {"text": answer.data.decode()}

    def watch(self, path: str, seconds: int, **query: str) -> Iterator[tuple[str, Json]]:
        answer = self._pool.request(
            "GET",
            self.url + path,
            fields={"watch": "true", "timeoutSeconds": str(seconds), **query},
            headers=self.headers,
            preload_content=False,
            timeout=seconds + 20.0,
        )
        rest = b""
        try:
            for chunk in answer.stream(None):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    event = json.loads(line)
                    yield event["type"], event["object"]
        finally:
            answer.close()
            answer.release_conn()

    def items(self, path: str, **query: str) -> list[Json]:
        status, found = self.ask("GET", path, **query)
        assert status == 200, found
        items: list[Json] = found["items"]
        return items


def soon(ask: Callable[[], T | None], seconds: float = 60.0) -> T:
    """The first answer that is one."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, f"expected an answer within {seconds:g} s"
        time.sleep(0.05)  # between two looks at what the cluster has done
    return found
