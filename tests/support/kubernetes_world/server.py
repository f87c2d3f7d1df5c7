"""The API over HTTP: paths and verbs to what `cluster` does, errors to Statuses, watches and tunnels kept open.

A request that the description does not allow is refused, and so is an answer of our own that does not follow it.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from tests.support.kubernetes_world import faults as knobs
from tests.support.kubernetes_world.cluster import Cluster
from tests.support.kubernetes_world.container import tail
from tests.support.kubernetes_world.description import (
    DELETE_OPTIONS,
    SPEC,
    STATUS,
    Json,
    check,
    operation,
    wrong_parameters,
    wrongs,
)
from tests.support.kubernetes_world.faults import Faults
from tests.support.kubernetes_world.kinds import KINDS, PODS, REVIEWS, Kind
from tests.support.kubernetes_world.kubelet import Kubelet
from tests.support.kubernetes_world.refusals import Refused, bad_request, forbidden, unauthorized
from tests.support.kubernetes_world.selectors import by_fields, by_labels
from tests.support.kubernetes_world.tunnel import PROTOCOL, Tunnel, accept
from tests.support.kubernetes_world.watching import HOUR, Watch, Watches

TOKEN = "the token of a service account"
USER = "system:serviceaccount:default:tester"


class Asked(NamedTuple):
    """A request as it came in: verb as of a right ("list", not "GET"), resource with its subresource."""

    verb: str
    resource: str
    namespace: str
    name: str
    query: dict[str, str]


class _Route(NamedTuple):
    template: str
    kind: Kind
    subresource: str
    namespace: str | None
    name: str


class ApiServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, cluster: Cluster, kubelet: Kubelet, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cluster = cluster
        self.kubelet = kubelet
        self.tls = tls
        self.token = TOKEN
        self.faults = Faults()
        self.watches = Watches()
        self.asked: list[Asked] = []
        self.denied: set[tuple[str, str]] = set()
        """Verbs of resources that its user may not: ("create", "pods/portforward")."""
        self.gone_by_status = False
        """A watch from a version that is forgotten is refused as a whole, not by an event within it."""
        self.tunnels: list[Tunnel] = []
        self.connections: set[socket.socket] = set()
        cluster.port = self.server_address[1]

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        self.connections.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            self.connections.discard(request)
            with contextlib.suppress(OSError):
                request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is none of ours; anything else is a mistake in here."""
        import sys
        import traceback

        if not isinstance(sys.exception(), OSError | ValueError):
            self.mistakes.append(traceback.format_exc())

    @property
    def mistakes(self) -> list[str]:
        found: list[str] = self.__dict__.setdefault("_mistakes", [])
        return found


class _Handler(BaseHTTPRequestHandler):
    server: ApiServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves whole

    def handle_expect_100(self) -> bool:
        return True

    def do_GET(self) -> None:
        self._answer_to("get")

    def do_POST(self) -> None:
        self._answer_to("post")

    def do_PUT(self) -> None:
        self._answer_to("put")

    def do_PATCH(self) -> None:
        self._answer_to("patch")

    def do_DELETE(self) -> None:
        self._answer_to("delete")

    def _answer_to(self, method: str) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        try:
            try:
                self._do(method, body)
            except Refused as refused:
                self._refuse(refused)
        except AssertionError:
            import traceback

            self.server.mistakes.append(traceback.format_exc())
            self.close_connection = True
        self.wfile.flush()

    def _do(self, method: str, body: bytes) -> None:
        url = urlsplit(self.path)
        if url.path in ("/readyz", "/livez", "/healthz"):
            return self._send(200, b"ok", "text/plain; charset=utf-8")
        route = _route(url.path)
        if route is None:
            return self._send(404, b"404 page not found\n", "text/plain; charset=utf-8")
        pairs = parse_qsl(url.query, keep_blank_values=True)
        query = dict(pairs)
        verb = _verb(method, route, query)
        resource = route.kind.resource + (f"/{route.subresource}" if route.subresource else "")
        self.server.asked.append(Asked(verb, resource, route.namespace or "", route.name, query))
        scheme, _, token = (self.headers["Authorization"] or "").partition(" ")
        if scheme.lower() != "bearer" or token != self.server.token:  # in a pod the client writes it small
            raise unauthorized()
        fault = self.server.faults.take(verb, resource)
        if isinstance(fault, knobs.HangUp):
            return self._hang_up()
        if isinstance(fault, knobs.Refuse):
            raise fault.refusal()
        self._check_right(verb, route, resource)
        described = operation(route.template, method)
        if described is None:
            raise Refused(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
        if wrong := wrong_parameters(query, described):
            raise bad_request(f"parameters that there are not, or with other values: {', '.join(wrong)}")
        if query.get("dryRun"):
            raise bad_request("this world does nothing only to see whether it would be accepted")
        if verb == "watch":
            return self._watch(route, query)
        if route.subresource == "portforward":
            return self._forward(
                route, [int(port) for name, value in pairs if name == "ports" for port in value.split(",")]
            )
        if route.subresource == "log":
            return self._log(route, query)
        code, answer = self._done(verb, route, query, self._read(body, described, method))
        check(answer, _schema(answer, route.kind))
        if isinstance(fault, knobs.LoseReply):
            return self._hang_up()
        if isinstance(fault, knobs.Slow):
            time.sleep(fault.seconds)
        return self._send(code, json.dumps(answer).encode())

    def _read(self, body: bytes, described: Json, method: str) -> Any:
        if not body:
            if described.get("body_required"):
                raise bad_request("the request needs a body, got none")
            return {}
        sent = (self.headers["Content-Type"] or "").partition(";")[0]
        if method in ("post", "put") and sent not in ("", "application/json"):
            raise Refused(415, "UnsupportedMediaType", f"the body of the request was in an unknown format: {sent}")
        try:
            return json.loads(body)
        except ValueError as error:
            raise bad_request(f"the object provided is unrecognized: {error}") from error

    def _check_right(self, verb: str, route: _Route, resource: str) -> None:
        if (verb, resource) in self.server.denied:
            kind = route.kind
            where = f' in the namespace "{route.namespace}"' if route.namespace else " at the cluster scope"
            why = f'User "{USER}" cannot {verb} resource "{resource}" in API group "{kind.group}"{where}'
            raise forbidden(kind.resource, kind.group, route.name, why)

    def _done(self, verb: str, route: _Route, query: dict[str, str], body: Any) -> tuple[int, Json]:
        cluster, kind, namespace, name = self.server.cluster, route.kind, route.namespace or "", route.name
        if kind == REVIEWS:
            return 201, self._reviewed(body)
        match verb:
            case "list":
                wanted = _wanted(kind, query)
                return 200, cluster.list(kind, route.namespace, wanted, query)
            case "get":
                return 200, cluster.get(kind, namespace, name)
            case "create":
                return 201, cluster.create(kind, namespace, body)
            case "update":
                return 200, cluster.replace(kind, namespace, name, body)
            case "patch":
                return 200, cluster.patch(
                    kind, namespace, name, body, (self.headers["Content-Type"] or "").partition(";")[0]
                )
            case "delete":
                return 200, cluster.delete(kind, namespace, name, _delete_options(body, query))
            case "deletecollection":
                wanted = _wanted(kind, query)
                listed = cluster.list(kind, route.namespace, wanted, {})
                for it in listed["items"]:
                    with contextlib.suppress(Refused):
                        cluster.delete(kind, namespace, it["metadata"]["name"], _delete_options(body, query))
                return 200, listed
        raise AssertionError(f"a verb of this world's own: {verb}")

    def _reviewed(self, body: Json) -> Json:
        for wrong in wrongs(body, REVIEWS.schema):
            raise bad_request(f"SelfSubjectAccessReview: {wrong.kind} {wrong.where}")
        asked = body["spec"].get("resourceAttributes") or {}
        resource = asked.get("resource", "") + (f"/{asked['subresource']}" if asked.get("subresource") else "")
        allowed = (asked.get("verb"), resource) not in self.server.denied
        why = {"reason": "RBAC: allowed by ClusterRoleBinding"} if allowed else {}
        metadata = {"creationTimestamp": None}
        return {
            **body,
            "kind": REVIEWS.kind,
            "apiVersion": REVIEWS.api_version,
            "metadata": metadata,
            "status": {"allowed": allowed, **why},
        }

    # --- What stays open ----------------------------------------------------------------------------------------

    def _watch(self, route: _Route, query: dict[str, str]) -> None:
        server, store = self.server, self.server.cluster.store
        wanted = _wanted(route.kind, query)
        version = query.get("resourceVersion", "")
        seconds = float(query.get("timeoutSeconds", HOUR))
        bookmarks = query.get("allowWatchBookmarks", "") in ("true", "1")
        watch = Watch(store, server.watches, route.kind, route.namespace, wanted, seconds, bookmarks)
        initial: list[Json] = []
        error: Refused | None = None
        place = 0
        with store.changed:
            if version in ("", "0"):
                place = store.count()
                initial = [it for it in store.objects(route.kind, route.namespace) if wanted(it)]
            else:
                try:
                    place = store.since(int(version))
                except Refused as refused:
                    if refused.code != 410 or server.gone_by_status:
                        raise
                    error = refused
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.flush()
        if error is not None:
            self._chunk(json.dumps({"type": "ERROR", "object": error.status()}).encode() + b"\n")
            return self._last_chunk()
        server.watches.open += 1
        try:
            how = watch.run(place, initial, self._chunk)
        finally:
            server.watches.open -= 1
        return self._hang_up() if how == "cut" else self._last_chunk()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def _last_chunk(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def _log(self, route: _Route, query: dict[str, str]) -> None:
        pod = self.server.cluster.get(PODS, route.namespace or "", route.name)
        container = query.get("container") or pod["spec"]["containers"][0]["name"]
        if container not in [it["name"] for it in pod["spec"]["containers"]]:
            raise bad_request(f"container {container} is not valid for pod {route.name}")
        life = self.server.kubelet.lives.get(pod["metadata"]["uid"])
        if query.get("previous") in ("true", "1"):
            if life is None or not life.previous_log:
                raise bad_request(f'previous terminated container "{container}" in pod "{route.name}" not found')
            return self._send(200, _cut(life.previous_log, query), "text/plain")
        if life is None or life.container is None:
            raise bad_request(f'container "{container}" in pod "{route.name}" is waiting to start: {_why_waiting(pod)}')
        if query.get("follow") in ("true", "1"):
            return self._follow(life.container, query)
        return self._send(200, _cut(life.container.log.read_bytes(), query), "text/plain")

    def _follow(self, container: Any, query: dict[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        seen = len(container.log.read_bytes()) - len(_cut(container.log.read_bytes(), query))
        while True:
            ended = container.has_ended
            with container.log.open("rb") as log:
                log.seek(seen)
                data = log.read()
            seen += len(data)
            if data:
                self._chunk(data)
            if ended:
                return self._last_chunk()
            time.sleep(0.02)

    def _forward(self, route: _Route, ports: list[int]) -> None:
        pod = self.server.cluster.get(PODS, route.namespace or "", route.name)
        if self.headers["Upgrade"] != "websocket":
            raise bad_request("Upgrade request required")
        offered = [it.strip() for it in (self.headers["Sec-WebSocket-Protocol"] or "").split(",")]
        if not ports:
            raise bad_request('query parameter "ports" is required')
        if pod["status"]["phase"] != "Running":
            why = f"unable to forward port because pod is not running. Current status={pod['status']['phase']}"
            raise bad_request(f"pod {route.name} is not running: {why}")
        if PROTOCOL not in offered:
            raise bad_request(f"expected the protocol {PROTOCOL}, got {offered}")
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", accept(self.headers["Sec-WebSocket-Key"]))
        self.send_header("Sec-WebSocket-Protocol", PROTOCOL)
        self.end_headers()
        self.wfile.flush()
        tunnel = Tunnel(self.rfile, self._write_now, self._break_off)
        self.server.tunnels.append(tunnel)
        try:
            life = self.server.kubelet.lives[pod["metadata"]["uid"]]
            tunnel.run(life.address, ports, pod["metadata"]["uid"])
        finally:
            self.server.tunnels.remove(tunnel)
            self.close_connection = True

    def _write_now(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def _break_off(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    # --- Answers ------------------------------------------------------------------------------------------------

    def _hang_up(self) -> None:
        self.close_connection = True
        self.wfile.flush()
        self._break_off()

    def _refuse(self, refused: Refused) -> None:
        answer = refused.status()
        check(answer, {"$ref": f"#/definitions/{STATUS}"})
        self._send(refused.code, json.dumps(answer).encode(), retry_after=refused.retry_after)

    def _send(
        self, code: int, body: bytes, content_type: str = "application/json", retry_after: int | None = None
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if retry_after is not None:
            self.send_header("Retry-After", str(retry_after))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def _schema(answer: Json, kind: Kind) -> Json:
    """The description has a Status for each DELETE of another kind; the real one may answer with what was deleted."""
    kinds = {kind.kind: kind.schema, f"{kind.kind}List": kind.list_schema}
    return dict(kinds.get(answer["kind"], {"$ref": f"#/definitions/{STATUS}"}))


def _patterns() -> list[tuple[re.Pattern[str], str, Kind, str]]:
    found = []
    for template in SPEC["paths"]:
        parts = template.split("/")
        subresource = parts[-1] if parts[-2] == "{name}" else ""
        resource = [part for part in parts if not part.startswith("{") and part != subresource][-1]
        kind = next(it for it in KINDS if it.resource == resource and template.startswith(it.root + "/"))
        pattern = (
            re.escape(template)
            .replace(r"\{namespace\}", "(?P<namespace>[^/]+)")
            .replace(r"\{name\}", "(?P<name>[^/]+)")
        )
        found.append((re.compile(pattern), template, kind, subresource))
    return found


_PATTERNS = _patterns()


def _route(path: str) -> _Route | None:
    for pattern, template, kind, subresource in _PATTERNS:
        if match := pattern.fullmatch(path):
            parts = match.groupdict()
            return _Route(template, kind, subresource, parts.get("namespace"), parts.get("name") or "")
    return None


def _verb(method: str, route: _Route, query: dict[str, str]) -> str:
    if route.subresource == "portforward":
        return "create" if method == "post" else "get"
    if method == "get" and not route.name:
        return "watch" if query.get("watch") in ("true", "1") else "list"
    if method == "delete" and not route.name:
        return "deletecollection"
    return {"get": "get", "post": "create", "put": "update", "patch": "patch", "delete": "delete"}[method]


def _wanted(kind: Kind, query: dict[str, str]) -> Any:
    labels, fields = by_labels(query.get("labelSelector", "")), by_fields(query.get("fieldSelector", ""), kind.resource)
    return lambda it: labels(it) and fields(it)


def _delete_options(body: Any, query: dict[str, str]) -> Json:
    options: Json = dict(body) if isinstance(body, dict) else {}
    for wrong in wrongs(options, {"$ref": f"#/definitions/{DELETE_OPTIONS}"}):
        raise bad_request(f"DeleteOptions: {wrong.kind} {wrong.where}")
    if "gracePeriodSeconds" in query:
        options["gracePeriodSeconds"] = int(query["gracePeriodSeconds"])
    if "propagationPolicy" in query:
        options["propagationPolicy"] = query["propagationPolicy"]
    return options


def _why_waiting(pod: Json) -> str:
    for status in pod["status"].get("containerStatuses", ()):
        reason = status["state"].get("waiting", {}).get("reason", "")
        image = reason in ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
        return (
            "trying and failing to pull image"
            if image and reason in ("ErrImagePull", "ImagePullBackOff")
            else str(reason)
        )
    return "ContainerCreating"


def _cut(printed: bytes, query: dict[str, str]) -> bytes:
    if "tailLines" in query:
        printed = tail(printed, int(query["tailLines"]))
    return printed[: int(query["limitBytes"])] if "limitBytes" in query else printed


def serve_in_thread(server: ApiServer) -> threading.Thread:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    return thread
