"""The pods of a Kubernetes cluster behind its API, as strict as the published description of that API.

A request that the description does not allow is refused, and so is an answer of our own that does not follow it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SPEC = json.loads(Path(__file__).with_name("kubernetes_pods.json").read_text())
[(PATH, OPERATIONS)] = SPEC["paths"].items()
TOKEN = "the token of a service account"

Json = dict[str, Any]


def pod(name: str, ip: str | None, *, ready: bool = True, phase: str = "Running", **metadata: Any) -> Json:
    """A pod as the API shows it: `ip` is None until it has one."""
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    status = {"phase": phase, "conditions": [condition], **({"podIP": ip, "podIPs": [{"ip": ip}]} if ip else {})}
    shown = {"name": name, "namespace": "default", "labels": {"app": "web"}, **metadata}
    return {"metadata": shown, "spec": {"containers": [{"name": "main"}]}, "status": status}


class KubernetesApi(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pods: list[Json] = []
        self.asked: list[dict[str, str]] = []
        self.refusal: tuple[int, str] | None = None
        """A status and a reason with which every question is answered."""
        self.hangs_up = False
        """Instead of an answer."""

    def list_pods(self, namespace: str, query: Mapping[str, str]) -> Json:
        wanted = dict(part.split("=", 1) for part in query.get("labelSelector", "").split(",") if part)
        items = [it for it in self.pods if it["metadata"]["namespace"] == namespace and _has_labels(it, wanted)]
        answer = {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}, "items": items}
        check(answer, {"$ref": "#/definitions/io.k8s.api.core.v1.PodList"})
        return answer

    def kubeconfig(self, path: Path, *, token: str = TOKEN, **context: str) -> Path:
        """Written to `path`, as YAML, of which JSON is a part."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.server_address[1]}"}}],
            "users": [{"name": "u", "user": {"token": token}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", **context}}],
            "current-context": "x",
        }
        path.write_text(json.dumps(config))
        return path


class _Handler(BaseHTTPRequestHandler):
    server: KubernetesApi

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match = re.fullmatch(re.escape(PATH).replace(r"\{namespace\}", "([a-z0-9-]+)"), url.path)
        query = dict(parse_qsl(url.query, strict_parsing=True))
        self.server.asked.append(query)
        if self.server.hangs_up:
            self.close_connection = True
        elif match is None:
            self._refuse(404, "NotFound")
        elif self.headers["Authorization"] != f"Bearer {TOKEN}":
            self._refuse(401, "Unauthorized")
        elif self.server.refusal is not None:
            self._refuse(*self.server.refusal)
        elif wrong := [name for name, value in query.items() if not _is_allowed(name, value)]:
            self._refuse(400, f"BadRequest: {wrong}")
        else:
            self._answer(200, self.server.list_pods(match[1], query))

    def _refuse(self, code: int, reason: str) -> None:
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code}
        answer = {**status, "reason": reason, "message": f"this is refused: {reason}"}
        check(answer, {"$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Status"})
        self._answer(code, answer)

    def _answer(self, code: int, answer: Json) -> None:
        body = json.dumps(answer).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _has_labels(it: Json, wanted: dict[str, str]) -> bool:
    labels: dict[str, str] = it["metadata"].get("labels", {})
    return wanted.items() <= labels.items()


def _is_allowed(name: str, value: str) -> bool:
    references = [*OPERATIONS["parameters"], *OPERATIONS["get"]["parameters"]]
    known = {it["name"]: it for it in map(_resolved, references) if it["in"] == "query"}
    patterns = {"string": ".*", "integer": r"-?\d+", "boolean": "true|false"}
    return name in known and re.fullmatch(patterns[known[name]["type"]], value) is not None


def _resolved(schema: Json) -> Json:
    if "$ref" not in schema:
        return schema
    _, kind, name = schema["$ref"].split("/")
    found: Json = SPEC[kind][name]
    return found


def check(value: Any, schema: Json, where: str = "answer") -> None:
    """AssertionError unless `value` is as the description says."""
    schema = _resolved(schema)
    kinds: dict[str, type] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
    is_right = isinstance(value, kinds[schema["type"]])
    assert is_right, f"{where} is no {schema['type']}: {value!r}"
    for name in schema.get("required", ()):
        assert name in value, f"{where} has no {name}"
    if "properties" in schema:
        assert not value.keys() - schema["properties"].keys(), f"{where} has what there is not: {value}"
        for name, inner in value.items():
            check(inner, schema["properties"][name], f"{where}.{name}")
    for inner in value if "items" in schema else ():
        check(inner, schema["items"], f"{where}[]")
    for name, inner in value.items() if "additionalProperties" in schema else ():
        check(inner, schema["additionalProperties"], f"{where}.{name}")


@contextmanager
def kubernetes_api() -> Iterator[KubernetesApi]:
    with KubernetesApi() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
