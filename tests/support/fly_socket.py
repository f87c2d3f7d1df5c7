"""The Machines API of `fly_machines` behind a socket."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.fly_machines import Machines


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = parse_qsl(url.query, keep_blank_values=True)
        answer = self.server.machines.answer(self.command, url.path, query, headers, self.rfile.read(length))
        if answer is None:
            self.close_connection = True
            self.connection.shutdown(2)
            return
        content = b"" if answer.body is None else json.dumps(answer.body).encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            self.wfile.flush()

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = _serve

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, machines: Machines) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.machines = machines

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(machines: Machines) -> Iterator[Machines]:
    """The platform behind a socket, at `base_url`. At the end no machine runs."""
    server = _Server(machines)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    machines.base_url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield machines
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        machines.close()
